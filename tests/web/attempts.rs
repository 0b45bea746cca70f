//! Sign-ins that follow one another without end.

use chrono::TimeDelta;

use crate::app::TestApp;

#[actix_web::test]
async fn a_loop_is_broken_before_the_identity_provider_does_it() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..5 {
        // The session is lost on its way, time and again.
        browser.sign_in("ward.nurse").await;
        browser.jar.borrow_mut().drop("__Host-saml-session");
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(browser.visit("/rota").await.status, 303);
    }
    let stopped = browser.visit("/saml/login?return_to=%2Frota").await;
    stopped.assert_no(429, "login_loop", "sign_in_refused");
    assert!(stopped.body.contains("<h1>Sign-in keeps starting again</h1>"));
    assert!(stopped.body.contains("href=\"/saml/login?return_to=%2Frota\""));
    // Whoever then asks for it goes on.
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
