//! What somebody gets who is not signed in.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERER, VARY};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use url::form_urlencoded::byte_serialize;

use super::client::{self, Client};
use super::kept_form::NotUsed;
use super::lock;
use super::page_owner::without_token;
use super::pages::{self, Pages, Trouble};
use super::refusal::Reason;
use super::saml::Shared;
use crate::sp::{ReturnTo, StoreError};

/// Nobody is signed in. As a response: 303 to the sign-in for a visit to a page, 401 as
/// `application/problem+json` for a script, and a page with a way out for what is shown within
/// another page; 503 while there is no metadata to sign in by.
#[derive(Clone)]
pub struct Unauthenticated {
    login_path: String,
    login_url: String,
    answer: Answer,
    /// Whose session is locked, by the name that is shown.
    locked: Option<String>,
    pages: Arc<Pages>,
}

impl PartialEq for Unauthenticated {
    /// By what is answered; how the pages look does not count.
    fn eq(&self, other: &Self) -> bool {
        let Self { login_path, login_url, answer, locked, pages: _ } = self;
        (login_path, login_url, answer, locked)
            == (&other.login_path, &other.login_url, &other.answer, &other.locked)
    }
}

impl Eq for Unauthenticated {}

impl std::fmt::Debug for Unauthenticated {
    // A name is personal data and stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unauthenticated").field("answer", &self.answer).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Redirect,
    Page,
    /// Within another page: for a visit, and for what was sent.
    Frame,
    SentInFrame,
    Problem,
    /// There is nobody to sign in with: for people, and for scripts.
    NotReadyPage,
    NotReadyProblem,
}

impl Unauthenticated {
    /// `is_ready` is whether a sign-in could begin now.
    pub(super) fn new(request: &HttpRequest, shared: &Shared, is_ready: bool) -> Self {
        #[cfg(feature = "coverage")]
        super::coverage::note(request, None);
        let client = Client::of(request);
        let answer = match client {
            _ if !is_ready && client.shows_pages() => Answer::NotReadyPage,
            _ if !is_ready => Answer::NotReadyProblem,
            Client::Visit => Answer::Redirect,
            Client::Form => Answer::Page,
            Client::Frame => Answer::Frame,
            Client::FormInFrame => Answer::SentInFrame,
            Client::Ahead | Client::Script => Answer::Problem,
        };
        let return_to = page_to_come_back_to(request, shared, client).filter(|_| is_ready);
        let login_path = &shared.paths.login;
        let login_url = return_to.map_or_else(
            || login_path.clone(),
            |target| {
                let encoded: String = byte_serialize(target.as_bytes()).collect();
                format!("{login_path}?return_to={encoded}")
            },
        );
        let locked = lock::owner(request, shared).map(|person| person.name);
        let pages = Arc::clone(&shared.pages);
        Self { login_path: login_path.clone(), login_url, answer, locked, pages }
    }
}

impl Unauthenticated {
    fn break_out(&self, was_sent: bool) -> HttpResponse {
        self.pages.break_out(&self.login_url, Some(&self.login_path), was_sent)
    }
}

/// The page that `client` is to see after a sign-in, as far as it can be told and remembered.
pub(super) fn page_to_come_back_to(
    request: &HttpRequest,
    shared: &Shared,
    client: Client,
) -> Option<String> {
    let page = match client {
        Client::Visit => request.uri().path_and_query().map(|t| without_token(t.as_str())),
        Client::Frame | Client::FormInFrame => {
            // What the top of the window shows is asked there. Where no scripts run, the page that
            // holds this one is the best guess.
            let base = shared.settings.base_url.as_str().trim_end_matches('/');
            let referer = request.headers().get(REFERER).and_then(|value| value.to_str().ok());
            referer.and_then(|referer| referer.strip_prefix(base)).map(without_token)
        }
        Client::Form | Client::Ahead | Client::Script => None,
    };
    // One that cannot be remembered need not be carried along.
    page.filter(|page| page.starts_with('/') && page.len() <= ReturnTo::MAX_BYTES)
}

/// The answer when it cannot be found out who is signed in.
pub(super) fn store_unavailable(
    request: &HttpRequest,
    shared: &Shared,
    error: &StoreError,
) -> HttpResponse {
    let reason = Reason::new("session_store", Trouble::Unavailable, error).untold();
    reason.into_answer(Client::of(request), shared)
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
            Answer::Redirect if self.locked.is_some() => StatusCode::UNAUTHORIZED,
            Answer::Redirect => StatusCode::SEE_OTHER,
            Answer::Page | Answer::Frame | Answer::SentInFrame | Answer::Problem => {
                StatusCode::UNAUTHORIZED
            }
            Answer::NotReadyPage | Answer::NotReadyProblem => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = match (self.answer, &self.locked) {
            (Answer::Redirect, Some(name)) => self.pages.locked(name, &self.login_url, false),
            (Answer::Page, Some(name)) => self.pages.locked(name, &self.login_url, true),
            (Answer::Problem, Some(_)) => pages::locked_problem(&self.login_url),
            (answer, _) => self.answer_nobody(answer),
        };
        response.headers_mut().insert(VARY, client::VARY);
        if self.answer == Answer::Page {
            response.extensions_mut().insert(NotUsed(None));
        }
        #[cfg(feature = "coverage")]
        super::coverage::mark(&mut response);
        response
    }
}

impl Unauthenticated {
    fn answer_nobody(&self, answer: Answer) -> HttpResponse {
        match answer {
            Answer::Redirect => HttpResponse::SeeOther()
                .insert_header((LOCATION, self.login_url.as_str()))
                .insert_header((CACHE_CONTROL, "no-store"))
                .finish(),
            Answer::Page => self.pages.session_ended(&self.login_url),
            Answer::Frame => self.break_out(false),
            Answer::SentInFrame => self.break_out(true),
            Answer::NotReadyPage => self.pages.not_ready(),
            Answer::NotReadyProblem => pages::not_ready_problem(),
            Answer::Problem => pages::problem(
                StatusCode::UNAUTHORIZED,
                "Sign-in needed",
                &[("login_url", &self.login_url)],
            ),
        }
    }
}
