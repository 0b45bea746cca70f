//! Everything that is looked at, gathered before anything is said about it. What is found out from
//! it needs neither files nor network nor a clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

use super::reach::Reach;
use crate::cli::sources::{in_file, read};
use crate::crypto::Certificate;
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::binding::Binding;
use crate::saml::metadata::{IdpMetadata, Reading};
use crate::saml::names::METADATA;
use crate::sp::{Idp, ServiceProvider, TrustPolicy};
use crate::web::config::{IdpConfig, unknown_variables};
use crate::web::federation::{IdpSource, InvalidProxy};
use crate::web::{Config, ConfigError};
use crate::xml::{Document, Limits, Node, decode_base64};

pub(super) struct Scene {
    pub(super) config: Config,
    pub(super) now: DateTime<Utc>,
    /// Variables of the environment that look like ours and are none.
    pub(super) unknown_variables: Vec<String>,
    /// Whether the application would start with this configuration.
    pub(super) starts: Result<(), ConfigError>,
    /// What we are without an identity provider, if that can be had.
    pub(super) own: Option<ServiceProvider>,
    /// Our metadata, read again as others read it.
    pub(super) published: Option<SpDocument>,
    pub(super) key_files: Vec<KeyFile>,
    pub(super) providers: Vec<Provider>,
    pub(super) registered: Registered,
    /// What the network says, if it was asked.
    pub(super) reach: Option<Result<Reach, InvalidProxy>>,
}

/// A private key of ours on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyFile {
    /// The key of the configuration that names it.
    pub(super) field: &'static str,
    pub(super) path: PathBuf,
    /// The permission bits, where the system has them; or why there is no such file.
    pub(super) mode: Result<u32, String>,
}

/// An identity provider of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    /// The label, else the entityID, else the file.
    pub(super) name: String,
    pub(super) has_label: bool,
    pub(super) source: Source,
    /// Whether `document` is what the file holds.
    pub(super) is_on_disk: bool,
    /// The metadata, or why it cannot be used. Nothing without a file, unless it was fetched.
    pub(super) document: Option<Result<IdpMetadata, Fault>>,
    /// What its documents must fulfil.
    pub(super) policy: TrustPolicy,
    pub(super) accept_sha1_until: Option<DateTime<Utc>>,
    pub(super) population: Option<String>,
    /// The claims that identify people in the population.
    pub(super) subject: Vec<String>,
}

/// Where a provider's metadata comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) file: Option<PathBuf>,
    /// When the file was written.
    pub(super) modified: Option<DateTime<Utc>>,
    pub(super) url: Option<Url>,
    pub(super) is_pinned: bool,
    /// Certificate authorities of our own for the address.
    pub(super) authorities: Vec<Certificate>,
    /// How long a document may be.
    pub(super) max_bytes: usize,
}

/// Why something cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) detail: String,
}

/// What the identity provider's administrator has registered, as far as we were told.
#[derive(Clone, Debug, Default)]
pub(super) struct Registered {
    pub(super) entity_id: Option<String>,
    pub(super) acs_urls: Vec<String>,
    /// Certificates of the metadata that was registered.
    pub(super) certificates: Option<SpDocument>,
}

/// What a service provider's metadata says.
#[derive(Clone, Debug, Default)]
pub(super) struct SpDocument {
    pub(super) entity_id: String,
    pub(super) acs_urls: Vec<String>,
    pub(super) signing: Vec<Certificate>,
    pub(super) encryption: Vec<Certificate>,
}

