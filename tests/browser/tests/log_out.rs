//! Log-out across two sites: what comes back by a form of the other site comes without the session
//! cookie, and must find what it needs all the same.

use actix_saml::saml::binding::Binding;

use crate::browser::Browser;
use crate::sign_in::{nobody, nurse, sign_in, whoami};
use crate::sites::{Setting, Sites};

fn sites(binding: Binding) -> Sites {
    Setting { logout: Some(binding), ..Setting::default() }.serve()
}

/// From the question to the page that says how it ended.
async fn sign_out(binding: Binding) {
    let Some(browser) = Browser::open().await else { return };
    let sites = sites(binding);
    sign_in(&browser, &sites, "/rota", "Your rota").await;
    assert_eq!(whoami(&browser, &sites).await, nurse());

    browser.visit(&sites.page("/saml/logout")).await;
    browser.arrive_at("Sign out").await;
    browser.click("button").await;

    browser.arrive_at("Signed out").await;
    assert_eq!(browser.url().await.path(), "/saml/slo");
    let text = browser.text("main").await;
    assert!(text.contains("signed out of this service and of the sign-in service"), "{text}");
    assert_eq!(whoami(&browser, &sites).await, nobody());
}

#[actix_web::test]
async fn signing_out_by_post_comes_back_without_the_session_cookie() {
    sign_out(Binding::HttpPost).await;
}

#[actix_web::test]
async fn signing_out_by_redirect_comes_back() {
    sign_out(Binding::HttpRedirect).await;
}

/// The identity provider posts its wish: the `Lax` cookie stays behind, and the session ends.
async fn be_signed_out(button: &str) {
    let Some(browser) = Browser::open().await else { return };
    let sites = sites(Binding::HttpRedirect);
    sign_in(&browser, &sites, "/rota", "Your rota").await;

    browser.visit(&sites.idp).await;
    browser.click(&format!("button[value={button}]")).await;

    browser.arrive_at("Signed out").await;
    assert_eq!(browser.url().await.origin(), sites.idp.origin());
    let text = browser.text("main").await;
    assert!(text.contains("nobody is signed in there"), "{text}");
    assert_eq!(whoami(&browser, &sites).await, nobody());
}

#[actix_web::test]
async fn a_wish_by_post_ends_the_session_without_its_cookie() {
    be_signed_out("post").await;
}

#[actix_web::test]
async fn a_wish_by_redirect_ends_the_session() {
    be_signed_out("redirect").await;
}
