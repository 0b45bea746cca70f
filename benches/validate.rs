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

use std::hint::black_box;

use actix_saml::crypto::{Digest, DigestAlgorithm, PublicKey, SignatureAlgorithm};
use actix_saml::dsig::{self, decode_base64, encode_base64};
use actix_saml::idp::{Claim, ReplyTo, TestIdp};
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::saml::{
    ClockSkew, EntityId, Expectations, ExpectedRequest, RequestedAuthn, RequireSigned,
    parse_instant, validate,
};
use actix_saml::xml::{C14n, Document, Limits, canonicalise};
use chrono::{DateTime, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

struct Case {
    base64: String,
    xml: Vec<u8>,
    expect: Expectations,
    metadata: IdpMetadata,
    now: DateTime<Utc>,
}

/// An AD FS response of about `size` bytes.
fn case(size: usize) -> Case {
    let now = parse_instant("2026-11-22T09:00:00.000Z").unwrap();
    let idp = TestIdp::adfs().unwrap();
    let reply_to = ReplyTo {
        request_id: Some("_4fee3b046395c4e751011e97f8900b52a1b2c3d4".to_owned()),
        acs_url: "https://rota.example.nhs.uk/saml/acs".to_owned(),
        audience: "https://rota.example.nhs.uk/saml".to_owned(),
        class_ref: None,
    };
    let mut person = idp.person("ward.nurse").unwrap();
    let bare = idp.respond(&reply_to, &person, now).unwrap().len();
    let group = "http://schemas.xmlsoap.org/claims/Group";
    // A thousand values at most, longer ones where more bytes are wanted.
    let missing = size.saturating_sub(bare);
    let length = (missing / 1000).max(40);
    let wanted = missing / (length + 33);
    if wanted > 0 {
        let groups: Vec<String> = (0..wanted).map(|n| format!("{n:0length$}")).collect();
        person = person.with_claim(Claim::new(group, groups));
    }
    let xml = idp.respond(&reply_to, &person, now).unwrap().into_bytes();
    let metadata = IdpMetadata::read(idp.metadata().unwrap().as_bytes(), now).unwrap();
    let expect = Expectations {
        idp: metadata.entity_id().clone(),
        sp: EntityId::new(reply_to.audience).unwrap(),
        acs_url: reply_to.acs_url,
        request: ExpectedRequest::Id(reply_to.request_id.unwrap()),
        require_signed: RequireSigned::Either,
        clock_skew: ClockSkew::default(),
        authn: RequestedAuthn::default(),
    };
    let case = Case { base64: encode_base64(&xml), xml, expect, metadata, now };
    validate(&case.xml, &case.expect, case.metadata.keys(), now).expect("the case is valid");
    case
}

/// What the cryptography alone works on.
struct Floor {
    key: PublicKey,
    content: Vec<u8>,
    signed_info: Vec<u8>,
    signature: Vec<u8>,
}

fn floor(case: &Case) -> Floor {
    let document = Document::parse(&case.xml, &Limits::MESSAGE).unwrap();
    let named = |name: &str| document.elements().find(|n| n.local_name() == name).unwrap();
    let canonical = |name, omit| {
        let mut bytes = Vec::new();
        canonicalise(named(name), C14n::Exclusive, &[], omit, &mut bytes);
        bytes
    };
    let value = named("SignatureValue").text().unwrap();
    Floor {
        key: case.metadata.keys().signing()[0].clone(),
        content: canonical("Assertion", Some(named("Signature"))),
        signed_info: canonical("SignedInfo", None),
        signature: decode_base64(value.as_bytes()).unwrap(),
    }
}

impl Floor {
    fn run(&self) {
        black_box(Digest::of(DigestAlgorithm::Sha256, black_box(&self.content)));
        let algorithm = SignatureAlgorithm::RsaSha256;
        self.key.verify(algorithm, black_box(&self.signed_info), &self.signature).unwrap();
    }
}

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
    for size in [2_000, 16_000, 64_000, 256_000, 1_000_000] {
        let case = case(size);
        let mut group = criterion.benchmark_group("size");
        group.throughput(Throughput::Bytes(case.xml.len() as u64));
        group.bench_function(format!("{} bytes", case.xml.len()), |b| {
            b.iter(|| {
                validate(black_box(&case.xml), &case.expect, case.metadata.keys(), case.now)
                    .unwrap()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, ratios, sizes);
criterion_main!(benches);