impl SpDocument {
    /// Reads metadata of a service provider. Nothing is trusted because of it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let document =
            Document::parse(bytes, &Limits::METADATA).map_err(|error| error.to_string())?;
        let root = document.root();
        if !root.is(METADATA, "EntityDescriptor") {
            return Err(format!("the root element is <{}>", root.local_name()));
        }
        let role = root
            .elements()
            .find(|n| n.is(METADATA, "SPSSODescriptor"))
            .ok_or("there is no SPSSODescriptor")?;
        let is_post = |n: &Node<'_>| {
            n.attribute("Binding").and_then(Binding::from_uri) == Some(Binding::HttpPost)
        };
        let acs_urls = role
            .elements()
            .filter(|n| n.is(METADATA, "AssertionConsumerService") && is_post(n))
            .filter_map(|n| n.attribute("Location").map(str::to_owned));
        let certificates = |purpose: &str| -> Vec<Certificate> {
            role.elements()
                .filter(|n| n.is(METADATA, "KeyDescriptor"))
                .filter(|n| n.attribute("use").is_none_or(|found| found == purpose))
                .filter_map(|n| n.descendants().find(|n| n.is(DSIG_NAMESPACE, "X509Certificate")))
                .filter_map(|n| decode_base64(n.text()?.as_bytes()))
                .filter_map(|der| Certificate::from_der(&der).ok())
                .collect()
        };
        Ok(Self {
            entity_id: root.attribute("entityID").unwrap_or_default().to_owned(),
            acs_urls: acs_urls.collect(),
            signing: certificates("signing"),
            encryption: certificates("encryption"),
        })
    }
}

impl Registered {
    /// From the metadata that was registered, and from what was said in its place.
    pub(super) fn gather(
        metadata: Option<&Path>,
        entity_id: Option<&str>,
        acs_url: Option<&str>,
    ) -> Result<Self, crate::cli::Problem> {
        let document = match metadata {
            Some(path) => {
                let bytes = read(path, Limits::METADATA.bytes)?;
                Some(SpDocument::read(&bytes).map_err(|problem| in_file(path, &problem))?)
            }
            None => None,
        };
        let of_document = document.as_ref();
        Ok(Self {
            entity_id: entity_id
                .map(str::to_owned)
                .or_else(|| of_document.map(|d| d.entity_id.clone())),
            acs_urls: match acs_url {
                Some(url) => vec![url.to_owned()],
                None => of_document.map(|d| d.acs_urls.clone()).unwrap_or_default(),
            },
            certificates: document,
        })
    }
}

impl Scene {
    /// Everything but the network.
    pub(super) fn gather(config: Config, registered: Registered, now: DateTime<Utc>) -> Self {
        let own = config.own_side().ok();
        let published = own
            .as_ref()
            .and_then(|own| own.metadata(now).ok())
            .and_then(|xml| SpDocument::read(xml.as_bytes()).ok());
        let parts = config.read_parts();
        let sources = match &parts {
            Ok((_, sources, _)) => sources.clone(),
            Err(_) => config.read_sources().map(|(sources, _)| sources).unwrap_or_default(),
        };
        let all = config.idp.iter().enumerate();
        let providers: Vec<Provider> =
            all.map(|(n, idp)| Provider::gather(&config, idp, sources.get(n), now)).collect();
        let starts = parts.and_then(|(sp, ..)| {
            let idps = providers.iter().filter_map(Provider::as_idp).map(Arc::new).collect();
            sp.with_idps(idps).map(drop).map_err(|error| config.explain(error))
        });
        Self {
            unknown_variables: unknown_variables(),
            starts,
            key_files: KeyFile::gather(&config),
            providers,
            own,
            published,
            registered,
            reach: None,
            config,
            now,
        }
    }
}

impl Scene {
    /// Looks at what was fetched where there is no file.
    pub(super) fn adopt_fetched(&mut self) {
        let Some(Ok(reach)) = &self.reach else { return };
        for (provider, tried) in self.providers.iter_mut().zip(&reach.providers) {
            if let (None, Some(tried)) = (&provider.document, tried) {
                provider.document = tried.fetched.as_ref().ok().cloned();
            }
        }
    }
}

