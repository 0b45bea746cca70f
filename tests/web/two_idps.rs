//! More than one identity provider: people choose, and none can answer for another.

use actix_saml::idp::Ids;
use actix_saml::nhsmail::{KeyScope, StaffKey};

use crate::app::{Setup, TestApp, test_idp};
use crate::message::{Begun, Form};

fn two(setup: &mut Setup) {
    setup.idps = vec![test_idp(0), test_idp(1)];
}

const A: &str = "http%3A%2F%2Ffs-a.nhsmail.test%2Fadfs%2Fservices%2Ftrust";
const B: &str = "http%3A%2F%2Ffs-b.nhsmail.test%2Fadfs%2Fservices%2Ftrust";

#[actix_web::test]
async fn the_person_chooses_and_the_page_is_kept() {
    let app = TestApp::with(two).await;
    let browser = app.browser();
    for query in
        ["return_to=%2Frota", "return_to=%2Frota&idp=unknown", "return_to=%2Frota&idp=a&idp=a"]
    {
        let page = browser.visit(&format!("/saml/login?{query}")).await;
        assert_eq!(page.status, 200);
        page.assert_page();
        assert_eq!(page.header("Set-Cookie"), None, "nothing has begun");
        for idp in [A, B] {
            let link = format!("href=\"/saml/login?idp={idp}&amp;return_to=%2Frota\"");
            assert!(page.body.contains(&link), "{}", page.body);
        }
    }
    let begun = browser.begin_at(&format!("/saml/login?idp={B}&return_to=%2Frota")).await;
    assert_eq!(begun.url.host_str(), Some("fs-b.nhsmail.test"));
    let form = app.respond_by(&app.idps[1], &begun, &app.person("ward.nurse"));
    assert_eq!(browser.bring(&form).await.location(), "/rota");
    assert!(browser.is_signed_in().await);
}

#[actix_web::test]
async fn labels_are_escaped() {
    let app = TestApp::with(|setup| {
        two(setup);
        setup.builder = Box::new(|builder| {
            let mut idp = (*builder.idps[1]).clone();
            idp.label = Some("<b>Trust & \"Partners\"</b>".to_owned());
            builder.idps[1] = idp.into();
        });
    })
    .await;
    let page = app.browser().visit("/saml/login").await;
    let label = ">&lt;b&gt;Trust &amp; &quot;Partners&quot;&lt;/b&gt;</a>";
    assert!(page.body.contains(label), "{}", page.body);
    assert!(page.body.contains(">http://fs-a.nhsmail.test/adfs/services/trust</a>"));
}

#[actix_web::test]
async fn one_alone_is_not_asked_about_unless_another_is_named() {
    let app = TestApp::start().await;
    let browser = app.browser();
    assert_eq!(browser.visit("/saml/login").await.status, 303);
    assert_eq!(browser.visit(&format!("/saml/login?idp={A}")).await.status, 303);
    let page = browser.visit("/saml/login?idp=http%3A%2F%2Fevil.example").await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("evil"));
}

#[actix_web::test]
async fn crossidp_one_does_not_answer_for_the_other() {
    let app = TestApp::with(two).await;
    let browser = app.browser();
    let begun = browser.begin_at(&format!("/saml/login?idp={B}&return_to=%2Frota")).await;
    let nurse = app.person("ward.nurse");
    // A, trusted as it is, answers what B was asked.
    let by_a = app.respond_by(&app.idps[0], &begun, &nurse);
    browser.bring(&by_a).await.assert_refused(403, "issuer");
    // A under B's name.
    let mut imposter = app.idps[0].clone();
    imposter.entity_id = app.idps[1].entity_id.clone();
    let forged = app.respond_by(&imposter, &begun, &nurse);
    browser.bring(&forged).await.assert_refused(403, "signature_mismatch");
    // B's name on the outside only, where nothing is signed.
    let outside = Form {
        xml: by_a.xml.replacen("fs-a.nhsmail.test", "fs-b.nhsmail.test", 1),
        ..by_a.clone()
    };
    browser.bring(&outside).await.assert_refused(403, "signature_mismatch");
    assert!(!browser.is_signed_in().await);
    let by_b = app.respond_by(&app.idps[1], &begun, &nurse);
    assert_eq!(browser.bring(&by_b).await.status, 303, "the control");
}

