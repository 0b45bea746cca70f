//! The catalogue of threats, and whether each one is tried here. A test is named after its threat:
//! `AUD-3` is tried by `aud_3` or by `aud_3_something`.

use std::collections::HashMap;
use std::path::Path;

use Attack::{Beside, Here, Later};

/// Where a threat is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// In this binary.
    Here,
    /// By tests in this folder.
    Beside(&'static str),
    /// Not in this binary, for this reason.
    Later(&'static str),
}

impl Attack {
    /// The folder with its tests.
    pub fn folder(self) -> Option<&'static str> {
        match self {
            Here => Some("tests/attacks"),
            Beside(folder) => Some(folder),
            Later(_) => None,
        }
    }
}

/// The tests of the web floor.
const WEB: Attack = Beside("tests/web");

/// Ids in a row that share a fate: `("XSW", 3..=6)` is XSW-3 to XSW-6.
const ROWS: &[(&str, std::ops::RangeInclusive<u8>, Attack)] = &[
    // Signature wrapping and choice of the signed object
    ("XSW", 1..=17, Here),
    ("MULTI", 1..=2, Here),
    ("SIGCOV", 1..=1, Here),
    ("POS", 1..=4, Here),
    ("STRUCT", 1..=1, Here),
    ("TYPE", 1..=3, Here),
    // Parser and canonicalisation differentials
    ("COMMENT", 1..=3, Here),
    ("CDATA", 1..=1, Here),
    ("PI", 1..=1, Here),
    ("MARKUP", 1..=2, Here),
    ("SAMLSTORM", 1..=3, Here),
    ("DSIGPROF", 1..=1, Here),
    ("POLLUTION", 1..=1, Here),
    ("NSCONF", 1..=3, Here),
    ("VOID", 1..=3, Here),
    ("IDTYPE", 1..=3, Here),
    ("IDINJ", 1..=2, Here),
    ("QNAME", 1..=1, Here),
    ("NSWF", 1..=3, Here),
    ("WF", 1..=5, Here),
    ("ADVICE", 1..=1, Here),
    ("XINC", 1..=1, Here),
    ("XSD", 1..=1, Here),
    // DTD, entities, encodings
    ("DTD", 1..=6, Here),
    ("XXE", 1..=2, Here),
    ("BOMB", 1..=2, Here),
    ("ENC", 1..=4, Here),
    // Signature exclusion and key trust
    ("SIGEX", 1..=3, Here),
    ("KEYTRUST", 1..=3, Here),
    ("KEYUSE", 1..=3, Here),
    ("CROSSIDP", 1..=2, Here),
    ("CROSSIDP", 3..=3, WEB),
    ("HMAC", 1..=2, Here),
    ("SIGVAL", 1..=2, Here),
    ("SHA1", 1..=2, Here),
    ("ALG", 1..=2, Here),
    ("KEYINFO", 1..=3, Here),
    ("TAMPER", 1..=3, Here),
    // Transforms, references, work before authentication
    ("XSLT", 1..=1, Here),
    ("XPATH", 1..=2, Here),
    ("TRANS", 1..=3, Here),
    ("URI", 1..=3, Here),
    ("MANIFEST", 1..=1, Here),
    ("E91", 1..=1, Here),
    ("DEFLATE", 1..=5, Here),
    // XML Encryption
    ("ENCSIG", 1..=3, Here),
    ("ENCSTRUCT", 1..=7, Here),
    ("ENCREC", 1..=1, Here),
    // Assertion semantics
    ("AUD", 1..=5, Here),
    ("RCPT", 1..=3, Here),
    ("DEST", 1..=3, Here),
    ("HOST", 1..=1, WEB),
    ("SC", 1..=5, Here),
    ("TIME", 1..=8, Here),
    ("IRT", 1..=4, Here),
    ("IRT", 5..=5, WEB),
    ("IDPINIT", 1..=2, Here),
    ("ISS", 1..=4, Here),
    ("STATUS", 1..=2, Here),
    ("VER", 1..=1, Here),
    ("COND", 1..=3, Here),
    ("AUTHN", 1..=2, Here),
    ("AUTHNCTX", 1..=2, Here),
    ("NAMEID", 1..=3, Here),
    ("UNI", 1..=2, Here),
    ("LOG", 1..=1, Here),
    ("ATTR", 1..=3, Here),
    ("REPLAY", 1..=3, Here),
    // HTTP binding
    ("HPP", 1..=6, WEB),
    ("HTTP", 1..=4, WEB),
    ("SIZE", 1..=1, Here),
    ("SIZE", 2..=2, WEB),
    ("B64", 1..=5, Here),
];

