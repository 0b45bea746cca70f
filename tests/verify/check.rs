//! `actix-saml metadata check`: other tools call it, so its exit status and JSON are pinned here.

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::dsig::{Place, SignatureStyle, sign_enveloped};
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::saml::parse_instant;
use actix_saml::xml::encode_base64;
use serde_json::{Value, json};

use crate::scene::{Call, IDP, ISSUER, NOW, OTHER, OTHER_ISSUER, Outcome, Scene, issued};

/// Whoever signs the metadata of a federation.
struct Signer {
    key: PrivateKey,
    certificate: Certificate,
}

impl Signer {
    fn new() -> Self {
        Self::valid("2010-01-01T00:00:00Z", "2020-01-01T00:00:00Z")
    }

    fn valid(from: &str, until: &str) -> Self {
        let key = PrivateKey::generate(KeyShape::P256).unwrap();
        let request = CertificateRequest {
            common_name: "Example federation",
            organisation: None,
            hosts: &[],
            not_before: parse_instant(from).unwrap(),
            not_after: parse_instant(until).unwrap(),
        };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        Self { key, certificate }
    }

    fn sign(&self, xml: &str) -> String {
        sign_enveloped(
            xml,
            "_group",
            Place::First,
            &self.key,
            self.key.default_algorithm(),
            Some(&self.certificate),
            &SignatureStyle::default(),
        )
        .unwrap()
    }
}

/// Both providers of the scene in one document.
fn aggregate(attributes: &str) -> String {
    format!(
        "<EntitiesDescriptor ID=\"_group\" {attributes} xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{}{}</EntitiesDescriptor>",
        IDP.metadata().unwrap(),
        OTHER.metadata().unwrap()
    )
}

fn check(scene: &Scene) -> Call<'_> {
    scene.call(&["metadata", "check", "--now", NOW, "--format", "json"])
}

/// Usable: exit status 0.
#[track_caller]
fn usable(outcome: &Outcome) -> Value {
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let json = outcome.json();
    assert_eq!(json["usable"], true);
    json
}

/// Refused with this code: exit status 1, and three members.
#[track_caller]
fn refused(outcome: &Outcome, code: &str) -> String {
    assert_eq!(outcome.status, 1, "{outcome:?}");
    let json = outcome.json();
    let detail = json["detail"].as_str().unwrap().to_owned();
    assert_eq!(json, json!({ "usable": false, "code": code, "detail": detail }));
    assert!(!detail.is_empty());
    detail
}