/// Both sign-ins under way in one browser; the answers come under each other's handle.
#[actix_web::test]
async fn crossidp_handles_cannot_be_swapped() {
    let app = TestApp::with(two).await;
    let browser = app.browser();
    let nurse = app.person("ward.nurse");
    let begin = async |idp: &str, page: &str| -> Begun {
        browser.begin_at(&format!("/saml/login?idp={idp}&return_to={page}")).await
    };
    let (at_a, at_b) = (begin(A, "%2Frota%2Fa").await, begin(B, "%2Frota%2Fb").await);
    let from_a = app.respond_by(&app.idps[0], &at_a, &nurse);
    let swapped = Form { relay_state: at_b.relay_state.clone(), ..from_a.clone() };
    browser.bring(&swapped).await.assert_refused(403, "issuer");
    assert_eq!(browser.bring(&from_a).await.location(), "/rota/a");
    let from_b = app.respond_by(&app.idps[1], &at_b, &nurse);
    assert_eq!(browser.bring(&from_b).await.location(), "/rota/b");
}

/// B, which is trusted too, answers what A was asked: under its own name, under A's, and with A's
/// name on one of the two parts.
#[actix_web::test]
async fn crossidp_neither_part_may_name_another() {
    let app = TestApp::with(two).await;
    let browser = app.browser();
    let nurse = app.person("ward.nurse");
    let begun = browser.begin_at(&format!("/saml/login?idp={A}")).await;
    let by_b = app.respond_by(&app.idps[1], &begun, &nurse);
    browser.bring(&by_b).await.assert_refused(403, "issuer");
    let mut imposter = app.idps[1].clone();
    imposter.entity_id = app.idps[0].entity_id.clone();
    let forged = app.respond_by(&imposter, &begun, &nurse);
    browser.bring(&forged).await.assert_refused(403, "signature_mismatch");

    // Each part under another name, signed by either.
    let (a, b) = ("//fs-a.nhsmail.test/adfs", "//fs-b.nhsmail.test/adfs");
    for (signer, outside, inside, code) in [
        (0, b, a, "issuer"),
        (1, b, a, "issuer"),
        (0, a, b, "issuer"),
        (1, a, b, "signature_mismatch"),
    ] {
        let reply_to = app.reply_to(&begun.request_id);
        let idp = &app.idps[0];
        let draft = idp.draft(&reply_to, &nurse, app.clock.read()).unwrap().tamper(|xml| {
            let (before, after) = xml.split_once("<Assertion").unwrap();
            format!("{}<Assertion{}", before.replace(a, outside), after.replace(a, inside))
        });
        let xml = draft.sign(app.idps[signer].keys.current()).unwrap();
        let form = Form { xml, relay_state: begun.relay_state.clone() };
        browser.bring(&form).await.assert_refused(403, code);
    }
    assert!(!browser.is_signed_in().await);
    let by_a = app.respond_by(&app.idps[0], &begun, &nurse);
    assert_eq!(browser.bring(&by_a).await.status, 303, "the control");
}

/// Entra signs for several tenants with the same keys: a key that fits does not make B to A.
#[actix_web::test]
async fn crossidp_a_key_that_both_have_changes_nothing() {
    let app = TestApp::with(|setup| {
        two(setup);
        setup.idps[1].keys = setup.idps[0].keys.clone();
    })
    .await;
    let browser = app.browser();
    let nurse = app.person("ward.nurse");
    let begun = browser.begin_at(&format!("/saml/login?idp={A}")).await;
    let by_b = app.respond_by(&app.idps[1], &begun, &nurse);
    browser.bring(&by_b).await.assert_refused(403, "issuer");
    let by_a = app.respond_by(&app.idps[0], &begun, &nurse);
    assert_eq!(browser.bring(&by_a).await.status, 303, "the control");
}

/// Two providers may call two people by one name, and two assertions by one ID.
#[actix_web::test]
async fn crossidp_one_name_at_both_is_two_people() {
    let app = TestApp::with(two).await;
    let nurse = app.person("ward.nurse");
    let mut keys = Vec::new();
    let mut first_id = None;
    for (index, name) in [A, B].into_iter().enumerate() {
        let browser = app.browser();
        let begun = browser.begin_at(&format!("/saml/login?idp={name}")).await;
        let reply_to = app.reply_to(&begun.request_id);
        let mut ids = Ids::random().unwrap();
        ids.assertion = first_id.get_or_insert(ids.assertion.clone()).clone();
        let idp = &app.idps[index];
        let draft = idp.issue(&reply_to, &ids, app.clock.read()).draft(&nurse).unwrap();
        let xml = draft.sign(idp.keys.current()).unwrap();
        let form = Form { xml, relay_state: begun.relay_state.clone() };
        assert_eq!(browser.bring(&form).await.status, 303, "no replay: another provider's");
        let (key, earlier): (StaffKey, Option<StaffKey>) =
            serde_json::from_str(&browser.visit("/key").await.body).unwrap();
        assert_eq!(key.scope, KeyScope::Issuer(idp.entity_id.clone()));
        assert_eq!(earlier, None);
        keys.push(key);
    }
    assert_eq!((keys[0].kind, &keys[0].value), (keys[1].kind, &keys[1].value));
    assert_ne!(keys[0], keys[1]);
}
