//! RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2). A verifier that reads the block instead of comparing
//! it whole takes some of these (Bleichenbacher 2006; RSA-E3).

use openssl::hash::MessageDigest;

use super::{DATA, OTHER_RSA, RSA, bytes, digest, number};
use crate::crypto::CryptoError;
use crate::crypto::SignatureAlgorithm::{self, RsaPssSha256, RsaSha256, RsaSha384, RsaSha512};

/// One of the labels: its digest, and the object identifier of that digest in DER.
struct Label {
    algorithm: SignatureAlgorithm,
    md: MessageDigest,
    oid: [u8; 11],
}

const fn oid(last: u8) -> [u8; 11] {
    [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last]
}

fn labels() -> [Label; 3] {
    [
        Label { algorithm: RsaSha256, md: MessageDigest::sha256(), oid: oid(1) },
        Label { algorithm: RsaSha384, md: MessageDigest::sha384(), oid: oid(2) },
        Label { algorithm: RsaSha512, md: MessageDigest::sha512(), oid: oid(3) },
    ]
}

const NULL: &[u8] = &[0x05, 0x00];

/// A DER value with a length of one byte.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    assert!(content.len() < 128);
    [&[tag, content.len().to_le_bytes()[0]][..], content].concat()
}

fn info(oid: &[u8], parameters: &[u8], hash: &[u8]) -> Vec<u8> {
    let algorithm = der(0x30, &[oid, parameters].concat());
    der(0x30, &[algorithm, der(0x04, hash)].concat())
}

/// `00 01 FF … FF 00`, then `tail`: 256 bytes.
fn padded(tail: &[u8]) -> Vec<u8> {
    block(&[0, 1], 253 - tail.len(), &[&[0], tail].concat())
}

fn block(head: &[u8], padding: usize, tail: &[u8]) -> Vec<u8> {
    let block = [head, &vec![0xFF; padding], tail].concat();
    assert_eq!(block.len(), 256);
    block
}

/// The same with another byte at one place.
fn with(block: &[u8], at: usize, byte: u8) -> Vec<u8> {
    let mut block = block.to_vec();
    assert_ne!(block[at], byte);
    block[at] = byte;
    block
}

