//! Two machines with one Redis and one key for cookies: a browser does not notice which it is at.

use crate::browser::{Browser, form};
use crate::machine::Machine;
use crate::redis::RedisServer;
use crate::site::Site;

struct Scene {
    site: Site,
    one: Machine,
    other: Machine,
    _redis: RedisServer,
}

impl Scene {
    fn start() -> Option<Self> {
        let redis = RedisServer::start(&[])?;
        let site = Site::new();
        let [one, other] = [(); 2].map(|()| Machine::start(&site, &redis.url()));
        Some(Self { site, one, other, _redis: redis })
    }
}

#[test]
fn who_signed_in_at_one_is_signed_in_at_the_other() {
    let Some(Scene { site, one, other, .. }) = &Scene::start() else { return };
    let mut browser = Browser::default();
    browser.sign_in(site, one);
    assert!(browser.is_signed_in(one));
    let rota = browser.visit(other, "/rota");
    assert_eq!(rota.status, 200);
    assert!(rota.body.contains("Signed in as"), "{}", rota.body);
    // Whoever has no cookie is nobody at either.
    for machine in [one, other] {
        assert!(!Browser::default().is_signed_in(machine));
        let sent = Browser::default().visit(machine, "/rota");
        assert_eq!((sent.status, sent.location()), (303, "/saml/login?return_to=%2Frota"));
    }
}

#[test]
fn a_sign_in_begun_at_one_is_finished_at_the_other_and_used_up_at_both() {
    let Some(Scene { site, one, other, .. }) = &Scene::start() else { return };
    let mut browser = Browser::default();
    let begun = browser.begin(one);
    let kept = browser.clone();
    let form = form(&site.respond(&begun, "ward.nurse"), &begun);
    let answer = browser.bring(other, &form);
    assert_eq!((answer.status, answer.location()), (303, "/rota"), "{answer:?}");
    assert!(browser.is_signed_in(one) && browser.is_signed_in(other));
    for machine in [one, other] {
        let mut thief = kept.clone();
        let again = thief.bring(machine, &form);
        assert_eq!(again.status, 403);
        assert!(again.body.contains("That sign-in has already been used"), "{}", again.body);
        assert!(!thief.is_signed_in(machine));
        let last = machine.audit().pop().unwrap();
        assert_eq!((&last["step"], &last["outcome"]), (&"sign_in".into(), &"refused".into()));
        assert_eq!(last["code"], "replayed");
    }
    assert!(browser.is_signed_in(one) && browser.is_signed_in(other), "and the first one is there");
}

#[test]
fn who_signs_out_at_one_is_gone_at_the_other() {
    let Some(Scene { site, one, other, .. }) = &Scene::start() else { return };
    let mut browser = Browser::default();
    browser.sign_in(site, one);
    let mut stolen = browser.clone();
    assert!(stolen.is_signed_in(one), "the control");
    assert_eq!(browser.submit(other, "/saml/logout").status, 200);
    for machine in [one, other] {
        assert!(!browser.is_signed_in(machine));
        assert!(!stolen.is_signed_in(machine), "the old cookie is dead");
    }
}

#[test]
fn an_identity_providers_wish_at_one_ends_the_session_at_the_other() {
    let Some(Scene { site, one, other, .. }) = &Scene::start() else { return };
    let (mut browser, mut colleague) = (Browser::default(), Browser::default());
    let session = browser.sign_in(site, one);
    let begun = colleague.begin(one);
    let xml = site.respond(&begun, "locum.doctor");
    assert_eq!(colleague.bring(one, &form(&xml, &begun)).status, 303);

    // Through a browser without any cookie of ours.
    let answer = Browser::default().carry_wish(site, &session, other);
    assert!((200..400).contains(&answer.status), "{answer:?}");
    assert!(!browser.is_signed_in(one) && !browser.is_signed_in(other));
    assert!(colleague.is_signed_in(one) && colleague.is_signed_in(other), "nobody else's");
}
