//! The program: what it writes, and how it ends.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use actix_saml::idp::{Personality, TestIdp, TestKeys};
use actix_saml::rehearse::{Rehearsal, THEMES};
use actix_saml::xml::{Document, Limits};
use serde_json::Value;

use crate::scene::{Folder, demo, now};
use crate::toy;
use crate::weak::{Judges, toy as weak};

fn run(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_actix-saml"))
        .arg("rehearse")
        .args(arguments)
        .current_dir(&folder.0)
        .output()
        .unwrap()
}

/// The identity provider whose metadata the program has written.
fn prepared(folder: &Folder) -> TestIdp {
    let output = run(folder, &["--idp-metadata-out", "idp-metadata.xml"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (host, personality) = ("127.0.0.1", Personality::Adfs);
    let keys = folder.0.join("rehearsal-keys");
    let keys = TestKeys::load_or_generate(&keys, personality, host, now()).unwrap();
    assert!(keys.announced().is_some());
    let idp = TestIdp::at(personality, "http://127.0.0.1:8085", keys).unwrap();
    let written = fs::read_to_string(folder.0.join("idp-metadata.xml")).unwrap();
    for key in idp.keys.signing() {
        let der = actix_saml::xml::encode_base64(key.certificate().as_der());
        assert!(written.contains(&der));
    }
    idp
}

#[test]
fn it_ends_with_0_and_three_reports_when_all_is_as_expected() {
    let folder = Folder::new();
    let idp = prepared(&folder);
    let url = demo(&folder, &idp);
    let output = run(
        &folder,
        &[
            "--sp-metadata",
            &format!("{url}/saml/metadata"),
            "--start",
            &format!("{url}/rota"),
            "--report",
            "report.html",
            "--junit",
            "report.xml",
            "--json",
            "report.json",
        ],
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("0 not as expected, 0 inconclusive, 9 not applicable"), "{text}");
    // No terminal is there: each theme has a line as it ends, and nothing is written over.
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(log.lines().count(), THEMES.len(), "{log}");
    assert!(log.starts_with(" 17 of ") && log.contains(" done: People - 17 of 17 as expected\n"));
    assert!(!log.contains(['\r', '\u{1b}']), "{log}");
    let read = |name: &str| fs::read_to_string(folder.0.join(name)).unwrap();
    let json: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(json["good"], true);
    assert_eq!(json["cases"].as_array().unwrap().len(), Rehearsal::len());
    assert_eq!(json["shows_names"], true);
    let xml = read("report.xml");
    Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
    assert!(read("report.html").contains("<h2>Everything is as expected</h2>"));
}

/// The demo application as a process of its own.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn over_https_every_cookie_is_judged_as_well() {
    let folder = Folder::new();
    let (app, idp) = (free_port(), free_port());
    let mut command = Command::new(env!("CARGO_BIN_EXE_actix-saml"));
    command.args(["demo", "--tls", "--data", "data"]);
    command.args(["--app-port", &app.to_string(), "--idp-port", &idp.to_string()]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).current_dir(&folder.0);
    let _demo = Demo(command.spawn().unwrap());
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", app)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited for the demo application");
        std::thread::yield_now();
    }
    let url = format!("https://localhost:{app}");
    let idp_url = format!("https://127.0.0.1:{idp}");
    let metadata = format!("{url}/saml/metadata");
    let (start, who) = (format!("{url}/rota"), format!("{url}/whoami"));
    let output = run(
        &folder,
        &[
            "--sp-metadata",
            &metadata,
            "--start",
            &start,
            "--signed-in-check",
            &who,
            "--keys",
            "data",
            "--idp-url",
            &idp_url,
            "--ca",
            "data/tls-cert.pem",
            "--wait",
            "60",
            "--json",
            "report.json",
        ],
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let json = fs::read_to_string(folder.0.join("report.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    let cases = json["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["id"] == "cookie-secure").unwrap();
    assert_eq!(case["verdict"], "as-expected");
    // The demo application publishes no key for encryption, and its provider announces no next key.
    let none = cases.iter().filter(|case| case["verdict"] == "not-applicable");
    let none: Vec<_> = none
        .filter(|c| c["theme"] != "encryption" && c["theme"] != "initiated")
        .map(|c| &c["id"])
        .collect();
    assert_eq!(none, ["key-rollover"]);
}

#[test]
fn it_ends_with_1_and_names_what_is_not_as_expected() {
    let folder = Folder::new();
    let idp = prepared(&folder);
    let (url, metadata) = weak(Judges::BySignature, &idp);
    folder.write("sp.xml", &metadata);
    let output = run(&folder, &["--sp-metadata", "sp.xml", "--start", &format!("{url}/page")]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("not as expected: audience-other - For another service"), "{text}");
    assert!(!text.contains("not as expected: unsigned "), "{text}");
    // The terminal tells of the first twenty in full; the others have a line each.
    assert_eq!(text.matches("\n  fix:      ").count(), 20, "{text}");
    assert!(
        text.contains("\n  not as expected: relay-address - RelayState is an address elsewhere\n")
    );
}

#[test]
fn one_case_can_be_played_alone_with_what_it_needs() {
    let folder = Folder::new();
    let idp = prepared(&folder);
    let (url, metadata) = weak(Judges::BySignature, &idp);
    folder.write("sp.xml", &metadata);
    let start = format!("{url}/page");
    let output =
        run(&folder, &["--sp-metadata", "sp.xml", "--start", &start, "--only", "stranger"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("2 as expected, 0 not as expected"), "{text}");
    // Nothing is said of themes that were not tried.
    assert!(!text.contains("Single log-out"), "{text}");
}

/// A process that ends with the test.
fn spawn(folder: &Folder, arguments: &[&str]) -> Demo {
    let mut command = Command::new(env!("CARGO_BIN_EXE_actix-saml"));
    command.arg("rehearse").args(arguments).current_dir(&folder.0);
    Demo(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

#[test]
fn the_metadata_is_served_as_soon_as_it_is_said_to_be_and_the_first_sign_in_waited_for() {
    let folder = Folder::new();
    let idp = prepared(&folder);
    // Nobody is there yet: only the address is known.
    let (sp, listen) = (free_port(), free_port());
    let url = format!("http://127.0.0.1:{sp}");
    folder.write("sp.xml", &toy::metadata(&url));
    let start = format!("{url}/page");
    let listen = format!("127.0.0.1:{listen}");
    let mut rehearsal = spawn(
        &folder,
        &[
            "--sp-metadata",
            "sp.xml",
            "--start",
            &start,
            "--listen",
            &listen,
            "--wait",
            "60",
            "--only",
            "stranger",
        ],
    );
    let mut log = BufReader::new(rehearsal.0.stderr.take().unwrap()).lines();
    let said = log.next().unwrap().unwrap();
    assert!(said.contains("waiting for the first sign-in"), "{said}");
    let mut served = TcpStream::connect(&listen).unwrap();
    let path = idp.personality.metadata_path();
    write!(served, "GET {path} HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    served.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, fs::read_to_string(folder.0.join("idp-metadata.xml")).unwrap());
    toy::start_at(&url, &idp);
    let status = rehearsal.0.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{:?}", log.collect::<Vec<_>>());
}

#[test]
fn a_wait_comes_to_an_end() {
    let folder = Folder::new();
    prepared(&folder);
    let url = format!("http://127.0.0.1:{}", free_port());
    folder.write("sp.xml", &toy::metadata(&url));
    let start = format!("{url}/page");
    let output = run(&folder, &["--sp-metadata", "sp.xml", "--start", &start, "--wait", "6"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.matches("waiting for the first sign-in").count(), 1, "{text}");
    assert!(text.contains("does not lead to a sign-in"), "{text}");
}

#[test]
fn an_address_that_is_taken_is_told() {
    let folder = Folder::new();
    prepared(&folder);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    folder.write("sp.xml", &toy::metadata("http://127.0.0.1:9"));
    let arguments =
        ["--sp-metadata", "sp.xml", "--start", "http://127.0.0.1:9/page", "--listen", &listen];
    let output = run(&folder, &arguments);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("cannot listen at {listen}")), "{text}");
}

#[test]
fn it_ends_with_2_when_there_can_be_no_rehearsal() {
    let folder = Folder::new();
    let idp = prepared(&folder);
    let (url, metadata) = weak(Judges::Never, &idp);
    folder.write("sp.xml", &metadata);
    let public = "https://192.0.2.1/page";
    let start = format!("{url}/page");
    for (arguments, words) in [
        (
            &["--sp-metadata", "sp.xml", "--start", &start][..],
            "the first honest sign-in is refused",
        ),
        (
            &["--sp-metadata", "sp.xml", "--start", public],
            "neither this machine nor a private network",
        ),
        (&["--sp-metadata", "none.xml", "--start", &start], "none.xml"),
        (&["--sp-metadata", "sp.xml"], "--start"),
        (
            &["--sp-metadata", "sp.xml", "--start", &start, "--only", "nothing"],
            "there is no case or theme nothing",
        ),
        (&[], "say --sp-metadata and --start"),
    ] {
        let output = run(&folder, arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(words), "{text}");
        assert_eq!(output.stdout, b"");
    }
}

#[test]
fn the_guide_lists_every_option_and_theme() {
    let guide =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rehearsal.md")).unwrap();
    let help = run(&Folder::new(), &["--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let options = help.split_whitespace().filter(|word| word.starts_with("--"));
    for option in options.filter(|option| *option != "--help") {
        assert!(guide.contains(&format!("| `{option}")), "{option}");
    }
    for theme in THEMES {
        assert!(guide.contains(&format!("| `{}` |", theme.id)), "{}", theme.id);
    }
}
