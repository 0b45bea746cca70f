//! The middleware that gives every request its session.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_session::SessionMiddleware;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, HeaderValue, SET_COOKIE};
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError};

use super::audit::AuditEvent;
use super::client::Client;
use super::kept_form;
use super::pages::Trouble;
use super::refusal::Reason;
use super::saml::Shared;
use super::session::{HeldEvent, OwnSessions, known_by_then, was_for_person};
use super::session_store::StoreAdapter;

/// Middleware that gives every request its session. From `saml.sessions()`.
///
/// It is actix-session's with two things around it. When the store does not work, nobody is taken
/// for signed in or for signed out: the answer is 503 and says so. And what was made for somebody
/// who is signed in is not to be kept by browsers and proxies, unless the handler says otherwise.
#[derive(Clone)]
pub struct Sessions {
    middleware: SessionMiddleware<StoreAdapter>,
    shared: Arc<Shared>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    pub(super) fn new(middleware: SessionMiddleware<StoreAdapter>, shared: Arc<Shared>) -> Self {
        Self { middleware, shared }
    }
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;
type Within<S> =
    <SessionMiddleware<StoreAdapter> as Transform<Application<S>, ServiceRequest>>::Transform;

impl<S, B> Transform<S, ServiceRequest> for Sessions
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: actix_web::body::MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = SessionsService<Within<S>>;
    type InitError = ();
    type Future = BoxFuture<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let within = self.middleware.new_transform(Application { service: Rc::new(service) });
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { Ok(SessionsService { service: Rc::new(within.await?), shared }) })
    }
}

#[doc(hidden)]
pub struct SessionsService<S> {
    service: Rc<S>,
    shared: Arc<Shared>,
}

impl<S, B> Service<ServiceRequest> for SessionsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = BoxFuture<Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        keep_readable_cookies(&mut request);
        let renewed = renew_session_cookie(&mut request, &self.shared);
        let held = HeldEvent::default();
        request.extensions_mut().insert(OwnSessions(held.clone()));
        let service = Rc::clone(&self.service);
        let shared = Arc::clone(&self.shared);
        let client = Client::of(request.request());
        Box::pin(async move {
            let form = kept_form::read(&mut request, &shared).await?;
            match service.call(request).await {
                Ok(mut response) => {
                    if let Some(form) = form {
                        let known = known_by_then(response.request());
                        let kept = form.keep(&response, known.as_deref(), &shared).await;
                        if let Some(page) = kept {
                            return Err(instead(page, &response));
                        }
                    }
                    keep_private(&mut response);
                    if let Some(value) = renewed {
                        hand_out(&mut response, value, shared.session_cookie());
                    }
                    if let Some(event) = held.take() {
                        shared.audit.record(&event);
                    }
                    Ok(response)
                }
                Err(error) => Err(match error.as_error::<Passed>().and_then(Passed::take) {
                    Some(own) => own,
                    None => unavailable(error, client, &shared, held.take()),
                }),
            }
        })
    }
}

