//! The guard around a scope.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{Error, ResponseError};

use super::access::{self, Requirement};
use super::page_owner::refuse_other;
use super::saml::Shared;
use super::session::signed_in;
use super::unauthenticated::{Unauthenticated, store_unavailable};

/// Middleware that lets only people through who are signed in and fulfil a requirement, if there is
/// one. From [`Saml::require_login`](crate::Saml::require_login) and
/// [`Saml::require`](crate::Saml::require).
#[derive(Clone)]
pub struct Require {
    shared: Arc<Shared>,
    requirement: Option<Arc<Requirement>>,
}

impl std::fmt::Debug for Require {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Require").field(&self.requirement).finish()
    }
}

impl Require {
    pub(super) fn new(shared: Arc<Shared>, requirement: Option<Requirement>) -> Self {
        Self { shared, requirement: requirement.map(Arc::new) }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Require
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequireService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let Self { shared, requirement } = self.clone();
        ready(Ok(RequireService { service: Rc::new(service), shared, requirement }))
    }
}

#[doc(hidden)]
pub struct RequireService<S> {
    service: Rc<S>,
    shared: Arc<Shared>,
    requirement: Option<Arc<Requirement>>,
}

impl<S, B> Service<ServiceRequest> for RequireService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // A guard around everything must not keep people from signing in.
        let is_own = self.shared.paths.has(request.path());
        let service = Rc::clone(&self.service);
        let shared = Arc::clone(&self.shared);
        let requirement = self.requirement.clone();
        Box::pin(async move {
            if !is_own {
                let refused = match signed_in(request.request(), &shared).await {
                    Ok(Some(known)) => {
                        let request = request.request();
                        refuse_other(request, &shared, &known).or_else(|| {
                            access::refuse(request, &shared, &known, requirement.as_deref()?)
                        })
                    }
                    Ok(None) => Some({
                        #[cfg(feature = "coverage")]
                        super::coverage::note(request.request(), requirement.as_deref());
                        Unauthenticated::new(request.request(), &shared, shared.is_ready())
                            .error_response()
                    }),
                    Err(error) => Some(store_unavailable(request.request(), &shared, &error)),
                };
                // An answer, not an error: an error would lose the session cookie on its way out.
                if let Some(response) = refused {
                    return Ok(request.into_response(response).map_into_right_body());
                }
            }
            let mut response = service.call(request).await?;
            let headers = response.headers_mut();
            if !headers.contains_key(CACHE_CONTROL) {
                // The next person at a shared computer must not find it in the browser.
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
            Ok(response.map_into_left_body())
        })
    }
}
