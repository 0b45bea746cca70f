//! Signatures that are missing, empty, weak, or not what their label says.

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::dsig::{AlgorithmRole, DsigError};
use actix_saml::saml::{Keys, NoKeys, Rejection, RequireSigned, Role};
use actix_saml::xml::{decode_base64, encode_base64};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::fixture::{
    ADMIN, ASSERTION_ID, Draft, Message, NURSE, RESPONSE_ID, expectations, honest,
};
use crate::keys_of_tests::{IDP_KEY, P256, P384, P521, Pair};
use crate::refusal::{bad_response_signature, bad_signature, missing, unexpected};
use crate::surgery::{element, without};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const MISMATCH: DsigError = DsigError::SignatureMismatch { keys: 1 };

fn not_allowed(role: AlgorithmRole, uri: &str) -> Rejection {
    bad_signature(DsigError::Algorithm { role, uri: uri.to_owned() })
}

/// The honest message with another `SignatureValue`.
fn with_value(message: &Message, value: &[u8]) -> Message {
    let old = message.element("SignatureValue");
    let new = format!("<ds:SignatureValue>{}</ds:SignatureValue>", encode_base64(value));
    message.clone().edit(&old, &new)
}

fn value_of(message: &Message) -> Vec<u8> {
    let text = message.element("SignatureValue");
    let text = text.trim_start_matches("<ds:SignatureValue>");
    decode_base64(text.trim_end_matches("</ds:SignatureValue>").as_bytes()).unwrap()
}

#[test]
fn re_signing_control() {
    assert_eq!(honest().re_signed(), honest());
    let spaced = honest().edit("<ds:SignedInfo>", "<ds:SignedInfo>\n");
    spaced.refused(bad_signature(MISMATCH));
    spaced.re_signed().accepted();
}

#[test]
fn sigex_1() {
    Draft::adfs().send().refused(Rejection::Unsigned);
    Message(without(&honest().0, "Signature")).refused(Rejection::Unsigned);
    let mut expect = expectations();
    for (required, draft, missing) in [
        (RequireSigned::Assertion, Draft::adfs().sign(RESPONSE_ID), Role::Assertion),
        (RequireSigned::Response, Draft::adfs().sign(ASSERTION_ID), Role::Response),
        (RequireSigned::Both, Draft::adfs().sign(ASSERTION_ID), Role::Response),
        (RequireSigned::Both, Draft::adfs().sign(RESPONSE_ID), Role::Assertion),
    ] {
        expect.require_signed = required;
        let message = draft.send();
        message.accepted();
        let verdict = message.verdict_expecting(&expect);
        assert_eq!(verdict, Err(Rejection::SignatureMissing { role: missing }));
        assert_eq!(Draft::adfs().send().verdict_expecting(&expect), Err(Rejection::Unsigned));
        Draft::adfs().both_signed().verdict_expecting(&expect).unwrap();
    }
    assert_eq!(Keys::new(Vec::new()).unwrap_err(), NoKeys, "no keys cannot be written down");
}

#[test]
fn sigex_2() {
    let signature = honest().element("Signature");
    for (empty, lacking) in [
        ("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" />", "SignedInfo"),
        (
            "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo /></Signature>",
            "SignatureValue",
        ),
    ] {
        let message = honest().edit(&signature, empty);
        message.refused(bad_signature(missing("Signature", lacking)));
    }
    for value in [&[][..], &[0], &[0; 256], &[0xFF; 256]] {
        with_value(&honest(), value).refused(bad_signature(MISMATCH));
    }
    for junk in ["!", "AA", "AB=="] {
        let old = honest().element("SignatureValue");
        let message =
            honest().edit(&old, &format!("<ds:SignatureValue>{junk}</ds:SignatureValue>"));
        message.refused(bad_signature(DsigError::Base64("SignatureValue")));
    }
    with_value(&honest(), &value_of(&honest())).accepted();
}

#[test]
fn sigex_3() {
    // A valid signature over a SignedInfo that refers to nothing.
    let reference = honest().element("Reference");
    let nothing = honest().edit(&reference, "").re_signed();
    nothing.refused(bad_signature(missing("SignedInfo", "Reference")));
    let empty = honest().edit(&reference, "<ds:Reference />").re_signed();
    empty.refused(bad_signature(crate::refusal::reference(ASSERTION_ID, "")));
}

#[test]
fn cve_33487() {
    // The loop checks one reference and takes another.
    let reference = honest().element("Reference");
    let other = reference.replace(ASSERTION_ID, RESPONSE_ID);
    for two in [
        format!("{reference}{other}"),
        format!("{other}{reference}"),
        format!("{reference}{reference}"),
    ] {
        let message = honest().edit(&reference, &two).re_signed();
        message.refused(bad_signature(unexpected("SignedInfo", "Reference")));
    }
}

#[test]
fn dsigprof_1() {
    let text = |parent: &str| DsigError::from(crate::refusal::text_in(parent));
    for (from, to, error) in [
        (
            "<ds:SignedInfo>",
            "<ds:SignedInfo><x xmlns=\"urn:x\" />",
            unexpected("SignedInfo", "x").into(),
        ),
        ("<ds:SignedInfo>", "<ds:SignedInfo>text", text("SignedInfo")),
        (
            "<ds:DigestMethod ",
            "<x xmlns=\"urn:x\" /><ds:DigestMethod ",
            unexpected("Reference", "x").into(),
        ),
        ("</ds:Transforms>", "text</ds:Transforms>", text("Transforms")),
        ("<ds:SignatureValue>", "text<ds:SignatureValue>", text("Signature")),
    ] {
        honest().edit(from, to).re_signed().refused(bad_signature(error));
    }
    // Order counts too.
    let (method, value) = (honest().element("DigestMethod"), honest().element("DigestValue"));
    let swapped =
        honest().edit(&format!("{method}{value}"), &format!("{value}{method}")).re_signed();
    swapped.refused(bad_signature(unexpected("Reference", "DigestValue")));
}

#[test]
fn hmac_1() {
    // The secret that the attacker uses is the public key.
    let uri = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let labelled = honest().edit(RSA_SHA256, uri);
    let info = element(&labelled.0, "SignedInfo", 0);
    let secret = PKey::hmac(IDP_KEY.certificate.to_pem().unwrap().as_bytes()).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &secret).unwrap();
    let mac = signer.sign_oneshot_to_vec(info.as_bytes()).unwrap();
    with_value(&labelled, &mac).refused(not_allowed(AlgorithmRole::Signature, uri));
}

