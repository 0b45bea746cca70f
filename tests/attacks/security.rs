//! `docs/security.md`: each rule, the attacks that it stops, and the files whose tests prove it.
//! The tables are made from the lists here and in [`ids`](crate::ids), and checked against them:
//! `UPDATE_DOCS=1 cargo test --test attacks u_docs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use actix_saml::saml::RULES;

use crate::ids::{Attack, catalogue, is_tried, tests_in};

/// What stops attacks: a rule, or something beside the rules; in words; by ids. `A to B` are all
/// ids from the one number to the other.
type Guard = (&'static str, &'static str, &'static str);

/// The parser, which runs before the first of [`RULES`], and the rules.
const BY_RULE: &[Guard] = &[
    (
        "well-formed",
        "Documents that two parsers read differently, document types and what they bring, encodings that hide, IDs that stand twice, sizes that exhaust",
        "WF-1 to WF-5, DTD-1 to DTD-6, XXE-1 to XXE-2, BOMB-1 to BOMB-2, ENC-1 to ENC-4, NSWF-1 to NSWF-3, IDTYPE-1 to IDTYPE-3, XSW-15, PI-1, SIZE-1, DOS, B64-1 to B64-5, DEFLATE-1",
    ),
    (
        "response-structure",
        "Other messages in place of a response, other versions, elements of other namespaces under familiar names, IDs made to be misread",
        "STRUCT-1, TYPE-1 to TYPE-3, VER-1, XSW-2, XSW-16 to XSW-17, NSCONF-1 to NSCONF-2, IDINJ-1 to IDINJ-2",
    ),
    (
        "placement",
        "Signature wrapping: the signed original hidden where foreign content may stand, with a forgery in its place; signed objects of other kinds in the message; decoys for those who search",
        "XSW-1, XSW-6 to XSW-14, XSW-MD, XSW-TYPE, POLLUTION-1, ADVICE-1, CVE-45409",
    ),
    ("status", "A failure that carries an assertion all the same", "STATUS-1 to STATUS-2"),
    (
        "one-assertion",
        "A forged assertion beside, around or inside the signed one",
        "XSW-3 to XSW-5, MULTI-1 to MULTI-2",
    ),
    ("destination", "A response to another application, taken here", "DEST-1 to DEST-3, HOST-1"),
    ("response-issuer", "A response of another identity provider", "ISS-1 to ISS-4"),
    (
        "response-in-response-to",
        "A response to another request, or to none",
        "IRT-1, IRT-3 to IRT-4, IDPINIT-1 to IDPINIT-2",
    ),
    (
        "signature",
        "No signature, a signature over something else or in another place, keys and algorithms of the attacker's choice, transforms, several references, values that a lax reader takes; assertions that anybody can encrypt to us, and answers that would tell what is in them",
        "SIGEX-1 to SIGEX-3, SIGCOV-1, POS-1 to POS-4, NSCONF-3, VOID-1 to VOID-3, SAMLSTORM-1 to SAMLSTORM-3, CVE-33487, DSIGPROF-1, TAMPER-1 to TAMPER-3, KEYTRUST-1 to KEYTRUST-3, KEYINFO-1 to KEYINFO-3, HMAC-1 to HMAC-2, SHA1-1 to SHA1-2, ALG-1 to ALG-2, SIGVAL-1 to SIGVAL-2, XSLT-1, XPATH-1 to XPATH-2, TRANS-1 to TRANS-3, URI-1 to URI-3, MANIFEST-1, E91-1, ENCSIG-1 to ENCSIG-3, ENCSTRUCT-1 to ENCSTRUCT-7, ENCREC-1, ENC-ORACLE, U:oracle, ENC-RSA15, ENC-3DES, ENC-ALG, ENC-GCMTAG, ENC-TAMPER, ENC-EMPTY, ENC-KEYLEN, ENC-CREF, ENC-LOOP, ENC-DOS, ENC-RCPT",
    ),
    (
        "assertion-structure",
        "Values cut short by a comment, put together from markup, or read from another element; conditions that are unknown, missing or there twice; attributes that hide each other",
        "COMMENT-1 to COMMENT-3, CDATA-1, MARKUP-1 to MARKUP-2, QNAME-1, XINC-1, XSD-1, COND-1 to COND-3, ATTR-1 to ATTR-3",
    ),
    (
        "assertion-issuer",
        "An assertion of another identity provider or tenant, under keys that both share",
        "ISS-1 to ISS-4, CROSSIDP-1 to CROSSIDP-2",
    ),
    (
        "subject",
        "Names that look like another's, break a line of the log, or belong to another application",
        "NAMEID-1 to NAMEID-3, UNI-1 to UNI-2, LOG-1",
    ),
    (
        "bearer-confirmation",
        "A stolen response, one for another application or another browser's request, confirmations that each fulfil a half",
        "SC-1 to SC-5, RCPT-1 to RCPT-3, IRT-2, IDPINIT-2, TIME-1",
    ),
    (
        "conditions-time",
        "Assertions before and after their time, times that overflow or that nobody can read",
        "TIME-2 to TIME-6",
    ),
    ("audience", "An assertion for somebody else", "AUD-1 to AUD-5"),
    (
        "authn-statement",
        "Assertions that do not say how somebody signed in, or say it twice; sessions that have ended",
        "AUTHN-1 to AUTHN-2, TIME-7 to TIME-8",
    ),
    (
        "authn-request",
        "A weaker or an older sign-in than was asked for",
        "AUTHNCTX-1 to AUTHNCTX-2",
    ),
];

/// What is no rule about one response.
const BESIDE: &[Guard] = &[
    (
        "keys and metadata",
        "Keys that are weak, of another use, role or entity; metadata that is expired, ambiguous or a template for a forgery",
        "KEYUSE-1 to KEYUSE-3, RSA-E3, MD-XSW, MD-SIG, MD-TAMPER, MD-COMMENT, MD-EXP, MD-NET, MD-USE, MD-NOKEY, MD-ROLE, MD-ENT, MD-DUP, MD-AGG, MD-CERT, MD-WEAK, MD-ALG, MD-LOC",
    ),
    (
        "HTTP-Redirect",
        "A query that one reads and another verifies, and what inflates without end",
        "REDIR-HPP, REDIR-RS, REDIR-ORD, DEFLATE-2 to DEFLATE-5",
    ),
    (
        "HTTP-POST",
        "Fields that stand twice or elsewhere, bodies of another form or without end",
        "HPP-1 to HPP-6, HTTP-1 to HTTP-4, SIZE-2",
    ),
    (
        "the sign-in under way",
        "A response brought into another browser, answered twice, or by another provider than was asked",
        "IRT-5, CROSSIDP-3, U:cookies, U:form, COOKIE, RELAY, XSS",
    ),
    ("single use", "An assertion that comes again", "REPLAY-1 to REPLAY-3, U:replay-race, U:clock"),
    ("the session", "A session that the attacker knew before the sign-in", "SESSFIX-1"),
    ("the log", "Personal data in it, or lines that an attacker wrote", "U:log"),
    (
        "the shape of the program",
        "Data that no signature covered, code that makes a proof, a message that opens files or connections or exhausts the machine",
        "CONSUMPTION, U:type, U:mutate, U:c14n-diff, U:no-net, U:mem-time, U:docs",
    ),
    (
        "log-out",
        "Log-out messages that are forged, wrapped, of another kind, issuer or addressee, old or repeated, for nobody or to nothing",
        "SLO-XSW, SLO-FORGED, SLO-TYPE, SLO-ISSUER, SLO-DESTINATION, SLO-TIME, SLO-GRAMMAR, SLO-REPLAY, SLO-UNMATCHED, SLO-UNSOLICITED",
    ),
    ("nothing", "A stolen key of the identity provider", "GOLDEN-SAML"),
];

/// The ids of a guard, one by one.
fn expand(ids: &str) -> Vec<String> {
    let mut all = Vec::new();
    for item in ids.split(", ") {
        let Some((first, last)) = item.split_once(" to ") else {
            all.push(item.to_owned());
            continue;
        };
        let (family, from) = first.rsplit_once('-').unwrap();
        let (same, to) = last.rsplit_once('-').unwrap();
        assert_eq!(family, same, "{item}");
        let (from, to): (u8, u8) = (from.parse().unwrap(), to.parse().unwrap());
        assert!(from < to, "{item}");
        all.extend((from..=to).map(|n| format!("{family}-{n}")));
    }
    all
}

/// Consecutive numbers of one family as one.
fn contract(ids: &[String]) -> String {
    let numbered = |id: &str| {
        let (family, number) = id.rsplit_once('-')?;
        Some((family.to_owned(), number.parse::<u8>().ok()?))
    };
    let mut items: Vec<(String, String)> = Vec::new();
    for id in ids {
        let before = items.last().and_then(|(_, last)| numbered(last));
        let follows = before.zip(numbered(id)).is_some_and(|(a, b)| a.0 == b.0 && b.1 == a.1 + 1);
        match items.last_mut() {
            Some(item) if follows => item.1.clone_from(id),
            _ => items.push((id.clone(), id.clone())),
        }
    }
    let text = |(first, last): &(String, String)| match first == last {
        true => first.clone(),
        false => format!("{first} to {last}"),
    };
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// The files of a folder with the tests in each.
fn files(folder: &str) -> BTreeMap<String, Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let tests = tests_in(&std::fs::read_to_string(&path).unwrap());
            (format!("{folder}/{name}"), tests)
        })
        .collect()
}

