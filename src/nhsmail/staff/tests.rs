use chrono::DateTime;

use super::*;
use crate::saml::EntityId;
use crate::saml::{Attribute, NameId};

const WS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
const ENTRA: &str = "http://schemas.microsoft.com/identity/claims/";

fn principal(name_id: Option<(&str, Option<&str>)>, claims: &[(&str, &[&str])]) -> Principal {
    let time = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    Principal {
        issuer: EntityId::new("http://fs.test/adfs/services/trust").unwrap(),
        name_id: name_id.map(|(value, format)| NameId {
            value: value.to_owned(),
            format: format.map(str::to_owned),
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

fn read(principal: Principal) -> Result<Staff, NoSubjectKey> {
    Staff::from_principal(principal, &ClaimNames::default(), &SubjectRules::default())
}

fn staff(name_id: Option<(&str, Option<&str>)>, claims: &[(&str, &[&str])]) -> Staff {
    read(principal(name_id, claims)).unwrap()
}

#[test]
fn the_first_alias_with_a_value_matches_and_is_told() {
    let mail = format!("{WS}emailaddress");
    let person = staff(None, &[(&mail, &["", " "]), ("Email Address", &["test.user1@nhs.net"])]);
    assert_eq!(person.mail(), Some("test.user1@nhs.net"));
    let matched: Vec<_> = person.matched_names().collect();
    assert_eq!(matched, [("mail", "Email Address")]);
}

#[test]
fn names_are_compared_byte_for_byte() {
    let person = staff(Some(("u", None)), &[("EMAIL", &["test.user1@nhs.net"])]);
    assert_eq!(person.mail(), None);
}

#[test]
fn the_key_is_the_best_there_is() {
    let (tenant, object) = (format!("{ENTRA}tenantid"), format!("{ENTRA}objectidentifier"));
    let persistent = Some(PERSISTENT);
    let transient = Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient");
    let upn: (&str, &[&str]) = ("upn", &["u@nhs.net"]);
    for (name_id, claims, kind, value) in [
        (
            Some(("n", None)),
            &[(&*tenant, &["t"][..]), (&object, &["o"])][..],
            StaffKeyKind::Immutable,
            "t/o",
        ),
        (Some(("n", None)), &[("sid", &["S-1"][..])], StaffKeyKind::Immutable, "S-1"),
        (Some(("n", persistent)), &[upn], StaffKeyKind::PersistentNameId, "n"),
        (Some(("n", None)), &[upn], StaffKeyKind::NameId, "n"),
        (Some(("n", transient)), &[upn], StaffKeyKind::Upn, "u@nhs.net"),
        (None, &[("mail", &["m@nhs.net"])], StaffKeyKind::Mail, "m@nhs.net"),
    ] {
        let key = staff(name_id, claims).key().clone();
        assert_eq!((key.kind, key.value.as_str()), (kind, value));
    }
    let nobody = read(principal(None, &[("ODS", &["RXX"])]));
    assert_eq!(nobody.err(), Some(NoSubjectKey::Nothing));
}

#[test]
fn ods_codes_are_optional_many_and_upper_case() {
    assert!(staff(Some(("n", None)), &[]).ods_codes().is_empty());
    assert_eq!(
        staff(Some(("n", None)), &[("ODS", &["rxx", "A12345"])]).ods_codes(),
        ["RXX", "A12345"]
    );
}

#[test]
fn missing_groups_are_not_no_groups() {
    let groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
    assert_eq!(staff(Some(("n", None)), &[(groups, &["g"])]).groups(), Some(&["g".to_owned()][..]));
    assert_eq!(staff(Some(("n", None)), &[]).groups(), Some(&[][..]));
    assert_eq!(staff(Some(("n", None)), &[(GROUPS_LINK, &["https://graph"])]).groups(), None);
}

#[test]
fn mfa_evidence_is_the_claim_and_nothing_else() {
    let methods = "http://schemas.microsoft.com/claims/authnmethodsreferences";
    let password = "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password";
    assert!(staff(Some(("n", None)), &[(methods, &[password, MULTIPLE_AUTHN])]).has_mfa_evidence());
    assert!(!staff(Some(("n", None)), &[(methods, &[password])]).has_mfa_evidence());
    assert!(!staff(Some(("n", None)), &[]).has_mfa_evidence());
}

#[test]
fn the_display_name_falls_back() {
    let (given, surname) = (format!("{WS}givenname"), format!("{WS}surname"));
    for (claims, shown) in [
        (&[("DisplayName", &["EXAMPLE, Robin"][..]), (&*given, &["Robin"])][..], "EXAMPLE, Robin"),
        (&[(&*given, &["Robin"][..]), (&surname, &["Example"])], "Robin Example"),
        (&[("mail", &["m@nhs.net"][..])], "m@nhs.net"),
        (&[], "n"),
    ] {
        assert_eq!(staff(Some(("n", None)), claims).display_name(), shown);
    }
}

#[test]
fn uni_a_key_that_does_not_show_what_it_is_is_no_key() {
    for value in ["o\u{200B}bject", "S-1\n", "\u{202E}id"] {
        let person = principal(None, &[("sid", &[value])]);
        assert_eq!(read(person).err(), Some(NoSubjectKey::Nothing), "{value:?}");
    }
}
