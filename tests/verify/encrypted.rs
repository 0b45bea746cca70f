//! `--sp-key`

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, Passphrase, PrivateKey};
use actix_saml::idp::{Ids, Issuance, SignedParts};
use actix_saml::xmlenc::{EncryptionStyle, encrypt};

use crate::scene::{Call, IDP, Scene, honest, issued, nurse, reply_to, respond, set_mode};

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
    scene.secret("own.pem", own.to_pem().unwrap());
    scene.secret("old.pem", old.to_pem().unwrap());
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
    scene.secret("own.pem", own.to_pem().unwrap());
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
        scene.secret("bad.pem", content);
        let outcome = scene.verify().and("--sp-key", "bad.pem").on(honest());
        outcome.unusable(&format!("actix-saml: bad.pem: {complaint}"));
    }
    scene.verify().and("--sp-key", "nowhere.pem").on(honest()).unusable("nowhere.pem: ");
}

#[test]
fn keys_that_others_can_read() {
    let scene = Scene::new();
    let (own, to_us) = recipient();
    let xml = encrypted(&honest(), &to_us, &EncryptionStyle::AD_FS);
    let path = scene.secret("own.pem", own.to_pem().unwrap());
    for call in [scene.verify(), scene.inspect_fully()] {
        let call = call.and("--sp-key", "own.pem");
        set_mode(&path, 0o640);
        let complaint = "own.pem: others may read own.pem (mode 640); chmod 600 own.pem";
        call.clone().on(&xml).unusable(complaint);
        set_mode(&path, 0o600);
        assert_eq!(call.on(&xml).status, 0);
    }
}

#[test]
fn keys_under_a_passphrase() {
    let scene = Scene::new();
    let (own, to_us) = recipient();
    let xml = encrypted(&honest(), &to_us, &EncryptionStyle::AD_FS);
    let secret = "a passphrase of some length";
    let passphrase = Passphrase::new(secret.as_bytes()).unwrap();
    scene.secret("own.pem", own.to_encrypted_pem(&passphrase).unwrap());
    scene.secret("plain.pem", own.to_pem().unwrap());
    let pass = scene.secret("pass", format!("{secret}\n"));
    scene.secret("wrong", "another one");
    scene.secret("empty", "");
    scene.file("response", &xml);
    for call in [scene.verify(), scene.inspect_fully()] {
        let bare = call.clone().flag("response");
        let with = |key: &str| bare.clone().and("--sp-key", key);
        let from = |key: &str, file: &str| with(key).and("--passphrase-file", file).run(b"");
        assert_eq!(from("own.pem", "pass").status, 0);
        assert_eq!(from("plain.pem", "pass").status, 0);
        assert_eq!(with("plain.pem").run(b"").status, 0);
        from("own.pem", "wrong").unusable("own.pem: the passphrase does not open the private key");
        from("own.pem", "empty").unusable("empty: a passphrase has 1 to 1023 bytes");
        from("own.pem", "none").unusable("none: No such file");
        with("own.pem").run(b"").unusable(
            "own.pem: the private key is under a passphrase, and none is given; give \
             --passphrase-file, or set SAML_KEYS_PASSPHRASE",
        );
        set_mode(&pass, 0o644);
        let complaint = "pass: others may read pass (mode 644); chmod 600 pass";
        from("own.pem", "pass").unusable(complaint);
        set_mode(&pass, 0o600);
        bare.clone().and("--passphrase-file", "pass").run(b"").unusable("--sp-key <PEM>");

        let set = |call: &Call<'_>, value: &str| {
            let output = call.command().env("SAML_KEYS_PASSPHRASE", value).output().unwrap();
            (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
        };
        assert_eq!(set(&with("own.pem"), secret), (0, String::new()));
        let (status, complaint) = set(&with("own.pem"), "another one");
        assert!(complaint.contains("own.pem: the passphrase does not open"), "{complaint}");
        assert!(!complaint.contains("another one"), "{complaint}");
        assert_eq!(status, 2);
        let (status, complaint) = set(&with("own.pem"), "");
        let expected = "SAML_KEYS_PASSPHRASE: a passphrase has 1 to 1023 bytes";
        assert!(complaint.contains(expected), "{complaint}");
        assert_eq!(status, 2);
        // The option counts before the variable, and without a key neither does.
        let named = with("own.pem").and("--passphrase-file", "pass");
        assert_eq!(set(&named, "another one"), (0, String::new()));
        assert_eq!(set(&bare, "").1, "");
    }
}
