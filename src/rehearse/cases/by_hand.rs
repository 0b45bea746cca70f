//! Encryption as nobody should do it any more, put together by hand: the test identity provider does
//! not know how.

use openssl::rsa::Padding;
use openssl::symm::{Cipher, encrypt as encrypt_symmetric};
use openssl::x509::X509;

use crate::crypto::{CipherAlgorithm, ContentKey, random_bytes};
use crate::dsig::DSIG_NAMESPACE;
use crate::rehearse::case::Trouble;
use crate::rehearse::maker::Maker;
use crate::rehearse::surgery::part;
use crate::saml::names::ASSERTION;
use crate::xml::encode_base64;
use crate::xmlenc::{ELEMENT_TYPE, XMLENC_NAMESPACE};

/// Encrypted data, put together by hand.
struct ByHand {
    transport: &'static str,
    key: Vec<u8>,
    cipher: &'static str,
    data: Vec<u8>,
}

impl ByHand {
    fn write(&self) -> String {
        format!(
            "<EncryptedAssertion xmlns=\"{ASSERTION}\"><xenc:EncryptedData \
             xmlns:xenc=\"{XMLENC_NAMESPACE}\" Type=\"{ELEMENT_TYPE}\"><xenc:EncryptionMethod \
             Algorithm=\"{}\"/><ds:KeyInfo xmlns:ds=\"{DSIG_NAMESPACE}\"><xenc:EncryptedKey>\
             <xenc:EncryptionMethod Algorithm=\"{}\"/><xenc:CipherData><xenc:CipherValue>{}\
             </xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>\
             <xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>\
             </EncryptedAssertion>",
            self.cipher,
            self.transport,
            encode_base64(&self.key),
            encode_base64(&self.data)
        )
    }
}

/// The content key, encrypted with RSA to the recipient.
fn transported(m: &Maker<'_>, key: &[u8], padding: Padding) -> Result<Vec<u8>, Trouble> {
    let made = |error: openssl::error::ErrorStack| Trouble::made(&error);
    let certificate = X509::from_der(m.recipient()?.as_der()).map_err(made)?;
    let Ok(rsa) = certificate.public_key().map_err(made)?.rsa() else {
        return Err(Trouble::NotApplicable("its key for encryption is no RSA key"));
    };
    let mut encrypted = vec![0; usize::try_from(rsa.size()).unwrap_or_default()];
    let length = rsa.public_encrypt(key, &mut encrypted, padding).map_err(made)?;
    encrypted.truncate(length);
    Ok(encrypted)
}

const OAEP_URI: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";

pub(super) fn with_rsa_15(m: &Maker<'_>) -> Result<String, Trouble> {
    let made = |error: crate::crypto::CryptoError| Trouble::made(&error);
    let xml = m.response()?;
    let assertion = part(&xml, "Assertion")?;
    let key = ContentKey::generate(CipherAlgorithm::Aes256Cbc).map_err(made)?;
    let sealed = ByHand {
        transport: "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
        key: transported(m, key.as_bytes(), Padding::PKCS1)?,
        cipher: CipherAlgorithm::Aes256Cbc.uri(),
        data: key.encrypt(assertion.text.as_bytes()).map_err(made)?,
    };
    Ok(assertion.with(&sealed.write()))
}

pub(super) fn with_triple_des(m: &Maker<'_>) -> Result<String, Trouble> {
    let made = |error: crate::crypto::CryptoError| Trouble::made(&error);
    let xml = m.response()?;
    let assertion = part(&xml, "Assertion")?;
    let key = random_bytes::<24>().map_err(made)?;
    let vector = random_bytes::<8>().map_err(made)?;
    let cipher = Cipher::des_ede3_cbc();
    let data = encrypt_symmetric(cipher, &key, Some(&vector), assertion.text.as_bytes());
    let data = data.map_err(|error| Trouble::made(&error))?;
    let sealed = ByHand {
        transport: OAEP_URI,
        key: transported(m, &key, Padding::PKCS1_OAEP)?,
        cipher: "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
        data: [vector.as_slice(), data.as_slice()].concat(),
    };
    Ok(assertion.with(&sealed.write()))
}
