//! Whatever is done to an accepted message, it is refused or it says the same.

use std::sync::LazyLock;

use actix_saml::saml::{Assertion, Keys, Rejection, validate};
use actix_saml::xml::{Document, GrammarError, Limits};
use actix_saml::xmlenc::DecryptError;
use proptest::prelude::*;

use crate::fixture::{Draft, Message, agrees_with_walk, expectations, now};
use crate::recipient::{CBC, GCM, assemble, cipher_texts, keys, sealed, signed_around};

/// Accepted messages of several shapes, and what each says.
static ACCEPTED: LazyLock<Vec<(Message, Assertion)>> = LazyLock::new(|| {
    [
        Draft::adfs().signed(),
        Draft::adfs().response_signed(),
        Draft::entra().both_signed(),
        Draft::adfs().encrypted(&CBC),
        signed_around(&sealed(&Draft::adfs().send().assertion(), &GCM)),
    ]
    .into_iter()
    .map(|message| (message.clone(), message.opened().unwrap()))
    .collect()
});

static KEYS: LazyLock<Keys> = LazyLock::new(keys);

/// Refused, or accepted for the same content. Returns whether it was accepted.
#[track_caller]
fn says_nothing_else(bytes: &[u8], said: &Assertion) -> bool {
    match validate(bytes, &expectations(), &KEYS, now()) {
        Ok(assertion) => {
            assert_eq!(&assertion, said, "{}", String::from_utf8_lossy(bytes));
            true
        }
        Err(_) => false,
    }
}

#[test]
fn u_mutate_every_byte_deleted() {
    let (message, said) = &ACCEPTED[0];
    let mut harmless = 0_usize;
    for at in 0..message.0.len() {
        let mut bytes = message.0.clone().into_bytes();
        bytes.remove(at);
        harmless += usize::from(says_nothing_else(&bytes, said));
    }
    // White space in tags, names and times outside the signature, the certificate: some hundreds.
    assert!(harmless > 100, "control: {harmless}");
}

#[test]
fn u_mutate_every_byte_flipped() {
    let (message, said) = &ACCEPTED[0];
    for at in 0..message.0.len() {
        let mut bytes = message.0.clone().into_bytes();
        bytes[at] ^= 1;
        says_nothing_else(&bytes, said);
    }
}

/// Where elements begin and end in the source.
fn spans(xml: &str) -> Vec<std::ops::Range<usize>> {
    let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).unwrap();
    document.elements().map(|n| n.span()).collect()
}

#[derive(Clone, Copy, Debug)]
enum Splice {
    Before,
    After,
    FirstChild,
    LastChild,
    Instead,
}

/// `xml` with the element at `from` put at `to`, and taken away from where it was unless `copy`.
fn splice(
    xml: &str,
    from: &std::ops::Range<usize>,
    to: &std::ops::Range<usize>,
    how: Splice,
    copy: bool,
) -> String {
    let target = &xml[to.clone()];
    let open = target.find('>').unwrap() + 1;
    let close = target.rfind("</").filter(|close| *close >= open).unwrap_or(target.len());
    let (start, end) = match how {
        Splice::Before => (to.start, to.start),
        Splice::After => (to.end, to.end),
        Splice::FirstChild => (to.start + open, to.start + open),
        Splice::LastChild => (to.start + close, to.start + close),
        Splice::Instead => (to.start, to.end),
    };
    let moved = &xml[from.clone()];
    let without = |range: std::ops::Range<usize>| -> String {
        let whole = copy || from.end <= range.start || from.start >= range.end;
        let part = &xml[range.clone()];
        if whole {
            return part.to_owned();
        }
        let keep_before = from.start.saturating_sub(range.start);
        let keep_after = from.end.min(range.end) - range.start;
        [&part[..keep_before.min(part.len())], &part[keep_after..]].concat()
    };
    [&without(0..start), moved, &without(end..xml.len())].concat()
}

#[test]
fn splicing_control() {
    let xml = "<a><b/><c>x</c></a>";
    let spans = spans(xml);
    let s = |from: usize, to: usize, how, copy| splice(xml, &spans[from], &spans[to], how, copy);
    assert_eq!(s(1, 2, Splice::After, false), "<a><c>x</c><b/></a>");
    assert_eq!(s(1, 2, Splice::FirstChild, true), "<a><b/><c><b/>x</c></a>");
    assert_eq!(s(2, 1, Splice::Before, false), "<a><c>x</c><b/></a>");
    assert_eq!(s(2, 1, Splice::Instead, false), "<a><c>x</c></a>");
    assert_eq!(s(1, 2, Splice::LastChild, false), "<a><c>x<b/></c></a>");
}

