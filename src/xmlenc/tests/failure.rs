use super::*;
use crate::crypto::CipherAlgorithm;

const CBC: EncryptionStyle = EncryptionStyle::AD_FS;
const GCM: EncryptionStyle = EncryptionStyle::MODERN;

fn flipped(bytes: &[u8], at: usize, mask: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= mask;
    bytes
}

/// Every sort of failure that takes a private key to find out.
fn failures() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for style in [CBC, GCM] {
        let (key, data) = cipher_texts(&style, ASSERTION.as_bytes());
        let last = data.len() - 1;
        let longer = |bytes: &[u8]| [bytes, &[0]].concat();
        let mut add = |what, key: &[u8], data: &[u8]| all.push((what, assemble(&style, key, data)));
        add("key altered", &flipped(&key, 200, 1), &data);
        add("key cut", &key[..255], &data);
        add("key empty", &[], &data);
        add("key too long", &longer(&key), &data);
        add("key above the modulus", &[0xFF; 256], &data);
        add("key zero", &[0; 256], &data);
        add("data empty", &key, &[]);
        add("data shorter than a vector", &key, &data[..5]);
        add("data of a vector alone", &key, &data[..16]);
        add("data cut", &key, &data[..last]);
        add("data too long", &key, &longer(&data));
        // The block before the last: what that does to the padding is no matter of chance.
        add("data altered at its end", &key, &flipped(&data, last - 16, 0xFF));
        let to = OURS.certificate.public_key();
        for length in [0, 1, 15, 16, 24, 31, 33] {
            let wrong = to.encrypt_oaep(style.transport.oaep(), &vec![7; length]).unwrap();
            add("content key of another length", &wrong, &data);
        }
        let other = ContentKey::generate(style.cipher).unwrap();
        let other = to.encrypt_oaep(style.transport.oaep(), other.as_bytes()).unwrap();
        add("another content key", &other, &data);
        let (key, data) = cipher_texts(&style, b"<a>\xFF\xFE</a>");
        add("plaintext not UTF-8", &key, &data);
        let (key, data) = cipher_texts(&style, b"");
        add("plaintext empty", &key, &data);
    }
    all
}

#[test]
fn enc_oracle_every_failure_is_one_and_costs_the_same() {
    opens(&message(&CBC));
    opens(&message(&GCM));
    let keys = [OURS.key(), STRANGER.key(), OURS.named_key()];
    for (what, xml) in failures() {
        let budget = Budget::new(5);
        let outcome = open_with(&xml, &keys, &budget);
        assert_eq!(outcome, Err(DecryptError::Failed), "{what}");
        assert_eq!(budget.left(), 2, "{what}");
    }
}

/// With CBC a wrong key now and then yields padding that counts and text that reads. The key that
/// stands in for one that does not open must not get away with it.
#[test]
fn enc_oracle_a_stand_in_key_never_succeeds() {
    let (key, data) = cipher_texts(&CBC, b"<a>012345</a>");
    assert_eq!(open(&assemble(&CBC, &key, &data)), Ok(b"<a>012345</a>".to_vec()));
    let xml = assemble(&CBC, &flipped(&key, 200, 1), &data);
    for _ in 0..1500 {
        fails(&xml);
    }
}

#[test]
fn enc_oracle_success_costs_as_much_as_failure() {
    let xml = message(&CBC);
    for keys in [[OURS.key(), STRANGER.key()], [STRANGER.key(), OURS.key()]] {
        let budget = Budget::new(5);
        assert_eq!(open_with(&xml, &keys, &budget), Ok(ASSERTION.into()));
        assert_eq!(budget.left(), 3);
    }
}

#[test]
fn enc_oracle_the_error_says_nothing_more() {
    assert_eq!(DecryptError::Failed.to_string(), "the decryption failed");
    assert_eq!(format!("{:?}", DecryptError::Failed), "Failed");
    assert_eq!(DecryptError::Failed.code(), "decryption_failed");
}

#[test]
fn enc_gcmtag() {
    let (key, data) = cipher_texts(&GCM, ASSERTION.as_bytes());
    opens(&assemble(&GCM, &key, &data));
    for kept in 0..16 {
        fails(&assemble(&GCM, &key, &data[..data.len() - 16 + kept]));
    }
    fails(&assemble(&GCM, &key, &[&*data, &data[data.len() - 16..]].concat()));
    // A vector and a tag, and nothing they could belong to.
    fails(&assemble(&GCM, &key, &[&data[..12], &data[data.len() - 16..]].concat()));
}

