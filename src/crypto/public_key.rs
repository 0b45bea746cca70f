use std::fmt;
use std::sync::{Arc, Mutex};

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;

use super::algorithm::SignatureAlgorithm;
use super::digest::Digest;
use super::error::CryptoError;

/// What sort of key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA with this many bits.
    Rsa(u32),
    /// Elliptic curve NIST P-256.
    P256,
    /// Elliptic curve NIST P-384.
    P384,
    /// Elliptic curve NIST P-521.
    P521,
}

impl KeyKind {
    /// Bytes of one of the two numbers of an ECDSA signature, or `None` for RSA.
    fn field_bytes(self) -> Option<usize> {
        match self {
            Self::Rsa(_) => None,
            Self::P256 => Some(32),
            Self::P384 => Some(48),
            Self::P521 => Some(66),
        }
    }

    /// Whether a signature label fits this kind of key: a mismatch is refused, never guessed.
    pub fn fits(self, algorithm: SignatureAlgorithm) -> bool {
        matches!(self, Self::Rsa(_)) == algorithm.is_rsa()
    }
}

/// A public key that is strong enough to verify with: RSA of 2048 to 8192 bits and an odd public
/// exponent of at least 65537 and at most 64 bits, or one of the NIST curves P-256, P-384, P-521.
#[derive(Clone)]
pub struct PublicKey {
    pub(super) key: PKey<Public>,
    kind: KeyKind,
    idle: Arc<IdleContexts>,
}

/// Contexts that are ready to verify, so that they are not set up for every signature: each is used
/// by one thread at a time and comes back when its signature was good.
type IdleContexts = Mutex<Vec<(SignatureAlgorithm, PkeyCtx<Public>)>>;

/// More than this many are not kept for one key.
const MAX_IDLE_CONTEXTS: usize = 16;

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.kind).finish()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.key.public_eq(&other.key)
    }
}

impl Eq for PublicKey {}

pub(super) fn kind_of<T: openssl::pkey::HasPublic>(key: &PKey<T>) -> Result<KeyKind, CryptoError> {
    match key.id() {
        Id::RSA => {
            let rsa = key.rsa()?;
            let bits = key.bits();
            if !(2048..=8192).contains(&bits) {
                return Err(CryptoError::RsaSize { bits });
            }
            // An even one belongs to no key; a long one makes every verification slow.
            let e = rsa.e();
            if *e < *BigNum::from_u32(65_537)? || !e.is_bit_set(0) || e.num_bits() > 64 {
                return Err(CryptoError::RsaExponent);
            }
            Ok(KeyKind::Rsa(bits))
        }
        Id::EC => {
            // OpenSSL reads the point at infinity as a key, and notices here.
            let ec = key.ec_key().map_err(|_| CryptoError::KeyKind)?;
            ec.check_key().map_err(|_| CryptoError::KeyKind)?;
            match ec.group().curve_name() {
                Some(Nid::X9_62_PRIME256V1) => Ok(KeyKind::P256),
                Some(Nid::SECP384R1) => Ok(KeyKind::P384),
                Some(Nid::SECP521R1) => Ok(KeyKind::P521),
                _ => Err(CryptoError::KeyKind),
            }
        }
        _ => Err(CryptoError::KeyKind),
    }
}

impl PublicKey {
    pub(super) fn new(key: PKey<Public>) -> Result<Self, CryptoError> {
        let kind = kind_of(&key)?;
        Ok(Self { key, kind, idle: Arc::default() })
    }

    /// What sort of key it is.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Verifies `signature` over `data`. The form of an ECDSA signature is that of XML Signature:
    /// the two numbers one after the other, each as long as the field (section 6.4.3).
    ///
    /// # Errors
    /// [`CryptoError::AlgorithmMismatch`] when the label does not fit the key,
    /// [`CryptoError::SignatureMismatch`] when the signature is not this key's over this data.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        data: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        if !self.kind.fits(algorithm) {
            return Err(CryptoError::AlgorithmMismatch);
        }
        let digest = Digest::of(algorithm.digest(), data);
        let der;
        let signature = match self.kind.field_bytes() {
            Some(field) => {
                der = ecdsa_to_der(signature, field)?;
                &der
            }
            None if signature.len() == self.key.size() => signature,
            None => return Err(CryptoError::SignatureMismatch),
        };
        let mut context = self.context(algorithm)?;
        match context.verify(digest.as_bytes(), signature) {
            Ok(true) => {
                self.keep(algorithm, context);
                Ok(())
            }
            // OpenSSL reports a malformed signature as an error: to us it is one that fails.
            Ok(false) | Err(_) => Err(CryptoError::SignatureMismatch),
        }
    }

    /// An idle context for this algorithm, or a new one.
    fn context(&self, algorithm: SignatureAlgorithm) -> Result<PkeyCtx<Public>, CryptoError> {
        if let Ok(mut idle) = self.idle.lock()
            && let Some(place) = idle.iter().position(|(a, _)| *a == algorithm)
        {
            return Ok(idle.swap_remove(place).1);
        }
        let mut context = PkeyCtx::new(&self.key)?;
        context.verify_init()?;
        if algorithm.is_rsa() {
            set_rsa_padding(&mut context, algorithm)?;
        }
        context.set_signature_md(md(algorithm))?;
        Ok(context)
    }

    fn keep(&self, algorithm: SignatureAlgorithm, context: PkeyCtx<Public>) {
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < MAX_IDLE_CONTEXTS
        {
            idle.push((algorithm, context));
        }
    }
}

pub(super) fn md(algorithm: SignatureAlgorithm) -> &'static openssl::md::MdRef {
    use super::algorithm::DigestAlgorithm;
    match algorithm.digest() {
        DigestAlgorithm::Sha256 => openssl::md::Md::sha256(),
        DigestAlgorithm::Sha384 => openssl::md::Md::sha384(),
        DigestAlgorithm::Sha512 => openssl::md::Md::sha512(),
        DigestAlgorithm::Sha1 => openssl::md::Md::sha1(),
    }
}

pub(super) fn set_rsa_padding<T>(
    context: &mut PkeyCtx<T>,
    algorithm: SignatureAlgorithm,
) -> Result<(), CryptoError> {
    if algorithm == SignatureAlgorithm::RsaPssSha256 {
        context.set_rsa_padding(Padding::PKCS1_PSS)?;
        // RFC 9231 section 2.3.10: the salt is as long as the digest.
        context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        context.set_rsa_mgf1_md(md(algorithm))?;
    } else {
        context.set_rsa_padding(Padding::PKCS1)?;
    }
    Ok(())
}

fn ecdsa_to_der(signature: &[u8], field: usize) -> Result<Vec<u8>, CryptoError> {
    let (r, s) = signature.split_at_checked(field).ok_or(CryptoError::SignatureMismatch)?;
    if s.len() != field {
        return Err(CryptoError::SignatureMismatch);
    }
    let numbers = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
    Ok(EcdsaSig::from_private_components(numbers.0, numbers.1)?.to_der()?)
}

pub(super) fn ecdsa_from_der(der: &[u8], kind: KeyKind) -> Result<Vec<u8>, CryptoError> {
    let field = kind.field_bytes().ok_or(CryptoError::KeyKind)?;
    let width = i32::try_from(field).map_err(|_| CryptoError::KeyKind)?;
    let signature = EcdsaSig::from_der(der)?;
    let mut bytes = signature.r().to_vec_padded(width)?;
    bytes.extend(signature.s().to_vec_padded(width)?);
    Ok(bytes)
}
