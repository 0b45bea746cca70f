//! What is printed about a response that was decided.

use actix_saml::idp::{Person, ReplyTo, SignedParts};
use serde_json::json;

use crate::scene::{
    ASSERTION_ID, IDP, ISSUED, ISSUER, ROLE, Scene, honest, nurse, reply_to, respond,
};

const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

#[test]
fn accepted() {
    let json = Scene::new().verify().on(honest()).accepted();
    let expected = json!({
        "accepted": true,
        "issuer": ISSUER,
        "assertion_id": ASSERTION_ID,
        "name_id": {
            "value": "test.nurse1@nhs.net",
            "format": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            "name_qualifier": null,
            "sp_name_qualifier": null,
        },
        "session_index": ASSERTION_ID,
        "attributes": { ROLE: ["nurse", "ward 7", "bank"], "ODS": [] },
        "authn_context": PASSWORD,
        "authn_instant": ISSUED,
        "signed": "assertion",
    });
    assert_eq!(json, expected);
}

#[test]
fn accepted_without_name_id() {
    let nobody = Person { name_id: None, ..nurse() };
    let xml = respond(&IDP, SignedParts::AssertionOnly, &reply_to(), &nobody);
    let json = Scene::new().verify().on(xml).accepted();
    let members: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "accepted",
        "issuer",
        "assertion_id",
        "name_id",
        "session_index",
        "attributes",
        "authn_context",
        "authn_instant",
        "signed",
    ];
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!((&json["name_id"], &json["session_index"]), (&json!(null), &json!(null)));
}

#[test]
fn signed_parts_and_those_required() {
    let scene = Scene::new();
    let (missing, rule) = ("signature_missing", "signature");
    for (parts, word, lacking) in [
        (SignedParts::AssertionOnly, "assertion", ["response", "both"].as_slice()),
        (SignedParts::MessageOnly, "response", &["assertion", "both"]),
        (SignedParts::MessageAndAssertion, "both", &[]),
    ] {
        let xml = respond(&IDP, parts, &reply_to(), &nurse());
        let verify = || scene.verify();
        assert_eq!(verify().on(&xml).accepted()["signed"], word);
        for required in ["either", "assertion", "response", "both"] {
            let outcome = verify().and("--require-signed", required).on(&xml);
            if lacking.contains(&required) {
                outcome.rejected(missing, rule);
            } else {
                assert_eq!(outcome.accepted()["signed"], word);
            }
        }
    }
}

#[test]
fn rejected() {
    let scene = Scene::new();
    let changed = honest().replace("ward 7", "ward 8");
    let detail = scene.verify().on(changed).rejected("digest_mismatch", "signature");
    assert!(detail.starts_with("signature of Assertion: "), "{detail}");
    let other_acs = ReplyTo { acs_url: "https://x.example/acs".to_owned(), ..reply_to() };
    let xml = respond(&IDP, SignedParts::AssertionOnly, &other_acs, &nurse());
    let detail = scene.verify().on(xml).rejected("destination", "destination");
    assert!(detail.contains("\"https://x.example/acs\""), "{detail}");
    let other_sp = ReplyTo { audience: "https://x.example/sp".to_owned(), ..reply_to() };
    let xml = respond(&IDP, SignedParts::AssertionOnly, &other_sp, &nurse());
    scene.verify().on(xml).rejected("audience", "audience");
    let (code, rule) = ("in_response_to", "response-in-response-to");
    scene.verify().with("--request-id", "_another").on(honest()).rejected(code, rule);
}

#[test]
fn unsolicited() {
    let scene = Scene::new();
    let unsolicited = || scene.verify().without("--request-id").flag("--unsolicited");
    let xml = respond(
        &IDP,
        SignedParts::AssertionOnly,
        &ReplyTo { request_id: None, ..reply_to() },
        &nurse(),
    );
    unsolicited().on(&xml).accepted();
    let (code, rule) = ("in_response_to", "response-in-response-to");
    unsolicited().on(honest()).rejected(code, rule);
    scene.verify().on(xml).rejected(code, rule);
}

#[test]
fn time() {
    let scene = Scene::new();
    let at = |now: &str| scene.verify().with("--now", now).on(honest());
    at("2026-11-22T16:55:00Z").accepted();
    // The confirmation ends after five minutes; three more are tolerated.
    at("2026-11-22T16:58:01.249Z").accepted();
    at("2026-11-22T16:58:01.250Z").rejected("expired", "bearer-confirmation");
    at("2026-11-22T16:47:01.250Z").accepted();
    at("2026-11-22T16:47:01.249Z").rejected("not_yet_valid", "conditions-time");
    // Without --now it is today, whenever that is: the conditions of 2026 are over or to come.
    let today = scene.verify().without("--now").on(honest());
    assert_eq!(today.status, 1);
    assert!(["expired", "not_yet_valid"].contains(&today.json()["code"].as_str().unwrap()));
}

#[test]
fn clock_skew() {
    let scene = Scene::new();
    let with = |skew: &str, now: &str| {
        scene.verify().and("--clock-skew", skew).with("--now", now).on(honest())
    };
    with("0", "2026-11-22T16:55:01.249Z").accepted();
    with("0", "2026-11-22T16:55:01.250Z").rejected("expired", "bearer-confirmation");
    with("300", "2026-11-22T17:00:01.249Z").accepted();
    with("300", "2026-11-22T17:00:01.250Z").rejected("expired", "bearer-confirmation");
    for bad in ["301", "1.5", "", "many", "4294967296"] {
        with(bad, "2026-11-22T16:55:00Z").unusable("--clock-skew");
    }
    with("-1", "2026-11-22T16:55:00Z").unusable("'-1'");
}

#[test]
fn text() {
    let scene = Scene::new();
    // Text is what people get who ask for nothing.
    for call in [scene.verify().without("--format"), scene.verify().with("--format", "text")] {
        let outcome = call.clone().on(honest());
        let expected = format!(
            "accepted
  issuer         {ISSUER}
  assertion      {ASSERTION_ID}
  signed         assertion
  name id        test.nurse1@nhs.net
  session index  {ASSERTION_ID}
  signed in at   {ISSUED}
  signed in by   {PASSWORD}
  {ROLE}
      nurse
      ward 7
      bank
  ODS
"
        );
        assert_eq!(
            (outcome.status, &outcome.stdout[..], &outcome.stderr[..]),
            (0, &expected[..], "")
        );
        let outcome = call.on(honest().replace("ward 7", "ward 8"));
        let expected = "rejected
  code    digest_mismatch
  rule    signature
  detail  signature of Assertion: the content was changed after it was signed: the digest does not match
";
        assert_eq!((outcome.status, &outcome.stdout[..], &outcome.stderr[..]), (1, expected, ""));
    }
}
