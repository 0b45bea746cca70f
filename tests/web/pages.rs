//! The pages of the application under test.

use actix_session::{Session, SessionExt as _};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::middleware::Next;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse, Responder};
use chrono::TimeDelta;

use actix_saml::Saml;
use actix_saml::access::{attribute, max_age, mfa, one_of, organisation, role, when};
use actix_saml::nhsmail::Staff;
use actix_saml::sp::Principal;
use actix_saml::web::PageOwner;

const DEPARTMENT: &str = "urn:test:department";

pub fn routes(saml: &Saml) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let guard = saml.require_login();
    let admins = saml.require(role("RotaAdmin"));
    let here = saml.require(organisation("Z99003").or(attribute(DEPARTMENT, one_of(["Wards"]))));
    let factor = saml.require(mfa());
    let fresh = saml.require(max_age(TimeDelta::minutes(15)));
    let careful = saml.require(role("RotaAdmin").and(mfa()).max_age(TimeDelta::minutes(15)));
    let on_ward = |_: &Staff, request: &HttpRequest| request.headers().contains_key("X-Ward");
    let ward = saml.require(mfa().or(when("ward network", on_ward)));
    move |config| {
        config
            .route("/", web::get().to(home))
            .route("/note", web::get().to(write_note))
            .route("/notes", web::get().to(read_note))
            .route("/renew", web::get().to(renew))
            .route("/purge", web::get().to(purge))
            .route("/whoami", web::get().to(whoami))
            .route("/key", web::get().to(key))
            .route("/echo", web::post().to(async |_: Staff, body: String| body))
            .route("/owner", web::get().to(owner))
            .service(
                web::scope("/admin")
                    .wrap(guard)
                    .route("", web::get().to(|| async { "admin" }))
                    .route("", web::post().to(|| async { "changed" }))
                    .route("/cached", web::get().to(cached))
                    .route("/deeper/{page}", web::get().to(|| async { "deeper" })),
            )
            .service(
                web::scope("/roster")
                    .wrap(admins)
                    .route("", web::get().to(|| async { "roster" }))
                    .route("/fresh", web::get().to(|| async { "both" }).wrap(fresh.clone())),
            )
            .service(web::resource("/here").wrap(here).to(|| async { "here" }))
            .service(
                web::resource("/factor-and-fresh")
                    .wrap(fresh.clone())
                    .wrap(factor.clone())
                    .to(|| async { "both" }),
            )
            .service(web::resource("/factor").wrap(factor).to(|| async { "factor" }))
            .service(web::resource("/fresh").wrap(fresh).to(|| async { "fresh" }))
            .service(web::resource("/careful").wrap(careful).to(|| async { "careful" }))
            .service(web::resource("/ward").wrap(ward).to(|| async { "ward" }))
            .route("/{page:rota.*}", web::route().to(rota));
    }
}

/// Looks who is there before every handler, as an application's own log does.
pub async fn look_first(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    request.extract::<Option<Staff>>().await?;
    if request.headers().contains_key("X-Purge") {
        request.get_session().purge();
    }
    if request.path() == "/broken-middleware" {
        let response = HttpResponse::ImATeapot().body("short and stout");
        return Err(InternalError::from_response("broken", response).into());
    }
    next.call(request).await
}

/// Public.
async fn home(staff: Option<Staff>) -> String {
    format!("Hello {}", staff.as_ref().map_or("nobody", Staff::display_name))
}

/// For staff.
async fn rota(staff: Staff) -> String {
    format!("Rota of {}", staff.display_name())
}

async fn whoami(principal: Principal) -> impl Responder {
    web::Json(principal)
}

/// Under what the person is filed, and was before.
async fn key(staff: Staff) -> impl Responder {
    web::Json((staff.key().clone(), staff.earlier_key().cloned()))
}

/// What a page of the person says of itself.
async fn owner(owner: PageOwner) -> String {
    owner.query()
}

async fn cached() -> impl Responder {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, max-age=60")).body("logo")
}

/// The application's own use of the session, before and after a sign-in.
async fn write_note(session: Session) -> impl Responder {
    session.insert("note", "mine").unwrap();
    "written"
}

async fn read_note(session: Session) -> String {
    session.get::<String>("note").unwrap().unwrap_or_default()
}

async fn renew(session: Session) -> &'static str {
    session.renew();
    "renewed"
}

async fn purge(session: Session) -> &'static str {
    session.purge();
    "purged"
}
