//! Responses: what the rules say, and what to do.

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::idp::{Issuance, ReplyTo, SignedParts};
use actix_saml::saml::RULES;
use serde_json::json;

use super::{rule, rules_in};
use crate::scene::{
    ACS, ASSERTION_ID, IDP, ISSUED, ISSUER, OTHER, OTHER_ISSUER, REQUEST_ID, ROLE, SP, Scene,
    honest, issued, nurse, reply_to, respond,
};

#[test]
fn every_rule_holds() {
    let scene = Scene::new();
    let report = scene.inspect_fully().on(honest()).report(0, "holds");
    assert_eq!(rules_in(&report, "held").len(), RULES.len() + 1);
    let assertion = &report["assertion"];
    assert_eq!(assertion["id"], ASSERTION_ID);
    assert_eq!(assertion["name_id"]["value"], "test.nurse1@nhs.net");
    assert_eq!(assertion["audiences"], json!([[SP]]));
    assert_eq!(assertion["authn_instant"], json!({ "at": ISSUED, "seconds_from_now": -5 }));
    assert_eq!(assertion["attributes"][0], json!({ "name": ROLE, "values": ["nurse", "ward 7"] }));
    assert_eq!(report["message"]["issuer"], ISSUER);
    assert_eq!(report["message"]["destination"], ACS);
    assert_eq!(report["assertion_signed"], "assertion");
    let signature = &report["signatures"][0];
    assert_eq!((&signature["of"], &signature["state"]), (&json!("Assertion"), &json!("verified")));
    assert_eq!(signature["made_by"], signature["enclosed"]["sha256"]);
    assert_eq!(signature["enclosed"]["in_metadata"], true);
    // What came is given back as it came.
    let xml = honest();
    assert_eq!(scene.inspect_fully().on(&xml).json()["xml"], xml);
}

#[test]
fn the_parts_that_are_signed() {
    let scene = Scene::new();
    for (parts, word, of) in [
        (SignedParts::AssertionOnly, "assertion", vec!["Assertion"]),
        (SignedParts::MessageOnly, "response", vec!["Response"]),
        (SignedParts::MessageAndAssertion, "both", vec!["Response", "Assertion"]),
    ] {
        let xml = respond(&IDP, parts, &reply_to(), &nurse());
        let report = scene.inspect_fully().on(xml).report(0, "holds");
        assert_eq!(report["assertion_signed"], word);
        let signatures = report["signatures"].as_array().unwrap();
        let signed: Vec<_> = signatures.iter().map(|s| s["of"].as_str().unwrap()).collect();
        assert_eq!(signed, of);
    }
}

/// The walk goes on behind a signature that fails.
#[test]
fn everything_that_is_wrong() {
    let scene = Scene::new();
    let reply_to = ReplyTo {
        acs_url: format!("{ACS}/"),
        audience: "https://ward.example.nhs.uk".to_owned(),
        ..reply_to()
    };
    let xml = respond(&IDP, SignedParts::AssertionOnly, &reply_to, &nurse());
    let changed = xml.replace("ward 7", "ward 8");
    let late = scene.inspect_fully().with("--now", "2026-11-22T19:00:00Z");
    let report = late.on(changed).report(1, "fails");
    let expected =
        ["destination", "signature", "bearer-confirmation", "conditions-time", "audience"];
    assert_eq!(rules_in(&report, "failed"), expected);
    assert_eq!(rules_in(&report, "unreached"), [""; 0]);
    assert_eq!(report["assertion_signed"], json!(null));

    let destination = rule(&report, "destination");
    assert_eq!(destination["code"], "destination");
    assert_eq!(
        (&destination["expected"], &destination["found"]),
        (&json!(ACS), &json!(format!("{ACS}/")))
    );
    assert!(destination["adfs"].as_str().unwrap().starts_with("Set-AdfsRelyingPartyTrust "));
    assert!(destination["entra"].as_str().unwrap().contains("Reply URL"));
    let audience = rule(&report, "audience");
    assert_eq!(
        (&audience["expected"], &audience["found"]),
        (&json!(SP), &json!("https://ward.example.nhs.uk"))
    );
    assert!(audience["adfs"].as_str().unwrap().contains(" -Identifier "));
    assert_eq!(rule(&report, "signature")["code"], "digest_mismatch");
    assert_eq!(rule(&report, "conditions-time")["code"], "expired");
    assert_eq!(rule(&report, "conditions-time")["section"], "Core 2.5.1.2");
}

