use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;
use url::Url;

use super::logout::LogoutOptions;
use super::own_keys::{KeyPurpose, NextEncryption, NextSigning};
use super::own_metadata::MetadataOptions;
use crate::crypto::{Certificate, CryptoError, PrivateKey};
use crate::saml::binding::Binding;
use crate::saml::metadata::{Contact, IdpMetadata, Organisation};
use crate::saml::{ClockSkew, EntityId, Keys, RequireSigned};
use crate::xmlenc::DecryptionKey;

/// Characters of a name that a provider gives itself.
const MAX_OWN_NAME: usize = 80;

/// How long a session may last. Neither AD FS nor Entra says: the application must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request. 30 minutes by default, as NHS neighbours have it.
    pub idle: TimeDelta,
    /// In all. 12 hours by default.
    pub absolute: TimeDelta,
    /// Without a request until it is locked: it then waits for the same person to sign in again.
    /// Less than `idle`. Never by default.
    pub lock: Option<TimeDelta>,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: TimeDelta::minutes(30), absolute: TimeDelta::hours(12), lock: None }
    }
}

/// The key that signs our requests, and the certificate that carries its public half.
#[derive(Clone, Debug)]
pub struct RequestSigning {
    /// The key.
    pub key: PrivateKey,
    /// Its certificate, published in our metadata.
    pub certificate: Certificate,
}

/// An identity provider that is trusted.
#[derive(Clone, Debug)]
pub struct Idp {
    /// From its metadata.
    pub metadata: IdpMetadata,
    /// What people call it.
    pub label: Option<String>,
}

impl Idp {
    /// Its name.
    pub fn entity_id(&self) -> &EntityId {
        self.metadata.entity_id()
    }

    /// What to show to people: the label, or the provider's own name for itself ([`UiInfo`], in
    /// English if it can be had), cut to 80 characters, or the entityID. It is a text, not HTML, and
    /// proves nothing: another provider may call itself the same.
    ///
    /// [`UiInfo`]: crate::saml::metadata::UiInfo
    pub fn label(&self) -> Cow<'_, str> {
        let own_word = || self.metadata.ui_info().display_name("en").map(shorten);
        let label = self.label.as_deref().map(Cow::Borrowed).or_else(own_word);
        label.unwrap_or(Cow::Borrowed(self.entity_id().as_str()))
    }
}

/// Whoever writes metadata must not fill the page with it.
fn shorten(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MAX_OWN_NAME) {
        None => Cow::Borrowed(name),
        Some(_) => {
            let kept = name.chars().take(MAX_OWN_NAME.saturating_sub(1));
            Cow::Owned(kept.chain(['…']).collect())
        }
    }
}

/// Who we are and whom we trust. Made by a [`Builder`]; never changes afterwards. When what is
/// known of an identity provider changes, [`ServiceProvider::with_idps`] makes another one, so that
/// whoever holds one sees all of a change or nothing of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ServiceProvider {
    pub(super) settings: Arc<Builder>,
    pub(super) acs_url: Arc<str>,
    pub(super) slo_url: Arc<str>,
    idps: Arc<[Arc<Idp>]>,
    /// By entityID: finding a key takes as long with a thousand identity providers as with one.
    trusted: Arc<HashMap<EntityId, Trusted>>,
}

/// An identity provider, and its keys with ours.
#[derive(Clone, Debug)]
struct Trusted {
    idp: Arc<Idp>,
    keys: Arc<Keys>,
}

