use chrono::DateTime;
use serde_json::json;

use super::*;
use crate::nhsmail::{ClaimNames, SubjectForm, SubjectRule};
use crate::saml::Attribute;
use crate::sp::Principal;

const AD_FS: &str = "http://fs.test/adfs/services/trust";
const ENTRA: &str = "https://sts.windows.test/tenant/";
const ALONE: &str = "https://alone.test/";
const WS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

fn id(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn rules() -> SubjectRules {
    let rule = |claims: &[&str]| SubjectRule {
        population: Population::new("nhsmail").unwrap(),
        claims: claims.iter().map(|name| (*name).to_owned()).collect(),
        form: SubjectForm::Exact,
    };
    [(id(AD_FS), rule(&["anchor", "employee"])), (id(ENTRA), rule(&["immutable"]))]
        .into_iter()
        .collect()
}

fn staff(issuer: &str, claims: &[(&str, &[&str])]) -> Staff {
    let time = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let attribute = |(name, values): &(&str, &[&str])| Attribute {
        name: (*name).to_owned(),
        name_format: None,
        friendly_name: None,
        values: values.iter().map(|v| (*v).to_owned()).collect(),
    };
    let principal = Principal {
        issuer: id(issuer),
        name_id: None,
        session_index: None,
        authn_instant: time,
        authn_context: None,
        attributes: claims.iter().map(attribute).collect(),
        assertion_id: "_a".to_owned(),
        signed_in_at: time,
        expires_at: time,
    };
    Staff::from_principal(principal, &ClaimNames::default(), &rules()).unwrap()
}

fn new() -> DualRun {
    DualRun::new([7; 32], &rules())
}

fn texts(dual_run: &DualRun) -> Vec<String> {
    let report = dual_run.report();
    report.populations[0].findings.iter().map(Finding::to_string).collect()
}

#[test]
fn nobody_has_signed_in_yet() {
    let dual_run = new();
    assert_eq!(
        texts(&dual_run),
        [
            "nobody has signed in at http://fs.test/adfs/services/trust yet",
            "nobody has signed in at https://sts.windows.test/tenant/ yet",
        ]
    );
    dual_run.record(&staff(AD_FS, &[("anchor", &["1"])]));
    assert_eq!(texts(&dual_run), ["nobody has signed in at https://sts.windows.test/tenant/ yet"]);
}

#[test]
fn the_same_people_without_a_difference_give_no_finding() {
    let dual_run = new();
    for person in ["1", "2", "3"] {
        let mail = format!("test.user{person}@nhs.net");
        let rest: [(&str, &[&str]); 2] = [("mail", &[&mail]), ("ODS", &["RXX", "A12345"])];
        let other: [(&str, &[&str]); 2] = [("mail", &[&mail]), ("ODS", &["a12345", "RXX "])];
        dual_run.record(&staff(AD_FS, &[&[("anchor", &[person][..])][..], &rest].concat()));
        dual_run.record(&staff(ENTRA, &[&[("immutable", &[person][..])][..], &other].concat()));
    }
    assert_eq!(texts(&dual_run), Vec::<String>::new());
    let report = dual_run.report();
    assert_eq!((report.people, report.not_followed), (3, 0));
    let [comparison] = report.populations[0].comparisons.as_slice() else { panic!() };
    assert_eq!(comparison.people, 3);
    let equal = FieldComparison { equal: 3, ..FieldComparison::default() };
    assert_eq!((comparison.fields["mail"], comparison.fields["ods_code"]), (equal, equal));
    let neither = FieldComparison { neither: 3, ..FieldComparison::default() };
    assert_eq!(comparison.fields["roles"], neither);
}

#[test]
fn other_people_at_each_are_told() {
    let dual_run = new();
    dual_run.record(&staff(AD_FS, &[("anchor", &["guid"])]));
    dual_run.record(&staff(ENTRA, &[("immutable", &["base64"])]));
    assert_eq!(
        texts(&dual_run),
        ["no person has been seen at both http://fs.test/adfs/services/trust and \
          https://sts.windows.test/tenant/: are the subject claims the same identifier?"]
    );
}

#[test]
fn differences_are_counted_by_person_and_told_in_words() {
    let dual_run = new();
    let name = format!("{WS}name");
    for (person, at_ad_fs, at_entra, ods) in [
        ("1", "one@nhs.net", "one@nhs.net", Some("RXX")),
        ("2", "two@nhs.net", "Two@NHS.net", Some("RXX")),
        ("3", "three@nhs.net", "third@nhs.net", None),
    ] {
        let ods: &[&str] = ods.as_slice();
        // Three times: people count once, sign-ins each time.
        for _ in 0..3 {
            let claims = [("anchor", &[person][..]), ("mail", &[at_ad_fs]), ("ODS", &["RXX"])];
            dual_run.record(&staff(AD_FS, &claims));
        }
        let claims = [("immutable", &[person][..]), (name.as_str(), &[at_entra]), ("ODS", ods)];
        dual_run.record(&staff(ENTRA, &claims));
    }
    assert_eq!(
        texts(&dual_run),
        [
            "mail differs for 1 of 3 people seen at both {A} and {E}",
            "mail differs in upper and lower case or spaces for 1 of 3 people seen at both {A} and {E}",
            "ods_code is there at {A} and absent at {E} for 1 of 3 people seen at both",
            "upn is there at {E} and absent at {A} for 3 of 3 people seen at both",
            "mail is read from mail at {A}, and from {N} at {E}",
            "ods_code is absent at {E} for 1 of 3 sign-ins",
            "upn is absent at {A} for 9 of 9 sign-ins",
        ]
        .map(|text| text.replace("{A}", AD_FS).replace("{E}", ENTRA).replace("{N}", &name))
    );
    let report = dual_run.report();
    let entra = &report.populations[0].providers[1];
    assert_eq!((entra.entity_id.as_str(), entra.sign_ins), (ENTRA, 3));
    let ods = &entra.fields["ods_code"];
    assert_eq!((ods.present, ods.absent, ods.names["ODS"]), (2, 1, 2));
    assert_eq!(entra.subject_claims["immutable"], 3);

    // What was said last counts.
    let claims = [("immutable", &["3"][..]), (&name, &["three@nhs.net"]), ("ODS", &["RXX"])];
    dual_run.record(&staff(ENTRA, &claims));
    assert!(!texts(&dual_run).iter().any(|text| text.starts_with("mail differs for")));
}

#[test]
fn keys_from_several_claims_and_refusals_are_told() {
    let dual_run = new();
    dual_run.record(&staff(AD_FS, &[("anchor", &["1"])]));
    dual_run.record(&staff(AD_FS, &[("employee", &["2"])]));
    let missing = NoSubjectKey::Missing { population: Population::new("nhsmail").unwrap() };
    dual_run.record_refusal(&id(ENTRA), &missing);
    dual_run.record_refusal(&id(ENTRA), &missing);
    dual_run.record_refusal(&id(ENTRA), &NoSubjectKey::NoGuid { name: "x".to_owned() });
    let text = "because the assertion does not say who the person is";
    assert_eq!(
        texts(&dual_run),
        [
            format!(
                "people are identified by 2 different claims at {AD_FS}: somebody for whom the \
                 first is missing at times has two keys"
            ),
            format!("nobody has signed in at {ENTRA} yet"),
            format!("2 sign-ins at {ENTRA} were refused {text} (subject_missing)"),
            format!("1 sign-in at {ENTRA} was refused {text} (subject_no_guid)"),
        ]
    );
}

#[test]
fn providers_without_a_population_are_counted_and_not_compared() {
    let dual_run = new();
    dual_run.record(&staff(ALONE, &[("mail", &["test.user1@nhs.net"])]));
    let report = dual_run.report();
    let [_, alone] = report.populations.as_slice() else { panic!() };
    assert_eq!(alone.population, None);
    assert_eq!(alone.providers[0].fields["mail"].present, 1);
    assert_eq!((alone.comparisons.len(), alone.findings.len(), report.people), (0, 0, 0));
}

#[test]
fn memory_is_bounded() {
    let dual_run = new();
    for number in 0..MAX_PEOPLE + 5 {
        dual_run.record(&staff(AD_FS, &[("anchor", &[&number.to_string()])]));
    }
    dual_run.record(&staff(AD_FS, &[("anchor", &["1"])]));
    let report = dual_run.report();
    assert_eq!((report.people, report.not_followed), (MAX_PEOPLE, 5));
    assert_eq!(report.populations[0].providers[0].sign_ins, 10_006);

    let mut state = State::default();
    for number in 0..MAX_PROVIDERS {
        assert_eq!(state.number_of(&id(&format!("urn:{number}")), None), Some(number));
    }
    assert_eq!(state.number_of(&id("urn:another"), None), None);
    for provider in 0..10 {
        state.follow(1, provider, [None; COMPARED.len()]);
    }
    assert_eq!(state.people[&1].len(), MAX_PROVIDERS_OF_PERSON);
    let mut names = BTreeMap::new();
    for number in 0..100 {
        count_name(&mut names, &number.to_string());
        count_name(&mut names, "0");
    }
    assert_eq!((names.len(), names["0"]), (MAX_NAMES, 101));
}

#[test]
fn it_names_nobody() {
    let dual_run = new();
    let values =
        ["somebody@nhs.net", "Amara Testwell", "RZZ99", "anchor-of-somebody", "Consultant"];
    let [mail, name, ods, anchor, role] = values;
    let role_claim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
    for (issuer, subject) in [(AD_FS, "anchor"), (ENTRA, "immutable")] {
        let claims = [
            (subject, &[anchor][..]),
            ("mail", &[mail]),
            ("DisplayName", &[name]),
            ("ODS", &[ods]),
            (role_claim, &[role]),
        ];
        dual_run.record(&staff(issuer, &claims));
    }
    let report = serde_json::to_string(&dual_run.report()).unwrap();
    assert!(report.contains("\"people\":1"), "{report}");
    let state = dual_run.lock();
    let kept = format!("{:?}", state.people.keys().collect::<Vec<_>>());
    for value in values {
        assert!(!report.contains(value) && !kept.contains(value), "{value} in {report}");
    }
    // The digests are worth nothing without the salt, and differ from field to field.
    drop(state);
    let other = DualRun::new([8; 32], &rules());
    let person = staff(AD_FS, &[("anchor", &["1"]), ("mail", &["x"]), ("DisplayName", &["x"])]);
    let exact = |of: &DualRun, field| of.value_of(&person, field).unwrap().exact;
    assert_ne!(exact(&dual_run, "mail"), exact(&other, "mail"));
    assert_ne!(exact(&dual_run, "mail"), exact(&dual_run, "display_name"));
    assert_eq!(format!("{dual_run:?}"), "DualRun { .. }");
}

#[test]
fn as_json() {
    let dual_run = new();
    dual_run.record(&staff(AD_FS, &[("anchor", &["1"])]));
    let report = serde_json::to_value(dual_run.report()).unwrap();
    assert_eq!(report["populations"][0]["population"], "nhsmail");
    assert_eq!(report["populations"][0]["providers"][0]["sign_ins"], 1);
    assert_eq!(
        report["populations"][0]["findings"],
        json!([{
            "code": "nobody",
            "text": "nobody has signed in at https://sts.windows.test/tenant/ yet",
        }])
    );
}
