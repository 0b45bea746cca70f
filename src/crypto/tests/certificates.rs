//! Certificates that we make.

use chrono::DateTime;
use openssl::x509::X509;

use super::RSA;
use crate::crypto::{Certificate, CertificateRequest, KeyUse};

fn text_of(key_use: Option<KeyUse>) -> String {
    let request = CertificateRequest {
        common_name: "rota.example.org",
        organisation: None,
        hosts: &[],
        not_before: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        not_after: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
    };
    let certificate = match key_use {
        Some(key_use) => Certificate::self_signed_for(&RSA.private, &request, key_use),
        None => Certificate::self_signed(&RSA.private, &request),
    };
    let certificate = certificate.unwrap();
    assert!(certificate.belongs_to(&RSA.private));
    let x509 = X509::from_der(certificate.as_der()).unwrap();
    assert!(x509.verify(x509.public_key().unwrap().as_ref()).unwrap());
    String::from_utf8(x509.to_text().unwrap()).unwrap()
}

#[test]
fn a_key_is_for_what_its_certificate_says() {
    let plain = text_of(None);
    assert!(!plain.contains("X509v3"), "{plain}");
    for (key_use, expected, other) in [
        (KeyUse::Signing, "Digital Signature", "Key Encipherment"),
        (KeyUse::Encryption, "Key Encipherment", "Digital Signature"),
    ] {
        let text = text_of(Some(key_use));
        assert!(text.contains("X509v3 Key Usage: critical"), "{text}");
        assert!(text.contains(expected) && !text.contains(other), "{text}");
        assert!(text.contains("CA:FALSE"), "{text}");
        assert!(text.contains("X509v3 Subject Key Identifier"), "{text}");
        assert!(text.contains("sha256WithRSAEncryption"), "{text}");
        assert!(text.contains("Not Before: Nov 14 22:13:20 2023 GMT"), "{text}");
        assert!(text.contains("Not After : Jan 15 08:00:00 2027 GMT"), "{text}");
    }
}
