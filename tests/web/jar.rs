//! The cookies of one browser, by the rules that browsers have for them.

use actix_web::cookie::{Cookie, SameSite, time::OffsetDateTime};
use chrono::{DateTime, TimeDelta, Utc};

/// From where a request comes, and by which method: that decides which cookies come along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// From a page of ours, or typed in.
    SameSite,
    /// A link or redirect of another site that is followed.
    OtherSiteLink,
    /// A form that another site posts, or anything that it embeds.
    OtherSitePost,
}

#[derive(Clone, Debug)]
pub struct Stored {
    pub cookie: Cookie<'static>,
    pub expires: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default)]
pub struct Jar(pub Vec<Stored>);

impl Jar {
    /// Takes one `Set-Cookie` header, or leaves it as browsers do.
    pub fn take(&mut self, header: &str, is_https: bool, now: DateTime<Utc>) {
        let cookie = Cookie::parse(header.to_owned()).expect("a Set-Cookie header that is one");
        let secure = cookie.secure() == Some(true);
        if cookie.name().starts_with("__Host-") {
            let bound = secure && cookie.path() == Some("/") && cookie.domain().is_none();
            if !(bound && is_https) {
                return;
            }
        }
        if cookie.same_site() == Some(SameSite::None) && !secure {
            return;
        }
        self.0.retain(|stored| stored.cookie.name() != cookie.name());
        let expires = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => Some(now + TimeDelta::seconds(age.whole_seconds())),
            (None, Some(end)) if end <= OffsetDateTime::now_utc() => Some(now),
            _ => None,
        };
        if expires.is_none_or(|end| end > now) {
            self.0.push(Stored { cookie, expires });
        }
    }

    /// The `Cookie` header of a request.
    pub fn header(&self, from: From, now: DateTime<Utc>) -> Option<String> {
        let goes = |stored: &&Stored| {
            let alive = stored.expires.is_none_or(|end| end > now);
            let allowed = match (stored.cookie.same_site(), from) {
                (_, From::SameSite) | (Some(SameSite::None), _) => true,
                (Some(SameSite::Strict), _) => false,
                (_, From::OtherSiteLink) => true,
                (_, From::OtherSitePost) => false,
            };
            alive && allowed
        };
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter(goes)
            .map(|stored| format!("{}={}", stored.cookie.name(), stored.cookie.value()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Names that start with `prefix`.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let names = self.0.iter().map(|stored| stored.cookie.name().to_owned());
        names.filter(|name| name.starts_with(prefix)).collect()
    }

    pub fn value(&self, name: &str) -> Option<String> {
        self.0.iter().find(|s| s.cookie.name() == name).map(|s| s.cookie.value().to_owned())
    }

    pub fn put(&mut self, name: &str, value: &str) {
        self.0.retain(|stored| stored.cookie.name() != name);
        let cookie = Cookie::build(name.to_owned(), value.to_owned())
            .same_site(SameSite::None)
            .secure(true)
            .finish();
        self.0.push(Stored { cookie, expires: None });
    }

    /// As `put`, before a cookie of the same name, as a neighbouring host can do it.
    pub fn put_in_front(&mut self, name: &str, value: &str) {
        let others = std::mem::take(&mut self.0);
        self.put(name, value);
        self.0.extend(others);
    }

    pub fn drop(&mut self, name: &str) {
        self.0.retain(|stored| stored.cookie.name() != name);
    }
}
