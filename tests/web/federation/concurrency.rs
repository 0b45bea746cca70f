//! Thousands of responses are judged while keys are swapped, and none is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use actix_saml::crypto::random_bytes;
use actix_saml::sp::{Entropy, LoginOptions, ReturnTo};
use chrono::TimeDelta;

use super::scene::{Publisher, app, idp, metadata, source};

const THREADS: usize = 8;
const EACH: usize = 1_250;

#[actix_web::test]
async fn u_md_swap_ten_thousand_validations_while_keys_are_swapped() {
    let publisher = Publisher::of(metadata(0, Some(1)));
    let app = app(&publisher, source(|_| {})).await;
    let now = app.clock.read();
    let sp = app.saml.service_provider();
    // One response by each key, each to a request of its own.
    let scenes: Vec<_> = [0, 1]
        .into_iter()
        .map(|key| {
            let entropy = Entropy {
                request_id: random_bytes().unwrap(),
                relay_state: random_bytes().unwrap(),
            };
            let trusted = &sp.idps()[0];
            let options = LoginOptions::default();
            let pending = sp.start_login(trusted, ReturnTo::root(), &options, now, &entropy);
            let pending = pending.unwrap().pending;
            let reply_to = app.reply_to(&pending.request_id);
            let person = app.person("ward.nurse");
            let xml = idp(key, None).respond(&reply_to, &person, now).unwrap();
            (pending, xml)
        })
        .collect();

    let (accepted, swaps) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let is_over = AtomicBool::new(false);
    let saml = &app.saml;
    thread::scope(|scope| {
        scope.spawn(|| {
            // Both keys are there at every moment, in either order, or one within its grace.
            let documents = [metadata(1, Some(0)), metadata(0, None), metadata(0, Some(1))];
            for document in documents.iter().cycle() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                publisher.publish(document.clone());
                app.clock.advance(TimeDelta::hours(1));
                let before = saml.status().idps[0].document_sha256.clone();
                saml.refresh_due();
                let is_new = before != saml.status().idps[0].document_sha256;
                swaps.fetch_add(usize::from(is_new), Ordering::SeqCst);
            }
        });
        let judges: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    for turn in 0..EACH {
                        let (pending, xml) = &scenes[turn % 2];
                        let sp = saml.service_provider();
                        if sp.finish_login(pending, xml.as_bytes(), now).is_ok() {
                            accepted.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                })
            })
            .collect();
        for judge in judges {
            judge.join().unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert_eq!(accepted.into_inner(), THREADS * EACH);
    let swaps = swaps.into_inner();
    assert!(swaps > 20, "only {swaps} swaps happened meanwhile");
}
