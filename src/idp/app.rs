use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use actix_web::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use url::form_urlencoded;

use super::admin;
use super::asked::respond;
use super::form::{Choice, Form};
use super::journal::Entry;
use super::keys::TestKeys;
use super::keys_page;
use super::log_out;
use super::logout::IssuedSession;
use super::pages;
use super::personality::Personality;
use super::received::Received;
use super::refusal::Refusal;
use super::relying_party::RelyingParty;
use super::remembered;
use super::scenario::Scenario;
use super::sign_in::SignIn;
use super::stage::{MetadataState, Stage};
use super::test_idp::TestIdp;
use super::twist::{Twist, Words};
use super::unasked;

/// The test identity provider as a part of an actix application, at the paths of its personality.
/// Those of AD FS are:
///
/// - `GET /FederationMetadata/2007-06/FederationMetadata.xml`
/// - `GET` and `POST /adfs/ls/`: requests by either binding, and the sign-in page; log-out messages
/// - `GET /`: a front page, with the sessions that were begun; `POST /sign-out` asks the application
///   to end one
/// - `GET` and `POST /adfs/ls/idpinitiatedsignon.aspx`: sign-in that nobody has asked for
/// - `/admin/api/…`: what a test changes meanwhile, see `docs/test-idp.md`
/// - `GET` and `POST /keys`: a page on which a rollover of the signing key is rehearsed
///
/// Nothing is kept between the request and the choice of a person: the page carries the request,
/// and it is checked again. The last hundred sessions are kept, for log-out.
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
    sessions: Mutex<Vec<IssuedSession>>,
    clock: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    keep: Box<Keep>,
    stage: RwLock<Stage>,
    /// Fetches metadata of service providers, where there is a way to.
    fetch: OnceLock<Box<Fetch>>,
    /// As it was started, to go back to.
    first: TestIdp,
    first_offset: TimeDelta,
}

/// So many applications are registered by themselves. More are answered and not kept.
const MAX_MET: usize = 100;
/// So many sessions are remembered for log-out.
const MAX_SESSIONS: usize = 100;

