//! People who move from AD FS to Entra: one key at both, and nobody else's.

use std::sync::Arc;

use actix_saml::idp::{Claim, Person, TestIdp};
use actix_saml::nhsmail::{KeyScope, Population, StaffKey, StaffKeyKind, SubjectForm, SubjectRule};
use actix_saml::saml::EntityId;
use actix_saml::store::MemorySessions;
use actix_web::cookie::Key;

use crate::answer::Answer;
use crate::app::{Setup, TestApp, test_idp};
use crate::browser::Browser;

pub const ANCHOR: &str = "http://schemas.microsoft.com/LiveID/Federation/2008/05/ImmutableID";
const ENTRA: &str = "http://schemas.microsoft.com/identity/claims/";
const WS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
pub const GUID: &str = "33221100-5544-7766-8899-aabbccddeeff";
const AS_AD_STORES_IT: &str = "ABEiM0RVZneImaq7zN3u/w==";

/// Claims and name as Entra has them, on the test identity provider.
fn entra() -> TestIdp {
    let mut idp = test_idp(1);
    idp.entity_id = EntityId::new("https://sts.windows.test/tenant/").unwrap();
    for person in &mut idp.people {
        let name = person.display_name.clone();
        let mail: Vec<_> = person.values(&format!("{WS}emailaddress")).map(str::to_owned).collect();
        person.claims = vec![
            Claim::new(format!("{ENTRA}tenantid"), ["11111111-2222-3333-4444-555555555555"]),
            Claim::new(
                format!("{ENTRA}objectidentifier"),
                ["9f0c2f4e-0000-4000-8000-00000000beef"],
            ),
            Claim::new(format!("{ENTRA}displayname"), [name]),
            Claim::new(format!("{WS}name"), mail),
        ];
    }
    idp
}

fn rule(population: &str, claims: &[&str], form: SubjectForm) -> SubjectRule {
    SubjectRule {
        population: Population::new(population).unwrap(),
        claims: claims.iter().map(|name| (*name).to_owned()).collect(),
        form,
    }
}

pub fn share(setup: &mut Setup, rules: [SubjectRule; 2]) {
    setup.idps = vec![test_idp(0), entra()];
    let names = setup.idps.iter().map(|idp| idp.entity_id.clone());
    let subjects = names.zip(rules).collect();
    setup.saml = Box::new(|saml| saml.subjects(subjects));
}

pub fn nhsmail() -> [SubjectRule; 2] {
    [
        rule("nhsmail", &[ANCHOR], SubjectForm::Guid),
        rule("nhsmail", &["onpremisesimmutableid"], SubjectForm::Guid),
    ]
}

async fn bring(browser: &Browser<'_>, index: usize, person: &Person) -> Answer {
    let app = browser.app;
    let idp = &app.idps[index];
    let name: String =
        url::form_urlencoded::byte_serialize(idp.entity_id.as_str().as_bytes()).collect();
    let begun = browser.begin_at(&format!("/saml/login?idp={name}&return_to=%2Frota")).await;
    browser.bring(&app.respond_by(idp, &begun, person)).await
}

