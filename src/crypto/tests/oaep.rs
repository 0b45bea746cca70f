//! RSAES-OAEP (RFC 8017 section 7.1). Every fault is `None`: Manger's attack needs to tell them
//! apart.

use openssl::hash::MessageDigest;

use super::{RSA, digest, mask, xor};
use crate::crypto::{Oaep, OaepHash};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn md(hash: OaepHash) -> MessageDigest {
    match hash {
        OaepHash::Sha1 => MessageDigest::sha1(),
        OaepHash::Sha256 => MessageDigest::sha256(),
    }
}

fn all() -> impl Iterator<Item = Oaep> {
    let pairs = |digest| OaepHash::ALL.into_iter().map(move |mgf1| Oaep { digest, mgf1 });
    OaepHash::ALL.into_iter().flat_map(pairs)
}

/// EME-OAEP (RFC 8017 section 7.1.1) with whatever can be wrong in it.
#[derive(Clone)]
struct Encoding {
    hash: MessageDigest,
    mgf1: MessageDigest,
    label: Vec<u8>,
    flip: Option<usize>,
    zeros: u8,
    separator: u8,
    first: u8,
    seed: u8,
    secret: Vec<u8>,
}

impl Encoding {
    fn right(oaep: Oaep) -> Self {
        Self {
            hash: md(oaep.digest),
            mgf1: md(oaep.mgf1),
            label: Vec::new(),
            flip: None,
            zeros: 0,
            separator: 1,
            first: 0,
            seed: 0x3C,
            secret: SECRET.to_vec(),
        }
    }

    fn block(&self) -> Vec<u8> {
        let mut label = digest(self.hash, &self.label);
        if let Some(at) = self.flip {
            label[at] ^= 1;
        }
        let zeros = vec![self.zeros; 256 - self.secret.len() - 2 * label.len() - 2];
        let seed = vec![self.seed; label.len()];
        let db = [&label[..], &zeros, &[self.separator], &self.secret].concat();
        let masked = xor(&db, &mask(self.mgf1, &seed, db.len()));
        let seed = xor(&seed, &mask(self.mgf1, &masked, seed.len()));
        [&[self.first][..], &seed, &masked].concat()
    }

    fn cipher_text(&self) -> Vec<u8> {
        RSA.public_power(&self.block())
    }

    /// The same with another seed, so that the block with a first byte is below the modulus.
    fn below_modulus(self) -> Self {
        let mut seeds = (0..=255).map(|seed| Self { seed, ..self.clone() });
        seeds.find(|encoding| RSA.is_below_modulus(&encoding.block())).unwrap()
    }
}

#[test]
fn blocks() {
    for oaep in all() {
        let right = || Encoding::right(oaep);
        let opened = |encoding: Encoding| RSA.private.decrypt_oaep(oaep, &encoding.cipher_text());
        let length = right().hash.size();
        let longest = 256 - 2 * length - 2;
        for secret in [Vec::new(), vec![0], SECRET.to_vec(), vec![1; longest]] {
            let encoding = Encoding { secret: secret.clone(), ..right() };
            assert_eq!(opened(encoding), Some(secret), "control {oaep:?}");
        }
        let (sha1, sha256, sha512) =
            (MessageDigest::sha1(), MessageDigest::sha256(), MessageDigest::sha512());
        let other = |md: MessageDigest| if md == sha1 { sha256 } else { sha1 };
        for (what, encoding) in [
            ("a label", Encoding { label: b"x".to_vec(), ..right() }),
            ("a label of one zero", Encoding { label: vec![0], ..right() }),
            ("the other hash", Encoding { hash: other(right().hash), ..right() }),
            ("SHA-512", Encoding { hash: sha512, ..right() }),
            ("the other MGF1", Encoding { mgf1: other(right().mgf1), ..right() }),
            ("MGF1 with SHA-512", Encoding { mgf1: sha512, ..right() }),
            ("hash and MGF1 the other way", {
                Encoding { hash: other(right().hash), mgf1: other(right().mgf1), ..right() }
            }),
            ("first bit of the label's hash", Encoding { flip: Some(0), ..right() }),
            ("last bit of the label's hash", Encoding { flip: Some(length - 1), ..right() }),
            ("no separator", Encoding { separator: 0, secret: vec![0; 32], ..right() }),
            ("separator 2", Encoding { separator: 2, ..right() }),
            ("separator 0xFF", Encoding { separator: 0xFF, ..right() }),
            ("padding of twos", Encoding { zeros: 2, ..right() }),
            ("first byte 1", Encoding { first: 1, ..right() }),
            ("first byte 2", Encoding { first: 2, ..right() }),
            ("first byte 0x80", Encoding { first: 0x80, ..right() }.below_modulus()),
        ] {
            assert_eq!(opened(encoding), None, "{oaep:?}: {what}");
        }
        // Padding of ones is a longer secret: the first 1 ends the padding.
        let ones = Encoding { zeros: 1, ..right() };
        let longer = [vec![1; longest - SECRET.len()], SECRET.to_vec()].concat();
        assert_eq!(opened(ones), Some(longer[..].to_vec()), "{oaep:?}");
    }
}

#[test]
fn blocks_of_the_old_padding() {
    // PKCS #1 v1.5, which is never tried.
    let padding = 256 - 3 - SECRET.len();
    let block = [&[0, 2][..], &vec![0x77; padding], &[0], SECRET].concat();
    let cipher_text = RSA.public_power(&block);
    for oaep in all() {
        assert_eq!(RSA.private.decrypt_oaep(oaep, &cipher_text), None);
        assert_eq!(RSA.private.decrypt_oaep(oaep, &RSA.public_power(SECRET)), None, "no padding");
    }
}

#[test]
fn cipher_texts() {
    for oaep in all() {
        let seeds = (0..=255).map(|seed| Encoding { seed, ..Encoding::right(oaep) }.cipher_text());
        let good = seeds.into_iter().find(|c| RSA.above_modulus(c).is_some()).unwrap();
        let opened = |cipher_text: &[u8]| RSA.private.decrypt_oaep(oaep, cipher_text);
        assert_eq!(opened(&good).as_deref(), Some(SECRET));
        let n = super::bytes(RSA.rsa.n(), 256);
        for (what, bad) in [
            ("the same in the ring", RSA.above_modulus(&good).unwrap()),
            ("nothing", Vec::new()),
            ("one byte", vec![1]),
            ("the last byte gone", good[..255].to_vec()),
            ("the first byte gone", good[1..].to_vec()),
            ("a zero in front", [&[0], &good[..]].concat()),
            ("a zero behind", [&good[..], &[0]].concat()),
            ("twice", good.repeat(2)),
            ("zero", vec![0; 256]),
            ("one", [vec![0; 255], vec![1]].concat()),
            ("the modulus", n.clone()),
            ("as large as can be", vec![0xFF; 256]),
        ] {
            assert_eq!(opened(&bad), None, "{oaep:?}: {what}");
        }
        for at in (0..256).step_by(7) {
            let mut changed = good.clone();
            changed[at] ^= 1 << (at % 8);
            assert_eq!(opened(&changed), None, "{oaep:?}: byte {at}");
        }
    }
}
