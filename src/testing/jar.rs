//! The cookies of one browser, by the rules that browsers have for them.

use actix_web::cookie::{Cookie, SameSite, time::OffsetDateTime};
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

/// From where a request comes: that decides which cookies come along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// From a page of the application, or typed in.
    SameSite,
    /// A form that a page of another site posts.
    OtherSitePost,
}

#[derive(Clone, Debug)]
struct Stored {
    cookie: Cookie<'static>,
    /// Where it goes: this path and what is below.
    path: String,
    expires: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Jar(Vec<Stored>);

impl Jar {
    /// Takes one `Set-Cookie` header that came from `from`, or leaves it as browsers do.
    pub(super) fn take(&mut self, header: &str, from: &Url, now: DateTime<Utc>) {
        let Ok(cookie) = Cookie::parse(header.to_owned()) else { return };
        let is_secure = cookie.secure() == Some(true);
        if is_secure && !is_trustworthy(from) {
            return;
        }
        if cookie.name().starts_with("__Host-") {
            let is_bound = cookie.path() == Some("/") && cookie.domain().is_none();
            // Browsers take the prefix over https only, from loopback addresses too.
            if !(is_secure && is_bound && from.scheme() == "https") {
                return;
            }
        }
        if cookie.same_site() == Some(SameSite::None) && !is_secure {
            return;
        }
        if cookie.domain().is_some_and(|domain| !is_within(from, domain)) {
            return;
        }
        let path = match cookie.path() {
            Some(path) if path.starts_with('/') => path.to_owned(),
            // The folder of the page (RFC 6265 5.1.4).
            _ => match from.path().rsplit_once('/') {
                Some((folder, _)) if !folder.is_empty() => folder.to_owned(),
                _ => String::from("/"),
            },
        };
        self.0.retain(|stored| stored.cookie.name() != cookie.name() || stored.path != path);
        let expires = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => {
                let age = TimeDelta::try_seconds(age.whole_seconds()).unwrap_or(TimeDelta::MAX);
                Some(now.checked_add_signed(age).unwrap_or(DateTime::<Utc>::MAX_UTC))
            }
            (None, Some(end)) => Some(instant(end)),
            (None, None) => None,
        };
        if expires.is_none_or(|end| end > now) {
            self.0.push(Stored { cookie, path, expires });
        }
    }

    /// The `Cookie` header of a request for `path`.
    pub(super) fn header(&self, from: From, path: &str, now: DateTime<Utc>) -> Option<String> {
        let goes = |stored: &&Stored| {
            let is_alive = stored.expires.is_none_or(|end| end > now);
            let is_allowed =
                from == From::SameSite || stored.cookie.same_site() == Some(SameSite::None);
            is_alive && is_allowed && is_below(path, &stored.path)
        };
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter(goes)
            .map(|stored| format!("{}={}", stored.cookie.name(), stored.cookie.value()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

fn instant(time: OffsetDateTime) -> DateTime<Utc> {
    DateTime::from_timestamp(time.unix_timestamp(), 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// Where browsers keep `Secure` cookies: https, and this very machine.
fn is_trustworthy(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_loopback = host == "localhost" || host == "127.0.0.1" || host == "[::1]";
    url.scheme() == "https" || is_loopback
}

fn is_within(url: &Url, domain: &str) -> bool {
    let host = url.host_str().unwrap_or_default();
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
}

/// RFC 6265 5.1.4.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    /// What a browser sends to `path` from our own pages after it got `header`.
    fn kept(header: &str, origin: &str, path: &str) -> Option<String> {
        let mut jar = Jar::default();
        jar.take(header, &Url::parse(origin).unwrap(), now());
        jar.header(From::SameSite, path, now())
    }

    #[test]
    fn cookies_are_kept_as_browsers_keep_them() {
        let https = "https://rota.example.org/ward/seven";
        for (header, origin, path, sent) in [
            ("a=1; Path=/", https, "/", Some("a=1")),
            ("a=1; Path=/ward", https, "/ward/8", Some("a=1")),
            ("a=1; Path=/ward", https, "/wardrobe", None),
            ("a=1", https, "/ward", Some("a=1")),
            ("a=1", https, "/", None),
            ("a=1; Path=/; Domain=example.org", https, "/", Some("a=1")),
            ("a=1; Path=/; Domain=elsewhere.example", https, "/", None),
            ("__Host-a=1; Path=/; Secure", https, "/", Some("__Host-a=1")),
            ("__Host-a=1; Path=/", https, "/", None),
            ("__Host-a=1; Path=/ward; Secure", https, "/ward", None),
            ("__Host-a=1; Path=/; Secure", "http://localhost:8080/", "/", None),
            ("a=1; Path=/; Secure", "http://localhost:8080/", "/", Some("a=1")),
            ("a=1; Path=/; Secure", "http://rota.example.org/", "/", None),
            ("a=1; Path=/; SameSite=None", https, "/", None),
            ("a=1; Path=/; Max-Age=60", https, "/", Some("a=1")),
            ("a=1; Path=/; Max-Age=0", https, "/", None),
            ("a=1; Path=/; Expires=Sun, 22 Nov 2026 09:00:01 GMT", https, "/", Some("a=1")),
            ("a=1; Path=/; Expires=Sun, 22 Nov 2026 09:00:00 GMT", https, "/", None),
            ("no cookie", https, "/", None),
        ] {
            assert_eq!(kept(header, origin, path).as_deref(), sent, "{header} from {origin}");
        }
    }

    #[test]
    fn a_form_of_another_site_brings_only_what_is_meant_to_come_along() {
        let mut jar = Jar::default();
        let url = Url::parse("https://rota.example.org/").unwrap();
        for header in [
            "lax=1; Path=/; SameSite=Lax",
            "strict=1; Path=/; SameSite=Strict",
            "unsaid=1; Path=/",
            "none=1; Path=/; SameSite=None; Secure",
        ] {
            jar.take(header, &url, now());
        }
        assert_eq!(jar.header(From::OtherSitePost, "/", now()).as_deref(), Some("none=1"));
        let all = "lax=1; strict=1; unsaid=1; none=1";
        assert_eq!(jar.header(From::SameSite, "/", now()).as_deref(), Some(all));
    }

    #[test]
    fn a_cookie_ends_when_its_time_has_come_and_when_it_is_taken_back() {
        let mut jar = Jar::default();
        let url = Url::parse("https://rota.example.org/").unwrap();
        jar.take("a=1; Path=/; Max-Age=60", &url, now());
        let later = now() + TimeDelta::seconds(60);
        assert_eq!(jar.header(From::SameSite, "/", later), None);
        jar.take("a=2; Path=/", &url, now());
        assert_eq!(jar.header(From::SameSite, "/", later).as_deref(), Some("a=2"));
        jar.take("a=; Path=/; Max-Age=0", &url, now());
        assert_eq!(jar.header(From::SameSite, "/", now()), None);
    }
}
