//! What is no response: requests, log-out messages, metadata.

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::saml::binding::redirect_url;
use actix_saml::xml::encode_base64;
use serde_json::json;
use url::Url;

use crate::scene::{ACS, IDP, ISSUED, ISSUER, OTHER, SP, Scene};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SLO: &str = "https://fs.nhsmail.test/adfs/ls/";

fn authn_request() -> String {
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" ID=\"_a\" Version=\"2.0\" IssueInstant=\"{ISSUED}\" Destination=\"{SLO}\" ForceAuthn=\"true\" AssertionConsumerServiceURL=\"{ACS}\"><Issuer xmlns=\"{ASSERTION}\">{SP}</Issuer><samlp:RequestedAuthnContext><AuthnContextClassRef xmlns=\"{ASSERTION}\">urn:x</AuthnContextClassRef></samlp:RequestedAuthnContext></samlp:AuthnRequest>"
    )
}

fn logout_request() -> String {
    format!(
        "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" ID=\"_l\" Version=\"2.0\" IssueInstant=\"{ISSUED}\" NotOnOrAfter=\"{ISSUED}\"><Issuer xmlns=\"{ASSERTION}\">{ISSUER}</Issuer><NameID xmlns=\"{ASSERTION}\">test.nurse1@nhs.net</NameID><samlp:SessionIndex>_s</samlp:SessionIndex></samlp:LogoutRequest>"
    )
}

/// The message by HTTP-Redirect, signed by the first provider.
fn redirected(xml: &str) -> String {
    let key = IDP.keys.current().private_key();
    let url = Url::parse("https://rota.example.nhs.uk/saml/logout").unwrap();
    let signed = Some((key, SignatureAlgorithm::RsaSha256));
    redirect_url(&url, xml, "a/b", signed).unwrap().to_string()
}

#[test]
fn a_request() {
    let scene = Scene::new();
    let url = Url::parse(SLO).unwrap();
    let url = redirect_url(&url, &authn_request(), "handle", None).unwrap();
    for (content, form) in [
        (authn_request(), "xml"),
        (encode_base64(authn_request().as_bytes()), "base64"),
        (url.to_string(), "redirect"),
    ] {
        let report = scene.inspect().on(content).report(0, "shown");
        assert_eq!(report["input"]["form"], form);
        let message = &report["message"];
        assert_eq!((&message["kind"], &message["id"]), (&json!("AuthnRequest"), &json!("_a")));
        assert_eq!(message["authn_request"]["acs_url"], ACS);
        assert_eq!(message["authn_request"]["force_authn"], "true");
        assert_eq!(message["authn_request"]["requested_class_refs"], json!(["urn:x"]));
        assert_eq!((&report["rules"], &report["signatures"]), (&json!([]), &json!([])));
    }
}

#[test]
fn a_log_out() {
    let scene = Scene::new();
    let url = redirected(&logout_request());
    let report = scene.inspect_fully().on(&url).report(0, "shown");
    assert_eq!(report["input"]["relay_state"], "a/b");
    assert_eq!(report["input"]["parameter"], "SAMLRequest");
    let logout = &report["message"]["logout"];
    assert_eq!(logout["name_id"]["value"], "test.nurse1@nhs.net");
    assert_eq!(logout["session_indexes"], json!(["_s"]));
    assert_eq!(logout["not_on_or_after"]["seconds_from_now"], -5);
    let signature = &report["signatures"][0];
    assert_eq!((&signature["of"], &signature["state"]), (&json!("query"), &json!("verified")));
    assert_eq!(signature["algorithm"], SignatureAlgorithm::RsaSha256.uri());
    assert_eq!(signature["made_by"], IDP.keys.current().certificate().fingerprint());

    // The signature over the query covers all of the message.
    let text = scene.inspect_fully().with("--format", "text").on(&url).stdout;
    assert!(text.contains("\n  \u{2503} <samlp:LogoutRequest"), "{text}");
    assert!(text.contains("\n  \u{2503} </samlp:LogoutRequest>"), "{text}");

    let report = scene.inspect().on(&url).report(0, "shown");
    assert_eq!(report["signatures"][0]["state"], "unchecked");
    scene.file("other.xml", OTHER.metadata().unwrap());
    for call in [
        scene.inspect_fully().with("--idp-metadata", "other.xml").on(&url),
        scene.inspect_fully().on(url.replace("RelayState=a", "RelayState=b")),
    ] {
        let report = call.report(1, "fails");
        assert_eq!(report["signatures"][0]["code"], "signature_mismatch");
    }
    let both = scene.inspect_fully().with("--idp-metadata", "other.xml");
    both.and("--idp-metadata", "idp.xml").on(&url).report(0, "shown");
}

