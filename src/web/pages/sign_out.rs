//! The pages about signing out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use url::Url;

use super::{SUBMIT_SCRIPT, link_to_chooser};
use crate::web::chooser;
use crate::web::html::{Page, escape_html};
use crate::web::saml::Shared;

/// The question before signing out.
pub(in crate::web) fn ask_logout(action: &str) -> HttpResponse {
    let body = format!(
        "<form method=\"post\" action=\"{}\"><p>Do you want to sign out of this service?</p>\
         <p><button type=\"submit\">Sign out</button></p></form>",
        escape_html(action)
    );
    Page::new(StatusCode::OK, "Sign out", body).into_response()
}

/// Where somebody is signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum SignedOut {
    /// Here, and the sign-in service was not asked.
    Here,
    /// Here, because the sign-in service wanted it.
    ByIdp,
    /// Here and at the sign-in service.
    Everywhere,
    /// Here and at the sign-in service, which could not tell all others.
    Partly,
    /// Here. The sign-in service has said no.
    NotThere,
    /// Here. The sign-in service's answer says nothing that counts.
    Unclear,
}

impl SignedOut {
    fn text(self) -> &'static str {
        match self {
            Self::Here => {
                "You are signed out of this service. You may still be signed in at the sign-in \
                 service: on a shared computer, close the browser."
            }
            Self::ByIdp => {
                "You are signed out of this service, as the sign-in service has asked. On a shared \
                 computer, close the browser."
            }
            Self::Everywhere => {
                "You are signed out of this service and of the sign-in service. On a shared \
                 computer, close the browser all the same."
            }
            Self::Partly => {
                "You are signed out of this service and of the sign-in service. You may still be \
                 signed in at other services that you have used: on a shared computer, close the \
                 browser."
            }
            Self::NotThere => {
                "You are signed out of this service. The sign-in service has not signed you out: \
                 whoever uses this browser next may be signed in as you without a password. On a \
                 shared computer, close the browser."
            }
            Self::Unclear => {
                "You are signed out of this service. The answer of the sign-in service could not be \
                 used, so you may still be signed in there: on a shared computer, close the browser."
            }
        }
    }
}

/// After signing out. One image is asked for from an address of our own: see the route.
pub(in crate::web) fn signed_out(
    shared: &Shared,
    extent: SignedOut,
    reference: Option<&str>,
) -> HttpResponse {
    let reference = reference.map_or_else(String::new, |reference| {
        let reference = escape_html(reference);
        format!("<p class=\"reference\">Reference: <code>{reference}</code></p>")
    });
    let chooser_url = chooser::url(shared, None);
    let body = format!(
        "<p>{}</p><p><a class=\"button\" href=\"{}\">Sign in again</a></p>{}{reference}\
         <img src=\"{}\" alt=\"\" width=\"1\" height=\"1\">",
        extent.text(),
        escape_html(&shared.paths.login),
        link_to_chooser(chooser_url.as_deref()),
        escape_html(&shared.paths.forget)
    );
    let mut page = Page::new(StatusCode::OK, "Signed out", body);
    page.images = true;
    page.into_response()
}

/// The page that goes on to the identity provider with a LogoutRequest. No redirect: pages of the
/// application may allow their forms no other address, and browsers hold redirects to that as well.
/// And should nobody answer there, the person has read where they are signed out.
pub(in crate::web) fn go_on_to_logout(url: &Url) -> HttpResponse {
    let url = escape_html(url.as_str());
    let body = format!(
        "<p>You are signed out of this service. You are being taken to the sign-in service, to be \
         signed out there as well.</p><p><a class=\"button\" href=\"{url}\">Continue</a></p>"
    );
    let mut page = Page::new(StatusCode::OK, "Signing out", body);
    page.refresh = Some(&url);
    page.into_response()
}

/// The page that posts a log-out message to the identity provider by itself.
pub(in crate::web) fn post_logout(
    action: &Url,
    field: &str,
    message: &str,
    relay_state: Option<&str>,
) -> HttpResponse {
    let relay_state = relay_state.map_or_else(String::new, |value| {
        format!("<input type=\"hidden\" name=\"RelayState\" value=\"{}\">", escape_html(value))
    });
    let body = format!(
        "<form method=\"post\" action=\"{}\">\
         <input type=\"hidden\" name=\"{}\" value=\"{}\">{relay_state}\
         <p>You are signed out of this service. You are being taken to the sign-in service.</p>\
         <noscript><p><button type=\"submit\">Continue</button></p></noscript></form>",
        escape_html(action.as_str()),
        escape_html(field),
        escape_html(message),
    );
    let mut page = Page::new(StatusCode::OK, "Signing out", body);
    page.script = Some(SUBMIT_SCRIPT);
    page.posts_elsewhere = true;
    page.into_response()
}
