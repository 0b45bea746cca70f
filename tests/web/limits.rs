//! How long a session lasts.

use chrono::TimeDelta;

use actix_saml::sp::SessionLimits;

use crate::app::{ACS, TestApp, start_of_test, test_idp};
use crate::browser::Browser;

const INSTANT: TimeDelta = TimeDelta::milliseconds(1);

async fn signed_in(app: &TestApp) -> Browser<'_> {
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    browser
}

#[actix_web::test]
async fn thirty_minutes_without_a_request_end_it() {
    let app = TestApp::start().await;
    let browser = signed_in(&app).await;
    app.clock.advance(TimeDelta::minutes(30) - INSTANT);
    assert!(browser.is_signed_in().await);
    app.clock.advance(TimeDelta::minutes(30));
    assert!(!browser.is_signed_in().await);
    app.clock.set(start_of_test());
    assert!(!browser.is_signed_in().await, "whatever the clock says afterwards");
}

#[actix_web::test]
async fn every_request_lets_it_last() {
    let app = TestApp::start().await;
    let browser = signed_in(&app).await;
    for page in ["/", "/admin", "/saml/metadata", "/nowhere", "/saml/logout", "/notes", "/rota"] {
        app.clock.advance(TimeDelta::minutes(29));
        browser.visit(page).await;
    }
    assert!(browser.is_signed_in().await);
}

#[actix_web::test]
async fn twelve_hours_end_it_in_any_case() {
    let app = TestApp::start().await;
    let browser = signed_in(&app).await;
    let end = start_of_test() + TimeDelta::hours(12);
    while app.clock.read() + TimeDelta::minutes(29) < end {
        app.clock.advance(TimeDelta::minutes(29));
        assert!(browser.is_signed_in().await, "{}", app.clock.read());
    }
    app.clock.set(end - INSTANT);
    assert!(browser.is_signed_in().await);
    app.clock.set(end);
    assert!(!browser.is_signed_in().await);
    assert_eq!(browser.visit("/admin").await.status, 303);
    assert_eq!(browser.visit("/").await.body, "Hello nobody");
    assert_eq!(browser.visit("/notes").await.body, "");
}

/// What the application kept for the person goes with the sign-in.
#[actix_web::test]
async fn what_the_session_held_ends_with_it() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            builder.session = SessionLimits {
                idle: TimeDelta::minutes(30),
                absolute: TimeDelta::minutes(40),
                lock: None,
            };
        });
    })
    .await;
    let browser = signed_in(&app).await;
    browser.visit("/note").await;
    app.clock.advance(TimeDelta::minutes(29));
    assert_eq!(browser.visit("/notes").await.body, "mine", "the control");
    app.clock.advance(TimeDelta::minutes(11));
    assert!(!browser.is_signed_in().await);
    assert_eq!(browser.visit("/notes").await.body, "");
}

#[actix_web::test]
async fn limits_can_be_set() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            builder.session = SessionLimits {
                idle: TimeDelta::minutes(5),
                absolute: TimeDelta::minutes(7),
                lock: None,
            };
        });
    })
    .await;
    let browser = signed_in(&app).await;
    app.clock.advance(TimeDelta::minutes(5) - INSTANT);
    assert!(browser.is_signed_in().await);
    app.clock.set(start_of_test() + TimeDelta::minutes(7) - INSTANT);
    assert!(browser.is_signed_in().await);
    app.clock.set(start_of_test() + TimeDelta::minutes(7));
    assert!(!browser.is_signed_in().await);
    let browser = signed_in(&app).await;
    app.clock.advance(TimeDelta::minutes(5));
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn session_not_on_or_after_ends_it_earlier_and_never_later() {
    for (lifetime, ends) in [(20, 20), (60 * 24, 60 * 12)] {
        let app = TestApp::with(|setup| {
            let mut idp = test_idp(0);
            idp.issuance.session_lifetime = Some(TimeDelta::minutes(lifetime));
            setup.idps = vec![idp];
        })
        .await;
        let browser = signed_in(&app).await;
        let end = start_of_test() + TimeDelta::minutes(ends);
        while app.clock.read() + TimeDelta::minutes(29) < end {
            app.clock.advance(TimeDelta::minutes(29));
            assert!(browser.is_signed_in().await);
        }
        app.clock.set(end - INSTANT);
        assert!(browser.is_signed_in().await);
        app.clock.set(end);
        assert!(!browser.is_signed_in().await, "{lifetime}");
    }
}

/// The identity provider's clock is behind ours: what it says has ended here already.
#[actix_web::test]
async fn a_session_that_would_end_at_once_is_not_begun() {
    let app = TestApp::with(|setup| {
        let mut idp = test_idp(0);
        idp.issuance.session_lifetime = Some(TimeDelta::minutes(1));
        setup.idps = vec![idp];
    })
    .await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    app.clock.advance(TimeDelta::minutes(2));
    let answer = browser.submit(ACS, &form.encode()).await;
    answer.assert_refused(403, "session_ended");
    app.clock.advance(-(TimeDelta::minutes(1) + INSTANT));
    assert_eq!(browser.submit(ACS, &form.encode()).await.status, 303, "the control");
    assert!(browser.is_signed_in().await);
}
