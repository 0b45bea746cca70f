//! Where the metadata of identity providers comes from.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::crypto::Certificate;
use crate::saml::format_instant;
use crate::saml::metadata::{Fingerprint, MetadataAnchor};
use crate::sp::TrustPolicy;
use crate::web::clock::{Clock, SystemClock};
use crate::web::config::{Config, ConfigError, IdpConfig};
use crate::web::federation::{Fetch, IdpSource, RefreshSettings};

impl Config {
    /// The identity providers, and how their metadata is kept current. Nothing is read of them yet.
    pub(crate) fn read_sources(&self) -> Result<(Vec<IdpSource>, RefreshSettings), ConfigError> {
        let now = SystemClock.now();
        let refresh = &self.refresh;
        if !(5..=1440).contains(&refresh.minutes) {
            return Err(self.error("refresh.minutes", "not between 5 and 1440", "60 suits most"));
        }
        if refresh.grace_hours > 168 {
            let remedy = "24 suits most";
            return Err(self.error("refresh.grace_hours", "more than a week", remedy));
        }
        let sources = self.idp.iter().enumerate();
        let sources: Vec<_> = sources
            .map(|(index, idp)| self.read_source(index, idp, now))
            .collect::<Result<_, _>>()?;
        self.check_names()?;
        let needs_client = sources.iter().any(|source| source.url.is_some());
        let settings = RefreshSettings {
            interval: TimeDelta::minutes(i64::from(refresh.minutes)),
            fetch: if needs_client { Some(self.client()?) } else { None },
            ..RefreshSettings::default()
        };
        Ok((sources, settings))
    }

    fn read_source(
        &self,
        index: usize,
        idp: &IdpConfig,
        now: DateTime<Utc>,
    ) -> Result<IdpSource, ConfigError> {
        let field = |key: &str| format!("idp[{index}].{key}");
        if idp.metadata.is_none() && idp.metadata_url.is_none() {
            let remedy = "name the file or the address of its metadata";
            return Err(self.error(&field("metadata"), "there is no metadata to trust", remedy));
        }
        if let Some(url) = &idp.metadata_url {
            self.check_url(&field("metadata_url"), url)?;
        }
        let ca = idp.ca.as_ref().map(|path| self.read_certificates(&field("ca"), path));
        if let Some(end) = idp.dangerous_accept_sha1_until {
            self.accept_sha1(index, idp, end, now)?;
        }
        let policy = TrustPolicy {
            entity_id: idp.entity_id.clone(),
            anchor: self.read_anchor(index, idp)?,
            max_validity: idp.max_validity_days.map(|days| TimeDelta::days(i64::from(days))),
            grace: TimeDelta::hours(i64::from(self.refresh.grace_hours)),
            sha1_until: idp.dangerous_accept_sha1_until,
            label: idp.label.clone(),
            dev: self.dev,
        };
        Ok(IdpSource {
            file: idp.metadata.as_ref().map(|path| self.path(path)),
            url: idp.metadata_url.clone(),
            authorities: ca.transpose()?.unwrap_or_default(),
            policy,
        })
    }

    /// With several providers, which of them a document is of must not be for documents to say: one
    /// could take the name of another that is not there yet.
    fn check_names(&self) -> Result<(), ConfigError> {
        for (index, idp) in self.idp.iter().enumerate() {
            let field = format!("idp[{index}].entity_id");
            let Some(name) = &idp.entity_id else {
                if self.idp.len() > 1 && idp.metadata_url.is_some() {
                    let problem =
                        "with several identity providers, one that is fetched must be named";
                    let remedy = "copy the entityID from its metadata";
                    return Err(self.error(&field, problem, remedy));
                }
                continue;
            };
            let earlier = self.idp.iter().take(index);
            if earlier.filter_map(|idp| idp.entity_id.as_ref()).any(|other| other == name) {
                let problem = format!("{name} is there twice");
                return Err(self.error(&field, problem, "remove one of the two"));
            }
        }
        Ok(())
    }

    fn check_url(&self, field: &str, url: &url::Url) -> Result<(), ConfigError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.error(field, "there is a user name in it", "leave it out"));
        }
        if !crate::sp::is_secure(url, self.dev) {
            let remedy = "use https; http is for loopback addresses with dev = true";
            return Err(self.error(field, "it is not https", remedy));
        }
        Ok(())
    }

    fn read_anchor(
        &self,
        index: usize,
        idp: &IdpConfig,
    ) -> Result<Option<MetadataAnchor>, ConfigError> {
        let field = |key: &str| format!("idp[{index}].{key}");
        let mut certificates: Vec<Certificate> = Vec::new();
        if let Some(path) = &idp.pin_cert {
            certificates.push(self.read_certificate(&field("pin_cert"), path)?);
        }
        let fingerprints = idp.pin_sha256.iter().flatten().map(|text| text.parse::<Fingerprint>());
        let fingerprints = fingerprints.collect::<Result<Vec<_>, _>>().map_err(|error| {
            let remedy = "print it with: openssl x509 -noout -sha256 -fingerprint -in FILE";
            self.error(&field("pin_sha256"), error, remedy)
        })?;
        // A list that turned out empty was meant to pin somebody, and must not pin nobody.
        if idp.pin_cert.is_none() && idp.pin_sha256.is_none() {
            return Ok(None);
        }
        let anchor = MetadataAnchor::new(certificates, fingerprints);
        anchor.map(Some).map_err(|error| {
            let remedy = "name a fingerprint, or remove the key to pin nobody";
            self.error(&field("pin_sha256"), error, remedy)
        })
    }

    /// An exception that does not end within a year is no exception.
    fn accept_sha1(
        &self,
        index: usize,
        idp: &IdpConfig,
        end: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), ConfigError> {
        if end.signed_duration_since(now) > TimeDelta::days(366) {
            let field = format!("idp[{index}].dangerous_accept_sha1_until");
            let remedy =
                "name a day within a year, and have the identity provider sign with SHA-256";
            return Err(self.error(&field, "more than a year ahead", remedy));
        }
        let url = idp.metadata_url.as_ref().map(url::Url::as_str);
        let idp = idp.metadata.as_deref().or(url).unwrap_or("");
        let until = format_instant(end);
        if now < end {
            tracing::warn!(event = "sha1_signatures_accepted", idp, until);
        } else {
            tracing::warn!(event = "sha1_signatures_no_longer_accepted", idp, until);
        }
        Ok(())
    }

    #[cfg(feature = "fetch")]
    fn client(&self) -> Result<Arc<dyn Fetch>, ConfigError> {
        use crate::web::federation::{HttpFetch, ProxySettings};
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let proxy = ProxySettings::from_environment(&|name| std::env::var_os(name).map(text));
        let proxy = proxy.map_err(|error| {
            self.error("idp.metadata_url", error, "mend the variable HTTPS_PROXY, or unset it")
        })?;
        Ok(Arc::new(HttpFetch::new(proxy)))
    }

    #[cfg(not(feature = "fetch"))]
    fn client(&self) -> Result<Arc<dyn Fetch>, ConfigError> {
        let problem = "this program was built without anything that fetches";
        let remedy = "build actix-saml with features = [\"fetch\"], or save the metadata to a file";
        Err(self.error("idp.metadata_url", problem, remedy))
    }
}
