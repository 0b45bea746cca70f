//! Attacks by somebody who has one good response and no key. The product must refuse all of them.
//! What the strangers say of the signature is pinned as well: it shows which attacks a good
//! signature alone does not stop.

use actix_saml::crypto::{KeyShape, SignatureAlgorithm};
use actix_saml::idp::SignedParts;
use actix_saml::xml::{Document, Limits};
use actix_saml_oracle::Trouble;
use actix_saml_oracle::scene::Scene;
use actix_saml_oracle::xmlsec1::{self, Place};

/// A good response, taken apart.
struct Parts {
    response: String,
    assertion: String,
    signature: String,
}

impl Parts {
    fn of(xml: &str) -> Result<Self, Trouble> {
        let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE)?;
        let text = |local: &str| {
            let node = document.elements().find(|n| n.local_name() == local);
            node.and_then(|n| xml.get(n.span())).map(str::to_owned).ok_or("an element is missing")
        };
        Ok(Self {
            response: xml.to_owned(),
            assertion: text("Assertion")?,
            signature: text("Signature")?,
        })
    }

    fn of_metadata(xml: &str) -> Result<Self, Trouble> {
        let document = Document::parse(xml.as_bytes(), &Limits::METADATA)?;
        let signature = document.elements().find(|n| n.local_name() == "Signature");
        let signature = signature.and_then(|n| xml.get(n.span())).ok_or("no signature")?.to_owned();
        Ok(Self { response: String::new(), assertion: String::new(), signature })
    }

    /// The assertion with another person in it and its ID, without a signature.
    fn forged(&self, id: &str) -> String {
        let forged = self.assertion.replace(&self.signature, "");
        let (_, rest) = forged.split_once("ID=\"").unwrap_or_default();
        let (old, _) = rest.split_once('"').unwrap_or_default();
        let forged = forged.replacen(old, id, 1);
        let start = forged.find("<NameID").unwrap_or(0);
        let start = forged[start..].find('>').map_or(0, |at| start + at + 1);
        let end = forged.find("</NameID>").unwrap_or(start);
        format!("{}attacker@nhs.net{}", &forged[..start], &forged[end..])
    }

    fn with_assertion(&self, other: &str) -> String {
        self.response.replace(&self.assertion, other)
    }
}

/// A name; what the product's rejection is called; whether xmlsec1 finds the signature good; what
/// the attacker makes of the response.
type Attack = (&'static str, &'static str, bool, fn(&Parts) -> String);

fn extensions(p: &Parts, inside: &str) -> String {
    p.response.replacen(
        "<samlp:Status>",
        &format!("<samlp:Extensions>{inside}</samlp:Extensions><samlp:Status>"),
        1,
    )
}

const ATTACKS: &[Attack] = &[
    ("tamper_name_id", "digest_mismatch", false, |p| {
        p.response.replacen("@nhs.net</NameID>", "@nhs.example</NameID>", 1)
    }),
    ("tamper_signature_value", "signature_mismatch", false, |p| {
        let value = "<ds:SignatureValue>";
        let at = p.response.find(value).map_or(0, |at| at + value.len());
        let other = if p.response[at..].starts_with('A') { "B" } else { "A" };
        format!("{}{other}{}", &p.response[..at], &p.response[at + 1..])
    }),
    ("sigex_1_no_signature", "unsigned", false, |p| p.response.replace(&p.signature, "")),
    ("sigex_2_other_digest_algorithm", "signature_algorithm", false, |p| {
        p.response.replace("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1")
    }),
    ("xsw_3_forged_before", "assertion_count", true, |p| {
        p.with_assertion(&format!("{}{}", p.forged("_forged"), p.assertion))
    }),
    ("xsw_3_forged_behind", "assertion_count", true, |p| {
        p.with_assertion(&format!("{}{}", p.assertion, p.forged("_forged")))
    }),
    ("xsw_7_original_in_extensions", "misplaced_element", false, |p| {
        extensions(p, &p.assertion).replacen(
            &format!("</samlp:Status>{}", p.assertion),
            &format!("</samlp:Status>{}", p.forged("_forged")),
            1,
        )
    }),
    ("xsw_8_original_in_object", "misplaced_element", false, |p| {
        let signature = p.signature.replace(
            "</ds:Signature>",
            &format!(
                "<ds:Object>{}</ds:Object></ds:Signature>",
                p.assertion.replace(&p.signature, "")
            ),
        );
        let forged = p.forged("_forged");
        p.with_assertion(&forged.replacen("</Issuer>", &format!("</Issuer>{signature}"), 1))
    }),
    ("xsw_15_one_id_twice", "xml_duplicate_id", false, |p| {
        let id = p.assertion.split('"').nth(1).unwrap_or_default().to_owned();
        p.with_assertion(&format!("{}{}", p.assertion, p.forged(&id)))
    }),
    ("comment_1_in_name_id", "markup_in_value", true, |p| {
        p.response.replacen("@nhs.net</NameID>", "<!-- -->@nhs.net</NameID>", 1)
    }),
    ("comment_1_in_audience", "markup_in_value", true, |p| {
        p.response.replacen("</Audience>", "<!-- --></Audience>", 1)
    }),
    ("pi_1", "xml_processing_instruction", false, |p| {
        p.response.replacen("@nhs.net</NameID>", "<?p q?>@nhs.net</NameID>", 1)
    }),
    ("dtd_1_entity", "xml_doctype", true, |p| {
        format!("<!DOCTYPE r [<!ENTITY e \"x\">]>{}", p.response)
    }),
    ("idtype_1_second_id", "xml_duplicate_id", false, |p| {
        let id = p.assertion.split('"').nth(1).unwrap_or_default();
        p.response.replacen("<samlp:Status>", &format!("<samlp:Status xml:id=\"{id}\">"), 1)
    }),
    ("nswf_2_unbound_prefix", "xml_namespace", true, |p| {
        p.response.replacen("<samlp:Status>", "<samlp:Status q:a=\"\">", 1)
    }),
    ("status_1_failure", "status", true, |p| {
        p.response.replacen("status:Success", "status:Responder", 1)
    }),
    ("dest_1_elsewhere", "destination", true, |p| {
        p.response.replacen("Destination=\"https://rota", "Destination=\"https://evil", 1)
    }),
    ("irt_1_other_request", "in_response_to", true, |p| {
        p.response.replacen("InResponseTo=\"_4", "InResponseTo=\"_5", 1)
    }),
    ("struct_1_assertion_alone", "not_a_response", true, |p| p.assertion.clone()),
];

