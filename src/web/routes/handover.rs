use actix_session::Session;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::handover::{HANDOVER, Handover};
use crate::web::saml::Shared;
use crate::web::session::signed_in;
use crate::web::unauthenticated::store_unavailable;

/// Says that a page was opened by somebody else than has signed in now, and asks where to go.
pub(super) async fn show(
    request: HttpRequest,
    session: Session,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let known = match signed_in(&request, &shared).await {
        Ok(known) => known,
        Err(error) => return store_unavailable(&request, &shared, &error),
    };
    let person = known.and_then(|known| known.person());
    let handover = session.get::<Handover>(HANDOVER).ok().flatten();
    match person.zip(handover) {
        Some((person, handover)) => {
            shared.pages.handover(&handover.opened_by, &person.name, handover.page.as_str())
        }
        None => HttpResponse::SeeOther()
            .insert_header((LOCATION, "/"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
    }
}
