//! The block ciphers in the form of XML Encryption (1.1 section 5.2): what is before and behind the
//! cipher text is of fixed length, so nothing of another length may open.

use openssl::symm::{Cipher, Crypter, Mode, encrypt_aead};

use crate::crypto::CipherAlgorithm::{self, Aes128Cbc, Aes128Gcm, Aes192Cbc, Aes256Cbc, Aes256Gcm};
use crate::crypto::ContentKey;

const TEXT: &[u8] = b"<Assertion/>";

fn key(algorithm: CipherAlgorithm) -> ContentKey {
    ContentKey::new(algorithm, (0..).take(algorithm.key_bytes()).collect()).unwrap()
}

/// Vector, cipher text and tag, of any lengths that OpenSSL makes.
fn gcm(key: &ContentKey, iv: &[u8], beside: &[u8], text: &[u8], tag: usize) -> Vec<u8> {
    let cipher = match key.algorithm() {
        Aes128Gcm => Cipher::aes_128_gcm(),
        _ => Cipher::aes_256_gcm(),
    };
    let mut tag = vec![0; tag];
    let body = encrypt_aead(cipher, key.as_bytes(), Some(iv), beside, text, &mut tag).unwrap();
    [iv, &*body, &tag].concat()
}

#[test]
fn gcm_lengths() {
    for algorithm in [Aes128Gcm, Aes256Gcm] {
        let key = key(algorithm);
        let iv = [7; 12];
        let opened = |encrypted: &[u8]| key.decrypt(encrypted);
        for text in [&b""[..], b"x", TEXT, &[0; 16], &[0; 4096]] {
            let control = gcm(&key, &iv, b"", text, 16);
            assert_eq!(opened(&control).as_deref(), Some(text), "{} bytes", text.len());
        }
        for text in [&b""[..], TEXT, &[0; 64]] {
            for tag in [4, 8, 12, 13, 14, 15] {
                assert_eq!(opened(&gcm(&key, &iv, b"", text, tag)), None, "a tag of {tag}");
            }
            for length in [1, 8, 11, 13, 16, 32] {
                let other = gcm(&key, &vec![7; length], b"", text, 16);
                assert_eq!(opened(&other), None, "a vector of {length}");
            }
            assert_eq!(opened(&gcm(&key, &iv, b"beside", text, 16)), None, "data beside it");
        }
        let good = gcm(&key, &iv, b"", TEXT, 16);
        let without =
            |range: std::ops::Range<usize>| [&good[..range.start], &good[range.end..]].concat();
        let end = good.len();
        for (what, bad) in [
            ("no vector", without(0..12)),
            ("no cipher text", without(12..end - 16)),
            ("no tag", without(end - 16..end)),
            ("one byte of the tag gone", without(end - 1..end)),
            ("one byte of the cipher text gone", without(12..13)),
            ("a byte more behind", [&good[..], &[0]].concat()),
            ("a byte more in front", [&[0], &good[..]].concat()),
            ("another vector", [&[8; 12], &good[12..]].concat()),
            ("a tag of zeros", [&good[..end - 16], &[0; 16]].concat()),
            ("nothing", Vec::new()),
            ("a vector alone", good[..12].to_vec()),
            ("28 zeros", vec![0; 28]),
        ] {
            assert_eq!(opened(&bad), None, "{algorithm:?}: {what}");
        }
    }
}

/// Vector and cipher text of whole blocks, without any padding but what `blocks` ends with.
fn cbc(key: &ContentKey, iv: &[u8], blocks: &[u8]) -> Vec<u8> {
    let cipher = match key.algorithm() {
        Aes128Cbc => Cipher::aes_128_cbc(),
        Aes192Cbc => Cipher::aes_192_cbc(),
        _ => Cipher::aes_256_cbc(),
    };
    let mut crypter = Crypter::new(cipher, Mode::Encrypt, key.as_bytes(), Some(iv)).unwrap();
    crypter.pad(false);
    let mut out = vec![0; blocks.len() + 16];
    let written = crypter.update(blocks, &mut out).unwrap();
    [iv, &out[..written]].concat()
}

#[test]
fn cbc_padding() {
    for algorithm in [Aes128Cbc, Aes192Cbc, Aes256Cbc] {
        let key = key(algorithm);
        let iv = [7; 16];
        for blocks in 1..4 {
            for last in 0..=255_u8 {
                let mut text = vec![b'a'; blocks * 16];
                text[blocks * 16 - 1] = last;
                let opened = key.decrypt(&cbc(&key, &iv, &text));
                let kept = (1..=16).contains(&last).then(|| text.len() - usize::from(last));
                assert_eq!(opened, kept.map(|kept| text[..kept].to_vec()), "{last}");
            }
        }
    }
}

#[test]
fn cbc_lengths() {
    for algorithm in [Aes128Cbc, Aes192Cbc, Aes256Cbc] {
        let key = key(algorithm);
        let text = [b'a', b'b', b'c', b'd'].repeat(12);
        let good = cbc(&key, &[7; 16], &[&text[..47], &[1]].concat());
        assert_eq!(key.decrypt(&good), Some(text[..47].to_vec()));
        for length in 0..good.len() {
            // A cipher text cut between blocks opens only if its last byte happens to count.
            let opened = key.decrypt(&good[..length]);
            assert_eq!(opened, None, "{algorithm:?}: {length} bytes");
        }
        for more in 1..16 {
            let longer = [&good[..], &vec![0; more]].concat();
            assert_eq!(key.decrypt(&longer), None, "{algorithm:?}: {more} bytes more");
        }
    }
}
