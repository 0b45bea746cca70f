//! Whoever sends altered cipher texts learns nothing from the answers but that they are refused.
//! Without a signature around it, everything that is wrong with an encrypted assertion before its
//! own signature is verified is one and the same rejection.

use actix_saml::crypto::{ContentKey, SignatureAlgorithm};
use actix_saml::dsig::{DsigError, Place, sign_enveloped};
use actix_saml::saml::{Rejection, RequireSigned, Role, names};
use actix_saml::xmlenc::{DecryptError, EncryptionStyle, encrypt};

use crate::fixture::{
    ACS, ASSERTION_ID, Draft, IDP, Message, NURSE, REQUEST_ID, edit, expectations, honest, instant,
};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, SP_KEY};
use crate::recipient::{
    CBC, GCM, assemble, cipher_texts, encrypted_key, keys, sealed, signed_around, wrap,
};
use crate::refusal::{bad_signature, count};
use crate::surgery::{EVIL_ID, element, forged, re_sign, refer_to, without};

fn flipped(bytes: &[u8], at: usize, mask: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= mask;
    bytes
}

/// An `EncryptedAssertion`, with what is wrong with it.
type Fault = (&'static str, String);

/// What cannot be decrypted.
fn closed(style: &EncryptionStyle) -> Vec<Fault> {
    let assertion = honest().assertion();
    let (key, data) = cipher_texts(style, assertion.as_bytes());
    let last = data.len() - 1;
    let other = ContentKey::generate(style.cipher).unwrap();
    let with = |key: &[u8], data: &[u8]| assemble(style, key, data);
    vec![
        ("to a stranger", wrap(&encrypt(&assertion, &FOREIGN_KEY.certificate, style).unwrap())),
        ("key altered", with(&flipped(&key, 100, 1), &data)),
        ("key cut", with(&key[1..], &data)),
        ("key too long", with(&[&key[..], &[0]].concat(), &data)),
        ("key empty", with(&[], &data)),
        ("key above the modulus", with(&[0xFF; 256], &data)),
        ("key zero", with(&[0; 256], &data)),
        ("content key short", with(&encrypted_key(style, &[7; 16]), &data)),
        ("content key empty", with(&encrypted_key(style, &[]), &data)),
        ("another content key", with(&encrypted_key(style, other.as_bytes()), &data)),
        ("data empty", with(&key, &[])),
        ("data shorter than a vector", with(&key, &data[..7])),
        ("data of a vector alone", with(&key, &data[..16])),
        ("data cut", with(&key, &data[..last])),
        ("data too long", with(&key, &[&data[..], &[0]].concat())),
        ("data altered at its end", with(&key, &flipped(&data, last, 0xFF))),
        ("data altered in the middle", with(&key, &flipped(&data, last / 2, 0x80))),
        ("data altered at its beginning", with(&key, &flipped(&data, 0, 0x80))),
    ]
}

/// What decrypts, and is no assertion.
fn no_assertion(style: &EncryptionStyle) -> Vec<Fault> {
    let assertion = honest().assertion();
    let texts = [
        ("empty", String::new()),
        ("white space", " \r\n".to_owned()),
        ("not XML", "hello".to_owned()),
        ("not closed", assertion.replace("</Assertion>", "")),
        ("a prefix of the response", assertion.replace("<Subject>", "<Subject samlp:x=\"\">")),
        ("a control character", assertion.replace("ward 7", "ward\u{1}7")),
        ("a DOCTYPE", format!("<!DOCTYPE Assertion>{assertion}")),
        ("an entity", assertion.replace("ward 7", "&ward;")),
        ("a processing instruction", format!("{assertion}<?pi?>")),
        (
            "an ID twice",
            assertion.replace("<Subject>", &format!("<Subject ID=\"{ASSERTION_ID}\">")),
        ),
        ("a response", honest().0),
        ("two roots", assertion.repeat(2)),
        ("a wrapper", format!("<x>{assertion}</x>")),
        ("an encrypted assertion", sealed(&assertion, style)),
        ("of SAML 1.1", assertion.replace("SAML:2.0:assertion", "SAML:1.0:assertion")),
        (
            "too deep",
            assertion.replace("ward 7", &format!("{}{}", "<a>".repeat(60), "</a>".repeat(60))),
        ),
    ];
    let mut faults: Vec<Fault> =
        texts.into_iter().map(|(what, text)| (what, sealed(&text, style))).collect();
    let mut bytes = assertion.into_bytes();
    bytes[200] = 0xFF;
    let (key, data) = cipher_texts(style, &bytes);
    faults.push(("not UTF-8", assemble(style, &key, &data)));
    faults
}

/// The assertion with another signature method, and re-signed as if that were right.
fn with_method(uri: &str) -> String {
    let old = SignatureAlgorithm::RsaSha256.uri();
    let changed = edit(&honest().assertion(), old, uri);
    re_sign(&changed, &IDP_KEY.key, SignatureAlgorithm::RsaSha256)
}

/// What decrypts to an assertion that the identity provider has not signed.
fn not_signed(style: &EncryptionStyle) -> Vec<Fault> {
    let original = honest();
    let assertion = original.assertion();
    let evil = forged(&assertion);
    let signature = original.element("Signature");
    let value = original.element("SignatureValue");
    let pasted = edit(&evil, "<Subject>", &format!("{signature}<Subject>"));
    let bare = without(&assertion, "Signature");
    let place = Place::First;
    let draft = Draft::adfs();
    let misplaced = sign_enveloped(
        &bare,
        ASSERTION_ID,
        place,
        &IDP_KEY.key,
        draft.algorithm,
        None,
        &draft.style,
    );
    [
        ("unsigned", bare.clone()),
        ("forged and unsigned", evil.clone()),
        ("signed by a stranger", Draft::adfs().key(&FOREIGN_KEY).signed().assertion()),
        ("signed by ourselves", Draft::adfs().key(&SP_KEY).signed().assertion()),
        ("another person", assertion.replace(NURSE, crate::fixture::ADMIN)),
        ("another person with the signature", pasted.clone()),
        ("wrapped in ds:Object", {
            let object = format!("<ds:Object>{bare}</ds:Object></ds:Signature>");
            edit(&pasted, "</ds:Signature>", &object)
        }),
        ("wrapped in Advice", {
            edit(&pasted, "</Conditions>", &format!("</Conditions><Advice>{bare}</Advice>"))
        }),
        ("a reference elsewhere", refer_to(&pasted, EVIL_ID, &FOREIGN_KEY.key)),
        ("the signature in another place", misplaced.unwrap()),
        (
            "two signatures",
            assertion.replace(&signature, &signature.repeat(2)).replace("<Subject>", "<Subject >"),
        ),
        ("no signature value", edit(&assertion, &value, "")),
        ("an empty signature value", {
            edit(&assertion, &value, "<ds:SignatureValue></ds:SignatureValue>")
        }),
        ("SHA-1", with_method("http://www.w3.org/2000/09/xmldsig#rsa-sha1")),
        ("HMAC", with_method("http://www.w3.org/2000/09/xmldsig#hmac-sha256")),
        ("an algorithm of other keys", with_method(SignatureAlgorithm::EcdsaSha256.uri())),
        ("no ID", assertion.replace(&format!("ID=\"{ASSERTION_ID}\" "), "")),
    ]
    .into_iter()
    .map(|(what, text)| (what, sealed(&text, style)))
    .collect()
}

fn faults(style: &EncryptionStyle) -> Vec<Fault> {
    [closed(style), no_assertion(style), not_signed(style)].concat()
}

#[test]
fn enc_oracle() {
    let failed = Rejection::Decryption(DecryptError::Failed);
    for style in [CBC, GCM] {
        let honest_one = Draft::adfs().encrypted(&style);
        honest_one.opens_as(&honest());
        for (what, encrypted) in faults(&style) {
            let message = honest_one.carrying(&encrypted);
            assert_eq!(message.opened(), Err(failed.clone()), "{what}");
            // A signature that the operator demands inside is missing, or is no good: not told.
            let mut expect = expectations();
            expect.require_signed = RequireSigned::Assertion;
            let verdict = message.verdict_by(&expect, &keys());
            assert_eq!(verdict, Err(failed.clone()), "{what}");
        }
    }
}

#[test]
fn u_oracle_one_text() {
    // What the log and the page are made of.
    let texts: std::collections::BTreeSet<_> = faults(&CBC)
        .into_iter()
        .filter_map(|(_, encrypted)| honest().carrying(&encrypted).opened().err())
        .map(|rejection| format!("{} {rejection} {rejection:?}", rejection.code()))
        .collect();
    let only = "decryption_failed the decryption failed Decryption(Failed)";
    assert_eq!(texts.into_iter().collect::<Vec<_>>(), [only]);
}

#[test]
fn enc_oracle_what_is_seen_from_outside_comes_first() {
    // Each of these is said of good and of bad cipher texts alike.
    let good = Draft::adfs().encrypted(&CBC);
    let (_, bad) = closed(&CBC).swap_remove(1);
    let bad = good.carrying(&bad);
    let (destination, status) = (format!("Destination=\"{ACS}\""), names::SUCCESS);
    let alike = |change: &dyn Fn(&Message) -> Message, expected: &Rejection| {
        assert_eq!(change(&good).opened(), Err(expected.clone()));
        assert_eq!(change(&bad).opened(), Err(expected.clone()));
    };
    let (expected, found) = (ACS.to_owned(), Some("https://x.example/".to_owned()));
    alike(
        &|m| m.clone().edit(&destination, "Destination=\"https://x.example/\""),
        &Rejection::Destination { expected, found },
    );
    let (expected, found) = (IDP.to_owned(), Some("urn:x".to_owned()));
    alike(
        &|m| m.clone().edit(&format!(">{IDP}<"), ">urn:x<"),
        &Rejection::Issuer { role: Role::Response, expected, found },
    );
    let (expected, found) = (Some(REQUEST_ID.to_owned()), Some("_x".to_owned()));
    alike(
        &|m| m.clone().edit(&format!("\"{REQUEST_ID}\""), "\"_x\""),
        &Rejection::InResponseTo { role: Role::Response, expected, found },
    );
    let code = "urn:x".to_owned();
    alike(
        &|m| m.clone().edit(status, &code),
        &Rejection::Status { code: code.clone(), sub_code: None, message: None },
    );
    let end = "</EncryptedAssertion>";
    alike(&|m| m.clone().edit(end, &format!("{end}{}", honest().assertion())), &count(2));
    // A signature on the response that does not verify is refused before anything is decrypted.
    let mut by_stranger = Draft::adfs().key(&FOREIGN_KEY);
    let role = Role::Response;
    let error = DsigError::SignatureMismatch { keys: 1 };
    for message in [&good, &bad] {
        by_stranger.xml.clone_from(&message.0);
        let signed = by_stranger.clone().sign(crate::fixture::RESPONSE_ID).send();
        signed.stays_shut(Rejection::Signature { role, error: error.clone() });
    }
}

#[test]
fn enc_oracle_the_provider_is_told() {
    // Only the identity provider can make a signed response: what it got wrong may be said.
    for style in [CBC, GCM] {
        for (what, encrypted) in [closed(&style), no_assertion(&style)].concat() {
            let failed = Err(DecryptError::Failed.into());
            assert_eq!(signed_around(&encrypted).opened(), failed, "{what}");
        }
        let changed = honest().assertion().replace(NURSE, crate::fixture::ADMIN);
        let message = signed_around(&sealed(&changed, &style));
        message.stays_shut(bad_signature(DsigError::DigestMismatch));
    }
    // And when the assertion's own signature has verified, so may the rest.
    let late = Draft::adfs().encrypted(&CBC);
    let now = instant("2026-11-22T10:20:00Z");
    let verdict =
        actix_saml::saml::validate(late.0.as_bytes(), &expectations(), &keys(), now).unwrap_err();
    assert_eq!(verdict.code(), "expired");
}

#[test]
fn enc_gcmtag() {
    let (key, data) = cipher_texts(&GCM, honest().assertion().as_bytes());
    let with = |data: &[u8]| honest().carrying(&assemble(&GCM, &key, data));
    with(&data).opens_as(&honest());
    let body = data.len() - 16;
    for kept in 0..16 {
        with(&data[..body + kept]).fails();
    }
    with(&[&data[..], &data[body..]].concat()).fails();
    with(&[&data[..12], &data[body..]].concat()).fails();
    for at in 0..16 {
        with(&flipped(&data, body + at, 1)).fails();
    }
}

#[test]
fn enc_tamper() {
    for style in [CBC, GCM] {
        let (key, data) = cipher_texts(&style, honest().assertion().as_bytes());
        honest().carrying(&assemble(&style, &key, &data)).opens_as(&honest());
        for at in (0..key.len()).step_by(11) {
            honest().carrying(&assemble(&style, &flipped(&key, at, 1), &data)).fails();
        }
        for at in (0..data.len()).step_by(13) {
            let message = honest().carrying(&assemble(&style, &key, &flipped(&data, at, 1)));
            match message.opened() {
                // CBC lets what the signature does not cover be changed, and it says nothing.
                Ok(assertion) if style == CBC => assert_eq!(assertion, honest().accepted()),
                verdict => assert_eq!(verdict, Err(DecryptError::Failed.into()), "byte {at}"),
            }
        }
    }
}

#[test]
fn enc_tamper_text_of_the_attackers_choice() {
    // With CBC the first block is the attacker's to choose, by way of the vector.
    let assertion = honest().assertion();
    let (key, data) = cipher_texts(&CBC, assertion.as_bytes());
    let choose = |text: &[u8; 16]| {
        let mut data = data.clone();
        for (at, byte) in text.iter().enumerate() {
            data[at] ^= byte ^ assertion.as_bytes()[at];
        }
        honest().carrying(&assemble(&CBC, &key, &data))
    };
    assert!(assertion.starts_with("<Assertion ID=\"_"));
    choose(b"<Assertion ID=\"_").opens_as(&honest());
    choose(b"<Assertion\nID=\"_").opens_as(&honest());
    for text in
        [b"<Assertion ID=\"x", b"<Assertion Id=\"_", b"<Evidence_ ID=\"_", b"AAAAAAAAAAAAAAAA"]
    {
        choose(text).fails();
    }
}

#[test]
fn enc_empty() {
    for style in [CBC, GCM] {
        let (key, data) = cipher_texts(&style, honest().assertion().as_bytes());
        let with = |key: &[u8], data: &[u8]| honest().carrying(&assemble(&style, key, data));
        with(&key, &data).opens_as(&honest());
        with(&key, &[]).fails();
        with(&[], &data).fails();
        with(&[], &[]).fails();
        for length in 0..40 {
            with(&key, &data[..length]).fails();
        }
        let (key, data) = cipher_texts(&style, b"");
        with(&key, &data).fails();
    }
    // No value at all is a fault of grammar that anybody can see.
    let message = Draft::adfs().encrypted(&CBC);
    let gone = message.clone().edit(&element(&message.0, "CipherValue", 0), "");
    let missing = crate::refusal::missing("CipherData", "CipherValue");
    gone.stays_shut(DecryptError::from(missing));
}
