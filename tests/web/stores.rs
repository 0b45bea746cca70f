//! What people see when sessions cannot be read or written.

use std::sync::Arc;
use std::sync::Mutex;

use actix_saml::sp::{
    BoxFuture, LiveSession, SessionHandle, SessionState, SessionStore, StoreError,
};
use actix_saml::store::MemorySessions;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::app::{ACS, Setup, TestApp};
use crate::audit::Trail;
use crate::browser::{navigation, post};
use crate::jar::From;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Load,
    Create,
    Update,
    Delete,
}

/// A store that can be broken at one step.
#[derive(Default)]
pub struct Fragile {
    inner: MemorySessions,
    broken: Mutex<Option<Step>>,
}

impl Fragile {
    fn attempt<'a, T: Send + 'a>(
        &self,
        step: Step,
        work: impl FnOnce() -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        if *self.broken.lock().unwrap() == Some(step) {
            let error = StoreError::Unavailable("secret-host:6379".to_owned());
            return Box::pin(std::future::ready(Err(error)));
        }
        work()
    }

    pub fn break_at(&self, step: impl Into<Option<Step>>) {
        *self.broken.lock().unwrap() = step.into();
    }
}

impl SessionStore for Fragile {
    fn load(
        &self,
        session: SessionHandle,
        extend: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<LiveSession>, StoreError>> {
        self.attempt(Step::Load, || self.inner.load(session, extend, now))
    }

    fn create(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.attempt(Step::Create, || self.inner.create(session, state, until, now))
    }

    fn update(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.attempt(Step::Update, || self.inner.update(session, state, until, now))
    }

    fn delete(&self, session: SessionHandle) -> BoxFuture<'_, Result<(), StoreError>> {
        self.attempt(Step::Delete, || self.inner.delete(session))
    }
}

fn with(store: &Arc<Fragile>) -> impl FnOnce(&mut Setup) + use<> {
    let store = Arc::clone(store);
    move |setup| setup.sessions = Some(store)
}

#[actix_web::test]
async fn while_sessions_cannot_be_read_nobody_is_taken_for_anybody() {
    let store = Arc::new(Fragile::default());
    let app = TestApp::with(with(&store)).await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    store.break_at(Step::Load);
    for path in ["/", "/rota", "/admin", "/whoami", "/saml/login"] {
        let answer = browser.visit(path).await;
        answer.assert_unavailable("session_store");
        assert!(!answer.body.contains("secret-host"), "{}", answer.body);
    }
    // Somebody without a session is not concerned.
    assert_eq!(app.browser().visit("/").await.body, "Hello nobody");
    store.break_at(None);
    assert!(browser.is_signed_in().await, "the session is as it was");
}

#[actix_web::test]
async fn a_script_is_told_so_in_its_own_language() {
    let store = Arc::new(Fragile::default());
    let app = TestApp::with(with(&store)).await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    store.break_at(Step::Load);
    let request = navigation(actix_web::http::Method::GET, "/whoami")
        .insert_header(("Sec-Fetch-Mode", "cors"));
    let answer = browser.send(From::SameSite, request).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["status"], 503);
    let event = answer.events.iter().find(|event| event.is_alarming()).unwrap();
    assert_eq!(event.field("code"), "session_store");
    assert_eq!(problem["reference"], event.field("reference"));
    assert!(!answer.body.contains("secret-host"));
}

/// Whoever goes back is sent on when they are signed in, and that cannot be seen.
#[actix_web::test]
async fn while_sessions_cannot_be_read_nobody_is_sent_on() {
    let store = Arc::new(Fragile::default());
    let app = TestApp::with(with(&store)).await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    assert_eq!(browser.bring(&form).await.status, 303);
    store.break_at(Step::Load);
    browser.bring(&form).await.assert_unavailable("session_store");
    store.break_at(None);
    assert_eq!(browser.bring(&form).await.location(), "/rota");
}

#[actix_web::test]
async fn a_sign_in_whose_session_cannot_be_written_is_none() {
    let store = Arc::new(Fragile::default());
    let app = TestApp::with(with(&store)).await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    store.break_at(Step::Create);
    let answer = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("Sign-in is not available at the moment"));
    assert_eq!(answer.header("Set-Cookie"), None);
    let alarm = answer.events.iter().find(|event| event.is_alarming()).unwrap();
    assert_eq!(alarm.field("code"), "session_store");
    store.break_at(None);
    assert!(!browser.is_signed_in().await);
    browser.sign_in("ward.nurse").await;
}

