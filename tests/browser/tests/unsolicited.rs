//! A sign-in that begins at the identity provider: the page asks, and only its own button goes on.

use crate::browser::Browser;
use crate::sign_in::{nobody, nurse, whoami};
use crate::sites::{Setting, Sites};

async fn begin(browser: &Browser, sites: &Sites) {
    // The identity provider knows whom it may answer once somebody has come from there.
    browser.visit(&sites.page("/rota")).await;
    browser.arrive_at("Choose who signs in").await;
    let path = format!(
        "/adfs/ls/idpinitiatedsignon.aspx?loginToRp={}&RelayState=%2Frota",
        urlencoding(sites.page("/saml/metadata").as_str())
    );
    browser.visit(&sites.idp.join(&path).unwrap()).await;
    browser.click("button[name=person][value='ward.nurse']").await;
    browser.arrive(&sites.page("/saml/acs"), "Sign in?").await;
}

fn urlencoding(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}

#[actix_web::test]
async fn the_person_sees_as_whom_and_goes_on_by_a_click() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting { accepts_unsolicited: true, ..Setting::default() }.serve();
    begin(&browser, &sites).await;
    assert!(browser.text("main").await.contains("Bryn O'Sample"));
    browser.click("main button").await;
    browser.arrive(&sites.page("/rota"), "Your rota").await;
    assert_eq!(whoami(&browser, &sites).await, nurse());
}

#[actix_web::test]
async fn a_double_click_is_one_click() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting { accepts_unsolicited: true, ..Setting::default() }.serve();
    begin(&browser, &sites).await;
    browser.double_click("main button").await;
    browser.arrive(&sites.page("/rota"), "Your rota").await;
    assert_eq!(whoami(&browser, &sites).await, nurse());
}

/// The control: without the click, nobody is signed in.
#[actix_web::test]
async fn without_a_click_nobody_is_signed_in() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting { accepts_unsolicited: true, ..Setting::default() }.serve();
    begin(&browser, &sites).await;
    assert_eq!(whoami(&browser, &sites).await, nobody());
}
