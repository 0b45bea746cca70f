//! `--sp-key`

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::idp::{Ids, Issuance, SignedParts};
use actix_saml::xmlenc::{EncryptionStyle, encrypt};

use crate::scene::{IDP, Scene, honest, issued, nurse, reply_to, respond};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// A key and the certificate that the provider encrypts to.
pub fn recipient() -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let request = CertificateRequest {
        common_name: "rota.example.nhs.uk",
        organisation: None,
        hosts: &[],
        not_before: issued(),
        not_after: issued(),
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    (key, certificate)
}

/// The response with its assertion encrypted.
pub fn encrypted(xml: &str, to: &Certificate, style: &EncryptionStyle) -> String {
    let (start, end) = (xml.find("<Assertion ").unwrap(), xml.find("</samlp:Response>").unwrap());
    let inside = encrypt(&xml[start..end], to, style).unwrap();
    let assertion = format!("<EncryptedAssertion xmlns=\"{SAML}\">{inside}</EncryptedAssertion>");
    [&xml[..start], &assertion, &xml[end..]].concat()
}

/// A response with its assertion encrypted and then a signature around it.
pub fn signed_around(to: &Certificate) -> String {
    let mut idp = IDP.clone();
    idp.issuance = Issuance { signed: SignedParts::MessageOnly, ..Issuance::default() };
    let draft = idp.issue(&reply_to(), &Ids::random().unwrap(), issued()).draft(&nurse()).unwrap();
    let draft = draft.tamper(|xml| encrypted(&xml, to, &EncryptionStyle::AD_FS));
    draft.sign(idp.keys.current()).unwrap()
}

#[test]
fn decrypts() {
    let scene = Scene::new();
    let ((own, to_us), (old, _)) = (recipient(), recipient());
    scene.file("own.pem", own.to_pem().unwrap());
    scene.file("old.pem", old.to_pem().unwrap());
    let plain = scene.verify().on(honest()).accepted();
    for style in [EncryptionStyle::AD_FS, EncryptionStyle::MODERN] {
        let xml = encrypted(&honest(), &to_us, &style);
        let with = |keys: &[&str]| {
            let call = keys.iter().fold(scene.verify(), |call, key| call.and("--sp-key", key));
            call.on(&xml)
        };
        assert_eq!(with(&["own.pem"]).accepted(), plain);
        assert_eq!(with(&["own.pem", "old.pem"]).accepted(), plain);
        assert_eq!(with(&["old.pem", "own.pem"]).accepted(), plain);
        assert_eq!(
            with(&["old.pem"; 5]).rejected("decryption_failed", "signature"),
            "the decryption failed"
        );
        with(&["old.pem", "old.pem", "old.pem", "old.pem", "own.pem"]).accepted();
        with(&[]).rejected("decryption_no_key", "signature");
        // A key changes nothing for what is not encrypted.
        let outcome = scene.verify().and("--sp-key", "own.pem").on(honest());
        assert_eq!(outcome.accepted(), plain);
    }
}

#[test]
fn encryption_is_no_signature() {
    let scene = Scene::new();
    let (own, to_us) = recipient();
    scene.file("own.pem", own.to_pem().unwrap());
    let changed = honest().replace("ward 7", "ward 8");
    let xml = encrypted(&changed, &to_us, &EncryptionStyle::AD_FS);
    let call = || scene.verify().and("--sp-key", "own.pem");
    call().on(xml).rejected("decryption_failed", "signature");
    let outer = respond(&IDP, SignedParts::MessageOnly, &reply_to(), &nurse());
    let xml = encrypted(&outer, &to_us, &EncryptionStyle::AD_FS);
    call().on(xml).rejected("digest_mismatch", "signature");
}

#[test]
fn unusable_keys() {
    let scene = Scene::new();
    let (_, certificate) = recipient();
    let curve = PrivateKey::generate(KeyShape::P256).unwrap().to_pem().unwrap();
    let not_pem = "not a private key in PEM form";
    for (content, complaint) in [
        (String::new(), not_pem),
        ("hello".to_owned(), not_pem),
        (certificate.to_pem().unwrap(), not_pem),
        (curve, "assertions are encrypted to RSA keys"),
    ] {
        scene.file("bad.pem", content);
        let outcome = scene.verify().and("--sp-key", "bad.pem").on(honest());
        outcome.unusable(&format!("actix-saml: bad.pem: {complaint}"));
    }
    scene.verify().and("--sp-key", "nowhere.pem").on(honest()).unusable("nowhere.pem: ");
}
