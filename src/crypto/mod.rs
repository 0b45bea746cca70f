//! Keys, certificates and allow-listed algorithms, over OpenSSL.
//!
//! Nothing above this module names OpenSSL, so that another provider could take its place. An
//! algorithm exists here only if it may be used: there is no value for MD5, DSA or HMAC signatures,
//! for PKCS#1 v1.5 decryption or for Triple DES, so no configuration can switch them on. The one
//! exception is RSA with SHA-1, which no URI leads to: see [`SignatureAlgorithm::RsaSha1`].

mod algorithm;
mod certificate;
mod content_key;
mod digest;
mod encrypted_key;
mod error;
mod keyed_hash;
mod oaep;
mod passphrase;
mod private_key;
mod public_key;
mod random;
#[cfg(feature = "idp")]
mod seeded;
#[cfg(test)]
mod tests;

pub use algorithm::{DigestAlgorithm, SignatureAlgorithm};
pub use certificate::{Certificate, CertificateRequest, KeyUse};
pub use content_key::{CipherAlgorithm, ContentKey};
pub use digest::{Digest, sha256};
pub use error::CryptoError;
pub use keyed_hash::KeyedHash;
pub use oaep::{Oaep, OaepHash};
pub use passphrase::Passphrase;
pub use private_key::{KeyShape, PrivateKey};
pub use public_key::{KeyKind, PublicKey};
pub use random::{hex, random_bytes, random_hex};
