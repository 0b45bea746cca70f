//! Pages within pages, and browsers that run ahead of their user: what they get in the place of a
//! sign-in.

use actix_web::http::Method;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::test::TestRequest;

use crate::answer::Answer;
use crate::app::TestApp;
use crate::browser::{navigation, post};
use crate::jar::From;
use crate::message::between;

const FRAMES: [&str; 5] = ["iframe", "frame", "embed", "object", "fencedframe"];
const AHEAD: [(&str, &str); 5] = [
    ("Sec-Purpose", "prefetch"),
    ("Sec-Purpose", "prefetch;prerender"),
    ("Purpose", "prefetch"),
    ("X-Purpose", "preview"),
    ("X-Moz", "prefetch"),
];

fn framed(path: &str, destination: &'static str) -> TestRequest {
    navigation(Method::GET, path).insert_header(("Sec-Fetch-Dest", destination))
}

/// A page that pages of our own origin may show, and nobody else's.
#[track_caller]
fn assert_way_out(answer: &Answer, href: &str) {
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("X-Frame-Options"), Some("SAMEORIGIN"));
    assert_eq!(answer.header("Set-Cookie"), None, "no sign-in has begun");
    assert_eq!(answer.header("Location"), None);
    let policy = answer.header(CONTENT_SECURITY_POLICY).unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(policy.contains("; frame-ancestors 'self'; "), "{policy}");
    assert!(policy.contains("; script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(answer.body.contains("target=\"_top\""));
    assert_eq!(between(&answer.body, "<a class=\"button\" href=\"", "\""), href);
}

#[actix_web::test]
async fn a_page_within_a_page_shows_the_way_out() {
    let app = TestApp::start().await;
    for path in ["/rota?day=1", "/whoami", "/admin"] {
        for destination in FRAMES {
            let request = framed(path, destination);
            let answer = app.browser().send(From::SameSite, request).await;
            assert_way_out(&answer, "/saml/login");
            assert!(answer.header("Vary").unwrap().contains("Sec-Fetch-Dest"));
            assert!(!answer.body.contains("was not used"));
            assert!(answer.body.contains(" data-go="), "it need not be clicked");
        }
    }
}

#[actix_web::test]
async fn the_way_out_leads_back_to_the_page_around_it() {
    let app = TestApp::start().await;
    for (referer, href) in [
        ("https://rota.example.org/?ward=a&b=c", "/saml/login?return_to=%2F%3Fward%3Da%26b%3Dc"),
        ("https://rota.example.org/", "/saml/login?return_to=%2F"),
        ("https://rota.example.org", "/saml/login"),
        ("https://rota.example.org.evil.example/", "/saml/login"),
        ("https://evil.example/https://rota.example.org/", "/saml/login"),
        ("http://rota.example.org/rota", "/saml/login"),
        ("/rota", "/saml/login"),
    ] {
        let request = framed("/rota", "iframe").insert_header(("Referer", referer));
        let answer = app.browser().send(From::SameSite, request).await;
        assert_way_out(&answer, href);
    }
}

#[actix_web::test]
async fn what_was_sent_within_a_page_is_not_lost_without_a_word() {
    let app = TestApp::start().await;
    let request = post("/rota", "a=b").insert_header(("Sec-Fetch-Dest", "iframe"));
    let answer = app.browser().send(From::SameSite, request).await;
    assert_way_out(&answer, "/saml/login");
    assert!(answer.body.contains("What you sent was not used."));
    assert!(!answer.body.contains(" data-go="), "it stays until somebody has read it");
}

#[actix_web::test]
async fn whoever_is_signed_in_sees_pages_within_pages() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let answer = browser.send(From::SameSite, framed("/rota", "iframe")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "Rota of Bryn O'Sample"));
}

/// The sign-in itself does not begin where nobody can finish it.
#[actix_web::test]
async fn a_sign_in_begins_in_a_window_of_its_own() {
    let app = TestApp::start().await;
    let login = "/saml/login?return_to=%2Frota&x=%22%3E%3Cb%3E";
    for destination in FRAMES {
        let answer = app.browser().send(From::SameSite, framed(login, destination)).await;
        assert_way_out(&answer, "/saml/login?return_to=%2Frota&amp;x=%22%3E%3Cb%3E");
    }
    for header in [
        ("Sec-Fetch-Mode", "cors"),
        ("Accept", "application/json"),
        ("X-Requested-With", "XMLHttpRequest"),
        ("Upgrade", "websocket"),
    ] {
        let request = navigation(Method::GET, login).insert_header(header);
        let answer = app.browser().send(From::SameSite, request).await;
        assert_eq!(answer.status, 401, "{header:?}");
        assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
        assert_eq!(answer.header("Set-Cookie"), None);
    }
}

#[actix_web::test]
async fn a_sign_in_does_not_begin_ahead_of_anybody() {
    let app = TestApp::start().await;
    for header in AHEAD {
        for path in ["/rota", "/admin", "/whoami"] {
            let request = navigation(Method::GET, path).insert_header(header);
            let answer = app.browser().send(From::SameSite, request).await;
            assert_eq!(answer.status, 401, "{path} {header:?}");
            assert_eq!(answer.header("Location"), None);
            assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        }
        let request = navigation(Method::GET, "/saml/login?return_to=/rota").insert_header(header);
        let answer = app.browser().send(From::SameSite, request).await;
        assert_eq!(answer.status, 503, "{header:?}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        assert_eq!((answer.header("Location"), answer.header("Set-Cookie")), (None, None));
        assert!(answer.events.iter().all(|event| !event.is_alarming()));
    }
    for path in ["/rota", "/saml/login?return_to=/rota"] {
        let answer = app.browser().send(From::SameSite, navigation(Method::HEAD, path)).await;
        assert!([401, 405].contains(&answer.status), "{path}: {}", answer.status);
        assert_eq!((answer.header("Location"), answer.header("Set-Cookie")), (None, None));
    }
}