#[actix_web::test]
async fn a_full_store_lets_nobody_new_in_and_nobody_out() {
    let full = Arc::new(MemorySessions::new(1));
    let app = TestApp::with(|setup| setup.sessions = Some(full)).await;
    let first = app.browser();
    first.sign_in("ward.nurse").await;
    let second = app.browser();
    let begun = second.begin("/rota").await;
    let answer = second.bring(&app.respond(&begun, "locum.doctor")).await;
    assert_eq!(answer.status, 503);
    assert!(!second.is_signed_in().await);
    assert!(first.is_signed_in().await);
}

/// Whoever signs out and is not told so may believe it; here they are told.
#[actix_web::test]
async fn a_sign_out_that_fails_does_not_claim_to_have_worked() {
    let store = Arc::new(Fragile::default());
    let app = TestApp::with(with(&store)).await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    store.break_at(Step::Delete);
    let answer = browser.submit("/saml/logout", "").await;
    answer.assert_unavailable("session_store");
    assert!(!answer.body.contains("You are signed out"));
}

/// What is put into a purged session is lost without a word.
#[actix_web::test]
async fn a_session_that_the_application_has_purged_takes_no_sign_in() {
    let app = TestApp::with(|setup| setup.reads_everywhere = true).await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse").encode();
    let purging = post(ACS, &form).insert_header(("X-Purge", "1"));
    browser.send(From::OtherSitePost, purging).await.assert_unavailable("session");
    assert!(!browser.is_signed_in().await);
    browser.sign_in("ward.nurse").await;
}

/// A failing handler of the application is the application's affair.
#[actix_web::test]
async fn errors_of_the_application_pass_through() {
    let app = TestApp::with(|setup| setup.reads_everywhere = true).await;
    let browser = app.browser();
    let answer = browser.visit("/broken-middleware").await;
    assert_eq!((answer.status, answer.body.as_str()), (418, "short and stout"));
    assert!(answer.events.iter().all(|event| !event.is_alarming()));
}

#[actix_web::test]
async fn other_steps_of_the_store_fail_closed_too() {
    let store = Arc::new(Fragile::default());
    let app = TestApp::with(with(&store)).await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    store.break_at(Step::Update);
    browser.visit("/note").await.assert_unavailable("session_store");
    store.break_at(Step::Delete);
    browser.visit("/renew").await.assert_unavailable("session_store");
    store.break_at(None);
    assert!(browser.is_signed_in().await);
    assert_eq!(browser.visit("/notes").await.body, "");
}

/// A change is told once, however many people it concerns; a sign-in that is lost to it is told by
/// itself, and not as one that was right.
#[actix_web::test]
async fn the_trail_says_when_a_store_stops_working_and_when_it_works_again() {
    use actix_saml::web::{AuditStep, Outcome};
    let (trail, store) = (Trail::default(), Arc::new(Fragile::default()));
    let (sink, sessions) = (trail.clone(), Arc::clone(&store));
    let app = TestApp::with(|setup| {
        sink.into_setup(setup);
        setup.sessions = Some(sessions);
    })
    .await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    trail.take();
    store.break_at(Step::Create);
    let answer = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(answer.status, 503);
    let [down, lost] = trail.take().try_into().unwrap();
    assert_eq!((down.step, down.outcome), (AuditStep::Store, Outcome::Failed));
    assert_eq!((down.store, down.code.as_deref()), (Some("session"), Some("store_unavailable")));
    assert_eq!((lost.step, lost.outcome), (AuditStep::SignIn, Outcome::Failed));
    assert_eq!(lost.code.as_deref(), Some("session_store"));
    assert!(lost.subject.is_some() && lost.assertion_id.is_some());
    let reference = crate::message::between(&answer.body, "Reference: <code>", "</code>");
    assert_eq!(lost.reference.as_deref(), Some(reference));

    store.break_at(None);
    browser.sign_in("ward.nurse").await;
    store.break_at(Step::Load);
    trail.take();
    for _ in 0..3 {
        assert_eq!(browser.visit("/").await.status, 503);
    }
    let unavailable = Some("store_unavailable".to_owned());
    assert_eq!(trail.steps(), [(AuditStep::Store, Outcome::Failed, unavailable)]);
    store.break_at(None);
    for _ in 0..3 {
        assert_eq!(browser.visit("/").await.status, 200);
    }
    let recovered = Some("store_recovered".to_owned());
    assert_eq!(trail.steps(), [(AuditStep::Store, Outcome::Done, recovered)]);
}
