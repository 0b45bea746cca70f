//! From the page that somebody asks for, by way of the identity provider, to that page.

use actix_saml::saml::binding::Binding;
use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::sites::{Setting, Sites};

/// The nurse on the page of the identity provider.
pub(crate) const NURSE: &str = "button[name=person][value='ward.nurse']";
pub(crate) const CHOOSER: &str = "Choose who signs in";
pub(crate) const NO_LONGER_OPEN: &str = "That sign-in is no longer open";

/// Signs the nurse in by way of `path`, which is the page `heading`.
pub(crate) async fn sign_in(browser: &Browser, sites: &Sites, path: &str, heading: &str) {
    browser.visit(&sites.page(path)).await;
    browser.arrive_at(CHOOSER).await;
    assert_eq!(browser.url().await.origin(), sites.idp.origin());
    browser.click(NURSE).await;
    browser.arrive(&sites.page(path), heading).await;
}

/// What `/whoami` answers to a visit: the status, and the `NameID`'s value.
pub(crate) async fn whoami(browser: &Browser, sites: &Sites) -> (u64, serde_json::Value) {
    browser.visit(&sites.page("/whoami")).await;
    let body: serde_json::Value = serde_json::from_str(&browser.text("pre").await).unwrap();
    (browser.status().await, body["name_id"]["value"].clone())
}

pub(crate) fn nobody() -> (u64, serde_json::Value) {
    (401, json!(null))
}

pub(crate) fn nurse() -> (u64, serde_json::Value) {
    (200, json!("ward.nurse@nhs.net"))
}

#[actix_web::test]
async fn a_deep_link_ends_at_the_page_asked_for() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    browser.visit(&sites.page("/")).await;
    browser.arrive(&sites.page("/"), "Ward rota").await;
    assert_eq!(whoami(&browser, &sites).await, nobody());

    sign_in(&browser, &sites, "/rota?day=2", "Your rota").await;

    assert_eq!(browser.text(".who strong").await, "Bryn O'Sample");
    assert_eq!(browser.status().await, 200);
    assert_eq!(whoami(&browser, &sites).await, nurse());
    let (_, _, principal) = browser.fetch("/whoami").await;
    assert_eq!(principal["issuer"], sites.idp_entity_id);
}

#[actix_web::test]
async fn a_request_by_post_gets_there_as_well() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting { request_binding: Binding::HttpPost, ..Setting::default() }.serve();

    sign_in(&browser, &sites, "/rota?day=2", "Your rota").await;

    assert_eq!(whoami(&browser, &sites).await, nurse());
}

#[actix_web::test]
async fn without_scripts_each_form_has_a_button() {
    let Some(browser) = Browser::open_with(Scripts::Blocked).await else { return };
    let sites = Setting { request_binding: Binding::HttpPost, ..Setting::default() }.serve();

    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at("Signing in").await;
    browser.click("#saml-form button").await;
    browser.arrive_at(CHOOSER).await;
    browser.click(NURSE).await;
    browser.arrive_at("Going back to the application").await;
    browser.click("#response button").await;

    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
}

#[actix_web::test]
async fn two_tabs_each_end_at_their_own_page() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    let first = browser.tab().await;
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at(CHOOSER).await;
    let second = browser.open_tab().await;
    browser.visit(&sites.page("/assertion?from=mail")).await;
    browser.arrive_at(CHOOSER).await;

    browser.click(NURSE).await;
    browser.arrive(&sites.page("/assertion?from=mail"), "Your sign-in").await;
    browser.switch_to(&first).await;
    browser.click(NURSE).await;
    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;

    browser.switch_to(&second).await;
    browser.reload().await;
    browser.arrive(&sites.page("/assertion?from=mail"), "Your sign-in").await;
    assert_eq!(whoami(&browser, &sites).await, nurse());
}

#[actix_web::test]
async fn going_back_and_posting_again_leaves_the_session_alone() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    sign_in(&browser, &sites, "/rota?day=2", "Your rota").await;

    // The page that posted is not in the history: a script did it.
    browser.go_back().await;
    browser.arrive_at(CHOOSER).await;
    browser.click(NURSE).await;
    browser.arrive(&sites.page("/saml/acs"), NO_LONGER_OPEN).await;
    assert_eq!(browser.status().await, 403);
    let first = browser.text("code").await;

    browser.reload().await;
    browser.arrive(&sites.page("/saml/acs"), NO_LONGER_OPEN).await;
    assert_ne!(browser.text("code").await, first, "it was posted again");
    assert_eq!(whoami(&browser, &sites).await, nurse());
}

#[actix_web::test]
async fn a_guarded_page_is_for_the_person_who_is_signed_in_now() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();

    sign_in(&browser, &sites, "/admin", "Not for you").await;
    assert_eq!(browser.status().await, 403);
    browser.click(".who button").await;
    browser.arrive(&sites.page("/saml/logout"), "Signed out").await;

    browser.visit(&sites.page("/admin")).await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='test.consultant']").await;
    browser.arrive(&sites.page("/admin"), "Manage the rota").await;
    assert_eq!(browser.status().await, 200);
}

#[actix_web::test]
async fn the_state_of_the_trust_is_for_operators() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    let json = sites.page("/admin/federation.json");

    // Anybody may ask whether people can sign in, and learns no more.
    browser.visit(&sites.page("/health/ready")).await;
    assert_eq!(browser.text("pre").await, r#"{"ready":true}"#);

    sign_in(&browser, &sites, "/admin/federation", "Not for you").await;
    assert_eq!(browser.status().await, 403);
    browser.visit(&json).await;
    assert_eq!(browser.status().await, 403);
    let refused: serde_json::Value = serde_json::from_str(&browser.text("pre").await).unwrap();
    assert_eq!(refused, json!({ "type": "about:blank", "title": "Not for you", "status": 403 }));

    browser.visit(&sites.page("/rota")).await;
    browser.click(".who button").await;
    browser.arrive(&sites.page("/saml/logout"), "Signed out").await;
    browser.visit(&sites.page("/admin/federation")).await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='test.consultant']").await;
    browser.arrive(&sites.page("/admin/federation"), "Trust in the sign-in service").await;
    browser.visit(&json).await;
    assert_eq!(browser.status().await, 200);
    let state: serde_json::Value = serde_json::from_str(&browser.text("pre").await).unwrap();
    assert_eq!((&state["ready"], &state["idps"][0]["trust"]), (&json!(true), &json!("code")));
    assert_eq!(state["idps"][0]["keys"][0]["standing"], "current");
}

#[actix_web::test]
async fn cancelling_is_said_and_signs_nobody_in() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at(CHOOSER).await;

    browser.click("button[name=cancel]").await;

    browser.arrive(&sites.page("/saml/acs"), "You were not signed in").await;
    assert_eq!(browser.status().await, 403);
    assert_eq!(whoami(&browser, &sites).await, nobody());
}

/// A page within a page leads the whole window to the sign-in, and that back to the page around it.
#[actix_web::test]
async fn within_a_page_the_whole_window_goes_to_the_sign_in() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    browser.visit(&sites.page("/dashboard?ward=a")).await;
    browser.arrive_at("Dashboard").await;
    let frame = "const frame = document.createElement('iframe'); frame.src = '/rota'; \
                 document.body.append(frame)";
    browser.run(frame).await;
    browser.arrive_at(CHOOSER).await;
    browser.click(NURSE).await;
    browser.arrive(&sites.page("/dashboard?ward=a"), "Dashboard").await;
}
