//! The addresses.

mod acs;
mod handover;
mod judge;
mod login;
mod logout;
mod metadata;
mod resume;
mod slo;
mod unsolicited;

use actix_web::http::header::ALLOW;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, http::header::HeaderValue};

use super::chooser;
use super::pages::{AfterSignOut, SignedOut, Trouble};
use super::refusal::Reason;
use super::saml::Shared;

pub(super) fn mount(config: &mut ServiceConfig, data: web::Data<Shared>) {
    let paths = &data.paths;
    config
        .service(
            web::resource(paths.metadata.as_str())
                .route(web::get().to(metadata::show))
                .route(web::head().to(metadata::show))
                .default_service(web::to(|shared| wrong_method(shared, "GET, HEAD"))),
        )
        .service(
            web::resource(paths.login.as_str())
                .route(web::get().to(login::start))
                .default_service(web::to(|shared| wrong_method(shared, "GET"))),
        )
        .service(
            web::resource(paths.acs.as_str())
                .route(web::post().to(acs::receive))
                .route(web::get().to(acs::visited))
                .default_service(web::to(|shared| wrong_method(shared, "POST"))),
        )
        .service(
            web::resource(paths.logout.as_str())
                .route(web::get().to(logout::ask))
                .route(web::post().to(logout::end))
                .default_service(web::to(|shared| wrong_method(shared, "GET, POST"))),
        )
        .service(
            web::resource(paths.slo.as_str())
                .route(web::get().to(slo::by_redirect))
                .route(web::post().to(slo::by_post))
                .default_service(web::to(|shared| wrong_method(shared, "GET, POST"))),
        )
        .service(
            web::resource(paths.forget.as_str())
                .route(web::get().to(logout::forget))
                .default_service(web::to(|shared| wrong_method(shared, "GET"))),
        )
        .service(
            web::resource(paths.handover.as_str())
                .route(web::get().to(handover::show))
                .default_service(web::to(|shared| wrong_method(shared, "GET"))),
        )
        .service(
            web::resource(paths.resume.as_str())
                .route(web::get().to(resume::show))
                .route(web::post().to(resume::send))
                .default_service(web::to(|shared| wrong_method(shared, "GET, POST"))),
        )
        .app_data(data.clone());
}

async fn wrong_method(shared: web::Data<Shared>, allow: &'static str) -> HttpResponse {
    let reason = Reason::new("method", Trouble::WrongMethod, format!("allowed: {allow}"));
    let mut response = reason.into_response(&shared);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// The page after signing out. One image is asked for from an address of our own:
/// [`logout::forget`].
fn signed_out(shared: &Shared, extent: SignedOut, reference: Option<&str>) -> HttpResponse {
    let chooser_url = chooser::url(shared, None);
    let after = AfterSignOut {
        login_url: &shared.paths.login,
        chooser_url: chooser_url.as_deref(),
        forget_url: &shared.paths.forget,
        reference,
    };
    shared.pages.signed_out(extent, &after)
}