#[test]
fn enc_tamper_gcm() {
    let (key, data) = cipher_texts(&GCM, ASSERTION.as_bytes());
    opens(&assemble(&GCM, &key, &data));
    for at in (0..data.len()).step_by(7) {
        fails(&assemble(&GCM, &key, &flipped(&data, at, 1)));
    }
}

#[test]
fn enc_tamper_key() {
    for style in [CBC, GCM] {
        let (key, data) = cipher_texts(&style, ASSERTION.as_bytes());
        opens(&assemble(&style, &key, &data));
        for at in (0..key.len()).step_by(5) {
            fails(&assemble(&style, &flipped(&key, at, 1), &data));
        }
    }
}

#[test]
fn enc_tamper_cbc_padding() {
    // 15 bytes and one of padding: the byte before, in the vector, chooses what it decrypts to.
    let (key, data) = cipher_texts(&CBC, b"<a>0123456</a> ");
    let with_padding = |n: u8| assemble(&CBC, &key, &flipped(&data, 15, 1 ^ n));
    assert_eq!(open(&with_padding(1)), Ok(b"<a>0123456</a> ".to_vec()));
    assert_eq!(open(&with_padding(9)), Ok(b"<a>0123".to_vec()));
    for n in [0, 16, 17, 32, 127, 128, 255] {
        fails(&with_padding(n));
    }
}

/// Why a decrypted message counts for nothing by itself: CBC lets its text be chosen.
#[test]
fn enc_tamper_cbc_text_is_for_the_signature_to_notice() {
    let (key, data) = cipher_texts(&CBC, b"<a>0</a>");
    let changed = assemble(&CBC, &key, &flipped(&data, 3, b'0' ^ b'1'));
    assert_eq!(open(&changed), Ok(b"<a>1</a>".to_vec()));
    fails(&assemble(&CBC, &key, &flipped(&data, 3, 0x80)));
}

#[test]
fn enc_empty() {
    for style in [CBC, GCM] {
        let (key, data) = cipher_texts(&style, ASSERTION.as_bytes());
        opens(&assemble(&style, &key, &data));
        fails(&assemble(&style, &key, &[]));
        fails(&assemble(&style, &[], &data));
        fails(&assemble(&style, &[], &[]));
        for length in 0..48 {
            fails(&assemble(&style, &key, &data[..length]));
        }
        let (key, data) = cipher_texts(&style, b"");
        fails(&assemble(&style, &key, &data));
        let (key, data) = cipher_texts(&style, b" ");
        assert_eq!(open(&assemble(&style, &key, &data)), Ok(b" ".to_vec()));
    }
}

#[test]
fn enc_keylen_is_the_algorithms() {
    let to = OURS.certificate.public_key();
    for named in CipherAlgorithm::ALL {
        for used in CipherAlgorithm::ALL {
            let style = EncryptionStyle { cipher: named, ..GCM };
            let key = ContentKey::generate(used).unwrap();
            let encrypted_key = to.encrypt_oaep(style.transport.oaep(), key.as_bytes()).unwrap();
            let xml = assemble(&style, &encrypted_key, &key.encrypt(ASSERTION.as_bytes()).unwrap());
            if named == used { opens(&xml) } else { fails(&xml) }
        }
    }
}

#[test]
fn enc_rcpt() {
    let style = EncryptionStyle { shape: EncryptionShape::Beside, ..GCM };
    let xml = message(&style);
    opens(&xml);
    // What the key says of its recipient is not compared; whether it opens is what counts.
    let named = |recipient: &str| {
        let with = format!("<xenc:EncryptedKey Recipient=\"{recipient}\"");
        altered(&xml, "<xenc:EncryptedKey", &with)
    };
    opens(&named("https://rota.example.nhs.uk/saml"));
    opens(&named("https://other.example.nhs.uk/saml"));
    let theirs = wrap(&encrypt(ASSERTION, &STRANGER.certificate, &style).unwrap());
    fails(&theirs);
    let (_, their_key) = theirs.split_once("<xenc:EncryptedKey").unwrap();
    let both = altered(&xml, "</EncryptedAssertion>", &format!("<xenc:EncryptedKey{their_key}"));
    refused(&both, DecryptError::EncryptedKeys { found: 2 });
}
