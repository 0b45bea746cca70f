//! Who somebody is, as far as a browser is to remember it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::saml::Shared;
use crate::crypto::{hex, sha256};
use crate::nhsmail::Staff;
use crate::sp::Principal;

/// Characters of a name that are shown.
const MAX_NAME: usize = 80;
/// So long after a session can have ended it is still known whose it was: overnight.
const AFTERWARDS: TimeDelta = TimeDelta::hours(12);

/// One person, to be told from another. It leaves this process only when it is sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Person {
    /// Of what the person is filed under.
    digest: String,
    /// To be shown, and for nothing else.
    pub(super) name: String,
}

impl std::fmt::Debug for Person {
    // A name is personal data and stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person")
    }
}

impl Person {
    pub(super) fn of(staff: &Staff) -> Self {
        // Text of our own types: it can always be written.
        let key = serde_json::to_string(staff.key()).unwrap_or_default();
        let name = staff.display_name().chars().take(MAX_NAME).collect();
        Self { digest: hex(&sha256(key.as_bytes())), name }
    }

    /// `None` for a sign-in that says nothing of who the person is.
    pub(super) fn of_principal(principal: &Principal, shared: &Shared) -> Option<Self> {
        let staff = Staff::from_principal(principal.clone(), &shared.claims, &shared.subjects);
        Some(Self::of(&staff.ok()?))
    }

    /// What stands for the person, and tells nothing of them.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

/// Whose pages this browser shows: who signed in last and did not sign out.
pub(super) fn last_seen(request: &HttpRequest, shared: &Shared) -> Option<Person> {
    let cookie = request.cookie(cookie_name(shared))?;
    serde_json::from_str(&shared.cookie_keys.open(&cookie)?).ok()
}

/// The cookie by which a browser remembers `person`.
///
/// # Errors
/// When it cannot be written.
pub(super) fn remember(
    shared: &Shared,
    person: &Person,
) -> Result<Cookie<'static>, serde_json::Error> {
    let name = cookie_name(shared);
    Ok(cookie(shared, shared.cookie_keys.seal(name, serde_json::to_string(person)?)))
}

/// The cookie by which a browser forgets.
pub(super) fn forget(shared: &Shared) -> Cookie<'static> {
    let mut cookie = cookie(shared, String::new());
    cookie.make_removal();
    cookie
}

fn cookie_name(shared: &Shared) -> &'static str {
    if shared.is_https() { "__Host-saml-person" } else { "saml-person" }
}

fn cookie(shared: &Shared, value: String) -> Cookie<'static> {
    let longest = shared.settings.session.absolute.checked_add(&AFTERWARDS).unwrap_or(AFTERWARDS);
    Cookie::build(cookie_name(shared), value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(longest.num_seconds()))
        .finish()
}
