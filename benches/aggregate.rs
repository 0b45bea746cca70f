//! How long a federation's metadata takes: an aggregate of a megabyte from which one provider is
//! chosen, against what no reader can do without: to look at every byte.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::unwrap_used
)]

use std::hint::black_box;

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::dsig::{Place, SignatureStyle, sign_enveloped};
use actix_saml::saml::metadata::{IdpMetadata, MetadataAnchor, Reading};
use actix_saml::saml::names::{METADATA, PROTOCOL};
use actix_saml::saml::{EntityId, parse_instant};
use actix_saml::xml::{Document, Limits, encode_base64};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BYTES: usize = 1_000_000;

/// One of the providers and applications of a federation, as their operators register them.
fn entity(n: usize, certificate: &str) -> String {
    let (role, service) = match n % 3 {
        0 => ("IDPSSODescriptor", "SingleSignOnService"),
        _ => ("SPSSODescriptor", "AssertionConsumerService"),
    };
    let key = |usage: &str| {
        format!(
            "<md:KeyDescriptor use=\"{usage}\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{certificate}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n"
        )
    };
    let endpoint = |binding: &str, index: usize| {
        format!(
            "<md:{service} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"https://login.trust-{n}.example.nhs.uk/saml/{binding}\" index=\"{index}\"/>\n"
        )
    };
    format!(
        "<md:EntityDescriptor ID=\"_{n}\" entityID=\"https://trust-{n}.example.nhs.uk/saml\">\n<md:Extensions><mdrpi:RegistrationInfo registrationAuthority=\"https://federation.example\" registrationInstant=\"2020-01-01T00:00:00Z\"/></md:Extensions>\n<md:{role} protocolSupportEnumeration=\"{PROTOCOL}\">\n<md:Extensions><shibmd:Scope regexp=\"false\">trust-{n}.example.nhs.uk</shibmd:Scope><mdui:UIInfo><mdui:DisplayName xml:lang=\"en\">Trust {n} &amp; Partners</mdui:DisplayName><mdui:Description xml:lang=\"en\">Staff of trust {n}</mdui:Description><mdui:Logo height=\"60\" width=\"80\">https://trust-{n}.example.nhs.uk/logo.png</mdui:Logo></mdui:UIInfo></md:Extensions>\n{}{}<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\n{}{}</md:{role}>\n<md:Organization><md:OrganizationName xml:lang=\"en\">Trust {n}</md:OrganizationName><md:OrganizationDisplayName xml:lang=\"en\">Trust {n}</md:OrganizationDisplayName><md:OrganizationURL xml:lang=\"en\">https://trust-{n}.example.nhs.uk/</md:OrganizationURL></md:Organization>\n<md:ContactPerson contactType=\"technical\"><md:EmailAddress>mailto:team{n}@example.nhs.uk</md:EmailAddress></md:ContactPerson>\n</md:EntityDescriptor>\n",
        key("signing"),
        key("encryption"),
        endpoint("HTTP-Redirect", 0),
        endpoint("HTTP-POST", 1),
    )
}

fn aggregate(certificate: &Certificate) -> (String, usize) {
    let certificate = encode_base64(certificate.as_der());
    let mut xml = format!(
        "<md:EntitiesDescriptor ID=\"_aggregate\" validUntil=\"2026-12-01T00:00:00Z\" cacheDuration=\"PT6H\" xmlns:md=\"{METADATA}\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\" xmlns:mdrpi=\"urn:oasis:names:tc:SAML:metadata:rpi\" xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\">\n"
    );
    let mut entities = 0;
    while xml.len() < BYTES {
        xml += &entity(entities, &certificate);
        entities += 1;
    }
    (xml + "</md:EntitiesDescriptor>\n", entities)
}

fn read(criterion: &mut Criterion) {
    let now = parse_instant("2026-11-22T09:00:00Z").unwrap();
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let request = CertificateRequest {
        common_name: "federation",
        organisation: None,
        hosts: &[],
        not_before: now,
        not_after: now,
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    let (xml, entities) = aggregate(&certificate);
    let style = SignatureStyle::default();
    let algorithm = key.default_algorithm();
    let signed =
        sign_enveloped(&xml, "_aggregate", Place::First, &key, algorithm, None, &style).unwrap();
    // The last provider: nothing is found early.
    let last = (0..entities).rev().find(|n| n % 3 == 0).unwrap();
    let name = EntityId::new(format!("https://trust-{last}.example.nhs.uk/saml")).unwrap();
    let anchor = MetadataAnchor::new(vec![certificate], Vec::new()).unwrap();
    let by_name = Reading { entity_id: Some(&name), ..Reading::default() };
    let pinned = Reading { anchor: Some(&anchor), ..by_name };

    let mut group = criterion.benchmark_group(format!("aggregate of {entities} entities"));
    group.throughput(Throughput::Bytes(xml.len() as u64));
    group.bench_function("floor: each byte looked at (memchr)", |b| {
        b.iter(|| memchr::memchr3_iter(b'<', b'&', b'>', black_box(xml.as_bytes())).count());
    });
    group.bench_function("floor: SHA-256", |b| {
        b.iter(|| actix_saml::crypto::sha256(black_box(xml.as_bytes())));
    });
    group.bench_function("part: parse", |b| {
        b.iter(|| Document::parse(black_box(xml.as_bytes()), &Limits::METADATA).unwrap());
    });
    group.bench_function("read by entityID", |b| {
        b.iter(|| IdpMetadata::read_as(black_box(xml.as_bytes()), &by_name, now).unwrap());
    });
    group.bench_function("read by entityID, signature verified", |b| {
        b.iter(|| IdpMetadata::read_as(black_box(signed.as_bytes()), &pinned, now).unwrap());
    });
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
