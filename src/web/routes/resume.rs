//! The form that was kept, for whoever has sent it.
//!
//! The page is shown as often as its person looks. What is on it is sent by a click, by way of this
//! address: it is taken out here, and the browser then posts the same fields to where they belong.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use super::acs::read_body;
use crate::web::client::Client;
use crate::web::kept_form::{self, Taken};
use crate::web::pages;
use crate::web::saml::Shared;
use crate::web::session::signed_in;
use crate::web::unauthenticated::store_unavailable;

/// What was kept, written by a browser: each byte may have become three.
const MAX_BODY: usize = 128 * 1024;

/// Shows that there is a form, and sends it by a click.
pub(super) async fn show(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    // Nobody sees it where a browser only looks ahead.
    if Client::of(&request) != Client::Visit {
        return pages::nothing_ahead();
    }
    let known = match signed_in(&request, &shared).await {
        Ok(known) => known,
        Err(error) => return store_unavailable(&request, &shared, &error),
    };
    let Some(known) = known else { return go_to(&shared.resume_url(None)) };
    let Some(person) = known.person() else { return go_to("/") };
    match kept_form::look(&shared, &person).await {
        Ok(Some(form)) => {
            let lifetime = shared.settings.pending_lifetime;
            shared.pages.resume(&form, lifetime, &shared.paths.resume)
        }
        Ok(None) => go_to("/"),
        Err(error) => store_unavailable(&request, &shared, &error),
    }
}

/// What a button of the page is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Send,
    Drop,
}

impl Wish {
    /// The button that was pressed, and the id of the form. Pages of ours have it, and nobody else.
    fn read(query: &str) -> Option<(Self, String)> {
        let (name, id) = form_urlencoded::parse(query.as_bytes()).next()?;
        let wish = match &*name {
            pages::SEND => Self::Send,
            pages::DROP => Self::Drop,
            _ => return None,
        };
        Some((wish, id.into_owned()))
    }
}

/// Takes the form out, and has the browser post its fields to where they were sent first.
pub(super) async fn send(
    request: HttpRequest,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> HttpResponse {
    let wish = Wish::read(request.query_string()).filter(|_| is_from_here(&request));
    // Whoever comes without a wish is shown what there is.
    let Some((wish, id)) = wish else { return go_to(&shared.paths.resume) };
    // Before anything is used up, all of it has arrived.
    let body = match read_body(&request, payload, MAX_BODY).await {
        Ok(body) => body,
        Err(reason) => return reason.asked_by(&request, &shared).into_response(&shared),
    };
    let known = match signed_in(&request, &shared).await {
        Ok(known) => known,
        Err(error) => return store_unavailable(&request, &shared, &error),
    };
    // It stays where it is until its person is back.
    let Some(known) = known else { return go_to(&shared.resume_url(None)) };
    let Some(person) = known.person() else { return go_to("/") };
    match (kept_form::take(&shared, &person, &id).await, wish) {
        (Ok(Taken::Now(form)), Wish::Send) => HttpResponse::TemporaryRedirect()
            .insert_header((LOCATION, form.action.as_str()))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        // Twice it is not sent, and what was filled in is not lost out of sight.
        (Ok(Taken::Before), Wish::Send) => shared.pages.sent_before(kept_form::fields_of(&body)),
        // Another one has taken its place.
        (Ok(Taken::Nothing), Wish::Send) => go_to(&shared.paths.resume),
        (Ok(_), Wish::Drop) => go_to("/"),
        (Err(error), _) => store_unavailable(&request, &shared, &error),
    }
}

/// No page of another origin presses a button of ours. Browsers that do not say where a form comes
/// from are not asked: the id says it, and the session cookie, which no other site's form brings.
fn is_from_here(request: &HttpRequest) -> bool {
    let site = request.headers().get("Sec-Fetch-Site").map(HeaderValue::as_bytes);
    let is_ours = matches!(site, None | Some(b"same-origin" | b"none"));
    is_ours && Client::of(request) == Client::Form
}

fn go_to(page: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, page))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}
