//! What each personality of the test identity provider signs and encrypts is good to all: strangers
//! whose code is none of ours read the same out of it.

use actix_saml::crypto::{KeyShape, SignatureAlgorithm};
use actix_saml::idp::{
    IssuedSession, LogoutBinding, OutgoingLogout, Personality, SignedParts, SigningKey, Validity,
};
use actix_saml::saml::EntityId;
use actix_saml::saml::metadata::SpMetadata;
use actix_saml_oracle::Trouble;
use actix_saml_oracle::scene::{ACS, REQUEST, SP, Scene};
use actix_saml_oracle::xmlsec1::{self, Place};
use chrono::{SubsecRound as _, Utc};
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;

const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::RsaSha256;
const SLO: &str = "https://rota.example.org/saml/slo";
const PARTS: [SignedParts; 3] =
    [SignedParts::AssertionOnly, SignedParts::MessageOnly, SignedParts::MessageAndAssertion];

fn places(signed: SignedParts, in_assertion: Place) -> &'static [Place] {
    match (signed, in_assertion) {
        (SignedParts::MessageOnly, _) => &[Place::InRoot],
        (SignedParts::AssertionOnly, Place::InDecrypted) => &[Place::InDecrypted],
        (SignedParts::AssertionOnly, _) => &[Place::InAssertion],
        (SignedParts::MessageAndAssertion, _) => &[Place::InRoot, Place::InAssertion],
    }
}

/// The document with one letter of the person's name changed.
fn changed(xml: &str) -> Result<String, Trouble> {
    let name = if xml.contains("</saml:NameID>") { "</saml:NameID>" } else { "</NameID>" };
    let changed = xml.replacen(name, &format!("x{name}"), 1);
    if changed == xml { Err("nothing was changed".into()) } else { Ok(changed) }
}

#[test]
fn signed_responses() -> Result<(), Trouble> {
    for personality in Personality::ALL {
        let scene = Scene::of(personality, KeyShape::Rsa2048)?;
        let certificate = scene.certificate_pem()?;
        for signed in PARTS {
            let what = format!("{personality:?} {signed:?}");
            let draft = scene.draft(signed, ALGORITHM)?;
            let xml = draft.sign(scene.idp.keys.current())?;
            let changed = changed(&xml)?;
            let assertion = scene.ours(&xml).map_err(|e| format!("{what}: {e}"))?;
            assert_eq!(assertion.id(), draft.ids.assertion, "{what}");
            for &place in places(signed, Place::InAssertion) {
                assert!(xmlsec1::verify(&xml, &certificate, place)?, "{what} {place:?}");
                assert!(!xmlsec1::verify(&changed, &certificate, place)?, "{what} {place:?}");
            }
            assert!(scene.stranger.verifies(&xml).is_ok(), "{what}");
            assert!(scene.stranger.verifies(&changed).is_err(), "{what}");
            let theirs = scene.stranger.accepts(&xml, REQUEST);
            assert_eq!(theirs, Ok(draft.ids.assertion.clone()), "{what}");
            assert_eq!(scene.ours(&changed).unwrap_err().code(), "digest_mismatch", "{what}");
        }
    }
    Ok(())
}

/// The outer signature is good for what came, the inner one for what xmlsec1 has decrypted.
#[test]
fn encrypted_responses() -> Result<(), Trouble> {
    let recipient = SigningKey::generate_for_encryption("rota.example.org", Validity::of_tests())?;
    let key = recipient.private_key().to_pem()?;
    let stranger = SigningKey::generate_for_encryption("else.example.org", Validity::of_tests())?;
    let stranger = stranger.private_key().to_pem()?;
    for personality in Personality::ALL {
        let scene = Scene::of(personality, KeyShape::Rsa2048)?;
        let certificate = scene.certificate_pem()?;
        for signed in PARTS {
            let what = format!("{personality:?} {signed:?}");
            let draft = scene.draft(signed, ALGORITHM)?;
            let current = scene.idp.keys.current();
            let sealed = draft.sign_for(current, Some(recipient.certificate()))?;
            assert!(!sealed.contains("NameID"), "{what}: what is encrypted cannot be read");
            if signed != SignedParts::AssertionOnly {
                assert!(xmlsec1::verify(&sealed, &certificate, Place::InRoot)?, "{what}");
                let other = sealed.replacen("EncryptedData ", "EncryptedData Id=\"x\" ", 1);
                assert!(!xmlsec1::verify(&other, &certificate, Place::InRoot)?, "{what}");
            }
            let opened = xmlsec1::decrypt(&sealed, &key).map_err(|e| format!("{what}: {e}"))?;
            assert!(opened.contains(&draft.ids.assertion), "{what}");
            assert!(opened.contains("NameID"), "{what}");
            if signed != SignedParts::MessageOnly {
                let place = Place::InDecrypted;
                assert!(xmlsec1::verify(&opened, &certificate, place)?, "{what}");
                let changed = changed(&opened)?;
                assert!(!xmlsec1::verify(&changed, &certificate, place)?, "{what}");
            }
            assert!(xmlsec1::decrypt(&sealed, &stranger).is_err(), "{what}");
        }
    }
    Ok(())
}

