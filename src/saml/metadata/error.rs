use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::crypto::CryptoError;
use crate::saml::entity_id::InvalidEntityId;
use crate::xml::XmlError;

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// It is not a document that this crate reads.
    #[error("it is not readable XML: {0}")]
    Xml(#[from] XmlError),
    /// The root is something else than an `EntityDescriptor`: an HTML page, perhaps.
    #[error("the root element is <{found}>, not a SAML 2.0 EntityDescriptor")]
    NotEntityDescriptor {
        /// Local name of the root element.
        found: String,
    },
    /// `entityID` is missing or unusable.
    #[error("entityID: {0}")]
    EntityId(#[from] InvalidEntityId),
    /// There is not exactly one `IDPSSODescriptor` for SAML 2.0.
    #[error("{found} IDPSSODescriptors for SAML 2.0; exactly one is needed")]
    Role {
        /// How many there are.
        found: usize,
    },
    /// `validUntil` is no time, or has passed.
    #[error("it was valid until {valid_until:?}, and it is {now} here")]
    Expired {
        /// What it says.
        valid_until: String,
        /// Our clock.
        now: DateTime<Utc>,
    },
    /// There is no signing key.
    #[error("the IDPSSODescriptor has no signing key, so nothing could be verified")]
    NoSigningKey,
    /// A signing certificate cannot be used.
    #[error("signing certificate {position}: {error}")]
    Certificate {
        /// Which one, counted from 1 among the signing keys.
        position: usize,
        /// Why.
        error: CryptoError,
    },
    /// One `KeyDescriptor` comes with several certificates. Whether the others are further keys, or
    /// issuers in a chain that must not sign, cannot be known.
    #[error("signing key {position} comes with several certificates")]
    SeveralCertificates {
        /// Which one, counted from 1 among the signing keys.
        position: usize,
    },
    /// There is no `SingleSignOnService` with HTTP-Redirect or HTTP-POST.
    #[error("there is no SingleSignOnService with HTTP-Redirect or HTTP-POST")]
    NoSingleSignOnService,
    /// An endpoint is not an absolute http or https URL.
    #[error("the Location {location:?} is not an absolute http or https URL")]
    Location {
        /// What it says.
        location: String,
    },
}

impl MetadataError {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Xml(error) => error.code(),
            Self::NotEntityDescriptor { .. } => "metadata_root",
            Self::EntityId(_) => "metadata_entity_id",
            Self::Role { .. } => "metadata_role",
            Self::Expired { .. } => "metadata_expired",
            Self::NoSigningKey => "metadata_no_signing_key",
            Self::Certificate { .. } => "metadata_certificate",
            Self::SeveralCertificates { .. } => "metadata_several_certificates",
            Self::NoSingleSignOnService => "metadata_no_sso",
            Self::Location { .. } => "metadata_location",
        }
    }
}
