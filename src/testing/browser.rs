use std::cell::RefCell;
use std::sync::Arc;

use actix_http::Request;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use actix_web::test::TestRequest;
use chrono::{DateTime, Utc};
use url::{Url, form_urlencoded};

use super::jar::{From as Origin, Jar};
use super::page::Page;
use super::stuck::{Answer, Stuck};
use super::who::Who;
use crate::idp::{FormPost, IssuedSession, Received, SignIn, TestIdp};
use crate::web::{Clock, SystemClock};

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// So many redirects browsers follow, more or less.
const MAX_REDIRECTS: usize = 20;

/// A browser in front of an application under test: it keeps cookies as browsers do, says what
/// browsers say of themselves, and runs no scripts.
///
/// The application is what [`actix_web::test::init_service`] makes. There is no network.
#[derive(Clone)]
pub struct Browser<'a, S> {
    app: &'a S,
    origin: Url,
    clock: Arc<dyn Clock>,
    jar: RefCell<Jar>,
    /// The last response that was brought.
    brought: RefCell<Option<String>>,
}

impl<S> std::fmt::Debug for Browser<'_, S> {
    // Cookies are secrets, also in tests.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").field("origin", &self.origin.as_str()).finish_non_exhaustive()
    }
}

impl<'a, S, B> Browser<'a, S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    /// A browser in which nobody is signed in. `origin` is the application's `base_url`: scheme,
    /// host and port.
    ///
    /// # Errors
    /// [`Stuck::Address`] when `origin` is none.
    pub fn new(app: &'a S, origin: &str) -> Result<Self, Stuck> {
        let refused = || Stuck::Address { found: origin.to_owned() };
        let url = Url::parse(origin).map_err(|_| refused())?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        if !is_web || url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refused());
        }
        let (jar, brought) = (RefCell::default(), RefCell::default());
        Ok(Self { app, origin: url, clock: Arc::new(SystemClock), jar, brought })
    }

    /// The same browser, and the identity provider with it, by another clock: the one that the
    /// application has. The machine's by default.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Types an address or follows a link of the application. A redirect is not followed.
    ///
    /// # Errors
    /// [`Stuck::Body`]
    pub async fn get(&self, path: &str) -> Result<Page, Stuck> {
        self.go(Origin::SameSite, path, self.navigation(Method::GET, path)).await
    }

    /// As [`Browser::get`], and follows redirects to other pages of the application.
    ///
    /// # Errors
    /// [`Stuck::Body`] and [`Stuck::RedirectsForEver`]
    pub async fn open(&self, path: &str) -> Result<Page, Stuck> {
        Ok(self.follow(path).await?.1)
    }

    /// Sends a form of the application.
    ///
    /// # Errors
    /// [`Stuck::Body`]
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Page, Stuck> {
        let request = self.form(path, fields).insert_header(("Sec-Fetch-Site", "same-origin"));
        self.go(Origin::SameSite, path, request).await
    }

    /// Sends a request of a script of the application: JSON, another method, headers of its own.
    /// Nothing but the cookies and `Host` is added.
    ///
    /// # Errors
    /// [`Stuck::Body`]
    pub async fn send(&self, request: TestRequest) -> Result<Page, Stuck> {
        let mut request = request.to_request();
        let path = request.path().to_owned();
        let headers = request.headers_mut();
        if let Ok(host) = self.host().parse() {
            headers.insert(HOST, host);
        }
        if let Some(cookies) = self.cookies(Origin::SameSite, &path)
            && let Ok(cookies) = cookies.parse()
        {
            headers.insert(COOKIE, cookies);
        }
        self.call(&path, request).await
    }

    /// Goes to `path` and on to the identity provider, as far as its sign-in page.
    ///
    /// # Errors
    /// [`Stuck::NoSignIn`] when the application does not send the browser there,
    /// [`Stuck::Refused`] when the identity provider does not take the request.
    pub async fn ask(&self, idp: &TestIdp, path: &str) -> Result<SignIn, Stuck> {
        let (path, page) = self.follow(path).await?;
        // Where there are several, a person would choose by a link.
        let choice: String =
            form_urlencoded::byte_serialize(idp.entity_id.as_str().as_bytes()).collect();
        let choice = page
            .text()
            .split("href=\"")
            .filter_map(|rest| rest.split_once('"'))
            .map(|(link, _)| link.replace("&amp;", "&"))
            .find(|link| link.starts_with('/') && link.contains(&format!("idp={choice}&")));
        let (path, page) = match choice {
            Some(link) => self.follow(&link).await?,
            None => (path, page),
        };
        let elsewhere = |found: &str| Stuck::Elsewhere {
            expected: idp.sign_in_url(),
            found: found.split('?').next().unwrap_or_default().to_owned(),
        };
        let received = match (page.location(), page.field("SAMLRequest")) {
            (Some(location), _) => {
                let (address, query) = location.split_once('?').unwrap_or((location, ""));
                if address != idp.sign_in_url() {
                    return Err(elsewhere(location));
                }
                Received::from_query(query)?
            }
            (None, Some(request)) => {
                let action = page.action().unwrap_or_default();
                if action != idp.sign_in_url() {
                    return Err(elsewhere(&action));
                }
                Received::from_form(&request, page.field("RelayState").as_deref())?
            }
            (None, None) => return Err(Stuck::NoSignIn { path, answer: Answer::of(&page) }),
        };
        Ok(idp.receive(&received)?)
    }

    /// Goes to `path`, signs in at the identity provider, and comes back to the page that the
    /// application then shows.
    ///
    /// # Errors
    /// [`Stuck::NotSignedIn`] when the application refuses, and all that [`Browser::ask`] has.
    pub async fn sign_in(
        &self,
        idp: &TestIdp,
        path: &str,
        who: impl Into<Who>,
    ) -> Result<Page, Stuck> {
        let request = self.ask(idp, path).await?;
        let answer = idp.response_to(&request).for_person(who).post_to(self).await?;
        match self.inside(&answer) {
            // A response that is taken is answered by a redirect to a page of the application.
            Some(landing) if answer.status().is_redirection() => self.open(&landing).await,
            _ => Err(Stuck::NotSignedIn(Answer::of(&answer))),
        }
    }

    /// The session that the last response which was brought here begins, by the names that log-out
    /// has for it: for [`TestIdp::sign_out`].
    ///
    /// # Errors
    /// [`Stuck::NoSession`] when none was brought, or when it names no session.
    pub fn session(&self) -> Result<IssuedSession, Stuck> {
        let brought = self.brought.borrow();
        brought.as_deref().and_then(IssuedSession::of_response).ok_or(Stuck::NoSession)
    }

    /// Brings a response of the identity provider, as its page does.
    pub(super) async fn bring(&self, form: &FormPost) -> Result<Page, Stuck> {
        let response = form.saml_response();
        let mut fields = vec![("SAMLResponse", response.as_str())];
        fields.extend(form.relay_state.as_deref().map(|relay_state| ("RelayState", relay_state)));
        let page = self.bring_form(&form.url, &fields).await?;
        self.brought.replace(Some(form.response.clone()));
        Ok(page)
    }

    /// Brings a form of the identity provider to the application's address `url`.
    pub(super) async fn bring_form(
        &self,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<Page, Stuck> {
        let path = self.path_of(url)?;
        let request = self.form(&path, fields).insert_header(("Sec-Fetch-Site", "cross-site"));
        self.go(Origin::OtherSitePost, &path, request).await
    }

    /// Follows a redirect of the identity provider to the application's address `url`.
    pub(super) async fn bring_query(&self, url: &str) -> Result<Page, Stuck> {
        let path = self.path_of(url)?;
        let request = self.navigation(Method::GET, &path);
        let request = request.insert_header(("Sec-Fetch-Site", "cross-site"));
        self.go(Origin::SameSite, &path, request).await
    }

    /// The path and the query of an address of the application.
    fn path_of(&self, url: &str) -> Result<String, Stuck> {
        let other = || Stuck::OtherApplication { expected: self.host(), found: url.to_owned() };
        let url = Url::parse(url).map_err(|_| other())?;
        if url.origin() != self.origin.origin() {
            return Err(other());
        }
        Ok(path_and_query(&url))
    }

    /// Follows redirects within the application: the last path, and what was answered there.
    async fn follow(&self, path: &str) -> Result<(String, Page), Stuck> {
        let mut path = path.to_owned();
        for _ in 0..MAX_REDIRECTS {
            let page = self.get(&path).await?;
            match self.inside(&page) {
                Some(next) if page.status().is_redirection() => path = next,
                _ => return Ok((path, page)),
            }
        }
        Err(Stuck::RedirectsForEver { path })
    }

    /// The path to which a page redirects within the application.
    fn inside(&self, page: &Page) -> Option<String> {
        let url = self.origin.join(page.location()?).ok()?;
        (url.origin() == self.origin.origin()).then(|| path_and_query(&url))
    }

    fn host(&self) -> String {
        let host = self.origin.host_str().unwrap_or_default();
        self.origin.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    fn navigation(&self, method: Method, path: &str) -> TestRequest {
        TestRequest::with_uri(path)
            .method(method)
            .insert_header((HOST, self.host()))
            .insert_header((ACCEPT, HTML))
            .insert_header(("Sec-Fetch-Mode", "navigate"))
            .insert_header(("Sec-Fetch-Dest", "document"))
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> TestRequest {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.navigation(Method::POST, path)
            .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
            .set_payload(body)
    }

    fn cookies(&self, from: Origin, path: &str) -> Option<String> {
        let path = path.split('?').next().unwrap_or_default();
        self.jar.borrow().header(from, path, self.now())
    }

    async fn go(&self, from: Origin, path: &str, mut request: TestRequest) -> Result<Page, Stuck> {
        if let Some(cookies) = self.cookies(from, path) {
            request = request.insert_header((COOKIE, cookies));
        }
        self.call(path, request.to_request()).await
    }

    async fn call(&self, path: &str, request: Request) -> Result<Page, Stuck> {
        let page = match self.app.call(request).await {
            Ok(response) => Page::read(response).await?,
            // As the server answers it.
            Err(error) => {
                let request = TestRequest::default().to_http_request();
                Page::read(ServiceResponse::new(request, error.error_response())).await?
            }
        };
        let url = self.origin.join(path).unwrap_or_else(|_| self.origin.clone());
        let mut jar = self.jar.borrow_mut();
        for header in page.headers().get_all(SET_COOKIE) {
            if let Ok(header) = header.to_str() {
                jar.take(header, &url, self.now());
            }
        }
        Ok(page)
    }
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}
