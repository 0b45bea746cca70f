//! Signatures with SHA-1: refused, unless an operator has named a day until which they count for
//! one provider. MD5, HMAC, DSA and ECDSA with SHA-1 are refused whatever has been named.

use actix_saml::crypto::{Digest, DigestAlgorithm, PublicKey, SignatureAlgorithm};
use actix_saml::dsig::{AlgorithmRole, DsigError};
use actix_saml::saml::{Assertion, Keys, Rejection, validate};
use actix_saml::xml::{C14n, Document, Limits, canonicalise, encode_base64};
use actix_saml::xmlenc::DecryptError;
use chrono::{DateTime, TimeDelta, Utc};

use crate::fixture::{ASSERTION_ID, Draft, Message, RESPONSE_ID, edit, expectations, honest, now};
use crate::keys_of_tests::{IDP_KEY, P256, Pair, SP_KEY};
use crate::recipient::CBC;
use crate::refusal::{bad_response_signature, bad_signature};
use crate::surgery::re_sign;

const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";

/// An hour after the message comes.
fn end() -> DateTime<Utc> {
    now() + TimeDelta::hours(1)
}

fn accepting(pair: &Pair, until: DateTime<Utc>) -> Keys {
    let mut keys = pair.alone().with_decryption(vec![SP_KEY.decryption()]);
    keys.dangerous().accept_sha1_signatures_until(until);
    keys
}

/// What is said where the exception holds.
fn excepted(message: &Message) -> Result<Assertion, Rejection> {
    message.verdict_trusting(&accepting(&IDP_KEY, end()))
}

fn not_allowed(role: AlgorithmRole, uri: &str) -> Rejection {
    bad_signature(DsigError::Algorithm { role, uri: uri.to_owned() })
}

fn old() -> Draft {
    Draft::adfs().algorithm(SignatureAlgorithm::RsaSha1)
}

/// The assertion's signature over another digest, and otherwise right.
fn with_digest(message: &Message, algorithm: DigestAlgorithm, pair: &Pair) -> Message {
    let document = Document::parse(message.0.as_bytes(), &Limits::MESSAGE).unwrap();
    let named = |name: &str| document.elements().find(|n| n.local_name() == name).unwrap();
    let mut bytes = Vec::new();
    let signature = named("Signature");
    canonicalise(named("Assertion"), C14n::Exclusive, &[], Some(signature), &mut bytes);
    let digest = encode_base64(Digest::of(algorithm, &bytes).as_bytes());
    let method = named("DigestMethod").attribute("Algorithm").unwrap();
    let info = &message.0[named("SignedInfo").span()];
    let changed = edit(info, named("DigestValue").text().unwrap(), &digest);
    let named_so = |uri: &str| format!("DigestMethod Algorithm=\"{uri}\"");
    let changed = edit(&changed, &named_so(method), &named_so(algorithm.uri()));
    let method = named("SignatureMethod").attribute("Algorithm").unwrap();
    let signed_by = SignatureAlgorithm::ALL.into_iter().find(|a| a.uri() == method);
    let signed_by = signed_by.unwrap_or(SignatureAlgorithm::RsaSha1);
    Message(re_sign(&edit(&message.0, info, &changed), &pair.key, signed_by))
}

#[test]
fn control() {
    let message = old().signed();
    assert_eq!(message.0.matches(RSA_SHA1).count(), 1);
    assert_eq!(message.0.matches(SHA1).count(), 1);
    let assertion = excepted(&message).unwrap();
    assert!(assertion.uses_sha1());
    assert_eq!(assertion.attributes(), honest().accepted().attributes());
    // Where it is not used it is not told.
    assert_eq!(excepted(&honest()), Ok(honest().accepted()));
    assert!(!honest().accepted().uses_sha1());
    assert_eq!(with_digest(&honest(), DigestAlgorithm::Sha256, &IDP_KEY), honest());
}

#[test]
fn sha1_1_until_the_day_and_not_on_it() {
    let message = old().signed();
    let refused = || Err(not_allowed(AlgorithmRole::Signature, RSA_SHA1));
    let instant = TimeDelta::milliseconds(1);
    let verdict = |until| message.verdict_trusting(&accepting(&IDP_KEY, until)).map(|_| ());
    assert_eq!(verdict(now() + instant), Ok(()));
    assert_eq!(verdict(now()), refused());
    assert_eq!(verdict(now() - instant), refused());
    assert_eq!(verdict(DateTime::<Utc>::MIN_UTC), refused());
    assert_eq!(message.verdict().map(|_| ()), refused());
    // No tolerance for clocks: it is our own day.
    let keys = accepting(&IDP_KEY, now() + TimeDelta::seconds(1));
    let at = |time| validate(message.0.as_bytes(), &expectations(), &keys, time).map(|_| ());
    assert_eq!(at(now()), Ok(()));
    assert_eq!(at(now() + TimeDelta::seconds(1)), refused());
}

#[test]
fn sha1_1_an_exception_for_one_provider_is_none_for_another() {
    let keys = IDP_KEY.alone();
    let other = accepting(&IDP_KEY, end());
    let refused = Err(not_allowed(AlgorithmRole::Signature, RSA_SHA1));
    assert_eq!(old().signed().verdict_trusting(&keys), refused);
    assert_eq!(keys.sha1_until(), None);
    assert_eq!(other.sha1_until(), Some(end()));
}

