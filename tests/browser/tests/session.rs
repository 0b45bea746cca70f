//! The session in the browser: its cookie, what scripts see of it, and its end.

use serde_json::json;

use crate::browser::Browser;
use crate::sign_in::{CHOOSER, NURSE, nobody, nurse, sign_in, whoami};
use crate::sites::{Setting, Sites};

/// Signs in by way of each page on which a cookie is set, and asks the browser what it has.
async fn check_cookies(browser: &Browser, sites: &Sites, prefix: &str) {
    let attempts = format!("{prefix}saml-attempts at localhost/ Secure HttpOnly SameSite=Lax");
    browser.visit(&sites.page("/rota")).await;
    browser.arrive_at(CHOOSER).await;
    browser.visit(&sites.page("/")).await;
    browser.arrive_at("Ward rota").await;
    let pending = format!("{prefix}saml-pending- at localhost/ Secure HttpOnly SameSite=None");
    assert_eq!(browser.cookies().await, [attempts.clone(), pending.clone()]);

    browser.go_back().await;
    browser.arrive_at(CHOOSER).await;
    browser.click(NURSE).await;
    browser.arrive(&sites.page("/rota"), "Your rota").await;
    let session = format!(
        "{prefix}saml-session at localhost/ Secure HttpOnly until the browser is closed SameSite=Lax"
    );
    let lax = |name: &str| format!("{prefix}{name} at localhost/ Secure HttpOnly SameSite=Lax");
    let kept = [attempts, pending, lax("saml-person"), session, lax("saml-trips")];
    assert_eq!(browser.cookies().await, kept);
    assert_eq!(browser.run("return document.cookie").await, json!(""));
    assert_eq!(whoami(browser, sites).await, nurse());
}

#[actix_web::test]
async fn the_browser_keeps_cookies_as_they_were_meant() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    check_cookies(&browser, &sites, "").await;
}

/// A browser refuses the prefix unless the cookie is `Secure`, for `/`, and names no domain.
#[actix_web::test]
async fn over_https_the_browser_takes_the_prefix() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting { https: true, ..Setting::default() }.serve();
    check_cookies(&browser, &sites, "__Host-").await;
}

#[actix_web::test]
async fn a_script_is_told_and_not_sent_elsewhere() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    browser.visit(&sites.page("/dashboard")).await;
    let (status, content_type, problem) = browser.fetch("/api/shifts").await;
    assert_eq!((status, content_type.as_str()), (401, "application/problem+json"));
    assert_eq!(problem["title"], "Sign-in needed");

    sign_in(&browser, &sites, "/rota", "Your rota").await;

    browser.visit(&sites.page("/dashboard")).await;
    let (status, content_type, shifts) = browser.fetch("/api/shifts").await;
    assert_eq!((status, content_type.as_str()), (200, "application/json"));
    assert_eq!(shifts["for"], "Bryn O'Sample");
}

#[actix_web::test]
async fn after_signing_out_a_page_asks_again() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    sign_in(&browser, &sites, "/rota?day=2", "Your rota").await;

    browser.click(".who button").await;
    browser.arrive(&sites.page("/saml/logout"), "Signed out").await;

    let kept = browser.cookies().await;
    assert!(!kept.iter().any(|cookie| cookie.starts_with("saml-session ")), "{kept:?}");
    assert_eq!(whoami(&browser, &sites).await, nobody());
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at(CHOOSER).await;
}

/// What the next person at a shared computer sees who goes back.
async fn go_back_after_signing_out(pages: &[(&str, &str)]) {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting { https: true, ..Setting::default() }.serve();
    let [first, others @ ..] = pages else { panic!("no page") };
    sign_in(&browser, &sites, first.0, first.1).await;
    for (path, heading) in others {
        browser.visit(&sites.page(path)).await;
        browser.arrive(&sites.page(path), heading).await;
    }
    browser.click(".who button").await;
    browser.arrive(&sites.page("/saml/logout"), "Signed out").await;

    for _ in pages {
        browser.go_back().await;
        browser.arrive_at(CHOOSER).await;
        assert_eq!(browser.url().await.origin(), sites.idp.origin());
    }
}

#[actix_web::test]
async fn after_signing_out_the_page_before_is_not_shown_again() {
    go_back_after_signing_out(&[("/rota", "Your rota")]).await;
}

#[actix_web::test]
async fn after_signing_out_earlier_pages_are_not_shown_again() {
    go_back_after_signing_out(&[("/rota", "Your rota"), ("/assertion", "Your sign-in")]).await;
}
