//! A page that one person has opened is not silently continued as another.

use chrono::TimeDelta;

use crate::app::TestApp;
use crate::browser::Browser;

const HANDOVER: &str = "/saml/handover";

/// Somebody signs in for `page` and lands there, or elsewhere.
async fn arrive(browser: &Browser<'_>, user_name: &str, page: &str) -> String {
    let begun = browser.begin(page).await;
    let landed = browser.bring(&browser.app.respond(&begun, user_name)).await;
    assert_eq!(landed.status, 303, "{}", landed.body);
    landed.location().to_owned()
}

#[actix_web::test]
async fn somebody_else_is_told_and_asked() {
    let app = TestApp::start().await;
    let browser = app.browser();
    assert_eq!(arrive(&browser, "ward.nurse", "/rota?a=1&b=\"").await, "/rota?a=1&b=%22");
    app.clock.advance(TimeDelta::minutes(31));
    assert_eq!(arrive(&browser, "test.consultant", "/rota?a=1&b=\"").await, HANDOVER);
    // It may be loaded again.
    for _ in 0..2 {
        let page = browser.visit(HANDOVER).await;
        assert_eq!(page.status, 200);
        page.assert_page();
        assert!(page.body.contains("opened by <strong>Bryn O&#39;Sample</strong>"));
        assert!(page.body.contains("href=\"/rota?a=1&amp;b=%22\""));
        assert!(page.body.contains("href=\"/\""));
    }
    assert_eq!(browser.visit("/rota").await.status, 200);
}

#[actix_web::test]
async fn the_same_person_and_the_start_page_need_no_question() {
    let app = TestApp::start().await;
    let browser = app.browser();
    assert_eq!(arrive(&browser, "ward.nurse", "/rota").await, "/rota");
    assert_eq!(browser.visit(HANDOVER).await.location(), "/");
    app.clock.advance(TimeDelta::hours(13));
    assert_eq!(arrive(&browser, "ward.nurse", "/rota").await, "/rota");
    assert_eq!(arrive(&browser, "test.consultant", "/").await, "/");
    assert_eq!(arrive(&browser, "test.consultant", "/rota").await, "/rota", "it is theirs now");
}

#[actix_web::test]
async fn whoever_signs_out_leaves_no_pages() {
    let app = TestApp::start().await;
    let browser = app.browser();
    assert_eq!(arrive(&browser, "ward.nurse", "/rota").await, "/rota");
    browser.submit("/saml/logout", "").await;
    assert_eq!(arrive(&browser, "test.consultant", "/rota").await, "/rota");
}

#[actix_web::test]
async fn cookie_what_a_browser_remembers_tells_nothing_and_cannot_be_made_up() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let answer = browser.sign_in("ward.nurse").await;
    let cookie = answer.set_cookie("__Host-saml-person").unwrap();
    assert_eq!(cookie, "__Host-saml-person; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400");
    let value = browser.jar.borrow().value("__Host-saml-person").unwrap();
    assert!(!value.contains("Sample"));
    for forged in ["", "x", "{\"digest\":\"\",\"name\":\"x\"}", &value[1..]] {
        browser.jar.borrow_mut().put("__Host-saml-person", forged);
        assert_eq!(arrive(&browser, "test.consultant", "/rota").await, "/rota", "{forged}");
    }
}
