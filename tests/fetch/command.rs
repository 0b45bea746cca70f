//! `actix-saml metadata fetch`: other tools call it, so its exit status and JSON are pinned here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use actix_saml::crypto::random_hex;
use actix_saml::idp::{SigningKey, TestIdp, TestKeys, Validity};
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::saml::parse_instant;
use serde_json::{Value, json};

use crate::faults::{Answer, Identity, Proxy, Server, Tunnel};

const NOW: &str = "2026-11-22T16:50:06Z";
const HOST: &str = "fs.nhsmail.test";
const ISSUER: &str = "http://fs.nhsmail.test/adfs/services/trust";

/// A provider at four points of its rollover, and another one.
struct Providers {
    current: String,
    announced: String,
    switched: String,
    renewed: String,
    other: String,
}

static PROVIDERS: LazyLock<Providers> = LazyLock::new(|| {
    let key = || SigningKey::generate(HOST, Validity::of_tests()).unwrap();
    let (one, two, encryption) = (key(), key(), key());
    let metadata = |host: &str, keys: TestKeys| {
        TestIdp::adfs_at(&format!("https://{host}"), keys).unwrap().metadata().unwrap()
    };
    let mut keys = TestKeys::new(one.clone(), encryption.clone());
    let current = metadata(HOST, keys.clone());
    keys.announce(two.clone());
    let announced = metadata(HOST, keys.clone());
    keys.promote();
    let switched = metadata(HOST, keys);
    let renewed = metadata(HOST, TestKeys::new(two, encryption.clone()));
    let other = metadata("fs.hospital.test", TestKeys::new(one, encryption));
    Providers { current, announced, switched, renewed, other }
});

/// A folder and a server.
struct Scene {
    folder: PathBuf,
    server: Server,
}

impl Scene {
    fn serving(metadata: &str) -> Self {
        Self::with(Server::http(Answer::ok(metadata)))
    }

