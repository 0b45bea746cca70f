//! Character data and attribute values: references, line ends and white space.

use std::borrow::Cow;

use super::error::XmlError;
use super::limits::Budget;
use super::names::is_xml_char;

/// Line ends as XML 1.0 section 2.11 wants them: CR LF and CR become LF.
pub(super) fn normalise_line_ends(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\r', rest.as_bytes()) {
        let (plain, mut from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        // Many in a row are not searched for one by one.
        while let Some(after) = from.strip_prefix('\r') {
            from = after.strip_prefix('\n').unwrap_or(after);
            out.push('\n');
        }
        rest = from;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that a reference stands for. `body` is what is between `&` and `;`.
pub(super) fn resolve_reference(body: &str, position: usize) -> Result<char, XmlError> {
    let malformed = XmlError::Malformed { what: "character reference", position };
    if let Some(number) = body.strip_prefix('#') {
        let (digits, radix) = match number.strip_prefix('x') {
            Some(hex) => (hex, 16),
            None => (number, 10),
        };
        // `from_str_radix` would take a sign, and leading zeros without end.
        let fits = (1..=8).contains(&digits.len());
        if !fits || !digits.chars().all(|c| c.is_digit(radix)) {
            return Err(malformed);
        }
        let code = u32::from_str_radix(digits, radix).map_err(|_| malformed.clone())?;
        return char::from_u32(code).filter(|&c| is_xml_char(c)).ok_or(malformed);
    }
    match body {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(XmlError::Entity),
    }
}

/// An attribute value as XML 1.0 section 3.3.3 wants it: white space written raw becomes a space,
/// written as a reference it stays; references are resolved, and each counts as a token; `<` is
/// refused.
pub(super) fn normalise_attribute<'a>(
    raw: &'a str,
    position: usize,
    tokens: &mut Budget,
) -> Result<Cow<'a, str>, XmlError> {
    let plain = |b: u8| !matches!(b, b'&' | b'<' | b'\t' | b'\n' | b'\r');
    // No branch per byte, so that the compiler can use vector instructions.
    if raw.as_bytes().iter().fold(true, |all, b| all & plain(*b)) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut done = 0_usize;
    for (at, b) in raw.bytes().enumerate() {
        if plain(b) || at < done {
            continue;
        }
        if done < at {
            out.push_str(raw.get(done..at).unwrap_or(""));
        }
        done = at.saturating_add(1);
        match b {
            b'&' => {
                tokens.spend(1)?;
                let (body, _) = raw
                    .get(done..)
                    .and_then(|rest| rest.split_once(';'))
                    .ok_or(XmlError::Malformed { what: "'&' without a reference", position })?;
                out.push(resolve_reference(body, position)?);
                done = done.saturating_add(body.len()).saturating_add(1);
            }
            // Of CR LF, one space is left.
            b'\r' if raw.as_bytes().get(done) == Some(&b'\n') => {}
            b'\r' | b'\n' | b'\t' => out.push(' '),
            _ => return Err(XmlError::Malformed { what: "'<' in an attribute value", position }),
        }
    }
    out.push_str(raw.get(done..).unwrap_or(""));
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends() {
        assert_eq!(normalise_line_ends("a\r\nb\rc\n\r\r\n"), "a\nb\nc\n\n\n");
        assert!(matches!(normalise_line_ends("a\nb"), Cow::Borrowed(_)));
    }

    #[test]
    fn attribute_values() {
        let normal = |raw: &str| {
            normalise_attribute(raw, 0, &mut Budget::new("tokens", 5, 5)).map(Cow::into_owned)
        };
        assert_eq!(normal("a\r\nb\tc\nd\re").unwrap(), "a b c d e");
        assert_eq!(normal("&#13;&#xA;&#9;&amp;&quot;").unwrap(), "\r\n\t&\"");
        assert_eq!(normal("&amp;lt;").unwrap(), "&lt;");
        assert_eq!(normal("\r\r\n\n&#13;\n").unwrap(), "   \r ");
        assert_eq!(normal(&"&lt;".repeat(5)).unwrap(), "<<<<<");
        let limit = Err(XmlError::Limit { what: "tokens", limit: 5 });
        assert_eq!(normal(&"&lt;".repeat(6)), limit);
        assert_eq!(normal("&nbsp;"), Err(XmlError::Entity));
        for bad in ["a<b", "a&b", "&#0;", "&#xD800;", "&#-1;", "&#+1;", "&#;", "&#x110000;"] {
            let error = normal(bad).unwrap_err();
            assert_eq!(error.code(), "xml_malformed", "{bad}");
        }
    }
}
