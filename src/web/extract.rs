//! Handlers ask for the person by type. Without a person there is no handler.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::{Error, FromRequest, HttpRequest, web};

use super::known::Known;
use super::page_owner::refuse_other;
use super::saml::Shared;
use super::session::signed_in;
use super::unauthenticated::{Unauthenticated, store_unavailable};
use crate::nhsmail::Staff;
use crate::sp::Principal;

/// The error of an application that mounts extractors but not `saml.routes()`.
fn not_mounted() -> Error {
    tracing::error!("an extractor of actix-saml is used, but saml.routes() is not mounted");
    actix_web::error::ErrorInternalServerError("")
}

type Shares = web::Data<Shared>;

pub(super) async fn extract(request: &HttpRequest) -> Result<(Arc<Known>, Shares), Error> {
    let shared = request.app_data::<Shares>().cloned().ok_or_else(not_mounted)?;
    match signed_in(request, &shared).await {
        Ok(Some(known)) => match refuse_other(request, &shared, &known) {
            None => Ok((known, shared)),
            Some(response) => Err(InternalError::from_response("other_person", response).into()),
        },
        Ok(None) => Err(unauthenticated(request, &shared)),
        Err(error) => {
            let response = store_unavailable(request, &shared, &error);
            Err(InternalError::from_response(error, response).into())
        }
    }
}

/// Whom a test hands over, in an application without sign-in. Where `saml.routes()` is mounted,
/// nobody.
#[cfg(feature = "idp")]
fn handed(request: &HttpRequest) -> Option<Staff> {
    if request.app_data::<Shares>().is_some() {
        return None;
    }
    super::handed::handed(request)
}

#[cfg(not(feature = "idp"))]
fn handed(_: &HttpRequest) -> Option<Staff> {
    None
}

fn unauthenticated(request: &HttpRequest, shared: &Shared) -> Error {
    Unauthenticated::new(request, shared, shared.is_ready()).into()
}

impl FromRequest for Principal {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            if let Some(staff) = handed(&request) {
                return Ok(staff.principal().clone());
            }
            Ok(Principal::clone(&extract(&request).await?.0.principal))
        })
    }
}

impl FromRequest for Staff {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            if let Some(staff) = handed(&request) {
                return Ok(staff);
            }
            let (known, shared) = extract(&request).await?;
            // A sign-in without a key is refused when it arrives, see the ACS.
            known.staff.clone().map_err(|_| unauthenticated(&request, &shared))
        })
    }
}