/// One row: the ids that are tried, and the files that hold their tests.
fn row((name, words, ids): &Guard, catalogue: &BTreeMap<String, Attack>) -> Option<String> {
    let mut proofs = BTreeSet::new();
    let mut tried = Vec::new();
    for id in expand(ids) {
        let attack = *catalogue.get(&id).unwrap_or_else(|| panic!("{id} is not in the catalogue"));
        let Some(folder) = attack.folder() else { continue };
        let beside = attack != Attack::Here;
        let found: Vec<String> = files(folder)
            .into_iter()
            .filter(|(_, tests)| is_tried(&id, tests, beside))
            .map(|(file, _)| file)
            .collect();
        assert!(!found.is_empty(), "{id}");
        proofs.extend(found);
        tried.push(id);
    }
    let links: Vec<_> = proofs
        .iter()
        .map(|file| {
            let (_, short) = file.split_once('/').unwrap();
            format!("[{}](../{file})", short.trim_end_matches(".rs"))
        })
        .collect();
    let code = RULES.iter().any(|rule| rule.name == *name) || *name == "well-formed";
    let name = if code { format!("`{name}`") } else { (*name).to_owned() };
    let ids = contract(&tried);
    (!tried.is_empty()).then(|| format!("| {name} | {words} | {ids} | {} |\n", links.join(", ")))
}

