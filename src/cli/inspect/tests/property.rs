//! Whatever is given, there is a report or a refusal, and a report never says more than the
//! verifier.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::super::input::Input;
use super::super::report::{Report, Request, Verdict};
use super::super::rules::{Given, State};
use super::super::text::to_text;
use crate::idp::{Ids, Issuance, ReplyTo, SignedParts, TestIdp};
use crate::saml::metadata::IdpMetadata;
use crate::saml::{ClockSkew, EntityId, ExpectedRequest, RequireSigned, parse_instant, validate};
use crate::xml::{Document, Limits, encode_base64};

const ACS: &str = "https://rota.example.nhs.uk/saml/acs";
const SP: &str = "https://rota.example.nhs.uk/saml/metadata";
const REQUEST_ID: &str = "_0123456789abcdef0123456789abcdef01234567";

fn now() -> DateTime<Utc> {
    parse_instant("2026-11-22T16:50:06Z").unwrap()
}

struct World {
    idp: IdpMetadata,
    metadata: String,
    /// Accepted responses, signed in the three ways.
    responses: Vec<String>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut provider = TestIdp::adfs().unwrap();
    let metadata = provider.metadata().unwrap();
    let reply_to = ReplyTo {
        request_id: Some(REQUEST_ID.to_owned()),
        acs_url: ACS.to_owned(),
        audience: SP.to_owned(),
        class_ref: None,
    };
    let parts =
        [SignedParts::AssertionOnly, SignedParts::MessageOnly, SignedParts::MessageAndAssertion];
    let responses = parts.map(|signed| {
        provider.issuance = Issuance { signed, ..Issuance::default() };
        let person = provider.person("ward.nurse").unwrap();
        let draft = provider.issue(&reply_to, &Ids::random().unwrap(), now()).draft(&person);
        draft.unwrap().sign(provider.keys.current()).unwrap()
    });
    let idp = IdpMetadata::read(metadata.as_bytes(), now()).unwrap();
    World { idp, metadata, responses: responses.to_vec() }
});

/// A report with everything given, or with nothing.
fn report(input: &Input, with_all: bool) -> Report {
    let sp = EntityId::new(SP).unwrap();
    let given = Given {
        idp: with_all.then_some(&WORLD.idp),
        sp: with_all.then_some(&sp),
        acs_url: with_all.then_some(ACS),
        request: with_all.then(|| ExpectedRequest::Id(REQUEST_ID.to_owned())),
        require_signed: RequireSigned::Either,
        clock_skew: ClockSkew::default(),
    };
    let request = Request { given, decryption: &[], now: now(), list_metadata: true };
    Report::make(input, &request).unwrap()
}

/// What the verifier says, by the code of its rejection.
fn code(xml: &[u8]) -> Option<&'static str> {
    let expect = crate::saml::Expectations {
        idp: WORLD.idp.entity_id().clone(),
        sp: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        request: ExpectedRequest::Id(REQUEST_ID.to_owned()),
        require_signed: RequireSigned::Either,
        clock_skew: ClockSkew::default(),
        authn: crate::saml::RequestedAuthn::default(),
    };
    validate(xml, &expect, WORLD.idp.keys(), now()).err().map(|rejection| rejection.code())
}

/// Reads any bytes, prints what there is, and compares the verdict with the verifier's.
fn never_says_more(bytes: &[u8]) {
    let Ok(input) = Input::read(bytes) else { return };
    let code = code(&input.xml);
    for with_all in [true, false] {
        let report = report(&input, with_all);
        serde_json::to_string(&report).unwrap();
        let text = to_text(&report, with_all);
        assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\u{1b}')));
        assert!(with_all || !text.contains('\u{1b}'));
        let first = report.rules.iter().find(|rule| rule.state == State::Failed);
        let first = first.and_then(|rule| rule.code);
        let unreadable = report.unreadable.as_ref().map(|fault| fault.code);
        if with_all && !report.rules.is_empty() {
            assert_eq!(first, code);
        }
        if let Some(unreadable) = unreadable {
            assert_eq!(Some(unreadable), code);
        }
        match report.verdict {
            Verdict::Holds => assert!(with_all && code.is_none()),
            // What contradicts itself is refused whatever is expected of it.
            Verdict::Fails => {}
            Verdict::Undecided => assert!(!with_all),
            Verdict::Shown => assert_eq!(code, Some("not_a_response")),
        }
        if code.is_none() {
            let expected = if with_all { Verdict::Holds } else { Verdict::Undecided };
            assert_eq!(report.verdict, expected);
        }
    }
}