#[test]
fn metadata() {
    let scene = Scene::new();
    let metadata = IDP.metadata().unwrap();
    let report = scene.inspect().on(&metadata).report(0, "shown");
    assert_eq!(report["metadata"]["usable"]["usable"], true);
    let entity = &report["metadata"]["entities"][0];
    assert_eq!(entity["entity_id"], ISSUER);
    let roles = entity["roles"].as_array().unwrap();
    let role = roles.iter().find(|role| role["role"] == "IDPSSODescriptor").unwrap();
    let uses: Vec<_> = role["keys"].as_array().unwrap().iter().map(|key| &key["use"]).collect();
    assert_eq!(uses, ["encryption", "signing"]);
    assert_eq!(role["keys"][1]["sha256"], IDP.keys.current().certificate().fingerprint());
    assert_eq!(role["keys"][1]["kind"], "RSA 2048");
    let endpoints = role["endpoints"].as_array().unwrap();
    assert!(endpoints.iter().any(|endpoint| endpoint["service"] == "SingleSignOnService"));

    let (head, tail) = metadata.split_once(" entityID=").unwrap();
    let expired = format!("{head} validUntil=\"2026-01-01T00:00:00Z\" entityID={tail}");
    let report = scene.inspect().on(expired).report(1, "fails");
    assert_eq!(report["metadata"]["usable"]["code"], "metadata_expired");
    let valid_until = &report["metadata"]["entities"][0]["valid_until"];
    assert!(valid_until["seconds_from_now"].as_i64().unwrap() < 0);

    let aggregate = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{metadata}<md:EntityDescriptor entityID=\"urn:b\"/></md:EntitiesDescriptor>"
    );
    let report = scene.inspect().on(aggregate).report(0, "shown");
    assert_eq!(
        (&report["metadata"]["count"], &report["metadata"]["usable"]),
        (&json!(2), &json!(null))
    );
    assert_eq!(report["metadata"]["entities"][1]["entity_id"], "urn:b");
}

#[test]
fn not_a_message() {
    let scene = Scene::new();
    let report = scene.inspect_fully().on("<samlp:Response").report(1, "fails");
    assert_eq!(report["unreadable"]["code"], "xml_malformed");
    let text = scene.inspect().with("--format", "text").on("<a><b>x&y</b></a>");
    assert!(text.stdout.contains("\n  near  <a><b>x[*]&y</b></a>\n"), "{text:?}");
    let report = scene.inspect_fully().on("<!DOCTYPE a><a/>").report(1, "fails");
    assert_eq!(report["unreadable"]["code"], "xml_doctype");
    let report = scene.inspect().on("<html/>").report(0, "shown");
    assert_eq!(report["message"]["kind"], "html");
    for content in ["", "hello", "aGVsbG8="] {
        let outcome = scene.inspect().on(content);
        assert_eq!((outcome.status, &outcome.stdout[..]), (2, ""), "{outcome:?}");
        assert!(outcome.stderr.starts_with("actix-saml: "), "{outcome:?}");
    }
    scene
        .inspect()
        .on("SAMLRequest=a&SAMLRequest=b")
        .unusable("SAMLRequest is there more than once");
    scene.inspect().flag("nowhere").run(b"").unusable("nowhere: ");
    scene.inspect().run(b"").unusable("<FILE>");
    scene
        .inspect()
        .flag("--unsolicited")
        .and("--request-id", "_a")
        .on("<a/>")
        .unusable("cannot be used with");
}

/// Files of any size, and messages that would be of any size.
#[test]
fn too_large() {
    let scene = Scene::new();
    let large = format!("<a>{}</a>", "x".repeat(1_100_000));
    let report = scene.inspect().on(&large).report(1, "fails");
    assert_eq!(report["unreadable"]["code"], "xml_limit");
    let path = scene.file("huge", "<samlp:Response");
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(1 << 36).unwrap();
    let report = scene.inspect().flag("huge").run(b"").report(1, "fails");
    assert_eq!(report["unreadable"]["code"], "xml_limit");
}
