//! Sign-ins under way: one cookie for each, and nothing without it.

use chrono::TimeDelta;

use crate::app::TestApp;
use crate::message::Form;

const PREFIX: &str = "__Host-saml-pending-";

#[actix_web::test]
async fn cookie_a_pending_sign_in_is_kept_for_the_other_sites_post() {
    let app = TestApp::start().await;
    let answer = app.browser().visit("/saml/login").await;
    let cookie = answer.set_cookie(PREFIX).unwrap();
    let (name, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "HttpOnly; SameSite=None; Secure; Path=/; Max-Age=46800");
    let handle = name.strip_prefix(PREFIX).unwrap();
    assert_eq!(handle.len(), 32);
    assert!(handle.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(answer.location().contains(&format!("RelayState={handle}")));
}

#[actix_web::test]
async fn cookie_on_plain_http_it_has_no_prefix() {
    let app = TestApp::with(|setup| setup.base_url = "http://localhost:8080").await;
    let cookie = app.browser().visit("/saml/login").await.set_cookie("saml-pending-").unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=46800"));
}

#[actix_web::test]
async fn cookie_a_finished_sign_in_leaves_a_cookie_that_signs_nobody_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let name = format!("{PREFIX}{}", begun.relay_state);
    let before = browser.jar.borrow().value(&name).unwrap();
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    let finished = landed.set_cookie(PREFIX).unwrap();
    let attributes = "HttpOnly; SameSite=None; Secure; Path=/; Max-Age=3600";
    assert_eq!(finished, format!("{name}; {attributes}"));
    let after = browser.jar.borrow().value(&name).unwrap();
    assert!(after.len() <= before.len(), "there is always room for it");

    // Another response to the same request, to the same browser.
    let other = app.respond(&begun, "locum.doctor");
    browser.bring(&other).await.assert_refused(403, "no_pending_login");
    assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
}

#[actix_web::test]
async fn several_tabs_land_each_on_its_own_page() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let mut tabs = Vec::new();
    for page in ["/rota/a", "/rota/b", "/rota/c"] {
        tabs.push((page, browser.begin(page).await));
    }
    tabs.swap(0, 2);
    for (page, begun) in &tabs {
        let landed = browser.bring(&app.respond(begun, "ward.nurse")).await;
        assert_eq!((landed.status, landed.location()), (303, *page));
    }
    assert!(browser.is_signed_in().await);
}

#[actix_web::test]
async fn the_ninth_sign_in_drops_the_oldest() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let mut tabs = Vec::new();
    for number in 0..9 {
        tabs.push(browser.begin(&format!("/rota/{number}")).await);
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(browser.jar.borrow().names(PREFIX).len(), 8.min(number + 1));
    }
    browser
        .bring(&app.respond(&tabs[0], "ward.nurse"))
        .await
        .assert_refused(403, "no_pending_login");
    for (number, begun) in tabs.iter().enumerate().skip(1) {
        let landed = browser.bring(&app.respond(begun, "ward.nurse")).await;
        assert_eq!(landed.location(), format!("/rota/{number}"));
    }
}

/// Proxies refuse requests with more than 8 kB of cookies.
#[actix_web::test]
async fn cookies_never_grow_beyond_what_servers_take() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = |number: usize| format!("/{number}{}", "x".repeat(1000));
    let mut last = None;
    for number in 0..9 {
        last = Some(browser.begin(&page(number)).await);
        app.clock.advance(TimeDelta::seconds(1));
        let jar = browser.jar.borrow();
        let bytes: usize = jar
            .names(PREFIX)
            .iter()
            .map(|name| name.len() + jar.value(name).unwrap().len() + 3)
            .sum();
        assert!(bytes <= 6000, "{bytes}");
    }
    let landed = browser.bring(&app.respond(&last.unwrap(), "ward.nurse")).await;
    assert_eq!(landed.location(), page(8));
}

/// Of an earlier key, or put there by somebody else.
#[actix_web::test]
async fn cookies_that_cannot_be_opened_are_cleared_away() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let useless = format!("{PREFIX}{}", "a".repeat(32));
    browser.jar.borrow_mut().put(&useless, "of-an-earlier-key");
    // Not of our form: never written into a header, whatever it decodes to.
    for name in [
        format!("{PREFIX}{}", "a".repeat(31)),
        format!("{PREFIX}%0d%0aX-Evil%3a%20{}", "a".repeat(16)),
        format!("{PREFIX}{}%3b%20Domain%3dorg", "a".repeat(16)),
    ] {
        browser.jar.borrow_mut().put(&name, "x");
    }
    let answer = browser.visit("/saml/login").await;
    assert_eq!(answer.status, 303);
    let removal = answer.set_cookie(&useless).unwrap();
    assert!(removal.contains("; Max-Age=0; "), "{removal}");
    let set: Vec<_> = answer.headers.get_all("Set-Cookie").collect();
    assert_eq!(set.len(), 3, "the removal, the sign-in, the count of attempts: {set:?}");
}

