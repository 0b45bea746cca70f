//! Cuts a document into tokens, each in time linear in its length.

use super::error::XmlError;
use super::names::is_space;

/// One token. The text in it is as written: nothing is resolved or normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A start tag or an empty-element tag: what stands between `<` and `>` or `/>`.
    Start { inside: &'a str, is_empty: bool },
    /// An end tag: what stands between `</` and `>`.
    End { inside: &'a str },
    /// Character data up to the next markup or reference.
    Text(&'a str),
    /// What stands in a CDATA section.
    CData(&'a str),
    /// What stands between `&` and `;`.
    Reference(&'a str),
    /// What stands in a comment.
    Comment(&'a str),
    /// What stands in the XML declaration between `<?xml` and `?>`.
    Declaration(&'a str),
}

/// Walks over the tokens of `source`.
pub(super) struct Tokens<'a> {
    source: &'a str,
    /// Where the token at hand starts.
    start: usize,
    /// Where it ends.
    end: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, start: 0, end: 0 }
    }

    /// Offset of the first byte of the last token.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Offset behind the last byte of the last token.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The next token, or `None` at the end.
    ///
    /// # Errors
    /// [`XmlError::Malformed`] for a token that does not end, [`XmlError::Doctype`] and
    /// [`XmlError::ProcessingInstruction`] for what no document may hold here.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, XmlError> {
        self.start = self.end;
        let rest = self.source.get(self.start..).unwrap_or("");
        let (length, token) = match memchr::memchr2(b'<', b'&', rest.as_bytes()) {
            None if rest.is_empty() => return Ok(None),
            None => (rest.len(), Token::Text(rest)),
            Some(0) if rest.starts_with('<') => self.markup(rest)?,
            Some(0) => self.reference(rest)?,
            Some(length) => (length, Token::Text(rest.get(..length).unwrap_or(""))),
        };
        self.end = self.start.saturating_add(length);
        Ok(Some(token))
    }

    fn malformed(&self, what: &'static str) -> XmlError {
        XmlError::Malformed { what, position: self.start }
    }

    /// XML 1.0 production 67
    fn reference(&self, rest: &'a str) -> Result<(usize, Token<'a>), XmlError> {
        let after = rest.get(1..).unwrap_or("");
        match memchr::memchr3(b';', b'&', b'<', after.as_bytes()) {
            Some(end) if after.as_bytes().get(end) == Some(&b';') => {
                let body = after.get(..end).unwrap_or("");
                Ok((end.saturating_add(2), Token::Reference(body)))
            }
            _ => Err(self.malformed("'&' without a reference")),
        }
    }

    fn markup(&self, rest: &'a str) -> Result<(usize, Token<'a>), XmlError> {
        match rest.as_bytes().get(1) {
            Some(b'!') => self.bang(rest),
            Some(b'?') => self.declaration(rest),
            _ => self.tag(rest),
        }
    }

    /// XML 1.0 production 23; every other instruction is refused.
    fn declaration(&self, rest: &'a str) -> Result<(usize, Token<'a>), XmlError> {
        let inside = rest.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
        let (inside, after) = inside.ok_or(XmlError::ProcessingInstruction)?;
        let is_declaration = inside.bytes().next().is_none_or(is_space);
        if !is_declaration || self.start != 0 {
            return Err(XmlError::ProcessingInstruction);
        }
        Ok((rest.len().saturating_sub(after.len()), Token::Declaration(inside)))
    }

    /// XML 1.0 productions 40, 42 and 44
    fn tag(&self, rest: &'a str) -> Result<(usize, Token<'a>), XmlError> {
        let end =
            tag_end(rest.as_bytes()).ok_or_else(|| self.malformed("a tag that does not end"))?;
        let length = end.saturating_add(1);
        let inside = rest.get(1..end).unwrap_or("");
        let token = if let Some(inside) = inside.strip_prefix('/') {
            Token::End { inside }
        } else if let Some(inside) = inside.strip_suffix('/') {
            Token::Start { inside, is_empty: true }
        } else {
            Token::Start { inside, is_empty: false }
        };
        Ok((length, token))
    }

    /// Comments and CDATA sections. What else begins like them stands in a document type (DOCTYPE,
    /// ENTITY, ELEMENT, ATTLIST, NOTATION), and there is none.
    fn bang(&self, rest: &'a str) -> Result<(usize, Token<'a>), XmlError> {
        if rest.starts_with("<!-") {
            let inside = rest
                .strip_prefix("<!--")
                .and_then(|inside| inside.split_once("-->"))
                .ok_or_else(|| self.malformed("a comment that does not end"))?
                .0;
            return Ok((inside.len().saturating_add(7), Token::Comment(inside)));
        }
        if rest.starts_with("<![") {
            let inside = rest
                .strip_prefix("<![CDATA[")
                .and_then(|inside| inside.split_once("]]>"))
                .ok_or_else(|| self.malformed("a CDATA section that does not end"))?
                .0;
            return Ok((inside.len().saturating_add(12), Token::CData(inside)));
        }
        Err(XmlError::Doctype)
    }
}

/// Where the tag at the start of `bytes` has its `>`: the first one that does not stand in quotes.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut from = 0_usize;
    loop {
        let rest = bytes.get(from..)?;
        let found = memchr::memchr3(b'>', b'"', b'\'', rest)?;
        let quote = *rest.get(found)?;
        if quote == b'>' {
            return from.checked_add(found);
        }
        let value = rest.get(found.checked_add(1)?..)?;
        let length = memchr::memchr(quote, value)?;
        from = from.checked_add(found)?.checked_add(length)?.checked_add(2)?;
    }
}
