//! Keys under a passphrase.

use std::sync::LazyLock;

use openssl::base64::decode_block;
use openssl::symm::Cipher;

use super::RSA;
use crate::crypto::{CryptoError, Passphrase, PrivateKey};

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes()).unwrap()
}

const RIGHT: &str = "correct horse battery staple";

static SEALED: LazyLock<String> =
    LazyLock::new(|| RSA.private.to_encrypted_pem(&passphrase(RIGHT)).unwrap());

fn open(pem: &str, text: &str) -> Result<PrivateKey, CryptoError> {
    PrivateKey::from_encrypted_pem(pem.as_bytes(), &passphrase(text))
}

#[test]
fn only_the_right_passphrase_opens_a_key() {
    let key = open(&SEALED, RIGHT).unwrap();
    assert_eq!(key.to_pem().unwrap(), RSA.private.to_pem().unwrap());
    for wrong in ["correct horse battery stapl", "correct horse battery staple ", "x"] {
        assert_eq!(open(&SEALED, wrong).unwrap_err(), CryptoError::WrongPassphrase, "{wrong}");
    }
    assert_eq!(
        PrivateKey::from_pem(SEALED.as_bytes()).unwrap_err(),
        CryptoError::PassphraseMissing
    );
}

#[test]
fn what_is_damaged_is_not_opened() {
    let (head, tail) = SEALED.split_at(SEALED.len() - 120);
    let damaged = format!("{head}{}", tail.replacen('A', "B", 1).replacen('C', "D", 1));
    let cut = SEALED.replacen(SEALED.lines().nth(3).unwrap(), "", 1);
    for pem in [damaged.replacen("MII", "MIJ", 1), cut] {
        assert_eq!(open(&pem, RIGHT).unwrap_err(), CryptoError::WrongPassphrase);
    }
}

#[test]
fn a_key_that_is_not_under_a_passphrase_is_told_apart() {
    let plain = RSA.private.to_pem().unwrap();
    assert!(!PrivateKey::is_encrypted_pem(plain.as_bytes()));
    assert!(PrivateKey::is_encrypted_pem(SEALED.as_bytes()));
    assert_eq!(open(&plain, RIGHT).unwrap_err(), CryptoError::NotEncrypted);
    assert_eq!(open("nothing", RIGHT).unwrap_err(), CryptoError::NotEncrypted);
}

#[test]
fn what_openssl_writes_can_be_read() {
    let rsa = &RSA.rsa;
    let traditional =
        rsa.private_key_to_pem_passphrase(Cipher::aes_128_cbc(), RIGHT.as_bytes()).unwrap();
    let pkcs8 = RSA
        .private
        .key
        .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), RIGHT.as_bytes());
    for pem in [traditional, pkcs8.unwrap()] {
        let pem = String::from_utf8(pem).unwrap();
        let key = open(&pem, RIGHT).unwrap();
        assert_eq!(key.to_pem().unwrap(), RSA.private.to_pem().unwrap());
        assert_eq!(open(&pem, "wrong").unwrap_err(), CryptoError::WrongPassphrase);
    }
}

#[test]
fn the_form_is_what_others_read_and_hard_to_guess() {
    let mut lines: Vec<&str> = SEALED.lines().collect();
    assert_eq!(lines.remove(0), "-----BEGIN ENCRYPTED PRIVATE KEY-----");
    assert_eq!(lines.pop(), Some("-----END ENCRYPTED PRIVATE KEY-----"));
    assert!(lines.iter().all(|line| line.len() <= 64));
    let der = decode_block(&lines.concat()).unwrap();
    let has = |part: &[u8]| der.windows(part.len()).any(|found| found == part);
    assert!(has(&[0x02, 0x03, 0x09, 0x27, 0xC0]), "600,000 rounds");
    assert!(has(&[0x06, 0x08, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x09, 0x05, 0x00]));
    assert!(has(&[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A, 0x04, 0x10]));
    let again = RSA.private.to_encrypted_pem(&passphrase(RIGHT)).unwrap();
    assert_ne!(again, *SEALED, "salt and IV are random");
}

#[test]
fn a_passphrase_is_whole_or_none() {
    for bytes in [&b""[..], b"a\0b", &[b'x'; 1024]] {
        assert_eq!(Passphrase::new(bytes).unwrap_err(), CryptoError::Passphrase);
    }
    assert_eq!(Passphrase::new(&[b'x'; 1023]).unwrap().len(), 1023);
    for empty in ["", "\n", "\r\n"] {
        assert_eq!(Passphrase::from_file(empty.as_bytes()).unwrap_err(), CryptoError::Passphrase);
    }
    for (contents, length) in [("ab", 2), ("ab\n", 2), ("ab\r\n", 2), ("ab\n\n", 3), (" ab ", 4)] {
        assert_eq!(Passphrase::from_file(contents.as_bytes()).unwrap().len(), length);
    }
}

#[test]
fn a_passphrase_is_not_shown() {
    assert_eq!(format!("{:?}", passphrase(RIGHT)), "Passphrase");
    let error = open(&SEALED, "a secret that is wrong").unwrap_err();
    assert_eq!(error.to_string(), "the passphrase does not open the private key");
}
