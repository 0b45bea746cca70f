//! The answers to scripts (RFC 9457). They are in English: programs read them.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::trouble::{NOT_READY_RETRY, Trouble};

/// The answer to a script. `more` are members of its own.
pub(in crate::web) fn problem(
    status: StatusCode,
    title: &str,
    more: &[(&str, &str)],
) -> HttpResponse {
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

/// There is nobody to sign in with.
pub(in crate::web) fn not_ready_problem() -> HttpResponse {
    let mut response = problem(Trouble::NotReady.status(), Trouble::NotReady.title(), &[]);
    response.headers_mut().insert(RETRY_AFTER, NOT_READY_RETRY);
    response
}

/// In the place of the way to the sign-in, for a browser that follows it ahead of its user. Browsers
/// do not keep an answer of this kind, and ask again when the user does.
pub(in crate::web) fn nothing_ahead() -> HttpResponse {
    problem(StatusCode::SERVICE_UNAVAILABLE, "Sign-in begins when somebody is there", &[])
}

/// In the place of what somebody would get whose session is locked.
pub(in crate::web) fn locked_problem(login_url: &str) -> HttpResponse {
    let more = [("login_url", login_url.into()), ("locked", true.into())];
    problem_with(StatusCode::UNAUTHORIZED, "The session is locked", more)
}

/// What was sent comes from a page of somebody else.
pub(in crate::web) fn other_person_problem() -> HttpResponse {
    problem(StatusCode::CONFLICT, "Somebody else has signed in", &[("code", "other_person")])
}