/// The commonest fault of all: the provider has a new certificate.
#[test]
fn a_new_certificate() {
    let scene = Scene::new();
    let old = OTHER.metadata().unwrap().replace(OTHER_ISSUER, ISSUER);
    scene.file("old.xml", old);
    let report =
        scene.inspect_fully().with("--idp-metadata", "old.xml").on(honest()).report(1, "fails");
    assert_eq!(rules_in(&report, "failed"), ["signature"]);
    let signature = rule(&report, "signature");
    assert_eq!(signature["code"], "signature_mismatch");
    let fingerprint =
        |idp: &actix_saml::idp::TestIdp| idp.keys.current().certificate().fingerprint();
    assert_eq!(signature["expected"], fingerprint(&OTHER));
    assert_eq!(signature["found"], fingerprint(&IDP));
    assert_eq!(report["signatures"][0]["enclosed"]["in_metadata"], false);
}

/// Without an option the rules that need it are open, and that is no acceptance.
#[test]
fn what_was_not_given() {
    let scene = Scene::new();
    let report = scene.inspect().on(honest()).report(1, "undecided");
    assert_eq!(rules_in(&report, "failed"), [""; 0]);
    let open: Vec<_> = [
        ("destination", ACS),
        ("response-issuer", ISSUER),
        ("response-in-response-to", REQUEST_ID),
        ("signature", ""),
        ("assertion-issuer", ISSUER),
        ("bearer-confirmation", ACS),
        ("audience", SP),
    ]
    .into();
    let names: Vec<_> = open.iter().map(|(name, _)| *name).collect();
    assert_eq!(rules_in(&report, "unchecked"), names);
    for (name, found) in open {
        let found = (!found.is_empty()).then_some(found);
        assert_eq!(rule(&report, name)["found"], json!(found), "{name}");
        assert_ne!(rule(&report, name)["give"], json!([]), "{name}");
    }
    // Each option alone is missed.
    for (option, rules) in [
        ("--idp-metadata", &["response-issuer", "signature", "assertion-issuer"][..]),
        ("--acs-url", &["destination", "bearer-confirmation"]),
        ("--sp-entity-id", &["audience"]),
        ("--request-id", &["response-in-response-to", "bearer-confirmation"]),
    ] {
        let report = scene.inspect_fully().without(option).on(honest()).report(1, "undecided");
        assert_eq!(rules_in(&report, "unchecked"), rules, "{option}");
        assert!(rule(&report, rules[0])["give"][0].as_str().unwrap().starts_with(option));
    }
    // What contradicts itself is wrong whatever is expected.
    let torn =
        honest().replacen(&format!("Destination=\"{ACS}"), "Destination=\"https://x.example", 1);
    let report = scene.inspect().on(torn).report(1, "fails");
    assert_eq!(rules_in(&report, "failed"), ["bearer-confirmation"]);
    // White space belongs to a value, and shows.
    let spaced = honest().replacen(
        "<Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
        "<Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">\n",
        1,
    );
    let text = scene.inspect().with("--format", "text").on(spaced);
    let not_given =
        "Not given: --idp-metadata. Whatever had been, not all of the rules could hold.";
    let words: Vec<_> = text.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains(not_given), "{text:?}");
    assert_eq!(text.stdout.matches("\u{fffd}http://fs.nhsmail.test/").count(), 3, "{text:?}");
    // So is what was changed after it was signed, by whomever.
    let report = scene.inspect().on(honest().replace("ward 7", "ward 8")).report(1, "fails");
    assert_eq!(rules_in(&report, "failed"), [""; 0]);
    assert_eq!(report["signatures"][0]["code"], "digest_mismatch");
}

