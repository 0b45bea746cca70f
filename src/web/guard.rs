//! The guard around a scope.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{Error, ResponseError};

use super::page_owner::refuse_other;
use super::saml::Shared;
use super::session::signed_in;
use super::unauthenticated::{Unauthenticated, store_unavailable};

/// Middleware that lets only people through who are signed in. From `saml.require_login()`.
#[derive(Clone)]
pub struct RequireLogin {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for RequireLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequireLogin")
    }
}

impl RequireLogin {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl<S, B> Transform<S, ServiceRequest> for RequireLogin
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequireLoginService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        ready(Ok(RequireLoginService { service: Rc::new(service), shared }))
    }
}

#[doc(hidden)]
pub struct RequireLoginService<S> {
    service: Rc<S>,
    shared: Arc<Shared>,
}

impl<S, B> Service<ServiceRequest> for RequireLoginService<S>
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
        Box::pin(async move {
            if !is_own {
                let refused = match signed_in(request.request(), &shared).await {
                    Ok(Some(principal)) => refuse_other(request.request(), &shared, &principal),
                    Ok(None) => Some(
                        Unauthenticated::new(request.request(), &shared, shared.is_ready())
                            .error_response(),
                    ),
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
