//! The cookies of one browser, by the rules that browsers have for them.

use actix_web::cookie::{Cookie, SameSite, time::OffsetDateTime};
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

/// From where a request comes: that decides which cookies come along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Typed in, or from a page of the same site.
    Own,
    /// A link or redirect of the identity provider's site, or what it leads to.
    OtherSite,
    /// A form that the identity provider's page posts.
    OtherSitePost,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    name: String,
    value: String,
    host: String,
    /// Whether hosts below this one get it as well.
    with_subdomains: bool,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    expires: Option<DateTime<Utc>>,
}

/// A cookie as the service provider set it, for judging how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) name: String,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Jar(Vec<Stored>);

impl Jar {
    /// Takes one `Set-Cookie` header that came from `from`, or leaves it as browsers do.
    pub(super) fn take(&mut self, header: &str, from: &Url, now: DateTime<Utc>) {
        let Ok(cookie) = Cookie::parse(header.to_owned()) else { return };
        let secure = cookie.secure() == Some(true);
        let host = from.host_str().unwrap_or_default().to_ascii_lowercase();
        if secure && !is_trustworthy(from) {
            return;
        }
        if cookie.name().starts_with("__Secure-") && !(secure && from.scheme() == "https") {
            return;
        }
        if cookie.name().starts_with("__Host-") {
            let is_bound = cookie.path() == Some("/") && cookie.domain().is_none();
            // Browsers take the prefix over https only, from loopback addresses too.
            if !(secure && is_bound && from.scheme() == "https") {
                return;
            }
        }
        // A cookie that does not say counts as Lax.
        let same_site = cookie.same_site().unwrap_or(SameSite::Lax);
        if same_site == SameSite::None && !secure {
            return;
        }
        let domain = cookie.domain().map(|d| d.trim_start_matches('.').to_ascii_lowercase());
        if domain.as_deref().is_some_and(|domain| !is_within(&host, domain)) {
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
        let expires = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => {
                let age = TimeDelta::try_seconds(age.whole_seconds()).unwrap_or(TimeDelta::MAX);
                Some(now.checked_add_signed(age).unwrap_or(DateTime::<Utc>::MAX_UTC))
            }
            (None, Some(end)) => Some(instant(end)),
            (None, None) => None,
        };
        let stored = Stored {
            name: cookie.name().to_owned(),
            value: cookie.value().to_owned(),
            with_subdomains: domain.is_some(),
            host: domain.unwrap_or(host),
            path,
            secure,
            http_only: cookie.http_only() == Some(true),
            same_site,
            expires,
        };
        self.0.retain(|other| {
            (&other.name, &other.host, &other.path) != (&stored.name, &stored.host, &stored.path)
        });
        if stored.expires.is_none_or(|end| end > now) {
            self.0.push(stored);
        }
    }

    /// The `Cookie` header of a request for `url`.
    pub(super) fn header(&self, cause: Cause, url: &Url, now: DateTime<Utc>) -> Option<String> {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let goes = |stored: &&Stored| {
            let is_alive = stored.expires.is_none_or(|end| end > now);
            let is_here = match stored.with_subdomains {
                true => is_within(&host, &stored.host),
                false => host == stored.host,
            };
            let is_allowed = match (cause, stored.same_site) {
                (Cause::Own, _) | (_, SameSite::None) => true,
                (Cause::OtherSite, SameSite::Lax) => true,
                (Cause::OtherSite | Cause::OtherSitePost, _) => false,
            };
            let is_safe = !stored.secure || is_trustworthy(url);
            is_alive && is_here && is_allowed && is_safe && is_below(url.path(), &stored.path)
        };
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter(goes)
            .map(|stored| format!("{}={}", stored.name, stored.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The same jar without the cookies of this name.
    pub(super) fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|stored| stored.name != name).cloned().collect())
    }

    /// How the cookies were set that are new, or have another value, since `before`.
    pub(super) fn new_since(&self, before: &Self) -> Vec<Attributes> {
        let is_new = |stored: &&Stored| !before.0.contains(stored);
        let attributes = |stored: &Stored| Attributes {
            name: stored.name.clone(),
            secure: stored.secure,
            http_only: stored.http_only,
            same_site: stored.same_site,
        };
        self.0.iter().filter(is_new).map(attributes).collect()
    }
}

