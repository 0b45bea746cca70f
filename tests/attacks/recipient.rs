//! Encrypts assertions to the service provider of these tests, honestly and otherwise.

use actix_saml::crypto::{CipherAlgorithm, ContentKey};
use actix_saml::saml::{Assertion, Keys, Rejection, names};
use actix_saml::xml::encode_base64;
use actix_saml::xmlenc::{
    DecryptError, EncryptionShape, EncryptionStyle, KeyTransport, XMLENC_NAMESPACE, encrypt,
};

use crate::fixture::{ASSERTION_ID, Draft, Message, RESPONSE_ID, edit, expectations};
use crate::keys_of_tests::{IDP_KEY, SP_KEY};
use crate::surgery::element;

/// What AD FS sends: AES-256 in CBC mode, which does not notice changes.
pub const CBC: EncryptionStyle = EncryptionStyle::AD_FS;
/// AES-256 in GCM mode, which does.
pub const GCM: EncryptionStyle = EncryptionStyle::MODERN;

/// The identity provider's key, and ours to decrypt with.
pub fn keys() -> Keys {
    IDP_KEY.alone().with_decryption(vec![SP_KEY.decryption()])
}

/// An `EncryptedAssertion` around `inside`.
pub fn wrap(inside: &str) -> String {
    format!("<EncryptedAssertion xmlns=\"{}\">{inside}</EncryptedAssertion>", names::ASSERTION)
}

/// Anything, encrypted to us: our certificate is public.
pub fn sealed(plaintext: &str, style: &EncryptionStyle) -> String {
    wrap(&encrypt(plaintext, &SP_KEY.certificate, style).unwrap())
}

/// The two cipher texts of something that was encrypted to us: key and data.
pub fn cipher_texts(style: &EncryptionStyle, plaintext: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = ContentKey::generate(style.cipher).unwrap();
    (encrypted_key(style, key.as_bytes()), key.encrypt(plaintext).unwrap())
}

/// Any bytes as the content key, encrypted to us.
pub fn encrypted_key(style: &EncryptionStyle, bytes: &[u8]) -> Vec<u8> {
    SP_KEY.certificate.public_key().encrypt_oaep(style.transport.oaep(), bytes).unwrap()
}

/// An `EncryptedAssertion` of given cipher texts, for those that no honest sender makes.
pub fn assemble(style: &EncryptionStyle, key: &[u8], data: &[u8]) -> String {
    let method = |uri: &str| format!("<x:EncryptionMethod Algorithm=\"{uri}\" />");
    let value = |bytes: &[u8]| {
        let text = encode_base64(bytes);
        format!("<x:CipherData><x:CipherValue>{text}</x:CipherValue></x:CipherData>")
    };
    let key = format!(
        "<d:KeyInfo xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><x:EncryptedKey>{}{}</x:EncryptedKey></d:KeyInfo>",
        method(style.transport.uri()),
        value(key)
    );
    wrap(&format!(
        "<x:EncryptedData xmlns:x=\"{XMLENC_NAMESPACE}\">{}{key}{}</x:EncryptedData>",
        method(style.cipher.uri()),
        value(data)
    ))
}

/// Every way in which the honest write.
pub fn styles() -> impl Iterator<Item = EncryptionStyle> {
    let shapes = [
        EncryptionShape::AdFs,
        EncryptionShape::Inside,
        EncryptionShape::Beside,
        EncryptionShape::Retrieved,
    ];
    let shaped = shapes.into_iter().map(|shape| EncryptionStyle { shape, ..CBC });
    let ciphers = CipherAlgorithm::ALL.into_iter();
    let ciphers = ciphers.map(|cipher| EncryptionStyle { cipher, ..GCM });
    let transports = KeyTransport::ALL.into_iter();
    let transports = transports.map(|transport| EncryptionStyle { transport, ..GCM });
    shaped.chain(ciphers).chain(transports)
}

impl Draft {
    /// Encrypts the assertion as it stands.
    pub fn encrypt(mut self, style: &EncryptionStyle) -> Self {
        let assertion = element(&self.xml, "Assertion", 0);
        self.xml = edit(&self.xml, &assertion, &sealed(&assertion, style));
        self
    }

    /// Signs the assertion and encrypts it: what AD FS does once it knows our certificate.
    pub fn encrypted(self, style: &EncryptionStyle) -> Message {
        self.sign(ASSERTION_ID).encrypt(style).send()
    }
}

/// A response that carries `encrypted` and is signed by the identity provider.
pub fn signed_around(encrypted: &str) -> Message {
    let mut draft = Draft::adfs();
    draft.xml = draft.clone().send().carrying(encrypted).0;
    draft.sign(RESPONSE_ID).send()
}

impl Message {
    /// With something else where the assertion stands, plain or encrypted.
    pub fn carrying(&self, instead: &str) -> Self {
        let is_encrypted = self.0.contains("</EncryptedAssertion>");
        let local = if is_encrypted { "EncryptedAssertion" } else { "Assertion" };
        self.clone().edit(&self.element(local), instead)
    }

    /// What we say to it when we can decrypt.
    pub fn opened(&self) -> Result<Assertion, Rejection> {
        self.verdict_by(&expectations(), &keys())
    }

    /// Accepted, and it says what `plain` says.
    #[track_caller]
    pub fn opens_as(&self, plain: &Self) {
        let opened = self.opened().unwrap_or_else(|r| panic!("refused: {r:?}\n{}", self.0));
        assert_eq!(opened, plain.accepted());
    }

    /// Refused for exactly this reason although we can decrypt.
    #[track_caller]
    pub fn stays_shut(&self, expected: impl Into<Rejection>) {
        assert_eq!(self.opened(), Err(expected.into()), "{}", self.0);
    }

    /// Refused with the one answer to all that goes wrong behind the encryption.
    #[track_caller]
    pub fn fails(&self) {
        self.stays_shut(DecryptError::Failed);
    }
}
