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
use case::hostile::shapes;
use case::{Case, Floor};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let size = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(6_000);
    let case = case::case(size);
    let floor = case::floor(&case);
    let shape = shapes(1_000_000).into_iter().find(|(name, _)| *name == what);
    let hostile = shape.map_or(String::new(), |(_, xml)| xml);
    for _ in 0..count {
        measured(&what, &case, &floor, hostile.as_bytes());
    }
}

/// Counted is what happens in here: making the keys is not.
#[inline(never)]
fn measured(what: &str, case: &Case, floor: &Floor, hostile: &[u8]) {
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
        "honest" => {
            let _ = black_box(validate(&case.xml, &case.expect, case.metadata.keys(), case.now));
        }
        _ => {
            let _ = validate(black_box(hostile), &case.expect, case.metadata.keys(), case.now);
        }
    }
}
