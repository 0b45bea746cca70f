//! Accepted means signed: every value that is handed out stands in the canonical bytes whose digest
//! was verified.

use actix_saml::saml::{SignedPart, names, validate};
use actix_saml::xml::{C14n, Document, Limits, canonicalise};
use proptest::prelude::*;

use crate::covered::uncovered;
use crate::fixture::{ADMIN, Draft, MAIL, Message, NURSE, expectations, honest, now};
use crate::keys_of_tests::IDP_KEY;
use crate::surgery::extensions;

/// The canonical form of the element that was signed, its signature left out.
fn canonical(message: &Message, signed: SignedPart) -> String {
    let document = Document::parse(message.0.as_bytes(), &Limits::MESSAGE).unwrap();
    let root = document.root();
    let element = match signed {
        SignedPart::Response => root,
        _ => root.elements().find(|n| n.is(names::ASSERTION, "Assertion")).unwrap(),
    };
    let signature = element.elements().nth(1);
    let mut bytes = Vec::new();
    canonicalise(element, C14n::Exclusive, &[], signature, &mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// What is missing from the signed bytes, or nothing when the message is refused.
fn missing(message: &Message) -> Vec<String> {
    let keys = IDP_KEY.alone();
    match validate(message.0.as_bytes(), &expectations(), &keys, now()) {
        Ok(assertion) => uncovered(&canonical(message, assertion.signed()), &assertion),
        Err(_) => Vec::new(),
    }
}

#[test]
fn consumption_control() {
    for message in [honest(), Draft::adfs().response_signed(), Draft::entra().both_signed()] {
        message.accepted();
        assert_eq!(missing(&message), Vec::<String>::new());
    }
    // The same assertion beside the bytes of another one.
    let said = honest().accepted();
    let other = Draft::adfs()
        .edit(&format!("<NameID>{NURSE}"), &format!("<NameID>{ADMIN}"))
        .edit("ward 7", "ward 8")
        .edit(" SessionIndex=\"_0c", " SessionIndex=\"_1c")
        .edit("2026-11-22T09:12:44.000Z", "2026-11-22T09:12:45.000Z")
        .signed();
    assert_eq!(
        uncovered(&canonical(&other, SignedPart::Assertion), &said),
        [
            &format!("NameID {NURSE:?}")[..],
            "AttributeValue \"ward 7\"",
            "AuthnInstant 2026-11-22 09:12:44 UTC",
            "SessionIndex \"_0c9d1e77-4be2-47f0-8f10-2d6c3b9a7e02\"",
        ]
    );
    // A value that is there, in another element or as a part of a longer one, does not count.
    let within = Draft::adfs().edit(&format!("<NameID>{NURSE}"), &format!("<NameID>x{NURSE}"));
    let found = uncovered(&canonical(&within.signed(), SignedPart::Assertion), &said);
    assert_eq!(found, [format!("NameID {NURSE:?}")]);
}

/// A piece of a value, and how it is written in XML: in text, in an attribute.
const PIECES: &[(&str, &str, &str)] = &[
    ("a", "a", "a"),
    ("Z9", "Z9", "Z9"),
    (" ", " ", " "),
    ("&", "&amp;", "&amp;"),
    ("<", "&lt;", "&#60;"),
    (">", "&gt;", ">"),
    ("\"", "\"", "&quot;"),
    ("'", "&apos;", "&#x27;"),
    ("\t", "\t", "&#9;"),
    ("\n", "\r\n", "&#10;"),
    ("\r", "&#13;", "&#13;"),
    ("&amp;", "<![CDATA[&amp;]]>", "&amp;amp;"),
    ("<b>", "<![CDATA[<b>]]>", "&lt;b&gt;"),
    ("é", "&#233;", "é"),
    ("\u{1F600}", "\u{1F600}", "&#x1F600;"),
    ("</NameID>", "&lt;/NameID>", "&lt;/NameID>"),
];

fn value() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..PIECES.len(), 1..6)
}

fn written(pieces: &[usize]) -> (String, String, String) {
    let join = |part: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        pieces.iter().map(|&piece| part(&PIECES[piece])).collect::<String>()
    };
    (join(|p| p.0), join(|p| p.1), join(|p| p.2))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn consumption_of_any_value(text in value(), name in value(), friendly in value(), outside in value(), whole in any::<bool>()) {
        let (text, text_xml, _) = written(&text);
        let (name, _, name_xml) = written(&name);
        prop_assume!(!name.trim().is_empty());
        let (friendly, _, friendly_xml) = written(&friendly);
        let (_, _, outside_xml) = written(&outside);
        let draft = Draft::adfs()
            .edit(&format!("Name=\"{MAIL}\"><AttributeValue>{NURSE}"), &format!("Name=\"{name_xml}\" FriendlyName=\"{friendly_xml}\"><AttributeValue>{text_xml}"))
            .edit("<samlp:Status>", &extensions(&format!("<x xmlns=\"urn:x\" y=\"{outside_xml}\"/>")));
        let message = if whole { draft.response_signed() } else { draft.signed() };
        let assertion = message.accepted();
        let attribute = &assertion.attributes()[0];
        prop_assert_eq!(&attribute.name, &name);
        prop_assert_eq!(attribute.friendly_name.as_ref(), Some(&friendly));
        prop_assert_eq!(&attribute.values, &[text]);
        prop_assert_eq!(missing(&message), Vec::<String>::new());
    }

    #[test]
    fn consumption_of_a_changed_message(which in 0..3_usize, at in any::<prop::sample::Index>(), piece in 0..PIECES.len(), remove in 0..3_usize) {
        let message = [honest, || Draft::adfs().response_signed(), || Draft::entra().both_signed()][which]();
        let text = message.0;
        let at = at.index(text.len());
        let end = (at + remove).min(text.len());
        let changed = [&text[..at], PIECES[piece].1, &text[end..]].concat();
        prop_assert_eq!(missing(&Message(changed)), Vec::<String>::new());
    }
}
