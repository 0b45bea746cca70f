//! The keys that the fixtures are signed with, made once for each test process.

use std::sync::{LazyLock, Mutex};

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey, PublicKey};
use actix_saml::saml::{Keys, parse_instant};
use actix_saml::xmlenc::DecryptionKey;

/// The certificates of every pair so far: other software wants them where we want keys.
static MADE: Mutex<Vec<Certificate>> = Mutex::new(Vec::new());

/// The certificates of the keys that signatures are verified with.
#[allow(dead_code, reason = "for the crate that asks other software")]
pub fn certificates_of(keys: &Keys) -> Vec<Certificate> {
    let made = MADE.lock().unwrap();
    made.iter().filter(|c| keys.signing().contains(c.public_key())).cloned().collect()
}

/// A key with its self-signed certificate.
pub struct Pair {
    pub key: PrivateKey,
    pub certificate: Certificate,
}

impl Pair {
    pub fn of(key: PrivateKey, common_name: &str) -> Self {
        let request = CertificateRequest {
            common_name,
            organisation: None,
            hosts: &[],
            not_before: parse_instant("2026-01-01T00:00:00Z").unwrap(),
            not_after: parse_instant("2027-01-01T00:00:00Z").unwrap(),
        };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        MADE.lock().unwrap().push(certificate.clone());
        Self { key, certificate }
    }

    fn generate(shape: KeyShape, common_name: &str) -> Self {
        Self::of(PrivateKey::generate(shape).unwrap(), common_name)
    }

    pub fn public(&self) -> PublicKey {
        self.key.public_key().unwrap()
    }

    /// To decrypt with.
    pub fn decryption(&self) -> DecryptionKey {
        DecryptionKey::new(self.key.clone()).unwrap()
    }

    /// This key as the only one that is trusted.
    pub fn alone(&self) -> Keys {
        Keys::new(vec![self.public()]).unwrap()
    }
}

/// The identity provider's.
pub static IDP_KEY: LazyLock<Pair> =
    LazyLock::new(|| Pair::generate(KeyShape::Rsa2048, "ADFS Signing - fs.test.nhs.example"));
/// An attacker's, with the identity provider's name in its certificate.
pub static FOREIGN_KEY: LazyLock<Pair> =
    LazyLock::new(|| Pair::generate(KeyShape::Rsa2048, "ADFS Signing - fs.test.nhs.example"));
/// The service provider's, which assertions are encrypted to, and the one that it had before.
pub static SP_KEY: LazyLock<Pair> =
    LazyLock::new(|| Pair::generate(KeyShape::Rsa2048, "rota.example.nhs.uk"));
pub static OLD_SP_KEY: LazyLock<Pair> =
    LazyLock::new(|| Pair::generate(KeyShape::Rsa2048, "rota.example.nhs.uk"));
/// Elliptic curves.
pub static P256: LazyLock<Pair> = LazyLock::new(|| Pair::generate(KeyShape::P256, "P-256"));
pub static P384: LazyLock<Pair> = LazyLock::new(|| Pair::generate(KeyShape::P384, "P-384"));
pub static P521: LazyLock<Pair> = LazyLock::new(|| Pair::generate(KeyShape::P521, "P-521"));
