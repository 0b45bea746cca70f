use actix_web::test::TestRequest;
use proptest::prelude::*;

use super::*;
use crate::nhsmail::{ClaimNames, SubjectRules};
use crate::saml::{Attribute, EntityId};
use crate::sp::Principal;

const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const METHODS: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";
const MULTIPLE: &str = "http://schemas.microsoft.com/claims/multipleauthn";
const MAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
const LINK: &str = "http://schemas.microsoft.com/claims/groups.link";
const GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";

fn now() -> DateTime<Utc> {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

/// Somebody with these attributes, who proved who they are so many seconds ago.
fn staff(attributes: &[(&str, &[&str])], seconds_ago: i64, class: Option<&str>) -> Staff {
    let attribute = |(name, values): &(&str, &[&str])| Attribute {
        name: (*name).to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        name_format: None,
        friendly_name: None,
    };
    let mut attributes: Vec<_> = attributes.iter().map(attribute).collect();
    attributes.push(attribute(&(MAIL, &["test.user1@nhs.net"])));
    let principal = Principal {
        issuer: EntityId::new("urn:idp").unwrap(),
        name_id: None,
        session_index: None,
        authn_instant: now() - TimeDelta::seconds(seconds_ago),
        authn_context: class.map(ToOwned::to_owned),
        attributes,
        assertion_id: "_a".to_owned(),
        signed_in_at: now(),
        expires_at: now() + TimeDelta::hours(1),
    };
    Staff::from_principal(principal, &ClaimNames::default(), &SubjectRules::default()).unwrap()
}

fn judge(requirement: &Requirement, staff: &Staff, mfa_contexts: &[String]) -> Verdict {
    let request = TestRequest::default().to_http_request();
    let skew = TimeDelta::seconds(60);
    requirement.judge(&Asker { staff, request: &request, mfa_contexts, now: now(), skew })
}

const MFA: Verdict = Verdict::StepUp(Lack { mfa: true, max_age: None });

fn stale(minutes: i64) -> Verdict {
    Verdict::StepUp(Lack { mfa: false, max_age: Some(TimeDelta::minutes(minutes)) })
}

#[test]
fn what_the_sign_in_does_not_say_is_not_fulfilled() {
    let nobody = staff(&[], 0, None);
    for requirement in [
        role("Pharmacist"),
        role(""),
        group("g"),
        organisation("RXX"),
        organisation(""),
        attribute("a", one_of(["x"])),
        attribute("a", one_of([""])),
        attribute("a", one_of(Vec::<String>::new())),
        attribute("a", present()),
        authn_context(""),
    ] {
        assert_eq!(judge(&requirement, &nobody, &[]), Verdict::Refused, "{requirement}");
    }
}

#[test]
fn values_are_compared_byte_for_byte() {
    let somebody = staff(&[(ROLE, &["Nurse", "RotaAdmin"]), ("a", &[" ", "x"])], 0, Some("urn:c"));
    for (requirement, verdict) in [
        (role("RotaAdmin"), Verdict::Met),
        (role("rotaadmin"), Verdict::Refused),
        (role("Rota"), Verdict::Refused),
        (attribute("a", one_of(["y", "x"])), Verdict::Met),
        (attribute("a", one_of(["X"])), Verdict::Refused),
        (attribute("A", one_of(["x"])), Verdict::Refused),
        (attribute("a", present()), Verdict::Met),
        (authn_context("urn:c"), Verdict::Met),
        (authn_context("urn:C"), Verdict::Refused),
    ] {
        assert_eq!(judge(&requirement, &somebody, &[]), verdict, "{requirement}");
    }
    let blank = staff(&[("a", &[" ", ""])], 0, None);
    assert_eq!(judge(&attribute("a", present()), &blank, &[]), Verdict::Refused);
}

#[test]
fn an_organisation_is_told_by_its_ods_code_however_it_is_written() {
    let names = ClaimNames::default();
    let claim = names.ods_code.first().unwrap().as_str();
    let locum = staff(&[(claim, &["rxx ", "RYY"])], 0, None);
    for (code, verdict) in [
        ("RXX", Verdict::Met),
        (" ryy", Verdict::Met),
        ("RX", Verdict::Refused),
        ("RXX01", Verdict::Refused),
    ] {
        assert_eq!(judge(&organisation(code), &locum, &[]), verdict, "{code}");
    }
}

#[test]
fn groups_that_were_left_out_are_nobodys() {
    let member = staff(&[(GROUPS, &["g"])], 0, None);
    assert_eq!(judge(&group("g"), &member, &[]), Verdict::Met);
    let too_many = staff(&[(GROUPS, &["g"]), (LINK, &["https://graph.test/"])], 0, None);
    assert_eq!(judge(&group("g"), &too_many, &[]), Verdict::Refused);
}

#[test]
fn a_second_factor_needs_evidence() {
    let with = staff(&[(METHODS, &["urn:password", MULTIPLE])], 0, None);
    let without = staff(&[(METHODS, &["urn:password"])], 0, Some(MULTIPLE));
    assert_eq!(judge(&mfa(), &with, &[]), Verdict::Met);
    assert_eq!(judge(&mfa(), &without, &[]), MFA);
    let class = [MULTIPLE.to_owned()];
    assert_eq!(judge(&mfa(), &without, &class), Verdict::Met, "where it is known to mean that");
    assert_eq!(judge(&mfa(), &staff(&[], 0, None), &class), MFA);
    assert_eq!(judge(&mfa(), &staff(&[], 0, Some("")), &class), MFA);
}

#[test]
fn an_age_counts_to_the_second_and_never_below_a_minute() {
    let quarter = max_age(TimeDelta::minutes(15));
    for (seconds_ago, verdict) in [
        (0, Verdict::Met),
        (15 * 60 + 60, Verdict::Met),
        (15 * 60 + 61, stale(15)),
        (-60, Verdict::Met),
        (-61, stale(15)),
        (i64::from(i32::MAX), stale(15)),
    ] {
        assert_eq!(judge(&quarter, &staff(&[], seconds_ago, None), &[]), verdict, "{seconds_ago}");
    }
    let at_once = max_age(TimeDelta::zero());
    assert_eq!(judge(&at_once, &staff(&[], 120, None), &[]), Verdict::Met);
    assert_eq!(judge(&at_once, &staff(&[], 121, None), &[]), stale(1));
    assert_eq!(judge(&max_age(TimeDelta::MAX), &staff(&[], 9, None), &[]), Verdict::Met);
}

#[test]
fn what_signing_in_again_cannot_mend_is_refused_at_once() {
    let nurse = staff(&[(ROLE, &["Nurse"])], 3600, None);
    let careful = || mfa().max_age(TimeDelta::minutes(15));
    let both = Lack { mfa: true, max_age: Some(TimeDelta::minutes(15)) };
    for (requirement, verdict) in [
        (role("Nurse").and(mfa()), MFA),
        (role("Admin").and(mfa()), Verdict::Refused),
        (mfa().and(role("Admin")), Verdict::Refused),
        (role("Admin").or(mfa()), MFA),
        (role("Nurse").or(mfa()), Verdict::Met),
        (mfa().or(role("Nurse")), Verdict::Met),
        (mfa().or(max_age(TimeDelta::minutes(5))), MFA),
        (careful(), Verdict::StepUp(both)),
        (careful().max_age(TimeDelta::minutes(5)), {
            Verdict::StepUp(Lack { max_age: Some(TimeDelta::minutes(5)), ..both })
        }),
        (mfa().or(when("here", |_, _| true)), Verdict::Met),
        (mfa().and(when("here", |_, _| false)), Verdict::Refused),
        (when("nurse", |staff, _| staff.has_role("Nurse")), Verdict::Met),
        (when("post", |_, request| request.method() == "POST"), Verdict::Refused),
    ] {
        assert_eq!(judge(&requirement, &nurse, &[]), verdict, "{requirement}");
    }
}

#[test]
fn a_requirement_says_what_it_is() {
    let requirement =
        role("A\n").or(organisation("rxx").and(mfa())).max_age(TimeDelta::seconds(90));
    let text = "(role \"A\\n\" or (organisation \"RXX\" and mfa)) and max_age 90 s";
    assert_eq!(requirement.to_string(), text);
    assert_eq!(max_age(TimeDelta::minutes(15)).to_string(), "max_age 15 min");
    let more = group("g").and(attribute("a", one_of(["x", "y"]))).and(attribute("b", present()));
    let text = "(group \"g\" and attribute \"a\" of [\"x\", \"y\"]) and attribute \"b\"";
    assert_eq!(more.to_string(), text);
}

fn any_requirement() -> impl Strategy<Value = Requirement> {
    let leaf = prop_oneof![
        Just(role("Nurse")),
        Just(role("Admin")),
        Just(mfa()),
        Just(max_age(TimeDelta::minutes(15))),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        (inner.clone(), inner, any::<bool>())
            .prop_map(|(a, b, both)| if both { a.and(b) } else { a.or(b) })
    })
}

