//! Handlers ask for the person by type. Without a person there is no handler.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest, web};

use super::saml::Shared;
use super::session::signed_in;
use super::unauthenticated::Unauthenticated;
use crate::nhsmail::Staff;
use crate::sp::Principal;

/// The error of an application that mounts extractors but not `saml.routes()`.
fn not_mounted() -> Error {
    tracing::error!("an extractor of actix-saml is used, but saml.routes() is not mounted");
    actix_web::error::ErrorInternalServerError("")
}

fn extract(request: &HttpRequest) -> Result<(Principal, &Shared), Error> {
    let shared = request.app_data::<web::Data<Shared>>().ok_or_else(not_mounted)?;
    match signed_in(request, shared) {
        Some(principal) => Ok((principal.as_ref().clone(), shared.get_ref())),
        None => Err(Unauthenticated::new(request, &shared.paths.login, shared.is_ready()).into()),
    }
}

impl FromRequest for Principal {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(extract(request).map(|(principal, _)| principal))
    }
}

impl FromRequest for Staff {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(extract(request).and_then(|(principal, shared)| {
            // A sign-in without a key is refused when it arrives, see the ACS.
            Staff::from_principal(principal, &shared.claims, &shared.subjects).map_err(|_| {
                Unauthenticated::new(request, &shared.paths.login, shared.is_ready()).into()
            })
        }))
    }
}
