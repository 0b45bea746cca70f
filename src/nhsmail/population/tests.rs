use chrono::DateTime;

use super::*;
use crate::nhsmail::{ClaimNames, KeyScope, Staff, StaffKey, StaffKeyKind};
use crate::saml::{Attribute, NameId};

const ANCHOR: &str = "http://schemas.microsoft.com/LiveID/Federation/2008/05/ImmutableID";
const AD_FS: &str = "http://fs.test/adfs/services/trust";
const ENTRA: &str = "https://sts.windows.test/37c354b2/";

fn issuer(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn rule(population: &str, claims: &[&str], form: SubjectForm) -> SubjectRule {
    SubjectRule {
        population: Population::new(population).unwrap(),
        claims: claims.iter().map(|name| (*name).to_owned()).collect(),
        form,
    }
}

fn principal(from: &str, claims: &[(&str, &[&str])]) -> Principal {
    let time = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    Principal {
        issuer: issuer(from),
        name_id: Some(NameId {
            value: "test.user1@nhs.net".to_owned(),
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
            sp_provided_id: None,
        }),
        session_index: None,
        authn_instant: time,
        authn_context: None,
        attributes: claims
            .iter()
            .map(|(name, values)| Attribute {
                name: (*name).to_owned(),
                name_format: None,
                friendly_name: None,
                values: values.iter().map(|v| (*v).to_owned()).collect(),
            })
            .collect(),
        assertion_id: "_a".to_owned(),
        signed_in_at: time,
        expires_at: time,
    }
}

fn read(
    rules: &[(&str, SubjectRule)],
    from: &str,
    claims: &[(&str, &[&str])],
) -> Result<Staff, NoSubjectKey> {
    let rules = rules.iter().map(|(name, rule)| (issuer(name), rule.clone())).collect();
    Staff::from_principal(principal(from, claims), &ClaimNames::default(), &rules)
}

fn mapped(population: &str, value: &str) -> StaffKey {
    let scope = KeyScope::Population(Population::new(population).unwrap());
    StaffKey { scope, kind: StaffKeyKind::Mapped, value: value.to_owned() }
}

#[test]
fn one_person_has_one_key_at_both_providers() {
    let rules = [
        (AD_FS, rule("nhsmail", &["anchor", ANCHOR], SubjectForm::Exact)),
        (ENTRA, rule("nhsmail", &["onpremisesimmutableid"], SubjectForm::Exact)),
    ];
    let value = "ABEiM0RVZneImaq7zN3u/w==";
    let by_ad_fs = read(&rules, AD_FS, &[(ANCHOR, &["", value]), ("sid", &["S-1-5-21"])]).unwrap();
    let by_entra = read(&rules, ENTRA, &[("onpremisesimmutableid", &[value])]).unwrap();
    assert_eq!(by_ad_fs.key(), &mapped("nhsmail", value));
    assert_eq!(by_entra.key(), by_ad_fs.key());
    assert_eq!(by_ad_fs.subject_claim(), Some(ANCHOR));

    // What they had before stays theirs, each at its provider.
    let earlier = |issuer_of: &str, kind, value: &str| StaffKey {
        scope: KeyScope::Issuer(issuer(issuer_of)),
        kind,
        value: value.to_owned(),
    };
    let sid = earlier(AD_FS, StaffKeyKind::Immutable, "S-1-5-21");
    assert_eq!(by_ad_fs.earlier_key(), Some(&sid));
    assert_eq!(by_ad_fs.keys().collect::<Vec<_>>(), [by_ad_fs.key(), &sid]);
    let name_id = earlier(ENTRA, StaffKeyKind::NameId, "test.user1@nhs.net");
    assert_eq!(by_entra.earlier_key(), Some(&name_id));
    assert_eq!(by_entra.display_name(), "test.user1@nhs.net", "rather than the identifier");

    // Without a population it is the key.
    let before = read(&[], AD_FS, &[(ANCHOR, &[value]), ("sid", &["S-1-5-21"])]).unwrap();
    assert_eq!((before.key(), before.earlier_key(), before.subject_claim()), (&sid, None, None));
}

#[test]
fn keys_of_different_scopes_never_meet() {
    let value = "test.user1@nhs.net";
    let of = |population| {
        read(
            &[(AD_FS, rule(population, &["mail"], SubjectForm::Exact))],
            AD_FS,
            &[("mail", &[value])],
        )
        .unwrap()
        .key()
        .clone()
    };
    assert_eq!(of("nhsmail"), mapped("nhsmail", value));
    assert_ne!(of("nhsmail"), of("partners"));
    let by_issuer = read(&[], AD_FS, &[]).unwrap().key().clone();
    assert_eq!(by_issuer.value, value);
    assert_ne!(by_issuer, of("nhsmail"));
    // Not even an issuer that is called like the population.
    let namesake = read(&[], "nhsmail", &[]).unwrap().key().clone();
    assert_ne!(namesake, of("nhsmail"));
    let texts =
        [by_issuer, namesake, of("nhsmail")].map(|key| serde_json::to_string(&key).unwrap());
    assert_eq!(
        texts,
        [
            r#"{"scope":{"issuer":"http://fs.test/adfs/services/trust"},"kind":"name_id","value":"test.user1@nhs.net"}"#,
            r#"{"scope":{"issuer":"nhsmail"},"kind":"name_id","value":"test.user1@nhs.net"}"#,
            r#"{"scope":{"population":"nhsmail"},"kind":"mapped","value":"test.user1@nhs.net"}"#,
        ]
    );
    for text in texts {
        let key: StaffKey = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&key).unwrap(), text);
    }
}

