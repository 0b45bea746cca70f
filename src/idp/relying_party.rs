use thiserror::Error;
use url::Url;

use super::logout::LogoutBinding;
use super::names::{HTTP_POST, HTTP_REDIRECT};
use crate::crypto::{Certificate, CryptoError, SignatureAlgorithm};
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::names::{METADATA, PROTOCOL};
use crate::saml::{EntityId, InvalidEntityId};
use crate::xml::decode_base64;
use crate::xml::{Document, Limits, Node, XmlError};

/// Why a service provider cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The metadata is not XML that this crate reads.
    #[error("the metadata is not readable XML: {0}")]
    Xml(#[from] XmlError),
    /// The root is something else than an `EntityDescriptor`.
    #[error("the root element is <{found}>, not a SAML 2.0 EntityDescriptor")]
    NotEntityDescriptor {
        /// Local name of the root element.
        found: String,
    },
    /// The entityID is missing or unusable.
    #[error("entityID: {0}")]
    EntityId(#[from] InvalidEntityId),
    /// There is no `SPSSODescriptor` for SAML 2.0.
    #[error("there is no SPSSODescriptor for SAML 2.0")]
    NoRole,
    /// There is no `AssertionConsumerService` with HTTP-POST (AD FS: MSIS3077).
    #[error("there is no AssertionConsumerService with HTTP-POST")]
    NoAcs,
    /// An address is not an absolute http or https URL.
    #[error("{found:?} is not an absolute http or https URL")]
    AcsUrl {
        /// What it says.
        found: String,
    },
    /// A signing certificate cannot be used.
    #[error("a signing certificate: {0}")]
    Certificate(#[from] CryptoError),
}

/// An address to which responses may be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionConsumerService {
    /// `Location`, compared byte for byte.
    pub url: String,
    /// `index`
    pub index: u16,
}

/// An address to which log-out messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleLogoutService {
    /// How.
    pub binding: LogoutBinding,
    /// `Location`
    pub url: String,
    /// `ResponseLocation`, if answers go elsewhere.
    pub response_url: Option<String>,
}

/// A service provider that is registered: what AD FS calls a relying party trust.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// Its identifier, compared with upper and lower case.
    pub entity_id: EntityId,
    /// Where responses may go, the default first.
    pub acs: Vec<AssertionConsumerService>,
    /// Where log-out messages go.
    pub logout: Vec<SingleLogoutService>,
    /// The certificates of the keys that may sign its requests.
    pub signing: Vec<Certificate>,
    /// To whom assertions are encrypted: AD FS does so for everybody who publishes a key for it.
    pub encryption: Option<Certificate>,
    /// Whether a request without signature is refused.
    pub require_signed: bool,
    /// The one algorithm that signatures may have: the trust's "secure hash algorithm".
    pub algorithm: SignatureAlgorithm,
    /// Whether it was registered by its first request alone: each of its requests is then taken at its
    /// word.
    pub is_met: bool,
}

impl RelyingParty {
    /// A service provider with one address that does not sign.
    ///
    /// # Errors
    /// [`RegisterError::AcsUrl`] when `acs_url` is not an absolute http or https URL.
    pub fn new(entity_id: EntityId, acs_url: &str) -> Result<Self, RegisterError> {
        check_url(acs_url)?;
        Ok(Self {
            entity_id,
            acs: vec![AssertionConsumerService { url: acs_url.to_owned(), index: 0 }],
            logout: Vec::new(),
            signing: Vec::new(),
            encryption: None,
            require_signed: false,
            algorithm: SignatureAlgorithm::RsaSha256,
            is_met: false,
        })
    }

