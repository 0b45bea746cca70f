//! What was encrypted comes out byte for byte, is part of no other document, and is not decrypted
//! again. The strict reader then judges it like any message.

use super::*;
use crate::xml::XmlError;

fn plaintext_of(content: &str) -> Vec<u8> {
    let inside = encrypt(content, &OURS.certificate, &EncryptionStyle::AD_FS).unwrap();
    let plaintext = open(&wrap(&inside)).unwrap();
    assert_eq!(plaintext, content.as_bytes());
    plaintext
}

fn code_of_reading(content: &str) -> Option<&'static str> {
    let plaintext = plaintext_of(content);
    Document::parse(&plaintext, &Limits::MESSAGE).err().map(|e: XmlError| e.code())
}

#[test]
fn encstruct_1_several_roots() {
    assert_eq!(code_of_reading(ASSERTION), None);
    assert_eq!(code_of_reading(&ASSERTION.repeat(2)), Some("xml_malformed"));
    assert_eq!(code_of_reading(&format!("text{ASSERTION}")), Some("xml_malformed"));
    assert_eq!(code_of_reading("no markup at all"), Some("xml_malformed"));
}

#[test]
fn encstruct_3_doctype() {
    assert_eq!(code_of_reading(&format!("<?xml version=\"1.0\"?>{ASSERTION}")), None);
    let doctype = "<!DOCTYPE Assertion [<!ENTITY x \"y\">]>";
    assert_eq!(code_of_reading(&format!("{doctype}{ASSERTION}")), Some("xml_doctype"));
}

#[test]
fn encstruct_5_break_out() {
    let content = format!("{ASSERTION}</EncryptedAssertion><Assertion/><EncryptedAssertion>");
    assert_eq!(code_of_reading(&content), Some("xml_malformed"));
    // Prefixes of the outer document are not bound inside.
    let xml = "<outer:Assertion/>";
    let inside = encrypt(xml, &OURS.certificate, &EncryptionStyle::MODERN).unwrap();
    let bound =
        wrap(&inside).replace("<EncryptedAssertion", "<EncryptedAssertion xmlns:outer=\"urn:o\"");
    assert_eq!(open(&bound), Ok(xml.into()));
    assert_eq!(code_of_reading(xml), Some("xml_namespace"));
}

#[test]
fn encrec_1_one_level() {
    let inner = message(&EncryptionStyle::MODERN);
    opens(&inner);
    let plaintext = plaintext_of(&inner);
    assert_eq!(plaintext, inner.as_bytes());
}