#[test]
fn blocks() {
    for Label { algorithm, md, oid } in labels() {
        let hash = digest(md, DATA);
        let sha1 = [0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A];
        let right = info(&oid, NULL, &hash);
        let good = padded(&right);
        let first = 256 - right.len();
        let verdict = |block: &[u8]| RSA.public.verify(algorithm, DATA, &RSA.private_power(block));
        assert_eq!(verdict(&good), Ok(()), "control {algorithm:?}");

        let algorithm_of = |parameters: &[u8]| [&oid[..], parameters].concat();
        let long = |tag: u8, content: &[u8]| {
            [&[tag, 0x81, content.len().to_le_bytes()[0]][..], content].concat()
        };
        let octets = der(0x04, &hash);
        let inner = der(0x30, &algorithm_of(NULL));
        let garbage = |n: usize| vec![0xAB; n];
        let bad: Vec<(&str, Vec<u8>)> = vec![
            // What follows the object identifier.
            ("no parameters", padded(&info(&oid, &[], &hash))),
            ("NULL twice", padded(&info(&oid, &[0x05, 0, 0x05, 0], &hash))),
            ("NULL of one byte", padded(&info(&oid, &[0x05, 1, 0], &hash))),
            ("NULL with a long length", padded(&info(&oid, &[0x05, 0x81, 0], &hash))),
            ("an empty sequence as parameters", padded(&info(&oid, &[0x30, 0], &hash))),
            ("zero as parameters", padded(&info(&oid, &[0x02, 1, 0], &hash))),
            // BER where DER is due.
            ("long outer length", padded(&long(0x30, &[inner.clone(), octets.clone()].concat()))),
            (
                "long inner length",
                padded(&der(0x30, &[long(0x30, &algorithm_of(NULL)), octets.clone()].concat())),
            ),
            ("long length of the hash", {
                padded(&der(0x30, &[inner.clone(), long(0x04, &hash)].concat()))
            }),
            ("indefinite length", {
                padded(&[&[0x30, 0x80][..], &inner, &octets, &[0, 0]].concat())
            }),
            ("a hash in two pieces", {
                let pieces = [der(0x04, &hash[..16]), der(0x04, &hash[16..])].concat();
                padded(&der(0x30, &[inner.clone(), der(0x24, &pieces)].concat()))
            }),
            // Something more than there should be.
            ("garbage behind the hash, inside", {
                padded(&der(0x30, &[inner.clone(), octets.clone(), vec![0x05, 0]].concat()))
            }),
            ("one byte behind", padded(&[right.clone(), garbage(1)].concat())),
            ("the rest of the block behind", {
                block(&[0, 1], 8, &[&[0][..], &right, &garbage(245 - right.len())].concat())
            }),
            ("garbage and no padding", {
                block(&[0, 1], 0, &[&[0][..], &right, &garbage(253 - right.len())].concat())
            }),
            ("garbage inside the parameters", {
                let parameters = [&[0x04, 40][..], &garbage(40)].concat();
                let algorithm = long(0x30, &algorithm_of(&parameters));
                padded(&long(0x30, &[algorithm, octets.clone()].concat()))
            }),
            ("the whole twice", padded(&right.repeat(2))),
            // The padding.
            ("block type 0", with(&good, 1, 0)),
            ("block type 2", with(&good, 1, 2)),
            ("first byte 1", with(&good, 0, 1)),
            ("padding begins with another byte", with(&good, 2, 0xFE)),
            ("padding with another byte inside", with(&good, 100, 0x7F)),
            ("padding ends with another byte", with(&good, first - 2, 0xFE)),
            ("padding with a zero inside", with(&good, 100, 0)),
            ("padding of zeros", {
                [&[0, 1][..], &vec![0; 253 - right.len()], &[0], &right].concat()
            }),
            ("no separator", with(&good, first - 1, 0xFF)),
            ("one zero more in front", [&[0, 0, 1][..], &good[3..]].concat()),
            ("seven bytes of padding", {
                block(&[0, 1], 7, &[&[0][..], &right, &garbage(246 - right.len())].concat())
            }),
            // Another hash, or none.
            ("SHA-1 as identifier", padded(&info(&sha1, NULL, &hash))),
            ("SHA-1 whole", padded(&info(&sha1, NULL, &digest(MessageDigest::sha1(), DATA)))),
            ("the hash without a frame", padded(&hash)),
            ("an identifier with a byte in front", {
                padded(&info(&[&[0x06, 0x0A, 0x80][..], &oid[2..]].concat(), NULL, &hash))
            }),
            ("an identifier of another arc", padded(&info(&with(&oid, 9, 0x03), NULL, &hash))),
            ("a hash of other data", padded(&info(&oid, NULL, &digest(md, b"other")))),
            ("a hash cut short", padded(&info(&oid, NULL, &hash[..hash.len() - 1]))),
            ("a hash with a byte more", padded(&info(&oid, NULL, &[&hash[..], &[0]].concat()))),
            ("a hash of zeros", padded(&info(&oid, NULL, &vec![0; hash.len()]))),
            ("no hash", padded(&info(&oid, NULL, &[]))),
            ("a set instead of a sequence", with(&good, first, 0x31)),
            ("a bit string instead of octets", with(&good, 256 - hash.len() - 2, 0x03)),
            ("nothing but padding", block(&[0, 1], 253, &[0])),
            ("zeros", vec![0; 256]),
            ("one", [vec![0; 255], vec![1]].concat()),
        ];
        for (what, block) in bad {
            if !RSA.is_below_modulus(&block) {
                assert_eq!(what, "first byte 1");
                continue;
            }
            let expected = Err(CryptoError::SignatureMismatch);
            assert_eq!(verdict(&block), expected, "{algorithm:?}: {what}");
        }
        for bit in 0..8 {
            for at in 0..256 {
                let changed = with(&good, at, good[at] ^ (1 << bit));
                if RSA.is_below_modulus(&changed) && at % 5 == bit {
                    let expected = Err(CryptoError::SignatureMismatch);
                    assert_eq!(verdict(&changed), expected, "{algorithm:?}: bit {bit} of {at}");
                }
            }
        }
        // Each label wants its own digest.
        for other in labels() {
            let block = padded(&info(&other.oid, NULL, &digest(other.md, DATA)));
            let is_own = other.algorithm == algorithm;
            let expected = if is_own { Ok(()) } else { Err(CryptoError::SignatureMismatch) };
            assert_eq!(verdict(&block), expected, "{:?} as {algorithm:?}", other.algorithm);
        }
    }
}

