//! What went wrong, and the page that says so.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};

use super::link_to_chooser;
use super::problem::problem;
use crate::web::html::{Page, escape_html};

/// Metadata is asked for more often than that while there is none.
const NOT_READY_RETRY: HeaderValue = HeaderValue::from_static("30");

/// What went wrong, as far as it helps the person in front of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Trouble {
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
    /// The page is for others.
    Forbidden,
    /// The sign-in gives no evidence of a second factor, and was asked for it.
    MfaMissing,
    /// The sign-in is an old one, and a fresh one was asked for.
    NotFresh,
    /// What arrived is no log-out message.
    NotALogout,
    /// The log-out message was refused.
    LogoutRefused,
    /// This browser has no open log-out.
    NoPendingLogout,
}

impl Trouble {
    pub(in crate::web) fn status(self) -> StatusCode {
        match self {
            Self::NotAMessage | Self::NotALogout => StatusCode::BAD_REQUEST,
            Self::Refused
            | Self::IdpSaidNo
            | Self::NoPendingLogin
            | Self::Replayed
            | Self::Forbidden
            | Self::MfaMissing
            | Self::NotFresh
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

    pub(in crate::web) fn title(self) -> &'static str {
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
            Self::Forbidden => "You do not have access to this page",
            Self::MfaMissing => "This page needs a second factor",
            Self::NotFresh => "You were not asked to sign in again",
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
            Self::Forbidden => {
                "You are signed in, and this page is for others. If you need it for your work, ask \
                 your help desk and give them the reference."
            }
            Self::MfaMissing => {
                "This page is only for people who have signed in with a second factor, such as a \
                 code or an app. The sign-in service did not say that you have used one: on some \
                 hospital networks it does not ask for it. You are still signed in. Please try \
                 again, or ask your help desk and give them the reference."
            }
            Self::NotFresh => {
                "This page is only for people who have just proved who they are. The sign-in \
                 service signed you in without asking you again. Please try once more. If it \
                 happens again, ask your help desk and give them the reference."
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
pub(in crate::web) fn trouble(
    trouble: Trouble,
    reference: &str,
    login_url: &str,
    chooser_url: Option<&str>,
    facts: &[(&str, String)],
) -> HttpResponse {
    let (href, button) = match trouble {
        // Signing in again would lead here again.
        Trouble::Forbidden => ("/", "Go to the start page"),
        _ => (login_url, "Sign in again"),
    };
    let body = format!(
        "<p>{}</p><p><a class=\"button\" href=\"{}\">{button}</a></p>{}\
         <p class=\"reference\">Reference: <code>{}</code></p>{}",
        trouble.advice(),
        escape_html(href),
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
pub(in crate::web) fn not_ready() -> HttpResponse {
    let trouble = Trouble::NotReady;
    let body = format!("<p>{}</p>", trouble.advice());
    let mut response = Page::new(trouble.status(), trouble.title(), body).into_response();
    response.headers_mut().insert(RETRY_AFTER, NOT_READY_RETRY);
    response
}

/// The same for a script.
pub(in crate::web) fn not_ready_problem() -> HttpResponse {
    let mut response = problem(Trouble::NotReady.status(), Trouble::NotReady.title(), &[]);
    response.headers_mut().insert(RETRY_AFTER, NOT_READY_RETRY);
    response
}