#[test]
fn hmac_2() {
    let uri = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
    let method = honest().element("SignatureMethod");
    let tiny = |uri: &str| {
        let with = format!(
            "<ds:SignatureMethod Algorithm=\"{uri}\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>"
        );
        honest().edit(&method, &with).re_signed()
    };
    tiny(uri).refused(not_allowed(AlgorithmRole::Signature, uri));
    tiny(RSA_SHA256).refused(bad_signature(unexpected("SignatureMethod", "HMACOutputLength")));
}

/// Signed with a curve, and only that key is trusted.
fn on_curve(pair: &'static Pair) -> (Message, Keys) {
    let message = Draft::adfs().key(pair).signed();
    let keys = pair.alone();
    message.verdict_trusting(&keys).unwrap();
    (message, keys)
}

#[test]
fn sigval_1() {
    for (pair, field) in [(&P256, 32), (&P384, 48), (&P521, 66)] {
        let (message, keys) = on_curve(pair);
        let honest = value_of(&message);
        let (r, s) = honest.split_at(field);
        let (zero, one, max) =
            (vec![0; field], [vec![0; field - 1], vec![1]].concat(), vec![0xFF; field]);
        for (r, s) in [
            (&zero[..], &zero[..]),
            (&zero, &one),
            (&one, &zero),
            (&one, &one),
            (&max, &max),
            (r, &zero),
            (&zero, s),
            (s, r),
            (r, &s[1..]),
            (r, &[s, &[0]].concat()),
            (&[], &[]),
        ] {
            let verdict = with_value(&message, &[r, s].concat()).verdict_trusting(&keys);
            assert_eq!(verdict, Err(bad_signature(MISMATCH)));
        }
        // The form that TLS uses is not the form of XML Signature.
        let number = |bytes| openssl::bn::BigNum::from_slice(bytes).unwrap();
        let der = openssl::ecdsa::EcdsaSig::from_private_components(number(r), number(s)).unwrap();
        let verdict = with_value(&message, &der.to_der().unwrap()).verdict_trusting(&keys);
        assert_eq!(verdict, Err(bad_signature(MISMATCH)));
    }
}

#[test]
fn sigval_2() {
    // The signature is right, and labelled as of another family.
    let ecdsa = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    let relabelled = honest().edit(RSA_SHA256, ecdsa).re_signed();
    relabelled.refused(bad_signature(DsigError::AlgorithmKeyMismatch));
    let (message, keys) = on_curve(&P256);
    let relabelled = message.edit(ecdsa, RSA_SHA256).verdict_trusting(&keys);
    assert_eq!(relabelled, Err(bad_signature(DsigError::AlgorithmKeyMismatch)));
    // Within the family the digest or the padding differs.
    for label in [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    ] {
        honest().edit(RSA_SHA256, label).re_signed().refused(bad_signature(MISMATCH));
    }
    for algorithm in [
        SignatureAlgorithm::RsaSha384,
        SignatureAlgorithm::RsaSha512,
        SignatureAlgorithm::RsaPssSha256,
    ] {
        Draft::adfs().algorithm(algorithm).signed().accepted();
    }
}

