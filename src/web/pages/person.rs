//! The pages that are about who sits in front of the screen.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::web::html::{Page, escape_html};
use crate::web::saml::Shared;

/// In the place of a page of somebody whose session is locked.
pub(in crate::web) fn locked(name: &str, login_url: &str, was_sent: bool) -> HttpResponse {
    let name = escape_html(name);
    let words = if was_sent { " What you sent was not used." } else { "" };
    let body = format!(
        "<p>Nobody has used this page for a while.{words} Sign in again as <strong>{name}</strong> \
         to go on.</p><p><a class=\"button\" href=\"{}\">Sign in again</a></p>\
         <p>If you are somebody else, sign in all the same: you will be asked what to do.</p>",
        escape_html(login_url)
    );
    Page::new(StatusCode::UNAUTHORIZED, "Locked", body).into_response()
}

/// Somebody has signed in who is not the person whose session is locked. Neither gets in.
pub(in crate::web) fn locked_by_other(
    owner: &str,
    name: &str,
    reference: &str,
    shared: &Shared,
) -> HttpResponse {
    let body = format!(
        "<p>This session is locked. It belongs to <strong>{0}</strong>, and you have signed in as \
         <strong>{1}</strong>. Nothing of it was opened.</p>\
         <p><a class=\"button\" href=\"{2}\">Sign in as {0}</a></p>\
         <form method=\"post\" action=\"{3}\"><p>To begin anew, sign {0} out of this service. What \
         they had not finished is lost.</p><p><button type=\"submit\">Sign {0} out</button></p>\
         </form><p class=\"reference\">Reference: <code>{4}</code></p>",
        escape_html(owner),
        escape_html(name),
        escape_html(&shared.paths.login),
        escape_html(&shared.paths.logout),
        escape_html(reference),
    );
    Page::new(StatusCode::FORBIDDEN, "Locked by somebody else", body).into_response()
}

/// A page was opened by one person, and another one has signed in.
pub(in crate::web) fn handover(opened_by: &str, name: &str, page: &str) -> HttpResponse {
    let body = format!(
        "<p>This page was opened by <strong>{0}</strong>. You are signed in as \
         <strong>{1}</strong>.</p>\
         <p><a class=\"button\" href=\"/\">Go to the start page</a></p>\
         <p><a href=\"{2}\">Open the page as {1}</a></p>",
        escape_html(opened_by),
        escape_html(name),
        escape_html(page),
    );
    Page::new(StatusCode::OK, "Somebody else was here", body).into_response()
}

/// What was sent comes from a page of somebody else than the person who is signed in. `name` is
/// escaped.
pub(in crate::web) fn not_your_page(name: &str) -> HttpResponse {
    let body = format!(
        "<p>The page that you come from was opened by somebody else. You are signed in as \
         <strong>{name}</strong>. What you sent was not used.</p>\
         <p><a class=\"button\" href=\"/\">Go to the start page</a></p>"
    );
    Page::new(StatusCode::CONFLICT, "Somebody else was here", body).into_response()
}
