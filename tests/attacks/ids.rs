//! The catalogue of threats, and whether each one is tried here. A test is named after its threat:
//! `AUD-3` is tried by `aud_3` or by `aud_3_something`.

use std::path::Path;

use Attack::{Here, Later};

/// Where a threat is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attack {
    /// In this binary.
    Here,
    /// Not in this binary, for this reason.
    Later(&'static str),
}

const FORM: Attack = Later("the HTTP form is read by the web floor");
const REDIRECT: Attack = Later("nothing is received by HTTP-Redirect");
const LOGOUT: Attack = Later("log-out messages are not read");
const WEB: Attack = Later("a property of the web floor: cookies, pages, stores and logs");

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
    ("CROSSIDP", 3..=3, Later("which pending request belongs to which provider is kept by `sp`")),
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
    ("DEFLATE", 1..=1, Here),
    ("DEFLATE", 2..=5, REDIRECT),
    // XML Encryption
    ("ENCSIG", 1..=3, Here),
    ("ENCSTRUCT", 1..=7, Here),
    ("ENCREC", 1..=1, Here),
    // Assertion semantics
    ("AUD", 1..=5, Here),
    ("RCPT", 1..=3, Here),
    ("DEST", 1..=3, Here),
    ("HOST", 1..=1, Later("no HTTP header comes this far; the web floor has them")),
    ("SC", 1..=5, Here),
    ("TIME", 1..=8, Here),
    ("IRT", 1..=3, Here),
    ("IRT", 4..=5, Later("the browser is bound to its request by a cookie of the web floor")),
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
    ("HPP", 1..=6, FORM),
    ("HTTP", 1..=4, FORM),
    ("SIZE", 1..=1, Here),
    ("SIZE", 2..=2, FORM),
    ("B64", 1..=5, Here),
];

/// Ids that stand alone.
const SINGLE: &[(&str, Attack)] = &[
    ("XSW-MD", Here),
    ("XSW-TYPE", Here),
    ("SLO-XSW", LOGOUT),
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
    ("REDIR-HPP", REDIRECT),
    ("REDIR-RS", REDIRECT),
    ("REDIR-ORD", REDIRECT),
    // Metadata
    ("MD-SIG", Later("whoever configures the metadata vouches for it; no signature is demanded")),
    ("MD-TAMPER", Later("as MD-SIG")),
    ("MD-COMMENT", Here),
    ("MD-EXP", Here),
    ("MD-NET", Later("metadata is read from a file")),
    ("MD-USE", Here),
    ("MD-NOKEY", Here),
    ("MD-ROLE", Here),
    ("MD-ENT", Here),
    ("MD-DUP", Here),
    ("MD-AGG", Here),
    ("MD-CERT", Here),
    ("MD-WEAK", Here),
    ("MD-ALG", Later("no signature in metadata is verified, so no algorithm there counts")),
    ("MD-LOC", Here),
    // Properties that are not messages
    ("U:oracle", Here),
    ("U:replay-race", WEB),
    ("U:clock", WEB),
    ("U:cookies", WEB),
    ("U:form", WEB),
    ("U:log", WEB),
    ("U:no-net", Later("needs a sandbox; nothing below the web floor links a network client")),
    ("U:mem-time", Later("time is measured by the benches; the limits are tried by `dos`")),
    ("U:mutate", Here),
    ("U:c14n-diff", Later("canonicalisation is compared with other software beside its own tests")),
    ("U:type", Here),
    ("U:docs", Later("documentation")),
];

fn catalogue() -> Vec<(String, Attack)> {
    let rows = ROWS.iter().flat_map(|(name, numbers, attack)| {
        numbers.clone().map(move |n| (format!("{name}-{n}"), *attack))
    });
    rows.chain(SINGLE.iter().map(|(id, attack)| ((*id).to_owned(), *attack))).collect()
}

fn snake_case(id: &str) -> String {
    id.to_lowercase().replace(['-', ':'], "_")
}

/// The names of the tests in some Rust source.
fn tests_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        match line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
            Some((name, _)) if is_test => names.push(name.to_owned()),
            _ => {}
        }
        is_test = line == "#[test]" || (is_test && line.starts_with('#'));
    }
    names
}

/// The ids marked `Here` that no test is named after.
fn untried(catalogue: &[(String, Attack)], tests: &[String]) -> Vec<String> {
    let tried = |id: &str| {
        let name = snake_case(id);
        tests
            .iter()
            .any(|t| t.strip_prefix(&name).is_some_and(|r| r.is_empty() || r.starts_with('_')))
    };
    catalogue.iter().filter(|(id, a)| *a == Here && !tried(id)).map(|(id, _)| id.clone()).collect()
}

#[test]
fn every_threat_is_tried() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks");
    let mut tests = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        tests.extend(tests_in(&std::fs::read_to_string(entry.unwrap().path()).unwrap()));
    }
    assert_eq!(untried(&catalogue(), &tests), Vec::<String>::new());
}

#[test]
fn a_threat_without_a_test_is_noticed() {
    let tests =
        tests_in("#[test]\nfn aud_1() {}\n    #[test]\n    fn aud_30_x() {}\nfn aud_2() {}");
    assert_eq!(tests, ["aud_1", "aud_30_x"]);
    let of = |id: &str, attack| (id.to_owned(), attack);
    let catalogue =
        [of("AUD-1", Here), of("AUD-2", Here), of("AUD-3", Here), of("U:x", Later("a reason"))];
    assert_eq!(untried(&catalogue, &tests), ["AUD-2", "AUD-3"]);
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
