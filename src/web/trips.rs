//! Notices when people come back from the identity provider and are sent there again.
//!
//! Where the session gets lost behind the sign-in, each page sends the browser off once more. AD FS
//! stops that after a few requests, with a page that helps nobody (MSIS7042). So we stop first, at
//! the third time within a minute, and say which cookie did not come back. A trip counts when it is
//! complete: the response was right, and the person was sent on to the page.

use actix_session::{SessionExt as _, SessionStatus};
use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::pages::Trouble;
use super::saml::Shared;
use super::session;
use crate::sp::ReturnTo;

/// After so many the next one does not begin.
const MAX_TRIPS: u8 = 2;
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// How often this browser came back to one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trips {
    page: ReturnTo,
    since: DateTime<Utc>,
    count: u8,
}

impl Trips {
    /// Those that were made to `page` within a minute.
    pub(super) fn made(
        request: &HttpRequest,
        shared: &Shared,
        page: &ReturnTo,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let sealed = request.cookie(cookie_name(shared))?;
        let trips: Self = serde_json::from_str(&shared.cookie_keys.open(&sealed)?).ok()?;
        let ends = trips.since.checked_add_signed(WINDOW);
        (trips.page == *page && ends.is_some_and(|end| now < end)).then_some(trips)
    }

    /// Whether another one would help nobody.
    pub(super) fn is_loop(&self) -> bool {
        self.count >= MAX_TRIPS
    }

    /// One more is complete, which began at `started`.
    pub(super) fn and_one(earlier: Option<&Self>, page: &ReturnTo, started: DateTime<Utc>) -> Self {
        match earlier {
            Some(earlier) => Self { count: earlier.count.saturating_add(1), ..earlier.clone() },
            None => Self { page: page.clone(), since: started, count: 1 },
        }
    }

    /// The cookie that remembers them. It is set by the answer to a form of another site, and comes
    /// back with the visits that follow.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn cookie(&self, shared: &Shared) -> Result<Cookie<'static>, serde_json::Error> {
        let name = cookie_name(shared);
        Ok(cookie(name, shared.cookie_keys.seal(name, serde_json::to_string(self)?)))
    }
}

/// Removes the cookie: whoever signs out, or goes on all the same, begins anew.
pub(super) fn forget(shared: &Shared) -> Cookie<'static> {
    let mut removal = cookie(cookie_name(shared), String::new());
    removal.make_removal();
    removal
}

/// What has become of the session, as far as it can be seen at the next sign-in: what to tell the
/// person, and what to tell the operator.
pub(super) fn diagnose(request: &HttpRequest, shared: &Shared) -> (Trouble, String) {
    if !session::has_own_sessions(request) {
        let detail = "the session of the application's own SessionMiddleware did not come back: is \
                      its cookie SameSite=Lax, for the host of base_url, and its store shared?";
        return (Trouble::CookieLost, detail.to_owned());
    }
    let name = shared.session_cookie();
    let Some(cookie) = request.cookie(name) else {
        let detail = format!(
            "the cookie {name} did not come back: the browser blocks cookies, or is at another host \
             or scheme than base_url ({}), or something on the way removes it",
            shared.settings.base_url
        );
        return (Trouble::CookieLost, detail);
    };
    if shared.cookie_keys.open(&cookie).is_none() {
        let detail = format!(
            "the cookie {name} came back and none of our keys opens it: machines have different \
             keys.cookie_keys, or a restart has made another key"
        );
        return (Trouble::SessionUnknown, detail);
    }
    let session = request.get_session();
    let is_empty = session.entries().is_empty() || session.status() == SessionStatus::Purged;
    let detail = if is_empty {
        "came back and the store does not know its session: machines do not share a store, it was \
         emptied, or the session was ended"
    } else {
        "came back, and nobody is signed in in its session: the application has removed it, or it \
         ended at once"
    };
    (Trouble::SessionUnknown, format!("the cookie {name} {detail}"))
}

fn cookie_name(shared: &Shared) -> &'static str {
    if shared.is_https() { "__Host-saml-trips" } else { "saml-trips" }
}

fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(WINDOW.num_seconds()))
        .finish()
}
