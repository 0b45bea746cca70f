//! Where a sign-in leads: to a page of ours, whoever says otherwise.

use actix_web::http::Method;
use actix_web::http::header::HOST;
use url::form_urlencoded::byte_serialize;

use crate::app::{ACS, TestApp};
use crate::browser::{navigation, post};
use crate::jar::From;
use crate::message::{Begun, Form, encode};

/// Signs in with this target, and tells where it leads.
async fn destination(app: &TestApp, raw_query: &str) -> String {
    let browser = app.browser();
    let begun = browser.begin_at(&format!("/saml/login?{raw_query}")).await;
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(landed.status, 303, "{}", landed.body);
    landed.location().to_owned()
}

#[actix_web::test]
async fn relay_no_link_leads_out_of_our_own_origin() {
    let app = TestApp::start().await;
    for target in [
        "https://evil.example/",
        "http://evil.example/",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
        "/\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
        "http:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example@rota.example.org/",
        "https://rota.example.org@evil.example/",
        "https://rota.example.org.evil.example/",
        "https://rota.example.org/rota",
        "//rota.example.org/rota",
        "/..//evil.example",
        "/a/..//evil.example",
        "/.//evil.example",
        "/%2e%2e//evil.example",
        "/a/%2E%2e//evil.example",
        "/\u{0}/evil.example",
        "/\u{85}/evil.example",
        "/\u{a0}/evil.example",
        "/\u{2028}/evil.example",
        "/\u{ff0f}evil.example",
        "/\u{2215}evil.example",
        "/rota\r\nLocation: https://evil.example/",
        "/rota\r\nSet-Cookie: a=b",
        "rota",
        "?day=1",
        "#top",
        "",
    ] {
        let query: String = byte_serialize(target.as_bytes()).collect();
        assert_eq!(destination(&app, &format!("return_to={query}")).await, "/", "{target:?}");
    }
}

#[actix_web::test]
async fn relay_own_pages_are_kept() {
    let app = TestApp::start().await;
    for (target, expected) in [
        ("/rota", "/rota"),
        ("/rota/../rota?a=b", "/rota?a=b"),
        ("/rota?next=//evil.example", "/rota?next=//evil.example"),
        ("/rota?next=https%3A%2F%2Fevil.example", "/rota?next=https%3A%2F%2Fevil.example"),
        ("/rota/https://evil.example/", "/rota/https://evil.example/"),
        ("/@evil.example", "/@evil.example"),
        ("/%2f/evil.example", "/%2f/evil.example"),
        ("/%5cevil.example", "/%5cevil.example"),
        ("/rota#part", "/rota"),
    ] {
        let query: String = byte_serialize(target.as_bytes()).collect();
        assert_eq!(destination(&app, &format!("return_to={query}")).await, expected, "{target}");
    }
}

#[actix_web::test]
async fn a_target_that_comes_twice_or_is_ours_does_not_count() {
    let app = TestApp::start().await;
    for query in [
        "",
        "return_to",
        "return_to=%2Frota&return_to=%2Frota",
        "return_to=%2Frota&return%5Fto=%2Fevil",
        "return_to=%2Fsaml%2Flogin",
        "return_to=%2Fsaml%2Flogin%3Freturn_to%3D%252Frota",
        "return_to=%2Fsaml%2Facs",
        "return_to=%2Fsaml%2Flogout",
        "return_to=%2Fsaml%2Flogout%2Fforget",
        "return_to=%2Fsaml%2Fmetadata",
        "return_to=%2Fsaml%2F%256Cogin",
        "return_to=%2F%2573%2561ml%2Flogin%3Freturn_to%3D%252Frota",
    ] {
        assert_eq!(destination(&app, query).await, "/", "{query}");
    }
    assert_eq!(destination(&app, "x=y&return_to=%2Frota&RelayState=z").await, "/rota");
}

#[actix_web::test]
async fn relay_the_identity_provider_has_no_say() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for relay_state in ["https://evil.example/", "/admin", "//evil.example", "/rota"] {
        let begun = browser.begin("/rota/mine").await;
        let form = app.respond(&begun, "ward.nurse");
        let hostile = Form { relay_state: relay_state.to_owned(), ..form.clone() };
        browser.bring(&hostile).await.assert_refused(403, "no_pending_login");
        let more = format!(
            "{}&{}",
            form.encode(),
            encode(&[("return_to", relay_state), ("TARGET", relay_state), ("wctx", relay_state)])
        );
        let landed = browser.submit_from_elsewhere(ACS, &more).await;
        assert_eq!(landed.location(), "/rota/mine");
    }
}

const LYING: [(&str, &str); 10] = [
    ("Host", "evil.example"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "http"),
    ("X-Forwarded-For", "192.0.2.1"),
    ("X-Forwarded-Port", "8443"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-Original-URL", "/evil"),
    ("X-Rewrite-URL", "/evil"),
    ("Forwarded", "host=evil.example;proto=http"),
    ("Origin", "https://evil.example"),
];

/// Answers as they must be, and the same with every header lying.
#[actix_web::test]
async fn host_1_headers_decide_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for path in ["/rota?a=b", "/saml/login?return_to=%2Frota", "/saml/metadata", "/saml/logout"] {
        let mut request = navigation(Method::GET, path);
        for header in LYING {
            request = request.insert_header(header);
        }
        let lied_to = browser.send(From::SameSite, request).await;
        let honest = browser.visit(path).await;
        assert_eq!(lied_to.status, honest.status, "{path}");
        for (name, value) in &lied_to.headers {
            assert!(!value.to_str().unwrap().contains("evil"), "{path}: {name}: {value:?}");
        }
        assert!(!lied_to.body.contains("evil"), "{path}: {}", lied_to.body);
        if path.starts_with("/saml/login") {
            let request = Begun::read(lied_to.location());
            let acs = "AssertionConsumerServiceURL=\"https://rota.example.org/saml/acs\"";
            assert!(request.xml.contains(acs), "{}", request.xml);
            let cookie = lied_to.set_cookie("__Host-saml-pending-").unwrap();
            assert!(cookie.contains("; Secure;"), "{cookie}");
        } else if path == "/saml/metadata" {
            assert_eq!(lied_to.body, honest.body);
        } else {
            assert_eq!(lied_to.header("Location"), honest.header("Location"));
        }
    }
    let begun = browser.begin("/rota").await;
    let mut request = post(ACS, &app.respond(&begun, "ward.nurse").encode());
    for header in LYING {
        request = request.insert_header(header);
    }
    let landed = browser.send(From::OtherSitePost, request).await;
    assert_eq!((landed.status, landed.location()), (303, "/rota"));
    assert!(landed.set_cookie("__Host-saml-session").unwrap().contains("; Secure;"));
}

/// A response that was posted to a host which only the Host header knows.
#[actix_web::test]
async fn host_1_a_recipient_that_only_the_host_header_agrees_with_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let mut reply_to = app.reply_to(&begun.request_id);
    reply_to.acs_url = "https://evil.example/saml/acs".to_owned();
    let person = app.person("ward.nurse");
    let xml = app.idp().respond(&reply_to, &person, crate::app::start_of_test()).unwrap();
    let form = Form { xml, relay_state: begun.relay_state.clone() };
    let request = post(ACS, &form.encode())
        .insert_header((HOST, "evil.example"))
        .insert_header(("X-Forwarded-Host", "evil.example"));
    browser.send(From::OtherSitePost, request).await.assert_refused(403, "destination");
}
