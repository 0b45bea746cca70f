use crate::crypto::{Certificate, CryptoError, KeyKind, PrivateKey};

/// A private key to decrypt with.
#[derive(Clone, Debug)]
pub struct DecryptionKey {
    key: PrivateKey,
    serial: Option<String>,
}

impl DecryptionKey {
    /// A key of which no certificate is known.
    ///
    /// # Errors
    /// [`CryptoError::KeyKind`] when it is no RSA key: nothing could be encrypted to it.
    pub fn new(key: PrivateKey) -> Result<Self, CryptoError> {
        match key.kind() {
            KeyKind::Rsa(_) => Ok(Self { key, serial: None }),
            _ => Err(CryptoError::KeyKind),
        }
    }

    /// A key with its certificate. When there are several keys, the one whose certificate has the
    /// serial number in the message is tried first.
    ///
    /// # Errors
    /// [`CryptoError::KeyKind`] as in [`DecryptionKey::new`], [`CryptoError::CertificateMismatch`]
    /// when the certificate is another key's.
    pub fn with_certificate(
        key: PrivateKey,
        certificate: &Certificate,
    ) -> Result<Self, CryptoError> {
        let key = Self::new(key)?;
        if !certificate.belongs_to(&key.key) {
            return Err(CryptoError::CertificateMismatch);
        }
        Ok(Self { serial: certificate.serial_decimal(), ..key })
    }

    /// Whether what is encrypted to `certificate` can be decrypted with this key.
    pub fn opens(&self, certificate: &Certificate) -> bool {
        certificate.belongs_to(&self.key)
    }

    pub(super) fn private_key(&self) -> &PrivateKey {
        &self.key
    }

    /// Whether its certificate has this serial number, in decimal digits. Only that is compared:
    /// issuers' names are spelt in too many ways.
    pub(super) fn has_serial(&self, serial: &str) -> bool {
        let serial = serial.trim_matches([' ', '\t', '\r', '\n']).trim_start_matches('0');
        self.serial.as_deref().is_some_and(|own| own.trim_start_matches('0') == serial)
    }
}