    /// Reads a service provider's metadata. A signature in it is not looked at: whoever runs a
    /// test identity provider chooses whom to register.
    ///
    /// # Errors
    /// A [`RegisterError`].
    pub fn from_metadata(xml: &[u8]) -> Result<Self, RegisterError> {
        let document = Document::parse(xml, &Limits::METADATA)?;
        let entity = document.root();
        if !entity.is(METADATA, "EntityDescriptor") {
            let found = entity.local_name().to_owned();
            return Err(RegisterError::NotEntityDescriptor { found });
        }
        let entity_id = EntityId::new(entity.attribute("entityID").unwrap_or_default())?;
        let role = entity
            .elements()
            .filter(|n| n.is(METADATA, "SPSSODescriptor"))
            .find(|n| {
                let protocols = n.attribute("protocolSupportEnumeration").unwrap_or_default();
                protocols.split_ascii_whitespace().any(|p| p == PROTOCOL)
            })
            .ok_or(RegisterError::NoRole)?;
        Ok(Self {
            entity_id,
            acs: read_acs(role)?,
            logout: read_logout(role)?,
            signing: read_certificates(role, &[None, Some("signing")])?,
            encryption: read_certificates(role, &[Some("encryption")])?.into_iter().next(),
            require_signed: is_true(role.attribute("AuthnRequestsSigned")),
            algorithm: SignatureAlgorithm::RsaSha256,
            is_met: false,
        })
    }
}

pub(super) fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("true" | "1"))
}

pub(super) fn check_url(text: &str) -> Result<(), RegisterError> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        _ => Err(RegisterError::AcsUrl { found: text.to_owned() }),
    }
}

/// The addresses for HTTP-POST: the one marked as default first, then as written (Metadata 2.2.3).
fn read_acs(role: Node<'_>) -> Result<Vec<AssertionConsumerService>, RegisterError> {
    let mut acs = Vec::new();
    let nodes = role.elements().filter(|n| n.is(METADATA, "AssertionConsumerService"));
    for node in nodes.filter(|n| n.attribute("Binding") == Some(HTTP_POST)) {
        let url = node.attribute("Location").unwrap_or_default();
        check_url(url)?;
        let index = node.attribute("index").and_then(|text| text.parse().ok()).unwrap_or(0);
        acs.push((
            !is_true(node.attribute("isDefault")),
            AssertionConsumerService { url: url.to_owned(), index },
        ));
    }
    if acs.is_empty() {
        return Err(RegisterError::NoAcs);
    }
    acs.sort_by_key(|(is_not_default, _)| *is_not_default);
    Ok(acs.into_iter().map(|(_, acs)| acs).collect())
}

/// The addresses for log-out by the bindings that are spoken here.
fn read_logout(role: Node<'_>) -> Result<Vec<SingleLogoutService>, RegisterError> {
    let mut services = Vec::new();
    for node in role.elements().filter(|n| n.is(METADATA, "SingleLogoutService")) {
        let binding = match node.attribute("Binding") {
            Some(HTTP_REDIRECT) => LogoutBinding::Redirect,
            Some(HTTP_POST) => LogoutBinding::Post,
            _ => continue,
        };
        let url = node.attribute("Location").unwrap_or_default();
        let response_url = node.attribute("ResponseLocation");
        for url in std::iter::once(url).chain(response_url) {
            check_url(url)?;
        }
        services.push(SingleLogoutService {
            binding,
            url: url.to_owned(),
            response_url: response_url.map(str::to_owned),
        });
    }
    Ok(services)
}

fn read_certificates(
    role: Node<'_>,
    purposes: &[Option<&str>],
) -> Result<Vec<Certificate>, RegisterError> {
    let inside = |node: Node<'_>, local: &'static str| node.is(DSIG_NAMESPACE, local);
    role.elements()
        .filter(|n| n.is(METADATA, "KeyDescriptor"))
        .filter(|n| purposes.contains(&n.attribute("use")))
        .flat_map(|n| n.elements().filter(move |n| inside(*n, "KeyInfo")))
        .flat_map(|n| n.elements().filter(move |n| inside(*n, "X509Data")))
        .flat_map(|n| n.elements().filter(move |n| inside(*n, "X509Certificate")))
        .map(|n| {
            let der = n.text().and_then(|text| decode_base64(text.as_bytes()));
            Ok(Certificate::from_der(&der.ok_or(CryptoError::Certificate)?)?)
        })
        .collect()
}
