//! Pages of an application's own, as they are sent.

use std::sync::Arc;

use actix_saml::web::{PageContent, PageTemplate, Texts, escape_html};

use crate::app::TestApp;

struct Hospital;

impl PageTemplate for Hospital {
    fn render(&self, page: &PageContent) -> String {
        let title = escape_html(&page.title);
        format!("<!DOCTYPE html><title>{title} - Foxglove</title><body><i>{}</i>", page.main())
    }
}

#[actix_web::test]
async fn a_template_makes_the_html_and_nothing_else() {
    let app = TestApp::with(|setup| {
        setup.saml = Box::new(|saml| saml.page_template(Arc::new(Hospital)));
    })
    .await;
    let browser = app.browser();
    let begun = browser.begin("/rota?day=2").await;
    let form = app.respond(&begun, "ward.nurse");
    let form = form.replace("Destination=\"https://rota", "Destination=\"https://other");
    let refused = browser.bring(&form).await;
    // Status, headers and the reference in the log are as ever.
    refused.assert_refused(403, "destination");
    assert!(refused.body.contains("<title>We could not sign you in - Foxglove</title><body><i>"));
    assert!(refused.body.contains("href=\"/saml/login?return_to=%2Frota%3Fday%3D2\""));

    // One that needs the machinery, which is not there, is ours; and that is in the log.
    let page = browser.submit("/saml/logout", "").await;
    assert!(page.body.contains("<main><h1>Signed out</h1>"), "{}", page.body);
    let event = page.events.iter().find(|event| event.is_alarming()).unwrap();
    assert_eq!(event.field("event"), "page_template_incomplete");
    assert_eq!(event.field("page"), "signed_out");
}

#[actix_web::test]
async fn people_read_their_language_and_scripts_read_english() {
    let texts = "lang = \"cy\"\nsession_ended_title = \"Mewngofnodwch\"\n\
                 refused_title = \"<b>Ni allem</b>\"\nreference = \"Cyfeirnod: {reference}.\"\n";
    let texts = Texts::from_toml(texts).unwrap();
    let app = TestApp::with(|setup| setup.saml = Box::new(|saml| saml.texts(texts))).await;
    let browser = app.browser();
    let page = browser.submit("/admin", "a=b").await;
    assert!(page.body.contains("<html lang=\"cy\" dir=\"ltr\">"), "{}", page.body);
    assert!(page.body.contains("<h1>Mewngofnodwch</h1>"));
    assert!(page.body.contains("What you sent was not used."), "what is missing is English");

    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    let refused =
        browser.bring(&form.replace("Destination=\"https://rota", "Destination=\"x")).await;
    assert!(refused.body.contains("<h1>&lt;b&gt;Ni allem&lt;/b&gt;</h1>"), "{}", refused.body);
    assert!(refused.body.contains(">Cyfeirnod: <code>"), "{}", refused.body);

    let script = crate::browser::navigation(actix_web::http::Method::GET, "/rota")
        .insert_header(("Sec-Fetch-Mode", "cors"));
    let answer = browser.send(crate::jar::From::SameSite, script).await;
    assert!(answer.body.contains("\"title\":\"Sign-in needed\""), "{}", answer.body);
}
