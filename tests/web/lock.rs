//! The idle lock: a session is kept, answers nobody, and opens for the same person only.

use actix_saml::sp::SessionLimits;
use actix_web::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::browser::{Browser, navigation};
use crate::jar::From;
use crate::message::Begun;

const SESSION: &str = "__Host-saml-session";

async fn locking() -> TestApp {
    TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            let lock = Some(TimeDelta::minutes(10));
            builder.session = SessionLimits { lock, ..SessionLimits::default() };
        });
    })
    .await
}

/// Somebody who has begun something, and has gone.
async fn left(app: &TestApp) -> Browser<'_> {
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    assert_eq!(browser.visit("/note").await.body, "written");
    assert_eq!(browser.visit("/notes").await.body, "mine");
    app.clock.advance(TimeDelta::minutes(10));
    browser
}

async fn begin_from_lock(browser: &Browser<'_>, return_to: &str) -> Begun {
    let begun = browser.begin(return_to).await;
    assert!(begun.xml.contains(" ForceAuthn=\"true\""), "{}", begun.xml);
    begun
}

#[actix_web::test]
async fn every_request_puts_the_lock_off() {
    let app = locking().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    for _ in 0..8 {
        app.clock.advance(TimeDelta::minutes(9));
        assert_eq!(browser.visit("/rota").await.status, 200);
    }
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(browser.visit("/rota").await.status, 401);
}

#[actix_web::test]
async fn a_locked_session_answers_nobody() {
    let app = locking().await;
    let browser = left(&app).await;
    // A page that does not ask who is there locks it as well.
    assert_eq!(browser.visit("/notes").await.body, "", "what it holds is not seen");
    for path in ["/rota", "/whoami", "/admin"] {
        let page = browser.visit(path).await;
        assert_eq!(page.status, 401, "{path}");
        page.assert_page();
        assert!(page.body.contains("Sign in again as <strong>Bryn O&#39;Sample</strong>"));
        assert!(page.body.contains(&format!("return_to=%2F{}\"", &path[1..])));
        assert!(page.events.iter().all(|event| !event.is_alarming()));
    }
    let sent = browser.submit("/rota", "change=everything").await;
    assert_eq!(sent.status, 401);
    assert!(sent.body.contains("<h1>Locked</h1>") && sent.body.contains("was not used"));

    let request = navigation(Method::GET, "/rota").insert_header(("Sec-Fetch-Mode", "cors"));
    let script = browser.send(From::SameSite, request).await;
    assert_eq!(script.status, 401);
    let problem: Value = serde_json::from_str(&script.body).unwrap();
    let expected = json!({
        "type": "about:blank",
        "title": "The session is locked",
        "status": 401,
        "login_url": "/saml/login",
        "locked": true,
    });
    assert_eq!(problem, expected);
    assert_eq!(browser.visit("/").await.body, "Hello nobody");
}

/// Requests that come at once must not open it for each other.
#[actix_web::test]
async fn a_request_does_not_open_what_another_has_found_locked() {
    let app = locking().await;
    let browser = left(&app).await;
    for _ in 0..3 {
        assert_eq!(browser.visit("/rota").await.status, 401);
    }
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(browser.visit("/note").await.body, "written", "a write to it is dropped");
    assert_eq!(browser.visit("/rota").await.status, 401);
}

#[actix_web::test]
async fn the_same_person_goes_on_under_a_new_id() {
    let app = locking().await;
    let browser = left(&app).await;
    let before = browser.jar.borrow().clone();
    assert_eq!(browser.visit("/rota").await.status, 401);
    let begun = begin_from_lock(&browser, "/rota?day=2").await;
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!((landed.status, landed.location()), (303, "/rota?day=2"));
    assert_eq!(browser.visit("/rota").await.status, 200);
    assert_eq!(browser.visit("/notes").await.body, "mine", "what was begun is there");

    assert_ne!(browser.jar.borrow().value(SESSION), before.value(SESSION));
    *browser.jar.borrow_mut() = before;
    assert_eq!(browser.visit("/rota").await.status, 303, "the old id is gone");
}

#[actix_web::test]
async fn somebody_else_does_not_get_in_and_is_told_so() {
    let app = locking().await;
    let browser = left(&app).await;
    let begun = begin_from_lock(&browser, "/rota").await;
    let refused = browser.bring(&app.respond(&begun, "test.consultant")).await;
    refused.assert_no(403, "locked_by_other", "sign_in_refused");
    assert!(refused.body.contains("It belongs to <strong>Bryn O&#39;Sample</strong>"));
    assert!(refused.body.contains("<form method=\"post\" action=\"/saml/logout\">"));

    // Neither of them is signed in, and the first may still go on.
    assert_eq!(browser.visit("/rota").await.status, 401);
    let begun = begin_from_lock(&browser, "/rota").await;
    assert_eq!(browser.bring(&app.respond(&begun, "ward.nurse")).await.status, 303);
    assert_eq!(browser.visit("/notes").await.body, "mine");
}

#[actix_web::test]
async fn whoever_begins_anew_finds_nothing() {
    let app = locking().await;
    let browser = left(&app).await;
    assert_eq!(browser.visit("/rota").await.status, 401);
    assert_eq!(browser.submit("/saml/logout", "").await.status, 200);
    let begun = browser.begin("/rota").await;
    assert!(!begun.xml.contains("ForceAuthn=\"true\""));
    let landed = browser.bring(&app.respond(&begun, "test.consultant")).await;
    assert_eq!(landed.location(), "/rota");
    assert_eq!(browser.visit("/notes").await.body, "");
}

/// A sign-in that was not forced opens no lock: it may be the answer of somebody's open session at
/// the identity provider.
#[actix_web::test]
async fn a_sign_in_from_before_the_lock_does_not_open_it() {
    let app = locking().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    browser.visit("/note").await;
    let begun = browser.begin("/rota").await;
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(browser.visit("/rota").await.status, 401);
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(landed.status, 303, "it is a sign-in of its own");
    assert_eq!(browser.visit("/rota").await.status, 200);
    assert_eq!(browser.visit("/notes").await.body, "", "and not a way back");
}

#[actix_web::test]
async fn a_locked_session_ends_like_any_other() {
    let app = locking().await;
    let browser = left(&app).await;
    app.clock.advance(TimeDelta::minutes(20));
    assert_eq!(browser.visit("/rota").await.status, 303);
}

#[actix_web::test]
async fn without_the_setting_nothing_is_locked() {
    let app = TestApp::start().await;
    let browser = left(&app).await;
    app.clock.advance(TimeDelta::minutes(19));
    assert_eq!(browser.visit("/rota").await.status, 200);
    assert_eq!(browser.visit("/notes").await.body, "mine");
}
