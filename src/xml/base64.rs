use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64_simd::STANDARD as VECTORISED;

/// Decodes base64 as `xs:base64Binary` allows it: the standard alphabet with its canonical
/// padding, white space (space, tab, CR, LF) anywhere. Anything else is refused, bits behind the
/// padding included.
///
/// Returns `None` when `text` is not of this form.
pub fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    // Most messages hold no white space: look for it only when it is in the way.
    VECTORISED.decode_to_vec(text).ok().or_else(|| {
        let compact: Vec<u8> = text.iter().copied().filter(|b| !is_space(b)).collect();
        if compact.len() == text.len() { None } else { VECTORISED.decode_to_vec(compact).ok() }
    })
}

/// Encodes in the standard alphabet with padding, on one line.
pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The decoder that is fast and the one that is common agree, to the last bit.
        #[test]
        fn two_decoders_agree(text in "[A-Za-z0-9+/=_ -]{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            prop_assert_eq!(VECTORISED.decode_to_vec(&text).ok(), STANDARD.decode(&text).ok());
            let mut good = STANDARD.encode(&bytes).into_bytes();
            prop_assert_eq!(VECTORISED.decode_to_vec(&good).ok(), Some(bytes));
            if !good.is_empty() {
                let place = at.index(good.len());
                good[place] = byte;
                prop_assert_eq!(VECTORISED.decode_to_vec(&good).ok(), STANDARD.decode(&good).ok());
            }
        }
    }

    #[test]
    fn control() {
        assert_eq!(decode_base64(b"aGVsbG8="), Some(b"hello".to_vec()));
        assert_eq!(decode_base64(b" aGVs\r\nbG8\t= "), Some(b"hello".to_vec()));
        assert_eq!(decode_base64(b""), Some(Vec::new()));
    }

    #[test]
    fn control_of_what_is_written() {
        // The vectors of RFC 4648 section 10, and the two letters that other alphabets change.
        let words: [(&[u8], &str); 8] = [
            (b"", ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"fooba", "Zm9vYmE="),
            (b"foobar", "Zm9vYmFy"),
            (b"\xfb\xff", "+/8="),
        ];
        for (bytes, text) in words {
            assert_eq!(encode_base64(bytes), text);
            assert_eq!(decode_base64(text.as_bytes()).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn b64_1_to_5() {
        let bad: [&[u8]; 7] = [
            b"aGVsbG8",
            b"aGVsbG8=x",
            b"aGVsbG9=",
            b"aGVs-_8=",
            b"aG\0VsbG8=",
            b"aGVsbG8=aGVsbG8=",
            b"%61GVsbG8=",
        ];
        for text in bad {
            assert_eq!(decode_base64(text), None, "{}", String::from_utf8_lossy(text));
        }
    }
}