#[actix_web::test]
async fn a_person_may_take_an_hour_and_no_longer() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    // A browser that does not delete it: what counts is the time within.
    let kept = browser.jar.borrow().clone();

    app.clock.advance(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(landed.status, 303, "{}", landed.body);

    app.clock.advance(TimeDelta::milliseconds(1));
    let late = app.browser();
    *late.jar.borrow_mut() = kept;
    late.keep_cookies_for_ever();
    let answer = late.bring(&app.respond(&begun, "ward.nurse")).await;
    answer.assert_refused(403, "pending_expired");
    assert!(answer.body.contains("That sign-in is no longer open"));
    assert!(answer.body.contains("href=\"/saml/login?return_to=%2Frota\""), "{}", answer.body);
}

/// For a shift it is known where somebody was going.
#[actix_web::test]
async fn a_browser_deletes_it_twelve_hours_later() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota?day=2").await;
    app.clock.advance(TimeDelta::hours(13) - TimeDelta::seconds(1));
    let late = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    late.assert_refused(403, "pending_expired");
    assert!(late.body.contains("href=\"/saml/login?return_to=%2Frota%3Fday%3D2\""));
    app.clock.advance(TimeDelta::seconds(1));
    let late = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    late.assert_refused(403, "no_pending_login");
    assert!(late.body.contains("href=\"/saml/login\""), "{}", late.body);
    assert!(!browser.is_signed_in().await);
}

/// Login CSRF: an attacker has their own response delivered by somebody else's browser.
#[actix_web::test]
async fn a_response_to_another_browser_signs_nobody_in() {
    let app = TestApp::start().await;
    let attacker = app.browser();
    let begun = attacker.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");

    let victim = app.browser();
    victim.bring(&form).await.assert_refused(403, "no_pending_login");
    assert!(!victim.is_signed_in().await);

    // The victim has a sign-in of their own under way: it is another one.
    let own = victim.begin("/rota").await;
    victim.bring(&form).await.assert_refused(403, "no_pending_login");
    let mixed = Form { relay_state: own.relay_state.clone(), ..form.clone() };
    victim.bring(&mixed).await.assert_refused(403, "in_response_to");
    assert!(!victim.is_signed_in().await);

    // Neither has used anything up.
    assert_eq!(victim.bring(&app.respond(&own, "locum.doctor")).await.status, 303);
    assert_eq!(attacker.bring(&form).await.status, 303);
}

#[actix_web::test]
async fn u_cookies_a_changed_or_renamed_cookie_is_no_cookie() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let (one, other) = (browser.begin("/rota/1").await, browser.begin("/rota/2").await);
    let name = |handle: &str| format!("{PREFIX}{handle}");
    let sealed = browser.jar.borrow().value(&name(&one.relay_state)).unwrap();
    let form = app.respond(&one, "ward.nurse");

    for at in [0, sealed.len() / 2, sealed.len() - 3] {
        let changed = if sealed.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut tampered = sealed.clone();
        tampered.replace_range(at..=at, changed);
        browser.jar.borrow_mut().put(&name(&one.relay_state), &tampered);
        browser.bring(&form).await.assert_refused(403, "no_pending_login");
    }
    // The cookie of another sign-in under this name, and this one under the name of another.
    let foreign = browser.jar.borrow().value(&name(&other.relay_state)).unwrap();
    browser.jar.borrow_mut().put(&name(&one.relay_state), &foreign);
    browser.bring(&form).await.assert_refused(403, "no_pending_login");
    browser.jar.borrow_mut().put(&name(&other.relay_state), &sealed);
    let renamed = Form { relay_state: other.relay_state.clone(), ..form.clone() };
    browser.bring(&renamed).await.assert_refused(403, "no_pending_login");
    // A session's cookie is no pending sign-in's, though one key seals both.
    app.browser().sign_in("ward.nurse").await;
    let session = browser.jar.borrow().value("__Host-saml-attempts").unwrap();
    browser.jar.borrow_mut().put(&name(&one.relay_state), &session);
    browser.bring(&form).await.assert_refused(403, "no_pending_login");

    browser.jar.borrow_mut().put(&name(&one.relay_state), &sealed);
    assert_eq!(browser.bring(&form).await.status, 303, "the control");
}

#[actix_web::test]
async fn without_a_relay_state_or_with_another_there_is_no_sign_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    for relay_state in ["", "x", &"0".repeat(32), &begun.relay_state.to_ascii_uppercase()] {
        let form = Form { relay_state: relay_state.to_owned(), ..form.clone() };
        browser.bring(&form).await.assert_refused(403, "no_pending_login");
    }
    let only = crate::message::encode(&[("SAMLResponse", &form.base64())]);
    browser
        .submit_from_elsewhere(crate::app::ACS, &only)
        .await
        .assert_refused(403, "no_pending_login");
    assert_eq!(browser.bring(&form).await.status, 303, "the control");
}

/// Somebody else's cookie of the same name, as a neighbouring host can put one where there is no
/// `__Host-`, does not hide ours.
#[actix_web::test]
async fn cookie_a_second_one_of_the_same_name_does_no_harm() {
    let app = TestApp::with(|setup| setup.base_url = "http://localhost:8080").await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let name = format!("saml-pending-{}", begun.relay_state);
    browser.jar.borrow_mut().put_in_front(&name, "tossed");
    assert_eq!(browser.bring(&app.respond(&begun, "ward.nurse")).await.status, 303);
}
