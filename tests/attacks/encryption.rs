//! Encryption proves nothing about the sender: our certificate is public. What an encrypted
//! assertion decrypts to must pass all that a plain one must pass.

use actix_saml::dsig::DsigError;
use actix_saml::saml::{Rejection, RequireSigned, Role};
use actix_saml::xml::XmlError;
use actix_saml::xmlenc::{DecryptError, ELEMENT_TYPE, encrypt};

use crate::fixture::{
    ACS, ADMIN, ASSERTION_ID, CONFIRMED_UNTIL, Draft, IDP, Message, NOT_ON_OR_AFTER, NURSE,
    REQUEST_ID, RESPONSE_ID, SP, edit, expectations, honest,
};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, OLD_SP_KEY, SP_KEY};
use crate::recipient::{CBC, GCM, keys, sealed, signed_around, styles, wrap};
use crate::refusal::{
    bad_response_signature, bad_signature, count, misplaced, missing, unexpected,
};
use crate::surgery::{extensions, forged, without};

#[test]
fn control() {
    for style in styles() {
        for draft in [Draft::adfs(), Draft::entra()] {
            let own = draft.clone().sign(ASSERTION_ID).encrypt(&style);
            own.clone().send().opens_as(&draft.clone().signed());
            own.sign(RESPONSE_ID).send().opens_as(&draft.clone().both_signed());
            let outer = draft.clone().encrypt(&style).sign(RESPONSE_ID).send();
            outer.opens_as(&draft.response_signed());
        }
    }
}

#[test]
fn control_as_ad_fs_writes_it() {
    let message = Draft::adfs().encrypted(&CBC);
    let encrypted = message.element("EncryptedAssertion");
    for part in [
        "<xenc:EncryptedData Type=\"http://www.w3.org/2001/04/xmlenc#Element\"",
        "Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes256-cbc\"",
        "Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"",
        "<e:EncryptedKey",
        "<ds:X509IssuerSerial>",
    ] {
        assert_eq!(encrypted.matches(part).count(), 1, "{part} in {encrypted}");
    }
    assert!(!message.0.contains(NURSE));
    message.opens_as(&honest());
}

#[test]
fn control_several_keys() {
    let message = Draft::adfs().encrypted(&CBC);
    let (own, old) = (SP_KEY.decryption(), OLD_SP_KEY.decryption());
    let with = |keys: Vec<_>| {
        message.verdict_trusting(&IDP_KEY.alone().with_decryption(keys)).map(|a| a.id().to_owned())
    };
    let accepted = Ok(ASSERTION_ID.to_owned());
    assert_eq!(with(vec![own.clone()]), accepted);
    assert_eq!(with(vec![own.clone(), old.clone()]), accepted);
    assert_eq!(with(vec![old.clone(), own.clone()]), accepted);
    // Each key that is configured is tried, however many they are.
    let mut many = vec![old.clone(); 6];
    many.push(own);
    assert_eq!(with(many), accepted);
    assert_eq!(with(vec![old]), Err(DecryptError::Failed.into()));
    assert_eq!(with(Vec::new()), Err(DecryptError::NoKey.into()));
    assert_eq!(message.verdict(), Err(DecryptError::NoKey.into()));
    assert_eq!(DecryptError::NoKey.code(), "decryption_no_key");
}

#[test]
fn control_required_signatures() {
    use RequireSigned::{Assertion, Both, Either, Response};
    let verdict = |message: &Message, require_signed| {
        let mut expect = expectations();
        expect.require_signed = require_signed;
        message.verdict_by(&expect, &keys()).map(|assertion| assertion.signed().as_str())
    };
    let missing = |role| Err(Rejection::SignatureMissing { role });
    for style in [CBC, GCM] {
        let none = Draft::adfs().encrypt(&style);
        let own = Draft::adfs().encrypted(&style);
        let outer = none.clone().sign(RESPONSE_ID).send();
        let both = Draft::adfs().sign(ASSERTION_ID).encrypt(&style).sign(RESPONSE_ID).send();
        let none = none.send();
        let failed = || Err(DecryptError::Failed.into());
        assert_eq!(verdict(&own, Either), Ok("assertion"));
        assert_eq!(verdict(&own, Assertion), Ok("assertion"));
        assert_eq!(verdict(&own, Response), missing(Role::Response));
        assert_eq!(verdict(&own, Both), missing(Role::Response));
        assert_eq!(verdict(&outer, Either), Ok("response"));
        assert_eq!(verdict(&outer, Assertion), missing(Role::Assertion));
        assert_eq!(verdict(&outer, Response), Ok("response"));
        assert_eq!(verdict(&outer, Both), missing(Role::Assertion));
        for require_signed in [Either, Assertion, Response, Both] {
            assert_eq!(verdict(&both, require_signed), Ok("both"));
        }
        // Without any signature outside, what is missing inside is not told.
        assert_eq!(verdict(&none, Either), failed());
        assert_eq!(verdict(&none, Assertion), failed());
        assert_eq!(verdict(&none, Response), missing(Role::Response));
        assert_eq!(verdict(&none, Both), missing(Role::Response));
    }
}

