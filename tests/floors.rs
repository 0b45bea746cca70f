//! The floors: a module uses only what stands below it. Read from the sources, so that nobody has
//! to remember.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::collections::BTreeSet;
use std::path::Path;

struct Floor {
    module: &'static str,
    /// Modules of this crate that it may use.
    below: &'static [&'static str],
    /// Crates that it may use.
    crates: &'static [&'static str],
}

const fn floor(
    module: &'static str,
    below: &'static [&'static str],
    crates: &'static [&'static str],
) -> Floor {
    Floor { module, below, crates }
}

const FLOORS: &[Floor] = &[
    floor("xml", &[], &["base64", "base64_simd", "memchr", "thiserror"]),
    floor("crypto", &[], &["chrono", "openssl", "thiserror"]),
    floor("dsig", &["crypto", "xml"], &["thiserror"]),
    floor("xmlenc", &["crypto", "xml"], &["thiserror"]),
    floor(
        "saml",
        &["crypto", "dsig", "xml", "xmlenc"],
        &["chrono", "flate2", "serde", "thiserror", "url"],
    ),
    floor(
        "sp",
        &["crypto", "dsig", "saml", "xml", "xmlenc"],
        &["chrono", "serde", "thiserror", "url"],
    ),
    floor(
        "nhsmail",
        &["crypto", "dsig", "saml", "sp", "xml", "xmlenc"],
        &["chrono", "serde", "thiserror"],
    ),
    floor(
        "store",
        &["saml", "sp"],
        &["chrono", "redb", "redis", "serde_json", "thiserror", "tokio", "url"],
    ),
    floor(
        "web",
        &["crypto", "nhsmail", "saml", "sp", "store", "xml", "xmlenc"],
        &[
            "actix_session",
            "actix_web",
            "anyhow",
            "arc_swap",
            "chrono",
            "futures_core",
            "memchr",
            "prometheus_client",
            "rustls_native_certs",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "toml",
            "tracing",
            "ureq",
            "url",
        ],
    ),
    // The test identity provider must not inherit the service provider's mistakes and agree with
    // them: of what stands below it takes names and makers, never judges (see `JUDGES`).
    floor(
        "idp",
        &["crypto", "dsig", "saml", "xml", "xmlenc"],
        &[
            "actix_web",
            "chrono",
            "flate2",
            "serde",
            "serde_json",
            "thiserror",
            "toml",
            "tracing",
            "url",
        ],
    ),
    // Joins the test identity provider and an application, for the tests of the application.
    floor(
        "testing",
        &["Saml", "idp", "nhsmail", "saml", "sp", "web"],
        &["actix_http", "actix_web", "chrono", "thiserror", "tokio", "url"],
    ),
    // Plays the identity provider's side in front of any service provider, and judges by what comes
    // of it: of this crate's own service provider it knows nothing.
    floor(
        "rehearse",
        &["crypto", "dsig", "idp", "saml", "xml", "xmlenc"],
        &[
            "actix_web",
            "chrono",
            "flate2",
            "openssl",
            "rustls_native_certs",
            "serde_json",
            "thiserror",
            "ureq",
            "url",
        ],
    ),
    floor(
        "cli",
        &[
            "Saml", "crypto", "dsig", "idp", "nhsmail", "rehearse", "saml", "sp", "store", "web",
            "xml", "xmlenc",
        ],
        &[
            "actix_web",
            "chrono",
            "clap",
            "openssl",
            "serde",
            "serde_json",
            "thiserror",
            "toml",
            "tracing",
            "tracing_subscriber",
            "url",
        ],
    ),
];

/// What the service provider judges by.
const JUDGES: &[&str] = &[
    "validate",
    "peek_issuer",
    "Expectations",
    "IdpMetadata",
    "RULES",
    "dsig::verify",
    "Signed<",
    "xmlenc::decrypt",
];

