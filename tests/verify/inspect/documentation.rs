//! `docs/inspect.md` says what is.

use std::collections::BTreeSet;
use std::path::Path;

use crate::scene::{IDP, Scene, documented_members, honest, members, nurse, reply_to, respond};
use actix_saml::idp::{ReplyTo, SignedParts};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/inspect.md");
    std::fs::read_to_string(path).unwrap()
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
    scene.secret("own.pem", own.to_pem().unwrap());
    let logout = "<l:LogoutRequest xmlns:l=\"urn:oasis:names:tc:SAML:2.0:protocol\" IssueInstant=\"x\" NotOnOrAfter=\"x\"><NameID xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</NameID></l:LogoutRequest>";
    let request = "<l:AuthnRequest xmlns:l=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>";
    let metadata = IDP.metadata().unwrap().replacen(" entityID=", " validUntil=\"x\" entityID=", 1);
    let encrypted = crate::encrypted::signed_around(&to_us);
    let session = honest().replace(" SessionIndex=", " SessionNotOnOrAfter=\"x\" SessionIndex=");
    let mut found = BTreeSet::new();
    for content in [&honest(), logout, request, &metadata, &encrypted, &session, "<a>"] {
        members(&scene.inspect_fully().on(content).json(), "", &mut found);
    }
    let documented = documented_members(&page());
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
