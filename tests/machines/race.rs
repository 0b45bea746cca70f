//! One response, brought a hundred times at once: one sign-in, whatever the store.

use std::collections::BTreeSet;
use std::thread;

use crate::browser::{Browser, fields, form};
use crate::http::{Answer, send};
use crate::machine::Machine;
use crate::redis::RedisServer;
use crate::site::Site;

const AT_ONCE: usize = 100;

/// Everybody at once, at one machine or the other.
fn bring_all(machines: &[Machine], cookies: &str, form: &str) -> Vec<Answer> {
    let ports = machines.iter().map(|machine| machine.port).cycle().take(AT_ONCE);
    thread::scope(|scope| {
        let bring = |port| send(port, "POST /saml/acs", &fields("cross-site", Some(cookies)), form);
        let threads: Vec<_> = ports.map(|port| scope.spawn(move || bring(port))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn assert_one_sign_in(site: &Site, machines: &[Machine]) {
    let mut browser = Browser::default();
    let begun = browser.begin(&machines[0]);
    let response = form(&site.respond(&begun, "ward.nurse"), &begun);
    let answers = bring_all(machines, &browser.cookies_from_elsewhere(), &response);

    let (signed_in, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 303);
    assert_eq!((signed_in.len(), refused.len()), (1, AT_ONCE - 1));
    for answer in refused {
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.body.contains("That sign-in has already been used"), "{answer:?}");
    }
    // By what they do: every cookie that anybody was given, at every machine.
    let sessions: BTreeSet<_> = answers
        .iter()
        .flat_map(|answer| answer.all("Set-Cookie"))
        .filter_map(|header| header.split_once(';')?.0.strip_prefix("__Host-saml-session="))
        .collect();
    assert_eq!(sessions.len(), 1);
    let cookie = format!("__Host-saml-session={}", sessions.first().unwrap());
    for machine in machines {
        let there = send(machine.port, "GET /whoami", &fields("same-origin", Some(&cookie)), "");
        assert_eq!(there.status, 200, "{there:?}");
    }
    let events: Vec<_> = machines.iter().flat_map(Machine::audit).collect();
    let sign_ins: Vec<_> = events.iter().filter(|e| e["step"] == "sign_in").collect();
    let done = sign_ins.iter().filter(|e| e["outcome"] == "done").count();
    let replayed = sign_ins.iter().filter(|e| e["code"] == "replayed").count();
    assert_eq!((sign_ins.len(), done, replayed), (AT_ONCE, 1, AT_ONCE - 1));
}

#[test]
fn u_replay_race_in_memory() {
    let site = Site::new();
    assert_one_sign_in(&site, &[Machine::start(&site, "memory:")]);
}

#[test]
fn u_replay_race_in_one_file() {
    let site = Site::new();
    assert_one_sign_in(&site, &[Machine::start(&site, "file:store.redb")]);
}

#[test]
fn u_replay_race_in_redis_at_two_machines() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let site = Site::new();
    let machines = [(); 2].map(|()| Machine::start(&site, &redis.url()));
    assert_one_sign_in(&site, &machines);
}
