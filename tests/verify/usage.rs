//! Calls that are wrong in themselves: exit status 2, and nothing on standard output.

use crate::scene::{Scene, honest};

#[test]
fn control() {
    let scene = Scene::new();
    scene.verify().on(honest()).accepted();
}

#[test]
fn a_request_or_none() {
    let scene = Scene::new();
    // It takes one of the two, and no default stands in for them.
    scene.verify().without("--request-id").on(honest()).unusable("--request-id <ID>|--unsolicited");
    scene.verify().flag("--unsolicited").on(honest()).unusable("cannot be used with");
    scene.verify().with("--request-id", "").on(honest()).unusable("--request-id <ID>");
}

#[test]
fn what_is_required() {
    let scene = Scene::new();
    for option in ["--idp-metadata", "--sp-entity-id", "--acs-url"] {
        scene.verify().without(option).on(honest()).unusable(option);
        scene.verify().with(option, "").on(honest()).unusable("");
    }
    scene.verify().run(b"").unusable("<FILE>");
    scene.verify().flag("another").on(honest()).unusable("unexpected argument");
}

#[test]
fn values() {
    let scene = Scene::new();
    for (option, bad) in [
        ("--now", "yesterday"),
        ("--now", "2026-11-22"),
        ("--now", "2026-11-22T16:50:06"),
        ("--now", "2026-02-30T16:50:06Z"),
        ("--format", "xml"),
        ("--format", "JSON"),
        ("--sp-entity-id", "two words"),
    ] {
        scene.verify().with(option, bad).on(honest()).unusable(option);
    }
    scene.verify().and("--require-signed", "none").on(honest()).unusable("--require-signed");
    scene.verify().and("--require-signed", "").on(honest()).unusable("--require-signed");
    scene.verify().flag("--insecure").on(honest()).unusable("--insecure");
    scene.verify().and("--acs-url", "https://x.example/").on(honest()).unusable("--acs-url");
}

#[test]
fn commands() {
    let scene = Scene::new();
    scene.call(&[]).run(b"").unusable("Usage");
    scene.call(&["approve"]).run(b"").unusable("approve");
    let help = scene.call(&["verify", "--help"]).run(b"");
    assert_eq!((help.status, &help.stderr[..]), (0, ""));
    assert!(help.stdout.contains("--idp-metadata <FILE>"), "{}", help.stdout);
}
