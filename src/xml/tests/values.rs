//! White space: what a reader sees must be what was signed.

use super::{accepted, refused};
use crate::xml::XmlError;

#[test]
fn line_ends_in_text() {
    for (xml, text) in [
        ("<r>a\r\nb</r>", "a\nb"),
        ("<r>a\rb</r>", "a\nb"),
        ("<r>a\n\rb</r>", "a\n\nb"),
        ("<r>a\r\r\nb</r>", "a\n\nb"),
        ("<r>\r</r>", "\n"),
        ("<r>a&#13;\nb</r>", "a\r\nb"),
        ("<r>a\r&#10;b</r>", "a\n\nb"),
        ("<r>a&#xD;&#xA;b</r>", "a\r\nb"),
        ("<r><![CDATA[a\r\nb\r]]>\n</r>", "a\nb\n\n"),
        ("<r>a\tb  c</r>", "a\tb  c"),
    ] {
        assert_eq!(accepted(xml).root().text(), Some(text), "{xml:?}");
    }
}

#[test]
fn attribute_white_space() {
    for (xml, value) in [
        ("<r a='x\ty'/>", "x y"),
        ("<r a='x\ny'/>", "x y"),
        ("<r a='x\r\ny'/>", "x y"),
        ("<r a='x\ry'/>", "x y"),
        ("<r a='x\n\ry'/>", "x  y"),
        ("<r a='x\r&#10;y'/>", "x \ny"),
        ("<r a='x&#9;&#10;&#13;y'/>", "x\t\n\ry"),
        ("<r a='x&#x9;&#xA;&#xD;y'/>", "x\t\n\ry"),
        ("<r a=' x  y '/>", " x  y "),
        ("<r a='&amp;#9;'/>", "&#9;"),
        ("<r a=''/>", ""),
    ] {
        assert_eq!(accepted(xml).root().attribute("a"), Some(value), "{xml:?}");
    }
}

#[test]
fn namespace_names_are_attribute_values_too() {
    let written = accepted("<p:r xmlns:p='urn:a&#45;b&amp;c'/>");
    assert_eq!(written.root().namespace(), "urn:a-b&c");
    // A reference to a space is a space, and no URI holds one.
    let what = "a namespace name must be an absolute URI";
    assert_eq!(refused("<p:r xmlns:p='urn:a&#32;'/>"), XmlError::Namespace { what, position: 0 });
}

#[test]
fn a_reference_is_resolved_once() {
    let document = accepted("<r a='&amp;lt;&#38;amp;'>&amp;lt;&#38;amp;&#x26;#65;</r>");
    assert_eq!(document.root().attribute("a"), Some("&lt;&amp;"));
    assert_eq!(document.root().text(), Some("&lt;&amp;&#65;"));
}
