//! What stands between browsers and us, as far as it can be noticed.
//!
//! Where browsers reach us is configuration. What a request says of it decides nothing; but where it
//! says something else, cookies and links may be made for the wrong place, and somebody should look.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use url::Url;

/// A value is cut here: an attacker must not fill the log.
const MAX_SHOWN: usize = 100;

/// Warns once of a host that is not the configured one.
#[derive(Debug, Default)]
pub(super) struct HostWatch(AtomicBool);

impl HostWatch {
    /// Looks by what name we were asked for.
    pub(super) fn look_at(&self, request: &HttpRequest, base_url: &Url) {
        if self.0.load(Ordering::Relaxed) {
            return;
        }
        let Some((header, asked)) = asked_for(request) else { return };
        if is_same(&asked, base_url) || self.0.swap(true, Ordering::Relaxed) {
            return;
        }
        let asked: String = asked.chars().take(MAX_SHOWN).collect();
        tracing::warn!(
            event = "host_mismatch",
            header,
            asked = ?asked,
            base_url = base_url.as_str(),
            "requests come for another host than base_url names; base_url counts"
        );
    }
}

/// The first proxy's word, else the request's own.
fn asked_for(request: &HttpRequest) -> Option<(&'static str, String)> {
    let first = |header: &str| {
        let value = request.headers().get(header)?.as_bytes();
        let value = String::from_utf8_lossy(value.split(|b| *b == b',').next()?).into_owned();
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    if let Some(host) = first("X-Forwarded-Host") {
        return Some(("X-Forwarded-Host", host));
    }
    first(HOST.as_str()).map(|host| ("Host", host))
}

/// A port that the scheme implies may be told or left out.
fn is_same(asked: &str, base_url: &Url) -> bool {
    let Some(host) = base_url.host_str() else { return false };
    let port = base_url.port_or_known_default();
    let with_port = port.map(|port| format!("{host}:{port}"));
    let is_bare = base_url.port().is_none() && asked.eq_ignore_ascii_case(host);
    is_bare || with_port.is_some_and(|own| asked.eq_ignore_ascii_case(&own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_same_with_the_port_of_its_scheme() {
        let own = |base: &str, asked: &str| is_same(asked, &Url::parse(base).unwrap());
        for (base, asked, is_own) in [
            ("https://rota.example", "rota.example", true),
            ("https://rota.example", "ROTA.example:443", true),
            ("https://rota.example", "rota.example:80", false),
            ("https://rota.example", "rota.example.", false),
            ("https://rota.example", "evil.example", false),
            ("https://rota.example", "", false),
            ("https://rota.example:8443", "rota.example:8443", true),
            ("https://rota.example:8443", "rota.example", false),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true),
            ("http://[::1]:8080", "[::1]:8080", true),
        ] {
            assert_eq!(own(base, asked), is_own, "{base} {asked}");
        }
    }
}
