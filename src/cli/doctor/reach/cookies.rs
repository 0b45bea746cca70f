//! Whether the cookie of a sign-in arrives as it was set: proxies rewrite them.

use super::finding;
use crate::cli::doctor::finding::{Finding, Level};
use crate::cli::doctor::scene::Scene;
use crate::web::federation::{Answer, FetchError};

const CODE: &str = "reach_cookies";

/// Nothing when the page cannot be reached: the finding about our address says so.
pub(super) fn look(scene: &Scene, login: &Result<Answer, FetchError>) -> Option<Finding> {
    let answer = login.as_ref().ok()?;
    if answer.status == 503 {
        let title = "The application is running, and nobody can sign in yet.";
        return Some(
            finding(CODE, Level::Problem, title).fact("status", 503).remedy(
                "It has no usable metadata of an identity provider: see above, and its log.",
            ),
        );
    }
    let is_https = scene.config.base_url.scheme() == "https";
    let prefix = if is_https { "__Host-saml-pending-" } else { "saml-pending-" };
    let name_of = |cookie: &str| cookie.split('=').next().unwrap_or_default().trim().to_owned();
    let ours = answer.set_cookies.iter().find(|cookie| name_of(cookie).contains("saml-pending-"));
    let Some(cookie) = ours else {
        // With several providers a page asks first, and sets no such cookie.
        if !(300..400).contains(&answer.status) {
            return None;
        }
        let title = "The cookie of a sign-in does not arrive: no response could be accepted.";
        return Some(
            finding(CODE, Level::Problem, title)
                .fact("status", answer.status)
                .remedy("Something in between removes Set-Cookie: let it pass for /saml/."),
        );
    };
    let attributes: Vec<String> =
        cookie.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect();
    let has = |attribute: &str| attributes.iter().any(|found| found == attribute);
    let mut faults = Vec::new();
    if !name_of(cookie).starts_with(prefix) {
        faults.push(format!("its name is {}, not {prefix}…", name_of(cookie)));
    }
    for (attribute, name) in [
        ("secure", "Secure"),
        ("httponly", "HttpOnly"),
        ("samesite=none", "SameSite=None"),
        ("path=/", "Path=/"),
    ] {
        if !has(attribute) {
            faults.push(format!("{name} is missing"));
        }
    }
    if attributes.iter().any(|found| found.starts_with("domain=")) {
        faults.push("a Domain was added".to_owned());
    }
    if faults.is_empty() {
        let title = "The cookie of a sign-in arrives as it was set.";
        return Some(finding(CODE, Level::Ok, title));
    }
    let title = "The cookie of a sign-in is changed on its way: browsers will not bring it back.";
    Some(finding(CODE, Level::Problem, title).facts("fault", &faults).remedy(
        "Have the proxy leave Set-Cookie as it is: no rewriting of SameSite, Secure, path or \
         domain (proxy_cookie_path, proxy_cookie_flags, Header edit Set-Cookie).",
    ))
}
