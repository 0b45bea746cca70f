//! The pages that people see, in one place. Fixed texts: nothing from a message is ever on them.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder};
use url::Url;

use super::chooser;
use super::html::{Page, escape_html};
use super::saml::Shared;

/// Metadata is asked for more often than that while there is none.
const NOT_READY_RETRY: HeaderValue = HeaderValue::from_static("30");
const SUBMIT_SCRIPT: &str = "document.forms[0].submit()";

/// What went wrong, as far as it helps the person in front of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// What arrived is no SAML message.
    NotAMessage,
    /// The response was refused.
    Refused,
    /// The identity provider said no.
    IdpSaidNo,
    /// This browser has no open sign-in.
    NoPendingLogin,
    /// The response was used before.
    Replayed,
    /// Something on our side does not work.
    Unavailable,
    /// Too much was sent.
    TooLarge,
    /// It was sent in another form than a form.
    WrongType,
    /// The address takes another method.
    WrongMethod,
    /// One sign-in follows another.
    Repeating,
    /// One sign-in follows another, because the session cookie does not come back.
    CookieLost,
    /// One sign-in follows another, because the session is not known here.
    SessionUnknown,
    /// More is to be decrypted at once than there are places for.
    Busy,
    /// There is no metadata to sign anybody in by.
    NotReady,
    /// What arrived is no log-out message.
    NotALogout,
    /// The log-out message was refused.
    LogoutRefused,
    /// This browser has no open log-out.
    NoPendingLogout,
}

impl Trouble {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::NotAMessage | Self::NotALogout => StatusCode::BAD_REQUEST,
            Self::Refused
            | Self::IdpSaidNo
            | Self::NoPendingLogin
            | Self::Replayed
            | Self::LogoutRefused
            | Self::NoPendingLogout => StatusCode::FORBIDDEN,
            Self::Unavailable | Self::Busy | Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Repeating | Self::CookieLost | Self::SessionUnknown => {
                StatusCode::TOO_MANY_REQUESTS
            }
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::NotAMessage | Self::TooLarge | Self::WrongType => {
                "We could not read that sign-in"
            }
            Self::Refused => "We could not sign you in",
            Self::IdpSaidNo => "You were not signed in",
            Self::NoPendingLogin => "That sign-in is no longer open",
            Self::Replayed => "That sign-in has already been used",
            Self::Unavailable => "Sign-in is not available at the moment",
            Self::WrongMethod => "There is nothing to see here",
            Self::Repeating | Self::CookieLost | Self::SessionUnknown => {
                "Sign-in keeps starting again"
            }
            Self::Busy => "Many people are signing in",
            Self::NotReady => "Sign-in is not ready yet",
            Self::NotALogout => "We could not read that sign-out",
            Self::LogoutRefused => "We could not accept that sign-out",
            Self::NoPendingLogout => "That sign-out is no longer open",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::NotAMessage | Self::TooLarge | Self::WrongType => {
                "What your browser sent is not a sign-in that this service understands. Please \
                 start again."
            }
            Self::Refused => {
                "The sign-in service sent an answer that this service cannot accept. Please try \
                 once more. If it happens again, ask your help desk and give them the reference."
            }
            Self::IdpSaidNo => {
                "The sign-in service did not sign you in. You may have cancelled, or your account \
                 may not have access to this service. Please try once more, or ask your help desk \
                 and give them the reference."
            }
            Self::NoPendingLogin => {
                "It may have taken too long, it may have been finished in another tab, or your \
                 browser may block cookies. Please sign in again."
            }
            Self::Replayed => {
                "This happens when a page is reloaded or the back button is used during sign-in. \
                 Please sign in again."
            }
            Self::Unavailable => {
                "Something on our side does not work. Nothing is wrong with your account. Please \
                 try again in a few minutes."
            }
            Self::WrongMethod => {
                "This address is used by the sign-in service only. Please start at the beginning."
            }
            Self::CookieLost => {
                "You have signed in several times within a minute, and each time your browser did \
                 not send this service's session cookie back. It may block cookies. Allow cookies \
                 for this service, or try another browser. If that does not help, ask your help \
                 desk and give them the reference."
            }
            Self::SessionUnknown => {
                "You have signed in several times within a minute, and each time this service had \
                 lost your session. Your browser and your account are all right: something on our \
                 side does not work. Please ask your help desk and give them the reference."
            }
            Self::Repeating => {
                "You have been sent to the sign-in service several times within a minute. Your \
                 browser may block cookies, or this service may have lost your session. If trying \
                 again does not help, ask your help desk and give them the reference."
            }
            Self::NotReady => {
                "This service is waiting for news from the sign-in service, and cannot sign \
                 anybody in until it has them. Nothing is wrong with your account. Please try \
                 again in a few minutes."
            }
            Self::NotALogout | Self::LogoutRefused => {
                "A message to sign somebody out has arrived that this service cannot accept. It \
                 has changed nothing here. If you want to sign out, use this service's own button \
                 for it, and on a shared computer close the browser."
            }
            Self::NoPendingLogout => {
                "It may have been finished already, or your browser may block cookies. If you have \
                 just signed out of this service, you are signed out. Nothing else was changed."
            }
            Self::Busy => {
                "This service cannot take your sign-in at the moment. Nothing is wrong with your \
                 account. Please try again in a few seconds."
            }
        }
    }
}

