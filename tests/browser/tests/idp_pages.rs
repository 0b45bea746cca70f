//! The pages of the test identity provider: by axe, by keyboard alone, and as they are read out.

use actix_saml::idp::staff;
use actix_saml::saml::binding::Binding;
use serde_json::json;

use crate::accessibility::{faults, visit_all};
use crate::axe;
use crate::browser::{Browser, TAB};
use crate::sign_in::{CHOOSER, NURSE, nurse, sign_in, whoami};
use crate::sites::{Setting, Sites};

const ENTER: char = '\u{E007}';
const DOWN: char = '\u{E015}';
const FRONT: &str = "Test identity provider";
const POSTING: &str = "Going back to the application";

async fn open_chooser(browser: &Browser, sites: &Sites) {
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at(CHOOSER).await;
}

#[actix_web::test]
async fn every_page_by_axe_and_by_the_tab_key() {
    let (Some(source), Some(browser)) = (axe::source(), Browser::open().await) else { return };
    let setting =
        Setting { logout: Some(Binding::HttpRedirect), idp_remembers: true, ..Setting::default() };
    let sites = setting.serve();
    let at = |path: &str| sites.idp.join(path).unwrap();
    let start = "/adfs/ls/idpinitiatedsignon.aspx";
    let mut found = visit_all(
        &browser,
        source,
        &[
            (at("/"), FRONT),
            (at("/keys"), "Signing keys"),
            (at(start), "Begin here"),
            (at(&format!("{start}?loginToRp=urn:nobody")), "This request was refused"),
            (at("/adfs/ls/"), "This request was refused"),
        ],
    )
    .await;
    open_chooser(&browser, &sites).await;
    found.extend(faults(&browser, source, "idp chooser").await);
    browser.run("document.querySelector('#user_name').value = '<'").await;
    browser.click(".main").await;
    browser.arrive_at(CHOOSER).await;
    assert_eq!(browser.status().await, 400);
    found.extend(faults(&browser, source, "idp chooser again").await);

    // A session, and a browser that is remembered: the front page shows both.
    sign_in(&browser, &sites, "/rota", "Your rota").await;
    browser.visit(&at("/")).await;
    browser.arrive_at(FRONT).await;
    assert_eq!(browser.text("form[action='/forget'] button").await, "Forget");
    found.extend(faults(&browser, source, "idp front with a session").await);
    // Signed out at the application, which answers.
    browser.click("button[value=redirect]").await;
    browser.arrive_at("Signed out").await;
    found.extend(faults(&browser, source, "idp signed out").await);
    // The session is not there any more: the page of a fault.
    browser.visit(&at("/")).await;
    browser.arrive_at(FRONT).await;
    let ended = "const form = document.createElement('form'); form.method = 'post'; \
                 form.action = '/sign-out'; document.body.append(form); form.submit()";
    browser.run(ended).await;
    browser.arrive_at("The response could not be made").await;
    found.extend(faults(&browser, source, "idp fault").await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The pages that send themselves stay where no script runs.
#[actix_web::test]
async fn the_pages_that_send_themselves() {
    let (Some(source), Some(browser)) = (axe::source(), Browser::open().await) else { return };
    let sites = Setting { logout: Some(Binding::HttpPost), ..Setting::default() }.serve();
    open_chooser(&browser, &sites).await;
    browser.let_scripts_run(false).await;
    browser.click(NURSE).await;
    browser.arrive_at(POSTING).await;
    browser.let_scripts_run(true).await;
    let mut found = faults(&browser, source, "idp posting").await;
    // Two answers wait for a button each, with scripts too.
    open_chooser(&browser, &sites).await;
    browser.run("document.querySelector('#scenario_of_card').value = 'two-responses'").await;
    browser.click(NURSE).await;
    browser.arrive_at(POSTING).await;
    assert_eq!(browser.text("#response-2 button").await, "Send answer 2");
    found.extend(faults(&browser, source, "idp two answers").await);
    browser.let_scripts_run(false).await;
    open_chooser(&browser, &sites).await;
    browser.click(NURSE).await;
    browser.arrive_at(POSTING).await;
    browser.let_scripts_run(true).await;
    browser.click("#response button").await;
    browser.arrive_at("Your rota").await;
    browser.visit(&sites.idp).await;
    browser.arrive_at(FRONT).await;
    browser.let_scripts_run(false).await;
    browser.click("button[value=post]").await;
    browser.arrive_at("Signing out").await;
    browser.let_scripts_run(true).await;
    found.extend(faults(&browser, source, "idp posting a log-out").await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What has the focus, in a few words.
async fn focused(browser: &Browser) -> String {
    let script = "const e = document.activeElement; return e.value || e.id || e.tagName";
    browser.run(script).await.as_str().unwrap().to_owned()
}

/// Tabs on until the thing `wanted` has the focus, and sees that the focus is seen all the way.
async fn tab_to(browser: &Browser, wanted: &str) {
    for _ in 0..40 {
        browser.press(TAB).await;
        let seen = "const s = getComputedStyle(document.activeElement); \
                    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2";
        assert_eq!(browser.run(seen).await, json!(true), "{}", focused(browser).await);
        if focused(browser).await == wanted {
            return;
        }
    }
    panic!("{wanted} is not reached");
}

#[actix_web::test]
async fn somebody_signs_in_by_keyboard_alone() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    // By a card.
    open_chooser(&browser, &sites).await;
    tab_to(&browser, "ward.nurse").await;
    browser.press(ENTER).await;
    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
    assert_eq!(whoami(&browser, &sites).await, nurse());

    // By a name as it stands on the card, in small letters.
    let browser = Browser::open().await.unwrap();
    open_chooser(&browser, &sites).await;
    tab_to(&browser, "user_name").await;
    for key in "bryn o'sample".chars() {
        browser.press(key).await;
    }
    browser.press(ENTER).await;
    browser.arrive(&sites.page("/rota?day=2"), "Your rota").await;
    assert_eq!(whoami(&browser, &sites).await, nurse());

    // What goes wrong, by the arrow: the first scenario after the usual is to fail its evidence.
    let browser = Browser::open().await.unwrap();
    open_chooser(&browser, &sites).await;
    browser.press(TAB).await;
    let select = "return document.activeElement.id + document.activeElement.value";
    assert_eq!(browser.run(select).await, json!("scenario_of_card"));
    while browser.run(select).await != json!("scenario_of_cardexpired") {
        let before = browser.run(select).await;
        browser.press(DOWN).await;
        assert_ne!(browser.run(select).await, before, "the arrow goes on");
    }
    tab_to(&browser, "ward.nurse").await;
    browser.press(ENTER).await;
    browser.arrive_at("We could not sign you in").await;
}

/// The name of each card says who it is, beginning with the name of the person.
#[actix_web::test]
async fn a_screen_reader_says_who_is_on_each_card() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    open_chooser(&browser, &sites).await;
    let spoken = browser.spoken().await;
    let buttons: Vec<&str> =
        spoken.iter().filter(|(role, _)| role == "button").map(|(_, name)| &**name).collect();
    for person in staff() {
        let name = format!("{} {} ", person.display_name, person.description);
        let said = buttons.iter().filter(|button| button.starts_with(&name)).count();
        assert_eq!(said, 1, "{name} in {buttons:?}");
    }
    let others: Vec<_> = buttons.iter().filter(|name| !name.contains("MFA evidence")).collect();
    assert_eq!(others, [&"Sign in", &"Cancel"]);
    let has = |role: &str, name: &str| spoken.iter().any(|(r, n)| r == role && n == name);
    assert!(has("heading", CHOOSER) && has("list", "Choose somebody"));
    assert!(has("combobox", "Name or user name") && has("combobox", "What is to happen"));
}

/// The browser has everybody who is listed to find by a part of the name. What it makes of that, it
/// shows in a window of its own, which the driver does not see.
#[actix_web::test]
async fn a_part_of_a_name_finds_a_person() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();
    open_chooser(&browser, &sites).await;
    let script = "const all = [...document.querySelector('#user_name').list.options]; \
                  return all.filter((one) => one.label.includes('Sampl')).map((one) => one.value)";
    assert_eq!(browser.run(script).await, json!(["ward.nurse"]));
    let count = "return document.querySelector('#user_name').list.options.length";
    assert_eq!(browser.run(count).await, json!(staff().len()));
}

#[actix_web::test]
async fn nothing_is_remembered_unless_it_is_asked_for() {
    let Some(browser) = Browser::open().await else { return };
    for idp_remembers in [false, true] {
        let sites = Setting { idp_remembers, ..Setting::default() }.serve();
        sign_in(&browser, &sites, "/rota", "Your rota").await;
        browser.click(".who button").await;
        browser.arrive_at("Signed out").await;
        browser.visit(&sites.idp).await;
        browser.arrive_at(FRONT).await;
        let here = "return [localStorage.length, sessionStorage.length]";
        assert_eq!(browser.run(here).await, json!([0, 0]));
        let kept = browser.cookies().await.iter().any(|name| name.contains("test-idp-person"));
        assert_eq!(kept, idp_remembers);
        browser.visit(&sites.page("/assertion")).await;
        let heading = if idp_remembers { "Your sign-in" } else { CHOOSER };
        browser.arrive_at(heading).await;
    }
}