fn codes(json: &Value) -> Vec<&str> {
    json["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect()
}

#[test]
fn the_whole_report() {
    let scene = Scene::new();
    let metadata = IdpMetadata::read(IDP.metadata().unwrap().as_bytes(), issued()).unwrap();
    let certificate = &metadata.certificates()[0];
    let json = usable(&check(&scene).flag("idp.xml").run(b""));
    let warnings = json["warnings"].clone();
    let address = "https://fs.nhsmail.test/adfs/ls/";
    let services = json!([
        { "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", "location": address },
        { "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", "location": address },
    ]);
    let expected = json!({
        "usable": true,
        "entity_id": ISSUER,
        "vouched_for": false,
        "vouched_by": null,
        "claimed_signers": [certificate.fingerprint()],
        "valid_until": null,
        "cache_duration_seconds": null,
        "single_sign_on": services,
        "single_logout": services,
        "wants_signed_requests": false,
        "signing_keys": [{
            "sha256": certificate.fingerprint(),
            "subject": certificate.common_name(),
            "kind": "RSA 2048",
            "not_before": "2026-01-01T00:00:00.000Z",
            "not_after": "2100-01-01T00:00:00.000Z",
            "days_left": 26_702,
            "state": "current",
        }],
        "display_names": [],
        "scopes": [],
        "warnings": warnings,
        "ignored": [
            { "what": "key for encryption", "count": 1 },
            { "what": "other role: RoleDescriptor ApplicationServiceType", "count": 1 },
            { "what": "other role: RoleDescriptor SecurityTokenServiceType", "count": 1 },
            { "what": "other role: SPSSODescriptor", "count": 1 },
            { "what": "signature: no key is pinned", "count": 1 },
        ],
    });
    assert_eq!(json, expected);
    assert_eq!(codes(&json), ["not_vouched_for", "test_key"]);
    // From standard input, and under its right name, it is the same.
    let piped = check(&scene).and("--entity-id", ISSUER).on_stdin(IDP.metadata().unwrap());
    assert_eq!(usable(&piped), expected);
}

#[test]
fn in_words() {
    let scene = Scene::new();
    let outcome = check(&scene).with("--format", "text").flag("idp.xml").run(b"");
    assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
    let fingerprint = IDP.keys.current().certificate().fingerprint();
    for line in [
        "usable\n",
        &format!("\n  entityID       {ISSUER}\n"),
        "\n  vouched for    NO: no pinned key signed it\n",
        &format!("\n                 its signature comes with the certificate {fingerprint}\n"),
        "\n  valid until    it does not say\n",
        "\n  sign-in        HTTP-Redirect https://fs.nhsmail.test/adfs/ls/\n",
        "\n  log-out        HTTP-POST https://fs.nhsmail.test/adfs/ls/\n",
        &format!("\n  signing key    {fingerprint}\n"),
        ", RSA 2048\n                 2026-01-01T00:00:00.000Z to 2100-01-01T00:00:00.000Z, 26702 days left\n",
        "\n  warning: no key is pinned, so the signature was not looked at",
        "\n  not used:\n    key for encryption\n",
        "\n    other role: SPSSODescriptor\n",
    ] {
        assert!(outcome.stdout.contains(line), "{line:?} is not in {}", outcome.stdout);
    }
    let outcome = check(&scene).with("--format", "text").on_stdin("<html></html>");
    let expected = "refused\n  code    metadata_root\n  detail  the root element is <html>, \
                    not a SAML 2.0 EntityDescriptor or EntitiesDescriptor\n";
    assert_eq!((outcome.status, &outcome.stdout[..]), (1, expected));
}

#[test]
fn a_pinned_key_vouches() {
    let scene = Scene::new();
    let signer = Signer::new();
    let fingerprint = signer.certificate.fingerprint();
    let pem = signer.certificate.to_pem().unwrap();
    scene.file("signer.pem", format!("Federation\n{pem}"));
    scene.file("signer.crt", signer.certificate.as_der());
    scene.file("other.crt", OTHER.keys.current().certificate().as_der());
    let attributes = "validUntil=\"2026-11-29T00:00:00Z\" cacheDuration=\"PT6H\"";
    scene.file("group.xml", signer.sign(&aggregate(attributes)));
    let colons: Vec<_> =
        fingerprint.as_bytes().chunks(2).map(|c| std::str::from_utf8(c).unwrap()).collect();
    for (option, value) in [
        ("--pin", "signer.pem"),
        ("--pin", "signer.crt"),
        ("--pin-sha256", &fingerprint[..]),
        ("--pin-sha256", &colons.join(":").to_uppercase()),
    ] {
        let call = check(&scene).and("--entity-id", OTHER_ISSUER).and(option, value);
        let json = usable(&call.clone().flag("group.xml").run(b""));
        assert_eq!(json["vouched_for"], true);
        let signer = json!({ "sha256": fingerprint, "subject": "Example federation" });
        assert_eq!(json["vouched_by"], signer);
        assert_eq!(json["claimed_signers"], json!([]));
        assert_eq!(json["valid_until"], "2026-11-29T00:00:00.000Z");
        assert_eq!(json["cache_duration_seconds"], 21_600);
        assert_eq!(json["entity_id"], OTHER_ISSUER);
        assert_eq!(codes(&json), ["test_key"]);
        assert_eq!(json["ignored"][1], json!({ "what": "other entity", "count": 1 }));
        let text = call.clone().with("--format", "text").flag("group.xml").run(b"");
        let line = format!("yes: signed by the pinned key of {fingerprint} (Example federation)");
        assert!(text.stdout.contains(&line), "{}", text.stdout);
        // One of several pins is enough.
        let two = call.and("--pin", "other.crt").flag("group.xml").run(b"");
        assert_eq!(usable(&two)["vouched_for"], true);
    }
}

#[test]
fn what_is_refused() {
    let scene = Scene::new();
    let signer = Signer::new();
    let fingerprint = signer.certificate.fingerprint();
    let own = IDP.keys.current().certificate().fingerprint();
    scene.file("signer.crt", signer.certificate.as_der());
    scene.file("group.xml", signer.sign(&aggregate("validUntil=\"2026-12-29T00:00:00Z\"")));
    let evil = aggregate("validUntil=\"2027-12-29T00:00:00Z\"");
    scene.file("evil.xml", Signer::new().sign(&evil));
    scene.file("unsigned.xml", &evil);
    let changed = IDP.metadata().unwrap().replacen("/adfs/ls/", "/adfs/ls/evil", 1);
    scene.file("changed.xml", changed);
    let (entity, pin, print) = ("--entity-id", "--pin", "--pin-sha256");
    let days = "--max-validity-days";
    for (options, file, code) in [
        (vec![], "group.xml", "metadata_aggregate"),
        (vec![(entity, "urn:nobody")], "group.xml", "metadata_no_such_entity"),
        (vec![(entity, "urn:nobody")], "idp.xml", "metadata_other_entity"),
        (vec![(pin, "signer.crt")], "idp.xml", "signature_key_mismatch"),
        (vec![(pin, "signer.crt")], "evil.xml", "signature_mismatch"),
        (vec![(pin, "signer.crt")], "unsigned.xml", "metadata_not_signed"),
        (vec![(print, &fingerprint[..])], "idp.xml", "metadata_signer_not_pinned"),
        (vec![(print, &own[..])], "changed.xml", "digest_mismatch"),
        (vec![(days, "14")], "idp.xml", "metadata_no_valid_until"),
        (vec![(entity, ISSUER), (days, "14")], "group.xml", "metadata_valid_too_long"),
        (vec![(entity, ISSUER), (days, "14")], "evil.xml", "metadata_valid_too_long"),
    ] {
        let call =
            options.iter().fold(check(&scene), |call, (option, value)| call.and(option, value));
        refused(&call.flag(file).run(b""), code);
    }
    let call = check(&scene).and(entity, ISSUER);
    usable(&call.clone().flag("group.xml").run(b""));
    usable(&call.clone().and(days, "37").flag("group.xml").run(b""));
    let late = call.with("--now", "2026-12-29T00:00:00Z").flag("group.xml").run(b"");
    let detail = refused(&late, "metadata_expired");
    assert!(detail.contains("2026-12-29T00:00:00Z"), "{detail}");
    // Who signed and is not pinned is named.
    let detail = refused(
        &check(&scene).and(print, &fingerprint).flag("idp.xml").run(b""),
        "metadata_signer_not_pinned",
    );
    assert!(detail.contains(&own), "{detail}");
    for (content, code) in [
        ("", "xml_malformed"),
        ("<html/>", "metadata_root"),
        ("<!DOCTYPE html><html></html>", "xml_doctype"),
        ("<EntityDescriptor", "xml_malformed"),
    ] {
        refused(&check(&scene).on_stdin(content), code);
    }
    let no_keys = IDP.metadata().unwrap().replace("use=\"signing\"", "use=\"encryption\"");
    refused(&check(&scene).on_stdin(no_keys), "metadata_no_signing_key");
}

#[test]
fn dates_are_warned_about_and_never_refused() {
    let scene = Scene::new();
    let signer = Signer::valid("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let base64 = |certificate: &Certificate| encode_base64(certificate.as_der());
    let own = base64(IDP.keys.current().certificate());
    scene.file("ends.xml", IDP.metadata().unwrap().replace(&own, &base64(&signer.certificate)));
    for (now, days, state, code) in [
        ("2026-12-01T23:59:59Z", 30, "soon", Some("certificate_expires_soon")),
        ("2026-12-01T00:00:00Z", 31, "current", None),
        ("2026-12-31T23:59:59Z", 0, "soon", Some("certificate_expires_soon")),
        ("2027-01-01T00:00:00Z", 0, "soon", Some("certificate_expires_soon")),
        ("2027-01-01T00:00:01Z", -1, "expired", Some("certificate_expired")),
        ("2036-01-01T00:00:00Z", -3287, "expired", Some("certificate_expired")),
        ("2025-12-31T23:59:59Z", 365, "not_yet", Some("certificate_not_yet_valid")),
    ] {
        let json = usable(&check(&scene).with("--now", now).flag("ends.xml").run(b""));
        let key = &json["signing_keys"][0];
        assert_eq!((&key["days_left"], &key["state"]), (&json!(days), &json!(state)), "{now}");
        let expected: Vec<_> = ["not_vouched_for"].into_iter().chain(code).collect();
        assert_eq!(codes(&json), expected, "{now}");
    }
    let short = IDP.metadata().unwrap().replacen(
        "<EntityDescriptor ",
        "<EntityDescriptor validUntil=\"2026-11-24T16:50:06Z\" ",
        1,
    );
    let json = usable(&check(&scene).on_stdin(short));
    assert!(codes(&json).contains(&"valid_until_soon"), "{json}");
}

#[test]
fn other_warnings() {
    let scene = Scene::new();
    let metadata = IDP.metadata().unwrap();
    for (xml, code) in [
        (
            metadata.replace("https://fs.nhsmail.test/adfs/ls/", "http://fs.nhsmail.test/adfs/ls/"),
            "http_location",
        ),
        (
            metadata.replace(
                &format!("entityID=\"{ISSUER}\""),
                "entityID=\"https://sts.example/{tenantid}/\"",
            ),
            "place_holder",
        ),
    ] {
        assert_ne!(xml, metadata);
        let json = usable(&check(&scene).on_stdin(xml));
        assert!(codes(&json).contains(&code), "{json}");
    }
}

#[test]
fn names_and_scopes_steer_no_terminal() {
    let scene = Scene::new();
    let role =
        "<IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">";
    let metadata = IDP.metadata().unwrap();
    assert_eq!(metadata.matches(role).count(), 1);
    let extensions = "<Extensions><UIInfo xmlns=\"urn:oasis:names:tc:SAML:metadata:ui\"><DisplayName xml:lang=\"cy\">Ysbyty</DisplayName><DisplayName xml:lang=\"en\">\u{202e}Evil</DisplayName></UIInfo><Scope xmlns=\"urn:mace:shibboleth:metadata:1.0\" regexp=\"true\">.*</Scope></Extensions>";
    let xml = metadata.replace(role, &format!("{role}{extensions}"));
    let json = usable(&check(&scene).on_stdin(&xml));
    assert_eq!(json["display_names"], json!([{ "lang": "cy", "value": "Ysbyty" }]));
    assert_eq!(json["scopes"], json!([{ "value": ".*", "regexp": true }]));
    let text = check(&scene).with("--format", "text").on_stdin(&xml).stdout;
    assert!(text.contains("\n  name           Ysbyty [cy]\n"), "{text}");
    assert!(text.contains("\n  scope          .* (a regular expression, not interpreted)\n"));
    // What is refused is quoted, and does not reach the terminal as it is.
    let hostile = "<\u{9b}31m xmlns=\"\u{9b}31m\"/>";
    for format in ["json", "text"] {
        let outcome = check(&scene).with("--format", format).on_stdin(hostile);
        assert_eq!(outcome.status, 1);
        assert!(!outcome.stdout.contains('\u{9b}'), "{outcome:?}");
    }
    let location = metadata.replace("https://fs.nhsmail.test/adfs/ls/", "urn:\u{85}\u{202e}x");
    for format in ["json", "text"] {
        let outcome = check(&scene).with("--format", format).on_stdin(&location);
        assert!(outcome.stdout.contains("metadata_location"), "{outcome:?}");
        assert!(!outcome.stdout.contains(['\u{85}', '\u{202e}']), "{outcome:?}");
    }
}

#[test]
fn wrong_calls() {
    let scene = Scene::new();
    scene.file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    scene.file("empty.crt", "");
    let plain = || check(&scene).flag("idp.xml");
    usable(&plain().run(b""));
    for (call, complaint) in [
        (check(&scene), "<FILE>"),
        (check(&scene).flag("nowhere.xml"), "nowhere.xml"),
        (plain().flag("other.xml"), "unexpected argument"),
        (plain().and("--pin", "nowhere.crt"), "nowhere.crt"),
        (plain().and("--pin", "broken.pem"), "broken.pem"),
        (plain().and("--pin", "empty.crt"), "empty.crt"),
        (plain().and("--pin", "idp.xml"), "idp.xml"),
        (plain().and("--pin-sha256", "00ff"), "64 hexadecimal digits"),
        (plain().and("--pin-sha256", ""), "--pin-sha256"),
        (plain().and("--entity-id", "a b"), "entityID"),
        (plain().and("--max-validity-days", "0"), "--max-validity-days"),
        (plain().and("--max-validity-days", "1.5"), "--max-validity-days"),
        (plain().and("--max-validity-days", "3651"), "--max-validity-days"),
        (plain().with("--now", "yesterday"), "--now"),
        (plain().with("--format", "xml"), "--format"),
    ] {
        call.run(b"").unusable(complaint);
    }
}
