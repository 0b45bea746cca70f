use super::claims::{AtAdfs, Wanted};
use super::text::{code, plain};
use super::*;
use crate::nhsmail::ClaimNames;

#[test]
fn nothing_ends_the_text_that_it_stands_in() {
    assert_eq!(code("a`b|c"), "`` a`b\\|c ``");
    assert_eq!(code("urn:x"), "`urn:x`");
    assert_eq!(plain("*x* <b>\n# |"), "\\*x\\* \\<b\\> \\# \\|");
}

#[test]
fn each_product_is_asked_for_a_name_of_its_own() {
    let claims = Wanted::of(&ClaimNames::default(), &Vec::new());
    assert_eq!(claims.len(), 11);
    let names = |field: &str| {
        let claim = claims.iter().find(|claim| claim.field == field).unwrap();
        (claim.name_at_adfs(), claim.name_at_entra())
    };
    let sid = super::claims::PRIMARY_SID;
    let object = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    assert_eq!(names("immutable_id"), (sid, object));
    let display_name = "http://schemas.microsoft.com/identity/claims/displayname";
    assert_eq!(names("display_name"), ("DisplayName", display_name));
    let mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    assert_eq!(names("mail"), (mail, mail));
}

#[test]
fn a_field_that_is_switched_off_is_not_asked_for() {
    let names = ClaimNames { groups: Vec::new(), roles: Vec::new(), ..ClaimNames::default() };
    let claims = Wanted::of(&names, &Vec::new());
    assert_eq!(claims.len(), 9);
    assert!(claims.iter().all(|claim| !["groups", "roles"].contains(&claim.field)));
}

#[test]
fn a_name_that_would_end_a_rule_is_left_to_a_person() {
    let mail = vec!["x\"); => issue(store = \"x".to_owned()];
    let names = ClaimNames { mail, ..ClaimNames::default() };
    let claims = Wanted::of(&names, &Vec::new());
    let mail = claims.iter().find(|claim| claim.field == "mail").unwrap();
    assert_eq!(mail.adfs, AtAdfs::Directory("mail"));
    let script = adfs::rules(&claims);
    assert!(!script.contains("issue(store = \"x"), "{script}");
    assert!(script.contains("query = \";userPrincipalName,displayName,givenName,sn;{0}\""));
    let note = adfs::by_hand(mail).unwrap();
    assert!(note.contains("its name has characters that a rule cannot hold"), "{note}");
}

#[test]
fn what_both_providers_must_send_is_asked_for() {
    let claims = Wanted::of(&ClaimNames::default(), &vec!["immutableid".to_owned()]);
    assert_eq!((claims.len(), claims[0].field), (12, "subject"));
    assert_eq!(claims[0].name_at_adfs(), "immutableid");
    let note = adfs::by_hand(&claims[0]).unwrap();
    assert!(note.contains("# No rule below issues 'immutableid' (needed): it takes"), "{note}");
}