/// Collects the settings of a [`ServiceProvider`].
#[derive(Clone, Debug)]
pub struct Builder {
    /// Our name.
    pub entity_id: EntityId,
    /// Where the application is reached: scheme, host and port. Never taken from a request.
    pub base_url: Url,
    /// Path of the assertion consumer service below `base_url`.
    pub acs_path: String,
    /// The identity providers: at least one, unless `awaits_idps` is set.
    pub idps: Vec<Arc<Idp>>,
    /// Identity providers will be made known later, by [`ServiceProvider::with_idps`]. Until then
    /// nobody can sign in.
    pub awaits_idps: bool,
    /// Signs AuthnRequests when present. AD FS insists on RSA-SHA256 once it knows our key.
    pub signing: Option<RequestSigning>,
    /// The key that signs them afterwards.
    pub next_signing: Option<NextSigning>,
    /// Keys that decrypt assertions. Several while one replaces another.
    pub decryption: Vec<DecryptionKey>,
    /// Certificates to publish for encryption. None by default: AD FS encrypts as soon as there is
    /// one.
    pub encryption: Vec<Certificate>,
    /// The certificate to publish for encryption afterwards.
    pub next_encryption: Option<NextEncryption>,
    /// How our metadata is published.
    pub metadata: MetadataOptions,
    /// The binding for AuthnRequests, when the identity provider has it.
    pub request_binding: Binding,
    /// Which signatures a response must have.
    pub require_signed: RequireSigned,
    /// How far clocks may differ.
    pub clock_skew: ClockSkew,
    /// How long sessions last.
    pub session: SessionLimits,
    /// Whether signing out goes on to the identity provider.
    pub logout: LogoutOptions,
    /// How long a person may take at the identity provider. One hour by default: somebody who
    /// fetches their telephone for the second factor must not be turned away.
    pub pending_lifetime: TimeDelta,
    /// Who runs the application.
    pub organisation: Option<Organisation>,
    /// Whom to write to.
    pub contact: Option<Contact>,
    /// Development: http on loopback addresses and the keys of a test identity provider are
    /// allowed. Never in live use.
    pub dev: bool,
}

