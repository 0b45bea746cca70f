//! Tabs that are still open when somebody else has signed in.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::browser::{Browser, navigation, post};
use crate::jar::From;

async fn token(browser: &Browser<'_>) -> String {
    let query = browser.visit("/owner").await.body;
    query.strip_prefix("saml_page_owner=").unwrap().to_owned()
}

#[actix_web::test]
async fn what_another_persons_page_sends_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let token = token(&browser).await;
    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')));
    let (form, script) = (
        || post(&format!("/admin?saml_page_owner={token}"), "a=b"),
        || {
            navigation(Method::GET, "/rota")
                .insert_header(("Sec-Fetch-Mode", "cors"))
                .insert_header(("X-Saml-Page-Owner", token.as_str()))
        },
    );
    assert_eq!(browser.send(From::SameSite, form()).await.body, "changed");
    assert_eq!(browser.send(From::SameSite, script()).await.status, 200);

    browser.submit("/saml/logout", "").await;
    let begun = browser.begin("/").await;
    browser.bring(&app.respond(&begun, "test.consultant")).await;
    let refused = browser.send(From::SameSite, form()).await;
    assert_eq!(refused.status, 409);
    refused.assert_page();
    assert!(refused.body.contains("What you sent was not used."));
    let refused = browser.send(From::SameSite, script()).await;
    let expected = json!({
        "type": "about:blank",
        "title": "Somebody else has signed in",
        "status": 409,
        "code": "other_person",
    });
    assert_eq!(serde_json::from_str::<Value>(&refused.body).unwrap(), expected);
    assert_eq!(refused.status, 409);
    assert_eq!(browser.submit("/admin", "a=b").await.body, "changed", "without a mark");
}

#[actix_web::test]
async fn a_mark_holds_across_sign_ins_of_one_person() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let token = token(&browser).await;
    browser.submit("/saml/logout", "").await;
    browser.sign_in("ward.nurse").await;
    let request = post(&format!("/admin?saml_page_owner={token}"), "a=b");
    assert_eq!(browser.send(From::SameSite, request).await.body, "changed");
}

#[actix_web::test]
async fn a_mark_that_cannot_be_read_is_nobodys() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let token = token(&browser).await;
    for query in [
        "saml_page_owner=".to_owned(),
        "saml_page_owner=x".to_owned(),
        format!("saml_page_owner={token}A"),
        format!("saml_page_owner={}", &token[4..]),
        format!("saml_page_owner={token}&saml_page_owner=x"),
        format!("saml%5Fpage_owner=x&saml_page_owner={token}"),
    ] {
        let answer = browser.visit(&format!("/rota?{query}")).await;
        assert_eq!(answer.status, 409, "{query}");
    }
}

#[actix_web::test]
async fn a_mark_does_not_go_along_to_the_sign_in() {
    let app = TestApp::start().await;
    let answer = app.browser().visit("/rota?day=1&saml_page_owner=x").await;
    assert_eq!(answer.location(), "/saml/login?return_to=%2Frota%3Fday%3D1");
}
