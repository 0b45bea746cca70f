//! The form that was kept, for whoever has sent it.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::client::Client;
use crate::web::kept_form;
use crate::web::pages;
use crate::web::saml::Shared;
use crate::web::session::signed_in;
use crate::web::unauthenticated::store_unavailable;

/// Shows that there is a form, and sends it by a click.
pub(super) async fn show(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    // Nothing is taken out for a browser that only looks ahead.
    if Client::of(&request) != Client::Visit {
        return pages::nothing_ahead();
    }
    let known = match signed_in(&request, &shared).await {
        Ok(known) => known,
        Err(error) => return store_unavailable(&request, &shared, &error),
    };
    let Some(known) = known else { return go_to(&shared.resume_url(None)) };
    let Some(person) = known.person() else { return go_to("/") };
    match kept_form::take(&shared, &person).await {
        Ok(Some(form)) => shared.pages.resume(&form),
        Ok(None) => go_to("/"),
        Err(error) => store_unavailable(&request, &shared, &error),
    }
}

fn go_to(page: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, page))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}
