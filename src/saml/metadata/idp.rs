use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::TEST_KEY_MARK;
use super::anchor::x509_certificates;
use super::error::MetadataError;
use super::reading::{Chosen, Lifetime, Reading};
use super::ui_info::{Scope, UiInfo};
use crate::crypto::{Certificate, CryptoError};
use crate::saml::binding::Binding;
use crate::saml::entity_id::EntityId;
use crate::saml::keys::{Dangerous, Keys};
use crate::saml::names::METADATA;
use crate::xml::decode_base64;
use crate::xml::{Document, Limits, Node};

/// Where a message of one kind goes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The binding.
    pub binding: Binding,
    /// The address.
    pub location: Url,
    /// The address exactly as published, for `Destination`.
    pub text: String,
}

/// What we need of an identity provider's metadata (Metadata 2.4.3).
///
/// Only the `IDPSSODescriptor` is read. AD FS and Entra put other roles with other keys into the
/// same document, and the first key that AD FS lists is for encryption.
#[derive(Clone, Debug)]
pub struct IdpMetadata {
    entity_id: EntityId,
    certificates: Vec<Certificate>,
    keys: Keys,
    single_sign_on: Vec<Endpoint>,
    single_logout: Vec<Endpoint>,
    single_logout_answers: Vec<Endpoint>,
    wants_signed_requests: bool,
    vouched_by: Option<Certificate>,
    lifetime: Lifetime,
    ui_info: UiInfo,
    scopes: Vec<Scope>,
}

impl IdpMetadata {
    /// Reads the bytes of a metadata file, of whichever one identity provider. Trust in the file is
    /// the caller's affair: no signature is looked at.
    ///
    /// # Errors
    /// A [`MetadataError`].
    pub fn read(bytes: &[u8], now: DateTime<Utc>) -> Result<Self, MetadataError> {
        Self::read_as(bytes, &Reading::default(), now)
    }

    /// Reads the bytes of a metadata file, which must be what `reading` expects: an
    /// `EntityDescriptor`, or an `EntitiesDescriptor` (Metadata 2.3.1), also of groups in groups,
    /// from which the one entity of the expected name is taken.
    ///
    /// With an anchor nothing is read but what the signature on the root covers. The whole document
    /// is parsed into a tree, up to [`Limits::METADATA`].
    ///
    /// # Errors
    /// A [`MetadataError`].
    pub fn read_as(
        bytes: &[u8],
        reading: &Reading<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, MetadataError> {
        let document = Document::parse(bytes, &Limits::METADATA)?;
        let Chosen { entity, role, vouched_by, lifetime } = Chosen::find(&document, reading, now)?;
        let entity_id = EntityId::new(entity.attribute("entityID").unwrap_or(""))?;
        let certificates = read_certificates(role)?;
        let keys = certificates.iter().map(|c| c.public_key().clone()).collect();
        let keys = Keys::new(keys).map_err(|_| MetadataError::NoSigningKey)?;
        let single_sign_on = read_endpoints(role, "SingleSignOnService", &["Location"])?;
        let logout = |attributes| read_endpoints(role, "SingleLogoutService", attributes);
        if single_sign_on.is_empty() {
            return Err(MetadataError::NoSingleSignOnService);
        }
        Ok(Self {
            entity_id,
            certificates,
            keys,
            single_sign_on,
            single_logout: logout(&["Location"])?,
            single_logout_answers: logout(&["ResponseLocation", "Location"])?,
            wants_signed_requests: matches!(
                role.attribute("WantAuthnRequestsSigned"),
                Some("true" | "1")
            ),
            vouched_by,
            lifetime,
            ui_info: UiInfo::read(role),
            scopes: Scope::read_all(entity, role),
        })
    }

    /// The identity provider's name.
    pub fn entity_id(&self) -> &EntityId {
        &self.entity_id
    }

    /// The certificates of the signing keys, in the order of [`IdpMetadata::keys`]. Their dates do
    /// not matter for trust.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The signing keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Options that make sign-in with this identity provider less safe.
    pub fn dangerous(&mut self) -> Dangerous<'_> {
        self.keys.dangerous()
    }

    /// The address to send an AuthnRequest to by `binding`.
    pub fn single_sign_on(&self, binding: Binding) -> Option<&Endpoint> {
        self.single_sign_on.iter().find(|e| e.binding == binding)
    }

    /// Where AuthnRequests go, in the order of the metadata.
    pub fn single_sign_on_services(&self) -> &[Endpoint] {
        &self.single_sign_on
    }

