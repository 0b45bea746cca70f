//! Encrypts what the test identity provider sends.

use thiserror::Error;

use super::algorithm::KeyTransport;
use super::{DSIG, ELEMENT_TYPE, ENCRYPTED_KEY_TYPE, XMLENC_NAMESPACE, XMLENC11_NAMESPACE};
use crate::crypto::{Certificate, CipherAlgorithm, ContentKey, CryptoError, OaepHash, random_hex};
use crate::xml::{EmptyTag, WriteError, Writer, encode_base64};

/// How encryption is written. All shapes say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptionShape {
    /// As AD FS does: the key in the `KeyInfo` of the data, under the prefix `e`; `KeyInfo` and
    /// `DigestMethod` without one; the certificate named by issuer and serial number.
    AdFs,
    /// The key in the `KeyInfo` of the data, one prefix, the certificate included.
    Inside,
    /// The key behind the data, nothing in between, as Okta does.
    Beside,
    /// The key behind the data, with references in both directions (erratum E43).
    Retrieved,
}

/// What to encrypt with, and how to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionStyle {
    /// How it is written.
    pub shape: EncryptionShape,
    /// What the content is encrypted with.
    pub cipher: CipherAlgorithm,
    /// What the content key is encrypted with.
    pub transport: KeyTransport,
}

impl EncryptionStyle {
    /// What AD FS sends.
    pub const AD_FS: Self = Self {
        shape: EncryptionShape::AdFs,
        cipher: CipherAlgorithm::Aes256Cbc,
        transport: KeyTransport::OaepMgf1p { digest: OaepHash::Sha1 },
    };
    /// What a provider sends that follows today's interoperability profiles.
    pub const MODERN: Self = Self {
        shape: EncryptionShape::Inside,
        cipher: CipherAlgorithm::Aes256Gcm,
        transport: KeyTransport::OaepMgf1p { digest: OaepHash::Sha1 },
    };
}

/// Why something cannot be encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The recipient's key cannot be encrypted to, or there is no entropy.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The element cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The recipient's certificate has an issuer or serial number that cannot be written.
    #[error("the recipient's certificate names its issuer in a form that cannot be written")]
    Issuer,
}

/// Encrypts the element `plaintext` to the holder of `recipient` under a new key.
///
/// Returns what goes inside `EncryptedAssertion`, `EncryptedID` or `EncryptedAttribute`: the
/// `EncryptedData` and, in some shapes, the `EncryptedKey` behind it.
///
/// # Errors
/// An [`EncryptError`].
pub fn encrypt(
    plaintext: &str,
    recipient: &Certificate,
    style: &EncryptionStyle,
) -> Result<String, EncryptError> {
    let key = ContentKey::generate(style.cipher)?;
    let encrypted_data = encode_base64(&key.encrypt(plaintext.as_bytes())?);
    let encrypted_key =
        recipient.public_key().encrypt_oaep(style.transport.oaep(), key.as_bytes())?;
    let encrypted_key = EncryptedKey {
        transport: style.transport,
        cipher_value: encode_base64(&encrypted_key),
        recipient,
    };
    match style.shape {
        EncryptionShape::AdFs => write_as_ad_fs(style.cipher, &encrypted_key, &encrypted_data),
        EncryptionShape::Inside => {
            let key = encrypted_key.write(None)?;
            write_data(style.cipher, None, Some(&key), &encrypted_data)
        }
        EncryptionShape::Beside => {
            let data = write_data(style.cipher, None, None, &encrypted_data)?;
            Ok(data + &encrypted_key.write(None)?)
        }
        EncryptionShape::Retrieved => {
            let ids = (format!("_{}", random_hex::<16>()?), format!("_{}", random_hex::<16>()?));
            let mut w = Writer::default();
            w.open("ds:RetrievalMethod");
            // `ds` is bound by the KeyInfo that this goes into.
            w.attribute("URI", &format!("#{}", ids.1)).attribute("Type", ENCRYPTED_KEY_TYPE);
            w.close();
            let retrieval = w.finish()?;
            let data = write_data(style.cipher, Some(&ids.0), Some(&retrieval), &encrypted_data)?;
            Ok(data + &encrypted_key.write(Some((&ids.0, &ids.1)))?)
        }
    }
}

struct EncryptedKey<'r> {
    transport: KeyTransport,
    cipher_value: String,
    recipient: &'r Certificate,
}

