use std::sync::{Arc, PoisonError, RwLock};

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use url::form_urlencoded;

use super::keys::TestKeys;
use super::keys_page;
use super::pages::{self, Chooser};
use super::person::Person;
use super::personality::Personality;
use super::received::Received;
use super::refusal::Refusal;
use super::sign_in::SignIn;
use super::status::ErrorStatus;
use super::test_idp::TestIdp;

/// The test identity provider as a part of an actix application, at the paths of its personality.
/// Those of AD FS are:
///
/// - `GET /FederationMetadata/2007-06/FederationMetadata.xml`
/// - `GET` and `POST /adfs/ls/`: requests by either binding, and the sign-in page
/// - `GET /`: a front page
/// - `GET` and `POST /keys`: a page on which a rollover of the signing key is rehearsed
///
/// Nothing is kept between the request and the choice of a person: the page carries the request,
/// and it is checked again.
///
/// ```no_run
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// use actix_saml::idp::{IdpApp, TestIdp, TestKeys, Validity};
/// use actix_web::{App, HttpServer};
///
/// let keys = TestKeys::generate("127.0.0.1", Validity::of_tests())?;
/// let mut idp = TestIdp::adfs_at("http://127.0.0.1:8081", keys)?;
/// idp.register(&std::fs::read("sp-metadata.xml")?)?;
/// let app = IdpApp::new(idp, || std::time::SystemTime::now().into());
/// HttpServer::new(move || App::new().configure(app.routes()))
///     .bind("127.0.0.1:8081")?
///     .run()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct IdpApp {
    state: Arc<State>,
}

struct State {
    idp: RwLock<TestIdp>,
    clock: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    keep: Box<Keep>,
}

/// Keeps an identity provider whose keys have changed.
type Keep = dyn Fn(&TestIdp) -> Result<(), KeepError> + Send + Sync;
type KeepError = Box<dyn std::error::Error + Send + Sync>;

impl std::fmt::Debug for IdpApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdpApp").field("idp", &self.state.idp).finish_non_exhaustive()
    }
}

impl IdpApp {
    /// Serves `idp`, with `clock` to tell the time.
    pub fn new(idp: TestIdp, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self::keeping(idp, clock, |_| Ok(()))
    }

    /// As [`IdpApp::new`]. When the keys are changed on the page for it, `keep` is told first: it
    /// may save them, and write the metadata to a file. If it fails, nothing is changed.
    pub fn keeping(
        idp: TestIdp,
        clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        keep: impl Fn(&TestIdp) -> Result<(), KeepError> + Send + Sync + 'static,
    ) -> Self {
        let (clock, keep) = (Box::new(clock), Box::new(keep));
        Self { state: Arc::new(State { idp: RwLock::new(idp), clock, keep }) }
    }

