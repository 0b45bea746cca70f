//! Vectors of our own making. Each is built from the standards with whole numbers and bare
//! exponentiation, never with the code that is tried, so that one thing alone is wrong with it;
//! each table begins with what is right.

mod aes;
mod certificates;
mod ecdsa;
mod keys;
mod oaep;
mod passphrase;
mod rsa_pkcs1;
mod rsa_pss;

use std::sync::LazyLock;

use openssl::bn::{BigNum, BigNumContext};
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::Private;
use openssl::rsa::Rsa;

use super::{KeyShape, PrivateKey, PublicKey};

/// What the signatures are over.
const DATA: &[u8] = b"<ds:SignedInfo>what was signed</ds:SignedInfo>";

/// An RSA key of 2048 bits, for exponentiation without any padding.
struct RawRsa {
    private: PrivateKey,
    public: PublicKey,
    rsa: Rsa<Private>,
}

static RSA: LazyLock<RawRsa> = LazyLock::new(RawRsa::generate);
static OTHER_RSA: LazyLock<RawRsa> = LazyLock::new(RawRsa::generate);

impl RawRsa {
    fn generate() -> Self {
        let private = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let public = private.public_key().unwrap();
        let rsa = private.key.rsa().unwrap();
        Self { private, public, rsa }
    }

    /// `block` to the power of the private exponent: what a signer does with any block at all.
    fn private_power(&self, block: &[u8]) -> Vec<u8> {
        power(block, self.rsa.d(), self.rsa.n())
    }

    /// `block` to the power of the public exponent.
    fn public_power(&self, block: &[u8]) -> Vec<u8> {
        power(block, self.rsa.e(), self.rsa.n())
    }

    fn is_below_modulus(&self, block: &[u8]) -> bool {
        number(block) < *self.rsa.n()
    }

    /// `value` plus the modulus, where that still has 256 bytes.
    fn above_modulus(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut sum = BigNum::new().unwrap();
        sum.checked_add(&number(value), self.rsa.n()).unwrap();
        (sum.num_bytes() <= 256).then(|| bytes(&sum, 256))
    }
}

fn power(base: &[u8], exponent: &openssl::bn::BigNumRef, n: &openssl::bn::BigNumRef) -> Vec<u8> {
    assert!(number(base) < *n, "no number of this ring");
    let mut result = BigNum::new().unwrap();
    let mut context = BigNumContext::new().unwrap();
    result.mod_exp(&number(base), exponent, n, &mut context).unwrap();
    bytes(&result, 256)
}

fn number(bytes: &[u8]) -> BigNum {
    BigNum::from_slice(bytes).unwrap()
}

fn bytes(number: &openssl::bn::BigNumRef, length: i32) -> Vec<u8> {
    number.to_vec_padded(length).unwrap()
}

fn digest(with: MessageDigest, data: &[u8]) -> Vec<u8> {
    hash(with, data).unwrap().to_vec()
}

/// MGF1 (RFC 8017 appendix B.2.1).
fn mask(with: MessageDigest, seed: &[u8], length: usize) -> Vec<u8> {
    let counters = (0_u32..).map(|n| digest(with, &[seed, &n.to_be_bytes()].concat()));
    counters.flatten().take(length).collect()
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}
