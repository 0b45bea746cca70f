//! Cuts messages up and sews them together again. A cut that changes nothing is an error: a
//! hostile message that is honest after all would be judged wrongly.

use super::case::Trouble;
use crate::dsig::DSIG_NAMESPACE;
use crate::xml::{C14n, Document, Limits, Node, canonicalise};

/// A text in three pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) before: String,
    pub(super) text: String,
    pub(super) behind: String,
}

impl Part {
    /// The text with `new` in the place of the part.
    pub(super) fn with(&self, new: &str) -> String {
        [&self.before, new, &self.behind].concat()
    }
}

fn parse(xml: &str) -> Result<Document<'_>, Trouble> {
    Document::parse(xml.as_bytes(), &Limits::METADATA).map_err(|error| Trouble::made(&error))
}

fn cut(xml: &str, start: usize, end: usize) -> Result<Part, Trouble> {
    let missing = || Trouble::Made("the cut is outside the text".to_owned());
    let (head, behind) = xml.split_at_checked(end).ok_or_else(missing)?;
    let (before, text) = head.split_at_checked(start).ok_or_else(missing)?;
    Ok(Part { before: before.to_owned(), text: text.to_owned(), behind: behind.to_owned() })
}

/// The `n`th element of this local name, counted from 0.
pub(super) fn nth(xml: &str, local: &str, n: usize) -> Result<Part, Trouble> {
    let document = parse(xml)?;
    let node = document.elements().filter(|node| node.local_name() == local).nth(n);
    let span = node.ok_or_else(|| Trouble::Made(format!("there is no {local}")))?.span();
    cut(xml, span.start, span.end)
}

/// The first element of this local name.
pub(super) fn part(xml: &str, local: &str) -> Result<Part, Trouble> {
    nth(xml, local, 0)
}

/// `xml` without the first element of this local name.
pub(super) fn without(xml: &str, local: &str) -> Result<String, Trouble> {
    Ok(part(xml, local)?.with(""))
}

/// `xml` with the first `from` changed into `to`.
pub(super) fn replace(xml: &str, from: &str, to: &str) -> Result<String, Trouble> {
    changed(xml, xml.replacen(from, to, 1), from)
}

/// `xml` with every `from` changed into `to`.
pub(super) fn replace_all(xml: &str, from: &str, to: &str) -> Result<String, Trouble> {
    changed(xml, xml.replace(from, to), from)
}

fn changed(old: &str, new: String, what: &str) -> Result<String, Trouble> {
    match old == new {
        true => Err(Trouble::Made(format!("nothing changed with {what:?}"))),
        false => Ok(new),
    }
}

/// Puts `new` before the first element of this local name.
pub(super) fn before(xml: &str, local: &str, new: &str) -> Result<String, Trouble> {
    let part = part(xml, local)?;
    Ok(part.with(&[new, &part.text].concat()))
}

/// Puts `new` behind the first element of this local name.
pub(super) fn after(xml: &str, local: &str, new: &str) -> Result<String, Trouble> {
    let part = part(xml, local)?;
    Ok(part.with(&[&part.text, new].concat()))
}

/// Puts `new` into the first element of this local name, behind its other content.
pub(super) fn inside(xml: &str, local: &str, new: &str) -> Result<String, Trouble> {
    let part = part(xml, local)?;
    let at = part.text.rfind("</").ok_or_else(|| Trouble::Made(format!("{local} is empty")))?;
    let inner = cut(&part.text, at, at)?;
    Ok(part.with(&inner.with(new)))
}

/// Gives the first element of this local name another content.
pub(super) fn set_text(xml: &str, local: &str, text: &str) -> Result<String, Trouble> {
    let part = part(xml, local)?;
    let missing = || Trouble::Made(format!("{local} has no content"));
    let start = part.text.find('>').ok_or_else(missing)?.saturating_add(1);
    let end = part.text.rfind("</").ok_or_else(missing)?;
    Ok(part.with(&cut(&part.text, start, end)?.with(text)))
}

/// Gives an attribute of the first element of this local name another value, or takes it away.
pub(super) fn set(
    xml: &str,
    local: &str,
    attribute: &str,
    value: Option<&str>,
) -> Result<String, Trouble> {
    let part = part(xml, local)?;
    let missing = || Trouble::Made(format!("{local} has no {attribute}"));
    let start = part.text.find(&format!(" {attribute}=\"")).ok_or_else(missing)?;
    let head = cut(&part.text, start, start)?;
    let rest = head.behind.splitn(3, '"').nth(2).ok_or_else(missing)?;
    let new = value.map_or_else(String::new, |value| format!(" {attribute}=\"{value}\""));
    Ok(part.with(&[&head.before, &new, rest].concat()))
}

/// Gives the first element of this local name one more attribute.
pub(super) fn add(xml: &str, local: &str, attribute: &str) -> Result<String, Trouble> {
    let part = part(xml, local)?;
    let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/');
    let at = part.text.find(is_end).unwrap_or(part.text.len());
    Ok(part.with(&cut(&part.text, at, at)?.with(&format!(" {attribute}"))))
}

/// Computes the value of the first signature anew with `sign`, which gets the canonical
/// `SignedInfo`.
pub(super) fn re_sign(
    xml: &str,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Trouble>,
) -> Result<String, Trouble> {
    let mut canonical = Vec::new();
    let document = parse(xml)?;
    canonicalise(signed_info(&document)?, C14n::Exclusive, &[], None, &mut canonical);
    let value = crate::xml::encode_base64(&sign(&canonical)?);
    set_text(xml, "SignatureValue", &value)
}

fn signed_info<'d>(document: &'d Document<'d>) -> Result<Node<'d>, Trouble> {
    document
        .elements()
        .find(|node| node.is(DSIG_NAMESPACE, "SignedInfo"))
        .ok_or_else(|| Trouble::Made("there is no SignedInfo".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<r xmlns=\"urn:r\"><i>1</i><a X=\"1\" Y=\"2\"><i>2</i></a></r>";

    #[test]
    fn cuts_are_where_they_should_be() {
        let ok = |xml: Result<String, Trouble>| xml.unwrap();
        assert_eq!(nth(XML, "i", 1).unwrap().text, "<i>2</i>");
        assert_eq!(ok(without(XML, "a")), "<r xmlns=\"urn:r\"><i>1</i></r>");
        assert_eq!(ok(set(XML, "a", "X", Some("3"))), XML.replace("X=\"1\"", "X=\"3\""));
        assert_eq!(ok(set(XML, "a", "Y", None)), XML.replace(" Y=\"2\"", ""));
        assert_eq!(ok(add(XML, "a", "Z=\"3\"")), XML.replace("<a ", "<a Z=\"3\" "));
        assert_eq!(ok(set_text(XML, "i", "x")), XML.replace("<i>1<", "<i>x<"));
        assert_eq!(ok(inside(XML, "a", "<b/>")), XML.replace("</a>", "<b/></a>"));
        assert_eq!(ok(before(XML, "a", "<b/>")), XML.replace("<a ", "<b/><a "));
        assert_eq!(ok(after(XML, "a", "<b/>")), XML.replace("</a>", "</a><b/>"));
    }

    #[test]
    fn a_cut_that_changes_nothing_is_an_error() {
        assert!(replace(XML, "y", "z").is_err());
        assert!(replace_all(XML, "urn:r", "urn:r").is_err());
        assert!(part(XML, "b").is_err());
        assert!(set(XML, "a", "Z", None).is_err());
        assert!(re_sign(XML, |_| Ok(Vec::new())).is_err());
    }
}
