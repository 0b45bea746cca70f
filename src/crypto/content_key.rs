use std::fmt;

use openssl::symm::{Cipher, Crypter, Mode, decrypt_aead, encrypt_aead};

use super::error::CryptoError;
use super::random::random_bytes;

const BLOCK: usize = 16;
const GCM_IV: usize = 12;
const GCM_TAG: usize = 16;
const LONGEST_KEY: usize = 32;

/// A block cipher of XML Encryption that this crate uses (XML Encryption 1.1 section 5.2). There is
/// no value for Triple DES.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CipherAlgorithm {
    /// AES-128 in Galois/Counter Mode.
    Aes128Gcm,
    /// AES-256 in Galois/Counter Mode.
    Aes256Gcm,
    /// AES-128 in Cipher Block Chaining mode.
    Aes128Cbc,
    /// AES-192 in Cipher Block Chaining mode.
    Aes192Cbc,
    /// AES-256 in Cipher Block Chaining mode: what AD FS encrypts with.
    Aes256Cbc,
}

impl CipherAlgorithm {
    /// Every algorithm, those that authenticate what they encrypt first.
    pub const ALL: [Self; 5] =
        [Self::Aes256Gcm, Self::Aes128Gcm, Self::Aes256Cbc, Self::Aes192Cbc, Self::Aes128Cbc];

    /// The algorithm that a URI names, compared byte for byte, if it is allowed.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.uri() == uri)
    }

    /// The algorithm's identifier.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Aes192Cbc => "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        }
    }

    /// Bytes of its key.
    pub fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes192Cbc => 24,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }

    /// Whether the mode notices a changed cipher text. CBC does not: what it decrypts is worth
    /// nothing until a signature inside has been verified.
    pub fn is_authenticated(self) -> bool {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => true,
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc => false,
        }
    }

    fn cipher(self) -> Cipher {
        match self {
            Self::Aes128Gcm => Cipher::aes_128_gcm(),
            Self::Aes256Gcm => Cipher::aes_256_gcm(),
            Self::Aes128Cbc => Cipher::aes_128_cbc(),
            Self::Aes192Cbc => Cipher::aes_192_cbc(),
            Self::Aes256Cbc => Cipher::aes_256_cbc(),
        }
    }
}

/// The key of one encryption, which always has the length that its algorithm wants. Its `Debug`
/// form shows only the algorithm.
#[derive(Clone)]
pub struct ContentKey {
    algorithm: CipherAlgorithm,
    bytes: Vec<u8>,
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ContentKey").field(&self.algorithm).finish()
    }
}

impl ContentKey {
    /// These bytes as a key, or `None` when their number is not the algorithm's.
    pub fn new(algorithm: CipherAlgorithm, bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == algorithm.key_bytes()).then_some(Self { algorithm, bytes })
    }

    /// Makes a new key.
    ///
    /// # Errors
    /// [`CryptoError::Provider`] when OpenSSL has no entropy.
    pub fn generate(algorithm: CipherAlgorithm) -> Result<Self, CryptoError> {
        let mut bytes = random_bytes::<LONGEST_KEY>()?.to_vec();
        bytes.truncate(algorithm.key_bytes());
        Ok(Self { algorithm, bytes })
    }

    /// The algorithm it is for.
    pub fn algorithm(&self) -> CipherAlgorithm {
        self.algorithm
    }

    /// The key itself: for encrypting it to somebody, and for nothing else.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Encrypts, in the form of XML Encryption: the initialisation vector, the cipher text, and
    /// with GCM the tag (XML Encryption 1.1 sections 5.2.2 and 5.2.4).
    ///
    /// # Errors
    /// [`CryptoError::Provider`] when OpenSSL has no entropy.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let cipher = self.algorithm.cipher();
        if self.algorithm.is_authenticated() {
            let iv = random_bytes::<GCM_IV>()?;
            let mut tag = [0; GCM_TAG];
            let body = encrypt_aead(cipher, &self.bytes, Some(&iv), &[], plaintext, &mut tag)?;
            return Ok([&iv, &*body, &tag].concat());
        }
        let iv = random_bytes::<BLOCK>()?;
        let body = self.run_cbc(Mode::Encrypt, &iv, &padded(plaintext)?)?;
        Ok([&iv, &*body].concat())
    }

    /// Decrypts what has the form of [`ContentKey::encrypt`], or returns `None` for every fault in
    /// it: too short, a tag that does not match, impossible padding. GCM takes a vector of 12 bytes
    /// and a tag of 16, no others.
    pub fn decrypt(&self, encrypted: &[u8]) -> Option<Vec<u8>> {
        let cipher = self.algorithm.cipher();
        if self.algorithm.is_authenticated() {
            let (iv, rest) = encrypted.split_at_checked(GCM_IV)?;
            let (body, tag) = rest.split_at_checked(rest.len().checked_sub(GCM_TAG)?)?;
            return decrypt_aead(cipher, &self.bytes, Some(iv), &[], body, tag).ok();
        }
        let (iv, body) = encrypted.split_at_checked(BLOCK)?;
        if !body.len().is_multiple_of(BLOCK) {
            return None;
        }
        unpadded(self.run_cbc(Mode::Decrypt, iv, body).ok()?)
    }

    fn run_cbc(&self, mode: Mode, iv: &[u8], blocks: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut crypter = Crypter::new(self.algorithm.cipher(), mode, &self.bytes, Some(iv))?;
        // OpenSSL's padding is that of PKCS#7, stricter than that of XML Encryption.
        crypter.pad(false);
        let mut out = vec![0; blocks.len().saturating_add(BLOCK)];
        let written = crypter.update(blocks, &mut out)?;
        out.truncate(written);
        Ok(out)
    }
}

