//! A page that asks for more than a sign-in.

use crate::browser::Browser;
use crate::sign_in::CHOOSER;
use crate::sites::{Setting, Sites};

#[actix_web::test]
async fn a_page_that_wants_a_second_factor_is_reached_by_who_has_one() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();

    browser.visit(&sites.page("/rota")).await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='test.consultant']").await;
    browser.arrive(&sites.page("/rota"), "Your rota").await;
    browser.click("main a[href='/swap']").await;
    browser.arrive(&sites.page("/swap"), "Swap a shift").await;
}

#[actix_web::test]
async fn who_has_none_is_asked_once_and_then_told() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    browser.visit(&sites.page("/rota")).await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='ward.pc']").await;
    browser.arrive(&sites.page("/rota"), "Your rota").await;

    browser.visit(&sites.page("/swap")).await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='ward.pc']").await;
    browser.arrive(&sites.page("/swap"), "This page needs a second factor").await;
    assert_eq!(browser.status().await, 403);
    // Again by a click, and by no other way.
    browser.visit(&sites.page("/swap")).await;
    browser.arrive(&sites.page("/swap"), "This page needs a second factor").await;
    browser.click("main a.button").await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='ward.pc']").await;
    browser.arrive(&sites.page("/swap"), "This page needs a second factor").await;
    browser.visit(&sites.page("/rota")).await;
    browser.arrive(&sites.page("/rota"), "Your rota").await;
}

/// A form has come too late, and its sender has signed in again.
async fn sent_too_late(browser: &Browser, sites: &Sites) {
    browser.visit(&sites.page("/swap")).await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='test.consultant']").await;
    browser.arrive(&sites.page("/swap"), "Swap a shift").await;
    browser.type_into("#note", "Caf\u{e9} at <seven>").await;
    browser.lose_cookie("saml-session").await;
    browser.click("main button").await;
    browser.arrive(&sites.page("/swap"), "Please sign in again").await;
    assert!(browser.text("main").await.contains("It is kept for a while, encrypted"));
    browser.click("main a.button").await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='test.consultant']").await;
    browser.arrive(&sites.page("/saml/resume"), "Send what you had filled in?").await;
}

/// The form is long, the session has ended meanwhile, and nothing is lost.
#[actix_web::test]
async fn a_form_that_came_too_late_is_sent_by_a_click_after_the_sign_in() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    sent_too_late(&browser, &sites).await;
    browser.click("main button").await;
    browser.arrive(&sites.page("/swap"), "Shift offered").await;
    assert!(browser.text("main").await.contains("Caf\u{e9} at <seven>"));
    // Applications that look at `Origin` take it for a form of their own.
    let own = sites.page("/").origin().ascii_serialization();
    assert_eq!(sites.origins.lock().unwrap().last(), Some(&own));
}

#[actix_web::test]
async fn a_form_that_came_too_late_arrives_by_a_double_click_too() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    sent_too_late(&browser, &sites).await;
    browser.double_click("main button").await;
    browser.arrive(&sites.page("/swap"), "Shift offered").await;
    assert!(browser.text("main").await.contains("Caf\u{e9} at <seven>"));
}
