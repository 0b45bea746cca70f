//! What is shown on a terminal.

use actix_saml::idp::{Claim, Person, SignedParts};

use crate::scene::{IDP, Scene, honest, nurse, reply_to, respond};
use crate::terminal::{HOSTILE, is_plain};

#[test]
fn nothing_of_a_message_steers_the_terminal() {
    let scene = Scene::new();
    let hostile = Person {
        name_id: Some(HOSTILE.to_owned()),
        claims: vec![Claim::new(HOSTILE, [HOSTILE, "\n  \u{2713} accepted"])],
        ..nurse()
    };
    let xml = respond(&IDP, SignedParts::AssertionOnly, &reply_to(), &hostile);
    let text = scene.inspect_fully().with("--format", "text").on(&xml);
    assert_eq!((text.status, &text.stderr[..]), (1, ""));
    assert!(is_plain(&text.stdout), "{text:?}");
    assert!(!text.stdout.contains("\n  \u{2713} accepted"));
    let json = scene.inspect_fully().on(&xml);
    assert!(is_plain(&json.stdout) && json.stdout.matches('\n').count() == 1);
    // It is escaped, and nothing is lost.
    let attribute = &json.json()["assertion"]["attributes"][0];
    assert_eq!(attribute["name"], HOSTILE);

    // With colours there are ours and no others.
    let colours = scene.inspect_fully().with("--format", "text").and("--color", "always").on(&xml);
    let ours = ["0", "1", "2", "32", "1;31", "33"];
    let mut plain = colours.stdout;
    for code in ours {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(plain, text.stdout);

    for content in ["<a\u{9b}2J>", "<a>\u{1b}[2J</a>", "<a b='\u{9b}'>\u{202e}</a>"] {
        let text = scene.inspect().with("--format", "text").on(content);
        assert!(is_plain(&text.stdout), "{text:?}");
    }
    let url = "SAMLRequest=fVHLTsMwEPwVy%2FfGSfqyrCaoUCEqFRGRAgc&RelayState=%1b%5b2J";
    let text = scene.inspect().with("--format", "text").on(url);
    assert!(is_plain(&text.stdout) && is_plain(&text.stderr), "{text:?}");
}

#[test]
fn colours_are_for_terminals() {
    let scene = Scene::new();
    let call = || scene.inspect_fully().with("--format", "text");
    let is_coloured = |outcome: &crate::scene::Outcome| outcome.stdout.contains('\u{1b}');
    // Standard output of a test is a pipe.
    assert!(!is_coloured(&call().on(honest())));
    assert!(!is_coloured(&call().and("--color", "never").on(honest())));
    assert!(!is_coloured(&call().and("--color", "auto").on(honest())));
    assert!(is_coloured(&call().and("--color", "always").on(honest())));
    assert!(!is_coloured(&scene.inspect_fully().and("--color", "always").on(honest())));
}

/// Commands are to be copied and values to be compared: only they may be longer than a line.
#[test]
fn lines_fit() {
    let scene = Scene::new();
    let broken = honest().replace("ward 7", "ward 8").replace("/saml/acs\"", "/saml/acs/\"");
    let text = scene.inspect_fully().with("--format", "text").on(broken).stdout;
    let long: Vec<_> = text.lines().filter(|line| line.chars().count() > 80).collect();
    let is_value = |line: &&&str| {
        line.contains("http://") || line.contains("urn:") || line.contains("Algorithm=")
    };
    let rest: Vec<_> = long.iter().filter(|line| !is_value(line)).collect();
    assert!(rest.iter().all(|line| line.starts_with("      AD FS     ")), "{rest:#?}");
}
