//! Private keys under a passphrase: PKCS#8 `EncryptedPrivateKeyInfo` (RFC 5958 section 3) with PBES2
//! (RFC 8018 section 6.2). Only the writing: OpenSSL reads them, and would write them too, but with
//! 2048 rounds of PBKDF2, which guesses a usual passphrase within hours.

use openssl::base64::encode_block;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::symm::{Cipher, encrypt};

use super::error::CryptoError;
use super::passphrase::Passphrase;
use super::random::random_bytes;

/// What OWASP asks of PBKDF2 with HMAC-SHA256: a few tenths of a second for each key at start.
const ROUNDS: u32 = 600_000;

const BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
/// In the head of the traditional form (RFC 1421 section 4.6.1.1).
const TRADITIONAL: &str = "Proc-Type: 4,ENCRYPTED";

/// Object identifiers, encoded: PBES2, PBKDF2, hmacWithSHA256 and aes256-CBC.
const PBES2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D];
const PBKDF2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C];
const HMAC_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x09];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A];

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// Whether a PEM file holds a key under a passphrase.
pub(super) fn is_encrypted(pem: &[u8]) -> bool {
    let has = |text: &str| pem.windows(text.len()).any(|part| part == text.as_bytes());
    has(BEGIN) || has(TRADITIONAL)
}

/// The PEM form of a PKCS#8 key in DER form, under `passphrase`.
pub(super) fn to_pem(pkcs8: &[u8], passphrase: &Passphrase) -> Result<String, CryptoError> {
    let salt = random_bytes::<16>()?;
    let iv = random_bytes::<16>()?;
    let mut key = [0; 32];
    let rounds = usize::try_from(ROUNDS).unwrap_or(usize::MAX);
    pbkdf2_hmac(passphrase.as_bytes(), &salt, rounds, MessageDigest::sha256(), &mut key)?;
    let sealed = encrypt(Cipher::aes_256_cbc(), &key, Some(&iv), pkcs8)?;

    let prf = sequence(&[&value(OBJECT_IDENTIFIER, HMAC_SHA256), &value(NULL, &[])]);
    // One zero byte in front keeps the number from being read as negative.
    let rounds = [&[0][..], &ROUNDS.to_be_bytes()].concat();
    let rounds = value(INTEGER, minimal(&rounds));
    let derivation = sequence(&[
        &value(OBJECT_IDENTIFIER, PBKDF2),
        &sequence(&[&value(OCTET_STRING, &salt), &rounds, &prf]),
    ]);
    let cipher = sequence(&[&value(OBJECT_IDENTIFIER, AES_256_CBC), &value(OCTET_STRING, &iv)]);
    let scheme = sequence(&[&value(OBJECT_IDENTIFIER, PBES2), &sequence(&[&derivation, &cipher])]);
    let der = sequence(&[&scheme, &value(OCTET_STRING, &sealed)]);

    let mut pem = format!("{BEGIN}\n");
    for line in encode_block(&der).as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str(END);
    pem.push('\n');
    Ok(pem)
}

/// Without the zero bytes in front that a number does not need.
fn minimal(number: &[u8]) -> &[u8] {
    match number {
        [0, rest @ ..] if rest.first().is_some_and(|byte| byte & 0x80 == 0) => minimal(rest),
        number => number,
    }
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(SEQUENCE, &parts.concat())
}

/// A tag, the length and the content, in DER.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let first = length.iter().position(|byte| *byte != 0).unwrap_or(length.len());
    let length = length.get(first..).unwrap_or_default();
    let mut out = vec![tag];
    match length {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            // At most eight bytes.
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_numbers_are_as_short_as_they_can_be() {
        assert_eq!(value(NULL, &[]), [5, 0]);
        assert_eq!(value(OCTET_STRING, &[7; 127])[..2], [4, 127]);
        assert_eq!(value(OCTET_STRING, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(value(OCTET_STRING, &[7; 0x1234])[..4], [4, 0x82, 0x12, 0x34]);
        assert_eq!(minimal(&[0, 0, 1, 2]), [1, 2]);
        assert_eq!(minimal(&[0, 0, 0x80]), [0, 0x80]);
        assert_eq!(minimal(&[0]), [0]);
    }

    #[test]
    fn both_forms_under_a_passphrase_are_known() {
        assert!(is_encrypted(b"x\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nMI"));
        assert!(is_encrypted(b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"));
        assert!(!is_encrypted(b"-----BEGIN PRIVATE KEY-----\nMI"));
        assert!(!is_encrypted(b""));
    }
}