/// Pads to whole blocks: the last byte says how many were added, the others are random (XML
/// Encryption 1.1 section 5.2.1).
fn padded(plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let partial = plaintext.len().checked_rem(BLOCK).unwrap_or(0);
    let count = BLOCK.saturating_sub(partial);
    let mut padding = random_bytes::<BLOCK>()?.to_vec();
    padding.truncate(count);
    if let (Some(last), Ok(count)) = (padding.last_mut(), u8::try_from(count)) {
        *last = count;
    }
    Ok([plaintext, &padding].concat())
}

fn unpadded(mut plaintext: Vec<u8>) -> Option<Vec<u8>> {
    let count = usize::from(*plaintext.last()?);
    if !(1..=BLOCK).contains(&count) {
        return None;
    }
    plaintext.truncate(plaintext.len().checked_sub(count)?);
    Some(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(algorithm: CipherAlgorithm) -> ContentKey {
        ContentKey::new(algorithm, (0..).take(algorithm.key_bytes()).collect()).unwrap()
    }

    #[test]
    fn every_length_comes_back() {
        for algorithm in CipherAlgorithm::ALL {
            let key = key(algorithm);
            for length in 0..=65 {
                let plaintext = vec![0xA5; length];
                let encrypted = key.encrypt(&plaintext).unwrap();
                assert_eq!(key.decrypt(&encrypted), Some(plaintext), "{algorithm:?} {length}");
            }
        }
    }

    #[test]
    fn every_truncation_is_refused_without_panic() {
        for algorithm in CipherAlgorithm::ALL {
            let key = key(algorithm);
            let encrypted = key.encrypt(b"<a/>").unwrap();
            for length in 0..encrypted.len() {
                assert_eq!(key.decrypt(&encrypted[..length]), None, "{algorithm:?} {length}");
            }
        }
    }

    #[test]
    fn a_key_of_another_length_is_none() {
        for algorithm in CipherAlgorithm::ALL {
            for length in 0..=64 {
                let made = ContentKey::new(algorithm, vec![7; length]).is_some();
                assert_eq!(made, length == algorithm.key_bytes(), "{algorithm:?} {length}");
            }
            let generated = ContentKey::generate(algorithm).unwrap();
            assert_eq!(generated.as_bytes().len(), algorithm.key_bytes());
            assert_eq!(format!("{generated:?}"), format!("ContentKey({algorithm:?})"));
        }
    }

    #[test]
    fn gcm_notices_every_changed_bit() {
        let key = key(CipherAlgorithm::Aes256Gcm);
        let encrypted = key.encrypt(b"<a>text</a>").unwrap();
        for at in 0..encrypted.len() {
            for bit in 0..8 {
                let mut changed = encrypted.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(key.decrypt(&changed), None, "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn cbc_padding_counts_and_its_filling_does_not() {
        let key = key(CipherAlgorithm::Aes128Cbc);
        let open = |block: [u8; BLOCK]| {
            let iv = [9; BLOCK];
            let body = key.run_cbc(Mode::Encrypt, &iv, &block).unwrap();
            key.decrypt(&[&iv, &*body].concat())
        };
        let with_last = |last: u8| {
            let mut block = *b"0123456789abcdef";
            block[15] = last;
            block
        };
        assert_eq!(open(with_last(1)), Some(b"0123456789abcde".to_vec()));
        assert_eq!(open(with_last(10)), Some(b"012345".to_vec()));
        assert_eq!(open(with_last(16)), Some(Vec::new()));
        for bad in [0, 17, 32, 128, 255] {
            assert_eq!(open(with_last(bad)), None, "{bad}");
        }
    }

    #[test]
    fn uris_name_their_algorithm() {
        for algorithm in CipherAlgorithm::ALL {
            assert_eq!(CipherAlgorithm::from_uri(algorithm.uri()), Some(algorithm));
            assert_eq!(CipherAlgorithm::from_uri(&algorithm.uri().to_uppercase()), None);
            assert_eq!(CipherAlgorithm::from_uri(&format!("{} ", algorithm.uri())), None);
        }
        let tripledes = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";
        assert_eq!(CipherAlgorithm::from_uri(tripledes), None);
    }
}
