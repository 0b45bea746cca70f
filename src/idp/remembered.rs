//! Who has signed in with this browser: AD FS and Entra do not ask twice on one day.
//!
//! The cookie is not protected. Whoever reaches a test identity provider is anybody there.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, TimeDelta, Utc};

use super::person::is_user_name;

/// Where a browser is made to forget.
pub(super) const PATH: &str = "/forget";
const COOKIE: &str = "test-idp-person";
/// So long AD FS does not ask again.
const LIFETIME: TimeDelta = TimeDelta::hours(8);

/// Somebody who has signed in before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remembered {
    pub(super) user_name: String,
    /// How long ago.
    pub(super) age: TimeDelta,
}

impl Remembered {
    /// Who has signed in with the browser that asks, if that was not too long ago.
    pub(super) fn of(request: &HttpRequest, now: DateTime<Utc>) -> Option<Self> {
        let cookie = request.cookie(COOKIE)?;
        let (user_name, since) = cookie.value().split_once('|')?;
        let since = DateTime::from_timestamp(since.parse().ok()?, 0)?;
        let age = now.signed_duration_since(since);
        let is_recent = (TimeDelta::zero()..LIFETIME).contains(&age);
        (is_recent && is_user_name(user_name))
            .then(|| Self { user_name: user_name.to_owned(), age })
    }
}

/// What makes a browser remember.
pub(super) fn cookie(user_name: &str, now: DateTime<Utc>) -> Cookie<'static> {
    // A session cookie, as theirs are.
    Cookie::build(COOKIE, format!("{user_name}|{}", now.timestamp()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// What makes it forget.
pub(super) fn removal() -> Cookie<'static> {
    let mut cookie = cookie("", DateTime::<Utc>::MIN_UTC);
    cookie.make_removal();
    cookie
}

pub(super) async fn forget() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, "/"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(removal())
        .finish()
}
