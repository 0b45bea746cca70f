//! Whether a sign-in takes longer when more identity providers are known.

#![allow(missing_docs, clippy::arithmetic_side_effects, clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use actix_saml::idp::{TestIdp, TestKeys, Validity};
use actix_saml::saml::EntityId;
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::sp::{Builder, Idp, ServiceProvider};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use url::Url;

fn knowing(count: usize) -> (ServiceProvider, EntityId) {
    let now = "2026-11-22T09:00:00Z".parse().unwrap();
    let keys = TestKeys::generate("fs.nhsmail.test", Validity::of_tests()).unwrap();
    let idps = (0..count).map(|n| {
        let idp = TestIdp::adfs_at(&format!("https://fs-{n}.nhsmail.test"), keys.clone()).unwrap();
        let xml = idp.metadata().unwrap();
        let metadata = IdpMetadata::read(xml.as_bytes(), now).unwrap();
        Arc::new(Idp { metadata, label: None })
    });
    let name = EntityId::new("urn:rota").unwrap();
    let mut builder = Builder::new(name, Url::parse("https://rota.example.org").unwrap());
    builder.idps = idps.collect();
    builder.dev = true;
    let last = builder.idps.last().unwrap().entity_id().clone();
    (builder.build().unwrap(), last)
}

fn look_up(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("the keys of one provider among");
    for count in [1, 10, 100, 1_000] {
        let (sp, last) = knowing(count);
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| black_box(sp.keys(black_box(&last))).is_some());
        });
    }
    group.finish();
}

/// What happens when the metadata of one of them has changed: off the way of every sign-in.
fn swap(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("another snapshot with");
    for count in [1, 1_000] {
        let (sp, _) = knowing(count);
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| sp.with_idps(black_box(sp.idps()).to_vec()).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, look_up, swap);
criterion_main!(benches);
