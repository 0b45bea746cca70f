//! The XML, indented for reading, with a mark at the margin where a signature covers it.
//!
//! It is made from the text that came, not from a tree: prefixes, declarations and quotes are the
//! sender's. Only white space between elements is changed, which the page says above it.

use std::ops::Range;

/// Which signature covers a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// None.
    #[default]
    None,
    /// One that is not verified.
    Unverified,
    /// One that is, by a key of the metadata.
    Verified,
}

/// What a signature covers.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    pub(super) element: Range<usize>,
    /// The signature itself, which it does not cover.
    pub(super) except: Option<Range<usize>>,
    pub(super) mark: Mark,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) indent: usize,
    pub(super) text: String,
    pub(super) mark: Mark,
}

/// How wide a line may be before it is broken up.
const WIDTH: usize = 74;
/// Longer runs of text are certificates, keys and cipher texts.
const LONG_TEXT: usize = 160;
/// Deeper elements are not indented further.
const MAX_INDENT: usize = 24;

/// The lines of `xml`.
pub(super) fn lines(xml: &str, covers: &[Cover]) -> Vec<Line> {
    let tokens = tokens(xml);
    let mut lines = Vec::with_capacity(tokens.len());
    let mut depth = 0_usize;
    let mut rest = tokens.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        rest = behind;
        let mark = mark_at(covers, token.start);
        let mut push = |depth: usize, extra: usize, text: String| {
            let indent = depth.saturating_mul(2).min(MAX_INDENT).saturating_add(extra);
            lines.push(Line { indent, text, mark });
        };
        match token.kind {
            Kind::Text if token.text.trim().is_empty() => {}
            Kind::Text | Kind::Other => push(depth, 0, shorten(token.text)),
            Kind::Close => {
                depth = depth.saturating_sub(1);
                push(depth, 0, token.text.to_owned());
            }
            Kind::Open => {
                // A value stands on the line of its element when it fits.
                let inline = match rest {
                    [text, close, ..] if text.kind == Kind::Text && close.kind == Kind::Close => {
                        Some((shorten(text.text), *close, 2))
                    }
                    [close, ..] if close.kind == Kind::Close => Some((String::new(), *close, 1)),
                    _ => None,
                };
                let head = break_up(token.text);
                if let Some((value, close, taken)) = inline
                    && let [only] = head.as_slice()
                    && chars(only).saturating_add(chars(&value)).saturating_add(chars(close.text))
                        <= WIDTH
                {
                    push(depth, 0, [only, value.as_str(), close.text].concat());
                    rest = rest.get(taken..).unwrap_or_default();
                    continue;
                }
                for (line, text) in head.into_iter().enumerate() {
                    push(depth, if line == 0 { 0 } else { 4 }, text);
                }
                depth = depth.saturating_add(1);
            }
            Kind::Empty => {
                for (line, text) in break_up(token.text).into_iter().enumerate() {
                    push(depth, if line == 0 { 0 } else { 4 }, text);
                }
            }
        }
    }
    lines
}

fn mark_at(covers: &[Cover], at: usize) -> Mark {
    let covering = covers.iter().filter(|cover| {
        cover.element.contains(&at) && !cover.except.as_ref().is_some_and(|e| e.contains(&at))
    });
    covering.map(|cover| cover.mark).max().unwrap_or_default()
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// What is long is cut. What is not stays as it is: white space in a value is part of it.
fn shorten(text: &str) -> String {
    let length = chars(text);
    if length <= LONG_TEXT {
        return text.to_owned();
    }
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let beginning: String = words.join(" ").chars().take(40).collect();
    format!("{beginning}... ({length} characters)")
}

/// A tag, with each attribute on a line of its own when it is long.
fn break_up(tag: &str) -> Vec<String> {
    let mut parts: Vec<String> = vec![String::new()];
    let mut quote = None;
    for c in tag.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        let is_gap = quote.is_none() && c.is_ascii_whitespace();
        match parts.last_mut() {
            Some(last) if is_gap && last.is_empty() => {}
            Some(last) if !is_gap => last.push(c),
            _ => parts.push(String::new()),
        }
    }
    // `/>` after white space belongs to what stands before it.
    if let Some(end) = parts.pop_if(|last| matches!(last.as_str(), "/>" | ">" | ""))
        && let Some(last) = parts.last_mut()
    {
        last.push_str(if end == "/>" { " />" } else { &end });
    }
    let whole = parts.join(" ");
    if chars(&whole) <= WIDTH { vec![whole] } else { parts }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Empty,
    Text,
    /// Comments, sections of character data, declarations.
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Token<'x> {
    start: usize,
    text: &'x str,
    kind: Kind,
}

