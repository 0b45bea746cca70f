//! Characters and names of XML 1.0 (fifth edition) sections 2.2 and 2.3.

/// Whether `c` may stand in an XML 1.0 document (production 2, `Char`).
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// Whether every character of `s` may stand in an XML 1.0 document.
pub(super) fn all_xml_chars(s: &str) -> bool {
    // Whole chunks without a branch per byte, so that the compiler can use vector instructions.
    let suspicious = |chunk: &[u8]| {
        chunk.iter().fold(false, |bad, &b| {
            bad | ((b < 0x20) & (b != b'\t') & (b != b'\n') & (b != b'\r')) | (b == 0xEF)
        })
    };
    if !s.as_bytes().chunks(256).any(suspicious) {
        return true;
    }
    s.chars().all(is_xml_char)
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

const ASCII_START: u8 = 1;
const ASCII_NAME: u8 = 2;
const ASCII: [u8; 256] = ascii_classes();

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "evaluated by the compiler: a fault here is a build error"
)]
const fn ascii_classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 128 {
        let b = i as u8;
        if b.is_ascii_alphabetic() || b == b'_' {
            table[i] = ASCII_START | ASCII_NAME;
        } else if b.is_ascii_digit() || b == b'-' || b == b'.' {
            table[i] = ASCII_NAME;
        }
        i += 1;
    }
    table
}

fn ascii_class(b: u8) -> u8 {
    ASCII.get(usize::from(b)).copied().unwrap_or(0)
}

/// Whether `s` is an `NCName` (Namespaces in XML 1.0, production 4): a name without a colon. Every
/// SAML ID must be one (SAML Core 1.3.4, `xs:ID`).
pub fn is_ncname(s: &str) -> bool {
    let bytes = s.as_bytes();
    let Some((&first, rest)) = bytes.split_first() else {
        return false;
    };
    if s.is_ascii() {
        return ascii_class(first) & ASCII_START != 0
            && rest.iter().all(|&b| ascii_class(b) & ASCII_NAME != 0);
    }
    let mut chars = s.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Splits a qualified name into prefix (empty when there is none) and local part, or `None` when
/// it is not a `QName`.
pub(super) fn split_qname(name: &str) -> Option<(&str, &str)> {
    match memchr::memchr(b':', name.as_bytes()) {
        None => is_ncname(name).then_some(("", name)),
        Some(_) => {
            let (prefix, local) = name.split_once(':')?;
            (is_ncname(prefix) && is_ncname(local)).then_some((prefix, local))
        }
    }
}

/// Whether `uri` can name a namespace here: an absolute URI without white space or controls. A
/// relative one has no defined canonical form (Exclusive C14N section 1.3 builds on that).
pub(super) fn is_absolute_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return false;
    };
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && uri.bytes().all(|b| b > 0x20 && b != 0x7F && !matches!(b, b'<' | b'>' | b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ncnames() {
        for good in ["a", "_0", "id-1.2", "é", "_3f1c", "\u{10000}x"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "0a", "-a", ".a", "a:b", "a b", "a\"", "é\u{d7}", "a\u{0}", "·a"] {
            assert!(!is_ncname(bad), "{bad}");
        }
    }

    #[test]
    fn qnames() {
        assert_eq!(split_qname("a:b"), Some(("a", "b")));
        assert_eq!(split_qname("b"), Some(("", "b")));
        for bad in ["", ":", "a:", ":b", "a:b:c", "1:b"] {
            assert_eq!(split_qname(bad), None, "{bad}");
        }
    }

    #[test]
    fn xml_chars() {
        assert!(all_xml_chars("a\t\r\n\u{FFFD}\u{10FFFF}ïx"));
        for bad in ["\u{0}", "\u{1}", "\u{1f}", "\u{FFFE}", "\u{FFFF}"] {
            assert!(!all_xml_chars(&format!("{}{bad}", "x".repeat(300))));
        }
    }

    #[test]
    fn namespace_uris() {
        for good in ["urn:a", "http://h/a?b&c", "x+y:z"] {
            assert!(is_absolute_uri(good), "{good}");
        }
        for bad in ["", "a", "../a", "1:a", "urn:", "urn:a b", ":a", "http://h\n"] {
            assert!(!is_absolute_uri(bad), "{bad}");
        }
    }
}
