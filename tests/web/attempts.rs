//! Sign-ins that follow one another without end.

use std::sync::Arc;

use actix_saml::store::MemorySessions;
use chrono::TimeDelta;

use crate::answer::Answer;
use crate::app::TestApp;
use crate::browser::Browser;

/// Two round trips to one page; what becomes of the session in between is for `lose`.
async fn two_trips(app: &TestApp, lose: impl AsyncFn(&Browser<'_>)) -> Answer {
    let browser = app.browser();
    for _ in 0..2 {
        browser.sign_in("ward.nurse").await;
        lose(&browser).await;
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(browser.visit("/rota").await.status, 303);
    }
    let stopped = browser.visit("/saml/login?return_to=%2Frota").await;
    assert_eq!(stopped.status, 429, "{}", stopped.body);
    stopped.assert_page();
    assert!(stopped.body.contains("<h1>Sign-in keeps starting again</h1>"));
    assert!(stopped.body.contains("href=\"/saml/login?return_to=%2Frota\""));
    // Whoever then asks for it goes on.
    assert_eq!(browser.visit("/saml/login?return_to=%2Frota").await.status, 303);
    stopped
}

fn detail(answer: &Answer) -> &str {
    answer.events.iter().find(|e| e.field("code") == "login_loop").unwrap().field("detail")
}

#[actix_web::test]
async fn the_third_round_trip_does_not_begin_and_the_lost_cookie_is_named() {
    let app = TestApp::start().await;
    let stopped = two_trips(&app, async |browser| {
        browser.jar.borrow_mut().drop("__Host-saml-session");
    })
    .await;
    assert!(stopped.body.contains("session cookie back"), "{}", stopped.body);
    let detail = detail(&stopped);
    assert!(detail.contains("the cookie __Host-saml-session did not come back"), "{detail}");
    assert!(detail.contains("https://rota.example.org/"), "{detail}");
}

#[actix_web::test]
async fn a_session_cookie_that_no_key_opens_is_told_from_one_that_is_lost() {
    let app = TestApp::start().await;
    let stopped = two_trips(&app, async |browser| {
        browser.jar.borrow_mut().put("__Host-saml-session", "sealed-by-another-machine");
    })
    .await;
    assert!(stopped.body.contains("something on our side"), "{}", stopped.body);
    assert!(detail(&stopped).contains("none of our keys opens it"), "{}", detail(&stopped));
}

#[actix_web::test]
async fn a_session_that_the_store_does_not_know_is_told_too() {
    let store = Arc::new(MemorySessions::default());
    let sessions = store.clone();
    let app = TestApp::with(|setup| setup.sessions = Some(sessions)).await;
    let stopped = two_trips(&app, async |browser| {
        // The cookie of a session that was ended elsewhere.
        let kept = browser.jar.borrow().clone();
        browser.visit("/purge").await;
        *browser.jar.borrow_mut() = kept;
    })
    .await;
    assert!(
        detail(&stopped).contains("the store does not know its session"),
        "{}",
        detail(&stopped)
    );
}

#[actix_web::test]
async fn signing_out_and_in_again_is_no_loop_and_neither_are_slow_people() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..4 {
        browser.sign_in("ward.nurse").await;
        assert_eq!(browser.submit("/saml/logout", "").await.status, 200);
    }
    for _ in 0..4 {
        browser.sign_in("ward.nurse").await;
        browser.jar.borrow_mut().drop("__Host-saml-session");
        app.clock.advance(TimeDelta::seconds(61));
    }
}

#[actix_web::test]
async fn whoever_is_signed_in_may_sign_in_again_and_again() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..5 {
        browser.sign_in("ward.nurse").await;
    }
}

#[actix_web::test]
async fn cookie_the_count_of_trips_is_sealed_and_short() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let answer = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(
        answer.set_cookie("__Host-saml-trips").as_deref(),
        Some("__Host-saml-trips; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60")
    );
    browser.jar.borrow_mut().put("__Host-saml-trips", "forged");
    browser.jar.borrow_mut().drop("__Host-saml-session");
    assert_eq!(browser.visit("/saml/login?return_to=%2Frota").await.status, 303);
}

#[actix_web::test]
async fn many_tabs_and_slow_people_are_no_loop() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for number in 0..12 {
        browser.begin(&format!("/rota/{}", number % 2)).await;
    }
    for _ in 0..12 {
        browser.begin("/rota/same").await;
        app.clock.advance(TimeDelta::seconds(13));
    }
}

#[actix_web::test]
async fn cookie_the_count_of_attempts_is_sealed_and_short() {
    let app = TestApp::start().await;
    let answer = app.browser().visit("/saml/login").await;
    assert_eq!(
        answer.set_cookie("__Host-saml-attempts").as_deref(),
        Some("__Host-saml-attempts; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60")
    );
}
