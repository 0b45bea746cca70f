//! What somebody gets who is not signed in.

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use url::form_urlencoded::byte_serialize;

use super::pages::{self, Trouble};
use super::refusal::Reason;
use super::saml::Shared;
use crate::sp::{ReturnTo, StoreError};

/// Nobody is signed in. As a response: 303 to the sign-in for a visit to a page, 401 as
/// `application/problem+json` for a script; 503 while there is no metadata to sign in by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unauthenticated {
    login_url: String,
    answer: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Redirect,
    Page,
    Problem,
    /// There is nobody to sign in with: for people, and for scripts.
    NotReadyPage,
    NotReadyProblem,
}

impl Unauthenticated {
    /// `is_ready` is whether a sign-in could begin now.
    pub(super) fn new(request: &HttpRequest, login_path: &str, is_ready: bool) -> Self {
        let answer = match choose_answer(request) {
            answer if is_ready => answer,
            Answer::Problem => Answer::NotReadyProblem,
            _ => Answer::NotReadyPage,
        };
        let target = request.uri().path_and_query().map_or("/", |p| p.as_str());
        // A page that cannot be remembered need not be carried along.
        let is_kept = target.len() <= ReturnTo::MAX_BYTES;
        let login_url = if matches!(answer, Answer::Redirect) && is_kept {
            let encoded: String = byte_serialize(target.as_bytes()).collect();
            format!("{login_path}?return_to={encoded}")
        } else {
            login_path.to_owned()
        };
        Self { login_url, answer }
    }
}

/// A visit follows a redirect; a script would follow it to a page that it cannot use.
fn choose_answer(request: &HttpRequest) -> Answer {
    if is_script(request) {
        Answer::Problem
    } else if request.method() == Method::GET {
        Answer::Redirect
    } else if accepts(request, "text/html") {
        Answer::Page
    } else {
        Answer::Problem
    }
}

fn accepts(request: &HttpRequest, media: &str) -> bool {
    let lists = request.headers().get_all(ACCEPT).filter_map(|v| v.to_str().ok());
    lists.into_iter().any(|list| list.contains(media))
}

/// The answer when it cannot be found out who is signed in.
pub(super) fn store_unavailable(
    request: &HttpRequest,
    shared: &Shared,
    error: &StoreError,
) -> HttpResponse {
    let reason = Reason::new("session_store", Trouble::Unavailable, error).untold();
    if is_script(request) { reason.into_problem(shared) } else { reason.into_response(shared) }
}

/// Whether something else asks than a person who visits a page.
pub(super) fn is_script(request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    // Browsers inside other applications put a name of their own into X-Requested-With.
    header("X-Requested-With") == Some("XMLHttpRequest")
        || header("Upgrade").is_some()
        || header("Sec-Fetch-Mode").is_some_and(|mode| mode != "navigate")
        || header("Sec-Fetch-Dest").is_some_and(|dest| dest != "document")
        || (!accepts(request, "text/html")
            && (accepts(request, "json") || accepts(request, "text/event-stream")))
}

impl std::fmt::Display for Unauthenticated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody is signed in")
    }
}

impl std::error::Error for Unauthenticated {}

impl ResponseError for Unauthenticated {
    fn status_code(&self) -> StatusCode {
        match self.answer {
            Answer::Redirect => StatusCode::SEE_OTHER,
            Answer::Page | Answer::Problem => StatusCode::UNAUTHORIZED,
            Answer::NotReadyPage | Answer::NotReadyProblem => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self.answer {
            Answer::Redirect => HttpResponse::SeeOther()
                .insert_header((LOCATION, self.login_url.as_str()))
                .insert_header((CACHE_CONTROL, "no-store"))
                .finish(),
            Answer::Page => pages::session_ended(&self.login_url),
            Answer::NotReadyPage => pages::not_ready(),
            Answer::NotReadyProblem => pages::not_ready_problem(),
            Answer::Problem => pages::problem(
                StatusCode::UNAUTHORIZED,
                "Sign-in needed",
                &[("login_url", &self.login_url)],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn answer(method: Method, headers: &[(&str, &str)]) -> Answer {
        let mut request = TestRequest::default().method(method);
        for header in headers {
            request = request.insert_header(*header);
        }
        choose_answer(&request.to_http_request())
    }

    #[test]
    fn visits_are_redirected_and_scripts_are_told() {
        let html = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        let any = ("Accept", "*/*");
        for (method, headers, expected) in [
            (Method::GET, vec![html], Answer::Redirect),
            (Method::GET, vec![], Answer::Redirect),
            (Method::GET, vec![any], Answer::Redirect),
            (
                Method::GET,
                vec![html, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")],
                Answer::Redirect,
            ),
            (
                Method::GET,
                vec![any, ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")],
                Answer::Problem,
            ),
            (
                Method::GET,
                vec![html, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")],
                Answer::Problem,
            ),
            (Method::GET, vec![("Accept", "application/json")], Answer::Problem),
            (Method::GET, vec![any, ("X-Requested-With", "XMLHttpRequest")], Answer::Problem),
            (Method::GET, vec![html, ("X-Requested-With", "com.example.app")], Answer::Redirect),
            (Method::GET, vec![any, ("Upgrade", "websocket")], Answer::Problem),
            (Method::POST, vec![html], Answer::Page),
            (Method::POST, vec![any], Answer::Problem),
            (Method::HEAD, vec![], Answer::Problem),
        ] {
            assert_eq!(answer(method.clone(), &headers), expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn the_page_asked_for_is_kept() {
        let request = TestRequest::with_uri("/rota?day=1&who=a%26b").to_http_request();
        let unauthenticated = Unauthenticated::new(&request, "/saml/login", true);
        let response = unauthenticated.error_response();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(
            response.headers().get(LOCATION).unwrap(),
            "/saml/login?return_to=%2Frota%3Fday%3D1%26who%3Da%2526b"
        );
    }
}
