use actix_saml::xml::{C14n, Document, Limits, Node, XmlError, canonicalise, canonicalise_within};

use crate::judge::{self, Method};

/// What one step beyond the limit may add, markup of a whole start tag included.
const SLACK: usize = 128 * 1024;

/// Any method, apex, PrefixList and omitted element: the same bytes as the other canonicaliser's;
/// canonical again; the same as if the omitted element had never been there; within the limit.
///
/// Three bytes choose method, apex and what is omitted; then comes the PrefixList up to a line
/// feed, then the document.
pub fn c14n(data: &[u8]) {
    let Some(([method, apex, omit], rest)) = data.split_first_chunk::<3>() else { return };
    let Some(at) = rest.iter().position(|b| *b == b'\n') else { return };
    let (list, source) = (&rest[..at], &rest[at + 1..]);
    let Ok(source) = std::str::from_utf8(source) else { return };
    let Ok(list) = std::str::from_utf8(list) else { return };
    let prefixes: Vec<&str> = list.split_ascii_whitespace().take(32).collect();
    let Ok(document) = Document::parse(source.as_bytes(), &Limits::MESSAGE) else { return };

    let c14n = [
        C14n::Exclusive,
        C14n::ExclusiveWithComments,
        C14n::Inclusive,
        C14n::InclusiveWithComments,
    ][usize::from(method % 4)];
    let count = document.elements().count();
    let apex = document.elements().nth(usize::from(*apex) % count).expect("an element");
    let inside = apex.descendants().count();
    // The apex itself is never omitted: there would be nothing left.
    let omit = apex.descendants().nth(usize::from(*omit) % inside).filter(|n| *n != apex);

    let bytes = canonical(apex, c14n, &prefixes, omit);
    let text = std::str::from_utf8(&bytes).expect("canonical XML is UTF-8");

    // A judge who knows the standard alone.
    let prepared = judge::prepared(source);
    let other = judge::read(&prepared).expect("what is accepted is well-formed");
    let twin = |node: Node<'_>| {
        let place = document.elements().position(|n| n == node).expect("an element");
        other.descendants().filter(|n| n.is_element()).nth(place).expect("a twin")
    };
    let comments = matches!(c14n, C14n::ExclusiveWithComments | C14n::InclusiveWithComments);
    let exclusive = c14n.is_exclusive();
    let judged = Method { exclusive, comments, prefixes: &prefixes };
    let judged = judge::canonical(twin(apex), judged, omit.map(|n| twin(n).id()));
    assert_eq!(text, judged, "{c14n:?} {prefixes:?}");

    // Canonical XML is its own canonical form, and in any other context if it is exclusive.
    assert_eq!(text, canonical_text(text, 0, c14n, &prefixes), "{c14n:?} {prefixes:?}");
    if c14n.is_exclusive() && prefixes.is_empty() {
        let wrapped = format!("<p:w xmlns:p='urn:p' xmlns:a='urn:a'>{text}</p:w>");
        assert_eq!(text, canonical_text(&wrapped, 1, c14n, &[]), "{c14n:?}");
    }

    if let Some(omit) = omit {
        let (before, after) = (&source[..omit.span().start], &source[omit.span().end..]);
        let without = [before, after].concat();
        // Text around the hole may have become ill-formed.
        if let Ok(cut) = Document::parse(without.as_bytes(), &Limits::MESSAGE) {
            let start = apex.span().start;
            let apex = cut.elements().find(|n| n.span().start == start).expect("the apex");
            assert_eq!(bytes, canonical(apex, c14n, &prefixes, None));
        }
    }

    for limit in [0, bytes.len() / 2, bytes.len().saturating_sub(1), bytes.len()] {
        let mut out = Vec::new();
        match canonicalise_within(limit, apex, c14n, &prefixes, omit, &mut out) {
            Ok(()) => assert_eq!(out, bytes),
            Err(error) => {
                assert_eq!(error, XmlError::Limit { what: "canonical bytes", limit });
                assert!(limit < bytes.len(), "refused although it fits");
                assert!(out.len() <= limit + SLACK && bytes.starts_with(&out));
            }
        }
    }
}

fn canonical(apex: Node<'_>, c14n: C14n, prefixes: &[&str], omit: Option<Node<'_>>) -> Vec<u8> {
    let mut out = b"kept".to_vec();
    canonicalise(apex, c14n, prefixes, omit, &mut out);
    out.strip_prefix(b"kept").expect("appended").to_vec()
}

/// The canonical form of the `n`th element of `xml`.
fn canonical_text(xml: &str, n: usize, c14n: C14n, prefixes: &[&str]) -> String {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).expect("canonical XML");
    let apex = document.elements().nth(n).expect("an element");
    String::from_utf8(canonical(apex, c14n, prefixes, None)).expect("UTF-8")
}
