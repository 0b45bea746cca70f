//! The test identity provider seen from outside: its files in `metadata/`, and xmlsec1's opinion
//! of its signatures.

#![cfg(feature = "idp")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey, random_hex};
use actix_saml::idp::{Personality, ReplyTo, SignedParts, SigningKey, TestIdp, TestKeys, Validity};
use actix_saml::saml::metadata::{IdpMetadata, SpMetadata, TEST_KEY_MARK};
use actix_saml::saml::{EntityId, parse_instant};
use actix_saml::xml::{Document, Limits, Node};
use chrono::{DateTime, Utc};
use url::Url;

const ACS: &str = "https://rota.example.org/saml/acs";
const SP: &str = "https://rota.example.org/saml/metadata";

static IDP: LazyLock<TestIdp> = LazyLock::new(|| TestIdp::adfs().unwrap());

fn now() -> DateTime<Utc> {
    parse_instant("2026-11-22T16:50:01.250Z").unwrap()
}

fn respond(signed: SignedParts) -> String {
    let mut idp = IDP.clone();
    idp.issuance.signed = signed;
    let reply_to = ReplyTo {
        request_id: Some("_0123456789abcdef".to_owned()),
        acs_url: ACS.to_owned(),
        audience: SP.to_owned(),
        class_ref: None,
    };
    idp.respond(&reply_to, &idp.person("locum.doctor").unwrap(), now()).unwrap()
}

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let name = format!("actix-saml-test-{}", random_hex::<8>().unwrap());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn xmlsec1_is_there() -> bool {
    let version = Command::new("xmlsec1").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Whether xmlsec1 verifies the first signature in `xml`.
fn xmlsec1_verifies(xml: &str, certificate: &Certificate) -> bool {
    let scratch = Scratch::new();
    let certificate = scratch.write("certificate.pem", &certificate.to_pem().unwrap());
    let document = scratch.write("document.xml", xml);
    let mut command = Command::new("xmlsec1");
    command.arg("--verify").arg("--pubkey-cert-pem").arg(certificate);
    command.args(["--enabled-key-data", "key-name,rsa"]);
    for element in [
        "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
        "urn:oasis:names:tc:SAML:2.0:protocol:Response",
        "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor",
    ] {
        command.args(["--id-attr:ID", element]);
    }
    command.arg(document).output().unwrap().status.success()
}

#[test]
fn xmlsec1_agrees_with_our_signatures() {
    if !xmlsec1_is_there() {
        eprintln!("SKIPPED: xmlsec1 is not installed (Debian: apt-get install xmlsec1)");
        return;
    }
    let certificate = IDP.keys.current().certificate();
    let metadata = IDP.metadata().unwrap();
    assert!(xmlsec1_verifies(&metadata, certificate), "metadata");
    let tampered = metadata.replacen("/adfs/ls/", "/adfs/LS/", 1);
    assert!(!xmlsec1_verifies(&tampered, certificate), "changed metadata");

    for signed in [
        SignedParts::AssertionOnly,
        SignedParts::MessageOnly,
        // The response's own signature stands first and covers the other.
        SignedParts::MessageAndAssertion,
    ] {
        let xml = respond(signed);
        assert!(xmlsec1_verifies(&xml, certificate), "{signed:?}");
        let tampered = xml.replacen("locum.doctor", "other.doctor", 1);
        assert_ne!(xml, tampered);
        assert!(!xmlsec1_verifies(&tampered, certificate), "changed {signed:?}");
        let other = IDP.keys.encryption().certificate();
        assert!(!xmlsec1_verifies(&xml, other), "another key: {signed:?}");
    }
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("metadata").join(name)
}

#[test]
fn example_files_are_what_this_code_writes() {
    let adfs = std::fs::read_to_string(example("adfs-federationmetadata.xml")).unwrap();
    let metadata = IdpMetadata::read(adfs.as_bytes(), now()).unwrap();
    assert_eq!(metadata.entity_id(), &IDP.entity_id);
    assert!(metadata.has_test_keys());
    assert_eq!(skeleton(&adfs), skeleton(&IDP.metadata().unwrap()));

    let sp = std::fs::read(example("sp-metadata.xml")).unwrap();
    let mut idp = IDP.clone();
    idp.register(&sp).unwrap();
    let relying_party = idp.relying_parties.first().unwrap();
    assert_eq!(relying_party.entity_id.as_str(), SP);
    assert_eq!(relying_party.acs.first().unwrap().url, ACS);
    assert!(relying_party.require_signed && relying_party.signing.len() == 1);
}

/// The document without what differs from key to key: base64, and the ID that follows from it.
fn skeleton(xml: &str) -> Vec<String> {
    let is_base64 = |text: &str| text.len() > 40 && !text.contains([':', ' ']);
    let has_id =
        |tag: &str| tag.starts_with("EntityDescriptor ") || tag.starts_with("ds:Reference ");
    xml.split(['<', '>'])
        .map(|part| if is_base64(part) { "base64" } else { part })
        .map(|part| if has_id(part) { part.split(' ').next().unwrap() } else { part })
        .map(str::to_owned)
        .collect()
}

/// Writes the files in `metadata/` anew, with keys that nobody keeps:
/// `cargo test --features idp --test idp -- --ignored`
#[test]
#[ignore = "writes into the source tree"]
fn write_example_files() {
    std::fs::write(example("adfs-federationmetadata.xml"), IDP.metadata().unwrap()).unwrap();
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let request = CertificateRequest {
        common_name: &format!("rota.example.org ({TEST_KEY_MARK})"),
        organisation: None,
        hosts: &[],
        not_before,
        not_after,
    };
    let metadata = SpMetadata {
        entity_id: &EntityId::new(SP).unwrap(),
        acs_url: ACS,
        logout_url: None,
        valid_until: None,
        cache_duration: None,
        is_signable: false,
        signing: &[Certificate::self_signed(&key, &request).unwrap()],
        encryption: &[],
        signs_requests: true,
        organisation: None,
        contact: None,
    };
    std::fs::write(example("sp-metadata.xml"), metadata.to_xml().unwrap()).unwrap();
}

/// The elements and attributes of a document, each once and in the order in which they are first
/// seen. Prefixes are left out: AD FS has changed them from version to version.
fn shape(xml: &[u8]) -> Vec<String> {
    fn walk(node: Node<'_>, path: &str, shape: &mut Vec<String>) {
        let path = format!("{path}/{}", node.local_name());
        let mut names: Vec<_> = node.attributes().map(|attribute| attribute.local).collect();
        // Whether a claim must be there is said of each by itself.
        names.retain(|name| *name != "Optional");
        let line = format!("{path} {} [{}]", node.namespace(), names.join(" "));
        if !shape.contains(&line) {
            shape.push(line);
        }
        for child in node.elements() {
            walk(child, &path, shape);
        }
    }
    let document = Document::parse(xml, &Limits::METADATA).unwrap();
    let mut lines = Vec::new();
    walk(document.root(), "", &mut lines);
    lines
}

/// Real metadata, which is not part of this repository.
#[test]
fn metadata_has_the_shape_of_real_files() {
    let Some(folder) = std::env::var_os("SAML_SAMPLES_DIR") else {
        eprintln!("SKIPPED: SAML_SAMPLES_DIR is not set, so real metadata was not compared");
        return;
    };
    let entra = TestIdp::entra().unwrap();
    // Some AD FS publish the address for artifacts, which nobody here speaks.
    let artifacts = "/EntityDescriptor/IDPSSODescriptor/ArtifactResolutionService \
                     urn:oasis:names:tc:SAML:2.0:metadata [Binding Location index]";
    for (idp, file, more) in [
        (&*IDP, "adfs-v2-federationmetadata.xml", None),
        (&*IDP, "adfs-rollover-federationmetadata.xml", Some(artifacts)),
        (&entra, "entra-federationmetadata-tenant-multikey.xml", None),
    ] {
        let mut real = shape(&std::fs::read(Path::new(&folder).join(file)).unwrap());
        if let Some(more) = more {
            let before = real.len();
            real.retain(|line| line != more);
            assert_eq!(real.len(), before.saturating_sub(1), "{file}");
        }
        assert_eq!(shape(idp.metadata().unwrap().as_bytes()), real, "{file}");
    }
}

/// What a comparison finds when there is something to find.
#[test]
fn a_shape_tells_what_is_missing_and_what_is_more() {
    let honest = shape(b"<a xmlns=\"urn:x\" b=\"1\"><c/><c/><d/></a>");
    assert_eq!(honest, ["/a urn:x [b]", "/a/c urn:x []", "/a/d urn:x []"]);
    assert_eq!(shape(b"<p:a xmlns:p=\"urn:x\" b=\"2\"><p:c/><p:d/></p:a>"), honest);
    for other in [
        "<a xmlns=\"urn:x\" b=\"1\"><c/></a>",
        "<a xmlns=\"urn:x\" b=\"1\"><d/><c/></a>",
        "<a xmlns=\"urn:x\" b=\"1\"><c e=\"1\"/><d/></a>",
        "<a xmlns=\"urn:y\" b=\"1\"><c/><d/></a>",
    ] {
        assert_ne!(shape(other.as_bytes()), honest, "{other}");
    }
}

/// Whatever keys an identity provider of ours has come to have, and whoever it behaves like: their
/// certificates say what they are, and a service provider takes them in development only.
#[test]
fn every_key_is_marked_and_refused_outside_development() {
    use actix_saml::sp::{BuildError, Builder, Idp};
    for personality in Personality::ALL {
        let seeded = TestKeys::seeded("ward", personality, "fs.nhsmail.test").unwrap();
        let base_url = "https://fs.nhsmail.test";
        let mut idp = TestIdp::at(personality, base_url, seeded).unwrap();
        let mut seen = Vec::new();
        for turn in ["first", "announced", "switched", "replaced"] {
            let keys = &mut idp.keys;
            let next = || SigningKey::generate("fs.nhsmail.test", Validity::of_tests()).unwrap();
            match turn {
                "announced" => keys.announce(next()),
                "switched" => assert!(keys.promote()),
                "replaced" => keys.replace(next()),
                _ => {}
            }
            let listed = [Some(keys.current()), keys.announced(), keys.old()];
            for key in listed.into_iter().flatten().chain([keys.encryption()]) {
                let subject = key.certificate().issuer_name().unwrap();
                assert!(subject.contains(TEST_KEY_MARK), "{personality:?} {turn}: {subject}");
            }
            seen.push(keys.current().certificate().fingerprint());
            let metadata = IdpMetadata::read(idp.metadata().unwrap().as_bytes(), now()).unwrap();
            assert!(metadata.has_test_keys(), "{personality:?} {turn}");
            let trust = |dev: bool| {
                let rota = Url::parse("https://rota.example.org").unwrap();
                let mut builder = Builder::new(EntityId::new(SP).unwrap(), rota);
                builder.idps = vec![Idp { metadata: metadata.clone(), label: None }.into()];
                builder.dev = dev;
                builder.build().map(|_| ())
            };
            let refused =
                matches!(trust(false), Err(BuildError::TestKey(of)) if of == idp.entity_id);
            assert!(refused, "{personality:?} {turn}");
            assert!(trust(true).is_ok(), "{personality:?} {turn}");
        }
        seen.dedup();
        assert_eq!(seen.len(), 3, "{personality:?}: another key each time but the announcement");
    }
}

/// What the command writes into an empty folder and says when it starts.
#[cfg(feature = "cli")]
fn start_and_stop(seed: &str, folder: &Path) -> (String, String) {
    use std::io::{BufRead as _, BufReader};
    let mut command = Command::new(env!("CARGO_BIN_EXE_actix-saml"))
        .args(["idp", "--listen", "127.0.0.1:0", "--base-url", "http://127.0.0.1:8081"])
        .args(["--seed", seed, "--data"])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    for line in BufReader::new(command.stdout.take().unwrap()).lines() {
        said.push_str(&line.unwrap());
        said.push('\n');
        if said.contains("Ctrl-C") {
            break;
        }
    }
    command.kill().unwrap();
    command.wait().unwrap();
    (std::fs::read_to_string(folder.join("idp-metadata.xml")).unwrap(), said)
}

#[cfg(feature = "cli")]
#[test]
fn a_seed_gives_the_same_metadata_on_a_fresh_machine() {
    let (one, two, other) = (Scratch::new(), Scratch::new(), Scratch::new());
    let (metadata, said) = start_and_stop("ward", &one.0);
    assert!(said.contains("whoever knows the word has them"), "{said}");
    assert!(metadata.starts_with("<EntityDescriptor ID=\"_"), "{metadata}");
    assert_eq!(start_and_stop("ward", &two.0).0, metadata);
    assert_ne!(start_and_stop("theatre", &other.0).0, metadata);
    // No key is written down: the word is all there is to keep.
    let files = std::fs::read_dir(&one.0).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["idp-metadata.xml"]);
}
