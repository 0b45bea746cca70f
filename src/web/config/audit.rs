//! The audit trail, as the configuration describes it.

use std::sync::Arc;

use super::Config;
use super::error::ConfigError;
use crate::crypto::KeyedHash;
use crate::web::audit::{AuditLog, AuditTarget};
use crate::web::saml::SamlBuilder;

const STDOUT: &str = "stdout";

impl Config {
    /// The key of the pseudonyms, if one is named.
    pub(super) fn subject_key(&self) -> Result<Option<KeyedHash>, ConfigError> {
        let field = "audit.subject_key";
        let Some(path) = &self.audit.subject_key else { return Ok(None) };
        let key = KeyedHash::from_file(&self.read_private(field, path)?);
        let remedy = "make one: openssl rand -hex 32";
        key.map(Some).map_err(|error| self.error(field, error, remedy))
    }

    /// Opens the file of the trail, and hands it on with the rest.
    pub(super) fn begin_audit(&self, mut saml: SamlBuilder) -> Result<SamlBuilder, ConfigError> {
        saml = saml.audit_client_address(self.audit.client_address);
        if let Some(key) = self.subject_key()? {
            saml = saml.audit_subject_key(key);
        }
        let target = match self.audit.file.as_deref() {
            None => return Ok(saml),
            Some(STDOUT) => AuditTarget::Stdout,
            Some(path) => AuditTarget::File(self.path(path)),
        };
        let log = AuditLog::open(target).map_err(|error| {
            let remedy = "name a file that this user may write, or \"stdout\"";
            self.error("audit.file", error, remedy)
        })?;
        Ok(saml.audit(Arc::new(log)))
    }
}
