//! Threats 1.2: namespaces, everywhere in the document and not in its signed part alone.

use super::{accepted, malformed, namespace, refused};
use crate::xml::{XML_NAMESPACE, XMLNS_NAMESPACE};

const UNBOUND: &str = "a prefix without a declaration";
const XML: &str = "xml cannot be bound to another namespace";
const XMLNS: &str = "xmlns cannot be declared";
const UNDECLARED: &str = "a prefix cannot be undeclared";
const ABSOLUTE: &str = "a namespace name must be an absolute URI";
const TWICE: &str = "an attribute twice";
const NAME: &str = "a name";

#[test]
fn nswf_1_xml_and_xmlns_cannot_be_rebound() {
    for (xml, what) in [
        ("<r xmlns:xml='urn:a'/>".to_owned(), XML),
        ("<r xmlns:xml=''/>".to_owned(), XML),
        (format!("<r xmlns:p='{XML_NAMESPACE}'/>"), XML),
        (format!("<r xmlns='{XML_NAMESPACE}'/>"), XML),
        ("<r xmlns:xmlns='urn:a'/>".to_owned(), XMLNS),
        (format!("<r xmlns:xmlns='{XMLNS_NAMESPACE}'/>"), XMLNS),
        (format!("<r xmlns:p='{XMLNS_NAMESPACE}'/>"), XMLNS),
        (format!("<r xmlns='{XMLNS_NAMESPACE}'/>"), XMLNS),
        ("<xmlns:r/>".to_owned(), UNBOUND),
    ] {
        assert_eq!(refused(&xml), namespace(what, 0), "{xml}");
    }
    let twice = format!("<r xmlns:xml='{XML_NAMESPACE}' xmlns:xml='{XML_NAMESPACE}'/>");
    assert_eq!(refused(twice), malformed(TWICE, 0));
    let good = format!("<r xmlns:xml='{XML_NAMESPACE}' xml:lang='en'><xml:s/></r>");
    let document = accepted(&good);
    assert_eq!(document.root().attributes().next().unwrap().namespace, XML_NAMESPACE);
    assert_eq!(document.root().attribute("lang"), None);
    assert_eq!(document.root().elements().next().unwrap().namespace(), XML_NAMESPACE);
}

#[test]
fn nswf_2_every_prefix_is_bound() {
    for (xml, position) in [
        ("<p:r/>", 0),
        ("<r p:a='1'/>", 0),
        ("<r><s><t p:a='1'/></s></r>", 6),
        ("<r><p:s xmlns:p='urn:a'/><p:s/></r>", 25),
        ("<r xmlns:P='urn:a'><p:s/></r>", 19),
        ("<r xmlns:p='urn:a' q:a=''/>", 0),
    ] {
        assert_eq!(refused(xml), namespace(UNBOUND, position), "{xml}");
    }
    for xml in ["<r xmlns:p=''/>", "<r xmlns:p='urn:a'><s xmlns:p=''/></r>"] {
        let position = xml.find("<s").unwrap_or(0);
        assert_eq!(refused(xml), namespace(UNDECLARED, position), "{xml}");
    }
    // A declaration counts for the attributes written before it as well.
    let document = accepted("<p:r p:a='1' xmlns:p='urn:a'><p:s/></p:r>");
    assert!(document.root().is("urn:a", "r"));
    assert!(document.root().elements().all(|s| s.is("urn:a", "s")));
}

#[test]
fn nswf_2_the_default_namespace_can_be_undeclared() {
    let document = accepted("<r xmlns='urn:a'><s xmlns=''><t/><u xmlns='urn:b'/></s><v/></r>");
    let names: Vec<_> = document.elements().map(|n| (n.local_name(), n.namespace())).collect();
    assert_eq!(names, [("r", "urn:a"), ("s", ""), ("t", ""), ("u", "urn:b"), ("v", "urn:a")]);
}