proptest! {
    /// A requirement is fulfilled when it is so as a formula; and when signing in again is asked
    /// for, a perfect sign-in would fulfil it.
    #[test]
    fn a_requirement_is_judged_as_the_formula_that_it_is(
        requirement in any_requirement(),
        is_nurse: bool, has_mfa: bool, is_fresh: bool,
    ) {
        let holds = |requirement: &Requirement, has_mfa: bool, is_fresh: bool| {
            let mut attributes: Vec<(&str, &[&str])> = Vec::new();
            if is_nurse { attributes.push((ROLE, &["Nurse"])); }
            if has_mfa { attributes.push((METHODS, &[MULTIPLE])); }
            judge(requirement, &staff(&attributes, if is_fresh { 0 } else { 9999 }, None), &[])
        };
        fn formula(node: &Requirement, nurse: bool, mfa: bool, fresh: bool) -> bool {
            match &node.0 {
                Node::Mfa => mfa,
                Node::MaxAge(_) => fresh,
                Node::All(parts) => parts.iter().all(|p| formula(p, nurse, mfa, fresh)),
                Node::Any(parts) => parts.iter().any(|p| formula(p, nurse, mfa, fresh)),
                leaf => nurse && matches!(leaf, Node::Role(name) if name == "Nurse"),
            }
        }
        let verdict = holds(&requirement, has_mfa, is_fresh);
        prop_assert_eq!(
            verdict == Verdict::Met,
            formula(&requirement, is_nurse, has_mfa, is_fresh)
        );
        prop_assert_eq!(verdict == Verdict::Refused, !formula(&requirement, is_nurse, true, true));
        if let Verdict::StepUp(lack) = verdict {
            let after = holds(&requirement, has_mfa || lack.mfa, is_fresh || lack.max_age.is_some());
            prop_assert_eq!(after, Verdict::Met);
        }
    }
}