#[test]
fn who_cannot_be_identified_is_refused() {
    let rules = [(AD_FS, rule("nhsmail", &["a", "b"], SubjectForm::Exact))];
    let read =
        |claims: &[(&str, &[&str])]| read(&rules, AD_FS, claims).map(|s| s.key().value.clone());
    let several = |name: &str, found| Err(NoSubjectKey::Several { name: name.to_owned(), found });
    let missing = Err(NoSubjectKey::Missing { population: Population::new("nhsmail").unwrap() });
    // There is a NameID, and other claims: neither takes its place.
    assert_eq!(read(&[]), missing);
    assert_eq!(read(&[("a", &["", " \u{A0}"]), ("A", &["1"]), ("sid", &["S-1"])]), missing);
    assert_eq!(read(&[("a", &["1", "2"])]), several("a", 2));
    assert_eq!(read(&[("a", &["1", "1"])]), several("a", 2));
    // The second claim does not heal the first.
    assert_eq!(read(&[("a", &["1", "2", "3"]), ("b", &["4"])]), several("a", 3));
    assert_eq!(read(&[("a", &["1"]), ("b", &["2"]), ("a", &["3"])]), several("a", 2));
    let fault = NameIdFault::InvisibleCharacter;
    let hidden = NoSubjectKey::Fault { name: "a".to_owned(), fault };
    assert_eq!(read(&[("a", &["1\u{200B}"]), ("b", &["2"])]), Err(hidden));
    // The controls.
    assert_eq!(read(&[("a", &[" ", "1"]), ("b", &["2"])]).as_deref(), Ok("1"));
    assert_eq!(read(&[("b", &["2"])]).as_deref(), Ok("2"));
    assert_eq!(read(&[("a", &["Case And Space "])]).as_deref(), Ok("Case And Space "));
}

#[test]
fn codes_are_stable() {
    let name = || "a".to_owned();
    let population = Population::new("nhsmail").unwrap();
    for (error, code) in [
        (NoSubjectKey::Nothing, "no_subject"),
        (NoSubjectKey::Missing { population }, "subject_missing"),
        (NoSubjectKey::Several { name: name(), found: 2 }, "subject_several"),
        (NoSubjectKey::Fault { name: name(), fault: NameIdFault::Blank }, "subject_fault"),
        (NoSubjectKey::NoGuid { name: name() }, "subject_no_guid"),
    ] {
        assert_eq!(error.code(), code);
    }
}

#[test]
fn lower_case_is_ascii_only() {
    let rules = [(AD_FS, rule("nhsmail", &["upn"], SubjectForm::Lower))];
    for (sent, value) in [
        ("Test.User1@NHS.net", "test.user1@nhs.net"),
        ("test.user1@nhs.net", "test.user1@nhs.net"),
        // The Kelvin sign is no k: somebody else could have it in a UPN.
        ("\u{212A}im@nhs.net", "\u{212A}im@nhs.net"),
        ("ZOË@nhs.net", "zoË@nhs.net"),
    ] {
        assert_eq!(read(&rules, AD_FS, &[("upn", &[sent])]).unwrap().key().value, value);
    }
}

#[test]
fn a_guid_is_one_however_it_is_written() {
    let rules = [(AD_FS, rule("nhsmail", &["guid"], SubjectForm::Guid))];
    let read =
        |sent: &str| read(&rules, AD_FS, &[("guid", &[sent])]).map(|s| s.key().value.clone());
    let guid = "33221100-5544-7766-8899-aabbccddeeff";
    for same in [
        // As Active Directory stores it: 00 11 22 … ff.
        "ABEiM0RVZneImaq7zN3u/w==",
        guid,
        "33221100-5544-7766-8899-AABBCCDDEEFF",
        "{33221100-5544-7766-8899-aabbccddeeff}",
    ] {
        assert_eq!(read(same).as_deref(), Ok(guid), "{same}");
    }
    let no_guid = Err(NoSubjectKey::NoGuid { name: "guid".to_owned() });
    for other in [
        "00000000-0000-0000-0000-000000000000",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        "ABEiM0RVZneImaq7zN3u/x==",
        "ABEiM0RVZneImaq7zN3u",
        "ABEiM0RVZneImaq7zN3u/w",
        " ABEiM0RVZneImaq7zN3u/w==",
        "33221100554477668899aabbccddeeff",
        "{33221100-5544-7766-8899-aabbccddeeff",
        "33221100-5544-7766-8899-aabbccddeeff}",
        "33221100-5544-7766-8899-aabbccddeefg",
        "33221100-5544-7766-8899-aabbccddeef",
        "33221100-5544-7766-8899-aabbccddeeff-",
        "test.user1@nhs.net",
    ] {
        assert_eq!(read(other), no_guid, "{other}");
    }
}

#[test]
fn a_population_has_a_plain_name() {
    for name in ["nhsmail", "a", "nhs.net_2-x", &"x".repeat(64)] {
        assert_eq!(Population::new(name).unwrap().as_str(), name);
    }
    for name in ["", " ", "NHSmail", "nhs mail", "nhs/mail", "é", &"x".repeat(65)] {
        assert_eq!(Population::new(name), Err(InvalidPopulation), "{name:?}");
    }
    assert!(serde_json::from_str::<Population>("\"No\"").is_err());
}

#[test]
fn values_stay_out_of_logs() {
    let key = mapped("nhsmail", "test.user1@nhs.net");
    assert_eq!(format!("{key:?}"), "StaffKey { kind: Mapped, .. }");
}
