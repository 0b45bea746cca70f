use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::saml::metadata::MetadataError;
use crate::sp::BuildError;

/// What a document has changed in what is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustChange {
    /// A key that was not known before.
    KeyAnnounced {
        /// SHA-256 of its certificate.
        fingerprint: String,
        /// The certificate's first second.
        not_before: Option<DateTime<Utc>>,
        /// The certificate's last second.
        not_after: Option<DateTime<Utc>>,
    },
    /// A key is no longer in the metadata. It counts until `until`.
    KeyGone {
        /// SHA-256 of its certificate.
        fingerprint: String,
        /// The end of the grace period.
        until: DateTime<Utc>,
    },
    /// A key that had gone is in the metadata again.
    KeyReturned {
        /// SHA-256 of its certificate.
        fingerprint: String,
    },
    /// A key that had gone no longer counts.
    KeyDropped {
        /// SHA-256 of its certificate.
        fingerprint: String,
    },
    /// No key of the document was known before; a pinned key vouches for it.
    AllKeysReplaced,
    /// Requests or log-out messages go to other addresses.
    AddressesChanged,
}

/// Why a document is not applied. What was known before still counts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Quarantine {
    /// It is no metadata that could be used, or another provider's, or not signed as it must be.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// It has none of the keys that are trusted now, and no pinned key vouches for it.
    #[error(
        "none of its {found} signing keys is one of the {known} that are trusted now, and no \
         pinned key vouches for it"
    )]
    NoSharedKey {
        /// How many keys the current document has.
        known: usize,
        /// How many this one has.
        found: usize,
    },
    /// It could not be trusted at a start either.
    #[error(transparent)]
    Unacceptable(#[from] BuildError),
}

impl Quarantine {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Metadata(error) => error.code(),
            Self::NoSharedKey { .. } => "metadata_no_shared_key",
            Self::Unacceptable(BuildError::TestKey(_)) => "metadata_test_key",
            Self::Unacceptable(BuildError::InsecureIdp { .. }) => "metadata_insecure_address",
            Self::Unacceptable(_) => "metadata_unacceptable",
        }
    }
}
