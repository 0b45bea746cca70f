//! Two identity providers: the choice by keyboard and without scripts, and what is remembered.

use crate::browser::{Browser, Scripts, TAB};
use crate::sign_in::{CHOOSER, NURSE, nurse, whoami};
use crate::sites::{APP_HOST, IDP_HOST, Setting, Sites};

const ENTER: char = '\u{E007}';
const OTHER: &str = ".choices li:nth-child(2) a";

fn two() -> Setting {
    Setting { other_idp_host: Some(IDP_HOST), ..Setting::default() }
}

/// What the browser says of the thing that has the focus: its words, and whether it is seen.
async fn focused(browser: &Browser) -> (String, bool) {
    let script = "const e = document.activeElement, s = getComputedStyle(e); \
                  return [e.innerText, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 \
                  && e.getBoundingClientRect().height >= 44]";
    serde_json::from_value(browser.run(script).await).unwrap()
}

async fn remembered(browser: &Browser) -> Vec<String> {
    let cookies = browser.cookies().await;
    cookies.into_iter().filter(|cookie| cookie.contains("saml-idp")).collect()
}

/// Signs in at the second one by keyboard.
async fn choose_by_keyboard(browser: &Browser, sites: &Sites) {
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at("Sign in").await;
    browser.press(TAB).await;
    assert_eq!(focused(browser).await, ("Test sign-in".to_owned(), true));
    browser.press(TAB).await;
    assert_eq!(focused(browser).await, ("Other sign-in".to_owned(), true));
    browser.press(ENTER).await;
    browser.arrive_at(CHOOSER).await;
    assert_eq!(browser.url().await.origin(), sites.other_idp.as_ref().unwrap().origin());
    browser.click(NURSE).await;
    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
}

#[actix_web::test]
async fn the_second_time_nobody_is_asked_and_there_is_a_way_back() {
    let Some(browser) = Browser::open().await else { return };
    let sites = two().serve();
    choose_by_keyboard(&browser, &sites).await;
    let cookie = format!("saml-idp at {APP_HOST}/ Secure HttpOnly SameSite=Lax");
    assert_eq!(remembered(&browser).await, [cookie]);
    assert_eq!(whoami(&browser, &sites).await, nurse());

    // Signed out: straight there again, and the other way on the page in between.
    browser.visit(&sites.page("/rota")).await;
    browser.arrive_at("Your rota").await;
    browser.click(".who button").await;
    browser.arrive(&sites.page("/saml/logout"), "Signed out").await;
    browser.click("a.button").await;
    browser.arrive_at(CHOOSER).await;
    assert_eq!(browser.url().await.origin(), sites.other_idp.as_ref().unwrap().origin());
    browser.visit(&sites.page("/saml/login?choose")).await;
    browser.arrive_at("Sign in").await;
    assert_eq!(browser.text(OTHER).await, "Other sign-in\nUsed last in this browser");

    // Whoever goes back to the page at once is asked: the sign-in there may not be theirs.
    browser.visit(&sites.page("/assertion")).await;
    browser.arrive_at(CHOOSER).await;
    browser.visit(&sites.page("/assertion")).await;
    browser.arrive_at("Sign in").await;
}

#[actix_web::test]
async fn the_choice_needs_no_script() {
    let Some(browser) = Browser::open_with(Scripts::Blocked).await else { return };
    let sites = two().serve();
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at("Sign in").await;
    browser.click(OTHER).await;
    browser.arrive_at(CHOOSER).await;
    browser.click(NURSE).await;
    browser.arrive_at("Going back to the application").await;
    browser.click("#response button").await;
    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
}

#[actix_web::test]
async fn over_https_the_choice_is_remembered_under_the_prefix() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting { https: true, ..two() }.serve();
    choose_by_keyboard(&browser, &sites).await;
    let cookie = format!("__Host-saml-idp at {APP_HOST}/ Secure HttpOnly SameSite=Lax");
    assert_eq!(remembered(&browser).await, [cookie]);
}

/// The page of the test identity provider takes forms of its own only, by what browsers say of
/// them: this is what they say.
#[actix_web::test]
async fn a_rollover_is_rehearsed_by_clicks() {
    let Some(browser) = Browser::open().await else { return };
    for https in [false, true] {
        let sites = Setting { https, ..Setting::default() }.serve();
        browser.visit(&sites.idp).await;
        browser.arrive_at("Test identity provider").await;
        browser.click("a[href='/keys']").await;
        browser.arrive_at("Signing keys").await;
        let first = browser.text("dd code").await;
        for (word, label) in
            [("announce", "Switch to the announced key"), ("switch", "Remove the old key")]
        {
            browser.click(&format!("button[value={word}]")).await;
            browser.await_button(label).await;
        }
        assert_ne!(browser.text("dd code").await, first);
        browser.click("button[value=remove]").await;
        browser.await_button("Announce a new key").await;
        browser.keep_picture("Signing keys").await;
    }
}