/// Ids that stand alone.
const SINGLE: &[(&str, Attack)] = &[
    ("XSW-MD", Here),
    ("XSW-TYPE", Here),
    ("SLO-XSW", Here),
    ("SLO-FORGED", Here),
    ("SLO-TYPE", Here),
    ("SLO-ISSUER", Here),
    ("SLO-DESTINATION", Here),
    ("SLO-TIME", Here),
    ("SLO-GRAMMAR", Here),
    ("SLO-REPLAY", WEB),
    ("SLO-UNMATCHED", WEB),
    ("SLO-UNSOLICITED", WEB),
    ("MD-XSW", Here),
    ("CVE-45409", Here),
    ("CVE-33487", Here),
    ("CONSUMPTION", Here),
    ("RSA-E3", Here),
    ("GOLDEN-SAML", Later("a stolen key of the provider cannot be told from the provider")),
    ("DOS", Here),
    ("ENC-ORACLE", Here),
    ("ENC-RSA15", Here),
    ("ENC-3DES", Here),
    ("ENC-ALG", Here),
    ("ENC-GCMTAG", Here),
    ("ENC-TAMPER", Here),
    ("ENC-EMPTY", Here),
    ("ENC-KEYLEN", Here),
    ("ENC-CREF", Here),
    ("ENC-LOOP", Here),
    ("ENC-DOS", Here),
    ("ENC-RCPT", Here),
    ("REDIR-HPP", Here),
    ("REDIR-RS", Here),
    ("REDIR-ORD", Here),
    // Session, RelayState, output
    ("RELAY", WEB),
    ("XSS", WEB),
    ("SESSFIX-1", WEB),
    ("COOKIE", WEB),
    // Metadata
    ("MD-SIG", Here),
    ("MD-TAMPER", Here),
    ("MD-COMMENT", Here),
    ("MD-EXP", Here),
    ("MD-NET", Beside("tests/fetch")),
    ("MD-USE", Here),
    ("MD-NOKEY", Here),
    ("MD-ROLE", Here),
    ("MD-ENT", Here),
    ("MD-DUP", Here),
    ("MD-AGG", Here),
    ("MD-CERT", Here),
    ("MD-WEAK", Here),
    ("MD-ALG", Here),
    ("MD-LOC", Here),
    // Properties that are not messages
    ("U:oracle", Here),
    ("U:replay-race", WEB),
    ("U:clock", WEB),
    ("U:cookies", WEB),
    ("U:form", WEB),
    ("U:log", WEB),
    ("U:no-net", Here),
    ("U:mem-time", Beside("tests/memory")),
    ("U:mutate", Here),
    ("U:c14n-diff", Beside("tests/oracle/tests")),
    ("U:type", Here),
    ("U:docs", Here),
];

pub fn catalogue() -> Vec<(String, Attack)> {
    let rows = ROWS.iter().flat_map(|(name, numbers, attack)| {
        numbers.clone().map(move |n| (format!("{name}-{n}"), *attack))
    });
    rows.chain(SINGLE.iter().map(|(id, attack)| ((*id).to_owned(), *attack))).collect()
}

fn snake_case(id: &str) -> String {
    id.to_lowercase().replace(['-', ':'], "_")
}

/// The names of the tests in some Rust source.
pub fn tests_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        match function.and_then(|rest| rest.split_once('(')) {
            Some((name, _)) if is_test => names.push(name.to_owned()),
            _ => {}
        }
        let is_mark = line == "#[test]" || line == "#[actix_web::test]";
        is_test = is_mark || (is_test && line.starts_with('#'));
    }
    names
}

/// The names of the tests in the files of a folder.
fn tests_of(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut tests = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            tests.extend(tests_in(&std::fs::read_to_string(path).unwrap()));
        }
    }
    tests
}

/// Whether one of the tests is named after this threat. A family of threats that stands `beside`
/// may be tried by one test of the family's name.
pub fn is_tried(id: &str, tests: &[String], beside: bool) -> bool {
    let name = snake_case(id);
    let family = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    let begins = |test: &str, with: &str| {
        test.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let of_family = |test: &str| {
        begins(test, family)
            && !test[family.len()..]
                .trim_start_matches('_')
                .starts_with(|c: char| c.is_ascii_digit())
    };
    tests.iter().any(|test| begins(test, &name) || (beside && of_family(test)))
}

/// The ids for which no test is named although they are said to be tried.
fn untried(catalogue: &[(String, Attack)], tests: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut folders: HashMap<&str, Vec<String>> = HashMap::new();
    let mut missing = Vec::new();
    for (id, attack) in catalogue {
        let Some(folder) = attack.folder() else { continue };
        let names = folders.entry(folder).or_insert_with(|| tests(folder));
        if !is_tried(id, names, *attack != Here) {
            missing.push(id.clone());
        }
    }
    missing
}

#[test]
fn every_threat_is_tried() {
    assert_eq!(untried(&catalogue(), tests_of), Vec::<String>::new());
}

#[test]
fn a_threat_without_a_test_is_noticed() {
    let source = "#[test]\nfn aud_1() {}\n    #[test]\n    fn aud_30_x() {}\nfn aud_2() {}\n#[actix_web::test]\nasync fn hpp_each() {}\n#[test]\nfn irt_5_x() {}";
    assert_eq!(tests_in(source), ["aud_1", "aud_30_x", "hpp_each", "irt_5_x"]);
    let of = |id: &str, attack| (id.to_owned(), attack);
    let other = Beside("other");
    let catalogue = [
        of("AUD-1", Here),
        of("AUD-2", Here),
        of("AUD-3", Here),
        of("HPP-1", Here),
        of("U:x", Later("a reason")),
        of("HPP-2", other),
        of("IRT-4", other),
        of("IRT-5", other),
    ];
    let missing = untried(&catalogue, |_| tests_in(source));
    assert_eq!(missing, ["AUD-2", "AUD-3", "HPP-1", "IRT-4"]);
    assert_eq!(untried(&catalogue[..1], |_| Vec::new()), ["AUD-1"]);
}

#[test]
fn no_threat_is_listed_twice() {
    let mut ids: Vec<_> = catalogue().into_iter().map(|(id, _)| id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(catalogue().iter().all(|(_, a)| !matches!(a, Later(reason) if reason.is_empty())));
}
