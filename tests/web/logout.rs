//! Signing out.

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::app::TestApp;
use crate::browser::{navigation, post};
use crate::jar::{From, Stored};

#[actix_web::test]
async fn signing_out_ends_the_session_on_the_server() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let stolen = app.browser();
    *stolen.jar.borrow_mut() = browser.jar.borrow().clone();
    assert!(stolen.is_signed_in().await, "the control");

    let answer = browser.submit("/saml/logout", "").await;
    assert_eq!(answer.status, 200);
    answer.assert_page();
    assert!(answer.body.contains("You are signed out of this service."));
    let removal = answer.set_cookie("__Host-saml-session").unwrap();
    assert!(removal.contains("; Max-Age=0; "), "{removal}");
    assert!(!browser.is_signed_in().await);
    assert!(!stolen.is_signed_in().await, "the old cookie is dead");
}

#[actix_web::test]
async fn a_link_only_asks() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    for path in ["/saml/logout", "/saml/logout?confirm=yes"] {
        let answer = browser.visit_from_elsewhere(path).await;
        assert_eq!(answer.status, 200);
        answer.assert_page();
        assert!(answer.body.contains("<form method=\"post\" action=\"/saml/logout\">"));
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(policy.contains("form-action 'self'"), "{policy}");
    }
    assert!(browser.is_signed_in().await);
}

#[actix_web::test]
async fn a_page_of_another_site_signs_nobody_out() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    browser.submit_from_elsewhere("/saml/logout", "").await;
    assert!(browser.is_signed_in().await);
    // Nor in a browser that does not tell: the cookie does not come along.
    browser.send(From::OtherSitePost, post("/saml/logout", "")).await;
    assert!(browser.is_signed_in().await);
}

/// A neighbour at the same site: the cookie does come along.
#[actix_web::test]
async fn a_page_of_a_neighbour_only_asks() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    for origin in ["same-site", "cross-site", "unheard-of", ""] {
        let request = post("/saml/logout", "").insert_header(("Sec-Fetch-Site", origin));
        let answer = browser.send(From::SameSite, request).await;
        assert!(answer.body.contains("Do you want to sign out"), "{}", answer.body);
        assert!(browser.is_signed_in().await, "{origin}");
    }
    let typed = post("/saml/logout", "").insert_header(("Sec-Fetch-Site", "none"));
    browser.send(From::SameSite, typed).await;
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn signing_out_twice_or_without_a_session_is_no_mistake() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    for _ in 0..2 {
        assert_eq!(browser.submit("/saml/logout", "").await.status, 200);
    }
    assert_eq!(app.browser().submit("/saml/logout", "").await.status, 200);
}

/// A request that was under way when the session ended must not bring it back.
#[actix_web::test]
async fn an_old_cookie_brings_nothing_back() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let old = browser.jar.borrow().clone();
    browser.submit("/saml/logout", "").await;
    *browser.jar.borrow_mut() = old;
    for path in ["/note", "/renew", "/notes"] {
        browser.send(From::SameSite, navigation(Method::GET, path)).await;
        assert!(!browser.is_signed_in().await, "{path}");
    }
}

#[actix_web::test]
async fn after_signing_out_one_can_sign_in_again() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    browser.submit("/saml/logout", "").await;
    browser.sign_in("locum.doctor").await;
    assert_eq!(browser.visit("/rota").await.body, "Rota of Dr Zoë Müller-Example");
}

/// The browser has the pages before this one ready for its back button. That it lets go of them is
/// shown in a real one; a page of another site must not slow the application down in this way.
#[actix_web::test]
async fn the_page_after_signing_out_lets_the_browser_forget() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let answer = browser.submit("/saml/logout", "").await;
    assert!(answer.body.contains("<img src=\"/saml/logout/forget\" alt=\"\""), "{}", answer.body);
    let policy = answer.header("Content-Security-Policy").unwrap();
    assert!(policy.contains("; img-src 'self'"), "{policy}");

    for (origin, expected) in [
        (Some("same-origin"), Some("\"cache\"")),
        (Some("same-site"), None),
        (Some("cross-site"), None),
        (Some("none"), None),
        (None, None),
    ] {
        let mut request = TestRequest::with_uri("/saml/logout/forget");
        if let Some(origin) = origin {
            request = request.insert_header(("Sec-Fetch-Site", origin));
        }
        let answer = browser.send(From::SameSite, request).await;
        assert_eq!(answer.status, 204, "{origin:?}");
        assert_eq!(answer.header("Clear-Site-Data"), expected, "{origin:?}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{origin:?}");
    }
}

/// Both answers were under way before either had arrived: neither could know of the other's session.
#[actix_web::test]
async fn signing_out_ends_what_began_at_the_same_moment_in_another_tab() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let (one, other) = (browser.begin("/rota").await, browser.begin("/").await);
    let tab = app.browser();
    *tab.jar.borrow_mut() = browser.jar.borrow().clone();
    assert_eq!(tab.bring(&app.respond(&one, "ward.nurse")).await.status, 303);
    assert_eq!(browser.bring(&app.respond(&other, "ward.nurse")).await.status, 303);
    assert!(tab.is_signed_in().await && browser.is_signed_in().await, "two sessions");
    // A browser has one jar: the session cookie of one, and what is known of both.
    let of_tab = tab.jar.borrow().clone();
    let is_new = |stored: &&Stored| stored.cookie.name().contains(&one.relay_state);
    let known: Vec<_> = of_tab.0.iter().filter(is_new).cloned().collect();
    assert_eq!(known.len(), 1);
    browser.jar.borrow_mut().0.retain(|stored| !stored.cookie.name().contains(&one.relay_state));
    browser.jar.borrow_mut().0.extend(known);
    assert_eq!(browser.submit("/saml/logout", "").await.status, 200);
    assert!(!browser.is_signed_in().await);
    assert!(!tab.is_signed_in().await, "nobody else could have ended it");
}