impl KeyFile {
    fn gather(config: &Config) -> Vec<Self> {
        let keys = &config.keys;
        let signing = keys.signing_key.iter().map(|path| ("keys.signing_key", path));
        let next = keys.next_signing_key.iter().map(|path| ("keys.next_signing_key", path));
        let decryption = keys.decryption_keys.iter().map(|path| ("keys.decryption_keys", path));
        let passphrase = keys.passphrase_file.iter().map(|path| ("keys.passphrase_file", path));
        signing
            .chain(next)
            .chain(decryption)
            .chain(passphrase)
            .map(|(field, path)| {
                let path = config.path(path);
                let mode = std::fs::metadata(&path).map_err(|error| error.to_string());
                Self { field, mode: mode.map(|found| permissions(&found)), path }
            })
            .collect()
    }
}

#[cfg(unix)]
fn permissions(found: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn permissions(_: &std::fs::Metadata) -> u32 {
    0
}

impl Provider {
    fn gather(
        config: &Config,
        idp: &IdpConfig,
        source: Option<&IdpSource>,
        now: DateTime<Utc>,
    ) -> Self {
        let file = idp.metadata.as_ref().map(|path| config.path(path));
        let policy = source.map(|source| source.policy.clone()).unwrap_or_default();
        let max_bytes = source.map_or(Limits::METADATA.bytes, IdpSource::max_bytes);
        let bytes = file.as_ref().map(|path| read_file(path, max_bytes));
        let document = bytes.map(|bytes| read_document(&bytes?, &policy, now));
        let modified = file.as_ref().and_then(|path| std::fs::metadata(path).ok()?.modified().ok());
        let place = || match (&file, &idp.metadata_url) {
            (Some(file), _) => file.display().to_string(),
            (None, Some(url)) => bare(url),
            (None, None) => "[[idp]]".to_owned(),
        };
        let entity_id = match &document {
            Some(Ok(document)) => Some(document.entity_id().as_str().to_owned()),
            _ => idp.entity_id.as_ref().map(|id| id.as_str().to_owned()),
        };
        Self {
            name: idp.label.clone().or(entity_id).unwrap_or_else(place),
            has_label: idp.label.is_some(),
            source: Source {
                modified: modified.map(DateTime::<Utc>::from),
                url: idp.metadata_url.clone(),
                is_pinned: idp.pin_cert.is_some() || idp.pin_sha256.is_some(),
                authorities: source.map(|source| source.authorities.clone()).unwrap_or_default(),
                max_bytes,
                file,
            },
            is_on_disk: document.is_some(),
            document,
            policy,
            accept_sha1_until: idp.dangerous_accept_sha1_until,
            population: idp.population.clone(),
            subject: idp.subject.clone().unwrap_or_default(),
        }
    }

    /// Another document of this provider.
    pub(super) fn read(&self, bytes: &[u8], now: DateTime<Utc>) -> Result<IdpMetadata, Fault> {
        read_document(bytes, &self.policy, now)
    }

    fn as_idp(&self) -> Option<Idp> {
        let metadata = self.document.as_ref()?.as_ref().ok()?.clone();
        Some(Idp { metadata, label: None })
    }
}

/// The URL for people to read. One with a password in it is refused, and still not shown.
pub(super) fn bare(url: &Url) -> String {
    let mut url = url.clone();
    // Impossible for URLs without a host, which have no credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

fn read_document(
    bytes: &[u8],
    policy: &TrustPolicy,
    now: DateTime<Utc>,
) -> Result<IdpMetadata, Fault> {
    let reading = Reading {
        entity_id: policy.entity_id.as_ref(),
        anchor: policy.anchor.as_ref(),
        max_validity: policy.max_validity,
    };
    IdpMetadata::read_as(bytes, &reading, now)
        .map_err(|error| Fault { code: error.code(), detail: error.to_string() })
}

fn read_file(path: &Path, max_bytes: usize) -> Result<Vec<u8>, Fault> {
    // The path is told beside it.
    let fault = |error: std::io::Error| Fault { code: "file", detail: error.to_string() };
    std::fs::metadata(path).map_err(fault)?;
    let bytes =
        read(path, max_bytes).map_err(|error| Fault { code: "file", detail: error.to_string() })?;
    match bytes.len() > max_bytes {
        true => Err(Fault { code: "size", detail: format!("it is larger than {max_bytes} bytes") }),
        false => Ok(bytes),
    }
}