/// The page for `trouble`. `login_url` is our own address for signing in, `chooser_url` the one for
/// choosing where, if there is a choice; `facts` are for the administrators of the identity provider.
pub(super) fn trouble(
    trouble: Trouble,
    reference: &str,
    login_url: &str,
    chooser_url: Option<&str>,
    facts: &[(&str, String)],
) -> HttpResponse {
    let body = format!(
        "<p>{}</p><p><a class=\"button\" href=\"{}\">Sign in again</a></p>{}\
         <p class=\"reference\">Reference: <code>{}</code></p>{}",
        trouble.advice(),
        escape_html(login_url),
        link_to_chooser(chooser_url),
        escape_html(reference),
        details(facts),
    );
    let mut response = Page::new(trouble.status(), trouble.title(), body).into_response();
    let retry_after = match trouble {
        Trouble::Busy => Some(HeaderValue::from_static("5")),
        Trouble::NotReady => Some(NOT_READY_RETRY),
        _ => None,
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// What a person passes on to whoever runs the identity provider: one text, to be copied whole.
fn details(facts: &[(&str, String)]) -> String {
    if facts.is_empty() {
        return String::new();
    }
    let lines: Vec<_> =
        facts.iter().map(|(name, value)| escape_html(&format!("{name}: {value}"))).collect();
    format!(
        "<details><summary>Details for the help desk</summary>\
         <p>These lines name nobody. They help whoever runs the sign-in service.</p>\
         <pre>{}</pre></details>",
        lines.join("\n")
    )
}

/// In the place of a page that needs somebody to be signed in, while nobody can be. It carries no
/// reference: nothing is wrong with this request.
pub(super) fn not_ready() -> HttpResponse {
    let trouble = Trouble::NotReady;
    let body = format!("<p>{}</p>", trouble.advice());
    let mut response = Page::new(trouble.status(), trouble.title(), body).into_response();
    response.headers_mut().insert(RETRY_AFTER, NOT_READY_RETRY);
    response
}

/// The same for a script.
pub(super) fn not_ready_problem() -> HttpResponse {
    let mut response = problem(Trouble::NotReady.status(), Trouble::NotReady.title(), &[]);
    response.headers_mut().insert(RETRY_AFTER, NOT_READY_RETRY);
    response
}

/// The way to another identity provider, for whoever is taken to the wrong one.
fn link_to_chooser(url: Option<&str>) -> String {
    url.map_or_else(String::new, |url| {
        format!("<p><a href=\"{}\">Sign in with another account</a></p>", escape_html(url))
    })
}

/// The page that posts a request to the identity provider by itself.
pub(super) fn post_request(action: &Url, saml_request: &str, relay_state: &str) -> HttpResponse {
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

/// The answer to a script (RFC 9457). `more` are members of its own.
pub(super) fn problem(status: StatusCode, title: &str, more: &[(&str, &str)]) -> HttpResponse {
    problem_with(status, title, more.iter().map(|(name, value)| (*name, (*value).into())))
}

fn problem_with<'m>(
    status: StatusCode,
    title: &str,
    more: impl IntoIterator<Item = (&'m str, serde_json::Value)>,
) -> HttpResponse {
    let mut problem = serde_json::Map::new();
    problem.insert("type".to_owned(), "about:blank".into());
    problem.insert("title".to_owned(), title.into());
    problem.insert("status".to_owned(), status.as_u16().into());
    problem.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    HttpResponseBuilder::new(status)
        .content_type("application/problem+json")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(serde_json::Value::Object(problem).to_string())
}

/// An identity provider on the page where people choose.
pub(super) struct Choice<'c> {
    pub(super) label: Cow<'c, str>,
    pub(super) href: String,
    /// Whether somebody signed in there with this browser before.
    pub(super) is_remembered: bool,
}

/// The page on which a person chooses where to sign in. `is_whole` unless there are others that
/// nobody can choose now.
pub(super) fn choose_idp<'c>(
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
pub(super) fn session_ended(login_url: &str) -> HttpResponse {
    let body = format!(
        "<p>You are not signed in, or your session has ended. What you sent was not used.</p>\
         <p><a class=\"button\" href=\"{}\">Sign in</a></p>",
        escape_html(login_url)
    );
    Page::new(StatusCode::UNAUTHORIZED, "Please sign in", body).into_response()
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
pub(super) fn break_out(login_url: &str, login_path: Option<&str>, was_sent: bool) -> HttpResponse {
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

/// In the place of the way to the sign-in, for a browser that follows it ahead of its user. Browsers
/// do not keep an answer of this kind, and ask again when the user does.
pub(super) fn nothing_ahead() -> HttpResponse {
    problem(StatusCode::SERVICE_UNAVAILABLE, "Sign-in begins when somebody is there", &[])
}

/// In the place of a page of somebody whose session is locked.
pub(super) fn locked(name: &str, login_url: &str, was_sent: bool) -> HttpResponse {
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

/// The same for a script.
pub(super) fn locked_problem(login_url: &str) -> HttpResponse {
    let more = [("login_url", login_url.into()), ("locked", true.into())];
    problem_with(StatusCode::UNAUTHORIZED, "The session is locked", more)
}

/// Somebody has signed in who is not the person whose session is locked. Neither gets in.
pub(super) fn locked_by_other(
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
pub(super) fn handover(opened_by: &str, name: &str, page: &str) -> HttpResponse {
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
pub(super) fn not_your_page(name: &str) -> HttpResponse {
    let body = format!(
        "<p>The page that you come from was opened by somebody else. You are signed in as \
         <strong>{name}</strong>. What you sent was not used.</p>\
         <p><a class=\"button\" href=\"/\">Go to the start page</a></p>"
    );
    Page::new(StatusCode::CONFLICT, "Somebody else was here", body).into_response()
}

/// The same for a script.
pub(super) fn other_person_problem() -> HttpResponse {
    problem(StatusCode::CONFLICT, "Somebody else has signed in", &[("code", "other_person")])
}

/// The question before signing out.
pub(super) fn ask_logout(action: &str) -> HttpResponse {
    let body = format!(
        "<form method=\"post\" action=\"{}\"><p>Do you want to sign out of this service?</p>\
         <p><button type=\"submit\">Sign out</button></p></form>",
        escape_html(action)
    );
    Page::new(StatusCode::OK, "Sign out", body).into_response()
}

/// Where somebody is signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignedOut {
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
pub(super) fn signed_out(
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
pub(super) fn go_on_to_logout(url: &Url) -> HttpResponse {
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
pub(super) fn post_logout(
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
