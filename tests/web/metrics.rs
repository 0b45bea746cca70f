//! What is counted and measured.

use chrono::TimeDelta;

use crate::app::TestApp;

/// The value of one line.
fn value(text: &str, line: &str) -> f64 {
    let start = format!("{line} ");
    let found = text.lines().find_map(|l| l.strip_prefix(start.as_str()));
    found.unwrap_or_else(|| panic!("{line} is not in\n{text}")).parse().unwrap()
}

#[actix_web::test]
async fn a_sign_in_and_what_may_become_of_it_are_counted() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    app.clock.advance(TimeDelta::seconds(20));
    let form = app.respond(&begun, "ward.nurse");
    let before = browser.jar.borrow().clone();
    browser.bring(&form).await;
    let other = app.browser();
    *other.jar.borrow_mut() = before;
    other.bring(&form).await;
    let astray = form.replace(" InResponseTo=\"_", " InResponseTo=\"_0");
    app.browser().bring(&astray).await;
    browser.submit("/saml/logout", "").await;

    let text = app.saml.metrics();
    for (line, expected) in [
        ("saml_requests_sent_total", 1.0),
        ("saml_sign_ins_total{outcome=\"done\",code=\"none\"}", 1.0),
        ("saml_sign_ins_total{outcome=\"refused\",code=\"replayed\"}", 1.0),
        ("saml_sign_ins_total{outcome=\"refused\",code=\"no_pending_login\"}", 1.0),
        ("saml_replays_total", 1.0),
        ("saml_sessions_begun_total", 1.0),
        ("saml_sessions_ended_total{by=\"log_out\"}", 1.0),
        ("saml_pending_age_seconds_bucket{le=\"15.0\"}", 0.0),
        ("saml_pending_age_seconds_bucket{le=\"30.0\"}", 2.0),
        ("saml_validation_seconds_count", 2.0),
        ("saml_ready", 1.0),
        ("saml_audit_events_lost", 0.0),
    ] {
        assert_eq!(value(&text, line), expected, "{line}");
    }
    let created = "saml_store_operation_seconds_count{store=\"session\",operation=\"create\"}";
    assert_eq!(value(&text, created), 1.0);
    let idp = app.idp().entity_id.as_str();
    assert_eq!(value(&text, &format!("saml_idp_ready{{idp=\"{idp}\"}}")), 1.0);
    assert_eq!(value(&text, &format!("saml_clock_offset_seconds{{idp=\"{idp}\"}}")), 0.0);
    assert!(text.ends_with("# EOF\n"));
}

/// Nobody adds a line by what they send, and nothing in it is about a person.
#[actix_web::test]
async fn u_log_strangers_add_no_label() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    let issuer = app.idp().entity_id.as_str().to_owned();
    browser.bring(&form.replace(&issuer, "FORGED\"} 1")).await;
    browser.visit("/saml/login?idp=FORGED&return_to=/FORGED").await;
    let text = app.saml.metrics();
    for secret in ["FORGED", "ward.nurse", "Bryn", "nhs.net\""] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[actix_web::test]
async fn weak_algorithms_that_were_accepted_are_counted() {
    let app = TestApp::start().await;
    app.browser().sign_in("ward.nurse").await;
    assert!(!app.saml.metrics().contains("saml_weak_algorithms_total{"));
}

/// It has to be asked for.
#[actix_web::test]
async fn the_route_is_there_only_when_it_is_mounted() {
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    let app = TestApp::start().await;
    assert_eq!(app.browser().visit("/metrics").await.status, 404);
    let mounted = actix_web::App::new().service(app.saml.metrics_route());
    let service = init_service(mounted).await;
    let request = TestRequest::with_uri("/metrics").to_request();
    let response = call_service(&service, request).await;
    assert_eq!(response.status(), 200);
    let kind = response.headers().get("Content-Type").unwrap();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(read_body(response).await.starts_with(b"# HELP saml_"));
}
