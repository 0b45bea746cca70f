//! What honest identity providers send is good to all.

use actix_saml::crypto::{KeyShape, SignatureAlgorithm};
use actix_saml::dsig::{Place as SignaturePlace, SignatureStyle, sign_enveloped};
use actix_saml::idp::SignedParts;
use actix_saml::saml::binding::redirect_url;
use actix_saml::saml::{AuthnRequest, EntityId, parse_instant};
use actix_saml_oracle::Trouble;
use actix_saml_oracle::scene::{ACS, SP, Scene};
use actix_saml_oracle::xmlsec1::{self, Place};
use samael::crypto::{Crypto, CryptoProvider, UrlVerifier};

const PARTS: [(SignedParts, &[Place]); 3] = [
    (SignedParts::AssertionOnly, &[Place::InAssertion]),
    (SignedParts::MessageOnly, &[Place::InRoot]),
    (SignedParts::MessageAndAssertion, &[Place::InRoot, Place::InAssertion]),
];

#[test]
fn responses_of_the_test_identity_provider() -> Result<(), Trouble> {
    use SignatureAlgorithm::*;
    // xmlsec1 1.2 knows no RSASSA-PSS.
    for (shape, algorithms) in [
        (KeyShape::Rsa2048, &[RsaSha256, RsaSha384, RsaSha512][..]),
        (KeyShape::P256, &[EcdsaSha256][..]),
    ] {
        let scene = Scene::new(shape)?;
        let certificate = scene.certificate_pem()?;
        for &algorithm in algorithms {
            for (signed, places) in PARTS {
                let what = format!("{algorithm:?} {signed:?}");
                let draft = scene.draft(signed, algorithm)?;
                let xml = draft.sign(scene.idp.keys.current())?;
                let assertion = scene.ours(&xml).map_err(|e| format!("{what}: {e}"))?;
                assert_eq!(assertion.id(), draft.ids.assertion, "{what}");
                for &place in places {
                    assert!(xmlsec1::verify(&xml, &certificate, place)?, "{what} {place:?}");
                }
                assert!(scene.stranger.verifies(&xml).is_ok(), "{what}");
                let theirs = scene.stranger.accepts(&xml, actix_saml_oracle::scene::REQUEST);
                assert_eq!(theirs, Ok(draft.ids.assertion.clone()), "{what}");

                // The control: one letter of what is signed.
                let changed = xml.replacen("</NameID>", "x</NameID>", 1);
                assert_ne!(changed, xml);
                let ours = scene.ours(&changed).unwrap_err();
                assert_eq!(ours.code(), "digest_mismatch", "{what}");
                let place = places.last().copied().ok_or("no place")?;
                assert!(!xmlsec1::verify(&changed, &certificate, place)?, "{what}");
                assert!(scene.stranger.verifies(&changed).is_err(), "{what}");
            }
        }
    }
    Ok(())
}

#[test]
fn federation_metadata() -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048)?;
    let xml = scene.idp.metadata()?;
    assert!(xmlsec1::verify(&xml, &scene.certificate_pem()?, Place::InRoot)?);
    assert!(scene.stranger.verifies(&xml).is_ok());
    let changed = xml.replacen("entityID=\"http", "entityID=\"HTTP", 1);
    assert!(!xmlsec1::verify(&changed, &scene.certificate_pem()?, Place::InRoot)?);
    Ok(())
}

fn request() -> Result<AuthnRequest, Trouble> {
    Ok(AuthnRequest {
        id: "_4fee3b046395c4e751011e97f8900b52a1b2c3d4".to_owned(),
        issue_instant: parse_instant("2026-11-22T09:00:00.000Z").ok_or("no time")?,
        destination: "https://fs.nhsmail.test/adfs/ls/".to_owned(),
        issuer: EntityId::new(SP)?,
        acs_url: ACS.to_owned(),
        force_authn: true,
        is_passive: false,
        name_id_format: None,
        class_refs: vec!["urn:oasis:names:tc:SAML:2.0:ac:classes:Password".to_owned()],
    })
}

#[test]
fn our_requests_by_post() -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048)?;
    let key = scene.idp.keys.current();
    let request = request()?;
    let place = SignaturePlace::After {
        namespace: "urn:oasis:names:tc:SAML:2.0:assertion",
        local: "Issuer",
    };
    let xml = sign_enveloped(
        &request.to_xml()?,
        &request.id,
        place,
        key.private_key(),
        SignatureAlgorithm::RsaSha256,
        Some(key.certificate()),
        &SignatureStyle::default(),
    )?;
    let certificate = scene.certificate_pem()?;
    assert!(xmlsec1::verify(&xml, &certificate, Place::InRoot)?);
    let der = key.certificate().as_der().to_vec().into();
    Crypto::verify_signed_xml(&xml, &der, Some("ID"))?;
    let changed = xml.replacen("ForceAuthn=\"true\"", "ForceAuthn=\"false\"", 1);
    assert!(!xmlsec1::verify(&changed, &certificate, Place::InRoot)?);
    Ok(())
}

#[test]
fn our_requests_by_redirect() -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048)?;
    let key = scene.idp.keys.current();
    let verifier = UrlVerifier::from_x509_cert_pem(&scene.certificate_pem()?)?;
    for endpoint in ["https://fs.nhsmail.test/adfs/ls/", "https://fs.nhsmail.test/?own=1&x=%20"] {
        let url = redirect_url(
            &endpoint.parse()?,
            &request()?.to_xml()?,
            "relay+state/=",
            Some((key.private_key(), SignatureAlgorithm::RsaSha256)),
        )?;
        assert!(verifier.verify_signed_request_url(&url)?, "{url}");
        let changed = url.as_str().replacen("RelayState=relay", "RelayState=other", 1);
        assert!(!verifier.verify_signed_request_url(&changed.parse()?)?, "{changed}");
    }
    Ok(())
}
