use proptest::prelude::*;

use super::*;

static MESSAGES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let shapes = [
        EncryptionShape::AdFs,
        EncryptionShape::Inside,
        EncryptionShape::Beside,
        EncryptionShape::Retrieved,
    ];
    shapes.map(shaped).to_vec()
});

const FRAGMENTS: [&str; 8] =
    ["", "<", "\"", "=", "<xenc:CipherValue/>", "AAAA", "\u{0}", "<ds:KeyInfo></ds:KeyInfo>"];

proptest! {
    /// An altered message is refused or says what it said before. It never panics.
    #[test]
    fn altered_messages(
        which in 0..4_usize,
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..9_usize, 0..12_usize),
            1..3,
        ),
    ) {
        let mut bytes = MESSAGES[which].clone().into_bytes();
        for (at, what, length) in changes {
            let at = at.index(bytes.len());
            match FRAGMENTS.get(what) {
                Some(fragment) => {
                    let end = (at + length).min(bytes.len());
                    bytes.splice(at..end, fragment.bytes());
                }
                None => bytes[at] ^= 1 << (length % 8),
            }
        }
        if let Ok(document) = Document::parse(&bytes, &Limits::MESSAGE)
            && let Ok(plaintext) = decrypt(document.root(), &[OURS.key()], &Budget::new(4))
        {
            prop_assert_eq!(plaintext, ASSERTION.as_bytes());
        }
    }

    /// Cipher texts of any bytes fail, and never panic.
    #[test]
    fn arbitrary_cipher_texts(
        key in prop::collection::vec(any::<u8>(), 0..300),
        data in prop::collection::vec(any::<u8>(), 0..100),
        is_gcm in any::<bool>(),
    ) {
        let style = if is_gcm { EncryptionStyle::MODERN } else { EncryptionStyle::AD_FS };
        let (honest_key, honest_data) = cipher_texts(&style, ASSERTION.as_bytes());
        prop_assert_eq!(open(&assemble(&style, &key, &honest_data)), Err(DecryptError::Failed));
        let outcome = open(&assemble(&style, &honest_key, &data));
        if is_gcm {
            prop_assert_eq!(outcome, Err(DecryptError::Failed));
        } else if let Ok(plaintext) = outcome {
            // CBC takes what it is given: see the tests of ENC-TAMPER.
            prop_assert!(plaintext.len() < data.len());
        }
    }
}
