use std::fmt;

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Rsa;

use super::algorithm::SignatureAlgorithm;
use super::digest::Digest;
use super::encrypted_key;
use super::error::CryptoError;
use super::passphrase::Passphrase;
use super::public_key::{self, KeyKind, PublicKey};

/// Which key to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyShape {
    /// RSA of 2048 bits: what AD FS makes.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// Elliptic curve NIST P-256.
    P256,
    /// Elliptic curve NIST P-384.
    P384,
    /// Elliptic curve NIST P-521.
    P521,
}

/// A private key of our own: for signing requests and metadata, or the test identity provider's.
/// Its `Debug` form shows only what sort of key it is.
#[derive(Clone)]
pub struct PrivateKey {
    pub(super) key: PKey<Private>,
    kind: KeyKind,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrivateKey").field(&self.kind).finish()
    }
}

impl PrivateKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`CryptoError::Provider`] when OpenSSL has no entropy.
    pub fn generate(shape: KeyShape) -> Result<Self, CryptoError> {
        let ec = |nid| -> Result<_, CryptoError> {
            let group = EcGroup::from_curve_name(nid)?;
            Ok(PKey::from_ec_key(EcKey::generate(&group)?)?)
        };
        let key = match shape {
            KeyShape::Rsa2048 => PKey::from_rsa(Rsa::generate(2048)?)?,
            KeyShape::Rsa3072 => PKey::from_rsa(Rsa::generate(3072)?)?,
            KeyShape::Rsa4096 => PKey::from_rsa(Rsa::generate(4096)?)?,
            KeyShape::P256 => ec(Nid::X9_62_PRIME256V1)?,
            KeyShape::P384 => ec(Nid::SECP384R1)?,
            KeyShape::P521 => ec(Nid::SECP521R1)?,
        };
        Self::new(key)
    }

    /// Takes a key of OpenSSL's.
    pub(super) fn new(key: PKey<Private>) -> Result<Self, CryptoError> {
        let kind = public_key::kind_of(&key)?;
        Ok(Self { key, kind })
    }

    /// Reads a key in PEM form (PKCS#8 or the traditional form) that is not under a passphrase.
    ///
    /// # Errors
    /// [`CryptoError::PrivateKey`] when it is none, [`CryptoError::PassphraseMissing`] when it is
    /// under a passphrase, or one of the errors for weak keys.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CryptoError> {
        if Self::is_encrypted_pem(pem) {
            return Err(CryptoError::PassphraseMissing);
        }
        // An empty passphrase keeps OpenSSL from asking on the terminal.
        let key =
            PKey::private_key_from_pem_passphrase(pem, b"").map_err(|_| CryptoError::PrivateKey)?;
        Self::new(key)
    }

    /// Reads a key in PEM form that is under `passphrase`.
    ///
    /// # Errors
    /// [`CryptoError::NotEncrypted`] when it is under none, [`CryptoError::WrongPassphrase`] when
    /// it is under another one or damaged, which cannot be told apart, or one of the errors for
    /// weak keys.
    pub fn from_encrypted_pem(pem: &[u8], passphrase: &Passphrase) -> Result<Self, CryptoError> {
        if !Self::is_encrypted_pem(pem) {
            return Err(CryptoError::NotEncrypted);
        }
        let key = PKey::private_key_from_pem_passphrase(pem, passphrase.as_bytes())
            .map_err(|_| CryptoError::WrongPassphrase)?;
        Self::new(key)
    }

    /// Whether this PEM file holds a key under a passphrase.
    pub fn is_encrypted_pem(pem: &[u8]) -> bool {
        encrypted_key::is_encrypted(pem)
    }

    /// The key in PEM form, PKCS#8, without a passphrase.
    ///
    /// # Errors
    /// [`CryptoError::Provider`].
    pub fn to_pem(&self) -> Result<String, CryptoError> {
        let pem = self.key.private_key_to_pem_pkcs8()?;
        String::from_utf8(pem).map_err(|_| CryptoError::PrivateKey)
    }

    /// The key in PEM form, PKCS#8, under `passphrase` (AES-256-CBC, with PBKDF2 and HMAC-SHA256 in
    /// 600,000 rounds).
    ///
    /// # Errors
    /// [`CryptoError::Provider`].
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Result<String, CryptoError> {
        encrypted_key::to_pem(&self.key.private_key_to_pkcs8()?, passphrase)
    }

    /// What sort of key it is.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public half.
    ///
    /// # Errors
    /// [`CryptoError::Provider`].
    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        PublicKey::new(PKey::public_key_from_der(&self.key.public_key_to_der()?)?)
    }

    /// The algorithm that this key signs with unless told otherwise: RSA-SHA256, or ECDSA with the
    /// digest that matches the curve.
    pub fn default_algorithm(&self) -> SignatureAlgorithm {
        match self.kind {
            KeyKind::Rsa(_) => SignatureAlgorithm::RsaSha256,
            KeyKind::P256 => SignatureAlgorithm::EcdsaSha256,
            KeyKind::P384 => SignatureAlgorithm::EcdsaSha384,
            KeyKind::P521 => SignatureAlgorithm::EcdsaSha512,
        }
    }

    /// Signs `data`, in the form that XML Signature wants.
    ///
    /// # Errors
    /// [`CryptoError::AlgorithmMismatch`] when the algorithm does not fit the key.
    pub fn sign(&self, algorithm: SignatureAlgorithm, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if !self.kind.fits(algorithm) {
            return Err(CryptoError::AlgorithmMismatch);
        }
        let digest = Digest::of(algorithm.digest(), data);
        let mut context = PkeyCtx::new(&self.key)?;
        context.sign_init()?;
        let is_rsa = matches!(self.kind, KeyKind::Rsa(_));
        if is_rsa {
            public_key::set_rsa_padding(&mut context, algorithm)?;
        }
        context.set_signature_md(public_key::md(algorithm))?;
        let mut signature = Vec::new();
        context.sign_to_vec(digest.as_bytes(), &mut signature)?;
        if is_rsa { Ok(signature) } else { public_key::ecdsa_from_der(&signature, self.kind) }
    }
}
