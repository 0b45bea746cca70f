//! Bytes that are no document, or too much of one: before a single rule of SAML is looked at.

use std::io::Write as _;

use actix_saml::saml::{Assertion, Rejection, validate};
use actix_saml::xml::decode_base64;
use actix_saml::xml::{Limits, XmlError};

use crate::fixture::{Message, expectations, honest, now};
use crate::keys_of_tests::IDP_KEY;
use crate::refusal::malformed;
use crate::surgery::extensions;

fn verdict(bytes: &[u8]) -> Result<Assertion, Rejection> {
    validate(bytes, &expectations(), &IDP_KEY.alone(), now())
}

fn with_doctype(doctype: &str) -> Message {
    Message(format!("{doctype}{}", honest().0))
}

fn doctype_refused(doctypes: &[&str]) {
    for doctype in doctypes {
        with_doctype(doctype).refused(XmlError::Doctype.into());
    }
}

#[test]
fn wf_1() {
    let two_roots = format!("{0}{0}", honest().0);
    assert_eq!(malformed(verdict(two_roots.as_bytes())), "a second root element");
    let two_roots = format!("{}<x/>", honest().0);
    assert_eq!(malformed(verdict(two_roots.as_bytes())), "a second root element");
}

#[test]
fn wf_2() {
    let text = honest().0;
    for junk in [
        format!("x{text}"),
        format!("{text}x"),
        format!("{text}&#32;"),
        format!("<![CDATA[]]>{text}"),
        format!("\u{feff}\u{feff}{text}"),
    ] {
        assert_eq!(malformed(verdict(junk.as_bytes())), "text outside the root element");
    }
    for (end, what) in [
        ("", "the document ends too early"),
        ("<", "a tag that does not end"),
        ("<samlp:Response", "a tag that does not end"),
        ("<Response>", "the document ends too early"),
        ("<Response><!-- </Response>", "a comment that does not end"),
        ("<Response><![CDATA[</Response>", "a CDATA section that does not end"),
    ] {
        assert_eq!(malformed(verdict(end.as_bytes())), what, "{end}");
    }
    for fine in [
        format!("\u{feff}{text}"),
        format!(" \r\n{text}\n"),
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}"),
    ] {
        assert_eq!(verdict(fine.as_bytes()), verdict(text.as_bytes()));
        Message(fine).accepted();
    }
}

#[test]
fn wf_3() {
    for version in ["1.1", "2.0", "1", ""] {
        let text = format!("<?xml version=\"{version}\"?>{}", honest().0);
        assert_eq!(verdict(text.as_bytes()), Err(XmlError::Version.into()), "{version}");
    }
    Message(format!("<?xml version=\"1.0\"?>{}", honest().0)).accepted();
    // NEL ends a line in XML 1.1 only. Here it is text.
    assert_eq!(
        honest().edit("<samlp:Status>", "<samlp:Status>\u{85}").verdict(),
        Err(crate::refusal::text_in("Status").into())
    );
}

#[test]
fn wf_4() {
    for bad in ["\u{0}", "\u{1}", "\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
        let message = honest().edit("ward 7", &format!("ward{bad}7"));
        assert_eq!(malformed(message.verdict()), "a character that XML does not allow");
    }
    for bad in [
        "&#0;",
        "&#x0;",
        "&#x1;",
        "&#xD800;",
        "&#xFFFE;",
        "&#x110000;",
        "&#-1;",
        "&#;",
        "&#x;",
        "&#12a;",
    ] {
        let message = honest().edit("ward 7", &format!("ward{bad}7"));
        assert_eq!(malformed(message.verdict()), "character reference", "{bad}");
    }
    // A lone surrogate is no UTF-8 at all.
    let mut bytes = honest().0.into_bytes();
    bytes.splice(0..0, [0xED, 0xA0, 0x80]);
    assert_eq!(verdict(&bytes), Err(XmlError::Encoding.into()));
}

#[test]
fn wf_5() {
    for (from, to, what) in [
        ("</samlp:Status>", "</samlp:status>", "an end tag without its start tag"),
        ("</samlp:Status>", "</Status>", "an end tag without its start tag"),
        ("</samlp:Status>", "", "an end tag without its start tag"),
        (
            "Version=\"2.0\" IssueInstant=",
            "Version=2.0 IssueInstant=",
            "attribute value without quotes",
        ),
        (
            "Version=\"2.0\" IssueInstant=",
            "Version=\"2.0\"IssueInstant=",
            "no white space before an attribute",
        ),
        (
            "Version=\"2.0\" IssueInstant=",
            "Version=\"2<0\" IssueInstant=",
            "'<' in an attribute value",
        ),
        (
            "Version=\"2.0\" IssueInstant=",
            "Version=\"2&0\" IssueInstant=",
            "'&' without a reference",
        ),
        ("Version=\"2.0\" IssueInstant=", "Version IssueInstant=", "attribute without a value"),
        ("ward 7", "ward ]]> 7", "']]>' in text"),
        ("ward 7", "<!-- -- -->ward 7", "'--' in a comment"),
    ] {
        let message = honest().edit(from, to);
        assert_eq!(malformed(message.verdict()), what, "{to}");
    }
}