#[test]
fn all_are_refused() -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048)?;
    let certificate = scene.certificate_pem()?;
    let good = scene.response(SignedParts::AssertionOnly, SignatureAlgorithm::RsaSha256)?;
    assert!(scene.ours(&good).is_ok() && xmlsec1::verify(&good, &certificate, Place::InAssertion)?);
    let parts = Parts::of(&good)?;
    let mut wrong = Vec::new();
    for (name, code, signature_is_good, attack) in ATTACKS {
        let xml = attack(&parts);
        assert_ne!(xml, good, "{name}");
        let ours = scene.ours(&xml).map(|a| a.id().to_owned()).map_err(|e| e.code());
        let place =
            if *name == "struct_1_assertion_alone" { Place::InRoot } else { Place::InAssertion };
        let xmlsec = xmlsec1::verify(&xml, &certificate, place)?;
        let samael = scene.stranger.accepts(&xml, actix_saml_oracle::scene::REQUEST);
        println!("{name:32} ours {ours:?}, xmlsec1 {xmlsec}, samael {samael:?}");
        if ours != Err(code) || xmlsec != *signature_is_good {
            wrong.push(format!("{name}: {ours:?}, xmlsec1 {xmlsec}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[test]
fn keytrust_1_key_in_the_message() -> Result<(), Trouble> {
    let (scene, other) = (Scene::new(KeyShape::Rsa2048)?, Scene::new(KeyShape::Rsa2048)?);
    let theirs = other.response(SignedParts::MessageAndAssertion, SignatureAlgorithm::RsaSha256)?;
    assert_eq!(scene.ours(&theirs).unwrap_err().code(), "signature_mismatch");
    assert!(!xmlsec1::verify(&theirs, &scene.certificate_pem()?, Place::InRoot)?);
    assert!(scene.stranger.verifies(&theirs).is_err());
    // The control: whoever trusts that key.
    assert!(other.ours(&theirs).is_ok());
    assert!(xmlsec1::verify(&theirs, &other.certificate_pem()?, Place::InRoot)?);
    Ok(())
}

#[test]
fn xsw_md_signature_of_the_metadata() -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048)?;
    let metadata = scene.idp.metadata()?;
    let good = scene.response(SignedParts::AssertionOnly, SignatureAlgorithm::RsaSha256)?;
    let (response, published) = (Parts::of(&good)?, Parts::of_metadata(&metadata)?);
    // Everybody can read the metadata, and the same key signs it.
    let forged = response.forged("_forged");
    let forged = forged.replacen("</Issuer>", &format!("</Issuer>{}", published.signature), 1);
    let xml = response.with_assertion(&forged);
    assert_eq!(scene.ours(&xml).unwrap_err().code(), "signature_reference");
    // With the metadata itself in the message the signature is good, of the wrong thing.
    let xml = extensions(&response, &metadata).replace(&response.assertion, &forged);
    assert_eq!(scene.ours(&xml).unwrap_err().code(), "misplaced_element");
    assert!(scene.ours(&good).is_ok());
    Ok(())
}
