//! RSASSA-PSS (RFC 8017 section 8.1) with the parameters that `sha256-rsa-MGF1` names: SHA-256
//! twice, a salt of 32 bytes (RFC 9231 section 2.3.10).

use openssl::hash::MessageDigest;

use super::{DATA, OTHER_RSA, RSA, digest, mask, xor};
use crate::crypto::CryptoError;
use crate::crypto::SignatureAlgorithm::{RsaPssSha256, RsaSha256};

/// EMSA-PSS (RFC 8017 section 9.1.1) with whatever can be wrong in it.
#[derive(Clone)]
struct Encoding {
    hash: MessageDigest,
    mgf1: MessageDigest,
    salt: Vec<u8>,
    /// The salt that is written, where it is not the one that was hashed.
    written: Option<Vec<u8>>,
    before: Vec<u8>,
    separator: u8,
    zeros: u8,
    top_bit: bool,
    trailer: u8,
    data: Vec<u8>,
}

impl Encoding {
    fn right() -> Self {
        Self {
            hash: MessageDigest::sha256(),
            mgf1: MessageDigest::sha256(),
            salt: vec![0x5A; 32],
            written: None,
            before: vec![0; 8],
            separator: 1,
            zeros: 0,
            top_bit: false,
            trailer: 0xBC,
            data: DATA.to_vec(),
        }
    }

    fn block(&self) -> Vec<u8> {
        let inside = [&self.before[..], &digest(self.hash, &self.data), &self.salt].concat();
        let h = digest(self.hash, &inside);
        let salt = self.written.as_ref().unwrap_or(&self.salt);
        let zeros = vec![self.zeros; 256 - h.len() - salt.len() - 2];
        let db = [&zeros, &[self.separator][..], salt].concat();
        let mut masked = xor(&db, &mask(self.mgf1, &h, db.len()));
        // The block has one bit fewer than the modulus.
        masked[0] &= 0x7F;
        masked[0] |= u8::from(self.top_bit) << 7;
        [&masked[..], &h, &[self.trailer]].concat()
    }

    fn verdict(&self) -> Result<(), CryptoError> {
        RSA.public.verify(RsaPssSha256, &self.data, &RSA.private_power(&self.block()))
    }
}

#[test]
fn blocks() {
    assert_eq!(Encoding::right().verdict(), Ok(()));
    let salt = |length: usize| Encoding { salt: vec![0x5A; length], ..Encoding::right() };
    let (sha1, sha384, sha512) =
        (MessageDigest::sha1(), MessageDigest::sha384(), MessageDigest::sha512());
    let right = Encoding::right;
    let bad = [
        ("no salt", salt(0)),
        ("a salt of 20 bytes", salt(20)),
        ("a salt of 31 bytes", salt(31)),
        ("a salt of 33 bytes", salt(33)),
        ("a salt of 64 bytes", salt(64)),
        ("the longest salt", salt(222)),
        ("MGF1 with SHA-1", Encoding { mgf1: sha1, ..right() }),
        ("MGF1 with SHA-384", Encoding { mgf1: sha384, ..right() }),
        ("MGF1 with SHA-512", Encoding { mgf1: sha512, ..right() }),
        ("SHA-1", Encoding { hash: sha1, ..right() }),
        ("SHA-1 twice", Encoding { hash: sha1, mgf1: sha1, salt: vec![0x5A; 20], ..right() }),
        ("SHA-384 twice", Encoding { hash: sha384, mgf1: sha384, ..right() }),
        ("SHA-512", Encoding { hash: sha512, ..right() }),
        ("another salt written", Encoding { written: Some(vec![0xA5; 32]), ..right() }),
        ("one bit of the salt", {
            let written = [vec![0x5B], vec![0x5A; 31]].concat();
            Encoding { written: Some(written), ..right() }
        }),
        ("seven zeros before the hash", Encoding { before: vec![0; 7], ..right() }),
        ("something before the hash", Encoding { before: vec![1; 8], ..right() }),
        ("separator 0", Encoding { separator: 0, ..right() }),
        ("separator 2", Encoding { separator: 2, ..right() }),
        ("separator 0x81", Encoding { separator: 0x81, ..right() }),
        ("padding of ones", Encoding { zeros: 1, ..right() }),
        ("padding of 0x80", Encoding { zeros: 0x80, ..right() }),
        ("trailer 0xCC", Encoding { trailer: 0xCC, ..right() }),
        ("trailer 0xBD", Encoding { trailer: 0xBD, ..right() }),
        ("trailer 0", Encoding { trailer: 0, ..right() }),
    ];
    for (what, encoding) in bad {
        assert_eq!(encoding.verdict(), Err(CryptoError::SignatureMismatch), "{what}");
    }
}

#[test]
fn the_top_bit_is_clear() {
    // Some block with the bit set is below the modulus; the salt decides.
    let salts = (0_u32..).map(|n| [&n.to_be_bytes()[..], &[0x5A; 28]].concat());
    let encoding = salts
        .map(|salt| Encoding { salt, top_bit: true, ..Encoding::right() })
        .find(|encoding| RSA.is_below_modulus(&encoding.block()))
        .unwrap();
    assert_eq!(encoding.verdict(), Err(CryptoError::SignatureMismatch));
    assert_eq!(Encoding { top_bit: false, ..encoding }.verdict(), Ok(()));
}

#[test]
fn blocks_of_the_other_padding() {
    let block = [vec![0, 1], vec![0xFF; 253], vec![0]].concat();
    let value = RSA.private_power(&block);
    let mismatch = Err(CryptoError::SignatureMismatch);
    assert_eq!(RSA.public.verify(RsaPssSha256, DATA, &value), mismatch);
    let other = RSA.private.sign(RsaSha256, DATA).unwrap();
    assert_eq!(RSA.public.verify(RsaPssSha256, DATA, &other), mismatch);
    assert_eq!(RSA.public.verify(RsaSha256, DATA, &other), Ok(()));
}

#[test]
fn values() {
    let salts = (0_u32..).map(|n| [&n.to_be_bytes()[..], &[0x5A; 28]].concat());
    let signatures =
        salts.map(|salt| RSA.private_power(&Encoding { salt, ..Encoding::right() }.block()));
    let mut fitting = signatures.filter(|value| RSA.above_modulus(value).is_some());
    let signature = fitting.next().unwrap();
    let verdict = |value: &[u8]| RSA.public.verify(RsaPssSha256, DATA, value);
    assert_eq!(verdict(&signature), Ok(()));
    for (what, value) in [
        ("the same in the ring", RSA.above_modulus(&signature).unwrap()),
        ("nothing", Vec::new()),
        ("a zero in front", [&[0], &signature[..]].concat()),
        ("a zero behind", [&signature[..], &[0]].concat()),
        ("the last byte gone", signature[..255].to_vec()),
        ("zero", vec![0; 256]),
        ("one", [vec![0; 255], vec![1]].concat()),
        ("as large as can be", vec![0xFF; 256]),
        ("of another key", OTHER_RSA.private.sign(RsaPssSha256, DATA).unwrap()),
        ("of other data", RSA.private.sign(RsaPssSha256, b"other").unwrap()),
    ] {
        assert_eq!(verdict(&value), Err(CryptoError::SignatureMismatch), "{what}");
    }
    for at in 0..256 {
        let mut changed = signature.clone();
        changed[at] ^= 1 << (at % 8);
        assert_eq!(verdict(&changed), Err(CryptoError::SignatureMismatch), "byte {at}");
    }
}
