use actix_saml::xml::{C14n, Document, Limits, Node, canonicalise};

use crate::judge::{self, Method};

/// So small that the limits are met.
const TIGHT: Limits =
    Limits { bytes: 2048, depth: 6, nodes: 24, tokens: 40, attributes: 3, namespaces: 4, name: 12 };

/// A document that is accepted keeps its limits, reads the same to another parser, and its
/// canonical form is its own canonical form.
pub fn parse(data: &[u8]) {
    if let Ok(document) = Document::parse(data, &TIGHT) {
        check_limits(&document, data, &TIGHT);
        assert!(Document::parse(data, &Limits::MESSAGE).is_ok(), "a limit that lets more in");
    }
    let Ok(document) = Document::parse(data, &Limits::MESSAGE) else { return };
    check_limits(&document, data, &Limits::MESSAGE);
    check_spans(&document, data);

    let text = std::str::from_utf8(data).expect("what is accepted is UTF-8");
    let text = judge::prepared(text);
    let other = judge::read(&text).expect("what is accepted is well-formed");
    for (c14n, exclusive, comments) in [
        (C14n::Exclusive, true, false),
        (C14n::ExclusiveWithComments, true, true),
        (C14n::Inclusive, false, false),
        (C14n::InclusiveWithComments, false, true),
    ] {
        let ours = canonical(document.root(), c14n);
        let method = Method { exclusive, comments, prefixes: &[] };
        assert_eq!(ours, judge::canonical(other.root_element(), method, None), "{c14n:?}");
        let again = Document::parse(ours.as_bytes(), &Limits::METADATA).expect("canonical XML");
        assert_eq!(ours, canonical(again.root(), c14n), "{c14n:?}");
        assert_eq!(content(&document), content(&again), "{c14n:?}");
    }
}

fn canonical(node: Node<'_>, c14n: C14n) -> String {
    let mut out = Vec::new();
    canonicalise(node, c14n, &[], None, &mut out);
    String::from_utf8(out).expect("canonical XML is UTF-8")
}

fn check_limits(document: &Document<'_>, data: &[u8], limits: &Limits) {
    assert!(data.len() <= limits.bytes && document.node_count() <= limits.nodes);
    for node in document.elements() {
        assert!(node.attributes().count() <= limits.attributes);
        let depth = std::iter::successors(Some(node), |n| n.parent()).count();
        assert!(depth <= limits.depth);
        let length = |prefix: &str, local: &str| {
            if prefix.is_empty() { local.len() } else { prefix.len() + 1 + local.len() }
        };
        assert!(length(node.prefix(), node.local_name()) <= limits.name);
        assert!(node.namespace().len() <= limits.name);
        assert!(node.attributes().all(|a| length(a.prefix, a.local) <= limits.name));
    }
}

/// Every element is where it says it is, inside its parent and behind the one before it.
fn check_spans(document: &Document<'_>, data: &[u8]) {
    for node in document.elements() {
        let span = node.span();
        let text = data.get(span.clone()).expect("a span inside the input");
        assert!(text.starts_with(b"<") && text.ends_with(b">"));
        let mut from = span.start + 1;
        for child in node.elements() {
            assert_eq!(child.parent(), Some(node));
            assert!(node.contains(child) && !child.contains(node));
            assert!(child.span().start >= from && child.span().end < span.end);
            from = child.span().end;
        }
    }
}

/// Elements with their attributes; text depends on whether comments were left out.
fn content<'d>(document: &'d Document<'_>) -> Vec<(&'d str, &'d str, Vec<[&'d str; 3]>)> {
    let of = |n: Node<'d>| {
        let mut attributes: Vec<_> =
            n.attributes().map(|a| [a.namespace, a.local, a.value]).collect();
        attributes.sort_unstable();
        (n.namespace(), n.local_name(), attributes)
    };
    document.elements().map(of).collect()
}