/// Why settings do not make a service provider.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The base URL is not https.
    #[error("the base URL {0} is not https; http is for loopback addresses in dev mode only")]
    InsecureBaseUrl(String),
    /// The base URL has a path, query, fragment or user.
    #[error("the base URL {0} must be scheme, host and port only")]
    BaseUrlForm(String),
    /// The path of the assertion consumer service is none.
    #[error(
        "the path {0:?} must begin with one slash and hold letters, digits, '-', '_', '.' and '/'"
    )]
    AcsPath(String),
    /// No identity provider.
    #[error("there is no identity provider to trust")]
    NoIdp,
    /// Two identity providers have one name.
    #[error("the identity provider {0} is there twice")]
    DuplicateIdp(EntityId),
    /// It is fetched, there are others, and nobody has said what its name is: it could take one that
    /// belongs to another which is not there yet.
    #[error("the identity provider {0} is one of several and is not named in the configuration")]
    UnnamedIdp(EntityId),
    /// The identity provider has a test key, and this is not dev mode.
    #[error("the identity provider {0} signs with a test key, which is for dev mode only")]
    TestKey(EntityId),
    /// An endpoint of the identity provider is not https.
    #[error("the identity provider {entity_id} has the address {location}, which is not https")]
    InsecureIdp {
        /// The identity provider.
        entity_id: EntityId,
        /// The address.
        location: String,
    },
    /// The signing certificate is not the signing key's.
    #[error("the signing certificate does not belong to the signing key")]
    CertificateMismatch,
    /// The next signing certificate is not the next signing key's.
    #[error("the next signing certificate does not belong to the next signing key")]
    NextCertificateMismatch,
    /// There is a next signing key, and none that it comes after.
    #[error("there is a next signing key, and no signing key that it comes after")]
    NextWithoutCurrent,
    /// There is a next encryption certificate, and none that it comes after.
    #[error("there is a next encryption certificate, and no certificate that it comes after")]
    NextEncryptionWithoutCurrent,
    /// What is to come next is in use already.
    #[error("the next {} certificate is the current one", .0.as_str())]
    NextIsCurrent(KeyPurpose),
    /// The next certificate is to be used before it is valid.
    #[error("the next {} certificate is to be used from {from}, and is valid from {not_before}", .purpose.as_str())]
    NextNotValidYet {
        /// What it is for.
        purpose: KeyPurpose,
        /// When it is to be used.
        from: DateTime<Utc>,
        /// When it becomes valid.
        not_before: DateTime<Utc>,
    },
    /// An encryption certificate is to be published, and its key is not there to decrypt with.
    #[error("an encryption certificate is published without its key among those that decrypt")]
    EncryptionWithoutKey,
    /// The metadata is to be signed, and there is no signing key.
    #[error("the metadata is to be signed, and there is no signing key")]
    MetadataWithoutKey,
    /// The times that the metadata is to tell make no sense.
    #[error(
        "the metadata must be valid for between a day and ten years, and its cacheDuration must be \
         positive and not longer than that"
    )]
    MetadataTimes,
    /// A session limit is not positive, or idle is longer than absolute.
    #[error("session limits must be positive, and idle not longer than absolute")]
    SessionLimits,
    /// A session would be locked at once, or never.
    #[error("the time until a session is locked must be positive, and less than idle")]
    SessionLock,
    /// A key cannot be used.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl Builder {
    /// Settings with the defaults that each field describes, and no identity provider yet.
    pub fn new(entity_id: EntityId, base_url: Url) -> Self {
        Self {
            entity_id,
            base_url,
            acs_path: "/saml/acs".to_owned(),
            idps: Vec::new(),
            awaits_idps: false,
            signing: None,
            next_signing: None,
            decryption: Vec::new(),
            encryption: Vec::new(),
            next_encryption: None,
            metadata: MetadataOptions::default(),
            request_binding: Binding::HttpRedirect,
            require_signed: RequireSigned::Either,
            clock_skew: ClockSkew::default(),
            session: SessionLimits::default(),
            logout: LogoutOptions::default(),
            pending_lifetime: TimeDelta::hours(1),
            organisation: None,
            contact: None,
            dev: false,
        }
    }

    /// Path of the address for log-out messages, beside the assertion consumer service.
    pub fn slo_path(&self) -> String {
        let parent = self.acs_path.rsplit_once('/').map_or("", |(parent, _)| parent);
        format!("{parent}/slo")
    }

    /// Checks the settings against one another.
    ///
    /// # Errors
    /// A [`BuildError`].
    pub fn build(self) -> Result<ServiceProvider, BuildError> {
        let base = &self.base_url;
        if !is_secure(base, self.dev) {
            return Err(BuildError::InsecureBaseUrl(base.to_string()));
        }
        let bare = base.path() == "/"
            && base.query().is_none()
            && base.fragment().is_none()
            && base.username().is_empty()
            && base.password().is_none();
        if !bare {
            return Err(BuildError::BaseUrlForm(base.to_string()));
        }
        if !is_plain_path(&self.acs_path) || self.acs_path == self.slo_path() {
            return Err(BuildError::AcsPath(self.acs_path));
        }
        if self.idps.is_empty() && !self.awaits_idps {
            return Err(BuildError::NoIdp);
        }
        self.check_own_keys()?;
        self.check_metadata()?;
        let limits = self.session;
        if limits.idle <= TimeDelta::zero() || limits.idle > limits.absolute {
            return Err(BuildError::SessionLimits);
        }
        if limits.lock.is_some_and(|lock| lock <= TimeDelta::zero() || lock >= limits.idle) {
            return Err(BuildError::SessionLock);
        }
        let origin = base.as_str().trim_end_matches('/');
        let acs_url = format!("{origin}{}", self.acs_path).into();
        let slo_url = format!("{origin}{}", self.slo_path()).into();
        let idps = self.idps.clone();
        let none = ServiceProvider {
            settings: Arc::new(self),
            acs_url,
            slo_url,
            idps: Arc::from([]),
            trusted: Arc::default(),
        };
        none.with_idps(idps)
    }
}

/// Whether an identity provider may be trusted at all. `dev` is [`Builder::dev`].
///
/// # Errors
/// [`BuildError::TestKey`] or [`BuildError::InsecureIdp`].
pub(super) fn check_idp(metadata: &IdpMetadata, dev: bool) -> Result<(), BuildError> {
    let entity_id = metadata.entity_id();
    if metadata.has_test_keys() && !dev {
        return Err(BuildError::TestKey(entity_id.clone()));
    }
    if let Some(location) = metadata.locations().find(|l| !is_secure(l, dev)) {
        let (entity_id, location) = (entity_id.clone(), location.to_string());
        return Err(BuildError::InsecureIdp { entity_id, location });
    }
    Ok(())
}

