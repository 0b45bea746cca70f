//! From the file to a [`Saml`], or to an error that says what to mend.

mod sources;
mod step_up;
mod subjects;
mod unsolicited;

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use toml::Table;

use super::environment::{self, ENVIRONMENT};
use super::error::ConfigError;
use super::{BindingConfig, Config, RequireSignedConfig};
use crate::saml::binding::Binding;
use crate::saml::{ClockSkew, RequireSigned};
use crate::sp::{BuildError, Builder, KeyPurpose, LogoutOptions, ServiceProvider, SessionLimits};
use crate::web::clock::{Clock as _, SystemClock};
use crate::web::federation::{IdpSource, RefreshSettings};
use crate::web::saml::Saml;

const WHOLE_FILE: &str = "(whole file)";

impl Config {
    /// Reads the file at `path`, and the environment of this process.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
        environment::warn_of_unknown(names);
        // What is no text is not as good as absent: it counts, and is refused where it stands.
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self::load(path, &|name| std::env::var_os(name).map(text))
    }

    /// Reads the file at `path`; `environment` looks up a variable.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn load(
        path: &Path,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let remedy = "check the path and who may read it";
            ConfigError::new(&file, WHOLE_FILE, error, remedy)
        })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::read(&text, &file, folder, environment)
    }

    /// As [`Config::load`], from text. `file` is its name for messages, `folder` what its paths
    /// are relative to.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn read(
        text: &str,
        file: &str,
        folder: PathBuf,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let remedy = "see docs/configuration.md for the keys and what they hold";
        let mut table: Table = toml::from_str(text).map_err(|error: toml::de::Error| {
            let field = error.span().and_then(|span| line_at(text, span.start));
            let field = field.unwrap_or_else(|| WHOLE_FILE.to_owned());
            ConfigError::new(file, field, error.message(), remedy)
        })?;
        let variables = environment::apply(&mut table, file, environment)?;
        let parsed: Result<Self, toml::de::Error> = table.try_into();
        let mut config = parsed.map_err(|error| {
            let field = key_of(&error).unwrap_or_else(|| WHOLE_FILE.to_owned());
            let single_idp = field == "idp" && error.message().contains("expected a sequence");
            let remedy = match field.as_str() {
                _ if single_idp => "write [[idp]], with two brackets",
                "keys.passphrase" => {
                    "it does not belong here: name a file in keys.passphrase_file, or set \
                     SAML_KEYS_PASSPHRASE"
                }
                _ => remedy,
            };
            ConfigError::new(file, field, error.message(), remedy)
        })?;
        config.folder = folder;
        config.file = file.to_owned();
        config.variables = variables;
        config.passphrase = environment::passphrase(environment)?;
        Ok(config)
    }

    /// Everything of [`Config::into_saml`] before anything begins: no metadata is read, and no
    /// thread started.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub(crate) fn read_parts(
        &self,
    ) -> Result<(ServiceProvider, Vec<IdpSource>, RefreshSettings), ConfigError> {
        self.check_stores()?;
        self.refuse(SystemClock.now())?;
        let sp = self.read_service_provider()?;
        let (sources, refresh) = self.read_sources()?;
        self.subject_rules()?;
        self.subject_key()?;
        self.read_texts()?;
        self.branding()?;
        self.step_up_support()?;
        self.unsolicited()?;
        Ok((sp, sources, refresh))
    }

    /// Reads what the configuration names, and checks all of it.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn into_saml(self) -> Result<Saml, ConfigError> {
        let (sp, sources, refresh) = self.read_parts()?;
        let subjects = self.subject_rules()?;
        let saml =
            Saml::builder(sp).claims(self.claims.clone()).subjects(subjects.into_iter().collect());
        let saml = saml.keep_forms(self.session.keep_forms);
        let accepted = self.unsolicited()?;
        let saml = accepted
            .into_iter()
            .fold(saml, |saml, (idp, pages)| saml.accept_unsolicited(idp, pages));
        let support = self.step_up_support()?;
        let saml = support.into_iter().fold(saml, |saml, (idp, said)| saml.step_up(idp, said));
        let saml = self.dress(saml)?;
        let saml = self.begin_audit(self.bring_stores(saml)?)?;
        let saml = saml.sources(sources, refresh).build().map_err(|error| {
            let remedy = "remove control characters from organisation and contact";
            self.error("organisation, contact", error, remedy)
        })?;
        // Metadata that cannot be had may be had later. Metadata that must not be trusted is a
        // mistake in the configuration.
        match saml.refused_idp() {
            Some(error) => Err(self.explain(error)),
            None => Ok(saml),
        }
    }

    /// Reads our keys, and builds the service provider, which trusts nobody yet: metadata is not
    /// read.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn read_service_provider(&self) -> Result<ServiceProvider, ConfigError> {
        // They come with their metadata, whenever that is.
        self.read_own_side(!self.idp.is_empty())
    }

    /// As [`Config::read_service_provider`], without asking for an identity provider: registering
    /// comes before there is one.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn own_side(&self) -> Result<ServiceProvider, ConfigError> {
        self.read_own_side(true)
    }

    fn read_own_side(&self, awaits_idps: bool) -> Result<ServiceProvider, ConfigError> {
        let mut builder = Builder::new(self.entity_id.clone(), self.base_url.clone());
        builder.dev = self.dev;
        builder.awaits_idps = awaits_idps;
        self.read_own_keys(&mut builder)?;
        builder.require_signed = match self.policy.require_signed {
            RequireSignedConfig::Either => RequireSigned::Either,
            RequireSignedConfig::Assertion => RequireSigned::Assertion,
            RequireSignedConfig::Response => RequireSigned::Response,
            RequireSignedConfig::Both => RequireSigned::Both,
        };
        builder.request_binding = self.policy.request_binding.into();
        if self.logout.idp == Some(true) && builder.signing.is_none() {
            let problem = "log-out messages must be signed, and there is no signing key";
            let remedy = "name keys.signing_key and keys.signing_cert, or leave it out";
            return Err(self.error("logout.idp", problem, remedy));
        }
        builder.logout = LogoutOptions {
            with_idp: self.logout.idp.unwrap_or(true),
            binding: self.logout.binding.unwrap_or(BindingConfig::Redirect).into(),
        };
        let skew = ClockSkew::from_seconds(self.policy.clock_skew_seconds);
        builder.clock_skew = skew.ok_or_else(|| {
            let problem = "more than 300 seconds";
            self.error("policy.clock_skew_seconds", problem, "synchronise the clock by NTP")
        })?;
        if !(5..=1440).contains(&self.policy.pending_minutes) {
            let problem = "not between 5 and 1440";
            return Err(self.error("policy.pending_minutes", problem, "60 suits most"));
        }
        builder.pending_lifetime = TimeDelta::minutes(i64::from(self.policy.pending_minutes));
        builder.session = SessionLimits {
            idle: TimeDelta::minutes(i64::from(self.session.idle_minutes)),
            absolute: TimeDelta::hours(i64::from(self.session.absolute_hours)),
            lock: self.session.lock_minutes.map(|lock| TimeDelta::minutes(i64::from(lock))),
        };
        builder.organisation = self.organisation.clone().map(Into::into);
        builder.contact = self.contact.clone().map(Into::into);
        builder.build().map_err(|error| self.explain(error))
    }

    /// Where a path of the configuration leads.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    pub(super) fn read_file(&self, field: &str, path: &str) -> Result<Vec<u8>, ConfigError> {
        let full = self.path(path);
        std::fs::read(&full).map_err(|error| self.unreadable(field, &full, &error))
    }

    pub(super) fn unreadable(
        &self,
        field: &str,
        path: &Path,
        error: &std::io::Error,
    ) -> ConfigError {
        let problem = format!("{}: {error}", path.display());
        self.error(field, problem, "check the path, which is relative to this file")
    }

    pub(super) fn error(
        &self,
        field: &str,
        problem: impl ToString,
        remedy: impl Into<String>,
    ) -> ConfigError {
        match self.variable_of(field) {
            Some(name) => ConfigError::new(ENVIRONMENT, name, problem, remedy),
            None => ConfigError::new(&self.file, field, problem, remedy),
        }
    }

    /// The variable that has set a key, or one of the keys of a table.
    fn variable_of(&self, field: &str) -> Option<&'static str> {
        // A variable that is entered into each provider has no number.
        if let Some((_, key)) = field.split_once("].")
            && let Some(each) =
                self.variables.iter().find(|v| v.key.strip_prefix("idp.") == Some(key))
        {
            return Some(each.name);
        }
        let is_within = |outer: &str, inner: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let concerns = |key: &str| is_within(key, field) || is_within(field, key);
        self.variables.iter().find(|v| concerns(v.key)).map(|v| v.name)
    }

    /// A mistake in the words of the configuration.
    pub(crate) fn explain(&self, error: BuildError) -> ConfigError {
        let (field, remedy) = match &error {
            BuildError::InsecureBaseUrl(_) => (
                "base_url",
                "use the https address that browsers see; for a trial on this machine set dev = true",
            ),
            BuildError::BaseUrlForm(_) => ("base_url", "leave out path, query and user name"),
            // Not to be configured; an application may set it in code.
            BuildError::AcsPath(_) => ("base_url", "leave the path as it is"),
            BuildError::NoIdp => ("idp", "add [[idp]] with metadata = \"…\""),
            BuildError::DuplicateIdp(_) => ("idp", "remove one of the two"),
            BuildError::UnnamedIdp(_) => ("idp", "set entity_id"),
            BuildError::TestKey(_) => {
                ("idp", "use the live identity provider's metadata; test keys need dev = true")
            }
            BuildError::InsecureIdp { .. } => ("idp", "ask for metadata with https addresses"),
            BuildError::CertificateMismatch => {
                ("keys.signing_cert", "name the certificate that was made for the key")
            }
            BuildError::NextCertificateMismatch => {
                ("keys.next_signing_cert", "name the certificate that was made for the next key")
            }
            BuildError::NextWithoutCurrent => {
                ("keys.signing_key", "name the next key here if it is to be used at once")
            }
            BuildError::NextEncryptionWithoutCurrent => {
                ("keys.encryption_cert", "name the next certificate here to publish it at once")
            }
            BuildError::NextIsCurrent(KeyPurpose::Signing) => {
                ("keys.next_signing_cert", "make a new key, or remove the keys.next_signing_* keys")
            }
            BuildError::NextIsCurrent(KeyPurpose::Encryption) => (
                "keys.next_encryption_cert",
                "make a new key, or remove the keys.next_encryption_* keys",
            ),
            BuildError::NextNotValidYet { purpose: KeyPurpose::Signing, .. } => {
                ("keys.next_signing_from", "choose a later time")
            }
            BuildError::NextNotValidYet { purpose: KeyPurpose::Encryption, .. } => {
                ("keys.next_encryption_from", "choose a later time")
            }
            BuildError::EncryptionWithoutKey => {
                ("keys.decryption_keys", "name the key of the encryption certificate")
            }
            BuildError::MetadataWithoutKey => {
                ("metadata.sign", "name keys.signing_key and keys.signing_cert, or do not sign it")
            }
            BuildError::MetadataTimes => {
                ("metadata", "leave out valid_days and cache_hours unless a federation wants them")
            }
            BuildError::SessionLimits => {
                ("session", "set idle_minutes to at least 1 and at most absolute_hours")
            }
            BuildError::SessionLock => {
                ("session.lock_minutes", "set it to at least 1 and less than idle_minutes")
            }
            BuildError::Crypto(_) => ("keys", "make the keys again"),
        };
        self.error(field, error, remedy)
    }
}

impl From<BindingConfig> for Binding {
    fn from(config: BindingConfig) -> Self {
        match config {
            BindingConfig::Redirect => Self::HttpRedirect,
            BindingConfig::Post => Self::HttpPost,
        }
    }
}

/// The line of a byte offset.
fn line_at(text: &str, offset: usize) -> Option<String> {
    let number = text.get(..offset)?.matches('\n').count().saturating_add(1);
    Some(format!("line {number}"))
}

/// The key that an error is about, with its table. The error names the place where it was noticed
/// on its last line, and a key that is missing or unknown in its message.
fn key_of(error: &toml::de::Error) -> Option<String> {
    let text = error.to_string();
    let place = text.lines().last().and_then(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    let own = ["missing field `", "unknown field `"].into_iter().find_map(|start| {
        let (name, _) = error.message().strip_prefix(start)?.split_once('`')?;
        Some(name)
    });
    match (place, own) {
        (Some(place), Some(own)) => Some(format!("{place}.{own}")),
        (Some(only), None) | (None, Some(only)) => Some(only.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests;
