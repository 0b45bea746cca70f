//! Several tabs, the back button, and a person who took too long.

use chrono::TimeDelta;

use crate::browser::{Browser, Scripts};
use crate::sign_in::{CHOOSER, NO_LONGER_OPEN, NURSE, nurse, whoami};
use crate::sites::{Setting, Sites};

const SIGN_IN_AGAIN: &str = "a.button";

/// A browser that runs no scripts keeps the page in its history that posts the response.
async fn sign_in_without_scripts(browser: &Browser, sites: &Sites) {
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at(CHOOSER).await;
    browser.click(NURSE).await;
    browser.arrive_at("Going back to the application").await;
    browser.click("#response button").await;
    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
}

#[actix_web::test]
async fn whoever_goes_back_and_posts_again_is_sent_on() {
    let Some(browser) = Browser::open_with(Scripts::Blocked).await else { return };
    let sites = Setting { keeps_idp_pages: true, ..Setting::default() }.serve();
    sign_in_without_scripts(&browser, &sites).await;
    let cookies = browser.cookies().await;

    for _ in 0..2 {
        browser.go_back().await;
        browser.arrive_at("Going back to the application").await;
        browser.click("#response button").await;
        browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
    }
    assert_eq!(browser.cookies().await, cookies);
    assert_eq!(whoami(&browser, &sites).await, nurse());
}

#[actix_web::test]
async fn going_back_after_signing_out_leads_to_the_sign_in() {
    let Some(browser) = Browser::open_with(Scripts::Blocked).await else { return };
    let sites = Setting { keeps_idp_pages: true, ..Setting::default() }.serve();
    sign_in_without_scripts(&browser, &sites).await;
    browser.click(".who button").await;
    browser.arrive(&sites.page("/saml/logout"), "Signed out").await;

    browser.go_back().await;
    browser.go_back().await;
    browser.arrive_at("Going back to the application").await;
    browser.click("#response button").await;
    browser.arrive(&sites.page("/saml/acs"), "You are no longer signed in").await;
    assert_eq!(browser.status().await, 403);
    browser.click(SIGN_IN_AGAIN).await;
    browser.arrive_at(CHOOSER).await;
    browser.click(NURSE).await;
    browser.arrive_at("Going back to the application").await;
    browser.click("#response button").await;
    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
}

#[actix_web::test]
async fn tabs_finish_in_any_order_and_leave_one_session() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    let mut tabs = vec![(browser.tab().await, "/rota?day=1")];
    browser.visit(&sites.page("/rota?day=1")).await;
    browser.arrive_at(CHOOSER).await;
    for page in ["/rota?day=2", "/rota?day=3"] {
        tabs.push((browser.open_tab().await, page));
        browser.visit(&sites.page(page)).await;
        browser.arrive_at(CHOOSER).await;
    }

    tabs.swap(1, 2);
    for (tab, page) in &tabs {
        browser.switch_to(tab).await;
        browser.click(NURSE).await;
        browser.arrive(&sites.page(page), "Your rota").await;
    }
    for (tab, page) in &tabs {
        browser.switch_to(tab).await;
        browser.reload().await;
        browser.arrive(&sites.page(page), "Your rota").await;
    }
    let is_session = |cookie: &&String| cookie.starts_with("saml-session ");
    assert_eq!(browser.cookies().await.iter().filter(is_session).count(), 1);
}

#[actix_web::test]
async fn whoever_took_too_long_gets_there_all_the_same() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at(CHOOSER).await;
    sites.wait(TimeDelta::minutes(61));

    browser.click(NURSE).await;
    browser.arrive(&sites.page("/saml/acs"), NO_LONGER_OPEN).await;
    assert_eq!(browser.status().await, 403);
    // Posts it once more.
    browser.reload().await;
    browser.arrive(&sites.page("/saml/acs"), NO_LONGER_OPEN).await;
    browser.click(SIGN_IN_AGAIN).await;
    browser.arrive_at(CHOOSER).await;
    browser.click(NURSE).await;
    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
}
