//! The cookie of a log-out that waits for the identity provider's answer. The answer may come by a
//! cross-site POST, so that it has `SameSite=None`. There is one: whoever signs out twice waits for
//! the last answer.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use super::saml::Shared;
use crate::sp::PendingLogout;

/// The cookie for `pending`.
///
/// # Errors
/// When it cannot be written.
pub(super) fn seal(
    shared: &Shared,
    pending: &PendingLogout,
) -> Result<Cookie<'static>, serde_json::Error> {
    let name = cookie_name(shared);
    Ok(cookie(name, shared.cookie_keys.seal(name, serde_json::to_string(pending)?)))
}

/// The log-out that this browser has begun, if any, and the cookie that removes it.
pub(super) fn open(
    request: &HttpRequest,
    shared: &Shared,
) -> Option<(PendingLogout, Cookie<'static>)> {
    let name = cookie_name(shared);
    let cookies = request.cookies().ok()?;
    // There may be several of one name: somebody else's does not hide ours.
    let mut ours = cookies.iter().filter(|cookie| cookie.name() == name);
    let pending = ours.find_map(|c| serde_json::from_str(&shared.cookie_keys.open(c)?).ok())?;
    let mut removal = cookie(name, String::new());
    removal.make_removal();
    Some((pending, removal))
}

fn cookie_name(shared: &Shared) -> &'static str {
    if shared.is_https() { "__Host-saml-logout" } else { "saml-logout" }
}

fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::None)
        .max_age(Duration::seconds(PendingLogout::LIFETIME.num_seconds()))
        .finish()
}
