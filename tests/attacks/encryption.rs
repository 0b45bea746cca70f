//! Encrypted assertions. Our certificate is public, so that anybody can encrypt to us: encryption
//! proves nothing, and what comes out is looked at as if it had come in plain.

use std::sync::LazyLock;

use actix_saml::dsig::DsigError;
use actix_saml::saml::{Assertion, Keys, Rejection, RequireSigned, Role, SignedPart, validate};
use actix_saml::xmlenc::{DecryptError, DecryptionKey, EncryptionShape, EncryptionStyle, encrypt};
use proptest::prelude::*;

use crate::fixture::{
    ASSERTION_ID, Draft, Message, NURSE, RESPONSE_ID, SP, expectations, honest, now,
};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, Pair, SP_KEY};
use crate::refusal::{bad_response_signature, bad_signature, count, misplaced};
use crate::surgery::{element, forged, without};

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let key = DecryptionKey::with_certificate(SP_KEY.key.clone(), &SP_KEY.certificate).unwrap();
    IDP_KEY.alone().with_decryption(vec![key])
});

const FAILED: Rejection = Rejection::Decryption(DecryptError::Failed);

fn verdict(message: &Message) -> Result<Assertion, Rejection> {
    message.verdict_trusting(&KEYS)
}

fn encrypted_by(plaintext: &str, recipient: &Pair, style: &EncryptionStyle) -> String {
    let inside = encrypt(plaintext, &recipient.certificate, style).unwrap();
    format!(
        "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">{inside}</EncryptedAssertion>"
    )
}

/// `plaintext`, encrypted as AD FS does it, where the assertion of an unsigned response stands.
fn sent(plaintext: &str) -> Message {
    let draft = Draft::adfs();
    let assertion = element(&draft.xml, "Assertion", 0);
    draft.edit(&assertion, &encrypted_by(plaintext, &SP_KEY, &EncryptionStyle::AD_FS)).send()
}

/// The same in a response that the identity provider signed.
fn sent_signed(plaintext: &str) -> Message {
    let mut draft = Draft::adfs();
    draft.xml = sent(plaintext).0;
    draft.sign(RESPONSE_ID).send()
}

/// An assertion without a signature.
fn plain() -> String {
    element(&Draft::adfs().xml, "Assertion", 0)
}

#[test]
fn control() {
    let signed = honest();
    let (own, accepted) = (signed.assertion(), signed.accepted());
    for shape in [
        EncryptionShape::AdFs,
        EncryptionShape::Inside,
        EncryptionShape::Beside,
        EncryptionShape::Retrieved,
    ] {
        for style in [EncryptionStyle::AD_FS, EncryptionStyle::MODERN] {
            let style = EncryptionStyle { shape, ..style };
            let message = signed.with_assertion(&encrypted_by(&own, &SP_KEY, &style));
            assert_eq!(verdict(&message).as_ref(), Ok(&accepted), "{style:?}");
        }
    }
    // Under a signed response, with and without a signature of its own.
    let outer = verdict(&sent_signed(&plain())).unwrap();
    assert_eq!(outer.signed(), SignedPart::Response);
    assert_eq!(outer.attributes(), accepted.attributes());
    assert_eq!(verdict(&sent_signed(&own)).unwrap().signed(), SignedPart::Both);
    // Without a key of our own there is nothing to be done.
    sent(&own).refused(DecryptError::NoKey.into());
}

#[test]
fn encsig_1() {
    assert_eq!(verdict(&sent(&plain())), Err(FAILED));
    assert_eq!(verdict(&sent(&forged(&honest().assertion()))), Err(FAILED));
    let mut expect = expectations();
    for required in [RequireSigned::Either, RequireSigned::Assertion] {
        expect.require_signed = required;
        assert_eq!(sent(&plain()).verdict_by(&expect, &KEYS), Err(FAILED));
    }
    // What can be seen without decrypting is said.
    expect.require_signed = RequireSigned::Both;
    let refusal = Rejection::SignatureMissing { role: Role::Response };
    assert_eq!(sent(&plain()).verdict_by(&expect, &KEYS), Err(refusal));
    expect.require_signed = RequireSigned::Assertion;
    let refusal = Rejection::SignatureMissing { role: Role::Assertion };
    assert_eq!(sent_signed(&plain()).verdict_by(&expect, &KEYS), Err(refusal));
}

