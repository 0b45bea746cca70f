//! The pages on the way to a sign-in.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use url::Url;

use super::SUBMIT_SCRIPT;
use crate::web::html::{Page, escape_html};

/// The page that posts a request to the identity provider by itself.
pub(in crate::web) fn post_request(
    action: &Url,
    saml_request: &str,
    relay_state: &str,
) -> HttpResponse {
    let body = format!(
        "<form method=\"post\" action=\"{}\">\
         <input type=\"hidden\" name=\"SAMLRequest\" value=\"{}\">\
         <input type=\"hidden\" name=\"RelayState\" value=\"{}\">\
         <p>You are being taken to the sign-in service.</p>\
         <noscript><p><button type=\"submit\">Continue</button></p></noscript></form>",
        escape_html(action.as_str()),
        escape_html(saml_request),
        escape_html(relay_state),
    );
    let mut page = Page::new(StatusCode::OK, "Signing in", body);
    page.script = Some(SUBMIT_SCRIPT);
    page.posts_elsewhere = true;
    page.into_response()
}

/// An identity provider on the page where people choose.
pub(in crate::web) struct Choice<'c> {
    pub(in crate::web) label: Cow<'c, str>,
    pub(in crate::web) href: String,
    /// Whether somebody signed in there with this browser before.
    pub(in crate::web) is_remembered: bool,
}

/// The page on which a person chooses where to sign in. `is_whole` unless there are others that
/// nobody can choose now.
pub(in crate::web) fn choose_idp<'c>(
    choices: impl Iterator<Item = Choice<'c>>,
    is_whole: bool,
) -> HttpResponse {
    let items: String = choices
        .map(|choice| {
            let (href, label) = (escape_html(&choice.href), escape_html(&choice.label));
            let note =
                if choice.is_remembered { "<span>Used last in this browser</span>" } else { "" };
            format!("<li><a href=\"{href}\">{label}{note}</a></li>")
        })
        .collect();
    let note = if is_whole {
        ""
    } else {
        "<p>Other ways to sign in are not available at the moment. If yours is not here, please \
         try again in a few minutes.</p>"
    };
    let body = format!(
        "<p id=\"where\">Where is your account?</p>\
         <ul class=\"choices\" aria-labelledby=\"where\">{items}</ul>{note}"
    );
    Page::new(StatusCode::OK, "Sign in", body).into_response()
}

/// The answer to a page that was asked for by something else than a plain visit, such as a form
/// that was sent after the session had ended.
pub(in crate::web) fn session_ended(login_url: &str) -> HttpResponse {
    let body = format!(
        "<p>You are not signed in, or your session has ended. What you sent was not used.</p>\
         <p><a class=\"button\" href=\"{}\">Sign in</a></p>",
        escape_html(login_url)
    );
    Page::new(StatusCode::UNAUTHORIZED, "Please sign in", body).into_response()
}

/// The answer to a form that was sent to a page for which the sign-in is too old or too weak.
pub(in crate::web) fn step_up(login_url: &str) -> HttpResponse {
    let body = format!(
        "<p>This page needs you to sign in once more. What you sent was not used.</p>\
         <p><a class=\"button\" href=\"{}\">Sign in again</a></p>",
        escape_html(login_url)
    );
    Page::new(StatusCode::UNAUTHORIZED, "Please sign in again", body).into_response()
}

/// Takes the whole window to the sign-in, and back to the page that it shows. A window in which
/// somebody has typed something is left to them: the link is there.
const BREAK_OUT_SCRIPT: &str = "try{\
var a=document.querySelector('a'),t=top.location,typed=[].some.call(\
top.document.querySelectorAll('input,textarea,[contenteditable]'),function(e){\
return e.isContentEditable||e.value!==e.defaultValue||e.checked!==e.defaultChecked});\
if(a.dataset.login)a.href=a.dataset.login+'?return_to='+encodeURIComponent(t.pathname+t.search);\
if(top!==self&&a.dataset.go&&!typed)t.assign(a.href)\
}catch(e){}";

/// In the place of a page within a page: the sign-in does not let itself be shown there. The way out
/// is by `login_url`; scripts put the page that the window shows behind `login_path`, if there is
/// one. When something `was_sent`, the window stays until somebody has read that it is lost.
pub(in crate::web) fn break_out(
    login_url: &str,
    login_path: Option<&str>,
    was_sent: bool,
) -> HttpResponse {
    let words = if was_sent { " What you sent was not used." } else { "" };
    let data = login_path
        .map_or_else(String::new, |path| format!(" data-login=\"{}\"", escape_html(path)));
    let go = if was_sent { "" } else { " data-go=\"1\"" };
    let body = format!(
        "<p>You are not signed in, or your session has ended.{words}</p>\
         <p><a class=\"button\" target=\"_top\" href=\"{}\"{data}{go}>Sign in</a></p>",
        escape_html(login_url),
    );
    let mut page = Page::new(StatusCode::UNAUTHORIZED, "Please sign in", body);
    page.script = Some(BREAK_OUT_SCRIPT);
    page.is_framed = true;
    page.into_response()
}
