//! A publisher of metadata that says what a test wants, and an application that reads it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use actix_saml::crypto::hex;
use actix_saml::idp::{SigningKey, TestIdp, TestKeys, Validity};
use actix_saml::web::federation::{
    Event, Fetch, FetchError, FetchRequest, Fetched, IdpSource, IdpStatus, RefreshSettings,
    Validators,
};
use actix_saml::xml::encode_base64;

use crate::answer::Answer;
use crate::app::{Setup, TestApp};
use crate::browser::Browser;
use crate::message::Form;

const HOST: &str = "fs-a.nhsmail.test";

/// Three signing keys of one provider. Made once.
static KEYS: LazyLock<[SigningKey; 3]> = LazyLock::new(|| {
    std::array::from_fn(|_| SigningKey::generate(HOST, Validity::of_tests()).unwrap())
});

/// The provider's key of this number, from 0 to 2.
pub fn key(number: usize) -> SigningKey {
    KEYS[number].clone()
}

pub fn fingerprint(number: usize) -> String {
    KEYS[number].certificate().fingerprint()
}

/// The provider while it signs with one key and publishes another one beside it.
pub fn idp(signs: usize, beside: Option<usize>) -> TestIdp {
    let mut keys = TestKeys::new(key(signs), key(0));
    if let Some(beside) = beside {
        keys.announce(key(beside));
    }
    TestIdp::adfs_at(&format!("https://{HOST}"), keys).unwrap()
}

/// Its metadata at that time.
pub fn metadata(signs: usize, beside: Option<usize>) -> String {
    idp(signs, beside).metadata().unwrap()
}

/// Says what it is told to say, and counts who asks.
#[derive(Clone)]
pub struct Publisher {
    answer: Arc<Mutex<Result<String, FetchError>>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    pub fn of(document: String) -> Self {
        Self { answer: Arc::new(Mutex::new(Ok(document))), asked: Arc::default() }
    }

    pub fn failing(error: FetchError) -> Self {
        Self { answer: Arc::new(Mutex::new(Err(error))), asked: Arc::default() }
    }

    pub fn publish(&self, document: String) {
        *self.answer.lock().unwrap() = Ok(document);
    }

    pub fn fail(&self, error: FetchError) {
        *self.answer.lock().unwrap() = Err(error);
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Fetch for Publisher {
    fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let document = self.answer.lock().unwrap().clone()?;
        let tag = actix_saml::crypto::sha256(document.as_bytes());
        let validators = Validators { etag: Some(hex(&tag)), last_modified: None };
        if request.have == validators {
            return Ok(Fetched::NotModified);
        }
        Ok(Fetched::Document { bytes: document.into_bytes(), validators })
    }
}

/// The source of the provider's metadata, which `change` may change.
pub fn source(change: impl FnOnce(&mut IdpSource)) -> IdpSource {
    let url = Some(format!("https://{HOST}/metadata.xml").parse().unwrap());
    let mut source = IdpSource { url, ..IdpSource::default() };
    source.policy.dev = true;
    change(&mut source);
    source
}

/// An application that trusts whom `source` names, and does what is due when it is told to.
pub async fn app(publisher: &Publisher, source: IdpSource) -> TestApp {
    let refresh = RefreshSettings {
        fetch: Some(Arc::new(publisher.clone())),
        background: false,
        ..RefreshSettings::default()
    };
    app_with(source, refresh, |_| {}).await
}

pub async fn app_with(
    source: IdpSource,
    refresh: RefreshSettings,
    change: impl FnOnce(&mut Setup),
) -> TestApp {
    let app = TestApp::with(|setup| {
        setup.idps = vec![idp(0, None)];
        setup.builder = Box::new(|builder| {
            builder.idps.clear();
            builder.awaits_idps = true;
        });
        setup.saml = Box::new(move |saml| saml.sources(vec![source], refresh));
        change(setup);
    })
    .await;
    app.saml.refresh_due();
    app.log.take();
    app
}

impl TestApp {
    /// Somebody signs in by a provider that signs with this key.
    pub async fn sign_in_by(&self, signs: usize) -> Answer {
        self.browser().sign_in_by(signs).await
    }

    /// What happened to the trust since the last `count` events.
    pub fn events(&self) -> Vec<Event> {
        self.saml.status().events
    }

    /// The codes of the events behind the first `known` ones.
    pub fn codes_after(&self, known: usize) -> Vec<&'static str> {
        self.events().iter().skip(known).map(|event| event.code).collect()
    }

    pub fn idp_status(&self) -> IdpStatus {
        self.saml.status().idps.remove(0)
    }
}

impl Browser<'_> {
    pub async fn sign_in_by(&self, signs: usize) -> Answer {
        let begun = self.begin("/rota").await;
        let form = self.app.respond_by(&idp(signs, None), &begun, &self.app.person("ward.nurse"));
        self.bring(&form).await
    }

    /// As far as the response, which is not sent.
    pub async fn respond_by_key(&self, signs: usize) -> Form {
        let begun = self.begin("/rota").await;
        self.app.respond_by(&idp(signs, None), &begun, &self.app.person("ward.nurse"))
    }
}

/// Fetches by `fetch`, when it is told to.
pub fn settings(fetch: impl Fetch + 'static) -> RefreshSettings {
    RefreshSettings {
        fetch: Some(Arc::new(fetch)),
        background: false,
        ..RefreshSettings::default()
    }
}

/// An application with these sources, before anything was done.
pub async fn app_of(sources: Vec<IdpSource>, refresh: RefreshSettings) -> TestApp {
    TestApp::with(|setup: &mut Setup| {
        setup.idps = vec![idp(0, None)];
        setup.builder = Box::new(|builder| {
            builder.idps.clear();
            builder.awaits_idps = true;
        });
        setup.saml = Box::new(move |saml| saml.sources(sources, refresh));
    })
    .await
}

/// A folder that goes when the test has ended.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("actix-saml-federation-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The certificate of a key, as metadata writes it.
pub fn written(number: usize) -> String {
    encode_base64(KEYS[number].certificate().as_der())
}