fn instant(time: OffsetDateTime) -> DateTime<Utc> {
    DateTime::from_timestamp(time.unix_timestamp(), 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// Where browsers keep `Secure` cookies: https, and this very machine.
fn is_trustworthy(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_loopback = host == "localhost" || host == "[::1]" || host.starts_with("127.");
    url.scheme() == "https" || is_loopback
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn is_below(path: &str, folder: &str) -> bool {
    path == folder
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| folder.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        crate::saml::parse_instant("2026-11-28T10:00:00Z").unwrap()
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// What goes to `to` after `header` came from `from`.
    fn sent(header: &str, from: &str, cause: Cause, to: &str) -> Option<String> {
        let mut jar = Jar::default();
        jar.take(header, &url(from), now());
        jar.header(cause, &url(to), now())
    }

    const HERE: &str = "https://rota.example.org/saml/login";

    #[test]
    fn same_site_decides_which_cookies_come_along() {
        use Cause::{OtherSite, OtherSitePost, Own};
        for (header, causes) in [
            ("a=1; SameSite=None; Secure", &[Own, OtherSite, OtherSitePost][..]),
            ("a=1; SameSite=Lax", &[Own, OtherSite]),
            ("a=1", &[Own, OtherSite]),
            ("a=1; SameSite=Strict", &[Own]),
        ] {
            for cause in [Own, OtherSite, OtherSitePost] {
                let expected = causes.contains(&cause).then(|| "a=1".to_owned());
                assert_eq!(sent(header, HERE, cause, HERE), expected, "{header} {cause:?}");
            }
        }
    }

    #[test]
    fn what_browsers_do_not_keep() {
        let plain = "http://rota.example.org/";
        for (header, from) in [
            ("a=1; Secure", plain),
            ("a=1; SameSite=None", HERE),
            ("__Host-a=1; Secure; Path=/", "http://127.0.0.1/"),
            ("__Host-a=1; Secure; Path=/saml", HERE),
            ("__Host-a=1; Secure; Path=/; Domain=rota.example.org", HERE),
            ("__Secure-a=1", HERE),
            ("a=1; Domain=elsewhere.example", HERE),
            ("a=1; Domain=ample.org", HERE),
            ("a=1; Max-Age=0", HERE),
            ("a=1; Expires=Fri, 27 Nov 2026 10:00:00 GMT", HERE),
        ] {
            assert_eq!(sent(header, from, Cause::Own, from), None, "{header}");
        }
    }

    #[test]
    fn what_they_keep() {
        let loopback = "http://127.0.0.1:8080/";
        for (header, from, to) in [
            ("a=1; Secure", loopback, "http://127.0.0.1:9090/other"),
            ("a=1; Secure; SameSite=None", "http://localhost/", "http://localhost/x"),
            ("__Host-a=1; Secure; Path=/", HERE, "https://rota.example.org/rota"),
            ("a=1; Domain=.example.org", HERE, "https://other.example.org/saml/x"),
            ("a=1; Path=/saml", HERE, "https://rota.example.org/saml/acs"),
            ("a=1; Max-Age=5", HERE, HERE),
        ] {
            assert!(sent(header, from, Cause::Own, to).is_some(), "{header}");
        }
    }

    #[test]
    fn a_cookie_stays_with_its_host_and_its_path() {
        for to in [
            "https://other.example.org/saml/x",
            "https://example.org/saml/x",
            "https://rota.example.org/rota",
            "https://rota.example.org/samlx",
        ] {
            assert_eq!(sent("a=1", HERE, Cause::Own, to), None, "{to}");
        }
        let secure = sent("a=1; Secure; Path=/", HERE, Cause::Own, "http://rota.example.org/");
        assert_eq!(secure, None);
    }

    #[test]
    fn the_last_value_counts_and_a_past_end_removes() {
        let mut jar = Jar::default();
        for header in ["a=1; Path=/", "b=2; Path=/", "a=3; Path=/"] {
            jar.take(header, &url(HERE), now());
        }
        let before = jar.clone();
        assert_eq!(jar.header(Cause::Own, &url(HERE), now()).unwrap(), "b=2; a=3");
        jar.take("b=; Path=/; Max-Age=0", &url(HERE), now());
        jar.take("a=4; Path=/; HttpOnly", &url(HERE), now());
        assert_eq!(jar.header(Cause::Own, &url(HERE), now()).unwrap(), "a=4");
        let new = jar.new_since(&before);
        assert_eq!(new.len(), 1);
        assert!(new[0].http_only && !new[0].secure && new[0].same_site == SameSite::Lax);
        assert_eq!(jar.without("a").header(Cause::Own, &url(HERE), now()), None);
    }
}
