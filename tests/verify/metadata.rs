//! `actix-saml metadata sp`

use std::os::unix::fs::PermissionsExt as _;

use actix_saml::Saml;
use actix_saml::crypto::{KeyShape, PrivateKey};
use actix_web::{App, test};

use crate::scene::Scene;

const CONFIG: &str = "\
base_url = \"https://rota.example.nhs.uk\"
entity_id = \"https://rota.example.nhs.uk/saml/metadata\"
dev = true

[[idp]]
metadata = \"idp.xml\"

[organisation]
name = \"Example Wards NHS Trust & Söhne\"
url = \"https://www.example.nhs.uk\"

[contact]
email = \"rota.team@example.nhs.uk\"
";

/// What the application with this configuration serves.
fn served(scene: &Scene) -> String {
    actix_web::rt::System::new().block_on(async {
        let saml = Saml::from_file(scene.path("saml.toml")).await.unwrap();
        let app = test::init_service(App::new().configure(saml.routes())).await;
        let request = test::TestRequest::get().uri("/saml/metadata").to_request();
        let body = test::call_and_read_body(&app, request).await;
        String::from_utf8(body.to_vec()).unwrap()
    })
}

#[::core::prelude::v1::test]
fn what_is_printed_is_what_is_served() {
    let scene = Scene::new();
    scene.file("saml.toml", CONFIG);
    let served = served(&scene);
    assert!(served.contains("entityID=\"https://rota.example.nhs.uk/saml/metadata\""), "{served}");
    for call in
        [scene.call(&["metadata", "sp", "--config", "saml.toml"]), scene.call(&["metadata", "sp"])]
    {
        let outcome = call.run(b"");
        assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
        assert_eq!(outcome.stdout, format!("{served}\n"));
    }
    let outcome = scene.call(&["metadata", "sp", "--output", "sp.xml"]).run(b"");
    assert_eq!((outcome.status, &outcome.stdout[..]), (0, ""), "{outcome:?}");
    let written = std::fs::read_to_string(scene.path("sp.xml")).unwrap();
    assert_eq!(written, format!("{served}\n"));
}

#[::core::prelude::v1::test]
fn variables_override() {
    let scene = Scene::new();
    scene.file("saml.toml", CONFIG);
    let mut command = scene.call(&["metadata", "sp"]).command();
    let output = command.env("SAML_ENTITY_ID", "urn:rota").output().unwrap();
    let xml = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && xml.contains("entityID=\"urn:rota\""), "{xml}");
    let output = command.env("SAML_DEV", "perhaps").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("environment: SAML_DEV: "), "{complaint}");
}

#[::core::prelude::v1::test]
fn a_broken_configuration_names_file_field_and_remedy() {
    let scene = Scene::new();
    let key = PrivateKey::generate(KeyShape::P256).unwrap().to_pem().unwrap();
    let key = scene.file("open.pem", key);
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (ours, section) = ("saml.toml", "[organisation]");
    let before_section = |lines: &str| format!("{lines}\n{section}");
    for (from, to, file, field) in [
        ("https://rota.example.nhs.uk\"\n", "http://rota.example.nhs.uk\"\n", ours, "base_url"),
        ("rota.example.nhs.uk\"\n", "rota.example.nhs.uk/rota\"\n", ours, "base_url"),
        ("base_url = \"https://rota.example.nhs.uk\"\n", "", ours, "base_url"),
        ("dev = true", "dev = yes", ours, "line 3"),
        ("dev = true", "dev = \"yes\"", ours, "dev"),
        ("dev = true", "verify_signatures = false", ours, "verify_signatures"),
        ("[[idp]]\nmetadata = \"idp.xml\"\n", "", ours, "idp"),
        (
            section,
            &before_section("[keys]\nsigning_key = \"open.pem\"\nsigning_cert = \"x.pem\""),
            ours,
            "keys.signing_key",
        ),
        (
            section,
            &before_section("[policy]\nclock_skew_seconds = 301"),
            ours,
            "policy.clock_skew_seconds",
        ),
        (
            section,
            &before_section("[policy]\nrequire_signed = \"none\""),
            ours,
            "policy.require_signed",
        ),
    ] {
        assert_eq!(CONFIG.matches(from).count(), 1, "{from}");
        scene.file("saml.toml", CONFIG.replace(from, to));
        let outcome = scene.call(&["metadata", "sp", "--config", "saml.toml"]).run(b"");
        outcome.unusable("\n  remedy: ");
        let start = format!("actix-saml: {file}: {field}: ");
        assert!(outcome.stderr.starts_with(&start), "{start:?}: {}", outcome.stderr);
    }
    let outcome = scene.call(&["metadata", "sp", "--config", "nowhere.toml"]).run(b"");
    outcome.unusable("actix-saml: nowhere.toml: (whole file): ");
    outcome.unusable("\n  remedy: ");
}

/// It is needed to register us, which comes before the other side's metadata is there.
#[::core::prelude::v1::test]
fn nobody_elses_metadata_is_read() {
    let scene = Scene::new();
    scene.file("saml.toml", CONFIG.replace("idp.xml", "nowhere.xml"));
    let outcome = scene.call(&["metadata", "sp"]).run(b"");
    assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
    scene.file("saml.toml", CONFIG);
    assert_eq!(outcome.stdout, scene.call(&["metadata", "sp"]).run(b"").stdout);
}

const KEYS: &str = "[keys]\nsigning_key = \"k.pem\"\nsigning_cert = \"c.pem\"\n";

#[::core::prelude::v1::test]
fn it_is_signed_and_limited_on_demand() {
    let scene = Scene::new();
    scene.call(&["keygen", "--type", "p256", "--key", "k.pem", "--cert", "c.pem"]).run(b"");
    scene.file("saml.toml", format!("{CONFIG}\n{KEYS}"));
    let plain = scene.call(&["metadata", "sp"]).run(b"").stdout;
    for absent in ["<ds:Signature ", "validUntil", "cacheDuration", " ID="] {
        assert!(!plain.contains(absent), "{plain}");
    }
    let all = ["--sign", "--valid-days", "7", "--cache-hours", "12"];
    let outcome = scene.call(&["metadata", "sp"]).flags(&all).run(b"");
    assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
    let signed = outcome.stdout;
    for present in ["<ds:Signature ", " validUntil=\"2", " cacheDuration=\"PT12H\"", " ID=\"_"] {
        assert!(signed.contains(present), "{signed}");
    }
    // The options count in place of the file.
    let file = "[metadata]\nsign = true\nvalid_days = 7\ncache_hours = 24\n";
    scene.file("saml.toml", format!("{CONFIG}\n{KEYS}{file}"));
    let outcome = scene.call(&["metadata", "sp", "--cache-hours", "12"]).run(b"");
    for present in ["<ds:Signature ", " validUntil=\"2", " cacheDuration=\"PT12H\"", " ID=\"_"] {
        assert!(outcome.stdout.contains(present), "{outcome:?}");
    }

    scene.file("saml.toml", CONFIG);
    let outcome = scene.call(&["metadata", "sp", "--sign"]).run(b"");
    outcome.unusable("saml.toml: metadata.sign: the metadata is to be signed, and there is no");
    let outcome = scene.call(&["metadata", "sp", "--valid-days", "0"]).run(b"");
    outcome.unusable("saml.toml: metadata: the metadata must be valid for between a day and ten");
}