#[test]
fn control() {
    for response in &WORLD.responses {
        assert_eq!(code(response.as_bytes()), None);
        never_says_more(response.as_bytes());
        never_says_more(encode_base64(response.as_bytes()).as_bytes());
        let input = Input::read(response.as_bytes()).unwrap();
        assert_eq!(report(&input, true).verdict, Verdict::Holds);
        assert_eq!(report(&input, false).verdict, Verdict::Undecided);
    }
    let input = Input::read(WORLD.metadata.as_bytes()).unwrap();
    assert_eq!(report(&input, false).verdict, Verdict::Shown);
}

/// The margin says "signed" of bytes that are, and of no others.
#[test]
fn marks_are_true() {
    use super::super::listing::Mark;
    let response = &WORLD.responses[0];
    let changed = response.replace("<Audience>", "<Audience>x");
    let marked = format!("\u{feff}<?xml version=\"1.0\"?>\r\n{response}\r\n");
    let cases =
        [(response, Mark::Verified), (&marked, Mark::Verified), (&changed, Mark::Unverified)];
    for (xml, mark) in cases {
        let report = report(&Input::read(xml.as_bytes()).unwrap(), true);
        let of = |begin: &str| {
            let mut lines = report.listing.iter().filter(|line| line.text.starts_with(begin));
            lines.next().unwrap().mark
        };
        for signed in ["<Assertion", "<Subject>", "<Conditions", "<AuthnStatement"] {
            assert_eq!(of(signed), mark, "{signed}");
        }
        for unsigned in ["<samlp:Response", "<samlp:Status>", "<ds:Signature", "<ds:SignedInfo"] {
            assert_eq!(of(unsigned), Mark::None, "{unsigned}");
        }
    }
    // A wrapped assertion keeps its mark where it went, and the forged one has none.
    let start = response.find("<Assertion").unwrap();
    let end = response.find("</samlp:Response>").unwrap();
    let forged = response[start..end].replace("ward.nurse", "ward.admin");
    let signature = forged.find("<ds:Signature").unwrap()..forged.find("<Subject").unwrap();
    let forged = [&forged[..signature.start], &forged[signature.end..]].concat();
    let forged = forged.replacen("ID=\"_", "ID=\"_x", 1);
    let wrapped = [&response[..start], &forged, &response[start..]].concat();
    let report = report(&Input::read(wrapped.as_bytes()).unwrap(), true);
    let assertions = report.listing.iter().filter(|line| line.text.starts_with("<Assertion"));
    let marks: Vec<_> = assertions.map(|line| line.mark).collect();
    assert_eq!(marks, [Mark::None, Mark::Verified]);
    assert_eq!((report.verdict, report.assertion_signed), (Verdict::Fails, None));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        never_says_more(&bytes);
        never_says_more(encode_base64(&bytes).as_bytes());
        never_says_more(&[b"<", &bytes[..]].concat());
    }

    #[test]
    fn text(text in "(SAMLRe(quest|sponse)=|<input |name=|value=|[?&;=%+'\"<>#\\n a-z0-9]){0,60}") {
        never_says_more(text.as_bytes());
    }

    #[test]
    fn changed_bytes(which in 0..3_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(), edit in 0..4_u8) {
        let mut bytes = WORLD.responses[which].clone().into_bytes();
        let at = at.index(bytes.len());
        match edit {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, *b"<!-- x -->")),
        }
        never_says_more(&bytes);
    }

    #[test]
    fn moved_elements(which in 0..3_usize, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), copy in any::<bool>()) {
        let xml = &WORLD.responses[which];
        let spans: Vec<_> = {
            let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).unwrap();
            document.elements().map(|n| n.span()).collect()
        };
        let (from, to) = (spans[from.index(spans.len())].clone(), spans[to.index(spans.len())].start);
        let moved = &xml[from.clone()];
        let without = |range: std::ops::Range<usize>| {
            xml[range.clone()]
                .char_indices()
                .filter(|(i, _)| copy || !from.contains(&(i + range.start)))
                .map(|(_, c)| c)
                .collect::<String>()
        };
        never_says_more([&without(0..to), moved, &without(to..xml.len())].concat().as_bytes());
    }

    #[test]
    fn changed_metadata(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = WORLD.metadata.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(input) = Input::read(&bytes) {
            let report = report(&input, true);
            to_text(&report, true);
            if report.metadata.is_some_and(|m| m.usable.is_some_and(|u| u.usable)) {
                prop_assert!(IdpMetadata::read(&bytes, now()).is_ok());
            }
        }
    }
}
