use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use url::Url;

use super::fetch::Fetch;
use crate::crypto::Certificate;
use crate::sp::TrustPolicy;
use crate::xml::Limits;

const MAX_BYTES_OF_ONE: usize = 8 * 1024 * 1024;

/// Where the metadata of one identity provider comes from, and what it must fulfil.
#[derive(Clone, Debug, Default)]
pub struct IdpSource {
    /// A file. Alone, it is the operator's and watched for change. With `url`, it is the last known
    /// good: read at start, and replaced in one step whenever something newer has been accepted.
    pub file: Option<PathBuf>,
    /// An address to fetch it from.
    pub url: Option<Url>,
    /// Certificate authorities to trust for that address, besides those of the machine.
    pub authorities: Vec<Certificate>,
    /// What a document must fulfil.
    pub policy: TrustPolicy,
}

impl IdpSource {
    /// Metadata of one provider has a hundred kilobytes or two. More than a few megabytes have only
    /// aggregates, and out of an aggregate a provider is taken by its name.
    pub(crate) fn max_bytes(&self) -> usize {
        match self.policy.entity_id {
            Some(_) => Limits::METADATA.bytes,
            None => MAX_BYTES_OF_ONE,
        }
    }
}

/// How metadata is kept current.
#[derive(Clone)]
pub struct RefreshSettings {
    /// How often metadata is fetched, if it does not ask for more often by `cacheDuration`.
    pub interval: TimeDelta,
    /// How long one fetch may take, from the name's look-up to the last byte. While a person waits
    /// for it, 8 seconds at most.
    pub timeout: Duration,
    /// What fetches. `None` when no source has a URL.
    pub fetch: Option<Arc<dyn Fetch>>,
    /// Whether a thread does what is due. Without it the application calls
    /// [`Saml::refresh_due`](crate::Saml::refresh_due).
    pub background: bool,
}

impl std::fmt::Debug for RefreshSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshSettings")
            .field("interval", &self.interval)
            .field("background", &self.background)
            .finish_non_exhaustive()
    }
}

impl Default for RefreshSettings {
    /// Hourly, in the background, without anything that fetches.
    fn default() -> Self {
        Self {
            interval: TimeDelta::hours(1),
            timeout: Duration::from_secs(30),
            fetch: None,
            background: true,
        }
    }
}
