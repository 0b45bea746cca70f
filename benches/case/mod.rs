//! The response that is measured, and the cryptography that it cannot do without.

use std::hint::black_box;

use actix_saml::idp::{Claim, ReplyTo, TestIdp};
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::saml::{
    ClockSkew, EntityId, Expectations, ExpectedRequest, RequestedAuthn, RequireSigned,
    parse_instant, validate,
};
use actix_saml::xml::{C14n, Document, Limits, canonicalise, decode_base64, encode_base64};
use chrono::{DateTime, Utc};
use openssl::md::Md;
use openssl::pkey::{PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::x509::X509;

pub(crate) mod hostile;

pub(crate) struct Case {
    pub(crate) base64: String,
    pub(crate) xml: Vec<u8>,
    pub(crate) expect: Expectations,
    pub(crate) metadata: IdpMetadata,
    pub(crate) now: DateTime<Utc>,
}

/// An AD FS response of about `size` bytes, with up to a thousand values of one attribute.
pub(crate) fn case(size: usize) -> Case {
    // Longer values where more bytes are wanted.
    let missing = size.saturating_sub(BARE);
    let length = (missing / 1000).max(40);
    let wanted = missing / (length + 33);
    let groups: Vec<String> = (0..wanted).map(|n| format!("{n:0length$}")).collect();
    let claim = Claim::new("http://schemas.xmlsoap.org/claims/Group", groups);
    case_with(if wanted > 0 { vec![claim] } else { Vec::new() }, "")
}

/// Bytes of a response with the claims of AD FS alone.
const BARE: usize = 5_500;

/// Honest responses that are extreme in one thing, with the name of that thing.
pub(crate) fn shapes() -> Vec<(&'static str, Case)> {
    let named = |n: usize| format!("http://rota.example.nhs.uk/claims/{n}");
    let attributes = (0..1000).map(|n| Claim::new(named(n), ["x".repeat(800)])).collect();
    let values: Vec<String> = (0..12_000).map(|n| format!("S-1-5-21-1085031214-{n:010}")).collect();
    let depth = 44;
    let deep = format!(
        "<samlp:Extensions>{}{}</samlp:Extensions>",
        "<e xmlns=\"urn:x\">".repeat(depth),
        "</e>".repeat(depth)
    );
    vec![
        ("a thousand attributes", case_with(attributes, "")),
        ("twelve thousand values", case_with(vec![Claim::new(named(0), values)], "")),
        ("one value of 900 kB", case_with(vec![Claim::new(named(0), ["x".repeat(900_000)])], "")),
        ("depth at the limit", case_with(Vec::new(), &deep)),
    ]
}

/// An AD FS response with further claims; `extensions` stand behind its issuer, not signed.
fn case_with(claims: Vec<Claim>, extensions: &str) -> Case {
    let now = parse_instant("2026-11-22T09:00:00.000Z").unwrap();
    let idp = TestIdp::adfs().unwrap();
    let reply_to = ReplyTo {
        request_id: Some("_4fee3b046395c4e751011e97f8900b52a1b2c3d4".to_owned()),
        acs_url: "https://rota.example.nhs.uk/saml/acs".to_owned(),
        audience: "https://rota.example.nhs.uk/saml".to_owned(),
        class_ref: None,
    };
    let person = claims
        .into_iter()
        .fold(idp.person("ward.nurse").unwrap(), |person, claim| person.with_claim(claim));
    let xml = idp.respond(&reply_to, &person, now).unwrap();
    let xml = xml.replacen("</Issuer>", &format!("</Issuer>{extensions}"), 1).into_bytes();
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

/// What the cryptography alone works on: OpenSSL's own calls, nothing of this crate.
pub(crate) struct Floor {
    pub(crate) key: PKey<Public>,
    pub(crate) content: Vec<u8>,
    pub(crate) signed_info: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

pub(crate) fn floor(case: &Case) -> Floor {
    let document = Document::parse(&case.xml, &Limits::MESSAGE).unwrap();
    let named = |name: &str| document.elements().find(|n| n.local_name() == name).unwrap();
    let canonical = |name, omit| {
        let mut bytes = Vec::new();
        canonicalise(named(name), C14n::Exclusive, &[], omit, &mut bytes);
        bytes
    };
    let value = named("SignatureValue").text().unwrap();
    Floor {
        key: signing_key(&case.metadata),
        content: canonical("Assertion", Some(named("Signature"))),
        signed_info: canonical("SignedInfo", None),
        signature: decode_base64(value.as_bytes()).unwrap(),
    }
}

fn signing_key(metadata: &IdpMetadata) -> PKey<Public> {
    X509::from_der(metadata.certificates()[0].as_der()).unwrap().public_key().unwrap()
}

impl Floor {
    pub(crate) fn run(&self) {
        black_box(openssl::sha::sha256(black_box(&self.content)));
        let digest = openssl::sha::sha256(black_box(&self.signed_info));
        let mut context = PkeyCtx::new(&self.key).unwrap();
        context.verify_init().unwrap();
        context.set_rsa_padding(Padding::PKCS1).unwrap();
        context.set_signature_md(Md::sha256()).unwrap();
        assert!(context.verify(&digest, &self.signature).unwrap());
    }
}
