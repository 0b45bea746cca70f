//! A message that is one, and is refused.

use actix_saml::idp::{ErrorStatus, TestIdp};
use chrono::TimeDelta;

use crate::app::{TestApp, test_idp};
use crate::browser::Browser;
use crate::message::{Begun, Form};

/// What the identity provider answers when it is asked for something wrong.
fn answer(app: &TestApp, begun: &Begun, change: impl FnOnce(&mut TestIdp, &mut Begun)) -> Form {
    let (mut idp, mut begun) = (app.idp().clone(), begun.clone());
    change(&mut idp, &mut begun);
    app.respond_by(&idp, &begun, &app.person("ward.nurse"))
}

async fn signed_in(app: &TestApp) -> (Browser<'_>, Begun) {
    let browser = app.browser();
    browser.sign_in("locum.doctor").await;
    let begun = browser.begin("/rota/next").await;
    (browser, begun)
}

#[actix_web::test]
async fn a_refused_response_says_little_and_leads_back_to_the_page() {
    let app = TestApp::start().await;
    let (browser, begun) = signed_in(&app).await;
    let good = app.respond(&begun, "ward.nurse");
    let audience = |form: &Form| form.replace(">https://rota.example.org/saml/metadata<", ">x<");
    for (form, code) in [
        (audience(&good), "digest_mismatch"),
        (good.replace("Destination=\"https://rota", "Destination=\"https://other"), "destination"),
        (answer(&app, &begun, |_, begun| begun.request_id.push('x')), "in_response_to"),
        (
            answer(&app, &begun, |idp, _| {
                idp.issuance.conditions_lifetime = TimeDelta::minutes(-9)
            }),
            "time_inverted",
        ),
        (answer(&app, &begun, |idp, _| idp.keys = test_idp(1).keys), "signature_mismatch"),
    ] {
        let answer = browser.bring(&form).await;
        answer.assert_refused(403, code);
        assert!(answer.body.contains("<h1>We could not sign you in</h1>"), "{}", answer.body);
        assert!(answer.body.contains("href=\"/saml/login?return_to=%2Frota%2Fnext\""));
        assert_eq!(browser.visit("/rota").await.body, "Rota of Dr Zoë Müller-Example");
    }
    let landed = browser.bring(&good).await;
    assert_eq!(landed.location(), "/saml/handover", "the control: somebody else had begun");
}

#[actix_web::test]
async fn u_log_what_an_attacker_writes_stays_on_one_line() {
    let app = TestApp::start().await;
    let (browser, begun) = signed_in(&app).await;
    let good = app.respond(&begun, "ward.nurse");
    let evil = "&#10;&#13;&#27;[2J&#x2028;&#x202e;signed_in";
    let evil_message = "\u{202e}\n\r\u{1b}[2J signed_in";
    let forms = [
        good.replace("Destination=\"https://rota", &format!("Destination=\"{}", &evil[..10])),
        good.replace("Version=\"2.0\"", "Version=\"&#10;&#9;x&#x2028;\""),
        good.replace("InResponseTo=\"_", "InResponseTo=\"&#13;&#10;event=signed_in"),
        good.replace("status:Success", "status:&#10;event=signed_in&#x202e;"),
        good.replace("<samlp:Status>", &format!("<samlp:Status>{evil}")),
        Form { xml: evil_message.to_owned(), ..good.clone() },
        Form { relay_state: evil_message.to_owned(), ..good.clone() },
    ];
    for form in forms {
        let answer = browser.bring(&form).await;
        assert_ne!(answer.status, 303);
        let alarming = answer.events.iter().filter(|event| event.is_alarming()).count();
        assert_eq!(alarming, 1, "{:#?}", answer.events);
        for text in answer.events.iter().flat_map(|event| event.fields.values()) {
            let is_bad = |c: char| {
                c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2028}'
            };
            assert!(!text.contains(is_bad), "{text:?}");
        }
    }
    assert_eq!(browser.bring(&good).await.status, 303, "the control");
}

