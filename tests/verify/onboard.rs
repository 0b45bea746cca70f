//! `actix-saml onboard`: the pack for the help desk.

use std::collections::BTreeMap;

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::saml::parse_instant;

use crate::scene::{Call, Scene};

const CONFIG: &str = "\
base_url = \"https://rota.example.nhs.uk\"
entity_id = \"https://rota.example.nhs.uk/saml/metadata\"

[keys]
signing_key = \"secret/own-signing-key.pem\"
signing_cert = \"secret/own-signing-cert.pem\"
decryption_keys = [\"secret/own-decryption-key.pem\"]
encryption_cert = \"secret/own-encryption-cert.pem\"

[organisation]
name = \"Example Wards NHS Trust\"
url = \"https://www.example.nhs.uk\"

[contact]
name = \"Rota team\"
email = \"rota.team@example.nhs.uk\"
telephone = \"01234 567890\"
";

const PACK: [&str; 9] = [
    "adfs.ps1",
    "answer.md",
    "encryption-certificate.cer",
    "entra.md",
    "letter.txt",
    "registration.md",
    "signing-certificate.cer",
    "sp-metadata.xml",
    "test-plan.md",
];

/// Keys of our own with their certificates, where [`CONFIG`] says.
fn keys(scene: &Scene) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(scene.path("secret")).unwrap();
    let mut pems = Vec::new();
    for name in ["signing", "decryption"] {
        let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let request = CertificateRequest {
            common_name: "rota.example.nhs.uk",
            organisation: None,
            hosts: &[],
            not_before: parse_instant("2026-01-01T00:00:00Z").unwrap(),
            not_after: parse_instant("2029-01-01T00:00:00Z").unwrap(),
        };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        let purpose = if name == "signing" { "signing" } else { "encryption" };
        let pem = key.to_pem().unwrap();
        let path = scene.file(&format!("secret/own-{name}-key.pem"), &pem);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        scene.file(&format!("secret/own-{purpose}-cert.pem"), certificate.to_pem().unwrap());
        pems.push(pem);
    }
    pems
}

fn onboard(scene: &Scene) -> Call<'_> {
    let call = scene.call(&["onboard", "--now", "2026-11-22T10:00:00Z"]);
    call.and("--application", "Ward's rota").and("--ods-code", "RXF").and("--purpose", "Rotas")
}

fn files(scene: &Scene, folder: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(scene.path(folder)).unwrap();
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    entries.map(read).collect()
}

#[test]
fn the_whole_pack_without_an_identity_provider() {
    let scene = Scene::new();
    keys(&scene);
    scene.file("saml.toml", CONFIG);
    let outcome = onboard(&scene).and("--output", "pack").run(b"");
    assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
    let files = files(&scene, "pack");
    assert_eq!(files.keys().collect::<Vec<_>>(), PACK);
    let mut written: Vec<&str> = outcome.stdout.lines().collect();
    written.sort_unstable();
    assert_eq!(written, PACK.map(|name| format!("pack/{name}")));

    for part in [
        "To: helpdesk@nhs.net\n\
         Subject: Single Sign On application onboarding request\n\
         Date: 22 November 2026\n",
        "Application        Ward's rota\n\
         What it is for     Rotas\n\
         Organisation       Example Wards NHS Trust\n\
         ODS code           RXF\n\
         Technical contact  Rota team, rota.team@example.nhs.uk, 01234 567890\n",
        "Entity ID          https://rota.example.nhs.uk/saml/metadata\n\
         Reply URL          https://rota.example.nhs.uk/saml/acs\n",
        "Logout URL         https://rota.example.nhs.uk/saml/slo\n\
         Requests           signed with RSA-SHA256\n\
         Encryption         yes, to the certificate in the metadata\n",
    ] {
        assert!(files["letter.txt"].contains(part), "{part}--- is not in\n{}", files["letter.txt"]);
    }
    let certificate = std::fs::read_to_string(scene.path("secret/own-signing-cert.pem")).unwrap();
    assert_eq!(files["signing-certificate.cer"], certificate);
    let fingerprint = Certificate::from_pem(certificate.as_bytes()).unwrap().fingerprint();
    assert!(files["registration.md"].contains(&fingerprint));
    for part in [
        "\u{feff}# Makes the relying party trust",
        "    Name = 'Ward''s rota'\n",
        "    SamlResponseSignature = 'AssertionOnly'\n    SignedSamlRequestsRequired = $true\n",
        "    EncryptClaims = $true\n    SigningCertificateRevocationCheck = 'None'\n",
        "query = \";mail,userPrincipalName,displayName,givenName,sn;{0}\", param = c.Value);",
    ] {
        assert!(files["adfs.ps1"].contains(part), "{part} is not in\n{}", files["adfs.ps1"]);
    }
    assert!(files["entra.md"].contains("Signing Option **Sign SAML assertion**"));
}