#[test]
fn encsig_1() {
    // The attacker's assertion, encrypted to us, in every message there is to put it into.
    for style in styles() {
        let evil = sealed(&forged(&honest().assertion()), &style);
        honest().carrying(&evil).fails();
        Draft::adfs().encrypted(&style).carrying(&evil).fails();
        let outer = Draft::adfs().encrypt(&style).sign(RESPONSE_ID).send();
        let changed = bad_response_signature(DsigError::DigestMismatch);
        outer.carrying(&evil).stays_shut(changed.clone());
        Draft::adfs().response_signed().carrying(&evil).stays_shut(changed);
        Message(without(&outer.carrying(&evil).0, "Signature")).fails();
    }
}

#[test]
fn encsig_2() {
    for style in [CBC, GCM] {
        for pair in [&*FOREIGN_KEY, &*SP_KEY] {
            Draft::adfs().key(pair).encrypted(&style).fails();
            // A response that the provider signed may be told what is wrong inside.
            let mut draft = Draft::adfs().key(pair).sign(ASSERTION_ID).encrypt(&style);
            draft.pair = &IDP_KEY;
            let mismatch = DsigError::SignatureMismatch { keys: 1 };
            draft.sign(RESPONSE_ID).send().stays_shut(bad_signature(mismatch));
        }
        // A stranger's response is refused before anything is decrypted.
        let own = Draft::adfs().encrypted(&style).0;
        let mut draft = Draft::adfs().key(&FOREIGN_KEY);
        draft.xml = own;
        let mismatch = DsigError::SignatureMismatch { keys: 1 };
        draft.sign(RESPONSE_ID).send().stays_shut(bad_response_signature(mismatch));
    }
}

