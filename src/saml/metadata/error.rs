use chrono::{DateTime, Utc};
use thiserror::Error;

use super::anchor::Fingerprint;
use crate::crypto::CryptoError;
use crate::dsig::DsigError;
use crate::saml::entity_id::{EntityId, InvalidEntityId};
use crate::xml::XmlError;

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// It is not a document that this crate reads.
    #[error("it is not readable XML: {0}")]
    Xml(#[from] XmlError),
    /// The root is neither an `EntityDescriptor` nor an `EntitiesDescriptor`: an HTML page, perhaps.
    #[error("the root element is <{found}>, not a SAML 2.0 EntityDescriptor or EntitiesDescriptor")]
    NotEntityDescriptor {
        /// Local name of the root element.
        found: String,
    },
    /// Pinned trust asks for a signature, and the root has none.
    #[error("the root element is not signed, and a pinned key must have signed it")]
    NotSigned,
    /// The signature is not the first child of the root, or there are several.
    #[error("the signature must be the first element inside the root, and the only one there")]
    SignaturePlace,
    /// No key of the pinned certificates can be known: only fingerprints are pinned, and none of
    /// the certificates that come with the signature has one of them.
    #[error("none of the certificates that come with the signature is pinned: {found:?}")]
    SignerNotPinned {
        /// The fingerprints of those that come with it.
        found: Vec<Fingerprint>,
    },
    /// The certificate with a pinned fingerprint cannot be used.
    #[error("the pinned certificate {fingerprint} that comes with the signature: {error}")]
    SignerCertificate {
        /// Its fingerprint.
        fingerprint: Fingerprint,
        /// Why.
        error: CryptoError,
    },
    /// The signature on the root does not hold, or no pinned key made it.
    #[error("the signature on the root element: {0}")]
    Signature(DsigError),
    /// The document is about somebody else.
    #[error("it describes {found:?}, and {expected:?} is expected")]
    OtherEntity {
        /// Whose metadata is expected.
        expected: EntityId,
        /// Whose it is.
        found: EntityId,
    },
    /// The aggregate has no entity of this name.
    #[error("none of the {entities} entities in it is {expected:?}")]
    NoSuchEntity {
        /// Whose metadata is expected.
        expected: EntityId,
        /// How many others there are.
        entities: usize,
    },
    /// The aggregate has several entities of this name. Which one counts would be a guess.
    #[error("{entity_id:?} is in it {found} times")]
    SeveralEntities {
        /// The name.
        entity_id: EntityId,
        /// How many there are.
        found: usize,
    },
    /// No entity was named, and the aggregate does not hold exactly one identity provider.
    #[error(
        "it is an aggregate with {providers} identity providers for SAML 2.0, and no entityID says which one is meant"
    )]
    Aggregate {
        /// How many there are.
        providers: usize,
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
    /// There is no `validUntil`, and a longest validity is set.
    #[error("it has no validUntil, and how long it may be valid is limited")]
    NoValidUntil,
    /// `validUntil` is further ahead than the longest validity that is set.
    #[error("it is valid until {valid_until}, and {latest} is the latest allowed")]
    ValidTooLong {
        /// The earliest end that it says.
        valid_until: DateTime<Utc>,
        /// The latest end that is allowed.
        latest: DateTime<Utc>,
    },
    /// `cacheDuration` is no length of time.
    #[error("the cacheDuration {found:?} is no length of time from zero up")]
    CacheDuration {
        /// What it says.
        found: String,
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
            Self::NotSigned => "metadata_not_signed",
            Self::SignaturePlace => "metadata_signature_place",
            Self::SignerNotPinned { .. } => "metadata_signer_not_pinned",
            Self::SignerCertificate { .. } => "metadata_signer_certificate",
            Self::Signature(error) => error.code(),
            Self::OtherEntity { .. } => "metadata_other_entity",
            Self::NoSuchEntity { .. } => "metadata_no_such_entity",
            Self::SeveralEntities { .. } => "metadata_several_entities",
            Self::Aggregate { .. } => "metadata_aggregate",
            Self::EntityId(_) => "metadata_entity_id",
            Self::Role { .. } => "metadata_role",
            Self::Expired { .. } => "metadata_expired",
            Self::NoValidUntil => "metadata_no_valid_until",
            Self::ValidTooLong { .. } => "metadata_valid_too_long",
            Self::CacheDuration { .. } => "metadata_cache_duration",
            Self::NoSigningKey => "metadata_no_signing_key",
            Self::Certificate { .. } => "metadata_certificate",
            Self::SeveralCertificates { .. } => "metadata_several_certificates",
            Self::NoSingleSignOnService => "metadata_no_sso",
            Self::Location { .. } => "metadata_location",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::parse_instant;

    /// Other tools know them, from `docs/metadata.md`.
    #[test]
    fn codes() {
        let documented = include_str!("../../../docs/metadata.md");
        let name = || EntityId::new("urn:x").unwrap();
        let now = parse_instant("2026-11-22T10:00:00Z").unwrap();
        let (text, error) = (String::new, CryptoError::Certificate);
        let fingerprint = Fingerprint::of_der(b"");
        let of_metadata = [
            (MetadataError::NotEntityDescriptor { found: text() }, "metadata_root"),
            (MetadataError::NotSigned, "metadata_not_signed"),
            (MetadataError::SignaturePlace, "metadata_signature_place"),
            (MetadataError::SignerNotPinned { found: Vec::new() }, "metadata_signer_not_pinned"),
            (
                MetadataError::SignerCertificate { fingerprint, error: error.clone() },
                "metadata_signer_certificate",
            ),
            (
                MetadataError::OtherEntity { expected: name(), found: name() },
                "metadata_other_entity",
            ),
            (
                MetadataError::NoSuchEntity { expected: name(), entities: 0 },
                "metadata_no_such_entity",
            ),
            (
                MetadataError::SeveralEntities { entity_id: name(), found: 2 },
                "metadata_several_entities",
            ),
            (MetadataError::Aggregate { providers: 2 }, "metadata_aggregate"),
            (InvalidEntityId.into(), "metadata_entity_id"),
            (MetadataError::Role { found: 0 }, "metadata_role"),
            (MetadataError::Expired { valid_until: text(), now }, "metadata_expired"),
            (MetadataError::NoValidUntil, "metadata_no_valid_until"),
            (
                MetadataError::ValidTooLong { valid_until: now, latest: now },
                "metadata_valid_too_long",
            ),
            (MetadataError::CacheDuration { found: text() }, "metadata_cache_duration"),
            (MetadataError::NoSigningKey, "metadata_no_signing_key"),
            (MetadataError::Certificate { position: 1, error }, "metadata_certificate"),
            (MetadataError::SeveralCertificates { position: 1 }, "metadata_several_certificates"),
            (MetadataError::NoSingleSignOnService, "metadata_no_sso"),
            (MetadataError::Location { location: text() }, "metadata_location"),
        ];
        for (error, code) in of_metadata {
            assert_eq!(error.code(), code);
            assert!(documented.contains(&format!("`{code}`")), "{code} is not documented");
        }
        assert_eq!(MetadataError::from(XmlError::Doctype).code(), "xml_doctype");
        let dsig = MetadataError::Signature(DsigError::DigestMismatch);
        assert_eq!(dsig.code(), "digest_mismatch");
    }
}
