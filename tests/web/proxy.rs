//! What a request says of the host that it came for is noticed, and decides nothing.

use actix_web::http::Method;

use crate::app::TestApp;
use crate::browser::navigation;
use crate::jar::From;

const LOGIN: &str = "/saml/login?return_to=%2Frota";

#[actix_web::test]
async fn host_1_another_host_is_warned_of_once() {
    let app = TestApp::start().await;
    let ask = async |headers: &[(&'static str, &'static str)]| {
        let mut request = navigation(Method::GET, LOGIN);
        for header in headers {
            request = request.insert_header(*header);
        }
        let answer = app.browser().send(From::SameSite, request).await;
        assert_eq!(answer.status, 303);
        assert!(answer.location().starts_with("https://fs-a.nhsmail.test/"));
        answer.events.into_iter().filter(|event| event.is_alarming()).collect::<Vec<_>>()
    };
    assert!(ask(&[]).await.is_empty());
    assert!(ask(&[("Host", "ROTA.example.org:443")]).await.is_empty());
    let behind_proxy = [("Host", "10.0.0.7:8080"), ("X-Forwarded-Host", "rota.example.org, b")];
    assert!(ask(&behind_proxy).await.is_empty());

    let warned = ask(&[("Host", "rota.example.org"), ("X-Forwarded-Host", "evil.example")]).await;
    let [event] = warned.as_slice() else { panic!("{warned:?}") };
    assert_eq!(event.field("event"), "host_mismatch");
    assert_eq!(event.field("header"), "X-Forwarded-Host");
    assert_eq!(event.field("asked"), "\"evil.example\"");
    assert_eq!(event.field("base_url"), "https://rota.example.org/");
    assert!(ask(&[("Host", "other.example")]).await.is_empty(), "once is enough");
}

#[actix_web::test]
async fn log_1_a_host_cannot_write_into_the_log() {
    let app = TestApp::start().await;
    let long = format!("\"\u{85}\u{2028}event=signed_in{}", "x".repeat(2000));
    let request = navigation(Method::GET, LOGIN).insert_header(("X-Forwarded-Host", long));
    let answer = app.browser().send(From::SameSite, request).await;
    let event = answer.events.iter().find(|e| e.field("event") == "host_mismatch").unwrap();
    let asked = event.field("asked");
    assert!(asked.starts_with("\"\\\"\\u{85}\\u{2028}event="), "{asked}");
    assert!(asked.len() < 200, "{asked}");
}
