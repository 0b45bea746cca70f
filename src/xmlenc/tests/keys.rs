use super::*;
use crate::crypto::CryptoError;

#[test]
fn each_key_is_tried_whatever_the_order() {
    let xml = message(&EncryptionStyle::MODERN);
    for keys in [
        vec![OURS.key()],
        vec![STRANGER.key(), OURS.key()],
        vec![OURS.key(), STRANGER.key()],
        vec![STRANGER.key(), STRANGER.key(), STRANGER.key(), OURS.key()],
    ] {
        assert_eq!(open_with(&xml, &keys, &Budget::new(4)), Ok(ASSERTION.into()));
    }
    let outcome = open_with(&xml, &[STRANGER.key()], &Budget::new(4));
    assert_eq!(outcome, Err(DecryptError::Failed));
}

#[test]
fn keys_of_different_sizes_stand_beside_each_other() {
    let longer = PrivateKey::generate(KeyShape::Rsa3072).unwrap();
    let keys = [DecryptionKey::new(longer).unwrap(), OURS.key()];
    let xml = message(&EncryptionStyle::AD_FS);
    assert_eq!(open_with(&xml, &keys, &Budget::new(4)), Ok(ASSERTION.into()));
}

#[test]
fn the_serial_number_says_which_key_comes_first() {
    let xml = message(&EncryptionStyle::AD_FS);
    let keys = [STRANGER.named_key(), STRANGER.key(), OURS.named_key()];
    assert_eq!(open_with(&xml, &keys, &Budget::new(1)), Ok(ASSERTION.into()));

    let serial = OURS.certificate.serial_decimal().unwrap();
    let padded = altered(&xml, &serial, &format!("\n  00{serial}\n"));
    assert_eq!(open_with(&padded, &keys, &Budget::new(1)), Ok(ASSERTION.into()));

    let nobodys = altered(&xml, &serial, "12345");
    let outcome = open_with(&nobodys, &keys, &Budget::new(1));
    assert_eq!(outcome, Err(DecryptError::Failed));
}

#[test]
fn the_serial_number_is_only_a_hint() {
    let xml = message(&EncryptionStyle::AD_FS);
    let serial = OURS.certificate.serial_decimal().unwrap();
    let keys = [STRANGER.named_key(), OURS.named_key()];
    for other in [&STRANGER.certificate.serial_decimal().unwrap(), "12345", "", "0", "-1", "none"] {
        let misnamed = altered(&xml, &serial, other);
        let outcome = open_with(&misnamed, &keys, &Budget::new(4));
        assert_eq!(outcome, Ok(ASSERTION.into()), "{other}");
    }
}

#[test]
fn a_budget_ends_the_search() {
    let xml = message(&EncryptionStyle::MODERN);
    let keys = [STRANGER.key(), OURS.key()];
    let budget = Budget::new(1);
    assert_eq!(open_with(&xml, &keys, &budget), Err(DecryptError::Failed));
    assert_eq!(open_with(&xml, &keys, &budget), Err(DecryptError::Budget));
    assert_eq!(open_with(&xml, &keys, &Budget::new(2)), Ok(ASSERTION.into()));
}

#[test]
fn without_a_key_nothing_is_decrypted() {
    let xml = message(&EncryptionStyle::MODERN);
    let budget = Budget::new(4);
    assert_eq!(open_with(&xml, &[], &budget), Err(DecryptError::NoKey));
    assert_eq!(budget, Budget::new(4));
    // What is wrong with the shape is said first.
    let bad = altered(&xml, "</EncryptedAssertion>", "<x/></EncryptedAssertion>");
    let refusal = unexpected("EncryptedAssertion", "x");
    assert_eq!(open_with(&bad, &[], &budget), Err(refusal));
}

#[test]
fn a_decryption_key_is_rsa_and_has_its_own_certificate() {
    let elliptic = PrivateKey::generate(KeyShape::P256).unwrap();
    assert_eq!(DecryptionKey::new(elliptic).err(), Some(CryptoError::KeyKind));
    let mixed = DecryptionKey::with_certificate(OURS.private.clone(), &STRANGER.certificate);
    assert_eq!(mixed.err(), Some(CryptoError::CertificateMismatch));
    assert!(OURS.key().opens(&OURS.certificate) && OURS.named_key().opens(&OURS.certificate));
    assert!(!OURS.key().opens(&STRANGER.certificate));
    assert_eq!(
        format!("{:?}", OURS.key()),
        "DecryptionKey { key: PrivateKey(Rsa(2048)), serial: None }"
    );
}

#[test]
fn codes_are_stable_and_distinct() {
    let all = [
        (missing("a", "b"), "encryption_structure"),
        (DecryptError::Type { found: String::new() }, "encryption_type"),
        (
            DecryptError::Algorithm { role: AlgorithmRole::Content, uri: String::new() },
            "encryption_algorithm",
        ),
        (DecryptError::EncryptedKeys { found: 0 }, "encryption_keys"),
        (
            DecryptError::Reference { expected: String::new(), found: String::new() },
            "encryption_reference",
        ),
        (DecryptError::Base64("CipherValue"), "encryption_base64"),
        (DecryptError::NoKey, "decryption_no_key"),
        (DecryptError::Budget, "decryption_budget"),
        (DecryptError::Failed, "decryption_failed"),
    ];
    for (error, code) in all {
        assert_eq!(error.code(), code);
    }
}