/// The key of whoever is signed in, and the one that they had before.
async fn keys(browser: &Browser<'_>) -> (StaffKey, Option<StaffKey>) {
    let answer = browser.visit("/key").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[actix_web::test]
async fn one_person_is_one_person_at_both() {
    let app = TestApp::with(|setup| share(setup, nhsmail())).await;
    let nurse = |index: usize| app.idps[index].person("ward.nurse").unwrap();
    let at_ad_fs = app.browser();
    let person = nurse(0).with_claim(Claim::new(ANCHOR, [AS_AD_STORES_IT]));
    assert_eq!(bring(&at_ad_fs, 0, &person).await.location(), "/rota");
    let at_entra = app.browser();
    let person = nurse(1).with_claim(Claim::new("onpremisesimmutableid", [GUID]));
    assert_eq!(bring(&at_entra, 1, &person).await.location(), "/rota");

    let (key, earlier) = keys(&at_ad_fs).await;
    let scope = KeyScope::Population(Population::new("nhsmail").unwrap());
    assert_eq!(key, StaffKey { scope, kind: StaffKeyKind::Mapped, value: GUID.to_owned() });
    let earlier = earlier.unwrap();
    assert_eq!(earlier.scope, KeyScope::Issuer(app.idps[0].entity_id.clone()));
    assert_eq!(earlier.kind, StaffKeyKind::Immutable);
    assert!(earlier.value.starts_with("S-1-5-21-"), "the SID of AD FS");

    let (same, other_earlier) = keys(&at_entra).await;
    assert_eq!(same, key);
    let other_earlier = other_earlier.unwrap();
    assert_eq!(other_earlier.scope, KeyScope::Issuer(app.idps[1].entity_id.clone()));
    assert_ne!(other_earlier, earlier);
}

#[actix_web::test]
async fn who_is_not_identified_is_not_let_in_under_another_key() {
    let app = TestApp::with(|setup| share(setup, nhsmail())).await;
    let nurse = app.person("ward.nurse");
    for (claims, code) in [
        (vec![], "subject_missing"),
        (vec![Claim::new(ANCHOR, ["", " "])], "subject_missing"),
        // The claim of the other provider does not count here.
        (vec![Claim::new("onpremisesimmutableid", [GUID])], "subject_missing"),
        (vec![Claim::new(ANCHOR, [GUID, AS_AD_STORES_IT])], "subject_several"),
        (vec![Claim::new(ANCHOR, [GUID]), Claim::new(ANCHOR, [GUID])], "subject_several"),
        (vec![Claim::new(ANCHOR, ["test.user1@nhs.net"])], "subject_no_guid"),
        (vec![Claim::new(ANCHOR, ["\u{202E}test"])], "subject_fault"),
    ] {
        let mut person = nurse.clone();
        person.claims.extend(claims.clone());
        let browser = app.browser();
        bring(&browser, 0, &person).await.assert_refused(403, code);
        assert!(!browser.is_signed_in().await, "{claims:?}");
    }
    let person = nurse.with_claim(Claim::new(ANCHOR, [GUID]));
    assert_eq!(bring(&app.browser(), 0, &person).await.location(), "/rota", "the control");
}

/// Same value, other people.
#[actix_web::test]
async fn crossidp_populations_do_not_mix() {
    let [ours, mut theirs] = nhsmail();
    theirs.population = Population::new("partners").unwrap();
    let app = TestApp::with(|setup| share(setup, [ours, theirs])).await;
    let nurse = app.person("ward.nurse");
    let (at_a, at_b) = (app.browser(), app.browser());
    let person = nurse.clone().with_claim(Claim::new(ANCHOR, [GUID]));
    bring(&at_a, 0, &person).await;
    let person = nurse.with_claim(Claim::new("onpremisesimmutableid", [GUID]));
    bring(&at_b, 1, &person).await;
    let (a, b) = (keys(&at_a).await.0, keys(&at_b).await.0);
    assert_eq!((a.value.as_str(), b.value.as_str()), (GUID, GUID));
    assert_ne!(a, b);
}

/// To share people is not to share keys: each still answers for itself only.
#[actix_web::test]
async fn crossidp_providers_of_a_population_do_not_answer_for_each_other() {
    let app = TestApp::with(|setup| share(setup, nhsmail())).await;
    let name: String =
        url::form_urlencoded::byte_serialize(app.idps[1].entity_id.as_str().as_bytes()).collect();
    let browser = app.browser();
    let begun = browser.begin_at(&format!("/saml/login?idp={name}")).await;
    let nurse = app.person("ward.nurse").with_claim(Claim::new("onpremisesimmutableid", [GUID]));
    let by_ad_fs = app.respond_by(&app.idps[0], &begun, &nurse);
    browser.bring(&by_ad_fs).await.assert_refused(403, "issuer");
    let mut imposter = app.idps[0].clone();
    imposter.entity_id = app.idps[1].entity_id.clone();
    let forged = app.respond_by(&imposter, &begun, &nurse);
    browser.bring(&forged).await.assert_refused(403, "signature_mismatch");
    let by_entra = app.respond_by(&app.idps[1], &begun, &nurse);
    assert_eq!(browser.bring(&by_entra).await.status, 303, "the control");
}

/// A session that began before there was a population has no key in it: its owner signs in again.
#[actix_web::test]
async fn an_earlier_session_does_not_go_on_under_another_key() {
    let sessions = Arc::new(MemorySessions::default());
    let key = Key::generate();
    let store = Arc::clone(&sessions);
    let cookie_key = key.clone();
    let before = TestApp::with(move |setup| {
        setup.sessions = Some(store);
        setup.saml = Box::new(|saml| saml.cookie_keys(cookie_key));
    })
    .await;
    let browser = before.browser();
    browser.sign_in("ward.nurse").await;
    assert_eq!(keys(&browser).await.1, None);
    let jar = browser.jar.borrow().clone();
    drop(browser);

    let rules = nhsmail();
    let after = TestApp::with(move |setup| {
        share(setup, rules.clone());
        let share = std::mem::replace(&mut setup.saml, Box::new(|saml| saml));
        setup.sessions = Some(sessions);
        setup.saml = Box::new(|saml| share(saml).cookie_keys(key));
    })
    .await;
    let browser = after.browser();
    *browser.jar.borrow_mut() = jar;
    let answer = browser.visit("/key").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.location(), "/saml/login?return_to=%2Fkey");
}

/// What the application can read of the two, by the door that it has for operators.
#[actix_web::test]
async fn both_are_compared_by_what_they_said() {
    let app = TestApp::with(|setup| share(setup, nhsmail())).await;
    for (index, claim, user_name) in [
        (0, ANCHOR, "ward.nurse"),
        (1, "onpremisesimmutableid", "ward.nurse"),
        (0, ANCHOR, "no.mail"),
    ] {
        let person = app.idps[index].person(user_name).unwrap();
        let anchor = if user_name == "ward.nurse" { vec![GUID] } else { vec![] };
        let browser = app.browser();
        let answer = bring(&browser, index, &person.with_claim(Claim::new(claim, anchor))).await;
        assert_eq!(answer.status, if user_name == "ward.nurse" { 303 } else { 403 });
    }
    let report = app.saml.status().dual_run.unwrap();
    assert_eq!(report.people, 1);
    let [nhsmail] = report.populations.as_slice() else { panic!("{report:?}") };
    let [comparison] = nhsmail.comparisons.as_slice() else { panic!("{report:?}") };
    assert_eq!(comparison.people, 1);
    assert_eq!(comparison.fields["mail"].equal, 1);
    let (a, b) = (&app.idps[0].entity_id, &app.idps[1].entity_id);
    let findings: Vec<String> = nhsmail.findings.iter().map(ToString::to_string).collect();
    for expected in [
        format!(
            "1 sign-in at {a} was refused because the assertion does not say who the person is \
             (subject_missing)"
        ),
        format!("ods_code is there at {a} and absent at {b} for 1 of 1 people seen at both"),
        format!("mail is read from {WS}emailaddress at {a}, and from {WS}name at {b}"),
        format!("roles is absent at {b} for 1 of 1 sign-ins"),
    ] {
        assert!(findings.contains(&expected), "{expected} in {findings:#?}");
    }
    let text = serde_json::to_string(&app.saml.status()).unwrap();
    for personal in [GUID, AS_AD_STORES_IT, "ward.nurse", "S-1-5-21"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
}