/// The pieces of a text that is, or should be, XML. Any text has pieces, and together they are it.
fn tokens(xml: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = xml;
    while !rest.is_empty() {
        let (length, kind) = first_token(rest);
        let (text, behind) = rest.split_at_checked(length.max(1)).unwrap_or((rest, ""));
        let start = xml.len().saturating_sub(rest.len());
        tokens.push(Token { start, text, kind });
        rest = behind;
    }
    tokens
}

fn first_token(text: &str) -> (usize, Kind) {
    let until = |end: &str| text.find(end).map_or(text.len(), |at| at.saturating_add(end.len()));
    if !text.starts_with('<') {
        return (text.find('<').unwrap_or(text.len()), Kind::Text);
    }
    if text.starts_with("<!--") {
        return (until("-->"), Kind::Other);
    }
    if text.starts_with("<![CDATA[") {
        return (until("]]>"), Kind::Other);
    }
    if text.starts_with("<?") || text.starts_with("<!") {
        return (until(">"), Kind::Other);
    }
    let end = tag_end(text);
    let length = end.map_or(text.len(), |at| at.saturating_add(1));
    let tag = text.get(..length).unwrap_or(text);
    let kind = if tag.starts_with("</") {
        Kind::Close
    } else if tag.ends_with("/>") {
        Kind::Empty
    } else {
        Kind::Open
    };
    (length, kind)
}

/// Where the first `>` stands that is not in quotes.
pub(super) fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.find(|c| match quote {
        Some(open) => {
            if c == open {
                quote = None;
            }
            false
        }
        None => {
            if matches!(c, '"' | '\'') {
                quote = Some(c);
            }
            c == '>'
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(xml: &str) -> String {
        let lines = lines(xml, &[]).into_iter();
        let lines: Vec<_> = lines.map(|l| format!("{}{}", " ".repeat(l.indent), l.text)).collect();
        lines.join("\n")
    }

    #[test]
    fn indentation() {
        assert_eq!(
            shown(
                "<?xml version=\"1.0\"?><a><b x='>'>v</b>\n\n<c /><d></d><e><!-- <f> --></e></a>"
            ),
            "<?xml version=\"1.0\"?>\n<a>\n  <b x='>'>v</b>\n  <c />\n  <d></d>\n  <e>\n    <!-- <f> -->\n  </e>\n</a>"
        );
        let long = "y".repeat(60);
        assert_eq!(
            shown(&format!("<a one=\"{long}\"\n two='a  b' />")),
            format!("<a\n    one=\"{long}\"\n    two='a  b' />")
        );
        let value = "z".repeat(200);
        let expected = format!("<a>{}... (200 characters)</a>", "z".repeat(40));
        assert_eq!(
            shown(&format!("<a>{value}</a>")).replace(['\n', ' '], ""),
            expected.replace(' ', "")
        );
    }

    #[test]
    fn marks() {
        let xml = "<r><a><s/><v>1</v></a><b/></r>";
        let cover = |element: Range<usize>, except, mark| Cover { element, except, mark };
        let covers = [
            cover(3..22, Some(6..10), Mark::Verified),
            cover(0..xml.len(), None, Mark::Unverified),
        ];
        let marks: Vec<_> = lines(xml, &covers).into_iter().map(|l| (l.text, l.mark)).collect();
        let expected = [
            ("<r>", Mark::Unverified),
            ("<a>", Mark::Verified),
            ("<s/>", Mark::Unverified),
            ("<v>1</v>", Mark::Verified),
            ("</a>", Mark::Verified),
            ("<b/>", Mark::Unverified),
            ("</r>", Mark::Unverified),
        ];
        let expected: Vec<_> = expected.iter().map(|(t, m)| ((*t).to_owned(), *m)).collect();
        assert_eq!(marks, expected);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole(text in "[<>/!?\\[\\]a\"'= é-]{0,80}") {
            let pieces: String = tokens(&text).iter().map(|t| t.text).collect();
            prop_assert_eq!(&pieces, &text);
            let _ = lines(&text, &[]);
        }
    }
}
