use std::path::PathBuf;

use super::*;

const PAGE: &str = include_str!("../../../../docs/check.md");

/// Nothing is wrong with it.
const GOOD: [&str; 8] = [
    "base_url = \"https://rota.example.org\"",
    "entity_id = \"urn:rota\"",
    "[keys]\nsigning_key = \"k\"\nsigning_cert = \"c\"\ncookie_keys = [\"s\"]\n# keys",
    "[contact]\nemail = \"rota@example.org\"",
    "[session]\nidle_minutes = 60\nabsolute_hours = 12",
    "[store]\nurl = \"redis://h\"\nreplicas = 1",
    "[audit]\nfile = \"stdout\"\nsubject_key = \"a\"",
    "[[idp]]\nmetadata = \"idp.xml\"\n# idp",
];

fn lint(text: &str) -> Vec<Lint> {
    let config = Config::read(text, "saml.toml", PathBuf::new(), &|_| None).unwrap();
    config.lint("2027-01-01T00:00:00Z".parse().unwrap())
}

#[test]
fn each_mistake_is_found_and_the_control_has_none() {
    let good = GOOD.join("\n");
    assert_eq!(lint(&good), []);
    let mut codes = Vec::new();
    for (from, to, code, verdict) in [
        ("replicas = 1", "replicas = 0", "no_replicas", Verdict::Refused),
        (
            "url = \"redis://h\"\nreplicas = 1",
            "url = \"memory:\"\nreplicas = 2",
            "replicas_share_nothing",
            Verdict::Refused,
        ),
        ("cookie_keys = [\"s\"]", "", "no_cookie_keys", Verdict::Refused),
        ("hours = 12", "hours = 25", "session_too_long", Verdict::Refused),
        ("hours = 12", "hours = 13", "session_long", Verdict::Warned),
        ("minutes = 60", "minutes = 61", "idle_long", Verdict::Warned),
        ("# keys", "decryption_keys = [\"d\"]", "decrypts_unsigned", Verdict::Warned),
        (
            "# idp",
            "entity_id = \"urn:idp\"\nunsolicited_targets = [\"/\"]",
            "unsolicited_accepted",
            Verdict::Warned,
        ),
        ("# idp", "dangerous_accept_sha1_until = 2027-01-02", "sha1_accepted", Verdict::Warned),
        ("signing_key = \"k\"", "", "no_signing_key", Verdict::Warned),
        ("entity_id", "dev = true\nentity_id", "development", Verdict::Warned),
        ("https://", "http://", "plain_http", Verdict::Warned),
        ("[contact]\nemail = \"rota@example.org\"", "", "no_contact", Verdict::Warned),
        ("subject_key = \"a\"", "", "pseudonyms_change", Verdict::Warned),
    ] {
        assert!(good.contains(from), "{from}");
        let found = lint(&good.replacen(from, to, 1));
        let [only] = found.as_slice() else { panic!("{code}: {found:#?}") };
        assert_eq!((only.code, only.verdict), (code, verdict));
        assert!(!only.remedy.is_empty());
        codes.push(code);
    }
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: Vec<_> = rows.map(|row| row.split_once('`').unwrap().0).collect();
    assert_eq!(documented, codes);
}

#[test]
fn what_is_just_within_is_not_found() {
    let good = GOOD.join("\n");
    for (from, to) in [
        ("replicas = 1", "replicas = 1 # one"),
        ("# idp", "dangerous_accept_sha1_until = 2027-01-01"),
        ("# keys", "decryption_keys = [\"d\"]\n[policy]\nrequire_signed = \"response\""),
        ("# keys", "decryption_keys = [\"d\"]\n[policy]\nrequire_signed = \"both\""),
        ("hours = 12", "hours = 1"),
        ("[audit]\nfile = \"stdout\"\nsubject_key = \"a\"", ""),
        ("replicas = 1", "replicas = 3"),
        ("url = \"redis://h\"", "url = \"file:f\""),
    ] {
        assert!(good.contains(from), "{from}");
        assert_eq!(lint(&good.replacen(from, to, 1)), [], "{to}");
    }
}

#[test]
fn what_is_refused_comes_first_and_stops_the_start() {
    let text =
        GOOD.join("\n").replace("replicas = 1", "replicas = 3").replace("redis://h", "memory:");
    let text = text.replace("hours = 12", "hours = 13").replace("cookie_keys = [\"s\"]", "");
    let found = lint(&text);
    let verdicts: Vec<_> = found.iter().map(|lint| lint.verdict).collect();
    assert_eq!(verdicts, [Verdict::Refused, Verdict::Warned]);
    let config = Config::read(&text, "saml.toml", PathBuf::new(), &|_| None).unwrap();
    let error = config.read_parts().unwrap_err();
    assert_eq!(error.field, "store.replicas");
    assert!(error.problem.contains("3 replicas"), "{error}");
}