#[test]
fn dtd_1() {
    doctype_refused(&[
        "<!DOCTYPE samlp:Response>",
        "<!DOCTYPE samlp:Response [<!ENTITY who \"test.admin9@nhs.net\">]>",
        "<?xml version=\"1.0\"?>\n<!DOCTYPE samlp:Response []>",
        "<!-- x --><!DOCTYPE r>",
    ]);
    // Without the declaration the entity means nothing.
    let entity = honest().edit("ward 7", "&who;");
    entity.refused(XmlError::Entity.into());
}

#[test]
fn dtd_2() {
    doctype_refused(&[
        "<!DOCTYPE samlp:Response [<!ATTLIST Assertion xmlns CDATA #FIXED \"urn:x\">]>",
        "<!DOCTYPE samlp:Response [<!ATTLIST NameID SPNameQualifier CDATA \"x\">]>",
    ]);
}

#[test]
fn dtd_3() {
    doctype_refused(&["<!DOCTYPE samlp:Response [<!ATTLIST Assertion Name ID #IMPLIED>]>"]);
}

#[test]
fn dtd_4() {
    let text = honest().0;
    for (from, to) in [
        ("<samlp:Status>", "<!DOCTYPE x><samlp:Status>"),
        ("</samlp:Response>", "</samlp:Response><!DOCTYPE x>"),
        ("ward 7", "<!DOCTYPE x [<!ENTITY y 'z'>]>ward 7"),
    ] {
        Message(text.clone()).edit(from, to).refused(XmlError::Doctype.into());
    }
}

#[test]
fn dtd_5() {
    let id = honest().edit("<Assertion ID=\"_", "<Assertion ID=\"&x;_");
    id.clone().refused(XmlError::Entity.into());
    Message(format!("<!DOCTYPE r [<!ENTITY x \"\">]>{}", id.0)).refused(XmlError::Doctype.into());
}

#[test]
fn dtd_6() {
    doctype_refused(&[
        "<!DOCTYPE r [<!NOTATION n SYSTEM \"a'>]>--><![CDATA[\">]>",
        "<!DOCTYPE r [<!-- ]> -->]>",
        "<!DOCTYPE r [<!ENTITY a '<![CDATA['>]>",
        "<!DOCTYPE r [<?p ]>?>]>",
        "<!doctype r>",
    ]);
}

#[test]
fn xxe_1() {
    doctype_refused(&[
        "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>",
        "<!DOCTYPE r [<!ENTITY x PUBLIC \"p\" \"http://127.0.0.1:9/\">]>",
    ]);
}

#[test]
fn xxe_2() {
    doctype_refused(&[
        "<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/evil.dtd\">",
        "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/\"> %p;]>",
    ]);
}

#[test]
fn bomb_1() {
    let mut laughs = String::from("<!DOCTYPE r [<!ENTITY l0 \"ha\">");
    for level in 1..30 {
        let inner = format!("&l{};", level - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY l{level} \"{inner}\">"));
    }
    laughs.push_str("]>");
    doctype_refused(&[&laughs]);
    honest().edit("ward 7", "&l29;").refused(XmlError::Entity.into());
}

#[test]
fn bomb_2() {
    let long = format!("<!DOCTYPE r [<!ENTITY a \"{}\">]>", "a".repeat(50_000));
    doctype_refused(&[&long]);
    honest().edit("ward 7", &"&a;".repeat(50_000)).refused(XmlError::Entity.into());
}

#[test]
fn enc_1() {
    let text = honest().0;
    let utf_16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(order).collect()
    };
    for bytes in [utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes)] {
        assert_eq!(verdict(&bytes), Err(XmlError::Encoding.into()));
    }
    // Without a byte order mark the bytes are UTF-8, full of NUL.
    let bare: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(malformed(verdict(&bare)), "a character that XML does not allow");
    let utf_32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    assert_eq!(malformed(verdict(&utf_32)), "a character that XML does not allow");
}

#[test]
fn enc_2() {
    for encoding in [
        "utf-16",
        "UTF-7",
        "utf-32",
        "ISO-8859-1",
        "windows-1252",
        "ebcdic-cp-us",
        "CESU-8",
        "utf8",
        "",
    ] {
        let text = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{}", honest().0);
        assert_eq!(verdict(text.as_bytes()), Err(XmlError::Encoding.into()), "{encoding}");
    }
    for encoding in ["utf-8", "UTF-8"] {
        Message(format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{}", honest().0))
            .accepted();
    }
}

#[test]
fn enc_3() {
    // Declared as UTF-8, written in Latin-1.
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>{}",
        honest().edit("ward 7", "ward \u{e9}").0
    );
    let latin_1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(verdict(&latin_1), Err(XmlError::Encoding.into()));
    // A document type in UTF-7 is text before the root here.
    let utf_7 = format!("+ADwAIQ-DOCTYPE r+AD4-{}", honest().0);
    assert_eq!(malformed(verdict(utf_7.as_bytes())), "text outside the root element");
}