#[test]
fn nswf_3_names_and_expanded_names() {
    for xml in ["<a:b:c xmlns:a='urn:a'/>", "<:r/>", "<r:/>", "<:/>", "<r a:b:c='1'/>"] {
        assert_eq!(refused(xml), malformed(NAME, 0), "{xml}");
    }
    for xml in
        ["<r xmlns:='urn:a'/>", "<r :a='1'/>", "<r xmlns:a:b='urn:a'/>", "<r xmlns:1='a:b'/>"]
    {
        assert_eq!(refused(xml), malformed(NAME, 0), "{xml}");
    }
    for xml in [
        "<r xmlns:p='urn:a' xmlns:q='urn:a' p:a='1' q:a='2'/>",
        "<r xmlns:p='urn:a' p:a='1' p:a='2'/>",
        "<r xmlns:p='urn:a' xmlns:p='urn:b'/>",
        "<r xmlns='urn:a' xmlns='urn:a'/>",
    ] {
        assert_eq!(refused(xml), malformed(TWICE, 0), "{xml}");
    }
    // Only together across two levels.
    let levels = "<r xmlns:p='urn:a'><s xmlns:q='urn:a' p:a='1' q:a='2'/></r>";
    assert_eq!(refused(levels), malformed(TWICE, 19));
    // The default namespace is not for attributes; another namespace makes another name.
    let good = accepted("<r xmlns='urn:a' xmlns:p='urn:a' xmlns:q='urn:b' a='1' p:a='2' q:a='3'/>");
    assert_eq!(good.root().attribute("a"), Some("1"));
    assert_eq!(good.root().attributes().count(), 3);
}

#[test]
fn void_1_relative_namespace_name() {
    for uri in ["a", "../a", "a/b", "//host/a", "/a", "?a", "#a", ".", "1:a", ":a", "a b:c"] {
        let xml = format!("<r xmlns:p='{uri}'/>");
        assert_eq!(refused(&xml), namespace(ABSOLUTE, 0), "{xml}");
        let inside = format!("<r><s xmlns='{uri}'/></r>");
        assert_eq!(refused(&inside), namespace(ABSOLUTE, 3), "{inside}");
    }
    accepted("<r xmlns:p='urn:a'><s xmlns='a:b'/></r>");
}

#[test]
fn void_2_namespace_name_that_is_no_uri() {
    for uri in ["urn:", "urn:%", "urn:%4", "urn:%zz", "urn:{a}", "urn:a|b", "urn:a#b#c", "h://[/"] {
        let xml = format!("<r xmlns:p='{uri}'/>");
        assert_eq!(refused(&xml), namespace(ABSOLUTE, 0), "{xml}");
    }
    accepted("<r xmlns:p='http://www.w3.org/2000/09/xmldsig#' xmlns:q='urn:%41'/>");
}

#[test]
fn void_3_white_space_and_foreign_letters_in_a_namespace_name() {
    for uri in ["urn:a ", " urn:a", "urn:a&#10;", "urn:a\tb", "urn:\u{e9}", "urn:a\u{200b}", " "] {
        let xml = format!("<r xmlns:p='{uri}'/>");
        assert_eq!(refused(&xml), namespace(ABSOLUTE, 0), "{xml:?}");
    }
    // Names are compared byte for byte: these are two namespaces, and a case apart makes two more.
    let xml = "<r xmlns:p='urn:a' xmlns:q='urn:%61' xmlns:s='URN:a' p:a='' q:a='' s:a=''/>";
    assert_eq!(accepted(xml).root().attributes().count(), 3);
}

#[test]
fn pollution_1_attributes_by_expanded_name() {
    let document = accepted("<r xmlns:p='urn:a' p:ID='_2' id='_3'/>");
    assert_eq!(document.root().attribute("ID"), None);
    let document = accepted("<r xmlns:p='urn:a' p:ID='_2' ID='_1'/>");
    assert_eq!(document.root().attribute("ID"), Some("_1"));
}

#[test]
fn nsconf_1_namespaces_are_compared_exactly() {
    let saml = "urn:oasis:names:tc:SAML:2.0:assertion";
    for other in [
        "urn:oasis:names:tc:SAML:2.0:assertion/",
        "urn:oasis:names:tc:SAML:2.0:Assertion",
        "URN:oasis:names:tc:SAML:2.0:assertion",
        "urn:oasis:names:tc:SAML:2.0:assertio%6e",
    ] {
        let xml = format!("<Assertion xmlns='{other}'/>");
        assert!(!accepted(&xml).root().is(saml, "Assertion"), "{other}");
    }
    assert!(!accepted("<Assertion/>").root().is(saml, "Assertion"));
    let xml = format!("<Assertion xmlns='{saml}'/>");
    assert!(accepted(&xml).root().is(saml, "Assertion"));
    assert!(!accepted(&xml).root().is(saml, "assertion"));
}
