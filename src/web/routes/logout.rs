use actix_session::Session;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::pages;
use crate::web::saml::Shared;

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
    session.purge();
    pages::signed_out(&shared.paths.login)
}