/// Another answer, with the cookies of the one that it takes the place of.
fn instead<B>(mut page: HttpResponse, response: &ServiceResponse<B>) -> Error {
    for cookie in response.headers().get_all(SET_COOKIE) {
        page.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    InternalError::from_response("the form is kept", page).into()
}

/// Drops cookies that are not UTF-8, each by itself: one of them, from a neighbouring host perhaps,
/// would otherwise hide all the others, ours included.
fn keep_readable_cookies(request: &mut ServiceRequest) {
    let headers = request.headers_mut();
    if headers.get_all(COOKIE).all(|header| std::str::from_utf8(header.as_bytes()).is_ok()) {
        return;
    }
    let readable: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .flat_map(|header| header.as_bytes().split(|b| *b == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| std::str::from_utf8(pair).is_ok())
        .collect();
    let joined = HeaderValue::from_bytes(&readable.join(&b"; "[..]));
    headers.remove(COOKIE);
    if let Ok(joined) = joined {
        headers.insert(COOKIE, joined);
    }
}

/// Lets the session middleware, which knows one key, open a cookie that an earlier key has sealed.
/// Returns the value of the cookie as that key has it, if there is such a cookie.
fn renew_session_cookie(request: &mut ServiceRequest, shared: &Shared) -> Option<String> {
    if !shared.cookie_keys.has_earlier() {
        return None;
    }
    // Read here and not by `HttpRequest::cookies`, which would keep what it has read.
    let name = shared.session_cookie();
    let mut renewed = None;
    let pairs: Vec<String> = request
        .headers()
        .get_all(COOKIE)
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .map(|pair| {
            let cookie = Cookie::parse_encoded(pair.trim()).ok().filter(|c| c.name() == name);
            match cookie.and_then(|cookie| shared.cookie_keys.renew(&cookie)) {
                Some(value) => {
                    let pair = Cookie::new(name, value.clone()).encoded().to_string();
                    renewed = Some(value);
                    pair
                }
                None => pair.trim().to_owned(),
            }
        })
        .collect();
    let renewed = renewed?;
    let joined = HeaderValue::from_str(&pairs.join("; ")).ok()?;
    request.headers_mut().insert(COOKIE, joined);
    Some(renewed)
}

/// Gives the browser of somebody who is signed in the cookie of the key that seals now, unless the
/// answer sets or removes that cookie anyway: so the earlier key is soon needed no more.
fn hand_out<B>(response: &mut ServiceResponse<B>, value: String, name: &'static str) {
    let is_same = |header: &HeaderValue| {
        header.as_bytes().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
    };
    if !was_for_person(response.request()) || response.headers().get_all(SET_COOKIE).any(is_same) {
        return;
    }
    let cookie = Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish();
    if let Ok(header) = HeaderValue::from_str(&cookie.encoded().to_string()) {
        response.headers_mut().append(SET_COOKIE, header);
    }
}

/// The next person at a shared computer must not find it in the browser.
fn keep_private<B>(response: &mut ServiceResponse<B>) {
    if was_for_person(response.request()) && !response.headers().contains_key(CACHE_CONTROL) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// An error of the session middleware itself: its store has failed.
fn unavailable(error: Error, client: Client, shared: &Shared, held: Option<AuditEvent>) -> Error {
    let reason = Reason::new("session_store", Trouble::Unavailable, &error);
    let reason = match held {
        Some(event) => reason.about(event),
        None => reason.untold(),
    };
    let response = reason.into_answer(client, shared);
    InternalError::from_response(error, response).into()
}

/// The application within the session middleware. It marks its errors, so that they are not taken
/// for those of the session middleware.
#[doc(hidden)]
pub struct Application<S> {
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for Application<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = BoxFuture<Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let service = Rc::clone(&self.service);
        Box::pin(async move {
            let answered = service.call(request).await;
            answered.map_err(|error| Passed(RefCell::new(Some(error))).into())
        })
    }
}

/// An error of the application on its way through the session middleware.
struct Passed(RefCell<Option<Error>>);

impl Passed {
    fn take(&self) -> Option<Error> {
        self.0.take()
    }
}

impl fmt::Debug for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passed")
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error of the application")
    }
}

impl ResponseError for Passed {}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn cookies(header: &[u8]) -> Vec<u8> {
        let value = HeaderValue::from_bytes(header).unwrap();
        let mut request = TestRequest::default().insert_header((COOKIE, value)).to_srv_request();
        keep_readable_cookies(&mut request);
        request.headers().get(COOKIE).unwrap().as_bytes().to_vec()
    }

    #[test]
    fn a_neighbours_cookie_does_not_hide_ours() {
        assert_eq!(cookies(b"lang=caf\xe9; saml-session=abc; x=1"), b"saml-session=abc; x=1");
        assert_eq!(cookies(b"a=1; b=\xc3\xa9"), b"a=1; b=\xc3\xa9", "control: nothing is changed");
    }
}