#[test]
fn sha1_1() {
    for uri in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
    ] {
        let message = honest().edit(RSA_SHA256, uri).re_signed();
        message.refused(not_allowed(AlgorithmRole::Signature, uri));
    }
}

#[test]
fn sha1_2() {
    let uri = "http://www.w3.org/2000/09/xmldsig#sha1";
    let message = honest().edit(SHA256, uri).re_signed();
    message.refused(not_allowed(AlgorithmRole::Digest, uri));
}

#[test]
fn alg_1() {
    for uri in [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
        "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        "https://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
        " http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "rsa-sha256",
        "none",
        "",
    ] {
        let message = honest().edit(RSA_SHA256, uri).re_signed();
        message.refused(not_allowed(AlgorithmRole::Signature, uri));
    }
    let none =
        honest().edit(&format!("SignatureMethod Algorithm=\"{RSA_SHA256}\""), "SignatureMethod");
    none.refused(bad_signature(crate::refusal::missing_attribute("SignatureMethod", "Algorithm")));
}

#[test]
fn alg_2() {
    for uri in [
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        "https://www.w3.org/2001/04/xmlenc#sha256",
        "identity",
        "",
    ] {
        let message = honest().edit(SHA256, uri).re_signed();
        message.refused(not_allowed(AlgorithmRole::Digest, uri));
    }
    let exclusive = "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"";
    for uri in [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2000/09/xmldsig#minimal",
        "https://www.w3.org/2001/10/xml-exc-c14n#",
        "",
    ] {
        let other = format!("CanonicalizationMethod Algorithm=\"{uri}\"");
        let message = honest().edit(exclusive, &other).re_signed();
        message.refused(not_allowed(AlgorithmRole::Canonicalisation, uri));
    }
    let enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
    let other = format!("CanonicalizationMethod Algorithm=\"{enveloped}\"");
    let message = honest().edit(exclusive, &other).re_signed();
    message.refused(bad_signature(DsigError::Transforms));
}

#[test]
fn tamper_1() {
    for (from, to) in [
        ("<NameID>test.nurse1", "<NameID>test.admin9"),
        ("ward 7", "admin"),
        ("ward 7", "ward 7 "),
        (
            "</AttributeStatement>",
            "<Attribute Name=\"admin\"><AttributeValue>yes</AttributeValue></Attribute></AttributeStatement>",
        ),
        ("<AttributeValue>nurse</AttributeValue>", ""),
        ("<Audience>https://rota", "<Audience>https://diary"),
        ("11:00:00.000Z", "23:00:00.000Z"),
        ("PasswordProtectedTransport", "X509"),
        ("<Conditions ", "<Conditions x=\"\" "),
        ("<Subject>", "<Subject> "),
        ("<Subject>", "<Subject><SubjectConfirmation Method=\"m\" />"),
    ] {
        honest().edit(from, to).refused(bad_signature(DsigError::DigestMismatch));
    }
    // Written another way, it says the same.
    honest().edit("<NameID>test.nurse1", "<NameID  >test.nurse&#49;").accepted();
}

#[test]
fn tamper_2() {
    let mut value = value_of(&honest());
    for at in [0, 100, 255] {
        value[at] ^= 1;
        with_value(&honest(), &value).refused(bad_signature(MISMATCH));
        value[at] ^= 1;
    }
    with_value(&honest(), &value[1..]).refused(bad_signature(MISMATCH));
    with_value(&honest(), &[&value[..], &[0]].concat()).refused(bad_signature(MISMATCH));
    with_value(&honest(), &[&[0], &value[..]].concat()).refused(bad_signature(MISMATCH));
    // A digest that fits what was changed is not the digest that was signed.
    let changed = honest().edit("<NameID>test.nurse1", "<NameID>test.admin9");
    let fitting = Message(crate::surgery::refer_to(&changed.0, ASSERTION_ID, &IDP_KEY.key));
    let value = value_of(&honest());
    with_value(&fitting, &value).refused(bad_signature(MISMATCH));
    assert_eq!(
        fitting.verdict().unwrap().name_id().unwrap().value,
        ADMIN,
        "control: the key would"
    );
}

#[test]
fn tamper_3() {
    // One of two signatures is broken: whichever it is, it counts.
    let both = Draft::adfs().both_signed();
    both.accepted();
    let outer = both
        .edit("Consent=\"urn:oasis:names:tc:SAML:2.0:consent:unspecified\"", "Consent=\"urn:x\"");
    outer.refused(bad_response_signature(DsigError::DigestMismatch));
    let mut inner = Draft::adfs().sign(ASSERTION_ID);
    inner.xml = inner.xml.replace(&format!("<NameID>{NURSE}"), &format!("<NameID>{ADMIN}"));
    inner.response_signed().refused(bad_signature(DsigError::DigestMismatch));
}
