use actix_session::Session;
use actix_web::{HttpResponse, web};

use crate::web::pages;
use crate::web::saml::Shared;

/// Asks before signing out: a link from elsewhere must not do it.
pub(super) async fn ask(shared: web::Data<Shared>) -> HttpResponse {
    pages::ask_logout(&shared.paths.logout)
}

/// Ends the session here. A page of another site cannot cause it: the session cookie does not come
/// along with its POST.
pub(super) async fn end(session: Session, shared: web::Data<Shared>) -> HttpResponse {
    session.purge();
    pages::signed_out(&shared.paths.login)
}
