//! Sessions in a `SessionMiddleware` of the application's own: we cannot delete them, and whoever
//! comes with one that was ended is a stranger all the same.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use actix_saml::crypto::random_hex;
use actix_saml::idp::{IssuedSession, LogoutBinding, OutgoingLogout};
use actix_saml::sp::{
    BoxFuture, IndexedSession, LogoutIndex, SessionHandle, SessionIndexKey, StoreError, SubjectKey,
};
use actix_saml::store::MemoryLogoutIndex;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use chrono::{DateTime, Utc};

use crate::app::TestApp;
use crate::browser::Browser;

type State = HashMap<String, String>;

/// What an application has.
#[derive(Clone, Default)]
pub struct OwnStore(Arc<Mutex<HashMap<String, State>>>);

impl SessionStore for OwnStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        Ok(self.0.lock().unwrap().get(key.as_ref()).cloned())
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = random_hex::<32>().unwrap();
        self.0.lock().unwrap().insert(key.clone(), state);
        Ok(SessionKey::try_from(key).unwrap())
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        self.0.lock().unwrap().insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.0.lock().unwrap().remove(key.as_ref());
        Ok(())
    }
}

async fn app() -> TestApp {
    TestApp::with(|setup| setup.own_store = Some(OwnStore::default())).await
}

async fn sign_in(browser: &Browser<'_>, user_name: &str) -> IssuedSession {
    let begun = browser.begin("/rota").await;
    let form = browser.app.respond(&begun, user_name);
    assert_eq!(browser.bring(&form).await.status, 303);
    IssuedSession::of_response(&form.xml).unwrap()
}

/// Through a browser without any cookie of ours. We have no key to answer with.
async fn ask_to_end(app: &TestApp, session: &IssuedSession) {
    let mut idp = app.idp().clone();
    let address = "https://rota.example.org/saml/slo";
    let service = format!(
        "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"{address}\"/>"
    );
    let metadata = app.saml.metadata();
    let at = metadata.find("<md:AssertionConsumerService").unwrap();
    idp.register([&metadata[..at], &service, &metadata[at..]].concat().as_bytes()).unwrap();
    let wish = idp.request_logout(session, None, LogoutBinding::Redirect, app.clock.read());
    let OutgoingLogout::Redirect { url, .. } = wish.unwrap() else { panic!() };
    let path = url.strip_prefix("https://rota.example.org").unwrap();
    let page = app.browser().visit_from_elsewhere(path).await;
    assert_eq!(page.status, 200, "{}", page.body);
}

#[actix_web::test]
async fn an_identity_providers_wish_ends_them() {
    let app = app().await;
    let (browser, colleague) = (app.browser(), app.browser());
    let session = sign_in(&browser, "ward.nurse").await;
    sign_in(&colleague, "locum.doctor").await;
    assert!(browser.is_signed_in().await && colleague.is_signed_in().await);
    ask_to_end(&app, &session).await;
    assert!(!browser.is_signed_in().await);
    assert!(colleague.is_signed_in().await, "nobody else's");
    assert_eq!(browser.visit("/admin").await.status, 303, "the guard knows as well");
    // And again later: it is remembered as long as the session could last.
    assert!(!browser.is_signed_in().await);
    sign_in(&browser, "ward.nurse").await;
    assert!(browser.is_signed_in().await, "a new one is a new one");
}

#[actix_web::test]
async fn signing_out_ends_a_copy_of_the_cookie_as_well() {
    let app = app().await;
    let browser = app.browser();
    sign_in(&browser, "ward.nurse").await;
    let stolen = app.browser();
    *stolen.jar.borrow_mut() = browser.jar.borrow().clone();
    assert!(stolen.is_signed_in().await, "the control");
    assert_eq!(browser.submit("/saml/logout", "").await.status, 200);
    assert!(!browser.is_signed_in().await && !stolen.is_signed_in().await);
}

/// An index that can be cut off.
#[derive(Default)]
struct Fragile {
    inner: MemoryLogoutIndex,
    is_gone: AtomicBool,
}

impl LogoutIndex for Fragile {
    fn enter(
        &self,
        entry: IndexedSession,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.enter(entry, until, now)
    }

    fn end_subject<'a>(
        &'a self,
        subject: SubjectKey,
        indexes: &'a [SessionIndexKey],
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Vec<SessionHandle>, StoreError>> {
        self.inner.end_subject(subject, indexes, now)
    }

    fn end(
        &self,
        session: SessionHandle,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.end(session, until, now)
    }

    fn has_ended(
        &self,
        session: SessionHandle,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        if self.is_gone.load(Ordering::Relaxed) {
            let error = StoreError::Unavailable("gone".to_owned());
            return Box::pin(std::future::ready(Err(error)));
        }
        self.inner.has_ended(session, now)
    }
}

#[actix_web::test]
async fn while_the_index_cannot_be_asked_nobody_is_taken_for_signed_in() {
    for own_store in [Some(OwnStore::default()), None] {
        let index = Arc::new(Fragile::default());
        let kept = Arc::clone(&index);
        let app = TestApp::with(|setup| {
            setup.own_store = own_store;
            setup.saml = Box::new(|saml| saml.logout_index(kept));
        })
        .await;
        let browser = app.browser();
        sign_in(&browser, "ward.nurse").await;
        index.is_gone.store(true, Ordering::Relaxed);
        for path in ["/whoami", "/rota", "/admin"] {
            assert_eq!(browser.visit(path).await.status, 503, "{path}");
        }
        index.is_gone.store(false, Ordering::Relaxed);
        assert!(browser.is_signed_in().await);
    }
}