#[actix_web::test]
async fn aud_1_an_assertion_for_another_application_is_refused() {
    let app = TestApp::start().await;
    let (browser, begun) = signed_in(&app).await;
    let mut reply_to = app.reply_to(&begun.request_id);
    reply_to.audience = "https://other.example.org/saml/metadata".to_owned();
    let nurse = app.person("ward.nurse");
    let xml = app.idp().respond(&reply_to, &nurse, crate::app::start_of_test()).unwrap();
    let form = Form { xml, relay_state: begun.relay_state.clone() };
    browser.bring(&form).await.assert_refused(403, "audience");
    assert_eq!(browser.visit("/rota").await.body, "Rota of Dr Zoë Müller-Example");
}

#[actix_web::test]
async fn unsigned_nothing_without_a_signature_is_believed() {
    let app = TestApp::start().await;
    let (browser, begun) = signed_in(&app).await;
    let reply_to = app.reply_to(&begun.request_id);
    let draft =
        app.idp().draft(&reply_to, &app.person("ward.nurse"), crate::app::start_of_test()).unwrap();
    let form = Form { xml: draft.xml, relay_state: begun.relay_state.clone() };
    browser.bring(&form).await.assert_refused(403, "unsigned");
}

#[actix_web::test]
async fn the_identity_provider_may_say_no() {
    let app = TestApp::start().await;
    let (browser, begun) = signed_in(&app).await;
    let message = "MSIS7102: ward.nurse@nhs.net <script>evil-marker</script>";
    let status = ErrorStatus::no_authn_context().with_message(message);
    let reply_to = app.reply_to(&begun.request_id);
    let xml = app.idp().refuse(&reply_to, &status, crate::app::start_of_test()).unwrap();
    let form = Form { xml, relay_state: begun.relay_state.clone() };
    let answer = browser.bring(&form).await;
    answer.assert_refused(403, "status");
    assert!(answer.body.contains("<h1>You were not signed in</h1>"), "{}", answer.body);
    assert!(answer.body.contains("href=\"/saml/login?return_to=%2Frota%2Fnext\""));
    // For the administrators: what is known of it, in our own words.
    assert!(answer.body.contains("\nSAML status: Responder / NoAuthnContext\n"), "{}", answer.body);
    assert!(answer.body.contains("\nMicrosoft error: MSIS7102: The request asked"));
    assert!(answer.body.contains(&format!("\nIdentity provider: {}\n", app.idp().entity_id)));
    assert!(!answer.body.contains("evil-marker") && !answer.body.contains("ward.nurse"));
    // The codes are in the log, the free text is not: it may name the person.
    let event = answer.events.iter().find(|event| event.is_alarming()).unwrap();
    assert!(event.field("detail").contains("NoAuthnContext"), "{event:?}");
    assert!(!event.field("detail").contains("MSIS7102"), "{event:?}");

    assert_eq!(browser.visit("/rota").await.body, "Rota of Dr Zoë Müller-Example");
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(landed.status, 303, "a second try at the identity provider's page may succeed");
}

#[actix_web::test]
async fn without_a_sign_in_under_way_the_page_says_so() {
    let app = TestApp::start().await;
    let begun = app.browser().begin("/rota").await;
    let other = app.browser();
    let answer = other.bring(&app.respond(&begun, "ward.nurse")).await;
    answer.assert_refused(403, "no_pending_login");
    assert!(answer.body.contains("<h1>That sign-in is no longer open</h1>"));
    assert!(answer.body.contains("href=\"/saml/login\""));
}

/// AD FS's rules may issue neither a NameID nor a claim that could stand for it.
#[actix_web::test]
async fn somebody_without_a_name_is_refused_and_a_mail_address_is_one() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let nameless = {
        let mut person = app.person("ward.nurse").without_name_id();
        person.claims.retain(|claim| claim.name == "ODS" || claim.name == "DisplayName");
        person
    };
    let begun = browser.begin("/rota").await;
    let answer = browser.bring(&app.respond_by(app.idp(), &begun, &nameless)).await;
    answer.assert_refused(403, "no_subject");
    assert!(!browser.is_signed_in().await);

    let mut mail_only = app.person("ward.nurse").without_name_id();
    mail_only.claims.retain(|claim| claim.name.ends_with("/emailaddress"));
    assert_eq!(mail_only.claims.len(), 1);
    let begun = browser.begin("/rota").await;
    let landed = browser.bring(&app.respond_by(app.idp(), &begun, &mail_only)).await;
    assert_eq!(landed.status, 303, "{}", landed.body);
    assert_eq!(browser.visit("/rota").await.body, "Rota of ward.nurse@nhs.net");
}