const BEGIN: &str = "<!-- The tables are made by the tests: do not edit them. -->\n";
const END: &str = "<!-- Here the tables end. -->\n";

fn tables() -> String {
    let catalogue: BTreeMap<_, _> = catalogue().into_iter().collect();
    let mut text = format!("{BEGIN}\n| rule | stops | threats | tests |\n|---|---|---|---|\n");
    text.extend(BY_RULE.iter().filter_map(|guard| row(guard, &catalogue)));
    text.push_str("\nBeside the rules:\n\n| what | stops | threats | tests |\n|---|---|---|---|\n");
    text.extend(BESIDE.iter().filter_map(|guard| row(guard, &catalogue)));
    text.push_str(
        "\nThreats of the catalogue without a test:\n\n| threat | because |\n|---|---|\n",
    );
    for (id, attack) in &catalogue {
        if let Attack::Later(reason) = attack {
            writeln!(text, "| {id} | {reason} |").unwrap();
        }
    }
    text.push('\n');
    text.push_str(END);
    text
}

#[test]
fn u_docs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the mark before the tables");
    let (_, after) = rest.split_once(END).expect("the mark behind the tables");
    let right = [before, &tables(), after].concat();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &right).unwrap();
    } else {
        assert_eq!(text, right, "docs/security.md is out of date");
    }
    // What is left to those who run it is said.
    for left in [
        "signing key is stolen",
        "administrator of the identity provider",
        "Malware in the browser",
        "Whoever runs the application",
    ] {
        assert!(text.contains(left), "{left}");
    }
}

#[test]
fn u_docs_every_rule_and_every_threat_has_its_place() {
    let names: Vec<_> = BY_RULE.iter().map(|(name, ..)| *name).collect();
    let rules: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names[0], "well-formed");
    assert_eq!(names[1..], rules);
    let placed: BTreeSet<_> =
        BY_RULE.iter().chain(BESIDE).flat_map(|(_, _, ids)| expand(ids)).collect();
    let known: BTreeSet<_> = catalogue().into_iter().map(|(id, _)| id).collect();
    assert_eq!(known.difference(&placed).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(placed.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    let ids = expand("A-1 to A-3, B-2, U:x");
    assert_eq!(ids, ["A-1", "A-2", "A-3", "B-2", "U:x"]);
    assert_eq!(contract(&ids), "A-1 to A-3, B-2, U:x");
}
