//! `docs/rules.md` is made from the list of rules, and checked against it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::path::Path;

use actix_saml::saml::RULES;

fn table() -> String {
    let mut text = String::from(
        "# The rules\n\n\
         A response is accepted when every rule holds, in this order. The first that does not ends \
         it: its name is the `rule` in the verdict of `actix-saml verify --format json`, beside the \
         `code` that says how it failed. [`actix-saml inspect`](inspect.md) goes over all of them. Before them, `well-formed` holds the document to XML 1.0, \
         to namespaces and to the limits of this crate.\n\n\
         This file is made from the list in the program: \
         `UPDATE_DOCS=1 cargo test --test rules`.\n\n\
         | rule | standard | in one sentence |\n|---|---|---|\n",
    );
    for rule in RULES {
        writeln!(text, "| `{}` | {} | {} |", rule.name, rule.section, rule.summary).unwrap();
    }
    text
}

#[test]
fn the_documentation_lists_every_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, table()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), table(), "docs/rules.md is out of date");
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}
