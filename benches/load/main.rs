//! What the middleware costs an application, over HTTP: an authenticated request against the same
//! handler with plain actix-session, and a complete sign-in against a handler that takes a form and
//! does nothing. First with stores in memory, then with Redis, where there is a redis-server: there
//! the plain sessions are in the same server, by the same client library.
//!
//! Both servers run in this process, one after the other in short turns, so that a machine with
//! other work to do slows them alike. What is told are ratios, and the processor time of the
//! server's threads, which the client's does not disturb.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a measurement that cannot go on is to stop"
)]

mod client;
mod plain;
mod processor;
#[path = "../../tests/redis/mod.rs"]
mod redis;
mod scene;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_saml::store::RedisStore;

use client::Client;
use scene::Scene;

/// Requests in one turn, and turns of each server.
const REQUESTS: usize = 2_000;
const TURNS: usize = 15;
/// Sign-ins in all. They are of one person, of whom no store keeps more than a thousand sessions.
const SIGN_INS: usize = 900;

fn main() {
    println!("in memory");
    measure(&Scene::start(None));
    let Some(server) = redis::RedisServer::start(&[]) else { return };
    let store = RedisStore::new(&server.url(), "saml:", Duration::from_secs(2)).unwrap();
    println!("in Redis");
    measure(&Scene::start(Some(&Arc::new(store))));
}

fn measure(scene: &Scene) {
    authenticated_requests(scene);
    sign_ins(scene);
}

/// Time and processor time for each request, in microseconds.
#[derive(Clone, Copy)]
struct Cost {
    time: f64,
    processor: f64,
}

fn turn(client: &mut Client, request: &[u8], count: usize, status: u16) -> Cost {
    let (begun, before) = (Instant::now(), processor::server_nanoseconds());
    for _ in 0..count {
        assert_eq!(client.send(request).status, status);
    }
    let each = |nanoseconds: f64| nanoseconds / 1_000.0 / count as f64;
    Cost {
        time: each(begun.elapsed().as_nanos() as f64),
        processor: each((processor::server_nanoseconds() - before) as f64),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn authenticated_requests(scene: &Scene) {
    let cases = scene.authenticated();
    let mut clients: Vec<Client> = cases.iter().map(|case| Client::to(case.address)).collect();
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); cases.len()];
    for turn_number in 0..=TURNS {
        for (index, case) in cases.iter().enumerate() {
            let cost = turn(&mut clients[index], &case.request, REQUESTS, 200);
            // The first turn warms up.
            if turn_number > 0 {
                costs[index].push(cost);
            }
        }
    }
    println!("authenticated request ({REQUESTS} x {TURNS}, median)");
    let floor = costs[0].clone();
    for (case, costs) in cases.iter().zip(&costs) {
        let time = median(costs.iter().map(|c| c.time).collect());
        let processor = median(costs.iter().map(|c| c.processor).collect());
        let throughput = median(floor.iter().zip(costs).map(|(f, c)| f.time / c.time).collect());
        println!(
            "  {:<44} {time:>7.1} µs  processor {processor:>6.1} µs  throughput {throughput:.2}",
            case.name
        );
    }
}

fn sign_ins(scene: &Scene) {
    let requests = scene.sign_ins(SIGN_INS);
    let mut ours = Client::to(scene.ours);
    let mut empty = Client::to(scene.plain);
    let (mut ours_cost, mut empty_cost) = (Vec::new(), Vec::new());
    for chunk in requests.chunks(SIGN_INS / TURNS) {
        let before = processor::server_nanoseconds();
        for request in chunk {
            let answer = ours.send(&request.sign_in);
            assert_eq!((answer.status, answer.location.as_deref()), (303, Some("/rota")));
        }
        let between = processor::server_nanoseconds();
        for request in chunk {
            assert_eq!(empty.send(&request.to_nothing).status, 200);
        }
        let after = processor::server_nanoseconds();
        let each = |nanoseconds: u64| nanoseconds as f64 / 1_000.0 / chunk.len() as f64;
        ours_cost.push(each(between - before));
        empty_cost.push(each(after - between));
    }
    let (ours, empty) = (median(ours_cost), median(empty_cost));
    println!("accepted sign-in ({SIGN_INS}), processor time of the server");
    println!(
        "  an empty handler {empty:.1} µs, a sign-in {ours:.1} µs, beyond {:.1} µs",
        ours - empty
    );
}
