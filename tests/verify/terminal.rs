//! What a message says does not steer the terminal that it is shown on.

use actix_saml::idp::{Claim, Person, SignedParts};

use crate::scene::{IDP, Scene, honest, nurse, reply_to, respond};

/// What XML allows of what steers terminals: DEL, the controls of ISO 6429 (U+009B begins a
/// sequence as ESC and `[` do), turns of direction, and line ends.
pub const HOSTILE: &str =
    "a\u{7f}\u{85}\u{9b}2J\u{9d}0;x\u{9c}\u{202e}b\u{2066}\u{2028}\u{200b}\r\n\tc";

fn hostile() -> Person {
    Person {
        claims: vec![Claim::new(HOSTILE, [HOSTILE, "\n  accepted"]), Claim::new("ODS", ["ZZT01"])],
        ..nurse()
    }
}

pub fn is_plain(text: &str) -> bool {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    !text.contains(steers)
}

#[test]
fn control() {
    assert!(is_plain("a\nZoë"));
    assert!(!is_plain(HOSTILE) && !is_plain("\u{1b}[2J") && !is_plain("\u{9b}2J"));
}

#[test]
fn accepted() {
    let scene = Scene::new();
    let xml = respond(&IDP, SignedParts::AssertionOnly, &reply_to(), &hostile());
    let json = scene.verify().on(&xml);
    assert!(is_plain(&json.stdout) && json.stdout.matches('\n').count() == 1, "{json:?}");
    // It is escaped, and nothing is lost.
    let attributes = &json.accepted()["attributes"];
    assert_eq!(attributes[HOSTILE], serde_json::json!([HOSTILE, "\n  accepted"]));

    let text = scene.verify().with("--format", "text").on(&xml);
    assert_eq!(text.status, 0);
    assert!(is_plain(&text.stdout), "{text:?}");
    let shown = "a\u{fffd}\u{fffd}\u{fffd}2J\u{fffd}0;x\u{fffd}\u{fffd}b\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}c";
    let lines: Vec<_> = text.stdout.lines().skip(8).collect();
    let expected = [
        format!("  {shown}"),
        format!("      {shown}"),
        "      \u{fffd}  accepted".to_owned(),
        "  ODS".to_owned(),
        "      ZZT01".to_owned(),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn rejected() {
    let scene = Scene::new();
    let reference: String = HOSTILE.chars().map(|c| format!("&#{};", u32::from(c))).collect();
    let honest = honest();
    let destination = format!("Destination=\"{reference}\"");
    let start = honest.find("Destination=\"").unwrap();
    let length = honest[start..].find("\" ").unwrap() + 1;
    let foreign = [&honest[..start], &destination, &honest[start + length..]].concat();
    let status = honest.replace("status:Success", &format!("status:{reference}"));
    let name_id = Person { name_id: Some(HOSTILE.to_owned()), ..nurse() };
    let name_id = respond(&IDP, SignedParts::AssertionOnly, &reply_to(), &name_id);
    for (xml, code, rule) in [
        (foreign, "destination", "destination"),
        (status, "status", "status"),
        (name_id, "name_id", "subject"),
    ] {
        let json = scene.verify().on(&xml);
        json.rejected(code, rule);
        assert!(is_plain(&json.stdout), "{json:?}");
        let text = scene.verify().with("--format", "text").on(&xml);
        assert_eq!((text.status, text.stdout.lines().count()), (1, 4), "{text:?}");
        assert!(is_plain(&text.stdout), "{text:?}");
    }
}
