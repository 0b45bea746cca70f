//! The application under test.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex};

use actix_session::SessionMiddleware;
use actix_web::body::MessageBody;
use actix_web::cookie::Key;
use actix_web::dev::{Payload, Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::test::{self, TestRequest};
use actix_web::{App, Error};
use chrono::{DateTime, TimeDelta, Utc};
use tracing::subscriber::DefaultGuard;
use url::Url;

use actix_saml::Saml;
use actix_saml::idp::{ReplyTo, SigningKey, TestIdp, TestKeys, Validity};
use actix_saml::saml::EntityId;
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::sp::{Builder, Idp, ReplayStore, SessionStore};
use actix_saml::web::{Clock, SamlBuilder};

use crate::browser::Browser;
use crate::foreign_sessions::OwnStore;
use crate::log::Log;
use crate::pages;

pub const ENTITY_ID: &str = "https://rota.example.org/saml/metadata";
pub const ACS: &str = "/saml/acs";

/// When every test begins.
pub fn start_of_test() -> DateTime<Utc> {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

/// A clock that stands still until it is set.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(start_of_test())))
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }

    pub fn read(&self) -> DateTime<Utc> {
        self.now()
    }

    pub fn set(&self, to: DateTime<Utc>) {
        *self.0.lock().unwrap() = to;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Made once for each test process, and only when a test needs them.
static KEYS: [LazyLock<TestKeys>; 2] = [
    LazyLock::new(|| one_key("fs-a.nhsmail.test")),
    LazyLock::new(|| one_key("fs-b.nhsmail.test")),
];

fn one_key(host: &str) -> TestKeys {
    let key = SigningKey::generate(host, Validity::of_tests()).unwrap();
    TestKeys::new(key.clone(), key)
}

pub fn test_idp(index: usize) -> TestIdp {
    let url = ["https://fs-a.nhsmail.test", "https://fs-b.nhsmail.test"][index];
    TestIdp::adfs_at(url, KEYS[index].clone()).unwrap()
}

pub fn test_keys(index: usize) -> TestKeys {
    KEYS[index].clone()
}

pub fn trusted(idp: &TestIdp) -> Arc<Idp> {
    let xml = idp.metadata().unwrap();
    let metadata = IdpMetadata::read(xml.as_bytes(), start_of_test()).unwrap();
    Arc::new(Idp { metadata, label: None })
}

/// What a test wants to be different.
pub struct Setup {
    pub base_url: &'static str,
    pub idps: Vec<TestIdp>,
    pub builder: Box<dyn FnOnce(&mut Builder)>,
    pub saml: Box<dyn FnOnce(SamlBuilder) -> SamlBuilder>,
    pub replay: Option<Arc<dyn ReplayStore>>,
    pub sessions: Option<Arc<dyn SessionStore>>,
    /// Sessions of the application's own, in the place of ours.
    pub own_store: Option<OwnStore>,
    /// Read the session in front of every handler.
    pub reads_everywhere: bool,
    /// Put the guard around everything.
    pub guards_everything: bool,
    /// Leave `saml.routes()` out.
    pub without_routes: bool,
}

type Answering = Pin<Box<dyn Future<Output = Result<ServiceResponse, Error>>>>;
type Call = Box<dyn Fn(TestRequest, Option<Payload>) -> Answering>;

pub struct TestApp {
    pub idps: Vec<TestIdp>,
    pub clock: ManualClock,
    pub saml: Saml,
    pub log: Log,
    pub base_url: Url,
    pub call: Call,
    _logging: DefaultGuard,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup {
            base_url: "https://rota.example.org",
            idps: vec![test_idp(0)],
            builder: Box::new(|_| {}),
            saml: Box::new(|saml| saml),
            replay: None,
            sessions: None,
            own_store: None,
            reads_everywhere: false,
            guards_everything: false,
            without_routes: false,
        };
        change(&mut setup);
        let log = Log::default();
        let logging = tracing::subscriber::set_default(log.clone());
        let clock = ManualClock::new();
        let base_url = Url::parse(setup.base_url).unwrap();

        let mut builder = Builder::new(EntityId::new(ENTITY_ID).unwrap(), base_url.clone());
        builder.idps = setup.idps.iter().map(trusted).collect();
        builder.dev = true;
        (setup.builder)(&mut builder);
        let mut saml = Saml::builder(builder.build().unwrap()).clock(Arc::new(clock.clone()));
        if let Some(replay) = setup.replay {
            saml = saml.replay_store(replay);
        }
        if let Some(sessions) = setup.sessions {
            saml = saml.session_store(sessions);
        }
        let saml = (setup.saml)(saml).build().unwrap();

        let call = if let Some(store) = setup.own_store {
            let own = SessionMiddleware::builder(store, Key::generate()).build();
            let app = App::new().configure(saml.routes()).configure(pages::routes(&saml));
            serve(app.wrap(own)).await
        } else if setup.without_routes {
            serve(App::new().configure(pages::routes(&saml)).wrap(saml.sessions())).await
        } else {
            let look_first = Condition::new(setup.reads_everywhere, from_fn(pages::look_first));
            let app = App::new().configure(saml.routes()).configure(pages::routes(&saml));
            let guard = Condition::new(setup.guards_everything, saml.require_login());
            serve(app.wrap(guard).wrap(look_first).wrap(saml.sessions())).await
        };
        log.take();
        Self { idps: setup.idps, clock, saml, log, base_url, call, _logging: logging }
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    pub fn idp(&self) -> &TestIdp {
        &self.idps[0]
    }

    pub fn acs_url(&self) -> String {
        format!("{}{ACS}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// What a response to `request_id` answers.
    pub fn reply_to(&self, request_id: &str) -> ReplyTo {
        ReplyTo {
            request_id: Some(request_id.to_owned()),
            acs_url: self.acs_url(),
            audience: ENTITY_ID.to_owned(),
            class_ref: None,
        }
    }

    pub fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }
}

async fn serve<T, B>(app: App<T>) -> Call
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    T::Service: 'static,
    B: MessageBody + 'static,
{
    let service = Rc::new(test::init_service(app).await);
    Box::new(move |request, payload| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            let mut request = request.to_request();
            if let Some(payload) = payload {
                request = request.replace_payload(payload).0;
            }
            service.call(request).await.map(ServiceResponse::map_into_boxed_body)
        })
    })
}
