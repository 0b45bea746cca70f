//! What one response costs here and elsewhere, in one run: the cryptography that nobody can do
//! without, the product, samael, and the program `xmlsec1`, which costs a process each time. Its
//! `--version` is that process alone; `--list-transforms` has loaded its cryptography as well, and
//! has done nothing with it: only what `--verify` takes beyond that is the verification.
//!
//! `cargo bench -p actix-saml-oracle --bench compare`

#![allow(missing_docs)]

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};

use actix_saml::crypto::{KeyShape, SignatureAlgorithm};
use actix_saml::dsig::DSIG_NAMESPACE;
use actix_saml::idp::SignedParts;
use actix_saml::xml::{C14n, Document, Limits, Node, canonicalise, decode_base64, encode_base64};
use actix_saml_oracle::Trouble;
use actix_saml_oracle::scene::{REQUEST, Scene};
use actix_saml_oracle::xmlsec1::{Place, arguments};
use criterion::{Criterion, criterion_group, criterion_main};
use openssl::md::Md;
use openssl::pkey::{PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sha::sha256;
use openssl::x509::X509;

/// OpenSSL's own calls over the same bytes.
struct Floor {
    key: PKey<Public>,
    content: Vec<u8>,
    signed_info: Vec<u8>,
    signature: Vec<u8>,
}

impl Floor {
    fn of(scene: &Scene, xml: &str) -> Result<Self, Trouble> {
        let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE)?;
        let named = |local: &str| {
            document.elements().find(|n| n.local_name() == local).ok_or("an element is missing")
        };
        let canonical = |node: Node<'_>, omit| {
            let mut bytes = Vec::new();
            canonicalise(node, C14n::Exclusive, &[], omit, &mut bytes);
            bytes
        };
        let signature = named("Signature")?;
        assert!(signature.is(DSIG_NAMESPACE, "Signature"));
        let value = named("SignatureValue")?.text().ok_or("no value")?;
        Ok(Self {
            key: X509::from_pem(scene.certificate_pem()?.as_bytes())?.public_key()?,
            content: canonical(named("Assertion")?, Some(signature)),
            signed_info: canonical(named("SignedInfo")?, None),
            signature: decode_base64(value.as_bytes()).ok_or("no base64")?,
        })
    }

    fn run(&self) -> Result<bool, openssl::error::ErrorStack> {
        black_box(sha256(black_box(&self.content)));
        let digest = sha256(black_box(&self.signed_info));
        let mut context = PkeyCtx::new(&self.key)?;
        context.verify_init()?;
        context.set_rsa_padding(Padding::PKCS1)?;
        context.set_signature_md(Md::sha256())?;
        context.verify(&digest, &self.signature)
    }
}

fn process(arguments: &[std::ffi::OsString]) -> bool {
    let mut command = Command::new("xmlsec1");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn compare(criterion: &mut Criterion) -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048)?;
    let xml = scene.response(SignedParts::AssertionOnly, SignatureAlgorithm::RsaSha256)?;
    let base64 = encode_base64(xml.as_bytes());
    let floor = Floor::of(&scene, &xml)?;
    let folder = tempfile::tempdir()?;
    let file = |name: &str, content: &str| -> Result<_, Trouble> {
        let path = folder.path().join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    };
    let (document, certificate) =
        (file("document", &xml)?, file("key.pem", &scene.certificate_pem()?)?);
    let verify = arguments(&document, &certificate, Place::InAssertion);
    assert!(floor.run()? && scene.ours(&xml).is_ok() && process(&verify));
    scene.stranger.verifies(&xml)?;
    scene.stranger.accepts(&xml, REQUEST)?;

    let mut group = criterion.benchmark_group(format!("a response of {} bytes", xml.len()));
    group.bench_function("floor: SHA-256 and RSA-2048 by OpenSSL", |b| b.iter(|| floor.run()));
    group.bench_function("actix-saml: everything, base64 included", |b| {
        b.iter(|| {
            let xml = decode_base64(black_box(base64.as_bytes())).unwrap_or_default();
            scene.ours(std::str::from_utf8(&xml).unwrap_or_default()).is_ok()
        });
    });
    group.bench_function("samael: the signature", |b| {
        b.iter(|| scene.stranger.verifies(black_box(&xml)).is_ok());
    });
    group.bench_function("samael: everything, base64 excluded", |b| {
        b.iter(|| scene.stranger.accepts(black_box(&xml), REQUEST).is_ok());
    });
    group.sample_size(20);
    for nothing in ["--version", "--list-transforms"] {
        group.bench_function(format!("xmlsec1 {nothing}"), |b| {
            b.iter(|| process(&[nothing.into()]));
        });
    }
    group.bench_function("xmlsec1 --verify", |b| b.iter(|| process(black_box(&verify))));
    group.finish();
    // The last one was still accepted: nothing above has timed a refusal.
    assert!(scene.ours(&xml).is_ok() && Path::new(&document).exists());
    scene.stranger.accepts(&xml, REQUEST)?;
    Ok(())
}

fn benches(criterion: &mut Criterion) {
    compare(criterion).expect("everybody can be asked");
}

criterion_group!(all, benches);
criterion_main!(all);
