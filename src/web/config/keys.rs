//! Our own keys, as the configuration names them.

use chrono::{DateTime, TimeDelta, Utc};

use super::Config;
use super::error::ConfigError;
use super::private_file::{PrivateFileError, read_private};
use crate::crypto::{Certificate, CryptoError, Passphrase, PrivateKey};
use crate::sp::{Builder, MetadataOptions, NextEncryption, NextSigning, RequestSigning};
use crate::xmlenc::DecryptionKey;

impl Config {
    /// Reads our keys and their certificates, and how they are published.
    pub(super) fn read_own_keys(&self, builder: &mut Builder) -> Result<(), ConfigError> {
        let keys = &self.keys;
        let passphrase = self.read_passphrase()?;
        let passphrase = passphrase.as_ref();
        builder.signing = self.read_pair(
            ("keys.signing_key", &keys.signing_key),
            ("keys.signing_cert", &keys.signing_cert),
            "signing",
            passphrase,
        )?;
        let next = self.read_pair(
            ("keys.next_signing_key", &keys.next_signing_key),
            ("keys.next_signing_cert", &keys.next_signing_cert),
            "next signing",
            passphrase,
        )?;
        let from = keys.next_signing_from;
        self.refuse_lone_date("keys.next_signing_key", next.is_some(), from)?;
        builder.next_signing = next.map(|signing| NextSigning { signing, from });

        let read = |field: &str, path: &Option<String>| {
            path.as_ref().map(|path| self.read_certificate(field, path)).transpose()
        };
        let current = read("keys.encryption_cert", &keys.encryption_cert)?;
        let next = read("keys.next_encryption_cert", &keys.next_encryption_cert)?;
        let from = keys.next_encryption_from;
        self.refuse_lone_date("keys.next_encryption_cert", next.is_some(), from)?;
        let certificates: Vec<&Certificate> = current.iter().chain(&next).collect();
        builder.decryption = self.read_decryption_keys(&certificates, passphrase)?;
        builder.encryption = current.into_iter().collect();
        let beside = keys.publish_both_encryption_certs;
        builder.next_encryption =
            next.map(|certificate| NextEncryption { certificate, from, beside });

        builder.metadata = MetadataOptions {
            sign: self.metadata.sign,
            valid_for: self.metadata.valid_days.map(|days| TimeDelta::days(i64::from(days))),
            cache_duration: self
                .metadata
                .cache_hours
                .map(|hours| TimeDelta::hours(i64::from(hours))),
        };
        Ok(())
    }

    /// The variable counts in place of the file, as everywhere.
    fn read_passphrase(&self) -> Result<Option<Passphrase>, ConfigError> {
        let field = "keys.passphrase_file";
        match (&self.passphrase, &self.keys.passphrase_file) {
            (Some(passphrase), _) => Ok(Some(passphrase.clone())),
            (None, Some(path)) => {
                let passphrase = Passphrase::from_file(&self.read_private(field, path)?);
                let remedy = "write the passphrase into it, in one line";
                passphrase.map(Some).map_err(|error| self.error(field, error, remedy))
            }
            (None, None) => Ok(None),
        }
    }

    /// A key and its certificate: both or neither.
    fn read_pair(
        &self,
        (key_field, key): (&str, &Option<String>),
        (cert_field, cert): (&str, &Option<String>),
        name: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<Option<RequestSigning>, ConfigError> {
        match (key, cert) {
            (None, None) => Ok(None),
            (Some(key), Some(cert)) => Ok(Some(RequestSigning {
                key: self.read_key(key_field, key, passphrase)?,
                certificate: self.read_certificate(cert_field, cert)?,
            })),
            (Some(_), None) => {
                let problem = format!("there is a {name} key without its certificate");
                Err(self.error(cert_field, problem, "name the certificate too"))
            }
            (None, Some(_)) => {
                let problem = format!("there is a {name} certificate without its key");
                Err(self.error(key_field, problem, "name the key too"))
            }
        }
    }

    /// A date at which nothing happens is a mistake.
    fn refuse_lone_date(
        &self,
        field: &str,
        is_there: bool,
        from: Option<DateTime<Utc>>,
    ) -> Result<(), ConfigError> {
        if from.is_none() || is_there {
            return Ok(());
        }
        let problem = "there is a time to change over, and nothing to change over to";
        Err(self.error(field, problem, "name it, or remove the time"))
    }

    /// With its certificate, when that is known, a key is found without trying the others first.
    fn read_decryption_keys(
        &self,
        certificates: &[&Certificate],
        passphrase: Option<&Passphrase>,
    ) -> Result<Vec<DecryptionKey>, ConfigError> {
        let field = "keys.decryption_keys";
        let mut keys = Vec::with_capacity(self.keys.decryption_keys.len());
        for path in &self.keys.decryption_keys {
            let key = self.read_key(field, path, passphrase)?;
            let key = match certificates.iter().find(|certificate| certificate.belongs_to(&key)) {
                Some(certificate) => DecryptionKey::with_certificate(key, certificate),
                None => DecryptionKey::new(key),
            };
            keys.push(key.map_err(|error| self.error(field, error, "use an RSA key"))?);
        }
        Ok(keys)
    }

    fn read_key(
        &self,
        field: &str,
        path: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<PrivateKey, ConfigError> {
        let pem = self.read_private(field, path)?;
        let key = match passphrase {
            Some(passphrase) if PrivateKey::is_encrypted_pem(&pem) => {
                PrivateKey::from_encrypted_pem(&pem, passphrase)
            }
            Some(_) => {
                tracing::warn!(
                    event = "key_without_passphrase",
                    field,
                    path,
                    "there is a passphrase, and this key can be used without it",
                );
                PrivateKey::from_pem(&pem)
            }
            None => PrivateKey::from_pem(&pem),
        };
        key.map_err(|error| {
            let remedy = match error {
                CryptoError::PassphraseMissing => {
                    "name the file of the passphrase in keys.passphrase_file, or set \
                     SAML_KEYS_PASSPHRASE"
                }
                CryptoError::WrongPassphrase => {
                    "check keys.passphrase_file or SAML_KEYS_PASSPHRASE; every key that is under a \
                     passphrase must be under this one"
                }
                _ => "use a PEM key: RSA or EC P-256",
            };
            self.error(field, error, remedy)
        })
    }

    pub(super) fn read_certificate(
        &self,
        field: &str,
        path: &str,
    ) -> Result<Certificate, ConfigError> {
        let pem = self.read_file(field, path)?;
        Certificate::from_pem(&pem)
            .map_err(|error| self.error(field, error, "use one certificate in PEM form"))
    }

    /// A file with one certificate or more.
    pub(super) fn read_certificates(
        &self,
        field: &str,
        path: &str,
    ) -> Result<Vec<Certificate>, ConfigError> {
        let pem = self.read_file(field, path)?;
        Certificate::all_from_pem(&pem)
            .map_err(|error| self.error(field, error, "use certificates in PEM form"))
    }

    /// A secret that others can read is no longer ours alone.
    pub(super) fn read_private(&self, field: &str, path: &str) -> Result<Vec<u8>, ConfigError> {
        let full = self.path(path);
        read_private(&full).map_err(|error| match error {
            PrivateFileError::Read(error) => self.unreadable(field, &full, &error),
            PrivateFileError::Exposed(problem, remedy) => self.error(field, problem, remedy),
        })
    }
}
