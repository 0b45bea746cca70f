//! What holds for every input.

use proptest::prelude::*;

use super::canonical;
use crate::xml::C14n::{self, Exclusive, ExclusiveWithComments, Inclusive, InclusiveWithComments};
use crate::xml::{Document, Limits, Node};

/// Documents with every kind of content. Prefixes `a`, `b` and `c` are declared at the root, and
/// may be declared again further in.
pub(super) fn document() -> impl Strategy<Value = String> {
    let attribute = prop_oneof![
        Just(String::new()),
        "[a-c]='[ \t\n\r&&[^&]]{0,3}'".prop_map(|a| format!(" {a}")),
        "xmlns:[a-c]='urn:[12]'".prop_map(|a| format!(" {a}")),
        "xmlns='(urn:[12])?'".prop_map(|a| format!(" {a}")),
        "[a-c]:x=\"(&amp;|&#9;|&#xD;|&lt;|é|')*\"".prop_map(|a| format!(" {a}")),
    ];
    let name = "([a-c]:)?[r-t]";
    let text = prop_oneof![
        "[ -%'-;=?-~\t\r\n]{0,6}",
        "(&amp;|&lt;|&gt;|&#13;|&#x1F600;|é|\u{10FFFF}){1,3}",
        "<!\\[CDATA\\[[ -;=?-Z^-~&<\r\n]{0,6}\\]\\]>",
        "<!--[ -,.-~\r\n]{0,6}-->",
    ];
    let leaf = prop_oneof![text, (name, attribute.clone()).prop_map(|(n, a)| format!("<{n}{a}/>"))];
    let element = leaf.prop_recursive(5, 40, 5, move |inner| {
        (name, attribute.clone(), prop::collection::vec(inner, 0..5))
            .prop_map(|(n, a, inside)| format!("<{n}{a}>{}</{n}>", inside.concat()))
    });
    prop::collection::vec(element, 0..6).prop_map(|inside| {
        let inside = inside.concat();
        format!("<a:r xmlns:a='urn:1' xmlns:b='urn:2' xmlns:c='urn:1'>{inside}</a:r>")
    })
}

fn canonicalise_again(bytes: &str, method: C14n, prefixes: &[&str]) -> String {
    let document = Document::parse(bytes.as_bytes(), &Limits::METADATA).expect("canonical XML");
    canonical(document.root(), method, prefixes, None)
}

/// Everything a reader can see of a document, comments aside: the root's elements, one a line.
fn content(root: Node<'_>) -> Vec<String> {
    root.descendants()
        .map(|n| {
            let mut attributes: Vec<_> =
                n.attributes().map(|a| (a.namespace, a.local, a.value)).collect();
            attributes.sort_unstable();
            format!("{} {} {attributes:?} {:?}", n.namespace(), n.local_name(), n.text())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn canonical_xml_is_its_own_canonical_form(xml in document()) {
        let parsed = Document::parse(xml.as_bytes(), &Limits::MESSAGE);
        prop_assume!(parsed.is_ok());
        let parsed = parsed.unwrap();
        for method in [Exclusive, ExclusiveWithComments, Inclusive, InclusiveWithComments] {
            for prefixes in [&[][..], &["a", "#default"]] {
                for apex in parsed.elements() {
                    let once = canonical(apex, method, prefixes, None);
                    prop_assert_eq!(&canonicalise_again(&once, method, prefixes), &once);
                }
            }
        }
    }

    #[test]
    fn canonical_xml_reads_the_same(xml in document()) {
        let parsed = Document::parse(xml.as_bytes(), &Limits::MESSAGE);
        prop_assume!(parsed.is_ok());
        let parsed = parsed.unwrap();
        for method in [ExclusiveWithComments, InclusiveWithComments] {
            for apex in parsed.elements() {
                let bytes = canonical(apex, method, &[], None);
                let again = Document::parse(bytes.as_bytes(), &Limits::METADATA).unwrap();
                prop_assert_eq!(content(apex), content(again.root()));
            }
        }
    }

    #[test]
    fn a_span_is_the_element(xml in document()) {
        let parsed = Document::parse(xml.as_bytes(), &Limits::MESSAGE);
        prop_assume!(parsed.is_ok());
        let parsed = parsed.unwrap();
        for node in parsed.elements() {
            let text = xml.get(node.span()).unwrap();
            let close = format!("</{}", node.local_name());
            prop_assert!(text.starts_with('<') && text.ends_with('>'));
            prop_assert!(text.ends_with("/>") || text.contains(&close) || !node.prefix().is_empty());
        }
    }

    #[test]
    fn nothing_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        walk(&bytes);
    }

    #[test]
    fn nothing_panics_on_markup(
        tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..40)
    ) {
        walk(tokens.concat().as_bytes());
    }

    #[test]
    fn nothing_panics_on_a_changed_document(
        xml in document(),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..4,
        token in prop::sample::select(TOKENS),
    ) {
        let mut bytes = xml.into_bytes();
        let start = at.index(bytes.len());
        let end = start.saturating_add(cut).min(bytes.len());
        bytes.splice(start..end, token.bytes());
        walk(&bytes);
    }
}

pub(super) const TOKENS: &[&str] = &[
    "<",
    ">",
    "/",
    "</",
    "/>",
    "<a",
    "<a>",
    "</a>",
    "<a/>",
    "<p:a",
    "=",
    "'",
    "\"",
    " ",
    "\n",
    "\r",
    "\t",
    "&",
    ";",
    "&amp;",
    "&#",
    "&#x",
    "41",
    "&#0;",
    "&x;",
    "<!",
    "<!-",
    "<!--",
    "-->",
    "--",
    "<![",
    "<![CDATA[",
    "]]>",
    "]]",
    "]",
    "<?",
    "?>",
    "<?xml",
    " version='1.0'",
    "<?xml?>",
    "<!DOCTYPE",
    "<!DOCTYPE a [",
    "<!NOT",
    "<!ENTITY",
    "xmlns",
    "xmlns:p='urn:p'",
    " xmlns='a:b'",
    " xmlns=''",
    " ID='_1'",
    " a='1'",
    "xml:",
    "x",
    "é",
    "\u{FEFF}",
    "\u{10FFFF}",
    "\0",
    "#",
];

/// Goes over all that a document offers.
fn walk(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes, &Limits::MESSAGE) else { return };
    for node in document.elements() {
        let _ = (node.text(), node.parent(), node.attributes().count(), node.has_own_text());
        assert!(bytes.get(node.span()).is_some_and(|b| b.starts_with(b"<") && b.ends_with(b">")));
        let text = canonical(node, ExclusiveWithComments, &["#default", "p"], None);
        assert!(Document::parse(text.as_bytes(), &Limits::METADATA).is_ok(), "{text}");
        let text = canonical(node, Inclusive, &[], node.elements().next());
        assert!(Document::parse(text.as_bytes(), &Limits::METADATA).is_ok(), "{text}");
    }
}
