//! An assertion signs in once.

use std::sync::Arc;

use actix_saml::sp::{BoxFuture, Remembered, ReplayKey, ReplayStore, StoreError};
use actix_saml::store::MemoryReplay;
use actix_web::http::header::COOKIE;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;

use crate::app::{ACS, TestApp};
use crate::browser::post;

#[actix_web::test]
async fn replay_1_a_second_time_is_refused_in_this_browser_and_in_any_other() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    let before = browser.jar.borrow().clone();
    assert_eq!(browser.bring(&form).await.status, 303);

    // The back button: on to where they were going.
    let again = browser.bring(&form).await;
    assert_eq!((again.status, again.location()), (303, "/rota"));
    assert!(!again.events.iter().any(|event| event.field("event") == "signed_in"));

    let after = browser.jar.borrow().clone();

    // A browser that has kept it, and whoever has stolen it.
    *browser.jar.borrow_mut() = before.clone();
    let again = browser.bring(&form).await;
    again.assert_refused(403, "replayed");
    assert!(again.body.contains("That sign-in has already been used"));
    assert!(again.body.contains("href=\"/saml/login?return_to=%2Frota\""));
    let thief = app.browser();
    *thief.jar.borrow_mut() = before;
    thief.bring(&form).await.assert_refused(403, "replayed");
    assert!(!thief.is_signed_in().await);
    *browser.jar.borrow_mut() = after;
    assert!(browser.is_signed_in().await);
}

/// Other bytes, the same assertion.
#[actix_web::test]
async fn replay_2_another_wrapping_does_not_make_it_new() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    let kept = browser.jar.borrow().clone();
    assert_eq!(browser.bring(&form).await.status, 303);
    *browser.jar.borrow_mut() = kept;
    // The response is not signed: its own ID may be anything.
    let rewrapped = form.replace("<samlp:Response ID=\"_", "<samlp:Response ID=\"_other");
    browser.bring(&rewrapped).await.assert_refused(403, "replayed");
}

#[actix_web::test]
async fn u_clock_a_step_back_lets_nothing_in_again() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    let kept = browser.jar.borrow().clone();
    assert_eq!(browser.bring(&form).await.status, 303);
    let then = app.clock.read();
    // So much later that the assertion is forgotten, then back again.
    app.clock.advance(TimeDelta::hours(3));
    app.browser().sign_in("locum.doctor").await;
    app.clock.set(then);
    *browser.jar.borrow_mut() = kept;
    browser.bring(&form).await.assert_refused(403, "replayed");
}

#[actix_web::test]
async fn an_assertion_that_was_refused_is_not_used_up() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    app.clock.advance(TimeDelta::minutes(-4));
    browser.bring(&form).await.assert_refused(403, "not_yet_valid");
    app.clock.advance(TimeDelta::minutes(4));
    assert_eq!(browser.bring(&form).await.status, 303);
}

#[actix_web::test]
async fn a_full_store_signs_nobody_in_and_forgets_nobody() {
    // A sign-in takes two places: its assertion and its request.
    let store = Arc::new(MemoryReplay::new(2));
    let app = TestApp::with(|setup| setup.replay = Some(store)).await;
    let first = app.browser();
    let begun = first.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    let kept = first.jar.borrow().clone();
    assert_eq!(first.bring(&form).await.status, 303);

    let second = app.browser();
    let begun = second.begin("/rota").await;
    let answer = second.bring(&app.respond(&begun, "locum.doctor")).await;
    answer.assert_unavailable("replay_store");
    assert!(!second.is_signed_in().await);
    assert!(first.is_signed_in().await);
    *first.jar.borrow_mut() = kept;
    first.bring(&form).await.assert_refused(403, "replayed");
}

struct Unreachable;

impl ReplayStore for Unreachable {
    fn remember(
        &self,
        _: ReplayKey,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Remembered, StoreError>> {
        let error = StoreError::Unavailable("no route to host".to_owned());
        Box::pin(std::future::ready(Err(error)))
    }
}

#[actix_web::test]
async fn without_its_store_nobody_is_signed_in() {
    let app = TestApp::with(|setup| setup.replay = Some(Arc::new(Unreachable))).await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let answer = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    answer.assert_unavailable("replay_store");
    assert!(!answer.body.contains("no route to host"));
    assert!(!browser.is_signed_in().await);
}

/// Lets everybody else go first.
struct Hesitant(MemoryReplay);

impl ReplayStore for Hesitant {
    fn remember(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Remembered, StoreError>> {
        Box::pin(async move {
            let mut waited = false;
            std::future::poll_fn(|context| {
                if std::mem::replace(&mut waited, true) {
                    return std::task::Poll::Ready(());
                }
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            })
            .await;
            self.0.remember(key, until, now).await
        })
    }
}

#[actix_web::test]
async fn u_replay_race_a_hundred_at_once_make_one_sign_in() {
    let store = Arc::new(Hesitant(MemoryReplay::default()));
    let app = TestApp::with(|setup| setup.replay = Some(store)).await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse").encode();
    let cookies = browser.cookies_from_elsewhere().unwrap();
    let answers = join_all(
        (0..100)
            .map(|_| post(ACS, &form).insert_header((COOKIE, cookies.as_str())))
            .map(|request| app.answer(request)),
    )
    .await;
    let signed_in: Vec<_> = answers.iter().filter(|answer| answer.status == 303).collect();
    assert_eq!(signed_in.len(), 1);
    assert!(answers.iter().filter(|answer| answer.status != 303).all(|a| a.status == 403));
    let events = || answers.iter().flat_map(|answer| &answer.events);
    assert_eq!(events().filter(|e| e.field("event") == "signed_in").count(), 1);
    assert_eq!(events().filter(|e| e.field("code") == "replayed").count(), 99);
}

/// What has ended by the clock has ended, wherever the clock goes then: for want of use, or because
/// it has lasted long enough.
#[actix_web::test]
async fn u_clock_a_step_back_brings_no_session_back() {
    for (step, steps) in [(TimeDelta::hours(1), 1), (TimeDelta::minutes(25), 29)] {
        let app = TestApp::with(|setup| {
            setup.builder = Box::new(|builder| builder.session.idle = TimeDelta::minutes(30));
        })
        .await;
        let browser = app.browser();
        browser.sign_in("ward.nurse").await;
        for number in 1..=steps {
            app.clock.advance(step);
            assert_eq!(browser.is_signed_in().await, number < steps, "{step} {number}");
        }
        app.clock.advance(-step);
        assert!(!browser.is_signed_in().await, "{step}");
    }
}