/// Nothing that a router, a browser or a proxy would read as something else.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    let segments = || path.split('/').skip(1);
    path.starts_with('/')
        && path.bytes().all(is_plain)
        && segments().all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Whether an address may be used: https anywhere; http only in development and only to this machine.
pub fn is_secure(url: &Url, dev: bool) -> bool {
    match url.scheme() {
        "https" => true,
        "http" if dev => match url.host() {
            Some(url::Host::Domain(domain)) => domain == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        },
        _ => false,
    }
}

impl ServiceProvider {
    /// The settings it was built from.
    pub fn settings(&self) -> &Builder {
        &self.settings
    }

    /// Our name.
    pub fn entity_id(&self) -> &EntityId {
        &self.settings.entity_id
    }

    /// Where responses are to be posted to.
    pub fn acs_url(&self) -> &str {
        &self.acs_url
    }

    /// Where log-out messages are to be sent to.
    pub fn slo_url(&self) -> &str {
        &self.slo_url
    }

    /// The same, trusting `idps` and nobody else.
    ///
    /// # Errors
    /// [`BuildError::DuplicateIdp`], [`BuildError::TestKey`] or [`BuildError::InsecureIdp`].
    pub fn with_idps(&self, idps: Vec<Arc<Idp>>) -> Result<Self, BuildError> {
        let settings = &self.settings;
        let mut trusted = HashMap::with_capacity(idps.len());
        for idp in &idps {
            let entity_id = idp.entity_id();
            let keys = match self.trusted.get(entity_id) {
                Some(known) if Arc::ptr_eq(&known.idp, idp) => Arc::clone(&known.keys),
                _ => {
                    check_idp(&idp.metadata, settings.dev)?;
                    let keys = idp.metadata.keys().clone();
                    Arc::new(keys.with_decryption(settings.decryption.clone()))
                }
            };
            let one = Trusted { idp: Arc::clone(idp), keys };
            if trusted.insert(entity_id.clone(), one).is_some() {
                return Err(BuildError::DuplicateIdp(entity_id.clone()));
            }
        }
        Ok(Self { idps: idps.into(), trusted: Arc::new(trusted), ..self.clone() })
    }

    /// The identity providers.
    pub fn idps(&self) -> &[Arc<Idp>] {
        &self.idps
    }

    /// The identity provider of this name.
    pub fn idp(&self, entity_id: &str) -> Option<&Arc<Idp>> {
        self.trusted.get(entity_id).map(|trusted| &trusted.idp)
    }

    /// An identity provider, and its keys with ours.
    pub(super) fn trusted(&self, idp: &EntityId) -> Option<(&Idp, &Keys)> {
        self.trusted.get(idp).map(|trusted| (&*trusted.idp, &*trusted.keys))
    }

    /// The keys to validate responses of this identity provider with, if it is trusted.
    pub fn keys(&self, idp: &EntityId) -> Option<&Keys> {
        self.trusted.get(idp).map(|trusted| &*trusted.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_consumer_service_is_plain() {
        for path in ["/saml/acs", "/acs", "/a/b-c_d.e/F9"] {
            assert!(is_plain_path(path), "{path}");
        }
        for path in [
            "",
            "/",
            "saml/acs",
            "//evil.example",
            "/a//b",
            "/a/",
            "/a/../b",
            "/./a",
            "/{a}",
            "/a?b",
            "/a#b",
            "/a b",
            "/a%2fb",
            "/\\a",
            "/ä",
            "https://evil.example/",
            "/a\n",
        ] {
            assert!(!is_plain_path(path), "{path:?}");
            let entity_id = EntityId::new("urn:rota").unwrap();
            let mut builder = Builder::new(entity_id, Url::parse("https://rota.example").unwrap());
            builder.acs_path = path.to_owned();
            assert_eq!(builder.build().unwrap_err(), BuildError::AcsPath(path.to_owned()));
        }
    }
}