/// The signature of data that `wanted` likes the look of.
fn signed(wanted: impl Fn(&[u8]) -> bool) -> (Vec<u8>, Vec<u8>) {
    (0_u32..)
        .map(|n| n.to_be_bytes().to_vec())
        .map(|data| (RSA.private.sign(RsaSha256, &data).unwrap(), data))
        .find(|(signature, _)| wanted(signature))
        .unwrap()
}

#[test]
fn values() {
    let (signature, data) = signed(|_| true);
    let verdict = |value: &[u8]| RSA.public.verify(RsaSha256, &data, value);
    assert_eq!(verdict(&signature), Ok(()));
    let n = RSA.rsa.n();
    let minus = |value: &[u8]| {
        let mut difference = openssl::bn::BigNum::new().unwrap();
        difference.checked_sub(n, &number(value)).unwrap();
        bytes(&difference, 256)
    };
    let one = [vec![0; 255], vec![1]].concat();
    for (what, value) in [
        ("nothing", Vec::new()),
        ("a zero in front", [&[0], &signature[..]].concat()),
        ("a zero behind", [&signature[..], &[0]].concat()),
        ("the first byte gone", signature[1..].to_vec()),
        ("the last byte gone", signature[..255].to_vec()),
        ("twice", signature.repeat(2)),
        ("backwards", signature.iter().rev().copied().collect()),
        ("zero", vec![0; 256]),
        ("one byte of zero", vec![0]),
        ("one", one.clone()),
        ("the modulus", bytes(n, 256)),
        ("the modulus less one", minus(&one)),
        ("the modulus less the signature", minus(&signature)),
        ("as large as can be", vec![0xFF; 256]),
        ("of another key", OTHER_RSA.private.sign(RsaSha256, &data).unwrap()),
        ("of other data", RSA.private.sign(RsaSha256, b"other").unwrap()),
        ("by another padding", RSA.private.sign(RsaPssSha256, &data).unwrap()),
    ] {
        assert_eq!(verdict(&value), Err(CryptoError::SignatureMismatch), "{what}");
    }
}

#[test]
fn a_leading_zero_belongs_to_the_signature() {
    let (signature, data) = signed(|signature| signature[0] == 0);
    assert_eq!(RSA.public.verify(RsaSha256, &data, &signature), Ok(()));
    let cut = RSA.public.verify(RsaSha256, &data, &signature[1..]);
    assert_eq!(cut, Err(CryptoError::SignatureMismatch));
}

#[test]
fn a_value_above_the_modulus_is_no_signature() {
    // The same number in the ring, and another in the message.
    let (signature, data) = signed(|signature| RSA.above_modulus(signature).is_some());
    assert_eq!(RSA.public.verify(RsaSha256, &data, &signature), Ok(()));
    let above = RSA.above_modulus(&signature).unwrap();
    let verdict = RSA.public.verify(RsaSha256, &data, &above);
    assert_eq!(verdict, Err(CryptoError::SignatureMismatch));
}