impl EncryptedKey<'_> {
    /// `ids` are those of the data and of the key, when they refer to each other.
    fn write(&self, ids: Option<(&str, &str)>) -> Result<String, EncryptError> {
        let mut w = Writer::default();
        w.open("xenc:EncryptedKey").attribute("xmlns:xenc", XMLENC_NAMESPACE);
        w.attribute("xmlns:ds", DSIG).attribute_opt("Id", ids.map(|(_, key)| key));
        w.open("xenc:EncryptionMethod").attribute("Algorithm", self.transport.uri());
        let oaep = self.transport.oaep();
        w.open("ds:DigestMethod").attribute("Algorithm", oaep.digest.digest_uri()).close();
        if let KeyTransport::Oaep { mgf1, .. } = self.transport {
            w.open("xenc11:MGF").attribute("xmlns:xenc11", XMLENC11_NAMESPACE);
            w.attribute("Algorithm", mgf1.mgf1_uri()).close();
        }
        w.close();
        w.open("ds:KeyInfo").open("ds:X509Data");
        w.leaf("ds:X509Certificate", &encode_base64(self.recipient.as_der())).close().close();
        w.open("xenc:CipherData").leaf("xenc:CipherValue", &self.cipher_value).close();
        if let Some((data, _)) = ids {
            w.open("xenc:ReferenceList").open("xenc:DataReference");
            w.attribute("URI", &format!("#{data}")).close().close();
        }
        w.close();
        Ok(w.finish()?)
    }
}

/// `key_info` is what goes inside `KeyInfo`, which is left out when there is nothing.
fn write_data(
    cipher: CipherAlgorithm,
    id: Option<&str>,
    key_info: Option<&str>,
    cipher_value: &str,
) -> Result<String, EncryptError> {
    let mut w = Writer::default();
    w.open("xenc:EncryptedData").attribute("xmlns:xenc", XMLENC_NAMESPACE);
    w.attribute_opt("Id", id).attribute("Type", ELEMENT_TYPE);
    w.open("xenc:EncryptionMethod").attribute("Algorithm", cipher.uri()).close();
    if let Some(inside) = key_info {
        w.open("ds:KeyInfo").attribute("xmlns:ds", DSIG).raw(inside).close();
    }
    w.open("xenc:CipherData").leaf("xenc:CipherValue", cipher_value).close();
    w.close();
    Ok(w.finish()?)
}

fn write_as_ad_fs(
    cipher: CipherAlgorithm,
    key: &EncryptedKey<'_>,
    cipher_value: &str,
) -> Result<String, EncryptError> {
    let issuer = key.recipient.issuer_name().ok_or(EncryptError::Issuer)?;
    let serial = key.recipient.serial_decimal().ok_or(EncryptError::Issuer)?;
    let mut w = Writer::new(EmptyTag::Spaced);
    w.open("xenc:EncryptedData").attribute("Type", ELEMENT_TYPE);
    w.attribute("xmlns:xenc", XMLENC_NAMESPACE);
    w.open("xenc:EncryptionMethod").attribute("Algorithm", cipher.uri()).close();
    w.open("KeyInfo").attribute("xmlns", DSIG);
    w.open("e:EncryptedKey").attribute("xmlns:e", XMLENC_NAMESPACE);
    w.open("e:EncryptionMethod").attribute("Algorithm", key.transport.uri());
    let oaep = key.transport.oaep();
    w.open("DigestMethod").attribute("Algorithm", oaep.digest.digest_uri()).close();
    if let KeyTransport::Oaep { mgf1, .. } = key.transport {
        w.open("xenc11:MGF").attribute("xmlns:xenc11", XMLENC11_NAMESPACE);
        w.attribute("Algorithm", mgf1.mgf1_uri()).close();
    }
    w.close();
    w.open("KeyInfo").open("ds:X509Data").attribute("xmlns:ds", DSIG);
    w.open("ds:X509IssuerSerial").leaf("ds:X509IssuerName", &issuer);
    w.leaf("ds:X509SerialNumber", &serial).close().close().close();
    w.open("e:CipherData").leaf("e:CipherValue", &key.cipher_value).close();
    w.close().close();
    w.open("xenc:CipherData").leaf("xenc:CipherValue", cipher_value).close();
    w.close();
    Ok(w.finish()?)
}