/// Keeps an identity provider whose keys have changed.
type Keep = dyn Fn(&TestIdp) -> Result<(), KeepError> + Send + Sync;
/// Fetches what is at an address.
type Fetch = dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync;
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
        Self::with_clock_offset(idp, TimeDelta::zero(), clock, keep)
    }

    /// As [`IdpApp::keeping`], with what is added to the time that `clock` tells. The admin
    /// interface can change it.
    pub fn with_clock_offset(
        idp: TestIdp,
        offset: TimeDelta,
        clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        keep: impl Fn(&TestIdp) -> Result<(), KeepError> + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            first: idp.clone(),
            first_offset: offset,
            idp: RwLock::new(idp),
            sessions: Mutex::default(),
            clock: Box::new(clock),
            keep: Box::new(keep),
            stage: RwLock::new(Stage::new(offset)),
            fetch: OnceLock::new(),
        };
        Self { state: Arc::new(state) }
    }

    /// The same with a way to fetch the metadata of service providers that the admin interface is
    /// told the address of. It may block: it is called on a thread of its own. The first one counts.
    #[must_use]
    pub fn fetching(
        self,
        fetch: impl Fn(&str) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        let _ = self.state.fetch.set(Box::new(fetch));
        self
    }

    /// What is at `url`.
    ///
    /// # Errors
    /// Why it cannot be fetched.
    pub(super) fn fetch(&self, url: &str) -> Result<Vec<u8>, String> {
        let fetch = self.state.fetch.get().ok_or("there is no way to fetch metadata here")?;
        fetch(url)
    }

    /// The identity provider as it is now.
    pub fn idp(&self) -> TestIdp {
        self.state.idp.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the identity provider while it runs.
    pub fn change<T>(&self, change: impl FnOnce(&mut TestIdp) -> T) -> T {
        change(&mut self.state.idp.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn stage(&self) -> Stage {
        self.state.stage.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what a test has set up.
    pub(super) fn direct<T>(&self, change: impl FnOnce(&mut Stage) -> T) -> T {
        change(&mut self.state.stage.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// What goes wrong in the next response only; `None` takes a choice back.
    pub fn set_next(&self, scenario: Option<Scenario>) {
        self.direct(|stage| stage.next = Twist { scenario, ..Twist::default() });
    }

    /// How far the clock is ahead of the one that was given, or behind it when negative.
    pub fn set_clock_offset(&self, offset: TimeDelta) {
        self.direct(|stage| stage.clock_offset = offset);
    }

    /// The last messages that came and went, the oldest first.
    pub fn log(&self) -> Vec<Entry> {
        self.stage().journal.entries().cloned().collect()
    }

    /// Back to how it was started. The keys stay: whoever trusts them would have to start anew.
    pub(super) fn reset(&self) {
        self.direct(|stage| *stage = Stage::new(self.state.first_offset));
        self.change(|idp| {
            let keys = idp.keys.clone();
            *idp = self.state.first.clone();
            idp.keys = keys;
            idp.ids.rewind();
        });
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

    /// Registers an application that has asked and that nobody has registered, where that is allowed.
    /// Its metadata, when somebody brings it, takes the place of this.
    pub(super) fn meet(&self, sign_in: &SignIn) {
        self.change(|idp| {
            let is_known = idp.relying_party_named(sign_in.relying_party.as_str()).is_some();
            if is_known || !idp.accept_unknown || idp.relying_parties.len() >= MAX_MET {
                return;
            }
            let acs_url = &sign_in.reply_to.acs_url;
            if let Ok(mut met) = RelyingParty::new(sign_in.relying_party.clone(), acs_url) {
                met.is_met = true;
                idp.relying_parties.push(met);
            }
        });
    }

    /// The routes, for [`App::configure`](actix_web::App::configure).
    pub fn routes(&self) -> impl Fn(&mut ServiceConfig) + Clone + use<> {
        let app = self.clone();
        move |config: &mut ServiceConfig| {
            let personality = app.idp().personality;
            admin::routes(config);
            unasked::routes(personality, config);
            config
                .app_data(Data::new(app.clone()))
                .route("/", web::get().to(front))
                .route(&personality.metadata_path(), web::get().to(metadata))
                .route(remembered::PATH, web::post().to(remembered::forget))
                .route(log_out::PATH, web::post().to(log_out::ask));
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

    /// The sessions that were begun and have not ended, the latest last.
    pub fn sessions(&self) -> Vec<IssuedSession> {
        self.with_sessions(|sessions| sessions.clone())
    }

    pub(super) fn with_sessions<T>(&self, work: impl FnOnce(&mut Vec<IssuedSession>) -> T) -> T {
        work(&mut self.state.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers the session that a response begins. The next log-out of it names another one if
    /// `is_misnamed`.
    pub(super) fn begin_session(&self, response: &str, is_misnamed: bool) {
        let Some(session) = IssuedSession::of_response(response) else { return };
        if is_misnamed {
            let index = session.session_index.clone();
            self.direct(|stage| {
                if stage.misnamed.len() >= MAX_SESSIONS {
                    stage.misnamed.remove(0);
                }
                stage.misnamed.push(index);
            });
        }
        self.with_sessions(|sessions| {
            if sessions.len() >= MAX_SESSIONS {
                sessions.remove(0);
            }
            sessions.push(session);
        });
    }

    /// Takes as long as a program has asked for.
    async fn dawdle(&self) {
        let delay = self.stage().delay;
        if !delay.is_zero() {
            actix_web::rt::time::sleep(delay).await;
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        let now = (self.state.clock)();
        let offset = self.state.stage.read().unwrap_or_else(PoisonError::into_inner).clock_offset;
        now.checked_add_signed(offset).unwrap_or(now)
    }
}

async fn front(app: Data<IdpApp>) -> HttpResponse {
    pages::front(&app.idp(), &app.sessions())
}

async fn metadata(app: Data<IdpApp>, request: HttpRequest) -> HttpResponse {
    app.dawdle().await;
    let idp = app.idp();
    let names_application = form_urlencoded::parse(request.query_string().as_bytes())
        .any(|(name, value)| name == "appid" && !value.is_empty());
    let metadata = if idp.personality == Personality::Entra && !names_application {
        idp.tenant_metadata()
    } else {
        idp.metadata()
    };
    let of_address = form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(name, _)| name == "metadata")
        .map(|(_, word)| MetadataState::from_word(&word).ok_or_else(|| word.into_owned()));
    let state = match of_address {
        None => app.direct(Stage::take_metadata),
        Some(Ok(state)) => state,
        Some(Err(found)) => return refuse(&app, &Refusal::Setting { name: "metadata", found }),
    };
    let metadata = match state {
        MetadataState::Up => metadata,
        MetadataState::Down => return pages::outage(),
        // Addresses that nobody signed.
        MetadataState::Tampered => metadata.map(|xml| {
            let location = format!("Location=\"{}", idp.sign_in_url());
            xml.replace(&location, &format!("{location}elsewhere/"))
        }),
    };
    match metadata {
        Ok(xml) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/samlmetadata+xml"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(xml),
        Err(error) => pages::fault(&error.to_string()),
    }
}

async fn receive_query(app: Data<IdpApp>, request: HttpRequest) -> HttpResponse {
    app.dawdle().await;
    let query = request.query_string();
    if let Some(response) = log_out::receive_query(&app, query) {
        return response;
    }
    let received = Received::from_query(query);
    respond(&app, &request, received, &[("query", query)], Choice::None, Words::default()).await
}

async fn receive_form(app: Data<IdpApp>, request: HttpRequest, body: Bytes) -> HttpResponse {
    app.dawdle().await;
    let form = match Form::read(&body) {
        Ok(form) => form,
        Err(refusal) => return refuse(&app, &refusal),
    };
    let choice = form.choice();
    let words = form.words();
    match (&form.query, &form.saml_request) {
        (Some(query), _) => {
            let received = Received::from_query(query);
            respond(&app, &request, received, &[("query", query)], choice, words).await
        }
        (None, Some(saml_request)) => {
            if let Some(response) = log_out::receive_form(&app, &form) {
                return response;
            }
            let relay_state = form.relay_state.as_deref();
            let mut carried = vec![("SAMLRequest", saml_request.as_str())];
            carried.extend(relay_state.map(|relay_state| ("RelayState", relay_state)));
            let received = Received::from_form(saml_request, relay_state);
            respond(&app, &request, received, &carried, choice, words).await
        }
        (None, None) => {
            log_out::receive_form(&app, &form).unwrap_or_else(|| refuse(&app, &Refusal::NoRequest))
        }
    }
}

pub(super) fn refuse(app: &IdpApp, refusal: &Refusal) -> HttpResponse {
    tracing::info!(code = refusal.code(), "request refused");
    pages::refusal(app.idp().personality, refusal)
}
