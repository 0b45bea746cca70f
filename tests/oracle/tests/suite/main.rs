//! The attacks on the product, with strangers looking on: for every message that one of those tests
//! shows to the product, xmlsec1 and samael say whether its signatures are good. What all three say
//! stands in `verdicts.txt`, one line for each different answer in a test:
//! `UPDATE_VERDICTS=1 cargo test -p actix-saml-oracle --test suite verdicts`.
//!
//! An answer that is not there, and one that no longer comes, fail the test: so do disagreements
//! and agreements that nobody expected.

#![allow(dead_code, missing_docs, clippy::ptr_arg, reason = "the attacks need less in this place")]

#[path = "../../../attacks/fixture.rs"]
mod fixture;
#[path = "../../../attacks/keys_of_tests.rs"]
mod keys_of_tests;
#[path = "../../../attacks/recipient.rs"]
mod recipient;
#[path = "../../../attacks/refusal.rs"]
mod refusal;
#[path = "../../../attacks/surgery.rs"]
mod surgery;
mod witness;

#[path = "../../../attacks/addressing.rs"]
mod addressing;
#[path = "../../../attacks/ciphers.rs"]
mod ciphers;
#[path = "../../../attacks/document.rs"]
mod document;
#[path = "../../../attacks/encryption.rs"]
mod encryption;
#[path = "../../../attacks/grammar.rs"]
mod grammar;
#[path = "../../../attacks/keys.rs"]
mod keys;
#[path = "../../../attacks/logout.rs"]
mod logout;
#[path = "../../../attacks/markup.rs"]
mod markup;
#[path = "../../../attacks/metadata.rs"]
mod metadata;
#[path = "../../../attacks/microsoft.rs"]
mod microsoft;
#[path = "../../../attacks/namespaces.rs"]
mod namespaces;
#[path = "../../../attacks/oracle.rs"]
mod oracle;
#[path = "../../../attacks/parts.rs"]
mod parts;
#[path = "../../../attacks/plaintext.rs"]
mod plaintext;
#[path = "../../../attacks/position.rs"]
mod position;
#[path = "../../../attacks/sha1.rs"]
mod sha1;
#[path = "../../../attacks/signature.rs"]
mod signature;
#[path = "../../../attacks/statements.rs"]
mod statements;
#[path = "../../../attacks/subject.rs"]
mod subject;
#[path = "../../../attacks/time.rs"]
mod time;
#[path = "../../../attacks/transforms.rs"]
mod transforms;
#[path = "../../../attacks/wrapping.rs"]
mod wrapping;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use witness::{Answer, RECORD};

/// Why strangers find the signature of a message good that the product refuses, by the product's
/// codes: they were asked less than it decides.
const NOT_ASKED: &[(&str, &[&str])] = &[
    (
        "A good signature does not say for whom, from whom, when and in answer to what.",
        &[
            "audience",
            "audience_missing",
            "authn_context",
            "authn_statement_conflict",
            "authn_statement_missing",
            "authn_too_old",
            "base_id",
            "confirmation_name_id",
            "confirmation_not_before",
            "confirmation_unlimited",
            "destination",
            "expired",
            "in_response_to",
            "issuer",
            "name_id",
            "no_bearer_confirmation",
            "recipient",
            "session_indexes",
            "sp_name_qualifier",
            "status",
            "time_inverted",
            "time_malformed",
            "unknown_condition",
            "version",
        ],
    ),
    (
        "The signature is good, of another element than the one that would be read: wrapping.",
        &[
            "assertion_count",
            "id",
            "misplaced_element",
            "not_a_response",
            "not_the_logout_message",
            "signature_reference",
        ],
    ),
    (
        "The grammar of SAML is nothing to them. Comments are left out of a canonical form.",
        &[
            "invalid_value",
            "markup_in_value",
            "missing_attribute",
            "missing_element",
            "unexpected_attribute",
            "unexpected_element",
            "unexpected_text",
        ],
    ),
    (
        "XML Signature allows more than our profile: other transforms, parameters, contents.",
        &[
            "signature_algorithm",
            "signature_prefix_list",
            "signature_structure",
            "signature_transforms",
        ],
    ),
    (
        "The signature is good, and not where it must stand, or not the one that was demanded.",
        &["signature_missing", "unsigned"],
    ),
    (
        "The fault is in what is encrypted, or in how: they do not open it.",
        &[
            "decryption_budget",
            "decryption_failed",
            "decryption_no_key",
            "digest_mismatch",
            "encryption_algorithm",
            "encryption_keys",
            "encryption_reference",
            "encryption_structure",
            "signature_mismatch",
        ],
    ),
];

/// Tests in which the product accepts what a stranger does not find good, and why.
const STRANGERS_REFUSE: &[(&str, &[&str])] =
    &[("xmlsec 1.2 knows no RSASSA-PSS.", &["signature::sigval_2"])];

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite").join(name)
}

/// What everybody says, from a process of its own in which the attacks are tried.
fn asked() -> BTreeSet<Answer> {
    let record = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verdicts");
    let _ = std::fs::remove_file(&record);
    let output = Command::new(std::env::current_exe().expect("a program"))
        .args(["--skip", "verdicts"])
        .env(RECORD, &record)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let record = std::fs::read_to_string(record).expect("a record");
    record.lines().map(|line| Answer::read(line).expect("an answer")).collect()
}

#[test]
fn verdicts() {
    if std::env::var_os(RECORD).is_some() {
        return;
    }
    let found = asked();
    let path = file("verdicts.txt");
    if std::env::var_os("UPDATE_VERDICTS").is_some() {
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        std::fs::write(&path, lines.join("\n") + "\n").expect("it is written");
    }
    let expected = std::fs::read_to_string(&path).expect("verdicts.txt");
    let expected: BTreeSet<Answer> =
        expected.lines().map(|line| Answer::read(line).expect("an answer")).collect();
    let show = |set: &BTreeSet<Answer>, other: &BTreeSet<Answer>| {
        set.difference(other).map(ToString::to_string).collect::<Vec<_>>()
    };
    let (new, gone) = (show(&found, &expected), show(&expected, &found));
    assert!(new.is_empty() && gone.is_empty(), "unexpected: {new:#?}\nno longer: {gone:#?}");

    // Every disagreement has a reason, and every reason a disagreement.
    let mut reasons: BTreeMap<&str, bool> = NOT_ASKED
        .iter()
        .chain(STRANGERS_REFUSE)
        .flat_map(|(_, all)| *all)
        .map(|w| (*w, false))
        .collect();
    let mut unexplained = Vec::new();
    for answer in &found {
        if answer.is_hidden() {
            continue;
        }
        let key = match (answer.is_accepted(), answer.is_good()) {
            (true, true) | (false, false) => continue,
            (true, false) => answer.test.as_str(),
            (false, true) => answer.ours.as_str(),
        };
        match reasons.get_mut(key) {
            Some(used) => *used = true,
            None => unexplained.push(answer.to_string()),
        }
    }
    assert_eq!(unexplained, Vec::<String>::new());
    let unused: Vec<_> = reasons.iter().filter(|(_, used)| !**used).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