    fn with(server: Server) -> Self {
        let name = format!("command-{}", random_hex::<8>().unwrap());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, server }
    }

    fn file(&self, name: &str, content: &str) {
        std::fs::write(self.folder.join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }

    /// A call with JSON.
    fn fetch(&self, arguments: &[&str]) -> Outcome {
        self.run(
            &[&["--allow-loopback-http", "--format", "json", "--now", NOW], arguments].concat(),
        )
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(&[], arguments)
    }

    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actix-saml"));
        command.args(["metadata", "fetch", &self.server.url("/metadata.xml")]).args(arguments);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().to_ascii_uppercase().ends_with("_PROXY") {
                command.env_remove(name);
            }
        }
        let command = command.envs(variables.iter().copied()).current_dir(&self.folder);
        let output = command.stdin(Stdio::null()).output().unwrap();
        Outcome {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[derive(Debug)]
struct Outcome {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Outcome {
    #[track_caller]
    fn json(&self, status: i32) -> Value {
        assert_eq!((self.status, self.stderr.as_str()), (status, ""), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    #[track_caller]
    fn usable(&self) -> Value {
        let json = self.json(0);
        assert_eq!(json["usable"], true);
        json
    }

    /// Refused with this code, and nothing saved.
    #[track_caller]
    fn refused(&self, code: &str) -> Value {
        let json = self.json(1);
        assert_eq!((&json["usable"], &json["code"]), (&json!(false), &json!(code)), "{json}");
        assert_eq!(json["saved"], Value::Null);
        json
    }
}

/// What is said of each change: its code and its words.
fn changes(json: &Value) -> Vec<(&str, &str)> {
    let list = json["changes"].as_array().unwrap();
    list.iter().map(|c| (c["code"].as_str().unwrap(), c["detail"].as_str().unwrap())).collect()
}

fn warnings(json: &Value) -> Vec<&str> {
    json["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect()
}

/// The beginning of the fingerprint of each signing key.
fn fingerprints(metadata: &str) -> Vec<String> {
    let metadata = IdpMetadata::read(metadata.as_bytes(), parse_instant(NOW).unwrap()).unwrap();
    metadata.certificates().iter().map(|c| format!("{}…", &c.fingerprint()[..16])).collect()
}

#[test]
fn saved_for_the_first_time() {
    let scene = Scene::serving(&PROVIDERS.current);
    let json = scene.fetch(&["--output", "idp.xml"]).usable();
    assert_eq!(scene.read("idp.xml"), PROVIDERS.current);
    // All that `metadata check` says, and how it came.
    assert_eq!(json["entity_id"], ISSUER);
    assert_eq!(json["signing_keys"][0]["days_left"], 26_702);
    assert_eq!(json["origin"], scene.server.url(""));
    assert_eq!(json["trust"], "none");
    assert_eq!(json["saved"], "idp.xml");
    assert_eq!((&json["changes"], &json["shares_key"]), (&Value::Null, &Value::Null));
    let names = std::fs::read_dir(&scene.folder).unwrap().count();
    assert_eq!(names, 1);
}

#[test]
fn only_looked_at() {
    let scene = Scene::serving(&PROVIDERS.current);
    let json = scene.fetch(&[]).usable();
    assert_eq!(json["saved"], Value::Null);
    assert_eq!(std::fs::read_dir(&scene.folder).unwrap().count(), 0);
}

#[test]
fn a_rollover() {
    let scene = Scene::serving(&PROVIDERS.current);
    let both = fingerprints(&PROVIDERS.announced);
    let (one, two) = (&both[0], &both[1]);
    let dates = "valid from 2026-01-01 to 2100-01-01";
    let fetch = || scene.fetch(&["--output", "idp.xml"]).usable();
    fetch();
    let json = fetch();
    assert_eq!((changes(&json), &json["shares_key"]), (vec![], &json!(true)));

    scene.server.answer(Answer::ok(&PROVIDERS.announced));
    let json = fetch();
    let new = format!("a new signing key {two}, {dates}, is announced beside the current");
    assert_eq!(changes(&json), [("signing_key_added", new.as_str())]);
    assert_eq!(scene.read("idp.xml"), PROVIDERS.announced);

    // The order of the keys means nothing.
    scene.server.answer(Answer::ok(&PROVIDERS.switched));
    assert_eq!(changes(&fetch()), []);

    scene.server.answer(Answer::ok(&PROVIDERS.renewed));
    let json = fetch();
    let gone = format!("signing key {one}, {dates}, is gone");
    assert_eq!(changes(&json), [("signing_key_gone", gone.as_str())]);
    assert_eq!(json["shares_key"], true);
    assert_eq!(warnings(&json), warnings(&fetch()));
    assert_eq!(scene.read("idp.xml"), PROVIDERS.renewed);
}

#[test]
fn no_shared_key() {
    let scene = Scene::serving(&PROVIDERS.renewed);
    scene.file("idp.xml", &PROVIDERS.current);
    let json = scene.fetch(&["--output", "idp.xml"]).refused("no_shared_key");
    let codes: Vec<_> = changes(&json).iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["signing_key_gone", "signing_key_added"]);
    assert!(!changes(&json)[1].1.contains("beside the current"));
    assert_eq!(json["shares_key"], false);
    assert_eq!(scene.read("idp.xml"), PROVIDERS.current);

    let json = scene.fetch(&["--output", "idp.xml", "--replace-all-keys"]).usable();
    assert!(warnings(&json).contains(&"no_shared_key"));
    assert_eq!(json["saved"], "idp.xml");
    assert_eq!(scene.read("idp.xml"), PROVIDERS.renewed);
}

#[test]
fn a_pinned_key_vouches() {
    let scene = Scene::serving(&PROVIDERS.renewed);
    let now = parse_instant(NOW).unwrap();
    let pin = |metadata: &str| {
        IdpMetadata::read(metadata.as_bytes(), now).unwrap().certificates()[0].clone()
    };
    let right = pin(&PROVIDERS.renewed);
    scene.file("right.pem", &right.to_pem().unwrap());
    scene.file("wrong.pem", &pin(&PROVIDERS.current).to_pem().unwrap());
    scene.file("idp.xml", &PROVIDERS.current);
    let call = |option: &str, value: &str| scene.fetch(&["--output", "idp.xml", option, value]);
    call("--pin", "wrong.pem").refused("signature_mismatch");
    assert_eq!(scene.read("idp.xml"), PROVIDERS.current);
    let json = call("--pin", "right.pem").usable();
    assert_eq!((&json["trust"], &json["vouched_for"]), (&json!("pinned"), &json!(true)));
    assert!(warnings(&json).contains(&"no_shared_key"));
    assert_eq!(scene.read("idp.xml"), PROVIDERS.renewed);
    call("--pin-sha256", &right.fingerprint()).usable();
    // A pin is no leave to change what was signed.
    scene
        .server
        .answer(Answer::ok(PROVIDERS.renewed.replace("fs.nhsmail.test/adfs/ls", "x.test/adfs/ls")));
    call("--pin", "right.pem").refused("digest_mismatch");
    assert_eq!(scene.read("idp.xml"), PROVIDERS.renewed);
}

#[test]
fn another_provider() {
    let scene = Scene::serving(&PROVIDERS.other);
    scene.file("idp.xml", &PROVIDERS.current);
    // It shares a key, which does not make it the same provider.
    scene.fetch(&["--output", "idp.xml"]).refused("metadata_other_entity");
    scene.fetch(&["--output", "idp.xml", "--replace-all-keys"]).refused("metadata_other_entity");
    scene.fetch(&["--entity-id", ISSUER]).refused("metadata_other_entity");
    let other = "http://fs.hospital.test/adfs/services/trust";
    scene.fetch(&["--output", "idp.xml", "--entity-id", other]).refused("present_file");
    assert_eq!(scene.read("idp.xml"), PROVIDERS.current);
    assert_eq!(scene.fetch(&["--entity-id", other]).usable()["entity_id"], other);
}

#[test]
fn what_is_no_metadata_is_not_replaced() {
    let scene = Scene::serving(&PROVIDERS.current);
    for content in ["", "base_url = \"https://rota.example.nhs.uk\"", "<html/>"] {
        scene.file("saml.toml", content);
        scene.fetch(&["--output", "saml.toml", "--replace-all-keys"]).refused("present_file");
        assert_eq!(scene.read("saml.toml"), content);
    }
    std::fs::create_dir(scene.folder.join("folder")).unwrap();
    scene.fetch(&["--output", "folder"]).refused("present_file");
    scene.fetch(&["--output", "nowhere/idp.xml"]).refused("disk_replace");
    // Metadata that has ended is metadata.
    let ended = PROVIDERS.current.replacen(
        "<EntityDescriptor ",
        "<EntityDescriptor validUntil=\"2020-01-01T00:00:00Z\" ",
        1,
    );
    scene.file("idp.xml", &ended);
    assert_eq!(scene.fetch(&["--output", "idp.xml"]).usable()["shares_key"], true);
    assert_eq!(scene.read("idp.xml"), PROVIDERS.current);
    scene.server.answer(Answer::ok(&ended));
    scene.fetch(&["--output", "idp.xml"]).refused("metadata_expired");
    assert_eq!(scene.read("idp.xml"), PROVIDERS.current);
}

#[test]
fn servers_that_do_everything_wrong() {
    let scene = Scene::serving(&PROVIDERS.current);
    scene.file("idp.xml", &PROVIDERS.current);
    for (answer, code) in [
        (Answer::error(), "fetch_status"),
        (Answer::html(), "xml_doctype"),
        (Answer::ok("<html/>"), "metadata_root"),
        (Answer::ok(""), "xml_malformed"),
        (Answer::truncated(&PROVIDERS.announced), "fetch_answer"),
        (Answer::large(500_000_000), "fetch_too_large"),
        (Answer::redirect(302, "http://idp.test/"), "fetch_redirect"),
        (Answer::silence(), "fetch_timeout"),
    ] {
        scene.server.answer(answer);
        let outcome = scene.fetch(&["--output", "idp.xml", "--timeout", "1"]);
        outcome.refused(code);
        assert_eq!(scene.read("idp.xml"), PROVIDERS.current);
    }
    let outcome = scene.run(&["--format", "json"]);
    outcome.refused("fetch_insecure");
}

#[test]
fn over_tls() {
    let identity = Identity::of(&["127.0.0.1"]);
    let scene = Scene::with(Server::https(&identity, Answer::ok(&PROVIDERS.current)));
    scene.fetch(&["--output", "idp.xml"]).refused("fetch_tls");
    let pem = identity.certificate.to_pem().unwrap();
    let other = Identity::of(&["127.0.0.1"]).certificate.to_pem().unwrap();
    scene.file("ca.pem", &format!("Two of them.\n{other}{pem}"));
    scene.file("other.pem", &other);
    scene.fetch(&["--ca", "other.pem"]).refused("fetch_tls");
    let json = scene.fetch(&["--ca", "ca.pem", "--output", "idp.xml"]).usable();
    assert_eq!((&json["trust"], &json["saved"]), (&json!("tls"), &json!("idp.xml")));
    scene.fetch(&["--ca", "other.pem", "--ca", "ca.pem"]).usable();

    // The machine's authorities count without further ado, and beside others.
    let machine = [("SSL_CERT_FILE", "ca.pem")];
    let json = ["--format", "json"];
    scene.run_with(&machine, &json).usable();
    scene.run_with(&machine, &[&json[..], &["--ca", "other.pem"]].concat()).usable();

    let proxy = Proxy::start(Tunnel::Open);
    let through = |value: &str| {
        scene.run_with(&[("HTTPS_PROXY", value)], &["--ca", "ca.pem", "--format", "json"])
    };
    through(&proxy.url("")).usable();
    assert_eq!(proxy.requests().len(), 1);
    let outcome = through("socks5://user:secret@127.0.0.1");
    assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.contains("HTTPS_PROXY is not the address"), "{outcome:?}");
    assert!(!outcome.stderr.contains("secret"));
}

#[test]
fn for_people() {
    let scene = Scene::serving(&PROVIDERS.announced);
    scene.file("idp.xml", &PROVIDERS.current);
    let plain = ["--allow-loopback-http", "--now", NOW, "--output", "idp.xml"];
    let outcome = scene.run(&plain);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let origin = scene.server.url("");
    let two = &fingerprints(&PROVIDERS.announced)[1];
    let end = format!(
        "  from           {origin}\n  trust          none: {origin} is not protected at all\n  \
         compared with idp.xml:\n    a new signing key {two}, valid from 2026-01-01 to 2100-01-01, \
         is announced beside the current\n  saved          idp.xml\n"
    );
    assert!(outcome.stdout.starts_with("usable\n"), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with(&end), "{}", outcome.stdout);
    let outcome = scene.run(&plain);
    assert!(outcome.stdout.contains("    nothing has changed\n"), "{}", outcome.stdout);
    scene.file("idp.xml", &PROVIDERS.current);
    scene.server.answer(Answer::ok(&PROVIDERS.renewed));
    let outcome = scene.run(&plain);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stdout.contains("NO SIGNING KEY IS SHARED"), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("  NOT SAVED      idp.xml\n"), "{}", outcome.stdout);
}

#[test]
fn wrong_calls() {
    let scene = Scene::serving(&PROVIDERS.current);
    scene.file("empty.pem", "");
    for (arguments, complaint) in [
        (&["--timeout", "0"][..], "--timeout"),
        (&["--timeout", "601"], "--timeout"),
        (&["--replace-all-keys"], "--output"),
        (&["--pin-sha256", "abc"], "--pin-sha256"),
        (&["--entity-id", ""], "--entity-id"),
        (&["--ca", "missing.pem"], "missing.pem: "),
        (&["--ca", "empty.pem"], "empty.pem: "),
        (&["--pin", "empty.pem"], "empty.pem: "),
        (&["https://idp.test/"], "unexpected argument"),
    ] {
        let outcome = scene.run(arguments);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
        assert!(outcome.stderr.contains(complaint), "{}", outcome.stderr);
    }
    assert_eq!(scene.server.requests(), []);
}