    /// The identity provider as it is now.
    pub fn idp(&self) -> TestIdp {
        self.state.idp.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the identity provider while it runs.
    pub fn change<T>(&self, change: impl FnOnce(&mut TestIdp) -> T) -> T {
        change(&mut self.state.idp.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the keys, and keeps them. `change` tells whether there was anything to do.
    pub(super) fn change_keys(
        &self,
        change: impl FnOnce(&mut TestKeys) -> bool,
    ) -> Result<bool, KeepError> {
        self.change(|idp| {
            let mut changed = idp.clone();
            if !change(&mut changed.keys) {
                return Ok(false);
            }
            (self.state.keep)(&changed)?;
            *idp = changed;
            Ok(true)
        })
    }

    /// The routes, for [`App::configure`](actix_web::App::configure).
    pub fn routes(&self) -> impl Fn(&mut ServiceConfig) + Clone + use<> {
        let app = self.clone();
        move |config: &mut ServiceConfig| {
            let personality = app.idp().personality;
            config
                .app_data(Data::new(app.clone()))
                .route("/", web::get().to(front))
                .route(&personality.metadata_path(), web::get().to(metadata));
            config.service(
                web::resource(keys_page::PATH)
                    .route(web::get().to(keys_page::show))
                    .route(web::post().to(keys_page::change)),
            );
            let path = personality.browser_path();
            // With and without the slash at the end.
            let mut paths = vec![path.trim_end_matches('/').to_owned(), path];
            paths.dedup();
            config.service(
                web::resource(paths)
                    .route(web::get().to(receive_query))
                    .route(web::post().to(receive_form)),
            );
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        (self.state.clock)()
    }
}

async fn front(app: Data<IdpApp>) -> HttpResponse {
    pages::front(&app.idp())
}

async fn metadata(app: Data<IdpApp>, request: HttpRequest) -> HttpResponse {
    let idp = app.idp();
    let names_application = form_urlencoded::parse(request.query_string().as_bytes())
        .any(|(name, value)| name == "appid" && !value.is_empty());
    let metadata = if idp.personality == Personality::Entra && !names_application {
        idp.tenant_metadata()
    } else {
        idp.metadata()
    };
    match metadata {
        Ok(xml) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/samlmetadata+xml"))
            .body(xml),
        Err(error) => pages::fault(&error.to_string()),
    }
}

async fn receive_query(app: Data<IdpApp>, request: HttpRequest) -> HttpResponse {
    let query = request.query_string();
    let received = Received::from_query(query);
    respond(&app, received, &[("query", query)], Choice::None)
}

async fn receive_form(app: Data<IdpApp>, body: Bytes) -> HttpResponse {
    let form = match Form::read(&body) {
        Ok(form) => form,
        Err(refusal) => return refuse(&app, &refusal),
    };
    let choice = match (&form.cancel, &form.person, &form.user_name) {
        (Some(_), _, _) => Choice::Cancel,
        (_, Some(user_name), _) => Choice::Listed(user_name),
        (_, _, Some(user_name)) => Choice::Typed(user_name),
        (None, None, None) => Choice::None,
    };
    match (&form.query, &form.saml_request) {
        (Some(query), _) => respond(&app, Received::from_query(query), &[("query", query)], choice),
        (None, Some(saml_request)) => {
            let relay_state = form.relay_state.as_deref();
            let mut carried = vec![("SAMLRequest", saml_request.as_str())];
            carried.extend(relay_state.map(|relay_state| ("RelayState", relay_state)));
            respond(&app, Received::from_form(saml_request, relay_state), &carried, choice)
        }
        (None, None) => refuse(&app, &Refusal::NoRequest),
    }
}

/// The fields that a request or the sign-in page posts.
#[derive(Default)]
struct Form {
    saml_request: Option<String>,
    relay_state: Option<String>,
    query: Option<String>,
    person: Option<String>,
    user_name: Option<String>,
    cancel: Option<String>,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let (name, field) = match &*name {
                "SAMLRequest" => ("SAMLRequest", &mut form.saml_request),
                "RelayState" => ("RelayState", &mut form.relay_state),
                "query" => ("query", &mut form.query),
                "person" => ("person", &mut form.person),
                "user_name" => ("user_name", &mut form.user_name),
                "cancel" => ("cancel", &mut form.cancel),
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return Err(Refusal::Repeated { name });
            }
        }
        Ok(form)
    }
}

/// What was chosen on the sign-in page.
enum Choice<'c> {
    None,
    Listed(&'c str),
    Typed(&'c str),
    Cancel,
}

fn respond(
    app: &IdpApp,
    received: Result<Received, Refusal>,
    carried: &[(&str, &str)],
    choice: Choice<'_>,
) -> HttpResponse {
    let idp = app.idp();
    let sign_in = match received.and_then(|received| idp.receive(&received)) {
        Ok(sign_in) => sign_in,
        Err(refusal) => return refuse(app, &refusal),
    };
    let chooser = |bad_user_name| {
        Chooser { idp: &idp, sign_in: &sign_in, carried, bad_user_name }.to_response()
    };
    if let Some(failure) = &sign_in.failure {
        return answer_failure(app, &idp, &sign_in, failure);
    }
    let person = match choice {
        Choice::None => return chooser(None),
        Choice::Cancel => return answer_failure(app, &idp, &sign_in, &ErrorStatus::responder()),
        // Somebody on the list keeps their claims when the name is typed.
        Choice::Listed(name) | Choice::Typed(name) => match idp.person(name) {
            Some(person) => person,
            None => match Person::from_user_name(name) {
                Some(person) => idp.person(&person.user_name).unwrap_or(person),
                None => return chooser(Some(name)),
            },
        },
    };
    match idp.answer(&sign_in, &person, app.now()) {
        Ok(post) => {
            tracing::info!(relying_party = %sign_in.relying_party, "response issued");
            pages::form_post(&post)
        }
        Err(error) => pages::fault(&error.to_string()),
    }
}

fn answer_failure(
    app: &IdpApp,
    idp: &TestIdp,
    sign_in: &SignIn,
    status: &ErrorStatus,
) -> HttpResponse {
    match idp.answer_failure(sign_in, status, app.now()) {
        Ok(post) => {
            let relying_party = &sign_in.relying_party;
            tracing::info!(%relying_party, status = ?status.sub_code, "failure reported");
            pages::form_post(&post)
        }
        Err(error) => pages::fault(&error.to_string()),
    }
}

fn refuse(app: &IdpApp, refusal: &Refusal) -> HttpResponse {
    tracing::info!(code = refusal.code(), "request refused");
    pages::refusal(app.idp().personality, refusal)
}
