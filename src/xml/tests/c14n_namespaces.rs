//! Canonical bytes: namespaces. The expected bytes are worked out by hand from Canonical XML 1.0
//! section 2.3 and Exclusive XML Canonicalization 1.0 section 3.

use super::{accepted, canonical, find};
use crate::xml::C14n::{Exclusive, Inclusive};

/// The canonical forms of the element called `local`: inclusive, then exclusive.
#[track_caller]
fn both(xml: &str, local: &str, inclusive: &str, exclusive: &str) {
    let document = accepted(xml);
    let apex = find(&document, local);
    assert_eq!(canonical(apex, Inclusive, &[], None), inclusive, "inclusive {xml}");
    assert_eq!(canonical(apex, Exclusive, &[], None), exclusive, "exclusive {xml}");
}

/// The exclusive form of the element called `local` with a PrefixList.
#[track_caller]
fn listed(xml: &str, local: &str, prefixes: &[&str], expected: &str) {
    let document = accepted(xml);
    let apex = find(&document, local);
    assert_eq!(canonical(apex, Exclusive, prefixes, None), expected, "{prefixes:?} {xml}");
}

#[test]
fn declarations_are_sorted_by_prefix() {
    both(
        "<r xmlns:b='urn:1' xmlns:a='urn:2' xmlns='urn:3' b:x='' a:x=''/>",
        "r",
        r#"<r xmlns="urn:3" xmlns:a="urn:2" xmlns:b="urn:1" b:x="" a:x=""></r>"#,
        r#"<r xmlns="urn:3" xmlns:a="urn:2" xmlns:b="urn:1" b:x="" a:x=""></r>"#,
    );
}

#[test]
fn unused_declarations() {
    both(
        "<r xmlns:a='urn:a' xmlns:b='urn:b'><b:s><t xmlns:c='urn:c'/></b:s></r>",
        "r",
        r#"<r xmlns:a="urn:a" xmlns:b="urn:b"><b:s><t xmlns:c="urn:c"></t></b:s></r>"#,
        r#"<r><b:s xmlns:b="urn:b"><t></t></b:s></r>"#,
    );
}

#[test]
fn exclusive_writes_a_declaration_where_it_is_used() {
    both(
        "<r xmlns:a='urn:a'><a:s/><a:s/><t a:x=''><a:s/></t></r>",
        "r",
        r#"<r xmlns:a="urn:a"><a:s></a:s><a:s></a:s><t a:x=""><a:s></a:s></t></r>"#,
        concat!(
            r#"<r><a:s xmlns:a="urn:a"></a:s><a:s xmlns:a="urn:a"></a:s>"#,
            r#"<t xmlns:a="urn:a" a:x=""><a:s></a:s></t></r>"#,
        ),
    );
}

#[test]
fn superfluous_declarations() {
    both(
        "<a:r xmlns:a='urn:a' xmlns='urn:d'><a:s xmlns:a='urn:a' xmlns='urn:d'><t/></a:s></a:r>",
        "r",
        r#"<a:r xmlns="urn:d" xmlns:a="urn:a"><a:s><t></t></a:s></a:r>"#,
        r#"<a:r xmlns:a="urn:a"><a:s><t xmlns="urn:d"></t></a:s></a:r>"#,
    );
}

#[test]
fn redeclared_prefixes() {
    both(
        "<a:r xmlns:a='urn:1'><a:s xmlns:a='urn:2'><a:t xmlns:a='urn:1'/></a:s><a:u/></a:r>",
        "r",
        concat!(
            r#"<a:r xmlns:a="urn:1"><a:s xmlns:a="urn:2"><a:t xmlns:a="urn:1"></a:t></a:s>"#,
            r#"<a:u></a:u></a:r>"#,
        ),
        concat!(
            r#"<a:r xmlns:a="urn:1"><a:s xmlns:a="urn:2"><a:t xmlns:a="urn:1"></a:t></a:s>"#,
            r#"<a:u></a:u></a:r>"#,
        ),
    );
    // What lies between does not use the prefix, and exclusive has never seen it change.
    both(
        "<a:r xmlns:a='urn:1'><s xmlns:a='urn:2'><a:t xmlns:a='urn:1'/></s></a:r>",
        "r",
        r#"<a:r xmlns:a="urn:1"><s xmlns:a="urn:2"><a:t xmlns:a="urn:1"></a:t></s></a:r>"#,
        r#"<a:r xmlns:a="urn:1"><s><a:t></a:t></s></a:r>"#,
    );
}

#[test]
fn two_prefixes_of_one_namespace() {
    both(
        "<a:r xmlns:a='urn:1' xmlns:b='urn:1'><b:s a:x='' b:y=''/></a:r>",
        "r",
        r#"<a:r xmlns:a="urn:1" xmlns:b="urn:1"><b:s a:x="" b:y=""></b:s></a:r>"#,
        r#"<a:r xmlns:a="urn:1"><b:s xmlns:b="urn:1" a:x="" b:y=""></b:s></a:r>"#,
    );
}

