use thiserror::Error;

use crate::xml::GrammarError;

/// What an algorithm was named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlgorithmRole {
    /// `EncryptionMethod` of `EncryptedData`
    Content,
    /// `EncryptionMethod` of `EncryptedKey`
    KeyTransport,
    /// `DigestMethod`
    Digest,
    /// `MGF`
    MaskGeneration,
}

impl std::fmt::Display for AlgorithmRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Content => "content encryption",
            Self::KeyTransport => "key transport",
            Self::Digest => "digest",
            Self::MaskGeneration => "mask generation",
        })
    }
}

/// Why an encrypted element is refused. All but [`DecryptError::Failed`] are decided before a
/// private key is used, by what everybody can see.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The element departs from the grammar.
    #[error("encryption: {0}")]
    Grammar(#[from] GrammarError),
    /// What was encrypted is not one element (SAML Core section 2.2.4).
    #[error("the encrypted data is of the type {found:?}, not an element")]
    Type {
        /// The `Type`.
        found: String,
    },
    /// An algorithm that is not on the list.
    #[error("the {role} algorithm {uri:?} is not allowed")]
    Algorithm {
        /// What the algorithm was named for.
        role: AlgorithmRole,
        /// Its identifier.
        uri: String,
    },
    /// Not exactly one `EncryptedKey`.
    #[error("there are {found} encrypted keys; there must be one")]
    EncryptedKeys {
        /// How many there are.
        found: usize,
    },
    /// A reference between `EncryptedData` and `EncryptedKey` that leads elsewhere.
    #[error("the reference is to {found:?}, not to {expected:?}")]
    Reference {
        /// `#` and the ID of the other one; empty when it has none.
        expected: String,
        /// The URI in the reference; empty when there is none.
        found: String,
    },
    /// A value is not base64.
    #[error("{0} is not base64")]
    Base64(&'static str),
    /// The element is encrypted and no decryption key is configured.
    #[error("there is no key to decrypt with")]
    NoKey,
    /// The message has used up its [`Budget`](super::Budget).
    #[error("the message asks for more private-key operations than it may cost")]
    Budget,
    /// The decryption failed. There is no more to be known, by design: each further detail would
    /// help whoever sends altered messages and watches the answers.
    #[error("the decryption failed")]
    Failed,
}

impl DecryptError {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Grammar(_) => "encryption_structure",
            Self::Type { .. } => "encryption_type",
            Self::Algorithm { .. } => "encryption_algorithm",
            Self::EncryptedKeys { .. } => "encryption_keys",
            Self::Reference { .. } => "encryption_reference",
            Self::Base64(_) => "encryption_base64",
            Self::NoKey => "decryption_no_key",
            Self::Budget => "decryption_budget",
            Self::Failed => "decryption_failed",
        }
    }
}
