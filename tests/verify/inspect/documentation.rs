//! `docs/inspect.md` says what is.

use std::collections::BTreeSet;
use std::path::Path;

use actix_saml::idp::{ReplyTo, SignedParts};
use serde_json::Value;

use crate::scene::{IDP, Scene, honest, nurse, reply_to, respond};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/inspect.md");
    std::fs::read_to_string(path).unwrap()
}

/// The paths of all members, `[]` for those of an array.
fn members(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                into.insert(path.clone());
                members(value, &path, into);
            }
        }
        Value::Array(items) => {
            for item in items {
                members(item, &format!("{path}[]"), into);
            }
        }
        _ => {}
    }
}

/// The example in the page, from the mark in front of it.
fn example(mark: &str) -> String {
    let page = page();
    let (_, behind) = page.split_once(&format!("<!-- {mark} -->\n```text\n")).unwrap();
    behind.split_once("```").unwrap().0.to_owned()
}

#[test]
fn every_member_is_documented() {
    let scene = Scene::new();
    let (own, to_us) = crate::encrypted::recipient();
    scene.file("own.pem", own.to_pem().unwrap());
    let logout = "<l:LogoutRequest xmlns:l=\"urn:oasis:names:tc:SAML:2.0:protocol\" IssueInstant=\"x\" NotOnOrAfter=\"x\"><NameID xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</NameID></l:LogoutRequest>";
    let request = "<l:AuthnRequest xmlns:l=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>";
    let metadata = IDP.metadata().unwrap().replacen(" entityID=", " validUntil=\"x\" entityID=", 1);
    let encrypted = crate::encrypted::signed_around(&to_us);
    let session = honest().replace(" SessionIndex=", " SessionNotOnOrAfter=\"x\" SessionIndex=");
    let mut found = BTreeSet::new();
    for content in [&honest(), logout, request, &metadata, &encrypted, &session, "<a>"] {
        members(&scene.inspect_fully().on(content).json(), "", &mut found);
    }
    let mut documented = BTreeSet::new();
    for line in page().lines() {
        if !line.starts_with("| `") || line.starts_with("| `--") {
            continue;
        }
        let cell = line.split('|').nth(1).unwrap();
        // Members of one parent stand in one cell: `a.b`, `.c`
        let mut parent = String::new();
        for name in cell.split(',').map(|name| name.trim().trim_matches('`')) {
            let name = match name.strip_prefix('.') {
                Some(last) => format!("{parent}.{last}"),
                None => name.to_owned(),
            };
            parent = name.rsplit_once('.').map_or(String::new(), |(parent, _)| parent.to_owned());
            documented.insert(name);
        }
    }
    let moments = |path: &String| path.ends_with(".at") || path.ends_with(".seconds_from_now");
    found.retain(|path| !moments(path));
    assert_eq!(found.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(documented.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_examples_are_true() {
    let scene = Scene::new();
    let reply_to = ReplyTo { audience: "https://rota.example.nhs.uk".to_owned(), ..reply_to() };
    let xml = respond(&IDP, SignedParts::AssertionOnly, &reply_to, &nurse());
    let text = scene.inspect_fully().with("--format", "text").on(xml);
    assert_eq!(text.status, 1);
    for mark in ["headline", "listing", "rules"] {
        for part in example(mark).split("  [...]\n") {
            assert!(text.stdout.contains(part), "{part}\n--- is not in ---\n{}", text.stdout);
        }
    }
    let text = scene.inspect().with("--format", "text").on(honest());
    let example = example("undecided");
    assert!(text.stdout.contains(&example), "{example}\n--- is not in ---\n{}", text.stdout);
}

#[test]
fn every_option_is_documented() {
    let help = Scene::new().call(&["inspect", "--help"]).run(b"").stdout;
    let page = page();
    let options = help.split_whitespace().filter(|word| word.starts_with("--"));
    for option in options.map(|o| o.trim_end_matches(|c: char| !c.is_alphanumeric())) {
        assert!(option == "--help" || page.contains(&format!("`{option}")), "{option}");
    }
}
