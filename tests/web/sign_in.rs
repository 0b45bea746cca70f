//! The whole path, and what a sign-in leaves behind.

use actix_saml::sp::Principal;
use chrono::TimeDelta;

use crate::app::{ACS, TestApp, start_of_test};

#[actix_web::test]
async fn a_nurse_signs_in_and_lands_on_the_page_first_asked_for() {
    let app = TestApp::start().await;
    let browser = app.browser();

    let refused = browser.visit("/rota/week?day=1&ward=a%26b").await;
    assert_eq!(refused.status, 303);
    let login = refused.location().to_owned();
    assert_eq!(login, "/saml/login?return_to=%2Frota%2Fweek%3Fday%3D1%26ward%3Da%2526b");

    let begun = browser.begin_at(&login).await;
    assert_eq!(begun.url.origin().ascii_serialization(), app.idp().base_url());
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(landed.status, 303);
    assert_eq!(landed.location(), "/rota/week?day=1&ward=a%26b");
    assert_eq!(landed.header("Cache-Control"), Some("no-store"));
    assert_eq!(landed.body, "");

    // The redirect is still part of the other site's navigation.
    let rota = browser.visit_from_elsewhere(landed.location()).await;
    assert_eq!((rota.status, rota.body.as_str()), (200, "Rota of Bryn O'Sample"));
    let home = browser.visit("/").await;
    assert_eq!(home.body, "Hello Bryn O'Sample");
}

#[actix_web::test]
async fn u_log_a_sign_in_is_logged_once_and_without_the_person() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    // `bring` checks every ordinary event for personal data, cookies and messages.
    let landed = browser.bring(&app.respond(&begun, "locum.doctor")).await;
    let ordinary: Vec<_> = landed.events.iter().filter(|e| e.is_ordinary()).collect();
    let [event] = ordinary.as_slice() else { panic!("{ordinary:#?}") };
    assert_eq!(event.field("event"), "signed_in");
    assert_eq!(event.field("issuer"), app.idp().entity_id.as_str());
    assert_eq!(event.fields.len(), 3, "{event:?}");
}

#[actix_web::test]
async fn the_principal_holds_what_the_assertion_said() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("locum.doctor").await;
    let answer = browser.visit("/whoami").await;
    let principal: Principal = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(principal.issuer, app.idp().entity_id);
    let name_id = principal.name_id.as_ref().unwrap();
    assert_eq!(name_id.value, "locum.doctor@nhs.net");
    assert_eq!(principal.session_index.as_deref(), Some(principal.assertion_id.as_str()));
    assert_eq!(principal.values("ODS"), ["ZZT01", "Z99002"]);
    assert_eq!(principal.values("DisplayName"), ["Dr Zoë Müller-Example"]);
    assert_eq!(principal.signed_in_at, start_of_test());
    assert_eq!(principal.expires_at, start_of_test() + TimeDelta::hours(12));
}

#[actix_web::test]
async fn cookie_the_session_cookie_is_lax_secure_and_bound_to_the_host() {
    let app = TestApp::start().await;
    let landed = app.browser().sign_in("ward.nurse").await;
    assert_eq!(
        landed.set_cookie("__Host-saml-session").as_deref(),
        Some("__Host-saml-session; HttpOnly; SameSite=Lax; Secure; Path=/")
    );
}

#[actix_web::test]
async fn cookie_on_plain_http_it_has_no_prefix_and_is_secure_all_the_same() {
    let app = TestApp::with(|setup| setup.base_url = "http://localhost:8080").await;
    let landed = app.browser().sign_in("ward.nurse").await;
    assert_eq!(
        landed.set_cookie("saml-session").as_deref(),
        Some("saml-session; HttpOnly; SameSite=Lax; Secure; Path=/")
    );
}

/// An attacker has put a session of theirs into the browser beforehand.
#[actix_web::test]
async fn sessfix_1_a_sign_in_begins_a_new_session() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.visit("/note").await;
    let attacker = app.browser();
    *attacker.jar.borrow_mut() = browser.jar.borrow().clone();
    assert_eq!(attacker.visit("/notes").await.body, "mine");

    // From the same site, so that the old session's cookie comes along.
    let begun = browser.begin("/rota").await;
    let landed = browser.submit(ACS, &app.respond(&begun, "ward.nurse").encode()).await;
    assert_eq!(landed.status, 303, "{}", landed.body);
    assert!(browser.is_signed_in().await);
    assert_eq!(browser.visit("/notes").await.body, "", "what the old session held is dropped");

    assert!(!attacker.is_signed_in().await);
    assert_eq!(attacker.visit("/notes").await.body, "", "the old session is gone");
}

#[actix_web::test]
async fn sessfix_1_also_when_the_old_cookie_does_not_come_along() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.visit("/note").await;
    let attacker = app.browser();
    *attacker.jar.borrow_mut() = browser.jar.borrow().clone();
    browser.sign_in("ward.nurse").await;
    assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
    assert_eq!(browser.visit("/notes").await.body, "");
    assert!(!attacker.is_signed_in().await);
}

#[actix_web::test]
async fn the_next_person_at_the_computer_takes_over_the_browser() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    browser.visit("/note").await;
    let begun = browser.begin("/").await;
    assert_eq!(browser.bring(&app.respond(&begun, "locum.doctor")).await.location(), "/");
    assert_eq!(browser.visit("/rota").await.body, "Rota of Dr Zoë Müller-Example");
    assert_eq!(browser.visit("/notes").await.body, "");
}

/// The session of an application that looks at it before the sign-in, and finds it ended.
#[actix_web::test]
async fn a_sign_in_lasts_even_when_an_ended_one_was_read_in_the_same_request() {
    let app = TestApp::with(|setup| setup.reads_everywhere = true).await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    // Not idle, but ended: the session is there, the sign-in in it has had its time.
    for _ in 0..24 {
        app.clock.advance(TimeDelta::minutes(29));
        assert!(browser.is_signed_in().await);
    }
    app.clock.advance(TimeDelta::minutes(29));
    let begun = browser.begin_without_session("/rota").await;
    let landed = browser.submit(ACS, &app.respond(&begun, "locum.doctor").encode()).await;
    assert_eq!(landed.status, 303, "{}", landed.body);
    assert_eq!(browser.visit("/rota").await.body, "Rota of Dr Zoë Müller-Example");
}
