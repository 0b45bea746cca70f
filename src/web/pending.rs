//! The cookies of sign-ins that have begun: one for each, so that tabs do not disturb each other.
//!
//! The identity provider answers by a cross-site POST, to which browsers add only cookies with
//! `SameSite=None`. The session cookie stays `Lax`.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, CookieJar, Key, SameSite};

use super::saml::Shared;
use crate::sp::PendingLogin;

/// More sign-ins at once in one browser are not remembered: the oldest is forgotten.
const MAX_PENDING: usize = 8;

/// Seals and opens the cookies.
pub(super) struct PendingCookies<'s> {
    key: &'s Key,
    prefix: &'static str,
    max_age: Duration,
}

/// A cookie that was opened.
struct Opened {
    name: String,
    pending: PendingLogin,
}

impl<'s> PendingCookies<'s> {
    pub(super) fn of(shared: &'s Shared) -> Self {
        let lifetime = shared.sp.settings().pending_lifetime.num_seconds();
        Self {
            key: &shared.cookie_key,
            prefix: if shared.is_https() { "__Host-saml-pending-" } else { "saml-pending-" },
            max_age: Duration::seconds(lifetime),
        }
    }

    /// The cookie for `pending`, and removals for those that are too many.
    pub(super) fn seal(
        &self,
        request: &HttpRequest,
        pending: &PendingLogin,
    ) -> Result<Vec<Cookie<'static>>, serde_json::Error> {
        let mut cookies = Vec::new();
        let mut open = self.open_all(request);
        open.sort_by_key(|opened| opened.pending.started_at);
        let excess = open.len().saturating_add(1).saturating_sub(MAX_PENDING);
        for opened in open.drain(..excess.min(open.len())) {
            cookies.push(self.removal(opened.name));
        }
        let name = format!("{}{}", self.prefix, pending.relay_state);
        let mut jar = CookieJar::new();
        let value = serde_json::to_string(pending)?;
        jar.private_mut(self.key).add(Cookie::new(name.clone(), value));
        if let Some(sealed) = jar.get(&name) {
            cookies.push(self.cookie(name, sealed.value().to_owned()));
        }
        Ok(cookies)
    }

    /// The sign-in to which `relay_state` is the handle, if this browser has begun it. Also the
    /// cookie that removes it.
    pub(super) fn open(
        &self,
        request: &HttpRequest,
        relay_state: &str,
    ) -> Option<(PendingLogin, Cookie<'static>)> {
        let name = format!("{}{relay_state}", self.prefix);
        let pending = self.unseal(request.cookie(&name)?)?;
        (pending.relay_state == relay_state).then(|| (pending, self.removal(name)))
    }

    fn open_all(&self, request: &HttpRequest) -> Vec<Opened> {
        let Ok(cookies) = request.cookies() else {
            return Vec::new();
        };
        let ours = cookies.iter().filter(|c| c.name().starts_with(self.prefix));
        ours.filter_map(|cookie| {
            let name = cookie.name().to_owned();
            Some(Opened { name, pending: self.unseal(cookie.clone())? })
        })
        .collect()
    }

    /// The name is part of what is authenticated: a cookie cannot be renamed.
    fn unseal(&self, cookie: Cookie<'static>) -> Option<PendingLogin> {
        let opened = CookieJar::new().private(self.key).decrypt(cookie)?;
        serde_json::from_str(opened.value()).ok()
    }

    fn cookie(&self, name: String, value: String) -> Cookie<'static> {
        Cookie::build(name, value)
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::None)
            .max_age(self.max_age)
            .finish()
    }

    fn removal(&self, name: String) -> Cookie<'static> {
        let mut cookie = self.cookie(name, String::new());
        cookie.make_removal();
        cookie
    }
}
