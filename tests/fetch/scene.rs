//! A request, and what becomes of it.

use std::time::Duration;

use actix_saml::web::federation::{
    Fetch as _, FetchError, FetchRequest, Fetched, HttpFetch, ProxySettings, Validators,
};

/// Longer than anything here takes.
pub const PATIENT: Duration = Duration::from_secs(60);
/// For what never ends.
pub const SHORT: Duration = Duration::from_millis(300);
/// What [`FetchError::Timeout`] makes of it.
pub const TIMEOUT: FetchError = FetchError::Timeout { seconds: 1 };
pub const MAX_BYTES: usize = 100_000;

pub fn request(url: &str) -> FetchRequest {
    FetchRequest {
        url: url.parse().unwrap(),
        have: Validators::default(),
        max_bytes: MAX_BYTES,
        timeout: PATIENT,
        authorities: Vec::new(),
        allow_loopback_http: true,
    }
}

/// Without a proxy.
pub fn fetch(request: &FetchRequest) -> Result<Fetched, FetchError> {
    HttpFetch::default().fetch(request)
}

/// With these variables in the environment.
pub fn fetch_with(
    variables: &[(&str, &str)],
    request: &FetchRequest,
) -> Result<Fetched, FetchError> {
    let environment = |name: &str| {
        variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
    };
    HttpFetch::new(ProxySettings::from_environment(&environment).unwrap()).fetch(request)
}

/// A document without validators.
pub fn document(bytes: impl AsRef<[u8]>) -> Fetched {
    Fetched::Document { bytes: bytes.as_ref().to_vec(), validators: Validators::default() }
}
