//! The demo application: a fictional ward rota. It shows how an application uses this crate, and
//! lets people see what an identity provider sends.

mod federation;
mod layout;
mod pages;

use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use chrono::TimeDelta;
use serde_json::json;

use crate::Saml;
use crate::nhsmail::Staff;
use crate::sp::Principal;
use crate::web::access::mfa;

/// The role that the admin page asks for.
pub const ADMIN_ROLE: &str = "RotaAdmin";

/// Mounts the demo application.
pub fn routes(saml: &Saml) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let guard = saml.require_login();
    let careful = saml.require(mfa().max_age(TimeDelta::minutes(15)));
    let saml = web::Data::new(saml.clone());
    move |config| {
        config
            .route("/", web::get().to(pages::home))
            .route("/rota", web::get().to(pages::rota))
            // Not everything that a signed-in person may see may be done on an old sign-in.
            .service(
                web::resource("/swap")
                    .wrap(careful)
                    .route(web::get().to(pages::swap))
                    .route(web::post().to(pages::offer)),
            )
            .route("/assertion", web::get().to(pages::assertion))
            .route("/api/shifts", web::get().to(shifts))
            .route("/whoami", web::get().to(whoami))
            // The same rule for a whole scope, without a handler that asks for anybody.
            .service(
                web::scope("/admin")
                    .wrap(guard)
                    .route("", web::get().to(pages::admin))
                    .route("/federation", web::get().to(federation::page))
                    .route("/federation.json", web::get().to(federation::json)),
            )
            .route("/health/live", web::get().to(HttpResponse::Ok))
            .route("/health/ready", web::get().to(federation::ready))
            .app_data(saml);
    }
}

/// What is open to anybody, on purpose.
pub const PUBLIC: [&str; 4] = ["/", "/whoami", "/health/live", "/health/ready"];

/// Shifts as JSON: what a page would fetch.
async fn shifts(staff: Staff) -> impl Responder {
    let shifts: Vec<_> = pages::SHIFTS
        .iter()
        .map(|(day, ward, hours)| json!({ "day": day, "ward": ward, "hours": hours }))
        .collect();
    web::Json(json!({ "for": staff.display_name(), "shifts": shifts }))
}

/// The session's Principal, for tests and for the curious. No live application should have this.
async fn whoami(principal: Option<Principal>) -> HttpResponse {
    match principal {
        Some(principal) => {
            HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(principal)
        }
        None => HttpResponse::build(StatusCode::UNAUTHORIZED)
            .content_type("application/problem+json")
            .insert_header(("Cache-Control", "no-store"))
            .body(
                json!({ "type": "about:blank", "title": "Nobody is signed in", "status": 401 })
                    .to_string(),
            ),
    }
}
