use crate::dsig::{KeyInfoStyle, SignatureStyle};
use crate::xml::{C14n, EmptyTag};
use crate::xmlenc::EncryptionStyle;

/// The tenant that the test identity provider has as an Entra ID: invented, and to be recognised.
pub const TEST_TENANT: &str = "7e577e57-7e57-4e57-8e57-7e577e577e57";

/// The application in that tenant, whose key signs: the `appid` of the metadata's address.
pub const TEST_APPLICATION: &str = "a9911ca7-7e57-4e57-8e57-7e577e577e57";

/// Whose habits the test identity provider has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Personality {
    /// Active Directory Federation Services, as NHSmail runs it.
    #[default]
    Adfs,
    /// Microsoft Entra ID, to which NHSmail moves its partners.
    Entra,
    /// Nobody's habits: what the standard asks for and nothing that it leaves to taste.
    Plain,
}

impl Personality {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Adfs, Self::Entra, Self::Plain];

    /// The word for it on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adfs => "adfs",
            Self::Entra => "entra",
            Self::Plain => "plain",
        }
    }

    /// The personality of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|personality| personality.as_str() == word)
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adfs => "AD FS",
            Self::Entra => "Entra ID",
            Self::Plain => "an identity provider that follows the standard",
        }
    }

    /// Where browsers bring messages: sign-in and log-out, by every binding.
    pub fn browser_path(self) -> String {
        match self {
            Self::Adfs => "/adfs/ls/".to_owned(),
            Self::Entra => format!("/{TEST_TENANT}/saml2"),
            Self::Plain => "/saml2/sso".to_owned(),
        }
    }

    /// Where people begin who have no request with them. AD FS is asked for its page in capitals
    /// too.
    pub fn start_paths(self) -> [&'static str; 2] {
        match self {
            Self::Adfs => ["/adfs/ls/idpinitiatedsignon.aspx", "/adfs/ls/IdpInitiatedSignOn.aspx"],
            Self::Entra | Self::Plain => ["/start", "/start/"],
        }
    }

    /// Where the metadata is, without the query.
    pub fn metadata_path(self) -> String {
        match self {
            Self::Adfs => "/FederationMetadata/2007-06/FederationMetadata.xml".to_owned(),
            Self::Entra => {
                format!("/{TEST_TENANT}/federationmetadata/2007-06/federationmetadata.xml")
            }
            Self::Plain => "/saml2/metadata".to_owned(),
        }
    }

    /// The name that it has at `base_url`. AD FS writes http even where the address has https, and
    /// Entra's has nothing to do with any address.
    pub(super) fn entity_id(self, base_url: &str, authority: &str) -> String {
        match self {
            Self::Adfs => format!("http://{authority}/adfs/services/trust"),
            Self::Entra => format!("https://sts.windows.net/{TEST_TENANT}/"),
            Self::Plain => format!("{base_url}/saml2/metadata"),
        }
    }
}

impl Personality {
    /// How empty elements are closed in messages.
    pub(super) fn empty_tag(self) -> EmptyTag {
        match self {
            Self::Adfs => EmptyTag::Spaced,
            Self::Entra | Self::Plain => EmptyTag::Tight,
        }
    }

    /// How they are closed in metadata, which another part of the product writes: each does the
    /// reverse of what it does in messages.
    pub(super) fn metadata_empty_tag(self) -> EmptyTag {
        match self {
            Self::Adfs | Self::Plain => EmptyTag::Tight,
            Self::Entra => EmptyTag::Spaced,
        }
    }

    pub(super) fn message_signature(self) -> SignatureStyle {
        let (prefix, key_info) = match self {
            Self::Adfs => ("ds", KeyInfoStyle::OuterUnprefixed),
            Self::Entra => ("", KeyInfoStyle::Plain),
            Self::Plain => ("ds", KeyInfoStyle::Plain),
        };
        SignatureStyle { prefix, key_info, empty: self.empty_tag(), c14n: C14n::Exclusive }
    }

    pub(super) fn metadata_signature(self) -> SignatureStyle {
        let (prefix, key_info) = match self {
            Self::Adfs => ("ds", KeyInfoStyle::Unprefixed),
            Self::Entra => ("", KeyInfoStyle::Plain),
            Self::Plain => ("ds", KeyInfoStyle::Plain),
        };
        SignatureStyle { prefix, key_info, empty: self.metadata_empty_tag(), c14n: C14n::Exclusive }
    }

    /// Who it says that it is when it answers a log-out. Entra is documented to name itself by the
    /// address of its sign-in there, and by its entityID everywhere else.
    pub(super) fn logout_answerer(self, entity_id: &str) -> String {
        match self {
            Self::Adfs | Self::Plain => entity_id.to_owned(),
            Self::Entra => format!("https://login.microsoftonline.com/{TEST_TENANT}/"),
        }
    }

    /// How assertions are encrypted. Of Entra it is only known that it uses AES-256.
    pub(super) fn encryption(self) -> EncryptionStyle {
        match self {
            Self::Adfs | Self::Entra => EncryptionStyle::AD_FS,
            Self::Plain => EncryptionStyle::MODERN,
        }
    }

    /// The name of an element of the assertion as it is written: Microsoft's products write
    /// assertions in the default namespace.
    pub(super) fn assertion_name(self, local: &str) -> String {
        match self {
            Self::Adfs | Self::Entra => local.to_owned(),
            Self::Plain => format!("saml:{local}"),
        }
    }

    /// The attribute that declares the assertion's namespace.
    pub(super) fn assertion_declaration(self) -> &'static str {
        match self {
            Self::Adfs | Self::Entra => "xmlns",
            Self::Plain => "xmlns:saml",
        }
    }
}
