//! Each scenario, and what the service provider of this crate makes of it.

use super::{ACS, IDP, REQUEST, SP, now, reply_to};
use crate::idp::{Expected, Personality, RelyingParty, Scenario, SignIn, TestIdp};
use crate::saml::metadata::IdpMetadata;
use crate::saml::{
    ClockSkew, EntityId, Expectations, ExpectedRequest, RequestedAuthn, RequireSigned, validate,
};

fn idp() -> TestIdp {
    let mut idp = IDP.clone();
    idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
    idp
}

fn sign_in() -> SignIn {
    SignIn {
        relying_party: EntityId::new(SP).unwrap(),
        reply_to: reply_to(),
        relay_state: Some("state".to_owned()),
        force_authn: false,
        name_id_format: None,
        failure: None,
    }
}

fn answer(idp: &TestIdp, scenario: Scenario) -> String {
    let person = idp.person("test.consultant").unwrap();
    let post = idp.answer_in(scenario, &sign_in(), &person, now()).unwrap();
    assert_eq!((post.url.as_str(), post.relay_state.as_deref()), (ACS, Some("state")));
    post.response
}

/// `accepted`, or the code of the refusal.
fn verdict(idp: &TestIdp, xml: &str) -> String {
    let metadata = IdpMetadata::read(idp.metadata().unwrap().as_bytes(), now()).unwrap();
    let expectations = Expectations {
        idp: idp.entity_id.clone(),
        sp: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        request: ExpectedRequest::Id(REQUEST.to_owned()),
        require_signed: RequireSigned::Either,
        clock_skew: ClockSkew::from_seconds(90).unwrap(),
        authn: RequestedAuthn::default(),
    };
    match validate(xml.as_bytes(), &expectations, metadata.keys(), now()) {
        Ok(assertion) => {
            let value = assertion.name_id().unwrap().value.clone();
            assert!(!value.contains("intruder"), "{value}");
            "accepted".to_owned()
        }
        Err(rejection) => rejection.code().to_owned(),
    }
}

/// That a response is the same once more, or the second, it does not say itself: whoever takes it has
/// to know.
const VERDICTS: [(&str, &str); 37] = [
    ("usual", "accepted"),
    ("mfa-missing", "accepted"),
    ("old-sign-in", "accepted"),
    ("clock-minute-ahead", "accepted"),
    ("clock-minute-behind", "accepted"),
    ("slow-sign-in", "accepted"),
    ("logout-other-session", "accepted"),
    ("refused-by-idp", "status"),
    ("user-cancels", "status"),
    ("unsolicited", "in_response_to"),
    ("other-request", "in_response_to"),
    ("wrong-audience", "audience"),
    ("wrong-recipient", "recipient"),
    ("wrong-destination", "destination"),
    ("wrong-issuer", "issuer"),
    ("expired", "expired"),
    ("not-yet-valid", "not_yet_valid"),
    ("replayed", "accepted"),
    ("two-responses", "accepted"),
    ("unsigned", "unsigned"),
    ("unknown-key", "signature_mismatch"),
    ("next-key", "signature_mismatch"),
    ("changed", "digest_mismatch"),
    ("comment-in-name-id", "markup_in_value"),
    ("document-type", "xml_doctype"),
    ("oversized", "xml_limit"),
    ("two-assertions", "assertion_count"),
    ("both-kinds", "assertion_count"),
    ("wrong-encryption-key", "decryption_no_key"),
    ("xsw-1", "misplaced_element"),
    ("xsw-2", "unexpected_element"),
    ("xsw-3", "assertion_count"),
    ("xsw-4", "assertion_count"),
    ("xsw-5", "assertion_count"),
    ("xsw-6", "misplaced_element"),
    ("xsw-7", "misplaced_element"),
    ("xsw-8", "misplaced_element"),
];

#[test]
fn each_has_a_word_a_title_and_a_verdict() {
    let words: Vec<&str> = Scenario::all().map(Scenario::word).collect();
    let judged: Vec<&str> = VERDICTS.iter().map(|(word, _)| *word).collect();
    assert_eq!(words, judged);
    for scenario in Scenario::all() {
        assert_eq!(Scenario::from_word(scenario.word()), Some(scenario));
        assert!(!scenario.title().is_empty());
    }
    assert_eq!(Scenario::from_word("xsw-9"), None);
}

#[test]
fn service_provider_judges_each() {
    let idp = idp();
    let found: Vec<(&str, String)> = Scenario::all()
        .map(|scenario| (scenario.word(), verdict(&idp, &answer(&idp, scenario))))
        .collect();
    let found: Vec<(&str, &str)> =
        found.iter().map(|(word, code)| (*word, code.as_str())).collect();
    assert_eq!(found, VERDICTS);
}

#[test]
fn nothing_hostile_is_accepted_at_any_personality() {
    for personality in Personality::ALL {
        let mut idp =
            TestIdp::at(personality, "https://fs.nhsmail.test", IDP.keys.clone()).unwrap();
        idp.relying_parties = super::scenarios::idp().relying_parties;
        for scenario in Scenario::all() {
            let verdict = verdict(&idp, &answer(&idp, scenario));
            // That it is the same response once more, or one of two, a response does not say.
            let is_one_of_two = matches!(scenario, Scenario::Replayed | Scenario::TwoResponses);
            let is_accepted = verdict == "accepted" && !is_one_of_two;
            match scenario.expected() {
                Expected::SignedIn => assert!(is_accepted, "{personality:?} {scenario:?}"),
                Expected::Failure | Expected::Refusal => {
                    assert!(!is_accepted, "{personality:?} {scenario:?}");
                }
                Expected::Depends => {}
            }
        }
    }
}

#[test]
fn wrapping_keeps_what_was_signed() {
    let idp = idp();
    for word in ["xsw-1", "xsw-2", "xsw-3", "xsw-4", "xsw-5", "xsw-6", "xsw-7", "xsw-8"] {
        let xml = answer(&idp, Scenario::from_word(word).unwrap());
        assert!(xml.contains("intruder@nhs.net"), "{word}");
        assert!(xml.contains("test.consultant@nhs.net"), "{word}");
        assert_eq!(xml.matches("<ds:SignatureValue>").count(), 1, "{word}");
        assert_eq!(xml.matches("<Subject>").count(), 2, "{word}");
    }
}
