//! RSA keys that follow from a word, for the test identity provider: the same on every machine.
//!
//! Whoever knows the word has the key. Nothing else in this crate may come near.

use openssl::bn::{BigNum, BigNumContext};
use openssl::pkey::PKey;
use openssl::rsa::RsaPrivateKeyBuilder;

use super::certificate::{Certificate, CertificateRequest};
use super::digest::sha256;
use super::error::CryptoError;
use super::keyed_hash::KeyedHash;
use super::private_key::PrivateKey;

/// Bits of a key: what AD FS makes.
const MODULUS_BITS: i32 = 2048;
const PRIME_BYTES: usize = 128;
const EXPONENT: u32 = 65_537;
/// Rounds of Miller and Rabin, as OpenSSL has them for numbers of this size.
const ROUNDS: i32 = 64;
/// One candidate in about 350 is prime. That none of so many is has a chance of one in 10^24.
const MAX_CANDIDATES: u32 = 20_000;

/// An endless row of bytes that follows from a word.
struct Stream {
    hash: KeyedHash,
    block: u32,
}

impl Stream {
    fn new(word: &str) -> Result<Self, CryptoError> {
        let key = sha256(format!("actix-saml test key\n{word}").as_bytes());
        Ok(Self { hash: KeyedHash::new(&key)?, block: 0 })
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, CryptoError> {
        let mut bytes = Vec::with_capacity(length.saturating_add(32));
        while bytes.len() < length {
            bytes.extend(self.hash.digest(&self.block.to_be_bytes())?);
            self.block = self.block.wrapping_add(1);
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// The next prime in the row, with the two highest bits set, so that the product of two has
    /// the full length.
    fn prime(&mut self, context: &mut BigNumContext) -> Result<BigNum, CryptoError> {
        let exponent = BigNum::from_u32(EXPONENT)?;
        let mut less_one = BigNum::new()?;
        let mut rest = BigNum::new()?;
        for _ in 0..MAX_CANDIDATES {
            let mut bytes = self.take(PRIME_BYTES)?;
            if let [first, .., last] = bytes.as_mut_slice() {
                *first |= 0xC0;
                *last |= 1;
            }
            let candidate = BigNum::from_slice(&bytes)?;
            less_one.checked_sub(&candidate, &*BigNum::from_u32(1)?)?;
            rest.nnmod(&less_one, &exponent, context)?;
            // The exponent is prime: it has an inverse unless it divides this.
            if rest.num_bits() != 0 && candidate.is_prime_fasttest(ROUNDS, context, true)? {
                return Ok(candidate);
            }
        }
        Err(CryptoError::PrivateKey)
    }
}

impl PrivateKey {
    /// The RSA key of 2048 bits that follows from `word`.
    ///
    /// # Errors
    /// [`CryptoError::Provider`] when OpenSSL has no memory.
    pub(crate) fn from_word(word: &str) -> Result<Self, CryptoError> {
        let mut stream = Stream::new(word)?;
        let mut context = BigNumContext::new()?;
        let (one, two) = (stream.prime(&mut context)?, stream.prime(&mut context)?);
        // The larger first, as everybody has it.
        let (p, q) = if one > two { (one, two) } else { (two, one) };
        let unit = BigNum::from_u32(1)?;
        let number = BigNum::new;
        let (mut p1, mut q1) = (number()?, number()?);
        p1.checked_sub(&p, &unit)?;
        q1.checked_sub(&q, &unit)?;
        let (mut n, mut phi, mut d) = (number()?, number()?, number()?);
        n.checked_mul(&p, &q, &mut context)?;
        phi.checked_mul(&p1, &q1, &mut context)?;
        let e = BigNum::from_u32(EXPONENT)?;
        d.mod_inverse(&e, &phi, &mut context)?;
        let (mut dp, mut dq, mut qp) = (number()?, number()?, number()?);
        dp.nnmod(&d, &p1, &mut context)?;
        dq.nnmod(&d, &q1, &mut context)?;
        qp.mod_inverse(&q, &p, &mut context)?;
        if n.num_bits() != MODULUS_BITS {
            return Err(CryptoError::PrivateKey);
        }
        let rsa = RsaPrivateKeyBuilder::new(n, e, d)?
            .set_factors(p, q)?
            .set_crt_params(dp, dq, qp)?
            .build();
        if !rsa.check_key()? {
            return Err(CryptoError::PrivateKey);
        }
        Self::new(PKey::from_rsa(rsa)?)
    }
}

impl Certificate {
    /// As [`Certificate::self_signed`], with a serial number that follows from `word`. With a key
    /// that does as well, the bytes are the same each time.
    ///
    /// # Errors
    /// As [`Certificate::self_signed`].
    pub(crate) fn self_signed_by_word(
        key: &PrivateKey,
        request: &CertificateRequest<'_>,
        word: &str,
    ) -> Result<Self, CryptoError> {
        let digest = sha256(format!("actix-saml serial number\n{word}").as_bytes());
        let serial = digest.first_chunk().copied().unwrap_or_default();
        Self::make(key, request, None, serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use crate::crypto::{KeyKind, SignatureAlgorithm};

    fn modulus(key: &PrivateKey) -> String {
        hex(&sha256(&key.key.rsa().unwrap().n().to_vec()))
    }

    /// The numbers of a key must not change from one version to the next: people keep its
    /// certificate in their repositories.
    #[test]
    fn a_word_has_one_key_for_ever() {
        let key = PrivateKey::from_word("example").unwrap();
        assert_eq!(
            modulus(&key),
            "8298b3b8c2854c585b8777c2017d1549eaeab2690dc4327e41cf6bbd32ea2a66"
        );
        assert_eq!(key.kind(), KeyKind::Rsa(2048));
        assert_ne!(modulus(&PrivateKey::from_word("examples").unwrap()), modulus(&key));
    }

    /// OpenSSL takes the key for one of its own: what the private half signs, the public verifies.
    #[test]
    fn the_key_signs() {
        let key = PrivateKey::from_word("ward").unwrap();
        let signature = key.sign(SignatureAlgorithm::RsaSha256, b"text").unwrap();
        let again = PrivateKey::from_word("ward").unwrap();
        assert_eq!(again.sign(SignatureAlgorithm::RsaSha256, b"text").unwrap(), signature);
        let public = key.public_key().unwrap();
        assert!(public.verify(SignatureAlgorithm::RsaSha256, b"text", &signature).is_ok());
        assert!(public.verify(SignatureAlgorithm::RsaSha256, b"test", &signature).is_err());
    }
}
