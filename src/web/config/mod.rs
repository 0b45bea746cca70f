//! The configuration file, `saml.toml`.
//!
//! Every key can be overridden by a variable of the environment: see [`VARIABLES`]. Paths in the
//! file are relative to the file.

mod audit;
mod environment;
mod error;
mod keys;
mod lint;
mod load;
mod pages;
pub(crate) mod private_file;
mod stores;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

pub use environment::{Kind, VARIABLES, Variable};
#[cfg(feature = "cli")]
pub(crate) use environment::{PASSPHRASE, unknown_variables};
pub use error::ConfigError;
pub use lint::{Lint, Verdict};

use crate::crypto::Passphrase;
use crate::nhsmail::{ClaimNames, SubjectForm};
use crate::saml::EntityId;
use crate::saml::metadata::{Contact, Organisation};

/// What the file says, unknown keys refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the application is reached: scheme, host and port. Behind a proxy this is what the
    /// browser sees.
    pub base_url: Url,
    /// Our name at the identity provider. An exact string; it need not be an address.
    pub entity_id: EntityId,
    /// Where `actix-saml serve` and the demo listen. An application that binds by itself does not
    /// need it.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Development: http on loopback addresses and test keys are allowed.
    #[serde(default)]
    pub dev: bool,
    /// The identity providers.
    #[serde(default)]
    pub idp: Vec<IdpConfig>,
    /// Our own keys.
    #[serde(default)]
    pub keys: KeysConfig,
    /// How metadata is kept current.
    #[serde(default)]
    pub refresh: RefreshConfig,
    /// How long sessions last.
    #[serde(default)]
    pub session: SessionConfig,
    /// Whether signing out goes on to the identity provider.
    #[serde(default)]
    pub logout: LogoutConfig,
    /// Where things are remembered.
    #[serde(default)]
    pub store: StoreConfig,
    /// How strict to be, within what is safe.
    #[serde(default)]
    pub policy: PolicyConfig,
    /// What is recorded of sign-ins.
    #[serde(default)]
    pub audit: AuditConfig,
    /// What our pages say, and how they look.
    #[serde(default)]
    pub pages: PagesConfig,
    /// How our metadata is published.
    #[serde(default)]
    pub metadata: MetadataConfig,
    /// The claim names of a member of staff.
    #[serde(default)]
    pub claims: ClaimNames,
    /// Who runs the application, for our metadata.
    pub organisation: Option<OrganisationConfig>,
    /// Whom to write to about technical matters, for our metadata.
    pub contact: Option<ContactConfig>,
    /// What our keys are under, from the environment.
    #[serde(skip)]
    pub(super) passphrase: Option<Passphrase>,
    /// The folder that paths are relative to.
    #[serde(skip)]
    pub(super) folder: std::path::PathBuf,
    /// The file, for messages.
    #[serde(skip)]
    pub(super) file: String,
    /// The variables that were set, for messages.
    #[serde(skip)]
    pub(super) variables: Vec<Variable>,
}

/// One identity provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdpConfig {
    /// Path of its metadata: a file that is watched for change. With `metadata_url` it is the last
    /// known good, which is read at start and replaced by what is fetched.
    pub metadata: Option<String>,
    /// Where to fetch its metadata from.
    pub metadata_url: Option<Url>,
    /// Its name. When it is given, metadata of any other entity is refused; an aggregate needs it.
    pub entity_id: Option<EntityId>,
    /// Path of the certificate whose key must have signed the metadata.
    pub pin_cert: Option<String>,
    /// SHA-256 fingerprints of certificates of which the key of one must have signed it.
    pub pin_sha256: Option<Vec<String>>,
    /// Path of a certificate authority to trust for `metadata_url`, besides those of the machine.
    pub ca: Option<String>,
    /// When given, metadata must have a `validUntil`, and one that is no further ahead.
    pub max_validity_days: Option<u32>,
    /// What people call it.
    pub label: Option<String>,
    /// The name of the people whom it shares with other providers.
    pub population: Option<String>,
    /// The claims that identify a person in the population, the preferred one first.
    pub subject: Option<Vec<String>>,
    /// How the values of those claims are compared.
    pub subject_form: Option<SubjectForm>,
    /// The pages to which sign-ins may lead that begin there, the first one for whoever names none.
    /// Without it such sign-ins are refused.
    pub unsolicited_targets: Option<Vec<String>>,
    /// Whether it obeys `ForceAuthn`: see [`StepUpSupport`](crate::access::StepUpSupport).
    pub honours_force_authn: Option<bool>,
    /// The `AuthnContextClassRef`s by which it tells a second factor.
    pub mfa_contexts: Option<Vec<String>>,
    /// Dangerous: until then its signatures count although they use SHA-1. See
    /// [`Dangerous`](crate::saml::Dangerous).
    #[serde(default, deserialize_with = "read_end")]
    pub dangerous_accept_sha1_until: Option<DateTime<Utc>>,
}