/// As good as the weaker half, and that is accepted.
#[test]
fn sha1_2_mixtures_with_sha2() {
    for (method, digest) in [
        (SignatureAlgorithm::RsaSha256, DigestAlgorithm::Sha1),
        (SignatureAlgorithm::RsaSha384, DigestAlgorithm::Sha1),
        (SignatureAlgorithm::RsaSha512, DigestAlgorithm::Sha1),
        (SignatureAlgorithm::RsaSha1, DigestAlgorithm::Sha256),
        (SignatureAlgorithm::RsaSha1, DigestAlgorithm::Sha512),
    ] {
        let signed = Draft::adfs().algorithm(method).signed();
        let message = with_digest(&signed, digest, &IDP_KEY);
        let assertion = excepted(&message).unwrap();
        assert!(assertion.uses_sha1(), "{method:?} {digest:?}");
        let refused = match digest {
            DigestAlgorithm::Sha1 => not_allowed(AlgorithmRole::Digest, SHA1),
            _ => not_allowed(AlgorithmRole::Signature, RSA_SHA1),
        };
        message.refused(refused);
    }
    // Not where both halves are new: there it is no habit but a mistake.
    let refused = || Err(not_allowed(AlgorithmRole::Digest, SHA1));
    let pss = Draft::adfs().algorithm(SignatureAlgorithm::RsaPssSha256).signed();
    assert_eq!(excepted(&with_digest(&pss, DigestAlgorithm::Sha1, &IDP_KEY)), refused());
    let ecdsa = with_digest(&Draft::adfs().key(&P256).signed(), DigestAlgorithm::Sha1, &P256);
    assert_eq!(ecdsa.verdict_trusting(&accepting(&P256, end())), refused());
}

#[test]
fn alg_1_nothing_else_is_let_in() {
    for uri in [
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#RSA-SHA1",
        "https://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "",
    ] {
        let message = old().signed().edit(RSA_SHA1, uri).re_signed();
        assert_eq!(excepted(&message), Err(not_allowed(AlgorithmRole::Signature, uri)));
    }
    for uri in
        ["http://www.w3.org/2001/04/xmldsig-more#md5", "http://www.w3.org/2000/09/xmldsig#SHA1", ""]
    {
        let message = old().signed().edit(SHA1, uri);
        assert_eq!(excepted(&message), Err(not_allowed(AlgorithmRole::Digest, uri)));
    }
    // The label must fit the key.
    let mislabelled = Draft::adfs().key(&P256).signed();
    let method = SignatureAlgorithm::EcdsaSha256.uri();
    let mislabelled = mislabelled.edit(method, RSA_SHA1);
    let verdict = mislabelled.verdict_trusting(&accepting(&P256, end()));
    assert_eq!(verdict, Err(bad_signature(DsigError::AlgorithmKeyMismatch)));
}

#[test]
fn tamper_1_with_sha1_too() {
    let message = old().signed();
    let changed = message.clone().edit("ward 7", "ward 8");
    assert_eq!(excepted(&changed), Err(bad_signature(DsigError::DigestMismatch)));
    let changed = message.clone().edit("<ds:SignedInfo>", "<ds:SignedInfo> ");
    let mismatch = || Err(bad_signature(DsigError::SignatureMismatch { keys: 1 }));
    assert_eq!(excepted(&changed), mismatch());
    // A good signature of another algorithm is not one of this.
    let relabelled = honest().edit(SignatureAlgorithm::RsaSha256.uri(), RSA_SHA1);
    assert_eq!(excepted(&relabelled), mismatch());
}

#[test]
fn sha1_1_whichever_part_it_is_on() {
    let both = |inner, outer| {
        let own = Draft::adfs().algorithm(inner).sign(ASSERTION_ID);
        own.algorithm(outer).sign(RESPONSE_ID).send()
    };
    use SignatureAlgorithm::{RsaSha1, RsaSha256};
    let refused = |role, uri: &str| DsigError::Algorithm { role, uri: uri.to_owned() };
    for (inner, outer) in [(RsaSha1, RsaSha256), (RsaSha256, RsaSha1), (RsaSha1, RsaSha1)] {
        let message = both(inner, outer);
        assert!(excepted(&message).unwrap().uses_sha1());
        let error = refused(AlgorithmRole::Signature, RSA_SHA1);
        message.refused(match outer {
            RsaSha1 => bad_response_signature(error),
            _ => bad_signature(error),
        });
    }
    assert!(!excepted(&both(RsaSha256, RsaSha256)).unwrap().uses_sha1());
    assert!(excepted(&old().response_signed()).unwrap().uses_sha1());
    // Around and inside an encrypted assertion.
    let around = old().encrypt(&CBC).sign(RESPONSE_ID).send();
    assert!(excepted(&around).unwrap().uses_sha1());
    let inside = old().encrypted(&CBC);
    assert!(excepted(&inside).unwrap().uses_sha1());
    inside.fails();
    let verdict = inside.verdict_trusting(&accepting(&IDP_KEY, now()));
    assert_eq!(verdict, Err(DecryptError::Failed.into()));
}

/// No list that anything chooses from has it.
#[test]
fn sha1_1_no_name_leads_to_it() {
    assert!(!SignatureAlgorithm::ALL.contains(&SignatureAlgorithm::RsaSha1));
    assert_eq!(SignatureAlgorithm::from_uri(RSA_SHA1), None);
    assert_eq!(DigestAlgorithm::from_uri(SHA1), None);
    for pair in [&*IDP_KEY, &*P256] {
        assert_ne!(pair.key.default_algorithm(), SignatureAlgorithm::RsaSha1);
    }
    let public: PublicKey = P256.public();
    assert!(!public.kind().fits(SignatureAlgorithm::RsaSha1));
}
