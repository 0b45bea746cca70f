//! A new key for cookies, machine by machine, while people are signed in.

use crate::browser::{Browser, form};
use crate::machine::Machine;
use crate::redis::RedisServer;
use crate::site::{NEW, OLD, Site};

#[test]
fn a_new_key_comes_and_the_old_one_goes_and_nobody_notices() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let site = Site::new();
    let start = |keys: &[&str]| Machine::with(&site, &redis.url(), keys, 2_000);
    let (old, both) = (start(&[OLD]), start(&[OLD, NEW]));
    let mut early = Browser::default();
    early.sign_in(&site, &old);
    let mut absent = early.clone();
    assert!(early.is_signed_in(&both));

    // Known everywhere, the new one seals: a sign-in begun before is finished after.
    let sealing = start(&[NEW, OLD]);
    let mut under_way = Browser::default();
    let begun = under_way.begin(&old);
    let answer = under_way.bring(&sealing, &form(&site.respond(&begun, "locum.doctor"), &begun));
    assert_eq!(answer.status, 303, "{answer:?}");
    assert!(!under_way.clone().is_signed_in(&old), "the control: it does not know the new key");
    // Whichever comes next, as long as both know both.
    for machine in [&both, &sealing, &both, &sealing] {
        assert!(under_way.is_signed_in(machine));
    }

    // Who comes by gets the same session in a cookie of the new key, once.
    let before = early.session_cookie().to_owned();
    assert!(early.is_signed_in(&both) && early.session_cookie() == before, "nothing to renew");
    assert!(early.is_signed_in(&sealing));
    let renewed = early.session_cookie().to_owned();
    assert_ne!(renewed, before);
    assert!(early.is_signed_in(&sealing) && early.session_cookie() == renewed);

    // The old key goes; so does whoever has not come by since.
    let new = start(&[NEW]);
    assert!(early.is_signed_in(&new) && under_way.is_signed_in(&new));
    assert!(!absent.is_signed_in(&new), "the control");
}

#[test]
fn a_cookie_is_renewed_as_it_was_made_and_not_when_one_signs_out() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let site = Site::new();
    let start = |keys: &[&str]| Machine::with(&site, &redis.url(), keys, 2_000);
    let (old, sealing) = (start(&[OLD]), start(&[NEW, OLD]));
    let mut browser = Browser::default();
    let begun = browser.begin(&old);
    let made = browser.bring(&old, &form(&site.respond(&begun, "ward.nurse"), &begun));
    let attributes = |header: &str| {
        let (_, rest) = header.split_once("; ").unwrap();
        rest.to_owned()
    };
    let is_session = |header: &&str| header.starts_with("__Host-saml-session=");
    let made = made.all("Set-Cookie").into_iter().find(is_session).map(attributes).unwrap();
    let mut leaving = browser.clone();
    let renewed = browser.visit(&sealing, "/rota");
    let headers: Vec<_> =
        renewed.all("Set-Cookie").into_iter().filter(is_session).map(attributes).collect();
    assert_eq!(headers, [made]);

    // There is one such cookie in the answer, which takes it away.
    let out = leaving.submit(&sealing, "/saml/logout");
    let headers: Vec<_> = out.all("Set-Cookie").into_iter().filter(is_session).collect();
    assert_eq!(headers.len(), 1, "{headers:?}");
    assert!(headers[0].contains("Max-Age=0"), "{headers:?}");
    assert!(!browser.is_signed_in(&sealing));
}
