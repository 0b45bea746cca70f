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

/// What an ASCII character may be part of, one bit each.
const NAME_START: u8 = 1;
const NAME: u8 = 2;
const SCHEME: u8 = 4;
const URI: u8 = 8;
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
        table[i] = match b {
            b'a'..=b'z' | b'A'..=b'Z' => NAME_START | NAME | SCHEME | URI,
            b'0'..=b'9' | b'-' | b'.' => NAME | SCHEME | URI,
            b'_' => NAME_START | NAME | URI,
            b'+' => SCHEME | URI,
            // RFC 3986 without `#`, which stands once, without `%`, which needs two digits, and
            // without `[` and `]`, which have a place in addresses only.
            b'~' | b':' | b'/' | b'?' | b'@' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*'
            | b',' | b';' | b'=' => URI,
            _ => 0,
        };
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
        return ascii_class(first) & NAME_START != 0
            && rest.iter().all(|&b| ascii_class(b) & NAME != 0);
    }
    let mut chars = s.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Whether two prefixes or namespace names are the same. Most are empty; then nothing is left to
/// compare, but the comparison would still touch memory at a dangling address, which some processors
/// take very long over.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && (a.is_empty() || a == b)
}

/// White space as XML 1.0 knows it (production 3, `S`).
pub(super) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

/// A qualified name (Namespaces in XML 1.0, production 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QName<'a> {
    /// The whole name, as written.
    pub(super) written: &'a str,
    /// Empty when there is none.
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
}

/// Takes the qualified name off the start of `s`: the name, and what is behind its last character.
/// `None` when `s` does not start with one.
pub(super) fn take_qname(s: &str) -> Option<(QName<'_>, &str)> {
    // Nearly every name is plain ASCII: one pass over the bytes finds its end and checks it.
    let bytes = s.as_bytes();
    let mut wanted = NAME_START;
    let mut colon = None;
    let mut end = 0_usize;
    while let Some(&b) = bytes.get(end) {
        if ascii_class(b) & wanted != 0 {
            wanted = NAME;
        } else if b == b':' && wanted == NAME && colon.is_none() {
            colon = Some(end);
            wanted = NAME_START;
        } else if b.is_ascii() {
            break;
        } else {
            return take_unicode_qname(s);
        }
        end = end.saturating_add(1);
    }
    if wanted == NAME_START {
        return None;
    }
    let (written, rest) = s.split_at_checked(end)?;
    let (prefix, local) = match colon {
        None => ("", written),
        Some(colon) => (written.get(..colon)?, written.get(colon.saturating_add(1)..)?),
    };
    Some((QName { written, prefix, local }, rest))
}

fn take_unicode_qname(s: &str) -> Option<(QName<'_>, &str)> {
    let end = s.find(|c| !is_name_char(c) && c != ':').unwrap_or(s.len());
    let (written, rest) = s.split_at_checked(end)?;
    let (prefix, local) = written.split_once(':').unwrap_or(("", written));
    let is_prefixed = local.len() < written.len();
    let is_good = is_ncname(local) && (!is_prefixed || is_ncname(prefix));
    is_good.then_some((QName { written, prefix, local }, rest))
}

/// Whether `uri` can name a namespace here: an absolute URI in the characters of RFC 3986. A
/// relative one has no defined canonical form (Canonical XML 1.0 section 1.3), and over one that is
/// no URI other canonicalisers stumble.
pub(super) fn is_absolute_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = memchr::memchr(b':', uri.as_bytes())
        .and_then(|colon| uri.as_bytes().split_at_checked(colon))
    else {
        return false;
    };
    let scheme_is_good = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|&b| ascii_class(b) & SCHEME != 0);
    // The colon is still there.
    scheme_is_good && rest.len() > 1 && is_uri_text(rest)
}

/// Characters of RFC 3986, with at most one `#`.
fn is_uri_text(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |&b| b == b'#');
    parts.all(|part| {
        let plain = |&b: &u8| ascii_class(b) & URI != 0;
        let mut bytes = part.iter();
        // A percent sign stands before two digits.
        bytes.all(plain) || is_percent_encoded(part, plain)
    })
}

fn is_percent_encoded(text: &[u8], plain: impl Fn(&u8) -> bool) -> bool {
    let mut bytes = text.iter();
    while let Some(b) = bytes.next() {
        let digits = || (0..2).all(|_| bytes.next().is_some_and(u8::is_ascii_hexdigit));
        if !plain(b) && (*b != b'%' || !{ digits }()) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ncnames() {
        for good in ["a", "_0", "a_0", "id-1.2", "é", "_3f1c", "\u{10000}x"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "0a", "-a", ".a", "a:b", "a b", "a\"", "é\u{d7}", "a\u{0}", "·a"] {
            assert!(!is_ncname(bad), "{bad}");
        }
    }

    #[test]
    fn qnames() {
        let taken = |s: &'static str| {
            take_qname(s).map(|(name, rest)| {
                let colon = if name.prefix.is_empty() { "" } else { ":" };
                assert_eq!(name.written, format!("{}{colon}{}", name.prefix, name.local));
                (name.prefix, name.local, rest)
            })
        };
        assert_eq!(taken("a:b"), Some(("a", "b", "")));
        assert_eq!(taken("b"), Some(("", "b", "")));
        assert_eq!(taken("é:b "), Some(("é", "b", " ")));
        assert_eq!(taken("a:é=1"), Some(("a", "é", "=1")));
        assert_eq!(taken("é"), Some(("", "é", "")));
        assert_eq!(taken("x-1:y.2\tz"), Some(("x-1", "y.2", "\tz")));
        // What is behind the name is for the caller to judge.
        for (s, rest) in [("a b", " b"), ("a/b", "/b"), ("a\0", "\0"), ("é d", " d"), ("a×", "×")]
        {
            assert_eq!(taken(s).map(|(_, _, rest)| rest), Some(rest), "{s}");
        }
        assert_eq!(taken("a:b:c"), Some(("a", "b", ":c")));
        for bad in [
            "", ":", " a", "a:", "a:/", ":b", "1:b", "a:1", "a::b", "é:", ":é", "×", "a:·", "·a:b",
            "é:b:c",
        ] {
            assert_eq!(taken(bad), None, "{bad}");
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
        for good in
            ["urn:a", "urn:a_b", "http://h/a?b&c", "x+y:z", "http://h/a#", "urn:%2F", "a:b'(c)"]
        {
            assert!(is_absolute_uri(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "../a",
            "1:a",
            "urn:",
            "urn:a b",
            ":a",
            "http://h\n",
            "//h/a",
            "#a",
            "urn:é",
            "urn:a#b#c",
            "urn:%2",
            "urn:%zz",
            "urn:{a}",
            "urn:a\\b",
            "urn:<a>",
            "urn:\u{7f}",
        ] {
            assert!(!is_absolute_uri(bad), "{bad}");
        }
    }
}
