//! The audit trail.

use std::sync::{Arc, Mutex};

use actix_saml::crypto::KeyedHash;
use actix_saml::idp::Claim;
use actix_saml::web::{AuditEvent, AuditSink, AuditStep, Outcome};
use chrono::TimeDelta;
use serde_json::Value;

use crate::app::{Setup, TestApp, start_of_test};
use crate::message::between;

/// Keeps every event.
#[derive(Clone, Default)]
pub struct Trail(Arc<Mutex<Vec<AuditEvent>>>);

impl AuditSink for Trail {
    fn record(&self, event: &AuditEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Trail {
    pub fn take(&self) -> Vec<AuditEvent> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// What happened, without whatever was sent.
    pub fn steps(&self) -> Vec<(AuditStep, Outcome, Option<String>)> {
        self.take().into_iter().map(|event| (event.step, event.outcome, event.code)).collect()
    }

    pub fn into_setup(self, setup: &mut Setup) {
        let before = std::mem::replace(&mut setup.saml, Box::new(|saml| saml));
        setup.saml = Box::new(|saml| {
            before(saml).audit(Arc::new(self)).audit_subject_key(KeyedHash::new(&[7; 32]).unwrap())
        });
    }
}

async fn app_with(trail: &Trail) -> TestApp {
    let trail = trail.clone();
    TestApp::with(|setup| trail.into_setup(setup)).await
}

#[actix_web::test]
async fn every_step_of_a_sign_in_is_one_event() {
    let trail = Trail::default();
    let app = app_with(&trail).await;
    let browser = app.browser();
    trail.take();
    let begun = browser.begin("/rota").await;
    let [sent] = trail.take().try_into().unwrap();
    assert_eq!((sent.step, sent.outcome), (AuditStep::RequestSent, Outcome::Done));
    assert_eq!(sent.request_id.as_ref(), Some(&begun.request_id));
    assert_eq!((&sent.subject, &sent.assertion_id), (&None, &None));

    app.clock.advance(TimeDelta::seconds(5));
    let form = app.respond(&begun, "ward.nurse");
    assert_eq!(browser.bring(&form).await.status, 303);
    let [done] = trail.take().try_into().unwrap();
    assert_eq!((done.step, done.outcome), (AuditStep::SignIn, Outcome::Done));
    assert_eq!(done.time, start_of_test() + TimeDelta::seconds(5));
    assert_eq!(done.idp.as_ref(), Some(&app.idp().entity_id));
    assert_eq!(done.request_id, Some(begun.request_id));
    let (_, assertion) =
        form.xml.split_once("<Assertion").or(form.xml.split_once(":Assertion")).unwrap();
    assert_eq!(done.assertion_id.as_deref(), Some(between(assertion, " ID=\"", "\"")));
    assert_eq!(done.mfa, Some(app.person("ward.nurse").has_mfa_evidence()));
    assert_eq!((done.client_address, done.reference, done.code), (None, None, None));

    browser.submit("/saml/logout", "").await;
    let events = trail.take();
    let out = events.iter().find(|event| event.step == AuditStep::LogOut).unwrap();
    assert_eq!(out.outcome, Outcome::Done);
    assert_eq!((&out.subject, &out.assertion_id), (&done.subject, &done.assertion_id));
    // Signing out without having signed in is nothing.
    app.browser().submit("/saml/logout", "").await;
    assert!(trail.take().iter().all(|event| event.step != AuditStep::LogOut));
}

#[actix_web::test]
async fn a_refusal_has_the_reference_of_the_page_and_the_code_of_the_log() {
    let trail = Trail::default();
    let app = app_with(&trail).await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    app.clock.advance(TimeDelta::minutes(30));
    let late = app.respond(&begun, "ward.nurse");
    app.clock.advance(TimeDelta::minutes(29));
    trail.take();
    let answer = browser.bring(&late).await;
    let [event] = trail.take().try_into().unwrap();
    assert_eq!((event.step, event.outcome), (AuditStep::SignIn, Outcome::Refused));
    assert_eq!(event.code.as_deref(), Some("expired"));
    let reference = between(&answer.body, "Reference: <code>", "</code>");
    assert_eq!(event.reference.as_deref(), Some(reference));
    assert_eq!(
        (event.idp.as_ref(), event.request_id),
        (Some(&app.idp().entity_id), Some(begun.request_id))
    );
    assert_eq!((event.subject, event.assertion_id), (None, None), "nobody has vouched for them");
}

/// Who tried to use an assertion twice is known: the assertion is right.
#[actix_web::test]
async fn replay_1_a_replay_says_whose_assertion_it_was() {
    let trail = Trail::default();
    let app = app_with(&trail).await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    let before = browser.jar.borrow().clone();
    browser.bring(&form).await;
    let first = trail.take().pop().unwrap();
    let other = app.browser();
    *other.jar.borrow_mut() = before;
    other.bring(&form).await;
    let [again] = trail.take().try_into().unwrap();
    assert_eq!((again.outcome, again.code.as_deref()), (Outcome::Refused, Some("replayed")));
    assert_eq!((&again.subject, &again.assertion_id), (&first.subject, &first.assertion_id));
    assert!(again.subject.is_some());
}

#[actix_web::test]
async fn one_person_has_one_pseudonym_and_another_has_another() {
    let trail = Trail::default();
    let app = app_with(&trail).await;
    let mut subjects = Vec::new();
    for name in ["ward.nurse", "locum.doctor", "ward.nurse"] {
        app.browser().sign_in(name).await;
        subjects.push(trail.take().pop().unwrap().subject.unwrap());
        app.clock.advance(TimeDelta::minutes(2));
    }
    assert_eq!(subjects[0], subjects[2]);
    assert_ne!(subjects[0], subjects[1]);
}

#[actix_web::test]
async fn the_address_is_told_when_it_is_wanted_and_is_that_of_the_connection() {
    for wanted in [false, true] {
        let trail = Trail::default();
        let sink = trail.clone();
        let app = TestApp::with(move |setup| {
            setup.saml =
                Box::new(move |saml| saml.audit(Arc::new(sink)).audit_client_address(wanted));
        })
        .await;
        trail.take();
        let request = actix_web::test::TestRequest::with_uri("/saml/login")
            .insert_header(("X-Forwarded-For", "198.51.100.9"))
            .insert_header(("Forwarded", "for=198.51.100.9"))
            .peer_addr("203.0.113.7:4711".parse().unwrap());
        app.answer(request).await;
        let [sent] = trail.take().try_into().unwrap();
        let expected = wanted.then(|| "203.0.113.7".parse().unwrap());
        assert_eq!(sent.client_address, expected);
    }
}

/// Whatever anybody can put into a message is neither a line of its own in the trail, nor, unless
/// it was signed, in the trail at all.
#[actix_web::test]
async fn log_1_what_a_message_says_forges_nothing() {
    let trail = Trail::default();
    let app = app_with(&trail).await;
    let hostile = "FORGED&#10;{&quot;step&quot;:&quot;sign_in&quot;}&#9;\u{9b}31m\u{202e}";
    for (from, what) in [
        ("urn:oasis:names:tc:SAML:2.0:status:Success", "status"),
        (app.idp().entity_id.as_str(), "issuer"),
        ("ID=\"_", "ids"),
        ("urn:oasis:names:tc:SAML:2.0:cm:bearer", "method"),
    ] {
        let browser = app.browser();
        let begun = browser.begin("/rota").await;
        let form = app.respond(&begun, "ward.nurse");
        let to = if what == "ids" { format!("ID=\"{hostile}_") } else { hostile.to_owned() };
        trail.take();
        assert_ne!(browser.bring(&form.replace(from, &to)).await.status, 303, "{what}");
        let events = trail.take();
        assert_eq!(events.len(), 1, "{what}");
        for event in events {
            assert_eq!(event.outcome, Outcome::Refused);
            let line = serde_json::to_string(&event).unwrap();
            assert!(!line.contains("FORGED"), "{what}: {line}");
            assert!(!line.contains(|c: char| c.is_control()), "{what}: {line:?}");
        }
        app.clock.advance(TimeDelta::minutes(2));
    }
}

/// Signs people in, refuses them and signs them out in many ways, and looks for everything that is
/// known of them.
#[actix_web::test]
async fn u_log_the_trail_never_holds_what_the_assertion_says_of_a_person() {
    let trail = Trail::default();
    let app = app_with(&trail).await;
    let people: Vec<_> = app.idp().people.iter().map(|p| p.user_name.clone()).collect();
    for name in &people {
        let browser = app.browser();
        let begun = browser.begin("/rota?patient=Secret-Page").await;
        let form = app.respond(&begun, name);
        let jar = browser.jar.borrow().clone();
        browser.bring(&form.replace("</", "<!-- x --></")).await;
        browser.bring(&form).await;
        browser.visit("/rota").await;
        browser.submit("/saml/logout", "").await;
        let again = app.browser();
        *again.jar.borrow_mut() = jar;
        again.bring(&form).await;
        app.browser().bring(&form).await;

        // Somebody of whom nothing says who they are.
        let browser = app.browser();
        let begun = browser.begin("/rota").await;
        let nobody = app.person(name).without_name_id();
        let names: Vec<_> = nobody.claims.iter().map(|claim| claim.name.clone()).collect();
        let nobody = names.iter().fold(nobody, |person, claim| person.without_claim(claim));
        browser.bring(&app.respond_by(app.idp(), &begun, &nobody)).await;
        app.clock.advance(TimeDelta::minutes(5));
    }
    let events = trail.take();
    for outcome in [Outcome::Done, Outcome::Refused] {
        assert!(events.iter().any(|e| e.step == AuditStep::SignIn && e.outcome == outcome));
    }
    let out = events.iter().filter(|event| event.step == AuditStep::LogOut);
    assert!(out.count() >= 3);
    let text: String = events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
    let values = |claim: &Claim| claim.values.clone();
    let mut secrets: Vec<String> = app
        .idp()
        .people
        .iter()
        .flat_map(|p| p.name_id.iter().cloned().chain(p.claims.iter().flat_map(values)))
        .chain(people)
        // Names of methods and of protocols say nothing of a person.
        .filter(|value| !value.starts_with("urn:") && !value.starts_with("http"))
        .filter(|value| value != "true" && value != "false")
        .collect();
    secrets.push("Secret-Page".to_owned());
    secrets.push("<".to_owned());
    secrets.extend(["NameID", "relay", "cookie"].map(str::to_owned));
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!text.contains(secret.as_str()), "{secret} is in the trail:\n{text}");
    }
}