#[test]
fn federation_metadata() -> Result<(), Trouble> {
    for personality in Personality::ALL {
        let scene = Scene::of(personality, KeyShape::Rsa2048)?;
        let (xml, certificate) = (scene.idp.metadata()?, scene.certificate_pem()?);
        assert!(xmlsec1::verify(&xml, &certificate, Place::InRoot)?, "{personality:?}");
        let changed = xml.replacen("entityID=\"http", "entityID=\"HTTP", 1);
        assert_ne!(changed, xml);
        assert!(!xmlsec1::verify(&changed, &certificate, Place::InRoot)?, "{personality:?}");
    }
    Ok(())
}

/// The signature of a query over the octets as they are, by OpenSSL alone.
fn query_is_good(url: &str, certificate_pem: &str) -> Result<bool, Trouble> {
    let (_, query) = url.split_once('?').ok_or("no query")?;
    let (signed, signature) = query.split_once("&Signature=").ok_or("no signature")?;
    let signature = url::form_urlencoded::parse(format!("s={signature}").as_bytes())
        .next()
        .map(|(_, value)| openssl::base64::decode_block(&value))
        .ok_or("no signature")??;
    let key = X509::from_pem(certificate_pem.as_bytes())?.public_key()?;
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key)?;
    verifier.update(signed.as_bytes())?;
    Ok(verifier.verify(&signature)?)
}

#[test]
fn log_out_requests() -> Result<(), Trouble> {
    for personality in Personality::ALL {
        let scene = Scene::of(personality, KeyShape::Rsa2048)?;
        let certificate = scene.certificate_pem()?;
        let mut idp = scene.idp.clone();
        let metadata = SpMetadata {
            entity_id: &EntityId::new(SP)?,
            acs_url: ACS,
            logout_url: Some(SLO),
            valid_until: None,
            cache_duration: None,
            is_signable: false,
            signing: std::slice::from_ref(idp.keys.current().certificate()),
            encryption: &[],
            signs_requests: true,
            organisation: None,
            contact: None,
        };
        let metadata = metadata.to_xml()?;
        idp.register(metadata.as_bytes())?;
        let response = scene.response(SignedParts::AssertionOnly, ALGORITHM)?;
        let session = IssuedSession::of_response(&response).ok_or("no session")?;
        let now = Utc::now().trunc_subsecs(3);
        let ask = |binding| idp.request_logout(&session, Some("a+b/c=d"), binding, now);

        let OutgoingLogout::Post { form, .. } = ask(LogoutBinding::Post)? else {
            return Err("another binding".into());
        };
        assert!(xmlsec1::verify(&form.xml, &certificate, Place::InRoot)?, "{personality:?}");
        let changed = changed(&form.xml)?;
        assert!(!xmlsec1::verify(&changed, &certificate, Place::InRoot)?, "{personality:?}");

        let OutgoingLogout::Redirect { url, .. } = ask(LogoutBinding::Redirect)? else {
            return Err("another binding".into());
        };
        assert!(query_is_good(&url, &certificate)?, "{url}");
        let changed = url.replacen("RelayState=a", "RelayState=b", 1);
        assert_ne!(changed, url);
        assert!(!query_is_good(&changed, &certificate)?, "{url}");
    }
    Ok(())
}
