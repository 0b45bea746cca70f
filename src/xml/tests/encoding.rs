//! Threats 1.3: encodings and versions. A filter that looks at bytes must see what a reader sees.

use super::{accepted, malformed, refused};
use crate::xml::XmlError;

const CHARACTER: &str = "a character that XML does not allow";

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

#[test]
fn enc_1_utf_16_and_32() {
    let text = "\u{FEFF}<r/>";
    assert_eq!(refused(utf16(text, u16::to_le_bytes)), XmlError::Encoding);
    assert_eq!(refused(utf16(text, u16::to_be_bytes)), XmlError::Encoding);
    // Without a byte order mark these are UTF-8 full of NUL.
    assert_eq!(refused(utf16("<r/>", u16::to_le_bytes)), malformed(CHARACTER, 0));
    assert_eq!(refused(utf16("<r/>", u16::to_be_bytes)), malformed(CHARACTER, 0));
    let utf32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    assert_eq!(refused(utf32), XmlError::Encoding);
    accepted("<r/>");
}

#[test]
fn enc_2_declared_encoding() {
    for name in ["utf-16", "UTF-7", "ISO-8859-1", "latin1", "us-ascii", "utf8", "CP037", ""] {
        let xml = format!("<?xml version='1.0' encoding='{name}'?><r/>");
        assert_eq!(refused(xml), XmlError::Encoding, "{name}");
    }
    for name in ["UTF-8", "utf-8", "Utf-8"] {
        accepted(&format!("<?xml version='1.0' encoding='{name}'?><r/>"));
    }
    // UTF-7 without a declaration is the ASCII that it looks like.
    assert_eq!(accepted("<r>+ADw-s+AD4-</r>").root().text(), Some("+ADw-s+AD4-"));
}

#[test]
fn enc_3_ebcdic_and_latin_1() {
    let ebcdic = [0x4C, 0x99, 0x61, 0x6E];
    assert_eq!(refused(ebcdic), XmlError::Encoding);
    let latin = [b'<', b'r', b'>', 0xE9, b'<', b'/', b'r', b'>'];
    assert_eq!(refused(latin), XmlError::Encoding);
    assert_eq!(accepted("<r>é</r>").root().text(), Some("é"));
}

#[test]
fn enc_4_overlong_surrogate_and_cut_off() {
    for bytes in [
        &b"\xC0\xBCr/>"[..],                     // '<' in two bytes
        &b"<r>\xE0\x80\xBC</r>"[..],             // '<' in three
        &b"<r>\xED\xA0\xBD\xED\xB8\x80</r>"[..], // CESU-8: a surrogate pair
        &b"<r>\xED\xA0\x80</r>"[..],             // one surrogate
        &b"<r>\xF4\x90\x80\x80</r>"[..],         // above U+10FFFF
        &b"<r/>\xC3"[..],                        // cut off
        &b"<r>\xFE</r>"[..],
    ] {
        assert_eq!(refused(bytes), XmlError::Encoding, "{bytes:x?}");
    }
    assert_eq!(accepted("<r>\u{1F600}</r>").root().text(), Some("\u{1F600}"));
}

#[test]
fn enc_byte_order_mark() {
    let document = accepted("\u{FEFF}<r a='1'>x</r>");
    assert_eq!(document.root().text(), Some("x"));
    assert_eq!(document.root().span(), 3..17);
    accepted("\u{FEFF}<?xml version='1.0' encoding='utf-8'?><r/>");
    // Two marks, or one that is not at the start of the document.
    let outside = "text outside the root element";
    assert_eq!(refused("\u{FEFF}\u{FEFF}<r/>"), malformed(outside, 3));
    assert_eq!(refused(" \u{FEFF}<r/>"), malformed(outside, 0));
    assert_eq!(refused("<r/>\u{FEFF}"), malformed(outside, 4));
    assert_eq!(accepted("<r>\u{FEFF}</r>").root().text(), Some("\u{FEFF}"));
}

#[test]
fn wf_3_xml_1_1() {
    assert_eq!(refused("<?xml version='1.1'?><r/>"), XmlError::Version);
    assert_eq!(refused("<?xml version='1.1' encoding='utf-16'?><r/>"), XmlError::Version);
    assert_eq!(refused("<?xml version='2.0'?><r/>"), XmlError::Version);
    assert_eq!(refused("<?xml version='1.0 '?><r/>"), XmlError::Version);
    assert_eq!(refused("<?xml version=''?><r/>"), XmlError::Version);
    // What is a line end in XML 1.1 only, is none here.
    let document = accepted("<?xml version='1.0'?><r>\u{85}\u{2028}</r>");
    assert_eq!(document.root().text(), Some("\u{85}\u{2028}"));
}

#[test]
fn xml_declaration() {
    let wrong = "the XML declaration";
    let unquoted = "attribute value without quotes";
    let space = "no white space before an attribute";
    for (declaration, what) in [
        ("<?xml?>", wrong),
        ("<?xml ?>", wrong),
        ("<?xml encoding='utf-8'?>", wrong),
        ("<?xml encoding='utf-8' version='1.0'?>", wrong),
        ("<?xml version='1.0' standalone='yes' encoding='utf-8'?>", wrong),
        ("<?xml version='1.0' standalone='maybe'?>", wrong),
        ("<?xml version='1.0' extra='1'?>", wrong),
        ("<?xml version='1.0' encoding='utf-8' standalone='no' extra='1'?>", wrong),
        ("<?xml version='1.0' version='1.0'?>", wrong),
        ("<?xml Version='1.0'?>", wrong),
        ("<?xml version=1.0?>", unquoted),
        ("<?xml version='1.0'encoding='utf-8'?>", space),
        ("<?xml version?>", "attribute without a value"),
        ("<?xml version='1.0?>", "attribute value without a closing quote"),
    ] {
        assert_eq!(refused(format!("{declaration}<r/>")), malformed(what, 0), "{declaration}");
    }
    for declaration in [
        "",
        "<?xml version='1.0'?>",
        "<?xml version=\"1.0\" ?>",
        "<?xml\tversion = '1.0'\n\tencoding='UTF-8'\r\nstandalone='yes'?>\n",
        "<?xml version='1.0' standalone='no'?>",
    ] {
        accepted(&format!("{declaration}<r/>"));
    }
}

#[test]
fn xml_declaration_elsewhere_is_a_processing_instruction() {
    for xml in [
        " <?xml version='1.0'?><r/>",
        "\n<?xml version='1.0'?><r/>",
        "<!-- --><?xml version='1.0'?><r/>",
        "<?xml version='1.0'?><?xml version='1.0'?><r/>",
        "<r><?xml version='1.0'?></r>",
        "<r/><?xml version='1.0'?>",
        "<?XML version='1.0'?><r/>",
        "<?xmlx version='1.0'?><r/>",
        "<?xml",
    ] {
        assert_eq!(refused(xml), XmlError::ProcessingInstruction, "{xml}");
    }
    accepted("<?xml version='1.0'?><r/>");
}