#[test]
fn undeclared_default_namespace() {
    // Written only where the nearest one written says otherwise.
    both("<r xmlns=''><s xmlns=''/></r>", "r", "<r><s></s></r>", "<r><s></s></r>");
    both(
        "<r xmlns='urn:d'><s xmlns=''><t xmlns=''/><u xmlns='urn:d'/></s></r>",
        "r",
        r#"<r xmlns="urn:d"><s xmlns=""><t></t><u xmlns="urn:d"></u></s></r>"#,
        r#"<r xmlns="urn:d"><s xmlns=""><t></t><u xmlns="urn:d"></u></s></r>"#,
    );
    // Nothing uses the default namespace before it is undeclared.
    both(
        "<a:r xmlns:a='urn:a' xmlns='urn:d'><s xmlns=''/></a:r>",
        "r",
        r#"<a:r xmlns="urn:d" xmlns:a="urn:a"><s xmlns=""></s></a:r>"#,
        r#"<a:r xmlns:a="urn:a"><s></s></a:r>"#,
    );
    // A prefixed element between does not use it either.
    both(
        "<r xmlns='urn:d' xmlns:a='urn:a'><a:s xmlns=''><t/></a:s></r>",
        "r",
        r#"<r xmlns="urn:d" xmlns:a="urn:a"><a:s xmlns=""><t></t></a:s></r>"#,
        r#"<r xmlns="urn:d"><a:s xmlns:a="urn:a"><t xmlns=""></t></a:s></r>"#,
    );
    // As apex there is nothing to say.
    both("<r xmlns='urn:d'><s xmlns=''><t/></s></r>", "t", "<t></t>", "<t></t>");
}

#[test]
fn inherited_context_of_a_sub_tree() {
    let xml = "<r xmlns:a='urn:1' xmlns:b='urn:b' xmlns='urn:d'>\
               <m xmlns:a='urn:2' xmlns:c='urn:c'><a:s c:x=''><b:t/></a:s></m></r>";
    both(
        xml,
        "s",
        concat!(
            r#"<a:s xmlns="urn:d" xmlns:a="urn:2" xmlns:b="urn:b" xmlns:c="urn:c" c:x="">"#,
            r#"<b:t></b:t></a:s>"#,
        ),
        r#"<a:s xmlns:a="urn:2" xmlns:c="urn:c" c:x=""><b:t xmlns:b="urn:b"></b:t></a:s>"#,
    );
}

#[test]
fn xml_attributes_of_ancestors() {
    // Inclusive: those of every ancestor come along, the nearest first. Exclusive: never.
    both(
        "<r xml:lang='en' xml:space='preserve' b='1'><m xml:lang='cy'><s a='2'><t/></s></m></r>",
        "s",
        r#"<s a="2" xml:lang="cy" xml:space="preserve"><t></t></s>"#,
        r#"<s a="2"><t></t></s>"#,
    );
    both(
        "<r xml:lang='en'><s xml:lang='cy'/></r>",
        "s",
        r#"<s xml:lang="cy"></s>"#,
        r#"<s xml:lang="cy"></s>"#,
    );
    both(
        "<r xml:lang='en'><s/></r>",
        "r",
        r#"<r xml:lang="en"><s></s></r>"#,
        r#"<r xml:lang="en"><s></s></r>"#,
    );
    // An attribute of that name in another namespace is another one.
    both(
        "<r xml:lang='en'><s lang='1' p:lang='2' xmlns:p='urn:p'/></r>",
        "s",
        r#"<s xmlns:p="urn:p" lang="1" xml:lang="en" p:lang="2"></s>"#,
        r#"<s xmlns:p="urn:p" lang="1" p:lang="2"></s>"#,
    );
    // The root has no ancestor, and siblings are none.
    both("<r><q xml:lang='en'/><s/></r>", "s", "<s></s>", "<s></s>");
}