/// A time with its offset, or a day, which stands for its beginning in UTC; as a date of TOML or as
/// text.
fn read_end<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = match toml::Value::deserialize(from)? {
        toml::Value::String(text) => text,
        toml::Value::Datetime(time) => time.to_string(),
        other => other.type_str().to_owned(),
    };
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let time = day.or_else(|_| DateTime::parse_from_rfc3339(&text).map(|t| t.to_utc()));
    let wrong =
        || format!("{text:?} is neither a day such as 2027-03-31 nor a time with its offset");
    time.map(Some).map_err(|_| D::Error::custom(wrong()))
}

/// Our own keys. All optional: without a signing key, requests are not signed, which AD FS and
/// Entra accept by default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// Path of the PEM key that signs requests.
    pub signing_key: Option<String>,
    /// Path of its certificate.
    pub signing_cert: Option<String>,
    /// Path of the PEM key that signs requests afterwards.
    pub next_signing_key: Option<String>,
    /// Path of its certificate, which is published at once.
    pub next_signing_cert: Option<String>,
    /// When it takes over.
    #[serde(deserialize_with = "read_end")]
    pub next_signing_from: Option<DateTime<Utc>>,
    /// Paths of PEM keys that decrypt assertions.
    pub decryption_keys: Vec<String>,
    /// Path of the certificate to publish for encryption. AD FS encrypts as soon as it knows one.
    pub encryption_cert: Option<String>,
    /// Path of the certificate to publish for encryption afterwards.
    pub next_encryption_cert: Option<String>,
    /// When it takes the place of the current one.
    #[serde(deserialize_with = "read_end")]
    pub next_encryption_from: Option<DateTime<Utc>>,
    /// Whether to publish both. AD FS refuses that.
    pub publish_both_encryption_certs: bool,
    /// Paths of keys that seal cookies: the first one seals, the others still open.
    pub cookie_keys: Vec<String>,
    /// Path of a file with the passphrase of every key that is under one.
    pub passphrase_file: Option<String>,
}

/// How our metadata is published: see [`MetadataOptions`](crate::sp::MetadataOptions).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetadataConfig {
    /// Whether to sign it.
    pub sign: bool,
    /// For how many days it is valid.
    pub valid_days: Option<u32>,
    /// After how many hours readers are asked to look again.
    pub cache_hours: Option<u32>,
}

/// How metadata is kept current.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefreshConfig {
    /// Minutes from one fetch to the next: 5 to 1440. Metadata may ask for less.
    pub minutes: u32,
    /// Hours for which a key counts that is no longer in the metadata: 0 to 168.
    pub grace_hours: u32,
}

impl Default for RefreshConfig {
    fn default() -> Self {
        Self { minutes: 60, grace_hours: 24 }
    }
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// Minutes without a request after which a session ends.
    pub idle_minutes: u32,
    /// Hours after which a session ends in any case.
    pub absolute_hours: u32,
    /// Minutes without a request after which a session is locked. Never without.
    pub lock_minutes: Option<u32>,
    /// Whether a form that meets no session is kept for its sender.
    pub keep_forms: bool,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_hours: 12, lock_minutes: None, keep_forms: false }
    }
}

