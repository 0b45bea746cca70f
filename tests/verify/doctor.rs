//! `actix-saml doctor` as people and scripts call it.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use crate::scene::{ACS, Call, IDP, NOW, SP, Scene, members};

const CONFIG: &str = "\
base_url = \"https://rota.example.nhs.uk\"
entity_id = \"https://rota.example.nhs.uk/saml/metadata\"

[[idp]]
metadata = \"idp.xml\"
label = \"NHSmail\"

[organisation]
name = \"Example Wards NHS Trust\"
url = \"https://www.example.nhs.uk\"

[contact]
email = \"rota.team@example.nhs.uk\"
";

/// A configuration in which everything is right, and metadata of a key that is no test key.
fn scene() -> Scene {
    let scene = Scene::new();
    let path = scene.file("idp.xml", live_metadata());
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(crate::scene::issued().into()).unwrap();
    scene.file("saml.toml", CONFIG);
    scene
}

/// As a live provider's: with a signing certificate that is none of a test.
pub fn live_metadata() -> String {
    use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
    use actix_saml::saml::parse_instant;
    let request = CertificateRequest {
        common_name: "ADFS Signing - fs.nhsmail.test",
        organisation: None,
        hosts: &[],
        not_before: parse_instant("2026-01-01T00:00:00Z").unwrap(),
        not_after: parse_instant("2027-06-01T00:00:00Z").unwrap(),
    };
    let key = PrivateKey::generate(KeyShape::P256).unwrap();
    let pem = Certificate::self_signed(&key, &request).unwrap().to_pem().unwrap();
    let live: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let metadata = IDP.metadata().unwrap();
    let (before, role) = metadata.split_once("<IDPSSODescriptor").unwrap();
    let (keys, rest) = role.split_once("use=\"signing\"").unwrap();
    let (start, rest) = rest.split_once("<X509Certificate>").unwrap();
    let (_, end) = rest.split_once("</X509Certificate>").unwrap();
    format!(
        "{before}<IDPSSODescriptor{keys}use=\"signing\"{start}<X509Certificate>{live}\
         </X509Certificate>{end}"
    )
}

