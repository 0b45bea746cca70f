//! Notices when sign-ins follow one another without end.
//!
//! Where sessions get lost behind the sign-in (a browser that keeps no cookies, machines that do
//! not share their sessions), each page sends the browser to the identity provider and back.
//! AD FS stops that after six requests within a second, with a page that helps nobody. So we stop
//! first, and say why.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::cookie_keys::CookieKeys;
use super::saml::Shared;
use crate::sp::ReturnTo;

/// So many sign-ins for one page within [`WINDOW`] are nobody's habit.
const MAX_ATTEMPTS: u8 = 5;
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// What the cookie holds: how often this browser was sent off for one page.
#[derive(Serialize, Deserialize)]
struct Attempts {
    return_to: ReturnTo,
    since: DateTime<Utc>,
    count: u8,
}

/// What is to be done about another sign-in.
pub(super) enum Another {
    /// Go on, and count with this cookie.
    GoOn(Cookie<'static>),
    /// Stop. The cookie lets the person try again.
    Stop(Cookie<'static>),
}

/// Counts a sign-in for `return_to`. Several tabs that open at once ask for several pages, or for
/// one page less often than a loop does.
///
/// # Errors
/// When the count cannot be written.
pub(super) fn count(
    request: &HttpRequest,
    shared: &Shared,
    return_to: &ReturnTo,
    now: DateTime<Utc>,
) -> Result<Another, serde_json::Error> {
    let name = cookie_name(shared);
    let (since, count) = match earlier(request, shared, return_to, now) {
        Some(earlier) if earlier.count >= MAX_ATTEMPTS => {
            let mut removal = cookie(name, String::new());
            removal.make_removal();
            return Ok(Another::Stop(removal));
        }
        Some(earlier) => (earlier.since, earlier.count.saturating_add(1)),
        None => (now, 1),
    };
    let attempts = Attempts { return_to: return_to.clone(), since, count };
    let sealed = shared.cookie_keys.seal(name, serde_json::to_string(&attempts)?);
    Ok(Another::GoOn(cookie(name, sealed)))
}

/// Whether this browser was sent off for `return_to` a moment ago, so that going there another time
/// may help nobody.
pub(super) fn is_another(
    request: &HttpRequest,
    shared: &Shared,
    return_to: &ReturnTo,
    now: DateTime<Utc>,
) -> bool {
    earlier(request, shared, return_to, now).is_some()
}

fn earlier(
    request: &HttpRequest,
    shared: &Shared,
    return_to: &ReturnTo,
    now: DateTime<Utc>,
) -> Option<Attempts> {
    read(request, cookie_name(shared), &shared.cookie_keys).filter(|earlier| {
        let ends = earlier.since.checked_add_signed(WINDOW);
        earlier.return_to == *return_to && ends.is_some_and(|end| now < end)
    })
}

fn cookie_name(shared: &Shared) -> &'static str {
    if shared.is_https() { "__Host-saml-attempts" } else { "saml-attempts" }
}

fn read(request: &HttpRequest, name: &str, keys: &CookieKeys) -> Option<Attempts> {
    serde_json::from_str(&keys.open(&request.cookie(name)?)?).ok()
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
