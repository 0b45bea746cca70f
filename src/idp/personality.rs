use crate::dsig::{KeyInfoStyle, SignatureStyle};
use crate::xml::{C14n, EmptyTag};

/// Whose habits the test identity provider has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Personality {
    /// Active Directory Federation Services, as NHSmail runs it.
    #[default]
    Adfs,
}

impl Personality {
    /// The word for it on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adfs => "adfs",
        }
    }
}

impl Personality {
    /// How empty elements are closed in messages. Metadata is written by another part of AD FS.
    pub(super) fn empty_tag(self) -> EmptyTag {
        match self {
            Self::Adfs => EmptyTag::Spaced,
        }
    }

    pub(super) fn message_signature(self) -> SignatureStyle {
        match self {
            Self::Adfs => SignatureStyle {
                prefix: "ds",
                key_info: KeyInfoStyle::OuterUnprefixed,
                empty: EmptyTag::Spaced,
                c14n: C14n::Exclusive,
            },
        }
    }

    pub(super) fn metadata_signature(self) -> SignatureStyle {
        match self {
            Self::Adfs => SignatureStyle {
                prefix: "ds",
                key_info: KeyInfoStyle::Unprefixed,
                empty: EmptyTag::Tight,
                c14n: C14n::Exclusive,
            },
        }
    }
}
