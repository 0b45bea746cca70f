//! What somebody gets who is not signed in, and what somebody gets who is.

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, COOKIE, HOST, HeaderValue};
use actix_web::test::TestRequest;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::TestApp;
use crate::browser::{navigation, post};
use crate::jar::From;

const GUARDED: [&str; 4] = ["/rota", "/whoami", "/admin", "/admin/deeper/x"];

#[track_caller]
fn assert_problem(answer: &Answer) {
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("Location"), None);
    assert_eq!(answer.header("Set-Cookie"), None);
    assert!(answer.header("Vary").unwrap().contains("Sec-Fetch-Dest"));
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    let expected = json!({
        "type": "about:blank",
        "title": "Sign-in needed",
        "status": 401,
        "login_url": "/saml/login",
    });
    assert_eq!(problem, expected);
}

#[actix_web::test]
async fn a_visit_is_taken_to_the_sign_in() {
    let app = TestApp::start().await;
    for path in GUARDED {
        let answer = app.browser().visit(&format!("{path}?x=1")).await;
        assert_eq!(answer.status, 303, "{path}");
        let page = path.replace('/', "%2F");
        assert_eq!(answer.location(), format!("/saml/login?return_to={page}%3Fx%3D1"));
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        assert_eq!(answer.body, "");
        assert!(answer.events.iter().all(|event| !event.is_alarming()));
    }
}

#[actix_web::test]
async fn a_page_that_cannot_be_remembered_is_not_carried_along() {
    let app = TestApp::start().await;
    let page = |length: usize| format!("/rota{}", "x".repeat(length - "/rota".len()));
    let long = app.browser().visit(&page(1025)).await;
    assert_eq!((long.status, long.location()), (303, "/saml/login"));
    let kept = app.browser().visit(&page(1024)).await;
    assert!(kept.location().starts_with("/saml/login?return_to=%2Frotaxxx"));
}

#[actix_web::test]
async fn a_plain_client_that_says_nothing_of_itself_is_taken_there_too() {
    let app = TestApp::start().await;
    let request = TestRequest::with_uri("/rota").insert_header((HOST, "rota.example.org"));
    assert_eq!(app.answer(request).await.status, 303);
}

#[actix_web::test]
async fn a_script_is_told() {
    let app = TestApp::start().await;
    for path in GUARDED {
        for headers in [
            [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")],
            [("Sec-Fetch-Mode", "same-origin"), ("Sec-Fetch-Dest", "empty")],
            [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "worker")],
            [("Sec-Purpose", "prefetch"), ("Sec-Fetch-Mode", "navigate")],
            [("Sec-Purpose", "prefetch;prerender"), ("Sec-Fetch-Mode", "navigate")],
            [("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")],
            [("Sec-Fetch-Mode", "websocket"), ("Upgrade", "websocket")],
            [("Accept", "application/json"), ("Accept-Language", "en")],
            [("Accept", "text/event-stream"), ("Accept-Language", "en")],
            [("Accept", "application/problem+json, */*"), ("Accept-Language", "en")],
            [("X-Requested-With", "XMLHttpRequest"), ("Accept-Language", "en")],
        ] {
            let mut request = TestRequest::with_uri(path).insert_header((ACCEPT, "*/*"));
            for header in headers {
                request = request.insert_header(header);
            }
            assert_problem(&app.answer(request).await);
        }
    }
    let head = TestRequest::with_uri("/rota").method(Method::HEAD);
    assert_eq!(app.answer(head).await.status, 401);
}

#[actix_web::test]
async fn a_form_that_comes_too_late_is_answered_with_a_page() {
    let app = TestApp::start().await;
    for path in ["/rota", "/admin"] {
        let answer = app.browser().submit(path, "change=everything").await;
        assert_eq!(answer.status, 401);
        answer.assert_page();
        assert!(answer.body.contains("What you sent was not used."));
        assert!(answer.body.contains("href=\"/saml/login\""));
        assert!(!answer.body.contains("everything"));

        let script = post(path, "x").insert_header(("Sec-Fetch-Mode", "cors"));
        assert_problem(&app.answer(script).await);
    }
}

#[actix_web::test]
async fn the_guard_lets_nothing_through_by_its_name() {
    let app = TestApp::start().await;
    // What is not in the guarded scope does not exist; what is in it is guarded.
    for path in ["/admin/", "/admin/nothing", "/admin/%2e%2e/rota", "/admin/deeper/..;/x"] {
        let answer = app.browser().visit(path).await;
        assert!([303, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.body.contains("admin") && !answer.body.contains("deeper"), "{path}");
    }
}

#[actix_web::test]
async fn public_pages_know_who_is_there_and_do_not_need_to() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let anonymous = browser.visit("/").await;
    assert_eq!((anonymous.status, anonymous.body.as_str()), (200, "Hello nobody"));
    assert_eq!(anonymous.header("Cache-Control"), None);
    assert_eq!(anonymous.header("Set-Cookie"), None);
    browser.sign_in("ward.nurse").await;
    let known = browser.visit("/").await;
    assert_eq!((known.status, known.body.as_str()), (200, "Hello Bryn O'Sample"));
    assert_eq!(known.header("Cache-Control"), Some("no-store"));
}

