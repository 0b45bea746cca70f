//! Log-out over HTTP.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::app::{IdpApp, refuse};
use super::form::{Form, is_of_own_page};
use super::html::{Behaviour, escape, page};
use super::issue::IssueError;
use super::logout::{LogoutBinding, OutgoingLogout, SignOut};
use super::pages;
use super::personality::Personality;
use super::received::Received;
use super::refusal::Refusal;
use super::remembered;
use crate::saml::names::PROTOCOL;
use crate::xml::{Document, Limits};

/// Where the front page's button goes.
pub(super) const PATH: &str = "/sign-out";

/// Answers a query that carries a log-out message; `None` when it carries something else.
pub(super) fn receive_query(app: &IdpApp, query: &str) -> Option<HttpResponse> {
    let has = |name| form_urlencoded::parse(query.as_bytes()).any(|(n, _)| n == name);
    if has("SAMLResponse") && !has("SAMLRequest") {
        return Some(receive_response(app, Received::from_response_query(query)));
    }
    let received = Received::from_query(query).ok().filter(is_request)?;
    Some(receive_request(app, &received, LogoutBinding::Redirect))
}

/// The same for a form.
pub(super) fn receive_form(app: &IdpApp, form: &Form) -> Option<HttpResponse> {
    let relay_state = form.relay_state.as_deref();
    match (&form.saml_request, &form.saml_response) {
        (Some(request), None) => {
            let received = Received::from_form(request, relay_state).ok().filter(is_request)?;
            Some(receive_request(app, &received, LogoutBinding::Post))
        }
        (None, Some(response)) => {
            Some(receive_response(app, Received::from_form(response, relay_state)))
        }
        _ => None,
    }
}

fn is_request(received: &Received) -> bool {
    Document::parse(&received.xml, &Limits::MESSAGE)
        .is_ok_and(|document| document.root().is(PROTOCOL, "LogoutRequest"))
}

fn receive_request(app: &IdpApp, received: &Received, binding: LogoutBinding) -> HttpResponse {
    let idp = app.idp();
    let mut sign_out = match idp.receive_logout(received) {
        Ok(sign_out) => sign_out,
        Err(refusal) => return refuse(app, &refusal),
    };
    sign_out.is_participant &= end(app, &sign_out);
    tracing::info!(
        relying_party = sign_out.relying_party,
        known = sign_out.is_participant,
        "log-out asked for"
    );
    let other = match binding {
        LogoutBinding::Redirect => LogoutBinding::Post,
        LogoutBinding::Post => LogoutBinding::Redirect,
    };
    let answer = match idp.answer_logout(&sign_out, binding, app.now()) {
        Err(IssueError::NoLogoutService) => idp.answer_logout(&sign_out, other, app.now()),
        answer => answer,
    };
    let mut response = send(answer);
    if idp.remembers
        && let Err(error) = response.add_cookie(&remembered::removal())
    {
        return pages::fault(&error.to_string());
    }
    response
}

/// Forgets the session; whether it was there. Entra does not consider the name.
fn end(app: &IdpApp, sign_out: &SignOut) -> bool {
    let takes_any_name = app.idp().personality == Personality::Entra;
    app.with_sessions(|sessions| {
        let before = sessions.len();
        sessions.retain(|session| {
            session.session_index != sign_out.session_index
                || (session.name_id != sign_out.name_id && !takes_any_name)
                || session.relying_party != sign_out.relying_party
        });
        sessions.len() < before
    })
}

fn receive_response(app: &IdpApp, received: Result<Received, Refusal>) -> HttpResponse {
    match received.and_then(|received| app.idp().receive_logout_response(&received)) {
        Ok(answered) => {
            tracing::info!(
                relying_party = answered.relying_party,
                success = answered.is_success,
                "log-out answered"
            );
            pages::signed_out(&answered)
        }
        Err(refusal) => refuse(app, &refusal),
    }
}

/// Asks an application to end a session: the button on the front page, and no page of another site.
pub(super) async fn ask(request: HttpRequest, app: Data<IdpApp>, body: Bytes) -> HttpResponse {
    let idp = app.idp();
    if !is_of_own_page(&request, idp.base_url()) {
        let address = escape(idp.base_url());
        let body = format!(
            "<div class=\"fault\"><p>Nobody was signed out.</p></div>\
             <p>Sign-out begins by the buttons of one page only: \
             <a href=\"{address}/\">{address}/</a>. Open it by exactly this address.</p>"
        );
        return page(StatusCode::FORBIDDEN, "The session goes on", &body, Behaviour::Waits);
    }
    let field = |name: &str| {
        form_urlencoded::parse(&body).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
    };
    let binding = match field("binding").as_deref() {
        Some("post") => LogoutBinding::Post,
        _ => LogoutBinding::Redirect,
    };
    let index = field("session").unwrap_or_default();
    let is_misnamed = app.direct(|stage| {
        let at = stage.misnamed.iter().position(|misnamed| *misnamed == index);
        at.map(|at| stage.misnamed.remove(at)).is_some()
    });
    let names_other = is_misnamed || field("other_session").is_some();
    let taken = app.with_sessions(|sessions| {
        let at = sessions.iter().position(|session| session.session_index == index)?;
        if names_other { sessions.get(at).cloned() } else { Some(sessions.remove(at)) }
    });
    let Some(mut session) = taken else {
        return pages::fault("that session has ended already");
    };
    if names_other {
        match app.idp().ids.pair() {
            Ok(ids) => session.session_index = ids.assertion,
            Err(error) => return pages::fault(&error.to_string()),
        }
    }
    send(app.idp().request_logout(&session, None, binding, app.now()))
}

fn send(message: Result<OutgoingLogout, IssueError>) -> HttpResponse {
    match message {
        Ok(OutgoingLogout::Redirect { url, .. }) => HttpResponse::SeeOther()
            .insert_header((LOCATION, url))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        Ok(OutgoingLogout::Post { form, .. }) => pages::post_logout(&form),
        Err(error) => pages::fault(&error.to_string()),
    }
}
