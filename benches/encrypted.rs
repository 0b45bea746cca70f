//! How long an encrypted response takes, against the cryptography that it cannot do without: one
//! RSA-2048 OAEP decryption, AES-256-CBC over the same length, one RSA-2048 verification and the
//! SHA-256 of the same bytes. And how long each way to fail takes: they must not be told apart.

#![allow(
    missing_docs,
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice
)]

mod case;

use std::hint::black_box;

use actix_saml::crypto::{
    Certificate, CertificateRequest, CipherAlgorithm, ContentKey, KeyShape, Oaep, OaepHash,
    PrivateKey,
};
use actix_saml::saml::{Keys, names, validate};
use actix_saml::xml::{decode_base64, encode_base64};
use actix_saml::xmlenc::{DecryptionKey, EncryptionStyle, encrypt};
use case::{Case, Floor, case, floor};
use criterion::{Criterion, criterion_group, criterion_main};
use openssl::md::Md;
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode};

/// A key to encrypt to.
struct Recipient {
    key: PrivateKey,
    certificate: Certificate,
}

impl Recipient {
    fn new(case: &Case) -> Self {
        let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let request = CertificateRequest {
            common_name: "rota.example.nhs.uk",
            organisation: None,
            hosts: &[],
            not_before: case.now,
            not_after: case.now,
        };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        Self { key, certificate }
    }

    fn seal(&self, plaintext: &str) -> String {
        let inside = encrypt(plaintext, &self.certificate, &EncryptionStyle::AD_FS).unwrap();
        format!("<EncryptedAssertion xmlns=\"{}\">{inside}</EncryptedAssertion>", names::ASSERTION)
    }
}

/// The assertion of a response, and the response with something else in its place.
fn assertion(xml: &str) -> &str {
    &xml[xml.find("<Assertion ").unwrap()..xml.find("</samlp:Response>").unwrap()]
}

fn carrying(case: &Case, instead: &str) -> Vec<u8> {
    let xml = std::str::from_utf8(&case.xml).unwrap();
    xml.replace(assertion(xml), instead).into_bytes()
}

/// The decryption alone: OpenSSL's own calls, nothing of this crate.
struct Bare {
    key: PKey<Private>,
    encrypted_key: Vec<u8>,
    data: Vec<u8>,
    after: Floor,
}

impl Bare {
    fn run(&self) {
        let mut context = PkeyCtx::new(&self.key).unwrap();
        context.decrypt_init().unwrap();
        context.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
        context.set_rsa_oaep_md(Md::sha1()).unwrap();
        context.set_rsa_mgf1_md(Md::sha1()).unwrap();
        let mut key = Vec::new();
        context.decrypt_to_vec(black_box(&self.encrypted_key), &mut key).unwrap();
        let (iv, body) = self.data.split_at(16);
        let cipher = Cipher::aes_256_cbc();
        let mut crypter = Crypter::new(cipher, Mode::Decrypt, &key, Some(iv)).unwrap();
        crypter.pad(false);
        let mut plain = vec![0; body.len() + 16];
        black_box(crypter.update(black_box(body), &mut plain).unwrap());
        self.after.run();
    }
}

fn bare(case: &Case, to: &Recipient) -> Bare {
    let content = ContentKey::generate(CipherAlgorithm::Aes256Cbc).unwrap();
    let oaep = Oaep { digest: OaepHash::Sha1, mgf1: OaepHash::Sha1 };
    let public = to.certificate.public_key();
    let xml = std::str::from_utf8(&case.xml).unwrap();
    Bare {
        key: PKey::private_key_from_pem(to.key.to_pem().unwrap().as_bytes()).unwrap(),
        encrypted_key: public.encrypt_oaep(oaep, content.as_bytes()).unwrap(),
        data: content.encrypt(assertion(xml).as_bytes()).unwrap(),
        after: floor(case),
    }
}

fn keys(case: &Case, own: &Recipient) -> Keys {
    let own = DecryptionKey::new(own.key.clone()).unwrap();
    case.metadata.keys().clone().with_decryption(vec![own])
}

fn ratios(criterion: &mut Criterion) {
    let case = case(6_000);
    let us = Recipient::new(&case);
    let keys = keys(&case, &us);
    let plain = std::str::from_utf8(&case.xml).unwrap();
    let xml = carrying(&case, &us.seal(assertion(plain)));
    let base64 = encode_base64(&xml);
    let bare = bare(&case, &us);
    let mut group = criterion.benchmark_group("encrypted_6kB");
    group.bench_function("floor: OAEP, AES-256-CBC, SHA-256 and RSA-2048", |b| {
        b.iter(|| bare.run())
    });
    for (what, base64) in
        [("validate encrypted with base64", &base64), ("validate with base64", &case.base64)]
    {
        group.bench_function(what, |b| {
            b.iter(|| {
                let xml = decode_base64(black_box(base64.as_bytes())).unwrap();
                validate(&xml, &case.expect, &keys, case.now).unwrap()
            });
        });
    }
    group.finish();
}

fn failures(criterion: &mut Criterion) {
    let case = case(6_000);
    let (us, stranger) = (Recipient::new(&case), Recipient::new(&case));
    let keys = keys(&case, &us);
    let xml = std::str::from_utf8(&case.xml).unwrap();
    let good = assertion(xml);
    let signature = |text: &str| {
        let start = text.find("SignatureValue>").unwrap() + 20;
        [&text[..start], "AAAA", &text[start + 4..]].concat()
    };
    let altered = |number: usize| {
        let sealed = us.seal(good);
        let value = sealed.split("CipherValue>").nth(number).unwrap().split('<').next().unwrap();
        let other =
            [&value[..400.min(value.len() / 2)], "AAAA", &value[404.min(value.len() / 2 + 4)..]];
        sealed.replace(value, &other.concat())
    };
    let mut group = criterion.benchmark_group("decryption_failed");
    for (what, encrypted) in [
        ("encrypted to a stranger", stranger.seal(good)),
        ("key altered", altered(1)),
        ("data altered", altered(3)),
        ("not XML", us.seal(&"x".repeat(good.len()))),
        ("XML that ends too early", us.seal(&good[..good.len() - 12])),
        ("not signed", us.seal(&good.replace(":Signature", ":Sign"))),
        ("content altered", us.seal(&good.replace("ward.nurse", "ward.admin"))),
        ("signature altered", us.seal(&signature(good))),
    ] {
        let xml = carrying(&case, &encrypted);
        let rejection = validate(&xml, &case.expect, &keys, case.now).unwrap_err();
        assert_eq!(rejection.code(), "decryption_failed", "{what}");
        group.bench_function(what, |b| {
            b.iter(|| validate(black_box(&xml), &case.expect, &keys, case.now).unwrap_err());
        });
    }
    group.finish();
}

criterion_group!(benches, ratios, failures);
criterion_main!(benches);
