//! What `docs/nhsmail.md` and `docs/doctor.md` tell people to type works.

use std::path::Path;

use crate::doctor::live_metadata;
use crate::scene::Scene;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The blocks of code in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = page.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

/// The calls of the program in a page, each as its arguments.
fn calls(name: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    for block in blocks(&page(name), "sh") {
        for line in block.replace("\\\n", " ").lines() {
            let mut words = Vec::new();
            // What stands between quotation marks is one word.
            for (index, part) in line.split('"').enumerate() {
                match index % 2 {
                    0 => words.extend(part.split_whitespace().map(str::to_owned)),
                    _ => words.push(part.to_owned()),
                }
            }
            assert_eq!(words.remove(0), "actix-saml", "{line}");
            calls.push(words);
        }
    }
    calls
}

#[test]
fn every_command_and_option_exists() {
    let scene = Scene::new();
    let all = [calls("nhsmail.md"), calls("doctor.md")].concat();
    assert!(all.len() >= 6, "{all:?}");
    for call in all {
        let commands: Vec<&str> = call
            .iter()
            .map(String::as_str)
            .take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
            .collect();
        let help = scene.call(&commands).flag("--help").run(b"");
        assert_eq!(help.status, 0, "{call:?}");
        for option in call.iter().filter(|word| word.starts_with("--")) {
            assert!(help.stdout.contains(option.as_str()), "{option} of {call:?}");
        }
    }
}

/// From the first configuration to the answer, as the page tells it.
#[test]
fn the_way_can_be_gone() {
    let scene = Scene::new();
    let page = page("nhsmail.md");
    let [start, idp] = blocks(&page, "toml").try_into().unwrap();
    scene.file("saml.toml", &start);
    let calls = calls("nhsmail.md");
    let run = |command: &str| {
        let call = calls.iter().find(|call| call[0] == command).unwrap();
        let words: Vec<&str> = call.iter().map(String::as_str).collect();
        let outcome = scene.call(&words).run(b"");
        assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{command}: {outcome:?}");
        outcome.stdout
    };
    run("onboard");
    let listed = page.split("| `letter.txt` |").nth(1).unwrap();
    for file in std::fs::read_dir(scene.path("pack")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(name == "letter.txt" || listed.contains(&format!("`{name}`")), "{name}");
    }
    scene.file("nhsmail.xml", live_metadata());
    let shown = run("metadata");
    assert!(shown.contains("http://fs.nhsmail.test/adfs/services/trust"), "{shown}");
    scene.file("saml.toml", format!("{start}\n{idp}"));
    let findings = run("doctor");
    assert!(findings.contains("\u{2713} Our reply URL is registered."), "{findings}");
}
