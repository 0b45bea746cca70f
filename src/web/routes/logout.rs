use actix_session::Session;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::signed_out;
use crate::crypto::random_bytes;
use crate::sp::{LogoutMessage, Principal, StartLogoutError, StartedLogout};
use crate::web::audit::{AuditEvent, AuditStep, Outcome};
use crate::web::pages::{SignedOut, Trouble};
use crate::web::pending_logout;
use crate::web::person;
use crate::web::refusal::Reason;
use crate::web::saml::Shared;
use crate::web::session;
use crate::web::trips;

/// Asks before signing out: a link from elsewhere must not do it.
pub(super) async fn ask(shared: web::Data<Shared>) -> HttpResponse {
    shared.pages.ask_logout(&shared.paths.logout)
}

/// Ends the session here, and then goes on to the identity provider if it takes part in that. A
/// page of another site cannot cause it: the session cookie does not come along with its POST. Nor
/// can a page of a neighbour, at another host of the same site, in a browser that tells where a
/// request comes from: it is asked, as by a link. Nor is anything sent out of a frame.
pub(super) async fn end(
    request: HttpRequest,
    session: Session,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let origin = request.headers().get("Sec-Fetch-Site").map(HeaderValue::as_bytes);
    let target = request.headers().get("Sec-Fetch-Dest").map(HeaderValue::as_bytes);
    let is_framed =
        matches!(target, Some(b"iframe" | b"frame" | b"fencedframe" | b"embed" | b"object"));
    if !matches!(origin, None | Some(b"same-origin" | b"none")) || is_framed {
        return ask(shared).await;
    }
    match sign_out(&request, &session, &shared).await {
        Ok(mut response) => {
            // A cookie that is removed has no value that a header could not hold.
            let _ = response.add_cookie(&person::forget(&shared));
            let _ = response.add_cookie(&trips::forget(&shared));
            response
        }
        Err(reason) => reason.asked_by(&request, &shared).into_response(&shared),
    }
}

async fn sign_out(
    request: &HttpRequest,
    session: &Session,
    shared: &Shared,
) -> Result<HttpResponse, Reason> {
    let here = || signed_out(shared, SignedOut::Here, None);
    let event = AuditEvent::new(shared.clock.now(), AuditStep::LogOut, Outcome::Done);
    let ended = session::sign_out(request, session, shared).await.map_err(|error| {
        Reason::new("session_store", Trouble::Unavailable, error).about(event.clone())
    })?;
    // Whoever signs out twice has signed out once.
    let Some(principal) = ended else { return Ok(here()) };
    let started = if is_navigation(request) { start(shared, &principal) } else { None };
    let request_id = started.as_ref().map(|started| started.pending.request_id.clone());
    let (issuer, assertion_id) = (principal.issuer.as_str(), &principal.assertion_id);
    tracing::info!(event = "signed_out", issuer, assertion_id, request_id);
    let (subject, mfa) = shared.subject(&principal);
    let event = AuditEvent {
        idp: Some(principal.issuer.clone()),
        subject,
        mfa,
        assertion_id: Some(principal.assertion_id.clone()),
        request_id,
        client_address: shared.client_address(request),
        ..event
    };
    session::record(request, shared, event);
    let Some(started) = started else { return Ok(here()) };
    let mut response = match &started.message {
        LogoutMessage::Redirect(url) => shared.pages.go_on_to_logout(url),
        LogoutMessage::Post { action, field, message, relay_state } => {
            shared.pages.post_logout(action, field.as_str(), message, relay_state.as_deref())
        }
    };
    let added = match pending_logout::seal(shared, &started.pending) {
        Ok(cookie) => response.add_cookie(&cookie).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match added {
        Ok(()) => Ok(response),
        Err(detail) => {
            tracing::error!(event = "logout_not_sent", detail = ?detail);
            Ok(here())
        }
    }
}

/// The request to the identity provider, if there is to be one. The person is signed out here by
/// then: whatever is wrong, they are told that, and the operator the rest.
fn start(shared: &Shared, principal: &Principal) -> Option<StartedLogout> {
    let now = shared.clock.now();
    let started =
        random_bytes().map_err(|error| error.to_string()).and_then(|entropy| {
            match shared.snapshot().sp.start_logout(principal, now, &entropy) {
                Ok(started) => Ok(Some(started)),
                Err(StartLogoutError::Local(why)) => {
                    tracing::debug!(event = "logout_stays_here", code = why.code());
                    Ok(None)
                }
                Err(error) => Err(error.to_string()),
            }
        });
    started.unwrap_or_else(|detail| {
        tracing::error!(event = "logout_not_sent", detail = ?detail);
        None
    })
}

/// Whether the browser itself goes where the answer sends it. A script would not get there.
fn is_navigation(request: &HttpRequest) -> bool {
    request.headers().get("Sec-Fetch-Mode").is_none_or(|mode| mode == "navigate")
}

/// Tells the browser to forget the pages that it keeps for its back button: at a shared computer
/// the next person must not see them. Chrome keeps even those that say `no-store`, and lets go of
/// them when the session cookie goes, but not of a page that a sign-in has led to. The header on
/// the page after signing out would come too early: the page before it is put away behind it. An
/// image in that page comes late enough, and needs no script.
pub(super) async fn forget(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response.insert_header((CACHE_CONTROL, "no-store"));
    // For our own page only: others could slow the application down with it.
    if request.headers().get("Sec-Fetch-Site").is_some_and(|site| site == "same-origin") {
        response.insert_header(("Clear-Site-Data", "\"cache\""));
    }
    response.finish()
}
