//! The inside of a start tag: the name, then attributes (XML 1.0 productions 40, 41 and 44); and
//! the XML declaration, which has the same form.

use super::error::XmlError;
use super::names::{QName, is_space, take_qname};

/// One attribute as written.
pub(super) struct RawAttribute<'a> {
    pub(super) name: QName<'a>,
    pub(super) value: &'a str,
}

/// Walks over the attributes of one tag.
pub(super) struct RawAttributes<'a> {
    rest: &'a str,
    position: usize,
}

fn trim_start(s: &str) -> &str {
    let spaces = s.bytes().take_while(|b| is_space(*b)).count();
    s.get(spaces..).unwrap_or("")
}

impl<'a> RawAttributes<'a> {
    /// `inside` is what follows the tag's name, up to `>` or `/>`.
    pub(super) fn new(inside: &'a str, position: usize) -> Self {
        Self { rest: inside, position }
    }

    /// The next attribute, or `None` at the end of the tag.
    pub(super) fn next(&mut self) -> Result<Option<RawAttribute<'a>>, XmlError> {
        let malformed = |what| XmlError::Malformed { what, position: self.position };
        let rest = trim_start(self.rest);
        if rest.is_empty() {
            return Ok(None);
        }
        if rest.len() == self.rest.len() {
            return Err(malformed("no white space before an attribute"));
        }
        let (name, after) = take_qname(rest)
            .filter(|(_, after)| after.bytes().next().is_some_and(ends_name))
            .ok_or_else(|| self.refused_name(rest))?;
        let after = trim_start(after)
            .strip_prefix('=')
            .ok_or_else(|| malformed("attribute without a value"))?;
        let after = trim_start(after);
        let (quote, body) = match after.as_bytes().first() {
            Some(&b'"') => (b'"', after.get(1..)),
            Some(&b'\'') => (b'\'', after.get(1..)),
            _ => return Err(malformed("attribute value without quotes")),
        };
        let body = body.unwrap_or("");
        let close = memchr::memchr(quote, body.as_bytes())
            .ok_or_else(|| malformed("attribute value without a closing quote"))?;
        let (value, closing) = body.split_at_checked(close).unwrap_or((body, ""));
        self.rest = closing.get(1..).unwrap_or("");
        Ok(Some(RawAttribute { name, value }))
    }

    /// What is wrong with something that does not start with a name and its end.
    fn refused_name(&self, rest: &str) -> XmlError {
        let end = rest.bytes().position(ends_name).unwrap_or(rest.len());
        let has_value = trim_start(rest.get(end..).unwrap_or("")).starts_with('=');
        let what = if has_value { "a name" } else { "attribute without a value" };
        XmlError::Malformed { what, position: self.position }
    }
}

fn ends_name(b: u8) -> bool {
    b == b'=' || is_space(b)
}

/// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, the last two optional, in this order
/// (XML 1.0 productions 23 to 32). `inside` is what stands between `<?xml` and `?>`.
pub(super) fn check_declaration(inside: &str) -> Result<(), XmlError> {
    let wrong = || XmlError::Malformed { what: "the XML declaration", position: 0 };
    let mut attributes = RawAttributes::new(inside, 0);
    let version = attributes.next()?.filter(|a| a.name.written == "version").ok_or_else(wrong)?;
    if version.value != "1.0" {
        return Err(XmlError::Version);
    }
    let mut next = attributes.next()?;
    if let Some(encoding) = next.as_ref().filter(|a| a.name.written == "encoding") {
        if !encoding.value.eq_ignore_ascii_case("utf-8") {
            return Err(XmlError::Encoding);
        }
        next = attributes.next()?;
    }
    if let Some(standalone) = next.as_ref().filter(|a| a.name.written == "standalone") {
        if !matches!(standalone.value, "yes" | "no") {
            return Err(wrong());
        }
        next = attributes.next()?;
    }
    next.map_or(Ok(()), |_| Err(wrong()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Result<Vec<(String, String)>, XmlError> {
        let mut attributes = RawAttributes::new(inside, 7);
        let mut all = Vec::new();
        while let Some(a) = attributes.next()? {
            all.push((a.name.written.to_owned(), a.value.to_owned()));
        }
        Ok(all)
    }

    #[test]
    fn well_formed() {
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(read("").unwrap(), vec![]);
        assert_eq!(read(" a='1'\n\tb = \"'2>\" ").unwrap(), [pair("a", "1"), pair("b", "'2>")]);
    }

    #[test]
    fn malformed() {
        for (bad, what) in [
            ("a='1'", "no white space before an attribute"),
            (" a='1'b='2'", "no white space before an attribute"),
            (" a", "attribute without a value"),
            (" a b='1'", "attribute without a value"),
            (" a=1", "attribute value without quotes"),
            (" a='1", "attribute value without a closing quote"),
            (" a=", "attribute value without quotes"),
        ] {
            assert_eq!(read(bad), Err(XmlError::Malformed { what, position: 7 }), "{bad}");
        }
    }
}