/// Names of modules and of crates that a source uses.
fn used(source: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let code: Vec<&str> =
        source.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect();
    let code = code.join("\n");
    let mut modules = BTreeSet::new();
    for path in code.split("crate::").skip(1) {
        match path.strip_prefix('{') {
            Some(group) => modules.extend(group.split(['}', ',']).map(|p| word(p.trim()))),
            None => _ = modules.insert(word(path)),
        }
    }
    let known: BTreeSet<&str> = FLOORS.iter().flat_map(|f| f.crates).copied().collect();
    let crates = known
        .into_iter()
        .filter(|name| {
            let path = format!("{name}::");
            code.match_indices(&path).any(|(at, _)| {
                !code
                    .split_at(at)
                    .0
                    .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':'))
            })
        })
        .map(str::to_owned)
        .collect();
    modules.remove("");
    (modules, crates)
}

/// What in `source`, a file of `module`, breaks the table.
fn breaches(module: &str, source: &str) -> Vec<String> {
    let floor = FLOORS.iter().find(|f| f.module == module).unwrap();
    // Tests may look down from anywhere.
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let (modules, crates) = used(code);
    let mut found: Vec<String> = modules
        .iter()
        .filter(|m| *m != module && !floor.below.contains(&m.as_str()))
        .map(|m| format!("{module} uses {m}"))
        .collect();
    // A module may have the name of a crate: `xml::base64`.
    let strange = crates.iter().filter(|c| !floor.crates.contains(&c.as_str()));
    found.extend(strange.map(|c| format!("{module} uses the crate {c}")));
    if matches!(module, "idp" | "rehearse") {
        let code: Vec<_> = code.lines().filter(|l| !l.trim().starts_with("//")).collect();
        let code = code.join("\n");
        found.extend(
            JUDGES.iter().filter(|j| code.contains(**j)).map(|j| format!("{module} names {j}")),
        );
    }
    found
}

fn read_sources(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            read_sources(&path, into);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            into.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_module_uses_only_what_stands_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut problems = Vec::new();
    let mut files = 0;
    for floor in FLOORS {
        let mut sources = Vec::new();
        read_sources(&root.join(floor.module), &mut sources);
        assert!(!sources.is_empty(), "{} is in the table and not in the sources", floor.module);
        files += sources.len();
        for (file, source) in sources {
            let found = breaches(floor.module, &source);
            problems.extend(found.into_iter().map(|breach| format!("{file}: {breach}")));
        }
    }
    assert!(files > 60, "only {files} files were read");
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_folder_has_a_floor() {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let has_floor = FLOORS.iter().any(|floor| floor.module == name);
        assert!(!path.is_dir() || name == "bin" || has_floor, "{name} has no floor");
    }
}

#[test]
fn the_check_can_fail() {
    for (module, source, breach) in [
        ("xml", "use crate::saml::names::ASSERTION;", "xml uses saml"),
        ("xml", "fn f() { crate::crypto::hex(&[]); }", "xml uses crypto"),
        ("saml", "use crate::{xml::Node, web::Saml};", "saml uses web"),
        ("xml", "use openssl::sha::sha256;", "xml uses the crate openssl"),
        ("sp", "    use actix_web::web;", "sp uses the crate actix_web"),
        ("sp", "fn f() -> actix_web::Error {}", "sp uses the crate actix_web"),
        ("idp", "use crate::sp::Principal;", "idp uses sp"),
        ("idp", "use crate::saml::{validate};", "idp names validate"),
        ("idp", "fn f() { crate::dsig::verify(); }", "idp names dsig::verify"),
        ("rehearse", "use crate::web::Saml;", "rehearse uses web"),
        ("rehearse", "fn f() { crate::xmlenc::decrypt(); }", "rehearse names xmlenc::decrypt"),
    ] {
        assert_eq!(breaches(module, source), [breach], "{source}");
    }
    for (module, source) in [
        ("saml", "use crate::xml::Node;\nuse chrono::Utc;"),
        ("xml", "//! See [`crate::saml`].\nuse std::fmt;"),
        ("xml", "fn f() { my_openssl::f(); }\n#[cfg(test)]\nmod tests { use crate::saml::f; }"),
        ("idp", "use crate::saml::names::ASSERTION;"),
    ] {
        assert_eq!(breaches(module, source), Vec::<String>::new(), "{source}");
    }
}