#[test]
fn encsig_2() {
    // Another cipher text in a response that was signed with the honest one.
    let response = sent_signed(&honest().assertion());
    verdict(&response).unwrap();
    let old = response.element("EncryptedAssertion");
    for other in [plain(), honest().assertion(), forged(&plain())] {
        let swapped = encrypted_by(&other, &SP_KEY, &EncryptionStyle::AD_FS);
        let refusal = bad_response_signature(DsigError::DigestMismatch);
        assert_eq!(verdict(&response.clone().edit(&old, &swapped)), Err(refusal));
    }
    // By an attacker's key: inside a signed response it is said, otherwise it is not.
    let foreign = Draft::adfs().key(&FOREIGN_KEY).signed().assertion();
    assert_eq!(verdict(&sent(&foreign)), Err(FAILED));
    let refusal = bad_signature(DsigError::SignatureMismatch { keys: 1 });
    assert_eq!(verdict(&sent_signed(&foreign)), Err(refusal));
}

#[test]
fn encsig_3() {
    // Encrypted or not, every rule holds for what the identity provider signed.
    let other = "https://diary.example.nhs.uk/saml";
    for (from, to, code) in [
        (format!("<Audience>{SP}"), format!("<Audience>{other}"), "audience"),
        ("2026-11-22T10:05:00.000Z".to_owned(), "2026-11-22T09:05:00.000Z".to_owned(), "expired"),
        ("saml/acs\" /></Subj".to_owned(), "saml/other\" /></Subj".to_owned(), "recipient"),
        (format!("<NameID>{NURSE}"), "<NameID> ".to_owned(), "name_id"),
        ("</Conditions>".to_owned(), "<Other /></Conditions>".to_owned(), "unknown_condition"),
        (format!("<NameID>{NURSE}</NameID>"), "<EncryptedID />".to_owned(), "encrypted"),
    ] {
        let draft = Draft::adfs().edit(&from, &to);
        let plain_refusal = draft.clone().signed().verdict().unwrap_err();
        assert_eq!(plain_refusal.code(), code);
        let assertion = draft.signed().assertion();
        assert_eq!(verdict(&sent(&assertion)), Err(plain_refusal.clone()));
        assert_eq!(verdict(&sent_signed(&assertion)), Err(plain_refusal));
    }
}

/// What does not decrypt to one assertion is refused alike, whoever vouches for the response.
#[track_caller]
fn no_assertion(plaintext: &str) {
    for message in [sent(plaintext), sent_signed(plaintext)] {
        assert_eq!(verdict(&message), Err(FAILED), "{plaintext}");
    }
}

#[test]
fn encstruct_1() {
    let own = honest().assertion();
    no_assertion(&own.repeat(2));
    no_assertion(&format!("{own}{}", forged(&own)));
    no_assertion(&format!("{own}<x/>"));
}

