use chrono::{DateTime, Utc};
use url::Url;

use super::TEST_KEY_MARK;
use super::error::MetadataError;
use crate::crypto::{Certificate, CryptoError};
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::binding::Binding;
use crate::saml::entity_id::EntityId;
use crate::saml::keys::{Dangerous, Keys};
use crate::saml::names::{METADATA, PROTOCOL};
use crate::saml::time::parse_instant;
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
    wants_signed_requests: bool,
}

impl IdpMetadata {
    /// Reads the bytes of a metadata file. Trust in the file is the caller's affair: a signature
    /// in it is made by the key that it announces, and proves nothing.
    ///
    /// # Errors
    /// A [`MetadataError`].
    pub fn read(bytes: &[u8], now: DateTime<Utc>) -> Result<Self, MetadataError> {
        let document = Document::parse(bytes, &Limits::METADATA)?;
        let entity = document.root();
        if !entity.is(METADATA, "EntityDescriptor") {
            let found = entity.local_name().to_owned();
            return Err(MetadataError::NotEntityDescriptor { found });
        }
        check_valid_until(entity, now)?;
        let entity_id = EntityId::new(entity.attribute("entityID").unwrap_or(""))?;
        let is_our_role = |n: &Node<'_>| {
            n.is(METADATA, "IDPSSODescriptor")
                && n.attribute("protocolSupportEnumeration")
                    .is_some_and(|list| list.split_ascii_whitespace().any(|p| p == PROTOCOL))
        };
        let mut roles = entity.elements().filter(is_our_role);
        let (Some(role), None) = (roles.next(), roles.next()) else {
            return Err(MetadataError::Role {
                found: entity.elements().filter(is_our_role).count(),
            });
        };
        check_valid_until(role, now)?;

        let certificates = read_certificates(role)?;
        let keys = certificates.iter().map(|c| c.public_key().clone()).collect();
        let keys = Keys::new(keys).map_err(|_| MetadataError::NoSigningKey)?;
        let single_sign_on = read_endpoints(role, "SingleSignOnService")?;
        if single_sign_on.is_empty() {
            return Err(MetadataError::NoSingleSignOnService);
        }
        Ok(Self {
            entity_id,
            certificates,
            keys,
            single_sign_on,
            single_logout: read_endpoints(role, "SingleLogoutService")?,
            wants_signed_requests: matches!(
                role.attribute("WantAuthnRequestsSigned"),
                Some("true" | "1")
            ),
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

    /// Every address that AuthnRequests and log-out messages go to.
    pub fn locations(&self) -> impl Iterator<Item = &Url> {
        self.single_sign_on.iter().chain(&self.single_logout).map(|e| &e.location)
    }

    /// Where log-out messages go.
    pub fn single_logout(&self) -> &[Endpoint] {
        &self.single_logout
    }

    /// `WantAuthnRequestsSigned`. AD FS does not write it even when it insists.
    pub fn wants_signed_requests(&self) -> bool {
        self.wants_signed_requests
    }

    /// Whether one of the signing keys belongs to a test identity provider.
    pub fn has_test_keys(&self) -> bool {
        self.certificates
            .iter()
            .any(|c| c.common_name().is_some_and(|name| name.contains(TEST_KEY_MARK)))
    }
}

fn check_valid_until(node: Node<'_>, now: DateTime<Utc>) -> Result<(), MetadataError> {
    match node.attribute("validUntil") {
        None => Ok(()),
        Some(text) if parse_instant(text).is_some_and(|until| now < until) => Ok(()),
        Some(text) => Err(MetadataError::Expired { valid_until: text.to_owned(), now }),
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
        let mut texts = children(descriptor, "KeyInfo")
            .flat_map(|n| children(n, "X509Data"))
            .flat_map(|n| children(n, "X509Certificate"));
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

fn children<'d>(node: Node<'d>, local: &'static str) -> impl Iterator<Item = Node<'d>> {
    node.elements().filter(move |n| n.is(DSIG_NAMESPACE, local))
}

fn read_endpoints(role: Node<'_>, local: &str) -> Result<Vec<Endpoint>, MetadataError> {
    let mut endpoints = Vec::new();
    for node in role.elements().filter(|n| n.is(METADATA, local)) {
        let Some(binding) = node.attribute("Binding").and_then(Binding::from_uri) else {
            continue;
        };
        let text = node.attribute("Location").unwrap_or("");
        let location = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| MetadataError::Location { location: text.to_owned() })?;
        endpoints.push(Endpoint { binding, location, text: text.to_owned() });
    }
    Ok(endpoints)
}