    /// Every address that AuthnRequests and log-out messages go to.
    pub fn locations(&self) -> impl Iterator<Item = &Url> {
        let elsewhere =
            self.single_logout_answers.iter().filter(|e| !self.single_logout.contains(e));
        self.single_sign_on.iter().chain(&self.single_logout).chain(elsewhere).map(|e| &e.location)
    }

    /// Where LogoutRequests go.
    pub fn single_logout(&self) -> &[Endpoint] {
        &self.single_logout
    }

    /// Where LogoutResponses go: `ResponseLocation` where there is one (Metadata 2.2.2).
    pub fn single_logout_answers(&self) -> &[Endpoint] {
        &self.single_logout_answers
    }

    /// `WantAuthnRequestsSigned`. AD FS does not write it even when it insists.
    pub fn wants_signed_requests(&self) -> bool {
        self.wants_signed_requests
    }

    /// The pinned certificate whose key signed the metadata, when an anchor was given.
    pub fn vouched_by(&self) -> Option<&Certificate> {
        self.vouched_by.as_ref()
    }

    /// Whether a pinned key signed the metadata. Without an anchor it is not so, whatever signature
    /// the metadata has: one by the key that it announces itself proves nothing.
    pub fn is_vouched_for(&self) -> bool {
        self.vouched_by.is_some()
    }

    /// The earliest `validUntil` of the role, the entity and every group around it. From then on
    /// the metadata must not be used.
    pub fn valid_until(&self) -> Option<DateTime<Utc>> {
        self.lifetime.valid_until
    }

    /// The shortest `cacheDuration` of the role, the entity and every group around it: the longest
    /// time to wait before looking for newer metadata. It may be zero, and then a caller sets its
    /// own least time. Years count as 365 days and months as 28.
    pub fn cache_duration(&self) -> Option<TimeDelta> {
        self.lifetime.cache_duration
    }

    /// How the provider wishes to be shown.
    pub fn ui_info(&self) -> &UiInfo {
        &self.ui_info
    }

    /// The domains that the provider may assert attributes for.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// The same metadata with the keys of `certificates` behind its own, but for those that are
    /// there already. All else stays: a date until which SHA-1 is accepted holds for all keys.
    #[must_use]
    pub fn with_further(&self, certificates: &[Certificate]) -> Self {
        let mut more = self.clone();
        for certificate in certificates {
            let key = certificate.public_key();
            if !more.keys.signing().contains(key) {
                more.keys.add_signing(key.clone());
                more.certificates.push(certificate.clone());
            }
        }
        more
    }

    /// Whether one of the signing keys belongs to a test identity provider.
    pub fn has_test_keys(&self) -> bool {
        self.certificates
            .iter()
            .any(|c| c.common_name().is_some_and(|name| name.contains(TEST_KEY_MARK)))
    }
}

/// Every certificate of the role that may sign: `use="signing"`, or no `use` at all, which means
/// both (Metadata 2.4.1.1).
fn read_certificates(role: Node<'_>) -> Result<Vec<Certificate>, MetadataError> {
    let mut certificates: Vec<Certificate> = Vec::new();
    let descriptors = role
        .elements()
        .filter(|n| n.is(METADATA, "KeyDescriptor"))
        .filter(|n| matches!(n.attribute("use"), None | Some("signing")));
    for (index, descriptor) in descriptors.enumerate() {
        let position = index.saturating_add(1);
        let mut texts = x509_certificates(descriptor);
        let Some(node) = texts.next() else { continue };
        if texts.next().is_some() {
            return Err(MetadataError::SeveralCertificates { position });
        }
        let certificate = node
            .text()
            .and_then(|text| decode_base64(text.as_bytes()))
            .ok_or(CryptoError::Certificate)
            .and_then(|der| Certificate::from_der(&der))
            .map_err(|error| MetadataError::Certificate { position, error })?;
        if !certificates.iter().any(|c| c.public_key() == certificate.public_key()) {
            certificates.push(certificate);
        }
    }
    Ok(certificates)
}

/// The endpoints of one kind; the first of `attributes` that is there has the address.
fn read_endpoints(
    role: Node<'_>,
    local: &str,
    attributes: &[&str],
) -> Result<Vec<Endpoint>, MetadataError> {
    let mut endpoints = Vec::new();
    for node in role.elements().filter(|n| n.is(METADATA, local)) {
        let Some(binding) = node.attribute("Binding").and_then(Binding::from_uri) else {
            continue;
        };
        let text = attributes.iter().find_map(|name| node.attribute(name)).unwrap_or("");
        let location = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| MetadataError::Location { location: text.to_owned() })?;
        endpoints.push(Endpoint { binding, location, text: text.to_owned() });
    }
    Ok(endpoints)
}
