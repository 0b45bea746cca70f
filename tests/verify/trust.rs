//! Whose word counts: the metadata that was named, and nothing in the message.

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::idp::{Issuance, SignedParts};
use actix_saml::xml::encode_base64;

use crate::scene::{
    IDP, ISSUER, OTHER, OTHER_ISSUER, Scene, honest, issued, nurse, reply_to, respond,
};

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

fn both(scene: &Scene) -> [crate::scene::Call<'_>; 2] {
    scene.file("other.xml", OTHER.metadata().unwrap());
    let first = scene.verify().and("--idp-metadata", "other.xml");
    let second = first.clone().without("--idp-metadata").and("--idp-metadata", "idp.xml");
    [first, second]
}

fn of_other(signed: SignedParts) -> String {
    respond(&OTHER, signed, &reply_to(), &nurse())
}

#[test]
fn the_issuer_chooses_among_several() {
    let scene = Scene::new();
    for call in both(&scene) {
        assert_eq!(call.clone().on(honest()).accepted()["issuer"], ISSUER);
        for signed in [SignedParts::AssertionOnly, SignedParts::MessageAndAssertion] {
            let outcome = call.clone().on(of_other(signed));
            assert_eq!(outcome.accepted()["issuer"], OTHER_ISSUER);
        }
        let base64 = encode_base64(of_other(SignedParts::MessageOnly).as_bytes());
        assert_eq!(call.on(base64).accepted()["issuer"], OTHER_ISSUER);
    }
}

#[test]
fn an_unknown_issuer() {
    let scene = Scene::new();
    let stranger = honest().replace(ISSUER, "urn:stranger");
    for call in both(&scene) {
        let detail = call.clone().on(&stranger).rejected("unknown_issuer", "assertion-issuer");
        assert!(detail.contains("\"urn:stranger\""), "{detail}");
        let nobody = "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>";
        call.on(nobody).rejected("unknown_issuer", "assertion-issuer");
    }
    // With one alone there is nothing to choose: the rules say which issuer is wrong.
    scene.verify().on(stranger).rejected("issuer", "response-issuer");
    let half = honest().replacen(ISSUER, "urn:stranger", 1);
    scene.verify().on(half).rejected("issuer", "response-issuer");
}

#[test]
fn one_provider_cannot_speak_for_another() {
    let scene = Scene::new();
    let mut posing = OTHER.clone();
    posing.entity_id = IDP.entity_id.clone();
    for signed in
        [SignedParts::AssertionOnly, SignedParts::MessageOnly, SignedParts::MessageAndAssertion]
    {
        let xml = respond(&posing, signed, &reply_to(), &nurse());
        scene.verify().on(&xml).rejected("signature_mismatch", "signature");
        for call in both(&scene) {
            call.on(&xml).rejected("signature_mismatch", "signature");
        }
        scene.verify().on(of_other(signed)).rejected("issuer", "response-issuer");
    }
}

#[test]
fn one_provider_twice() {
    let scene = Scene::new();
    scene.file("again.xml", IDP.metadata().unwrap());
    let call = scene.verify().and("--idp-metadata", "again.xml");
    call.on(honest()).unusable("again.xml: the identity provider");
}

#[test]
fn unusable_metadata() {
    let scene = Scene::new();
    let metadata = IDP.metadata().unwrap();
    let signing = metadata.replace("use=\"signing\"", "use=\"encryption\"");
    let no_role = metadata.replace("IDPSSODescriptor", "PDPDescriptor");
    let expired = metadata.replacen(
        "<EntityDescriptor ",
        "<EntityDescriptor validUntil=\"2026-11-22T16:50:00Z\" ",
        1,
    );
    for (content, complaint) in [
        ("", "it is not readable XML"),
        ("<html>", "it is not readable XML"),
        ("<!DOCTYPE html><html/>", "it is not readable XML: a document type declaration"),
        ("<html/>", "the root element is <html>"),
        (&format!("<EntityDescriptor xmlns=\"{MD}\"/>"), "entityID: "),
        (&format!("<EntityDescriptor entityID=\"urn:x\" xmlns=\"{MD}\"/>"), "0 IDPSSODescriptors"),
        (&signing, "the IDPSSODescriptor has no signing key"),
        (&no_role, "0 IDPSSODescriptors"),
        (&expired, "it was valid until \"2026-11-22T16:50:00Z\""),
    ] {
        assert_ne!(content, metadata);
        scene.file("bad.xml", content);
        let complaint = format!("actix-saml: bad.xml: {complaint}");
        scene.verify().with("--idp-metadata", "bad.xml").on(honest()).unusable(&complaint);
        // A good one beside it is no excuse.
        scene.verify().and("--idp-metadata", "bad.xml").on(honest()).unusable(&complaint);
    }
    scene.verify().with("--idp-metadata", "nowhere.xml").on(honest()).unusable("nowhere.xml: ");
}

#[test]
fn now_is_the_time_for_metadata_too() {
    let scene = Scene::new();
    let valid = "<EntityDescriptor validUntil=\"2026-11-22T16:52:00Z\" ";
    scene.file("idp.xml", IDP.metadata().unwrap().replacen("<EntityDescriptor ", valid, 1));
    scene.verify().on(honest()).accepted();
    let later = scene.verify().with("--now", "2026-11-22T16:52:00Z").on(honest());
    later.unusable("idp.xml: it was valid until");
}

#[test]
fn sha1_until_a_time_that_is_named() {
    let scene = Scene::new();
    let mut idp = IDP.clone();
    idp.issuance = Issuance { algorithm: SignatureAlgorithm::RsaSha1, ..Issuance::default() };
    let old = idp.respond(&reply_to(), &nurse(), issued()).unwrap();
    let option = "--dangerous-accept-sha1-until";
    let until = |end: &str| scene.verify().and(option, end);
    scene.verify().on(&old).rejected("signature_algorithm", "signature");
    // It is five seconds past then.
    until("2026-11-22T16:50:06.250Z").on(&old).rejected("signature_algorithm", "signature");
    until("2026-11-22T16:50:07Z").on(&old).accepted();
    until("2026-11-22T16:50:07Z").on(honest()).accepted();
    let text = until("2026-11-22T16:50:07Z").with("--format", "text");
    assert!(text.clone().on(&old).stdout.contains("  signed         assertion, with SHA-1\n"));
    assert!(text.on(honest()).stdout.contains("  signed         assertion\n"));
    for bad in ["", "2026-11-22", "soon"] {
        until(bad).on(&old).unusable(option);
    }
}