fn any_splice() -> impl Strategy<Value = Splice> {
    prop::sample::select(vec![
        Splice::Before,
        Splice::After,
        Splice::FirstChild,
        Splice::LastChild,
        Splice::Instead,
    ])
}

/// What XML is made of, so that noise has some of its shape.
const TOKENS: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<?xml version=\"1.0\"?>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE r>",
    "&amp;",
    "&#65;",
    "&x;",
    "\"",
    "'",
    "=",
    " ",
    "\n",
    "\u{feff}",
    "\0",
    "é",
    "x",
    ":",
    "xmlns",
    "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
    "xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
    "<samlp:Response ",
    "</samlp:Response>",
    "<Assertion ",
    "</Assertion>",
    "<Issuer>",
    "</Issuer>",
    "ID=\"_a\"",
    "Version=\"2.0\"",
    "IssueInstant=\"2026-11-22T10:00:00Z\"",
    "<samlp:Status>",
    "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>",
    "</samlp:Status>",
    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
    "</ds:Signature>",
];

/// As [`says_nothing_else`], and a walk over the rules agrees.
#[track_caller]
fn says_nothing_else_walking(bytes: &[u8], said: &Assertion) {
    says_nothing_else(bytes, said);
    let verdict = validate(bytes, &expectations(), &KEYS, now());
    agrees_with_walk(bytes, &expectations(), &KEYS, &verdict);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn u_mutate_bytes(which in 0..5_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(), edit in 0..3_u8) {
        let (message, said) = &ACCEPTED[which];
        let mut bytes = message.0.clone().into_bytes();
        let at = at.index(bytes.len());
        match edit {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => drop(bytes.splice(at..at, [b'<', byte, b'/', b'>'])),
        }
        says_nothing_else_walking(&bytes, said);
    }

    #[test]
    fn u_mutate_runs(which in 0..5_usize, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), into in any::<prop::sample::Index>()) {
        let (message, said) = &ACCEPTED[which];
        let text = message.0.as_bytes();
        let (a, b, into) = (a.index(text.len()), b.index(text.len()), into.index(text.len()));
        let run = &text[a.min(b)..a.max(b)];
        let inserted = [&text[..into], run, &text[into..]].concat();
        says_nothing_else_walking(&inserted, said);
        let removed = [&text[..a.min(b)], &text[a.max(b)..]].concat();
        says_nothing_else_walking(&removed, said);
    }

    #[test]
    fn u_mutate_splice(which in 0..5_usize, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), how in any_splice(), copy in any::<bool>()) {
        let (message, said) = &ACCEPTED[which];
        let spans = spans(&message.0);
        let (from, to) = (&spans[from.index(spans.len())], &spans[to.index(spans.len())]);
        says_nothing_else_walking(splice(&message.0, from, to, how, copy).as_bytes(), said);
    }

    /// Whatever CBC lets an attacker make of the plaintext, the answer is the same.
    #[test]
    fn u_mutate_plaintext(at in any::<prop::sample::Index>(), byte in any::<u8>(), edit in 0..4_u8, style in prop::sample::select(vec![CBC, GCM])) {
        let (message, said) = &ACCEPTED[0];
        let mut bytes = message.assertion().into_bytes();
        let at = at.index(bytes.len());
        match edit {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => drop(bytes.splice(at..at, *b"<!-- -->")),
            _ => bytes.truncate(at),
        }
        let (key, data) = cipher_texts(&style, &bytes);
        let verdict = message.carrying(&assemble(&style, &key, &data)).opened();
        match verdict {
            Ok(assertion) => prop_assert_eq!(&assertion, said),
            // A comment in a value leaves the signature good; it is the grammar that objects.
            Err(Rejection::Structure(GrammarError::MarkupInValue { .. })) if edit == 2 => {}
            Err(rejection) => prop_assert_eq!(rejection, DecryptError::Failed.into()),
        }
    }

    #[test]
    fn nothing_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let verdict = validate(&bytes, &expectations(), &KEYS, now());
        agrees_with_walk(&bytes, &expectations(), &KEYS, &verdict);
        prop_assert!(verdict.is_err());
    }

    #[test]
    fn nothing_panics_on_tokens(tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..60)) {
        let bytes = tokens.concat();
        let verdict = validate(bytes.as_bytes(), &expectations(), &KEYS, now());
        agrees_with_walk(bytes.as_bytes(), &expectations(), &KEYS, &verdict);
        prop_assert!(verdict.is_err());
    }
}
