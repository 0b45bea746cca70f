//! A walk over the rules goes on where the verdict ends, and trusts nothing for it. That the two
//! agree is checked wherever a message of this suite is judged.

use actix_saml::dsig::DsigError;
use actix_saml::saml::{NameIdFault, Outcome, Rejection, Role, Walk, walk};
use actix_saml::xmlenc::DecryptError;

use crate::fixture::{ACS, Draft, Message, REQUEST_ID, SP, expectations, honest, now};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, SP_KEY};
use crate::parts::{encrypted_id, name_id, named};
use crate::recipient::{CBC, sealed, signed_around};

fn walked(message: &Message) -> Walk {
    let decryption = [SP_KEY.decryption()];
    walk(message.0.as_bytes(), &expectations(), Some(&IDP_KEY.alone()), &decryption, now())
}

/// The rules that do not hold, by name.
fn failures(walk: &Walk) -> Vec<(&'static str, &Rejection)> {
    let failed = walk.steps.iter().filter_map(|step| match &step.outcome {
        Outcome::Failed(rejection) => Some((step.rule, rejection)),
        _ => None,
    });
    failed.collect()
}

/// The rules that had nothing to look at, and why.
fn unreached(walk: &Walk) -> Vec<(&'static str, &'static str)> {
    let unreached = walk.steps.iter().filter_map(|step| match step.outcome {
        Outcome::Unreached { needs } => Some((step.rule, needs)),
        _ => None,
    });
    unreached.collect()
}

/// What stands behind the signature.
const INSIDE: [&str; 8] = [
    "assertion-structure",
    "assertion-issuer",
    "subject",
    "bearer-confirmation",
    "conditions-time",
    "audience",
    "authn-statement",
    "authn-request",
];

#[test]
fn control() {
    let walk = walked(&honest());
    assert!(walk.all_held() && walk.first_failure().is_none());
    assert_eq!(walk.steps[0].rule, "well-formed");
}

#[test]
fn it_goes_on_without_a_signature() {
    let unsigned = Draft::adfs().edit(&format!("<Audience>{SP}"), "<Audience>urn:x").send();
    let walk = walked(&unsigned);
    let audience = Rejection::Audience { expected: SP.to_owned(), found: vec!["urn:x".to_owned()] };
    let expected = [("signature", &Rejection::Unsigned), ("audience", &audience)];
    assert_eq!(failures(&walk), expected);
    assert_eq!((unreached(&walk), walk.signed), (vec![], None));

    // By the wrong key, to the wrong address, and for another request.
    let foreign = Draft::adfs().key(&FOREIGN_KEY).signed();
    let foreign = Message(foreign.0.replace(ACS, "https://x.example/").replace(REQUEST_ID, "_x"));
    let walk = walked(&foreign);
    let names: Vec<_> = failures(&walk).iter().map(|(rule, r)| (*rule, r.code())).collect();
    let expected = [
        ("destination", "destination"),
        ("response-in-response-to", "in_response_to"),
        ("signature", "digest_mismatch"),
        ("bearer-confirmation", "recipient"),
    ];
    assert_eq!((names, walk.signed), (expected.to_vec(), None));
}

#[test]
fn it_goes_on_without_keys() {
    let walk = walk(honest().0.as_bytes(), &expectations(), None, &[], now());
    assert_eq!((failures(&walk), unreached(&walk), walk.signed), (vec![], vec![], None));
    let signature = walk.steps.iter().find(|step| step.rule == "signature").unwrap();
    assert_eq!(signature.outcome, Outcome::NoKeys);
    assert!(!walk.all_held());
}

#[test]
fn it_looks_into_what_decrypts() {
    // Nobody vouches for this cipher text, and the verdict says nothing of what is in it.
    let inside = Draft::adfs().key(&FOREIGN_KEY).signed().assertion();
    let message = honest()
        .carrying(&sealed(&inside.replace(&format!("<Audience>{SP}"), "<Audience>urn:x"), &CBC));
    let walk = walked(&message);
    let names: Vec<_> = failures(&walk).iter().map(|(rule, r)| (*rule, r.code())).collect();
    assert_eq!(names, [("signature", "decryption_failed"), ("audience", "audience")]);

    let walk = self::walk(message.0.as_bytes(), &expectations(), None, &[], now());
    assert_eq!(unreached(&walk)[0], ("assertion-structure", "signature"));
    let walk =
        self::walk(message.0.as_bytes(), &expectations(), Some(&IDP_KEY.alone()), &[], now());
    assert_eq!(failures(&walk), [("signature", &DecryptError::NoKey.into())]);
    let inside = INSIDE.iter().skip(1).map(|rule| (*rule, "assertion-structure"));
    let expected: Vec<_> =
        [("assertion-structure", "signature")].into_iter().chain(inside).collect();
    assert_eq!(unreached(&walk), expected);

    // A signature around the cipher text that fails comes before decryption. The walk goes on.
    let message = signed_around(&sealed(&Draft::adfs().send().assertion(), &CBC));
    assert!(walked(&message).all_held(), "control");
    let changed = message.edit("Consent=\"urn", "Consent=\"nru");
    let walk = walked(&changed);
    let error = DsigError::DigestMismatch;
    let refused = Rejection::Signature { role: Role::Response, error };
    assert_eq!(failures(&walk), [("signature", &refused)]);
    assert_eq!((unreached(&walk), walk.signed), (vec![], None));
}

#[test]
fn it_does_not_guess_which_assertion_is_meant() {
    let assertion = Draft::adfs().signed().assertion();
    let twice = honest().edit(
        "</samlp:Response>",
        &format!("{}</samlp:Response>", assertion.replace("_0c9d", "_1c9d")),
    );
    let walk = walked(&twice);
    assert_eq!(failures(&walk), [("one-assertion", &Rejection::AssertionCount { found: 2 })]);
    let mut expected = vec![("signature", "one-assertion"), (INSIDE[0], "one-assertion")];
    expected.extend(INSIDE.iter().skip(1).map(|rule| (*rule, "assertion-structure")));
    assert_eq!(unreached(&walk), expected);

    let walk = walked(&Message("<html>".to_owned()));
    assert_eq!(failures(&walk).len(), 1);
    assert!(unreached(&walk).iter().all(|(_, needs)| *needs == "well-formed"));
    assert_eq!(unreached(&walk).len(), walk.steps.len() - 1);
}

/// Parts that are encrypted by themselves open too, and are worth as little as what is around them.
#[test]
fn it_looks_into_parts() {
    let message = named(&encrypted_id(&name_id(" "))).send();
    let walk = walked(&message);
    let blank = Rejection::NameId(NameIdFault::Blank);
    assert_eq!(failures(&walk), [("signature", &Rejection::Unsigned), ("subject", &blank)]);
    assert_eq!((unreached(&walk), walk.signed), (vec![], None));
    let keys = IDP_KEY.alone();
    let walk = self::walk(message.0.as_bytes(), &expectations(), Some(&keys), &[], now());
    let no_key = Rejection::from(DecryptError::NoKey);
    let expected = [("signature", &Rejection::Unsigned), ("assertion-structure", &no_key)];
    assert_eq!(failures(&walk), expected);
}