#[test]
fn the_prefix_xml_is_never_declared() {
    let xml = "<r xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'><xml:s/></r>";
    both(
        xml,
        "r",
        r#"<r xml:lang="en"><xml:s></xml:s></r>"#,
        r#"<r xml:lang="en"><xml:s></xml:s></r>"#,
    );
    listed(xml, "r", &["xml"], r#"<r xml:lang="en"><xml:s></xml:s></r>"#);
}

#[test]
fn prefix_list() {
    let xml =
        "<r xmlns:a='urn:a' xmlns:b='urn:b' xmlns='urn:d'><a:s><a:t xmlns:b='urn:2'/></a:s></r>";
    let plain = r#"<a:s xmlns:a="urn:a"><a:t></a:t></a:s>"#;
    listed(xml, "s", &[], plain);
    listed(xml, "s", &["a"], plain);
    listed(xml, "s", &["q"], plain);
    listed(
        xml,
        "s",
        &["b"],
        r#"<a:s xmlns:a="urn:a" xmlns:b="urn:b"><a:t xmlns:b="urn:2"></a:t></a:s>"#,
    );
    listed(xml, "s", &["#default"], r#"<a:s xmlns="urn:d" xmlns:a="urn:a"><a:t></a:t></a:s>"#);
    listed(
        xml,
        "s",
        &["b", "#default", "b", "q", "a"],
        concat!(
            r#"<a:s xmlns="urn:d" xmlns:a="urn:a" xmlns:b="urn:b">"#,
            r#"<a:t xmlns:b="urn:2"></a:t></a:s>"#,
        ),
    );
}

#[test]
fn prefix_list_and_the_undeclared_default_namespace() {
    let xml = "<r xmlns='urn:d'><a:s xmlns:a='urn:a'><a:t xmlns=''><u/></a:t></a:s></r>";
    listed(xml, "s", &[], r#"<a:s xmlns:a="urn:a"><a:t><u></u></a:t></a:s>"#);
    listed(
        xml,
        "s",
        &["#default"],
        r#"<a:s xmlns="urn:d" xmlns:a="urn:a"><a:t xmlns=""><u></u></a:t></a:s>"#,
    );
    listed(xml, "t", &["#default"], r#"<a:t xmlns:a="urn:a"><u></u></a:t>"#);
}

#[test]
fn prefix_list_across_levels_that_declare_other_things() {
    listed(
        "<r xmlns:a='urn:a'><s xmlns:b='urn:b'><t xmlns:a='urn:a'><u xmlns:a='urn:2'/></t></s></r>",
        "r",
        &["a"],
        r#"<r xmlns:a="urn:a"><s><t><u xmlns:a="urn:2"></u></t></s></r>"#,
    );
}

#[test]
fn namespace_names_are_escaped() {
    both(
        "<a:r xmlns:a='urn:a?b&amp;c'/>",
        "r",
        r#"<a:r xmlns:a="urn:a?b&amp;c"></a:r>"#,
        r#"<a:r xmlns:a="urn:a?b&amp;c"></a:r>"#,
    );
}

#[test]
fn the_inclusive_algorithms_take_no_prefix_list() {
    let document = accepted("<r xmlns:a='urn:a'><s/></r>");
    let s = find(&document, "s");
    let expected = r#"<s xmlns:a="urn:a"></s>"#;
    assert_eq!(canonical(s, Inclusive, &["b", "#default"], None), expected);
}

#[test]
fn the_assertion_of_ad_fs() {
    // As AD FS writes it: the default namespace declared again on the assertion, the signature's
    // prefix beside an unprefixed KeyInfo.
    let xml = concat!(
        r#"<samlp:Response ID="_r" xmlns:samlp="urn:p"><Issuer xmlns="urn:a">i</Issuer>"#,
        r#"<Assertion ID="_a" IssueInstant="t" Version="2.0" xmlns="urn:a"><Issuer>i</Issuer>"#,
        r#"<ds:Signature xmlns:ds="urn:ds"><ds:SignedInfo><ds:C A="c" /></ds:SignedInfo>"#,
        r#"<KeyInfo xmlns="urn:ds"><ds:X509Data>x</ds:X509Data></KeyInfo></ds:Signature>"#,
        r#"<Subject><NameID>n</NameID></Subject></Assertion></samlp:Response>"#,
    );
    let document = accepted(xml);
    let signature = find(&document, "Signature");
    let assertion = canonical(find(&document, "Assertion"), Exclusive, &[], Some(signature));
    assert_eq!(
        assertion,
        concat!(
            r#"<Assertion xmlns="urn:a" ID="_a" IssueInstant="t" Version="2.0">"#,
            r#"<Issuer>i</Issuer><Subject><NameID>n</NameID></Subject></Assertion>"#,
        )
    );
    let signed_info = canonical(find(&document, "SignedInfo"), Exclusive, &[], None);
    assert_eq!(
        signed_info,
        r#"<ds:SignedInfo xmlns:ds="urn:ds"><ds:C A="c"></ds:C></ds:SignedInfo>"#
    );
    let whole = canonical(signature, Exclusive, &[], None);
    assert_eq!(
        whole,
        concat!(
            r#"<ds:Signature xmlns:ds="urn:ds"><ds:SignedInfo><ds:C A="c"></ds:C></ds:SignedInfo>"#,
            r#"<KeyInfo xmlns="urn:ds"><ds:X509Data>x</ds:X509Data></KeyInfo></ds:Signature>"#,
        )
    );
}