/// `docs/audit.md` tells every field and every step, and no other.
#[test]
fn the_page_tells_every_field_and_every_step() {
    const PAGE: &str = include_str!("../../docs/audit.md");
    let column = |table: &str| -> Vec<String> {
        let (_, rest) = PAGE.split_once(&format!("| {table} | ")).unwrap();
        let rows = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
        let mut names: Vec<_> = rows.map(|row| between(row, "`", "`").to_owned()).collect();
        names.sort();
        names
    };
    let text = || Some("x".to_owned());
    let mut event = AuditEvent::new(start_of_test(), AuditStep::SignIn, Outcome::Done);
    event.code = text();
    event.reference = text();
    event.idp = actix_saml::saml::EntityId::new("x").ok();
    event.subject = text();
    event.assertion_id = text();
    event.request_id = text();
    event.mfa = Some(true);
    event.client_address = "192.0.2.1".parse().ok();
    event.fingerprint = text();
    event.store = Some("x");
    event.count = Some(1);
    let Value::Object(fields) = serde_json::to_value(&event).unwrap() else { panic!() };
    let mut names: Vec<_> = fields.keys().cloned().collect();
    names.sort();
    assert_eq!(column("Field"), names);
    // Nothing is left out of the comparison: `Debug` names every field, told or not.
    let debug = format!("{event:#?}");
    let all = debug.lines().filter(|l| l.starts_with("    ") && !l.starts_with("     "));
    assert_eq!(all.filter(|line| line.contains(": ")).count(), names.len(), "{debug}");

    let mut steps: Vec<String> = AuditStep::ALL
        .iter()
        .map(|step| serde_json::to_value(step).unwrap().as_str().unwrap().to_owned())
        .collect();
    steps.sort();
    assert_eq!(column("Step"), steps);
    assert_eq!(fields["time"], "2026-11-22T09:00:00Z");
}
