//! From the file to a [`Saml`], or to an error that says what to mend.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use toml::Table;

use super::environment;
use super::error::ConfigError;
use super::{BindingConfig, Config, RequireSignedConfig};
use crate::crypto::{Certificate, PrivateKey};
use crate::saml::binding::Binding;
use crate::saml::metadata::IdpMetadata;
use crate::saml::{ClockSkew, RequireSigned};
use crate::sp::{BuildError, Builder, Idp, RequestSigning, ServiceProvider, SessionLimits};
use crate::web::clock::{Clock, SystemClock};
use crate::web::saml::Saml;
use crate::xmlenc::DecryptionKey;

const WHOLE_FILE: &str = "(whole file)";

impl Config {
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
        let syntax = |error: toml::de::Error| {
            let field = error.span().and_then(|s| key_at(text, s.start));
            ConfigError::new(
                file,
                field.unwrap_or_else(|| WHOLE_FILE.to_owned()),
                error.message(),
                "see docs/configuration.md for the keys and what they hold",
            )
        };
        let mut table: Table = toml::from_str(text).map_err(syntax)?;
        let overridden = {
            let before = table.clone();
            environment::apply(&mut table, environment)?;
            before != table
        };
        let parsed = if overridden {
            table.try_into()
        } else {
            // From the text rather than the table: errors then know their place.
            toml::from_str(text)
        };
        let mut config: Self = parsed.map_err(syntax)?;
        config.folder = folder;
        config.file = file.to_owned();
        Ok(config)
    }

    /// Reads what the configuration names, and checks all of it.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn into_saml(self) -> Result<Saml, ConfigError> {
        if self.store.url != "memory:" {
            let problem = format!("{:?} is not a store that is known here", self.store.url);
            return Err(self.error("store.url", problem, "use \"memory:\""));
        }
        let claims = self.claims.clone();
        let file = self.file.clone();
        let sp = self.into_service_provider()?;
        Saml::builder(sp).claims(claims).build().map_err(|error| {
            let remedy = "remove control characters from organisation and contact";
            ConfigError::new(file, "organisation, contact", error, remedy)
        })
    }

    /// Reads keys and metadata, and builds the service provider.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn into_service_provider(self) -> Result<ServiceProvider, ConfigError> {
        let mut builder = Builder::new(self.entity_id.clone(), self.base_url.clone());
        builder.dev = self.dev;
        builder.idps = self.read_idps()?;
        builder.signing = self.read_signing()?;
        builder.decryption = self.read_decryption_keys()?;
        if let Some(path) = &self.keys.encryption_cert {
            builder.encryption = vec![self.read_certificate("keys.encryption_cert", path)?];
        }
        builder.require_signed = match self.policy.require_signed {
            RequireSignedConfig::Either => RequireSigned::Either,
            RequireSignedConfig::Assertion => RequireSigned::Assertion,
            RequireSignedConfig::Response => RequireSigned::Response,
            RequireSignedConfig::Both => RequireSigned::Both,
        };
        builder.request_binding = match self.policy.request_binding {
            BindingConfig::Redirect => Binding::HttpRedirect,
            BindingConfig::Post => Binding::HttpPost,
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
        };
        builder.organisation = self.organisation.clone().map(Into::into);
        builder.contact = self.contact.clone().map(Into::into);
        builder.build().map_err(|error| self.explain(error))
    }

    fn read_idps(&self) -> Result<Vec<Arc<Idp>>, ConfigError> {
        let now = SystemClock.now();
        let mut idps = Vec::with_capacity(self.idp.len());
        for (index, idp) in self.idp.iter().enumerate() {
            let field = format!("idp[{index}].metadata");
            let bytes = self.read_file(&field, &idp.metadata)?;
            let metadata = IdpMetadata::read(&bytes, now).map_err(|error| {
                ConfigError::new(
                    self.path(&idp.metadata).display().to_string(),
                    &field,
                    error,
                    "save the identity provider's federation metadata to this file again",
                )
            })?;
            for certificate in metadata.certificates() {
                if certificate.not_after().is_some_and(|end| end < now) {
                    tracing::warn!(
                        event = "certificate_expired",
                        idp = metadata.entity_id().as_str(),
                        fingerprint = certificate.fingerprint(),
                    );
                }
            }
            if metadata.has_test_keys() && self.dev {
                tracing::warn!(
                    event = "test_keys_trusted",
                    idp = metadata.entity_id().as_str(),
                    "anybody who has the test identity provider can sign in as anybody",
                );
            }
            idps.push(Arc::new(Idp { metadata, label: idp.label.clone() }));
        }
        Ok(idps)
    }

    fn read_signing(&self) -> Result<Option<RequestSigning>, ConfigError> {
        let (key_path, cert_path) = match (&self.keys.signing_key, &self.keys.signing_cert) {
            (None, None) => return Ok(None),
            (Some(key), Some(cert)) => (key, cert),
            (Some(_), None) => {
                let problem = "there is a signing key without its certificate";
                return Err(self.error("keys.signing_cert", problem, "name the certificate too"));
            }
            (None, Some(_)) => {
                let problem = "there is a signing certificate without its key";
                return Err(self.error("keys.signing_key", problem, "name the key too"));
            }
        };
        let key = self.read_key("keys.signing_key", key_path)?;
        let certificate = self.read_certificate("keys.signing_cert", cert_path)?;
        Ok(Some(RequestSigning { key, certificate }))
    }

    fn read_decryption_keys(&self) -> Result<Vec<DecryptionKey>, ConfigError> {
        let field = "keys.decryption_keys";
        let mut keys = Vec::with_capacity(self.keys.decryption_keys.len());
        for path in &self.keys.decryption_keys {
            let key = self.read_key(field, path)?;
            let key = DecryptionKey::new(key);
            keys.push(key.map_err(|error| self.error(field, error, "use an RSA key"))?);
        }
        Ok(keys)
    }

    fn read_key(&self, field: &str, path: &str) -> Result<PrivateKey, ConfigError> {
        self.refuse_exposed(field, path)?;
        let pem = self.read_file(field, path)?;
        PrivateKey::from_pem(&pem).map_err(|error| {
            self.error(field, error, "use a PEM key without a passphrase: RSA or EC P-256")
        })
    }

    fn read_certificate(&self, field: &str, path: &str) -> Result<Certificate, ConfigError> {
        let pem = self.read_file(field, path)?;
        Certificate::from_pem(&pem)
            .map_err(|error| self.error(field, error, "use one certificate in PEM form"))
    }

    /// A key that others can read is no longer ours alone.
    fn refuse_exposed(&self, field: &str, path: &str) -> Result<(), ConfigError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let full = self.path(path);
            let mode = std::fs::metadata(&full).map_or(0, |m| m.permissions().mode());
            if mode & 0o077 != 0 {
                let problem =
                    format!("others may read {} (mode {:o})", full.display(), mode & 0o777);
                return Err(self.error(field, problem, format!("chmod 600 {}", full.display())));
            }
        }
        #[cfg(not(unix))]
        let _ = (field, path);
        Ok(())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    fn read_file(&self, field: &str, path: &str) -> Result<Vec<u8>, ConfigError> {
        let full = self.path(path);
        std::fs::read(&full).map_err(|error| {
            let problem = format!("{}: {error}", full.display());
            self.error(field, problem, "check the path, which is relative to this file")
        })
    }

    fn error(&self, field: &str, problem: impl ToString, remedy: impl Into<String>) -> ConfigError {
        ConfigError::new(&self.file, field, problem, remedy)
    }

    fn explain(&self, error: BuildError) -> ConfigError {
        let (field, remedy) = match &error {
            BuildError::InsecureBaseUrl(_) => (
                "base_url",
                "use the https address that browsers see; for a trial on this machine set dev = true",
            ),
            BuildError::BaseUrlForm(_) => ("base_url", "leave out path, query and user name"),
            BuildError::NoIdp => ("idp", "add [[idp]] with metadata = \"…\""),
            BuildError::DuplicateIdp(_) => ("idp", "remove one of the two"),
            BuildError::TestKey(_) => {
                ("idp", "use the live identity provider's metadata; test keys need dev = true")
            }
            BuildError::InsecureIdp { .. } => ("idp", "ask for metadata with https addresses"),
            BuildError::CertificateMismatch => {
                ("keys.signing_cert", "name the certificate that was made for the key")
            }
            BuildError::EncryptionWithoutKey => {
                ("keys.decryption_keys", "name the key of the encryption certificate")
            }
            BuildError::SessionLimits => {
                ("session", "set idle_minutes to at least 1 and at most absolute_hours")
            }
            BuildError::Crypto(_) => ("keys", "make the keys again"),
        };
        self.error(field, error, remedy)
    }
}

/// The key on the line of a byte offset, with its table.
fn key_at(text: &str, offset: usize) -> Option<String> {
    let before = text.get(..offset)?;
    let start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let line = text.get(start..)?.lines().next()?;
    let key = line.split('=').next()?.trim();
    let header = before.lines().rev().map(str::trim).find(|l| l.starts_with('['));
    let table = header.map(|h| h.trim_matches(['[', ']']));
    Some(match table {
        _ if key.starts_with('[') => key.trim_matches(['[', ']']).to_owned(),
        Some(table) => format!("{table}.{key}"),
        None => key.to_owned(),
    })
}

#[cfg(test)]
mod tests;