#[actix_web::test]
async fn what_is_for_somebody_is_not_kept_by_the_browser() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    for path in GUARDED {
        let answer = browser.visit(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{path}");
    }
    let own = browser.visit("/admin/cached").await;
    assert_eq!(own.header("Cache-Control"), Some("private, max-age=60"), "the handler decides");
    assert_eq!(browser.submit("/admin", "x=y").await.body, "changed");
}

#[actix_web::test]
async fn u_cookies_a_changed_session_cookie_is_nobody() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let name = "__Host-saml-session";
    let value = browser.jar.borrow().value(name).unwrap();
    let attempts = browser.jar.borrow().value("__Host-saml-attempts").unwrap();
    for changed in [
        String::new(),
        "x".to_owned(),
        "0".repeat(64),
        format!("{value}A"),
        value[..value.len() - 4].to_owned(),
        value.replacen(&value[..1], if value.starts_with('A') { "B" } else { "A" }, 1),
        // Sealed by the same key for another purpose.
        attempts,
    ] {
        browser.jar.borrow_mut().put(name, &changed);
        assert!(!browser.is_signed_in().await, "{changed}");
        assert_eq!(browser.visit("/admin").await.status, 303);
    }
    browser.jar.borrow_mut().put(name, &value);
    assert!(browser.is_signed_in().await, "the control");
}

#[actix_web::test]
async fn a_guard_around_everything_leaves_the_way_in_and_out_open() {
    let app = TestApp::with(|setup| setup.guards_everything = true).await;
    let browser = app.browser();
    for path in ["/", "/notes", "/nowhere", "/saml", "/saml/", "/saml/login/", "/saml/acs/x"] {
        let answer = browser.visit(path).await;
        assert_eq!(answer.status, 303, "{path}: even what is not there is not told");
        assert!(answer.location().starts_with("/saml/login?return_to="));
    }
    assert_eq!(browser.visit("/saml/metadata").await.status, 200);
    assert_eq!(browser.visit("/saml/acs").await.status, 405);
    browser.sign_in("ward.nurse").await;
    assert_eq!(browser.visit("/").await.body, "Hello Bryn O'Sample");
    assert_eq!(browser.visit("/nowhere").await.status, 404);
    assert_eq!(browser.submit("/saml/logout", "").await.status, 200);
    assert_eq!(browser.visit("/saml/logout").await.status, 200);
    assert_eq!(browser.visit("/saml/logout/forget").await.status, 204);
    assert_eq!(browser.visit("/").await.status, 303);
}

/// One broken cookie of a neighbour's must not hide the others.
#[actix_web::test]
async fn cookies_of_others_do_not_get_in_the_way() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let own = browser.jar.borrow().header(From::SameSite, app.clock.read()).unwrap();
    for noise in ["nameless", "=valueless", "a=%ff%fe", "a=\"b", "=; =;", "a=b; a=c"] {
        for header in [format!("{noise}; {own}"), format!("{own}; {noise}")] {
            let request = navigation(Method::GET, "/whoami").insert_header(("Cookie", header));
            assert_eq!(app.answer(request).await.status, 200, "{noise}");
        }
    }
    let latin = [b"lang=caf\xe9; ", own.as_bytes()].concat();
    let header = HeaderValue::from_bytes(&latin).unwrap();
    let request = navigation(Method::GET, "/whoami").insert_header((COOKIE, header));
    assert_eq!(app.answer(request).await.status, 200);
}

/// An application that mounts extractors but not the routes.
#[actix_web::test]
async fn without_routes_an_extractor_is_our_own_fault_and_says_nothing() {
    let app = TestApp::with(|setup| setup.without_routes = true).await;
    for path in ["/rota", "/whoami"] {
        let answer = app.browser().visit(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (500, ""), "{path}");
        let alarming: Vec<_> = answer.events.iter().filter(|event| event.is_alarming()).collect();
        assert_eq!(alarming.len(), 1);
        assert!(alarming[0].field("message").contains("saml.routes() is not mounted"));
    }
    assert_eq!(app.browser().visit("/").await.body, "Hello nobody");
    assert_eq!(app.browser().visit("/admin").await.status, 303, "the guard does not need them");
}

#[actix_web::test]
async fn a_session_that_has_ended_is_answered_like_none() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    app.clock.advance(TimeDelta::minutes(30));
    let answer = browser.visit("/rota?day=2").await;
    assert_eq!(answer.location(), "/saml/login?return_to=%2Frota%3Fday%3D2");
}