/// An `EncryptedID` of the attacker's choice.
fn encrypted_id(name: &str) -> String {
    let xml = format!("<NameID xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">{name}</NameID>");
    let inside = encrypt(&xml, &SP_KEY.certificate, &GCM).unwrap();
    format!("<EncryptedID>{inside}</EncryptedID>")
}

#[test]
fn encsig_3() {
    let name_id = honest().element("NameID");
    let swapped = honest().edit(&name_id, &encrypted_id(ADMIN));
    swapped.stays_shut(bad_signature(DsigError::DigestMismatch));
    honest().carrying(&sealed(&swapped.assertion(), &GCM)).fails();
    // Signed by the provider it counts.
    let draft = Draft::adfs().edit(&name_id, &encrypted_id(NURSE));
    draft.clone().signed().opens_as(&honest());
    draft.encrypted(&CBC).opens_as(&honest());
}

/// Encrypted or not, each rule holds for what the identity provider signed.
#[test]
fn encsig_3_no_rule_is_left_out() {
    let statement = honest().element("AuthnStatement");
    let in_assertion = |from: &str, to: &str| {
        let draft = Draft::adfs();
        let assertion = draft.clone().send().assertion();
        draft.edit(&assertion, &edit(&assertion, from, to))
    };
    for (from, to, code) in [
        ("Version=\"2.0\"", "Version=\"1.1\"", "version"),
        (&format!("<Issuer>{IDP}<")[..], "<Issuer>urn:x<", "issuer"),
        (&format!("<NameID>{NURSE}"), "<NameID> ", "name_id"),
        ("cm:bearer", "cm:sender-vouches", "no_bearer_confirmation"),
        (&format!("Recipient=\"{ACS}\""), "Recipient=\"https://x.example/\"", "recipient"),
        (REQUEST_ID, "_another", "in_response_to"),
        (CONFIRMED_UNTIL, "2026-11-22T09:55:00.000Z", "expired"),
        (NOT_ON_OR_AFTER, "2026-11-22T09:00:00.000Z", "time_inverted"),
        (&format!("<Audience>{SP}<"), "<Audience>urn:x<", "audience"),
        ("<AudienceRestriction>", "<Unknown /><AudienceRestriction>", "unknown_condition"),
        (&statement, "", "authn_statement_missing"),
    ] {
        let draft = in_assertion(from, to);
        let expected = draft.clone().signed().verdict().unwrap_err();
        assert_eq!(expected.code(), code);
        for style in [CBC, GCM] {
            draft.clone().encrypted(&style).stays_shut(expected.clone());
            draft.clone().encrypt(&style).sign(RESPONSE_ID).send().stays_shut(expected.clone());
        }
    }
}

/// What decrypts to `plaintext` is no assertion, whoever signed the response around it.
#[track_caller]
fn no_assertion(plaintext: &str) {
    for style in [CBC, GCM] {
        let sealed = sealed(plaintext, &style);
        honest().carrying(&sealed).fails();
        signed_around(&sealed).fails();
    }
}

#[test]
fn encstruct_1_several_roots() {
    let assertion = honest().assertion();
    let evil = forged(&assertion);
    no_assertion(&format!("{assertion}{evil}"));
    no_assertion(&format!("{evil}{assertion}"));
    no_assertion(&format!("{assertion}<x/>"));
    no_assertion(&format!("{assertion}text"));
    no_assertion(&format!("text{assertion}"));
    // Comments and white space around it are no roots.
    let sealed = sealed(&format!("<!-- -->\r\n{assertion} <!-- -->"), &CBC);
    honest().carrying(&sealed).opens_as(&honest());
}

#[test]
fn encstruct_2_a_response() {
    no_assertion(&honest().0);
    no_assertion(&Draft::adfs().response_signed().0);
    let assertion = honest().assertion();
    no_assertion(&format!("<x>{assertion}</x>"));
    no_assertion(
        &honest()
            .element("NameID")
            .replace("<NameID", "<NameID xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\""),
    );
    for namespace in ["urn:oasis:names:tc:SAML:1.0:assertion", "urn:x", ""] {
        let other = assertion.replace("urn:oasis:names:tc:SAML:2.0:assertion", namespace);
        assert_ne!(other, assertion);
        no_assertion(&other);
    }
}

#[test]
fn encstruct_3_doctype() {
    let assertion = honest().assertion();
    no_assertion(&format!("<!DOCTYPE Assertion>{assertion}"));
    let entity = format!("<!DOCTYPE Assertion [<!ENTITY who \"{NURSE}\">]>{assertion}");
    no_assertion(&entity.replace(&format!("<NameID>{NURSE}"), "<NameID>&who;"));
    no_assertion(&format!("<?xml version=\"1.1\"?>{assertion}"));
    no_assertion(&format!("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>{assertion}"));
    no_assertion(&format!("<?pi?>{assertion}"));
    let declared = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{assertion}");
    honest().carrying(&sealed(&declared, &CBC)).opens_as(&honest());
}

#[test]
fn encstruct_4_wrapping_inside() {
    let original = honest().assertion();
    let evil = forged(&original);
    let signature = honest().element("Signature");
    let with_signature = edit(&evil, "<Subject>", &format!("{signature}<Subject>"));
    let bare = without(&original, "Signature");
    let object = format!("<ds:Object>{bare}</ds:Object></ds:Signature>");
    for wrapped in [
        with_signature.clone(),
        edit(&with_signature, "</ds:Signature>", &object),
        edit(&with_signature, "</Conditions>", &format!("</Conditions><Advice>{bare}</Advice>")),
        edit(&evil, "</Conditions>", &format!("</Conditions><Advice>{original}</Advice>")),
        edit(&evil, "<Subject>", &format!("{original}<Subject>")),
        edit(&original, "ward 7", &evil),
    ] {
        honest().carrying(&sealed(&wrapped, &CBC)).fails();
        // The signed original outside, the wrapping inside, and the other way round.
        let hidden = honest().edit("<samlp:Status>", &extensions(&sealed(&wrapped, &CBC)));
        hidden.stays_shut(misplaced("EncryptedAssertion"));
    }
    // An assertion in an assertion stands in its place, as far as places go: their number is wrong.
    no_assertion(&edit(&evil, "</Assertion>", &format!("{original}</Assertion>")));
}

#[test]
fn encstruct_5_breaking_out() {
    // Good only where plaintext is put in the place of the cipher text, as text.
    let assertion = honest().assertion();
    no_assertion(&format!("</EncryptedAssertion>{assertion}<EncryptedAssertion>"));
    no_assertion(&format!("{assertion}</EncryptedAssertion><EncryptedAssertion>"));
    no_assertion(&assertion.replace(" xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"", ""));
    let prefixed = assertion.replace("<Subject>", "<Subject samlp:x=\"\">");
    no_assertion(&prefixed);
    no_assertion("<!--");
    // An ID of the response again, inside: each is unique in the message, encrypted or not.
    let bare = Draft::adfs().send().assertion().replace(ASSERTION_ID, RESPONSE_ID);
    honest().carrying(&bare).stays_shut(XmlError::DuplicateId);
    no_assertion(&bare);
    no_assertion(
        &Draft::adfs()
            .signed()
            .assertion()
            .replace("<Subject>", &format!("<Subject x:id=\"{RESPONSE_ID}\" xmlns:x=\"urn:x\">")),
    );
    let other = bare.replace(RESPONSE_ID, "_another");
    let opened = signed_around(&sealed(&other, &CBC)).opened().unwrap();
    assert_eq!((opened.id(), opened.name_id().unwrap().value.as_str()), ("_another", NURSE));
}

#[test]
fn encstruct_6_nesting() {
    let message = Draft::adfs().encrypted(&GCM);
    let encrypted = message.element("EncryptedAssertion");
    let grammar = |parent: &str, found: &str| DecryptError::from(unexpected(parent, found));
    message.carrying(&wrap(&encrypted)).stays_shut(count(2));
    message.carrying(&encrypted.repeat(2)).stays_shut(count(2));
    let (assertion, evil) = (honest().assertion(), forged(&honest().assertion()));
    for plain in [&assertion, &evil] {
        message.carrying(&format!("{encrypted}{plain}")).stays_shut(count(2));
        message.carrying(&format!("{plain}{encrypted}")).stays_shut(count(2));
        message.carrying(&wrap(plain)).stays_shut(count(2));
    }
    let data = message.element("EncryptedData");
    let refused = grammar("EncryptedAssertion", "EncryptedData");
    message.carrying(&wrap(&data.repeat(2))).stays_shut(refused);
    let inside = edit(&data, "</xenc:EncryptedData>", &format!("{data}</xenc:EncryptedData>"));
    message.carrying(&wrap(&inside)).stays_shut(grammar("EncryptedData", "EncryptedData"));
    message
        .carrying(&wrap(""))
        .stays_shut(DecryptError::from(missing("EncryptedAssertion", "EncryptedData")));
    // Anywhere else than where an assertion stands.
    message.carrying(&data).stays_shut(unexpected("Response", "EncryptedData"));
    let hidden = message.clone().edit("<samlp:Status>", &extensions(&encrypted));
    hidden.stays_shut(misplaced("EncryptedAssertion"));
}

#[test]
fn encstruct_7_content() {
    let message = Draft::adfs().encrypted(&CBC);
    for found in ["http://www.w3.org/2001/04/xmlenc#Content", "text/xml", ""] {
        let found = found.to_owned();
        message.clone().edit(ELEMENT_TYPE, &found).stays_shut(DecryptError::Type { found });
    }
    message.clone().edit(&format!(" Type=\"{ELEMENT_TYPE}\""), "").opens_as(&honest());
}

#[test]
fn encrec_1() {
    let once = Draft::adfs().encrypted(&CBC);
    no_assertion(&once.element("EncryptedAssertion"));
    no_assertion(&once.0);
    // An assertion in an assertion is two.
    let bare = Draft::adfs().send().assertion();
    let inner = bare.replace(ASSERTION_ID, "_inner");
    no_assertion(&edit(&bare, "<Subject>", &format!("{inner}<Subject>")));
    // Signed by the provider, and no better for it.
    let advice = format!("</Conditions><Advice>{}</Advice>", once.element("EncryptedAssertion"));
    Draft::adfs().edit("</Conditions>", &advice).encrypted(&CBC).fails();
}
