use actix_session::Session;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::audit::{AuditEvent, AuditStep, Outcome};
use crate::web::chooser;
use crate::web::pages;
use crate::web::person;
use crate::web::saml::Shared;
use crate::web::session::{self, signed_in};

/// Asks before signing out: a link from elsewhere must not do it.
pub(super) async fn ask(shared: web::Data<Shared>) -> HttpResponse {
    pages::ask_logout(&shared.paths.logout)
}

/// Ends the session here. A page of another site cannot cause it: the session cookie does not come
/// along with its POST. Nor can a page of a neighbour, at another host of the same site, in a
/// browser that tells where a request comes from: it is asked, as by a link.
pub(super) async fn end(
    request: HttpRequest,
    session: Session,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let origin = request.headers().get("Sec-Fetch-Site").map(HeaderValue::as_bytes);
    if !matches!(origin, None | Some(b"same-origin" | b"none")) {
        return ask(shared).await;
    }
    // Whoever signs out twice has signed out once.
    if let Ok(Some(principal)) = signed_in(&request, &shared).await {
        let (subject, mfa) = shared.subject(&principal);
        let event = AuditEvent {
            idp: Some(principal.issuer.clone()),
            subject,
            mfa,
            assertion_id: Some(principal.assertion_id.clone()),
            client_address: shared.client_address(&request),
            ..AuditEvent::new(shared.clock.now(), AuditStep::LogOut, Outcome::Done)
        };
        session::record(&request, &shared, event);
    }
    session.purge();
    let chooser = chooser::url(&shared, None);
    let mut response =
        pages::signed_out(&shared.paths.login, chooser.as_deref(), &shared.paths.forget);
    // A cookie that is removed has no value that a header could not hold.
    let _ = response.add_cookie(&person::forget(&shared));
    response
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