#[test]
fn enc_4() {
    let text = honest().0;
    let at = text.find("ward 7").unwrap();
    for bad in [
        &[0xC0, 0xBC][..],                     // '<', overlong
        &[0xE0, 0x80, 0xBC],                   // longer still
        &[0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], // surrogates, as CESU-8 writes them
        &[0xF4, 0x90, 0x80, 0x80],             // above U+10FFFF
        &[0xC0, 0x80],                         // NUL, as Java writes it
        &[0xFF],
        &[0xC3],
    ] {
        let mut bytes = text.clone().into_bytes();
        bytes.splice(at..at, bad.iter().copied());
        assert_eq!(verdict(&bytes), Err(XmlError::Encoding.into()), "{bad:x?}");
    }
}

#[test]
fn deflate_1() {
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(honest().0.as_bytes()).unwrap();
    // By POST nothing is inflated.
    assert_eq!(verdict(&deflate.finish().unwrap()), Err(XmlError::Encoding.into()));
}

#[test]
fn size_1() {
    let padding = " ".repeat(1_048_576);
    let huge = format!("{padding}{}", honest().0);
    assert_eq!(
        verdict(huge.as_bytes()),
        Err(XmlError::Limit { what: "bytes", limit: 1_048_576 }.into())
    );
    let large = honest().0.len();
    Message(format!("{}{}", &padding[large..], honest().0)).accepted();
}

#[test]
fn dos_limits() {
    let Limits { depth, nodes, attributes, namespaces, name, .. } = Limits::MESSAGE;
    let limit = |what, limit| Rejection::from(XmlError::Limit { what, limit });
    let extend = |inside: String| honest().edit("<samlp:Status>", &extensions(&inside));

    // Two elements are around it.
    let nested =
        |n| extend(format!("<y xmlns=\"urn:x\">{}{}</y>", "<y>".repeat(n), "</y>".repeat(n)));
    nested(depth - 3).accepted();
    nested(depth - 2).refused(limit("depth", depth));
    nested(10_000).refused(limit("depth", depth));

    extend("<y xmlns=\"urn:x\"/>".repeat(nodes - 100)).accepted();
    extend("<y xmlns=\"urn:x\"/>".repeat(nodes)).refused(limit("nodes", nodes));

    let with_attributes = |n: usize| {
        let list: String = (0..n).map(|i| format!(" a{i}=\"\"")).collect();
        extend(format!("<y{list}/>"))
    };
    with_attributes(attributes).accepted();
    with_attributes(attributes + 1).refused(limit("attributes", attributes));
    with_attributes(50_000).refused(limit("attributes", attributes));

    // One stands on the response already, and one element cannot hold them all.
    let with_namespaces = |n: usize| {
        let list = |from: usize, to: usize| -> String {
            (from..to).map(|i| format!(" xmlns:a{i}=\"urn:x\"")).collect()
        };
        let (outer, inner) = (list(0, n / 2), list(n / 2, n));
        extend(format!("<z{outer}><z{inner}><y xmlns=\"urn:x\"/></z></z>"))
    };
    with_namespaces(namespaces - 2).accepted();
    with_namespaces(namespaces - 1).refused(limit("namespaces", namespaces));

    let named = |n: usize| extend(format!("<{}/>", "y".repeat(n)));
    named(name).accepted();
    named(name + 1).refused(limit("bytes in a name", name));
}

/// Strips white space and nothing else, and takes the standard alphabet with its padding.
fn not_base64(texts: &[&[u8]]) {
    assert_eq!(decode_base64(b" PHNh\r\nbWw+\t").as_deref(), Some(&b"<saml>"[..]), "control");
    for text in texts {
        assert_eq!(decode_base64(text), None, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn b64_1() {
    not_base64(&[
        b"PHNhbWw+!",
        b"*PHNhbWw+",
        b"PHNh\x0bbWw+",
        b"PHNh\xc2\xa0bWw+",
        b"PHNhbWw+\xff",
    ]);
}

#[test]
fn b64_2() {
    not_base64(&[b"PHNhbWw-", b"PHNhbWw_"]);
}

#[test]
fn b64_3() {
    not_base64(&[
        b"PHNhbWw+AA==PHNh",
        b"AA==AA==",
        b"AA==x",
        b"AA===",
        b"AA",
        b"AA=",
        b"AB==",
        b"AAB=",
    ]);
}

#[test]
fn b64_4() {
    not_base64(&[b"PHNhbWw+\0", b"\0PHNhbWw+", b"PHNh\0bWw+"]);
}

#[test]
fn b64_5() {
    // Decoded once: base64 in base64 is no document.
    let twice = actix_saml::xml::encode_base64(honest().0.as_bytes());
    assert_eq!(malformed(verdict(twice.as_bytes())), "text outside the root element");
    not_base64(&[b"%50HNhbWw%2B", b"data:text/xml;base64,PHNh"]);
}