fn doctor(scene: &Scene) -> Call<'_> {
    scene.call(&["doctor"]).and("--now", NOW).and("--registered-entity-id", SP)
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_exit_status_tells() {
    let scene = scene();
    let right = doctor(&scene).and("--registered-acs", ACS);
    let wrong = doctor(&scene).and("--registered-acs", "https://rota.example.nhs.uk/saml/acs/");
    for (call, verdict, status) in [
        (right.clone(), "warning", 0),
        // The file must be renewed by somebody.
        (right.flag("--strict"), "warning", 1),
        (wrong.clone(), "problem", 1),
        (wrong.flag("--strict"), "problem", 1),
    ] {
        let outcome = call.and("--format", "json").run(b"");
        assert_eq!(outcome.status, status, "{outcome:?}");
        assert_eq!(outcome.json()["verdict"], verdict);
    }
    doctor(&scene).flag("--no-such-option").run(b"").unusable("--no-such-option");
    doctor(&scene).and("--idp-sp-metadata", "nowhere.xml").run(b"").unusable("nowhere.xml: ");
    scene.file("page.html", "<html></html>");
    let page = doctor(&scene).and("--idp-sp-metadata", "page.html").run(b"");
    page.unusable("page.html: the root element is <html>");
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_finding() {
    let scene = Scene::new();
    let outcome = doctor(&scene).and("--format", "json").run(b"");
    assert_eq!(outcome.status, 2, "{outcome:?}");
    let json = outcome.json();
    assert_eq!(json["counts"], serde_json::json!({"ok": 0, "note": 0, "warning": 0, "problem": 1}));
    assert_eq!(json["findings"][0]["code"], "configuration");
    assert_eq!(json["findings"][0]["level"], "problem");
    let text = doctor(&scene).run(b"");
    assert_eq!((text.status, &text.stderr[..]), (2, ""));
    assert!(text.stdout.contains("✗ The configuration cannot be read.\n"), "{}", text.stdout);
}

#[test]
fn what_stops_a_start_does_not_stop_the_other_findings() {
    let scene = scene();
    scene.file("saml.toml", CONFIG.replace("idp.xml", "nowhere.xml"));
    let outcome = doctor(&scene).and("--format", "json").run(b"");
    assert_eq!(outcome.status, 1, "{outcome:?}");
    let json = outcome.json();
    let level = |code: &str| {
        let all = json["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["code"] == code).unwrap()["level"].clone()
    };
    assert_eq!(level("idp_metadata"), "problem");
    assert_eq!(level("base_url"), "ok");
    assert_eq!(level("store"), "note");
}

#[test]
fn variables_count_as_they_do_for_the_application() {
    let scene = scene();
    let mut command = doctor(&scene).and("--format", "json").command();
    let output = command.env("SAML_DEV", "true").output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let dev = json["findings"].as_array().unwrap().iter().find(|f| f["code"] == "dev_mode");
    assert_eq!(dev.unwrap()["level"], "problem");
}

#[test]
fn the_example_is_true() {
    let page = page();
    let (_, example) = page.split_once("<!-- page -->\n```text\n").unwrap();
    let example = example.split_once("```").unwrap().0;
    let scene = scene();
    let call = doctor(&scene).and("--registered-acs", "https://rota.example.nhs.uk/saml/acs/");
    let outcome = call.run(b"");
    assert!(outcome.stdout.starts_with(example), "{example}\n--- is not ---\n{}", outcome.stdout);
    // All but commands and addresses is made for 80 columns.
    let long = outcome.stdout.lines().filter(|line| line.chars().count() > 80);
    let is_value = |line: &&str| line.contains("  AD FS  ") || line.contains("  differs  ");
    let rest: Vec<&str> = long.filter(|line| !is_value(line)).collect();
    assert_eq!(rest, Vec::<&str>::new());
}

#[test]
fn every_member_option_and_code_is_documented() {
    let scene = scene();
    let json = doctor(&scene).and("--format", "json").run(b"").json();
    let mut found = BTreeSet::new();
    members(&json, "", &mut found);
    let page = page();
    let (prose, contract) = page.split_once("## As JSON").unwrap();
    assert_eq!(found, crate::scene::documented_members(contract));
    let help = scene.call(&["doctor", "--help"]).run(b"").stdout;
    let options = help.split_whitespace().filter(|word| word.starts_with("--"));
    for option in options.map(|o| o.trim_end_matches(|c: char| !c.is_alphanumeric())) {
        assert!(option == "--help" || prose.contains(&format!("`{option}")), "{option}");
    }
    for finding in json["findings"].as_array().unwrap() {
        let code = finding["code"].as_str().unwrap();
        assert!(prose.contains(&format!("`{code}`")), "{code}");
    }
}

/// The sources in a folder, without tests.
fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("tests") => {}
            true => found.extend(sources(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Every code that the sources name has a row in the page.
#[test]
fn every_code_of_the_sources_is_documented() {
    let (_, rows) = page().split_once("## Findings").map(|(a, b)| (a.len(), b.to_owned())).unwrap();
    let rows = rows.split_once("## As JSON").unwrap().0.to_owned();
    let documented: BTreeSet<String> = rows
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| line.split('|').nth(1).unwrap().split(','))
        .map(|code| code.trim().trim_matches('`').to_owned())
        .collect();
    let mut named = BTreeSet::from(["configuration".to_owned()]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/doctor");
    for file in sources(&folder) {
        let source = std::fs::read_to_string(file).unwrap();
        for mark in ["finding(\"", "let code = \"", "const CODE: &str = \"", "finding(\n        \""]
        {
            let codes = source.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
            let is_code = |code: &&str| {
                code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'1')
            };
            named.extend(codes.filter(is_code).map(str::to_owned));
        }
    }
    assert_eq!(named, documented);
}

#[test]
fn nothing_steers_the_terminal() {
    let scene = scene();
    let hostile = "https://x/\u{1b}[2J\u{202e}\u{7f}";
    let call = doctor(&scene).and("--registered-acs", hostile);
    let text = call.clone().run(b"").stdout;
    assert!(text.contains("https://x/\u{fffd}[2J\u{fffd}\u{fffd}\n"), "{text}");
    let json = call.and("--format", "json").run(b"").stdout;
    assert!(!json.contains(['\u{1b}', '\u{7f}', '\u{202e}']), "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json.to_string().contains("\u{202e}"), "JSON keeps the value");
}

/// Answers every request with the next of these, then with nothing.
fn server(answers: Vec<String>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

fn response(head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

#[test]
fn the_network_is_asked_only_when_told() {
    let scene = scene();
    let metadata = std::fs::read_to_string(scene.path("idp.xml")).unwrap();
    let dated = "200 OK\r\nDate: Sun, 22 Nov 2020 16:50:06 GMT";
    let port = server(vec![
        response("200 OK\r\nContent-Type: text/html", "<html><p>Sign in to the proxy<br></html>"),
        response("303 See Other\r\nLocation: https://fs.nhsmail.test/adfs/ls/", ""),
        response(dated, &metadata),
        response(dated, &metadata),
    ]);
    let base = format!("http://127.0.0.1:{port}");
    let config =
        CONFIG.replace("https://rota.example.nhs.uk\"\ne", &format!("{base}\"\ndev = true\ne"));
    let url = format!("metadata = \"idp.xml\"\nmetadata_url = \"{base}/idp\"");
    scene.file("saml.toml", config.replace("metadata = \"idp.xml\"", &url));
    let call = doctor(&scene).and("--format", "json");
    let find = |json: &Value, code: &str| {
        let all = json["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["code"] == code).cloned().unwrap_or_default()
    };
    let json = call.clone().run(b"").json();
    assert_eq!(find(&json, "reach")["level"], "note");
    assert_eq!(find(&json, "reach_idp"), Value::Null);

    let json = call.flag("--reach").run(b"").json();
    assert_eq!(find(&json, "reach"), Value::Null);
    let own = find(&json, "reach_application");
    assert_eq!(own["title"], "Something else answers at our address.");
    assert_eq!(own["facts"][1]["value"], "text/html");
    let cookies = find(&json, "reach_cookies");
    assert_eq!(cookies["level"], "problem", "{cookies}");
    assert_eq!(find(&json, "reach_idp")["level"], "ok");
    let clock = find(&json, "clock");
    assert_eq!(clock["level"], "problem");
    assert!(clock["title"].as_str().unwrap().ends_with(" seconds ahead of its server's."));
}
