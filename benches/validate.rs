//! How long a response takes, against the cryptography that no verifier can do without: one
//! RSA-2048 verification and the SHA-256 of the same bytes.
//!
//! All figures of one run belong together: this is how ratios survive a noisy machine.

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

use actix_saml::dsig;
use actix_saml::saml::validate;
use actix_saml::xml::{C14n, Document, Limits, canonicalise, decode_base64};
use case::hostile::shapes;
use case::{case, floor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn ratios(criterion: &mut Criterion) {
    let case = case(6_000);
    let floor = floor(&case);
    let mut group = criterion.benchmark_group("adfs_6kB");
    group.throughput(Throughput::Bytes(case.xml.len() as u64));
    group.bench_function("floor: SHA-256 and RSA-2048", |b| b.iter(|| floor.run()));
    group.bench_function("validate with base64", |b| {
        b.iter(|| {
            let xml = decode_base64(black_box(case.base64.as_bytes())).unwrap();
            validate(&xml, &case.expect, case.metadata.keys(), case.now).unwrap()
        });
    });
    group.bench_function("part: base64", |b| {
        b.iter(|| decode_base64(black_box(case.base64.as_bytes())).unwrap());
    });
    group.bench_function("part: parse", |b| {
        b.iter(|| Document::parse(black_box(&case.xml), &Limits::MESSAGE).unwrap());
    });
    let document = Document::parse(&case.xml, &Limits::MESSAGE).unwrap();
    let named = |name: &str| document.elements().find(|n| n.local_name() == name).unwrap();
    let (assertion, signature, info) =
        (named("Assertion"), named("Signature"), named("SignedInfo"));
    group.bench_function("part: C14N of assertion and SignedInfo", |b| {
        let mut bytes = Vec::new();
        b.iter(|| {
            bytes.clear();
            canonicalise(assertion, C14n::Exclusive, &[], Some(signature), &mut bytes);
            canonicalise(info, C14n::Exclusive, &[], None, &mut bytes);
            bytes.len()
        });
    });
    group.bench_function("part: dsig (C14N, digest, RSA)", |b| {
        b.iter(|| {
            dsig::verify(assertion, black_box(signature), case.metadata.keys().signing()).unwrap()
        });
    });
    group.finish();
}

fn sizes(criterion: &mut Criterion) {
    let sizes = [6_000, 16_000, 64_000, 256_000, 1_000_000].map(|size| ("values", case(size)));
    for (name, case) in sizes.into_iter().chain(case::shapes()) {
        let mut group = criterion.benchmark_group("size");
        group.throughput(Throughput::Bytes(case.xml.len() as u64));
        group.bench_function(format!("{name}, {} bytes", case.xml.len()), |b| {
            b.iter(|| {
                validate(black_box(&case.xml), &case.expect, case.metadata.keys(), case.now)
                    .unwrap()
            });
        });
        group.finish();
    }
}

/// Refusing a megabyte must not cost more than accepting one.
fn hostile(criterion: &mut Criterion) {
    let case = case(1_000_000);
    let mut group = criterion.benchmark_group("hostile_1MB");
    group.sample_size(10);
    group.bench_function("honest", |b| {
        b.iter(|| validate(&case.xml, &case.expect, case.metadata.keys(), case.now).unwrap());
    });
    for (name, xml) in shapes(1_000_000) {
        let refuse =
            || validate(black_box(xml.as_bytes()), &case.expect, case.metadata.keys(), case.now);
        assert!(refuse().is_err());
        group.bench_function(name, |b| b.iter(refuse));
    }
    group.finish();
}

criterion_group!(benches, ratios, sizes, hostile);
criterion_main!(benches);
