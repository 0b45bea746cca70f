//! The tree and the walk over it.

use super::{accepted, find};
use crate::xml::{Children, GrammarError};

const XML: &str =
    "<r xmlns='urn:a' xmlns:p='urn:b'><s>x</s><!-- --><p:t a='1' p:a='2'><u/></p:t>y</r>";

#[test]
fn names_and_relations() {
    let document = accepted(XML);
    let root = document.root();
    assert_eq!(document.node_count(), 7);
    let names: Vec<_> = document.elements().map(|n| (n.prefix(), n.local_name())).collect();
    assert_eq!(names, [("", "r"), ("", "s"), ("p", "t"), ("", "u")]);
    let children: Vec<_> = root.elements().collect();
    assert_eq!(children, [find(&document, "s"), find(&document, "t")]);
    let u = find(&document, "u");
    assert_eq!(u.parent(), Some(find(&document, "t")));
    assert_eq!(root.parent(), None);
    assert!(root.contains(u) && root.contains(root) && u.contains(u));
    assert!(!u.contains(root) && !find(&document, "s").contains(u));
    let t = find(&document, "t");
    assert_eq!(t.descendants().count(), 2);
    // What follows an element is not inside it.
    assert_eq!(t.elements().collect::<Vec<_>>(), [u]);
    let document = accepted("<r><s><u/></s><v/><w/></r>");
    assert_eq!(find(&document, "s").elements().collect::<Vec<_>>(), [find(&document, "u")]);
    assert_eq!(find(&document, "v").elements().count(), 0);
}

#[test]
fn nodes_of_two_documents_differ() {
    let (one, other) = (accepted(XML), accepted(XML));
    assert_ne!(one.root(), other.root());
    assert!(!one.root().contains(other.root()));
}

#[test]
fn debug_shows_no_content() {
    let document = accepted("<NameID a='secret'>secret</NameID>");
    assert_eq!(format!("{:?}", document.root()), "<NameID #0>");
}

#[test]
fn spans_are_the_bytes_of_the_element() {
    for xml in [XML.to_owned(), format!("<?xml version='1.0'?>\n{XML}\n"), format!("\u{FEFF}{XML}")]
    {
        let document = accepted(&xml);
        let text = |local| xml.get(find(&document, local).span()).unwrap();
        assert_eq!(text("r"), XML);
        assert_eq!(text("s"), "<s>x</s>");
        assert_eq!(text("t"), "<p:t a='1' p:a='2'><u/></p:t>");
        assert_eq!(text("u"), "<u/>");
    }
}

#[test]
fn text_is_all_or_nothing() {
    let document = accepted(XML);
    assert_eq!(find(&document, "s").text(), Some("x"));
    assert_eq!(find(&document, "u").text(), Some(""));
    assert_eq!(find(&document, "r").text(), None);
    assert_eq!(find(&document, "t").text(), None);
    let markup = GrammarError::MarkupInValue { parent: "t".to_owned() };
    assert_eq!(find(&document, "t").value(), Err(markup));
    assert_eq!(find(&document, "s").value(), Ok("x"));
}

#[test]
fn text_beside_elements() {
    assert!(find(&accepted("<r> \r\n\t<s>x</s> </r>"), "r").has_own_text().eq(&false));
    for behind in ["<r><s><t/></s>x</r>", "<r><s/>x</r>", "<r><t/><s> </s>x</r>"] {
        assert!(!find(&accepted(behind), "s").has_own_text(), "{behind}");
    }
    for xml in ["<r>x<s/></r>", "<r><s/>x</r>", "<r>&#160;<s/></r>", "<r><![CDATA[x]]><s/></r>"] {
        let document = accepted(xml);
        assert!(document.root().has_own_text(), "{xml}");
        let error = GrammarError::UnexpectedText { parent: "r".to_owned() };
        assert_eq!(Children::of(document.root()).err(), Some(error), "{xml}");
    }
}

#[test]
fn required_attribute() {
    let document = accepted("<r xmlns:p='urn:a' a='' p:b='1'/>");
    assert_eq!(document.root().required_attribute("a"), Ok(""));
    let error = GrammarError::MissingAttribute { parent: "r".to_owned(), expected: "b" };
    assert_eq!(document.root().required_attribute("b"), Err(error));
}

#[test]
fn allowed_attributes() {
    let document = accepted("<r xmlns='urn:r' xmlns:p='urn:a' a='' b='' p:c='1'/>");
    let allow = |names: &[&str]| document.root().allow_attributes(names);
    assert_eq!(allow(&["b", "a", "d"]), Ok(()));
    let error = |found: &str| GrammarError::UnexpectedAttribute {
        parent: "r".to_owned(),
        found: found.to_owned(),
    };
    assert_eq!(allow(&["a"]), Err(error("b")));
    assert_eq!(allow(&["b", "c"]), Err(error("a")));
    assert_eq!(allow(&[]), Err(error("a")));
    assert_eq!(accepted("<r xmlns='urn:r'/>").root().allow_attributes(&[]), Ok(()));
}

#[test]
fn codes_of_the_grammar() {
    let (parent, found) = (String::new, String::new);
    for (error, code) in [
        (
            GrammarError::UnexpectedElement { parent: parent(), found: found() },
            "unexpected_element",
        ),
        (GrammarError::MissingElement { parent: parent(), expected: "" }, "missing_element"),
        (GrammarError::MissingAttribute { parent: parent(), expected: "" }, "missing_attribute"),
        (
            GrammarError::UnexpectedAttribute { parent: parent(), found: found() },
            "unexpected_attribute",
        ),
        (GrammarError::UnexpectedText { parent: parent() }, "unexpected_text"),
        (GrammarError::MarkupInValue { parent: parent() }, "markup_in_value"),
        (GrammarError::InvalidValue { what: "" }, "invalid_value"),
    ] {
        assert_eq!(error.code(), code);
    }
}

#[test]
fn children_in_order() {
    let document = accepted("<r xmlns='urn:a'> <a/> <!-- --> <b/> <b/> </r>");
    let mut children = Children::of(document.root()).unwrap();
    assert_eq!(children.optional("urn:a", "b"), None);
    assert!(children.required("urn:a", "a").unwrap().is("urn:a", "a"));
    assert_eq!(children.peek(), children.optional("urn:a", "b"));
    assert!(children.optional("urn:a", "b").is_some());
    let missing = GrammarError::MissingElement { parent: "r".to_owned(), expected: "c" };
    assert_eq!(children.required("urn:a", "c"), Err(missing));
    assert_eq!(children.end(), Ok(()));
}

#[test]
fn children_out_of_order() {
    let unexpected = |found: &str| GrammarError::UnexpectedElement {
        parent: "r".to_owned(),
        found: found.to_owned(),
    };
    let document = accepted("<r xmlns='urn:a'><b/><a/><x:a xmlns:x='urn:x'/></r>");
    let mut children = Children::of(document.root()).unwrap();
    assert_eq!(children.required("urn:a", "a"), Err(unexpected("b")));
    assert!(children.take().is_some());
    assert!(children.required("urn:a", "a").is_ok());
    assert_eq!(children.required("urn:a", "a"), Err(unexpected("a")));
    assert_eq!(children.end(), Err(unexpected("a")));
}
