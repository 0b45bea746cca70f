//! Fetching metadata: what is asked for, what may come back, and what can go wrong.

use std::time::Duration;

use thiserror::Error;
use url::Url;

use crate::crypto::Certificate;

/// Fetches metadata from a URL. It may block: it is called on a thread of its own.
pub trait Fetch: Send + Sync {
    /// Fetches the document at `request.url`, within all of the request's limits.
    ///
    /// # Errors
    /// A [`FetchError`].
    fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError>;
}

/// What to fetch, and within which limits.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// The address: https, or http to a loopback address when `allow_loopback_http` is set.
    pub url: Url,
    /// What the server said of the document that we have, for a conditional request.
    pub have: Validators,
    /// A longer document is refused as soon as that is known, and never kept.
    pub max_bytes: usize,
    /// For everything together, from the name's look-up to the last byte.
    pub timeout: Duration,
    /// Certificate authorities to trust besides those of the machine, for this address.
    pub authorities: Vec<Certificate>,
    /// Development: http to a loopback address is as good as https.
    pub allow_loopback_http: bool,
}

/// What makes a request conditional (RFC 9110 section 8.8). Opaque, and sent back as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`
    pub etag: Option<String>,
    /// `Last-Modified`
    pub last_modified: Option<String>,
}

/// An answer that is none of the errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The document that we have is the current one (status 304).
    NotModified,
    /// A document. Nothing is known about it yet.
    Document {
        /// The body.
        bytes: Vec<u8>,
        /// For the next request.
        validators: Validators,
    },
}

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL is not https.
    #[error("{url} is not https")]
    Insecure {
        /// The URL, without what stands behind its path.
        url: String,
    },
    /// The URL cannot be fetched from.
    #[error("the URL cannot be used: {0}")]
    Address(&'static str),
    /// The host's name has no address.
    #[error("the name {host} cannot be resolved")]
    Dns {
        /// The name.
        host: String,
    },
    /// No connection, or it broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// The TLS connection cannot be trusted.
    #[error("the TLS connection cannot be trusted: {0}")]
    Tls(String),
    /// The proxy refused, or cannot be used.
    #[error("the proxy did not connect: {0}")]
    Proxy(String),
    /// It took too long.
    #[error("it took longer than {seconds} seconds")]
    Timeout {
        /// The limit, rounded up.
        seconds: u64,
    },
    /// The document is too large.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A status that is neither success nor redirect.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// A redirect to another origin or to http, to nowhere, or one of too many.
    #[error("the server redirects to {location:?}, which is not followed: {why}")]
    Redirect {
        /// The `Location`, cut.
        location: String,
        /// Why not.
        why: &'static str,
    },
    /// An answer that is no HTTP, or ends before its end.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
}

impl FetchError {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Insecure { .. } => "fetch_insecure",
            Self::Address(_) => "fetch_address",
            Self::Dns { .. } => "fetch_dns",
            Self::Connection(_) => "fetch_connection",
            Self::Tls(_) => "fetch_tls",
            Self::Proxy(_) => "fetch_proxy",
            Self::Timeout { .. } => "fetch_timeout",
            Self::TooLarge { .. } => "fetch_too_large",
            Self::Status(_) => "fetch_status",
            Self::Redirect { .. } => "fetch_redirect",
            Self::Answer(_) => "fetch_answer",
        }
    }
}
