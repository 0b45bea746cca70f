//! The same work as in `validate`, so many times, for counting instructions:
//! `valgrind --tool=callgrind --toggle-collect='*measured*' BINARY floor|validate|parse COUNT`.
//! Instructions do not depend on what else the machine does.

#![allow(
    missing_docs,
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod case;

use std::hint::black_box;

use actix_saml::saml::validate;
use actix_saml::xml::{Document, Limits, decode_base64};
use case::{Case, Floor};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let case = case::case(6_000);
    let floor = case::floor(&case);
    for _ in 0..count {
        measured(&what, &case, &floor);
    }
}

/// Counted is what happens in here: making the keys is not.
#[inline(never)]
fn measured(what: &str, case: &Case, floor: &Floor) {
    match what {
        "floor" => floor.run(),
        "validate" => {
            let xml = decode_base64(black_box(case.base64.as_bytes())).unwrap();
            let keys = case.metadata.keys();
            black_box(validate(&xml, &case.expect, keys, case.now).unwrap());
        }
        "parse" => {
            black_box(Document::parse(black_box(&case.xml), &Limits::MESSAGE).unwrap());
        }
        _ => {}
    }
}