#[test]
fn a_provider_among_several() {
    let scene = Scene::new();
    scene.file("other.xml", OTHER.metadata().unwrap());
    let both = || scene.inspect_fully().and("--idp-metadata", "other.xml");
    both().on(honest()).report(0, "holds");
    let xml = respond(&OTHER, SignedParts::AssertionOnly, &reply_to(), &nurse());
    both().on(&xml).report(0, "holds");
    let report = scene.inspect_fully().on(xml).report(1, "fails");
    assert_eq!(rules_in(&report, "failed"), ["response-issuer", "signature", "assertion-issuer"]);
}

#[test]
fn a_failure_of_the_provider() {
    let status = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext\"/></samlp:StatusCode></samlp:Status>";
    let xml = honest();
    let (start, end) =
        (xml.find("<samlp:Status>").unwrap(), xml.find("</samlp:Response>").unwrap());
    let xml = [&xml[..start], status, &xml[end..]].concat();
    let report = Scene::new().inspect_fully().on(xml).report(1, "fails");
    assert_eq!(rules_in(&report, "failed"), ["status", "one-assertion"]);
    assert_eq!(rule(&report, "signature")["needs"], "one-assertion");
    let why = rule(&report, "status")["why"].as_str().unwrap();
    assert!(why.contains("AADSTS75011"), "{why}");
    assert_eq!(report["assertion"], json!(null));
}

#[test]
fn encrypted() {
    let scene = Scene::new();
    let ((own, to_us), (old, _)) = (crate::encrypted::recipient(), crate::encrypted::recipient());
    scene.secret("own.pem", own.to_pem().unwrap());
    scene.secret("old.pem", old.to_pem().unwrap());
    let style = actix_saml::xmlenc::EncryptionStyle::AD_FS;
    let xml = crate::encrypted::encrypted(&honest(), &to_us, &style);
    let report = scene.inspect_fully().and("--sp-key", "own.pem").on(&xml).report(0, "holds");
    assert_eq!(report["encryption"], json!({ "state": "decrypted" }));
    assert_eq!(report["assertion"]["id"], ASSERTION_ID);
    assert!(report["decrypted_xml"].as_str().unwrap().starts_with("<Assertion "));
    for (key, code) in [(None, "decryption_no_key"), (Some("old.pem"), "decryption_failed")] {
        let call = scene.inspect_fully();
        let call = key.into_iter().fold(call, |call, key| call.and("--sp-key", key));
        let report = call.on(&xml).report(1, "fails");
        assert_eq!(
            (&report["encryption"]["state"], &report["encryption"]["code"]),
            (&json!("closed"), &json!(code))
        );
        assert_eq!(rule(&report, "signature")["code"], code);
        assert_eq!(rule(&report, "audience")["state"], "unreached");
        assert_eq!((&report["assertion"], &report["decrypted_xml"]), (&json!(null), &json!(null)));
    }
    // With a signature around it, what is inside is signed.
    let outer = crate::encrypted::signed_around(&to_us);
    let text = scene.inspect_fully().and("--sp-key", "own.pem").with("--format", "text").on(outer);
    assert_eq!(text.status, 0, "{text:?}");
    let (_, decrypted) = text.stdout.split_once("\nDECRYPTED ").unwrap();
    assert!(decrypted.contains("\n  \u{2503} <Assertion"), "{decrypted}");
}

/// The same exception that `verify` makes, with the same end.
#[test]
fn sha1_until_a_time_that_is_named() {
    let scene = Scene::new();
    let mut idp = IDP.clone();
    idp.issuance = Issuance { algorithm: SignatureAlgorithm::RsaSha1, ..Issuance::default() };
    let old = idp.respond(&reply_to(), &nurse(), issued()).unwrap();
    let until = |end: &str| scene.inspect_fully().and("--dangerous-accept-sha1-until", end);
    let report = scene.inspect_fully().on(&old).report(1, "fails");
    assert_eq!(rule(&report, "signature")["code"], "signature_algorithm");
    assert_eq!(report["signatures"][0]["code"], "signature_algorithm");
    assert!(rule(&report, "signature")["adfs"].as_str().unwrap().contains("#rsa-sha256"));
    until("2026-11-22T16:50:06.250Z").on(&old).report(1, "fails");
    let report = until("2026-11-22T16:50:07Z").on(&old).report(0, "holds");
    assert_eq!(report["signatures"][0]["state"], "verified");
}
