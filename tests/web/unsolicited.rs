//! Sign-ins that begin at the identity provider. Nobody is signed in by them unless an application
//! asks for it.

use actix_saml::idp::ReplyTo;
use actix_saml::saml::{EntityId, Rejection};
use actix_saml::sp::{Builder, Refusal, ServiceProvider};
use chrono::TimeDelta;

use crate::app::{ENTITY_ID, TestApp, start_of_test, test_idp, trusted};
use crate::message::Form;

fn service_provider() -> ServiceProvider {
    let base = "https://rota.example.org".parse().unwrap();
    let mut builder = Builder::new(EntityId::new(ENTITY_ID).unwrap(), base);
    builder.idps = vec![trusted(&test_idp(0)), trusted(&test_idp(1))];
    builder.dev = true;
    builder.build().unwrap()
}

/// What an identity provider posts that somebody has come to first.
fn unasked_for(app: &TestApp) -> String {
    let reply_to = ReplyTo { request_id: None, ..app.reply_to("_none") };
    app.idp().respond(&reply_to, &app.person("ward.nurse"), start_of_test()).unwrap()
}

#[actix_web::test]
async fn idpinit_1_nobody_is_signed_in_unasked() {
    let app = TestApp::start().await;
    let xml = unasked_for(&app);
    for relay_state in ["", "/", "/rota", &"0".repeat(32)] {
        let browser = app.browser();
        let form = Form { xml: xml.clone(), relay_state: relay_state.to_owned() };
        browser.bring(&form).await.assert_refused(403, "no_pending_login");
        assert!(!browser.is_signed_in().await);
        // Nor in the place of the answer to a request of this browser.
        let begun = browser.begin("/rota").await;
        let form = Form { xml: xml.clone(), relay_state: begun.relay_state };
        browser.bring(&form).await.assert_refused(403, "in_response_to");
        assert!(!browser.is_signed_in().await);
    }
}

#[actix_web::test]
async fn idpinit_1_one_that_is_allowed_is_right_in_everything_else() {
    let app = TestApp::start().await;
    let sp = service_provider();
    let (idp, other) = (&app.idp().entity_id, &test_idp(1).entity_id);
    let (xml, now) = (unasked_for(&app), start_of_test());
    let accepted = sp.finish_unsolicited(idp, xml.as_bytes(), now).unwrap();
    let name_id = accepted.principal.name_id.as_ref().map(|name| name.value.as_str());
    assert_eq!(name_id, Some("ward.nurse@nhs.net"));
    assert!(accepted.used.until > now + TimeDelta::minutes(5));

    let code = |result: Result<_, Refusal>| result.map(|_| ()).unwrap_err().code();
    assert_eq!(code(sp.finish_unsolicited(other, xml.as_bytes(), now)), "issuer");
    let late = now + TimeDelta::hours(2);
    assert_eq!(code(sp.finish_unsolicited(idp, xml.as_bytes(), late)), "expired");
    let changed = xml.replace("ward.nurse@nhs.net", "ward.doctor@nhs.net");
    assert_eq!(code(sp.finish_unsolicited(idp, changed.as_bytes(), now)), "digest_mismatch");
    let stranger = EntityId::new("urn:stranger").unwrap();
    let gone = sp.finish_unsolicited(&stranger, xml.as_bytes(), now).map(|_| ());
    assert_eq!(gone, Err(Refusal::IdpGone(stranger)));
}

/// A response that was stolen on its way to the browser that had asked for it.
#[actix_web::test]
async fn idpinit_2_an_answer_is_not_taken_for_one_that_nobody_asked_for() {
    let app = TestApp::start().await;
    let sp = service_provider();
    let begun = app.browser().begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    let idp = &app.idp().entity_id;
    let answers = format!(" InResponseTo=\"{}\"", begun.request_id);
    let stripped = form.xml.replacen(&answers, "", 1);
    assert_ne!(stripped, form.xml);
    for xml in [&form.xml, &stripped] {
        let refused = sp.finish_unsolicited(idp, xml.as_bytes(), start_of_test()).unwrap_err();
        let Refusal::Rejected(Rejection::InResponseTo { expected, found, .. }) = refused else {
            panic!("{refused}");
        };
        assert_eq!((expected, found), (None, Some(begun.request_id.clone())));
    }
    // The control.
    let xml = unasked_for(&app);
    assert!(sp.finish_unsolicited(idp, xml.as_bytes(), start_of_test()).is_ok());
}
