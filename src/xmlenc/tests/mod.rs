//! Each test of a threat begins with the threat's name. What is altered starts out from a message
//! that the controls show to be good.

mod failure;
mod keys;
mod plaintext;
mod property;
mod round_trip;
mod structure;
mod transport;
mod xmlsec;

use std::sync::LazyLock;

use super::*;
use crate::crypto::{Certificate, CertificateRequest, ContentKey, KeyShape, PrivateKey};
use crate::xml::{Document, Limits, encode_base64};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const ASSERTION: &str = "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a\">\
    <Issuer>http://fs.example.nhs.uk/adfs/services/trust</Issuer>\u{e9}\u{1F600}</Assertion>";

struct Recipient {
    private: PrivateKey,
    certificate: Certificate,
}

impl Recipient {
    fn new(common_name: &str) -> Self {
        let private = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let request = CertificateRequest {
            common_name,
            organisation: Some("Ward Rota, \"Test\""),
            hosts: &[],
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2036-01-01T00:00:00Z".parse().unwrap(),
        };
        let certificate = Certificate::self_signed(&private, &request).unwrap();
        Self { private, certificate }
    }

    fn key(&self) -> DecryptionKey {
        DecryptionKey::new(self.private.clone()).unwrap()
    }

    fn named_key(&self) -> DecryptionKey {
        DecryptionKey::with_certificate(self.private.clone(), &self.certificate).unwrap()
    }
}

static OURS: LazyLock<Recipient> = LazyLock::new(|| Recipient::new("rota.example.nhs.uk"));
static STRANGER: LazyLock<Recipient> = LazyLock::new(|| Recipient::new("other.example.nhs.uk"));

/// An `EncryptedAssertion` around what [`encrypt`] returns.
fn wrap(inside: &str) -> String {
    format!("<EncryptedAssertion xmlns=\"{SAML}\">{inside}</EncryptedAssertion>")
}

fn message(style: &EncryptionStyle) -> String {
    wrap(&encrypt(ASSERTION, &OURS.certificate, style).unwrap())
}

fn shaped(shape: EncryptionShape) -> String {
    message(&EncryptionStyle { shape, ..EncryptionStyle::MODERN })
}

/// A message of given cipher texts, for those that no honest sender makes.
fn assemble(style: &EncryptionStyle, encrypted_key: &[u8], encrypted_data: &[u8]) -> String {
    wrap(&format!(
        "<x:EncryptedData xmlns:x=\"{XMLENC_NAMESPACE}\">\
           <x:EncryptionMethod Algorithm=\"{}\"/>\
           <d:KeyInfo xmlns:d=\"{DSIG}\"><x:EncryptedKey>\
             <x:EncryptionMethod Algorithm=\"{}\"/>\
             <x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData>\
           </x:EncryptedKey></d:KeyInfo>\
           <x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData>\
         </x:EncryptedData>",
        style.cipher.uri(),
        style.transport.uri(),
        encode_base64(encrypted_key),
        encode_base64(encrypted_data),
    ))
}

/// The two cipher texts of an honest message: key and data.
fn cipher_texts(style: &EncryptionStyle, plaintext: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = ContentKey::generate(style.cipher).unwrap();
    let to = OURS.certificate.public_key();
    let encrypted_key = to.encrypt_oaep(style.transport.oaep(), key.as_bytes()).unwrap();
    (encrypted_key, key.encrypt(plaintext).unwrap())
}

/// `xml` with the one place where it says `from` saying `to`.
fn altered(xml: &str, from: &str, to: &str) -> String {
    assert_eq!(xml.matches(from).count(), 1, "{from} in {xml}");
    xml.replace(from, to)
}

fn open_with(xml: &str, keys: &[DecryptionKey], budget: &Budget) -> Result<Vec<u8>, DecryptError> {
    let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).unwrap();
    decrypt(document.root(), keys, budget)
}

/// Opens with our one key. Whatever is not [`DecryptError::Failed`] must have been decided without
/// it, and a failure must have cost its use.
fn open(xml: &str) -> Result<Vec<u8>, DecryptError> {
    let budget = Budget::new(1);
    let outcome = open_with(xml, &[OURS.key()], &budget);
    let uses = usize::from(matches!(outcome, Ok(_) | Err(DecryptError::Failed)));
    assert_eq!(budget.left() + uses, 1, "{outcome:?}");
    outcome
}

fn opens(xml: &str) {
    assert_eq!(open(xml), Ok(ASSERTION.as_bytes().to_vec()), "{xml}");
}

#[track_caller]
fn fails(xml: &str) {
    assert_eq!(open(xml), Err(DecryptError::Failed), "{xml}");
}

#[track_caller]
fn refused(xml: &str, expected: DecryptError) {
    assert_eq!(open(xml), Err(expected), "{xml}");
}

fn unexpected(parent: &str, found: &str) -> DecryptError {
    let (parent, found) = (parent.to_owned(), found.to_owned());
    crate::xml::GrammarError::UnexpectedElement { parent, found }.into()
}

fn unexpected_attribute(parent: &str, found: &str) -> DecryptError {
    let (parent, found) = (parent.to_owned(), found.to_owned());
    crate::xml::GrammarError::UnexpectedAttribute { parent, found }.into()
}

fn missing(parent: &str, expected: &'static str) -> DecryptError {
    crate::xml::GrammarError::MissingElement { parent: parent.to_owned(), expected }.into()
}