/// Whether signing out goes on to the identity provider: see
/// [`LogoutOptions`](crate::sp::LogoutOptions).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogoutConfig {
    /// Whether it does. With a signing key it does unless this says no.
    pub idp: Option<bool>,
    /// How requests are sent.
    pub binding: Option<BindingConfig>,
}

/// Where things are remembered.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// `memory:`, or the address of a Redis server.
    pub url: String,
    /// Path of a file with the server's password, in place of one in the address.
    pub password_file: Option<String>,
    /// What is in front of every key in the server.
    pub prefix: String,
    /// How long one request to the server may take, in milliseconds: 100 to 30000.
    pub timeout_ms: u32,
    /// How many processes run with this configuration.
    pub replicas: u32,
}

impl std::fmt::Debug for StoreConfig {
    // The address may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl StoreConfig {
    /// What stands before the address: all of it that may be shown.
    pub(crate) fn kind(&self) -> &str {
        self.url.split(':').next().unwrap_or_default()
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: "memory:".to_owned(),
            password_file: None,
            prefix: "saml:".to_owned(),
            timeout_ms: 2000,
            replicas: 1,
        }
    }
}

/// What is recorded of sign-ins, and where: see [`AuditEvent`](crate::web::AuditEvent).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// Path of the file to which events are appended, or `stdout`.
    pub file: Option<String>,
    /// Path of the file with the key of the pseudonyms.
    pub subject_key: Option<String>,
    /// Whether to record where connections come from.
    pub client_address: bool,
}

/// What our pages say, and how they look: see docs/pages.md.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PagesConfig {
    /// Path of a file of [`Texts`](crate::web::Texts).
    pub texts: Option<String>,
    /// What people call the application.
    pub service_name: Option<String>,
    /// Whom people are to ask.
    pub help_desk: Option<String>,
    /// Where the application serves a style sheet of its own.
    pub stylesheet: Option<String>,
    /// Where it serves a picture to go with its name.
    pub logo: Option<String>,
}

/// How strict to be, within what is safe.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// How far clocks may differ, in seconds: 0 to 300.
    pub clock_skew_seconds: u32,
    /// Which signatures a response must have.
    pub require_signed: RequireSignedConfig,
    /// How requests are sent.
    pub request_binding: BindingConfig,
    /// How long a person may take at the identity provider, in minutes: 5 to 1440.
    pub pending_minutes: u32,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            clock_skew_seconds: 180,
            require_signed: RequireSignedConfig::Either,
            request_binding: BindingConfig::Redirect,
            pending_minutes: 60,
        }
    }
}

/// See [`RequireSigned`](crate::saml::RequireSigned).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequireSignedConfig {
    /// The response or the assertion.
    Either,
    /// The assertion itself.
    Assertion,
    /// The response.
    Response,
    /// Both.
    Both,
}

/// See [`Binding`](crate::saml::binding::Binding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BindingConfig {
    /// HTTP-Redirect.
    Redirect,
    /// HTTP-POST.
    Post,
}

/// See [`Organisation`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationConfig {
    /// The legal name.
    pub name: String,
    /// The name that people know; the legal name when absent.
    pub display_name: Option<String>,
    /// A web page.
    pub url: Url,
}

impl From<OrganisationConfig> for Organisation {
    fn from(config: OrganisationConfig) -> Self {
        Self {
            display_name: config.display_name.unwrap_or_else(|| config.name.clone()),
            name: config.name,
            url: config.url.to_string(),
        }
    }
}

/// See [`Contact`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactConfig {
    /// A team's name rather than a person's.
    pub name: Option<String>,
    /// A mail address.
    pub email: String,
    /// A telephone number.
    pub telephone: Option<String>,
}

impl From<ContactConfig> for Contact {
    fn from(config: ContactConfig) -> Self {
        Self { given_name: config.name, email: config.email, telephone: config.telephone }
    }
}

fn default_listen() -> String {
    "127.0.0.1:8080".to_owned()
}