#[test]
fn encstruct_2() {
    no_assertion(&honest().0);
    no_assertion(&Draft::adfs().both_signed().0);
    no_assertion("<Subject xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" />");
    no_assertion(&honest().assertion().replace("SAML:2.0:assertion", "SAML:1.0:assertion"));
}

#[test]
fn encstruct_3() {
    let own = honest().assertion();
    for doctype in ["<!DOCTYPE Assertion>", "<!DOCTYPE a [<!ENTITY x \"test.admin9\">]>", "<?p x?>"]
    {
        no_assertion(&format!("{doctype}{own}"));
    }
    no_assertion(&own.replace(NURSE, "&who;"));
}

#[test]
fn encstruct_4() {
    // Wrapping, inside.
    let own = honest().assertion();
    let evil = forged(&own);
    no_assertion(&evil.replace("</Assertion>", &format!("{own}</Assertion>")));
    no_assertion(&evil.replace("</Conditions>", &format!("</Conditions><Advice>{own}</Advice>")));
    let signature = element(&honest().0, "Signature", 0);
    let hidden = without(&own, "Signature");
    let object = format!("<ds:Object>{hidden}</ds:Object></ds:Signature>");
    let signature = signature.replace("</ds:Signature>", &object);
    no_assertion(&evil.replace("<Subject>", &format!("{signature}<Subject>")));
}

#[test]
fn encstruct_5() {
    // Never put back as text: what breaks out of one place has no other to get into.
    let own = honest().assertion();
    no_assertion(&format!("</EncryptedAssertion>{own}"));
    no_assertion(&format!("</EncryptedAssertion>{own}<EncryptedAssertion>"));
    no_assertion(&own.replace("</Assertion>", ""));
    // The namespaces of the message do not reach into it.
    no_assertion(&own.replace("<Subject>", "<Subject><samlp:Extensions />"));
}

#[test]
fn encstruct_6() {
    let own = honest().assertion();
    let message = sent(&own);
    let encrypted = message.element("EncryptedAssertion");
    for two in [encrypted.repeat(2), format!("{encrypted}{own}"), format!("{own}{encrypted}")] {
        assert_eq!(verdict(&message.clone().edit(&encrypted, &two)), Err(count(2)));
    }
    let around = encrypted.replace("<xenc:EncryptedData ", &format!("{own}<xenc:EncryptedData "));
    assert_eq!(verdict(&message.clone().edit(&encrypted, &around)), Err(count(2)));
    let elsewhere = message.clone().edit("<samlp:Status>", &crate::surgery::extensions(&encrypted));
    assert_eq!(verdict(&elsewhere).unwrap_err(), misplaced("EncryptedAssertion"));
}

#[test]
fn encstruct_7() {
    let message = sent(&honest().assertion());
    let element = "xmlenc#Element";
    for other in ["xmlenc#Content", "xmlenc#EncryptedKey", "xmlenc#element"] {
        let found = format!("http://www.w3.org/2001/04/{other}");
        let refusal = DecryptError::Type { found };
        let relabelled = message.clone().edit(element, other);
        assert_eq!(verdict(&relabelled), Err(refusal.into()));
    }
    no_assertion("");
    no_assertion("test.admin9@nhs.net");
    no_assertion(&"\0".repeat(64));
}

#[test]
fn encrec_1() {
    let once = encrypted_by(&honest().assertion(), &SP_KEY, &EncryptionStyle::AD_FS);
    no_assertion(&once);
    let data =
        encrypt(&honest().assertion(), &SP_KEY.certificate, &EncryptionStyle::AD_FS).unwrap();
    no_assertion(&data);
    let inside = plain().replace("</Conditions>", &format!("</Conditions><Advice>{once}</Advice>"));
    no_assertion(&inside);
}

#[test]
fn u_oracle() {
    // Whatever is wrong once a key was used, the answer is one and the same.
    let own = honest().assertion();
    let message = sent(&own);
    let value = element(&message.0, "CipherValue", 1);
    let base64 = value.split(['<', '>']).nth(2).unwrap().to_owned();
    let flip = |at: usize| {
        let mut bytes = actix_saml::xml::decode_base64(base64.as_bytes()).unwrap();
        let last = bytes.len() - 1;
        bytes[at.min(last)] ^= 0x41;
        message.clone().edit(&base64, &actix_saml::xml::encode_base64(&bytes))
    };
    let key = element(&message.0, "CipherValue", 0);
    let key = key.split(['<', '>']).nth(2).unwrap();
    let mut other_key = actix_saml::xml::decode_base64(key.as_bytes()).unwrap();
    other_key[200] ^= 1;
    let draft = Draft::adfs();
    let foreign = encrypted_by(&own, &FOREIGN_KEY, &EncryptionStyle::AD_FS);
    let cases = [
        // Padding, text, first block, initialisation vector; the key; the recipient.
        flip(usize::MAX),
        flip(900),
        flip(20),
        flip(0),
        message.clone().edit(key, &actix_saml::xml::encode_base64(&other_key)),
        draft.clone().edit(&plain(), &foreign).send(),
        // What decrypts well: no XML, no assertion, no signature, a wrong one, a stranger's.
        sent("padding"),
        sent("<x/>"),
        sent(&plain()),
        sent(&own.replace("ward 7", "ward 8")),
        sent(&own.replace("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256")),
        sent(&own.replace(ASSERTION_ID, "0bad")),
        sent(&Draft::adfs().key(&FOREIGN_KEY).signed().assertion()),
    ];
    for case in &cases {
        let rejection = verdict(case).unwrap_err();
        assert_eq!(rejection, FAILED);
        assert_eq!(rejection.to_string(), FAILED.to_string());
        assert_eq!(rejection.code(), "decryption_failed");
    }
    verdict(&message).unwrap();
}

static ENCRYPTED: LazyLock<[Message; 3]> = LazyLock::new(|| {
    let modern = EncryptionStyle { shape: EncryptionShape::Beside, ..EncryptionStyle::MODERN };
    let own = honest().assertion();
    [
        sent(&own),
        honest().with_assertion(&encrypted_by(&own, &SP_KEY, &modern)),
        sent_signed(&plain()),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn u_mutate_encrypted(which in 0..3_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(), insert in any::<bool>()) {
        let message = &ENCRYPTED[which];
        let mut bytes = message.0.clone().into_bytes();
        let at = at.index(bytes.len());
        if insert {
            bytes.insert(at, byte);
        } else {
            bytes[at] = byte;
        }
        if let Ok(assertion) = validate(&bytes, &expectations(), &KEYS, now()) {
            prop_assert_eq!(Ok(assertion), verdict(message));
        }
    }
}