#[test]
fn its_metadata_is_what_the_application_serves() {
    let scene = Scene::new();
    keys(&scene);
    scene
        .file("saml.toml", CONFIG.replacen("[keys]", "[[idp]]\nmetadata = \"idp.xml\"\n[keys]", 1));
    let mut command = scene.call(&["metadata", "sp"]).command();
    let served = command.env("SAML_DEV", "true").output().unwrap();
    onboard(&scene).and("--output", "pack").run(b"");
    assert_eq!(files(&scene, "pack")["sp-metadata.xml"].as_bytes(), served.stdout);
}

#[test]
fn nothing_secret_leaves() {
    let scene = Scene::new();
    let secrets = keys(&scene);
    scene.file("saml.toml", CONFIG);
    let page = onboard(&scene).run(b"").stdout;
    assert!(page.contains("-----BEGIN CERTIFICATE-----"), "{page}");
    for secret in ["PRIVATE KEY", "secret/", "own-signing", env!("CARGO_TARGET_TMPDIR")] {
        assert!(!page.contains(secret), "{secret}");
    }
    for line in secrets.iter().flat_map(|pem| pem.lines()) {
        assert!(!page.contains(line), "{line}");
    }
}

#[test]
fn the_same_call_writes_the_same() {
    let scene = Scene::new();
    keys(&scene);
    scene.file("saml.toml", CONFIG);
    let pages = [onboard(&scene).run(b"").stdout, onboard(&scene).run(b"").stdout];
    assert_eq!(pages[0], pages[1]);
    let next_day = onboard(&scene).with("--now", "2026-11-23T00:30:00+01:00").run(b"").stdout;
    assert_eq!(pages[0], next_day, "the date is that of UTC");
    for name in PACK {
        assert!(pages[0].contains(&format!("<!-- {name} -->\n")), "{name}");
    }
}

#[test]
fn what_is_missing_is_said_and_can_be_seen() {
    let scene = Scene::new();
    scene.file("saml.toml", "base_url = \"https://x.nhs.uk\"\nentity_id = \"urn:x\"\n");
    let outcome = scene.call(&["onboard", "--now", "2026-11-22T10:00:00Z"]).run(b"");
    assert_eq!(outcome.status, 1, "{outcome:?}");
    let missing = "\
actix-saml: to be filled in: name of the application (--application)
actix-saml: to be filled in: what the application is for (--purpose)
actix-saml: to be filled in: ODS code of your organisation (--ods-code)
actix-saml: to be filled in: legal name of your organisation ([organisation] in the configuration)
actix-saml: to be filled in: mail address of the technical contact ([contact] in the configuration)
";
    assert_eq!(outcome.stderr, missing);
    for part in [
        "Application        [FILL IN: name of the application]\n",
        "Technical contact  [FILL IN: mail address of the technical contact]\n",
        "Requests           not signed\nEncryption         no, please:",
        "There is no certificate: requests are not signed, and nothing is decrypted.",
        "    SignedSamlRequestsRequired = $false\n    EncryptClaims = $false\n}\n",
    ] {
        assert!(outcome.stdout.contains(part), "{part} is not in\n{}", outcome.stdout);
    }
}

#[test]
fn a_trial_is_not_for_sending() {
    let scene = Scene::new();
    keys(&scene);
    scene.file("saml.toml", format!("dev = true\n{CONFIG}"));
    let outcome = onboard(&scene).run(b"");
    let complaint = "actix-saml: to be filled in: an address for live use: dev is set, and this \
                     would register a trial (dev and base_url in the configuration)\n";
    assert_eq!((outcome.status, &outcome.stderr[..]), (1, complaint));
}

#[test]
fn what_is_there_already_stays() {
    let scene = Scene::new();
    keys(&scene);
    scene.file("saml.toml", CONFIG);
    std::fs::create_dir(scene.path("pack")).unwrap();
    scene.file("pack/letter.txt", "edited by hand");
    let outcome = onboard(&scene).and("--output", "pack").run(b"");
    outcome.unusable("letter.txt is there already: choose another folder");
    assert_eq!(files(&scene, "pack").into_values().collect::<Vec<_>>(), ["edited by hand"]);
}

#[test]
fn a_configuration_that_does_not_load_is_a_wrong_call() {
    let scene = Scene::new();
    onboard(&scene).run(b"").unusable("actix-saml: saml.toml: (whole file): ");
    scene.file("saml.toml", CONFIG);
    onboard(&scene).run(b"").unusable("actix-saml: saml.toml: keys.signing_key: ");
}

#[test]
fn wishes_reach_both_products() {
    let scene = Scene::new();
    keys(&scene);
    scene.file("saml.toml", format!("{CONFIG}[policy]\nrequire_signed = \"both\"\n"));
    let page = onboard(&scene).and("--mfa", "always").run(b"").stdout;
    for part in [
        "AccessControlPolicyName = 'Permit everyone and require MFA'",
        "SamlResponseSignature = 'MessageAndAssertion'",
        "Signing Option **Sign SAML response and assertion**",
        "sign-in frequency Every time",
        "Second factor      with a second factor each time, named locations included",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}
