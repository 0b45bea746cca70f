use std::fmt;

use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

use super::error::CryptoError;
use super::random::random_bytes;

/// HMAC with SHA-256 under one key: digests that nobody can make, or guess the text of, without it.
/// It is no signature algorithm, and no signature is checked by it.
#[derive(Clone)]
pub struct KeyedHash(PKey<Private>);

impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedHash")
    }
}

impl KeyedHash {
    /// Fewer bytes could be guessed.
    const MIN_LENGTH: usize = 32;

    /// Takes the key as it is.
    ///
    /// # Errors
    /// [`CryptoError::HashKey`] when it is shorter than 32 bytes.
    pub fn new(key: &[u8]) -> Result<Self, CryptoError> {
        if key.len() < Self::MIN_LENGTH {
            return Err(CryptoError::HashKey);
        }
        Ok(Self(PKey::hmac(key)?))
    }

    /// Takes the key from the contents of a file. One line end behind it is not part of it.
    ///
    /// # Errors
    /// As for [`KeyedHash::new`].
    pub fn from_file(contents: &[u8]) -> Result<Self, CryptoError> {
        let line = contents.strip_suffix(b"\n").unwrap_or(contents);
        Self::new(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// A new key that nobody knows and that ends with the process.
    ///
    /// # Errors
    /// As [`random_bytes`].
    pub fn random() -> Result<Self, CryptoError> {
        Self::new(&random_bytes::<32>()?)
    }

    /// The digest of `data`.
    ///
    /// # Errors
    /// [`CryptoError::Provider`] when OpenSSL has no memory.
    pub fn digest(&self, data: &[u8]) -> Result<[u8; 32], CryptoError> {
        let mut digest = [0; 32];
        let mut signer = Signer::new(MessageDigest::sha256(), &self.0)?;
        signer.sign_oneshot(&mut digest, data)?;
        Ok(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    /// RFC 4231, test case 3 has a key of 20 bytes, which is too short here; case 6 has 131.
    #[test]
    fn it_is_the_hmac_of_the_standard() {
        let hash = KeyedHash::new(&[0xaa; 131]).unwrap();
        let digest =
            hash.digest(b"Test Using Larger Than Block-Size Key - Hash Key First").unwrap();
        assert_eq!(
            hex(&digest),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_short_key_is_refused_and_a_line_end_is_no_part_of_one() {
        let key = [b'k'; 32];
        assert_eq!(KeyedHash::new(&key[1..]).err(), Some(CryptoError::HashKey));
        let of = |contents: &[u8]| KeyedHash::from_file(contents).unwrap().digest(b"x").unwrap();
        assert_eq!(of(&[&key[..], b"\n"].concat()), of(&key));
        assert_eq!(of(&[&key[..], b"\r\n"].concat()), of(&key));
        assert_ne!(of(&[&key[..], b"k"].concat()), of(&key));
        let short = KeyedHash::from_file(&[&key[1..], b"\n"].concat());
        assert_eq!(short.err(), Some(CryptoError::HashKey));
        let random = || KeyedHash::random().unwrap().digest(b"x").unwrap();
        assert_ne!(random(), random());
    }
}
