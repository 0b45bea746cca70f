//! Log-out messages of our own, as the strangers see them, and those that xmlsec1 has signed, as we
//! see them.

use actix_saml::crypto::{
    Certificate, CertificateRequest, KeyShape, PrivateKey, SignatureAlgorithm,
};
use actix_saml::idp::{TestIdp, TestKeys, Validity};
use actix_saml::saml::binding::{Binding, MessageParameter};
use actix_saml::saml::logout::{LogoutOutcome, LogoutStatus, ReceivedLogout};
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::saml::{EntityId, NameId, format_instant, names};
use actix_saml::sp::{
    Builder, Idp, LogoutMessage, PendingLogout, Principal, RequestSigning, ServiceProvider,
};
use actix_saml_oracle::Trouble;
use actix_saml_oracle::xmlsec1::{self, Place, sign};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Verifier;
use openssl::x509::X509;

const SP: &str = "https://rota.example.org/saml/metadata";
const SLO: &str = "https://rota.example.org/saml/slo";
const ENTROPY: [u8; 20] = [7; 20];

struct Scene {
    sp: ServiceProvider,
    idp: TestIdp,
    /// Ours.
    certificate: Certificate,
    now: DateTime<Utc>,
}

impl Scene {
    fn new(shape: KeyShape, binding: Binding) -> Result<Self, Trouble> {
        let Validity { not_before, not_after } = Validity::of_tests();
        let host = "fs.nhsmail.test";
        let keys = TestKeys::generate(host, Validity::of_tests())?;
        let idp = TestIdp::adfs_at(&format!("https://{host}"), keys)?;
        let now = Utc::now().trunc_subsecs(3);
        let metadata = IdpMetadata::read(idp.metadata()?.as_bytes(), now)?;
        let key = PrivateKey::generate(shape)?;
        let (common_name, organisation, hosts) = ("rota.example.org", None, &[]);
        let request =
            CertificateRequest { common_name, organisation, hosts, not_before, not_after };
        let certificate = Certificate::self_signed(&key, &request)?;
        let mut builder = Builder::new(EntityId::new(SP)?, "https://rota.example.org".parse()?);
        builder.idps = vec![Idp { metadata, label: None }.into()];
        builder.dev = true;
        builder.signing = Some(RequestSigning { key, certificate: certificate.clone() });
        builder.logout.binding = binding;
        Ok(Self { sp: builder.build()?, idp, certificate, now })
    }

    /// A person whose name needs escapes of every kind.
    fn principal(&self) -> Principal {
        let name_id = NameId {
            value: "test.user1+a&b<\u{eb}>@nhs.net".to_owned(),
            format: Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned()),
            name_qualifier: Some("https://fs.nhsmail.test/\"quoted\"".to_owned()),
            sp_name_qualifier: None,
            sp_provided_id: None,
        };
        Principal {
            issuer: self.idp.entity_id.clone(),
            name_id: Some(name_id),
            session_index: Some("_a+b/c=d&e".to_owned()),
            assertion_id: "_1".to_owned(),
            authn_instant: self.now,
            authn_context: None,
            signed_in_at: self.now,
            expires_at: self.now + TimeDelta::hours(1),
            attributes: Vec::new(),
        }
    }

    /// Our request, and our answer to one of the identity provider's.
    fn messages(&self, binding: Binding) -> Result<[LogoutMessage; 2], Trouble> {
        let started = self.sp.start_logout(&self.principal(), self.now, &ENTROPY)?;
        let xml = self.signed_by_xmlsec(&self.request(), "LogoutRequest")?;
        let field = MessageParameter::Request;
        let received = ReceivedLogout::Post { field, xml: xml.as_bytes() };
        let wanted = self.sp.receive_logout(received, self.now)?;
        let answer = self.sp.answer_logout(
            &wanted.request,
            LogoutStatus::Failed,
            binding,
            Some("a+b/c=d e&f"),
            self.now,
            &ENTROPY,
        )?;
        Ok([started.message, answer.ok_or("there is no answer")?])
    }

    fn issuer(&self) -> String {
        format!("<Issuer xmlns=\"{}\">{}</Issuer>", names::ASSERTION, self.idp.entity_id)
    }

    /// The start of a message of the identity provider's.
    fn opened(&self, local: &str, more: &str) -> String {
        format!(
            "<samlp:{local} xmlns:samlp=\"{}\" ID=\"_theirs\" Version=\"2.0\" \
             IssueInstant=\"{}\" Destination=\"{SLO}\"{more}>{}",
            names::PROTOCOL,
            format_instant(self.now),
            self.issuer()
        )
    }

    /// A LogoutRequest of the identity provider's, not signed.
    fn request(&self) -> String {
        let opened = self.opened("LogoutRequest", "");
        let name = format!("<NameID xmlns=\"{}\">test.user1@nhs.net</NameID>", names::ASSERTION);
        format!("{opened}{name}</samlp:LogoutRequest>")
    }

    fn response(&self, request_id: &str) -> String {
        let opened = self.opened("LogoutResponse", &format!(" InResponseTo=\"{request_id}\""));
        let code = format!("<samlp:StatusCode Value=\"{}\"/>", names::SUCCESS);
        format!("{opened}<samlp:Status>{code}</samlp:Status></samlp:LogoutResponse>")
    }

    fn signed_by_xmlsec(&self, xml: &str, local: &str) -> Result<String, Trouble> {
        let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
        let signature = format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"{exclusive}\"/>\
             <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>\
             <ds:Reference URI=\"#_theirs\"><ds:Transforms>\
             <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
             <ds:Transform Algorithm=\"{exclusive}\"/></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
             <ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
        );
        let template = xml.replacen("</Issuer>", &format!("</Issuer>{signature}"), 1);
        assert!(template.contains(local) && template != xml);
        sign(&template, &self.idp.keys.current().private_key().to_pem()?)
    }
}

const SHAPES: [(KeyShape, SignatureAlgorithm); 2] = [
    (KeyShape::Rsa2048, SignatureAlgorithm::RsaSha256),
    (KeyShape::P256, SignatureAlgorithm::EcdsaSha256),
];

#[test]
fn xmlsec1_finds_our_posted_messages_good() -> Result<(), Trouble> {
    for (shape, _) in SHAPES {
        let scene = Scene::new(shape, Binding::HttpPost)?;
        let (ours, theirs) =
            (scene.certificate.to_pem()?, scene.idp.keys.current().certificate().to_pem()?);
        for message in scene.messages(Binding::HttpPost)? {
            let LogoutMessage::Post { message, .. } = message else { panic!("{message:?}") };
            let xml = openssl::base64::decode_block(&message)?;
            let xml = String::from_utf8(xml)?;
            assert!(xmlsec1::verify(&xml, &ours, Place::InRoot)?, "{xml}");
            assert!(!xmlsec1::verify(&xml, &theirs, Place::InRoot)?, "{xml}");
            let changed = xml.replacen("Version=\"2.0\"", "Version=\"2.1\"", 1);
            assert_ne!(changed, xml);
            assert!(!xmlsec1::verify(&changed, &ours, Place::InRoot)?, "{changed}");
        }
    }
    Ok(())
}

/// Over the octets as they stand in the address (Bindings 3.4.4.1).
#[test]
fn openssl_finds_our_redirected_messages_good() -> Result<(), Trouble> {
    for (shape, algorithm) in SHAPES {
        let scene = Scene::new(shape, Binding::HttpRedirect)?;
        let certificate = X509::from_der(scene.certificate.as_der())?;
        let other = PKey::from_rsa(openssl::rsa::Rsa::generate(2048)?)?;
        let other = PKey::public_key_from_der(&other.public_key_to_der()?)?;
        let [request, answer] = scene.messages(Binding::HttpRedirect)?;
        for (message, expected) in [
            (request, ["SAMLRequest", "SigAlg", "Signature"].as_slice()),
            (answer, ["SAMLResponse", "RelayState", "SigAlg", "Signature"].as_slice()),
        ] {
            let LogoutMessage::Redirect(url) = message else { panic!("{message:?}") };
            let query = url.query().ok_or("there is no query")?;
            let names: Vec<&str> =
                query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0)).collect();
            assert_eq!(names, expected);
            let (octets, _) = query.split_once("&Signature=").ok_or("there is no signature")?;
            let value = |name: &str| {
                let found = url.query_pairs().find(|(n, _)| n == name);
                found.map(|(_, value)| value.into_owned()).ok_or("a parameter is missing")
            };
            assert_eq!(value("SigAlg")?, algorithm.uri());
            let mut signature = openssl::base64::decode_block(&value("Signature")?)?;
            if shape == KeyShape::P256 {
                // XML Signature writes the two numbers one after the other.
                let (r, s) = signature.split_at(32);
                let (r, s) = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
                signature = EcdsaSig::from_private_components(r, s)?.to_der()?;
            }
            let good = |key: &PKey<openssl::pkey::Public>, octets: &str| {
                let mut verifier = Verifier::new(MessageDigest::sha256(), key)?;
                let good = verifier.verify_oneshot(&signature, octets.as_bytes());
                Ok::<bool, Trouble>(good.unwrap_or(false))
            };
            let key = certificate.public_key()?;
            assert!(good(&key, octets)?, "{url}");
            assert!(!good(&other, octets)?, "another key");
            assert!(!good(&key, &octets.replacen('=', "=x", 1))?, "other octets");
        }
    }
    Ok(())
}

#[test]
fn we_take_what_xmlsec1_signs() -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048, Binding::HttpPost)?;
    let theirs = scene.idp.keys.current().certificate().to_pem()?;
    let xml = scene.signed_by_xmlsec(&scene.request(), "LogoutRequest")?;
    assert!(xmlsec1::verify(&xml, &theirs, Place::InRoot)?);
    let take = |xml: &str| {
        let field = MessageParameter::Request;
        scene.sp.receive_logout(ReceivedLogout::Post { field, xml: xml.as_bytes() }, scene.now)
    };
    assert_eq!(take(&xml)?.request.name_id().value, "test.user1@nhs.net");
    let changed = xml.replace("test.user1@", "test.user2@");
    assert_eq!(take(&changed).map(drop).map_err(|e| e.code()), Err("digest_mismatch"));
    assert!(!xmlsec1::verify(&changed, &theirs, Place::InRoot)?);

    let (request_id, idp) = ("_ours".to_owned(), scene.idp.entity_id.clone());
    let pending = PendingLogout { request_id, idp, started_at: scene.now };
    let xml = scene.signed_by_xmlsec(&scene.response("_ours"), "LogoutResponse")?;
    assert!(xmlsec1::verify(&xml, &theirs, Place::InRoot)?);
    let take = |xml: &str| {
        let field = MessageParameter::Response;
        let received = ReceivedLogout::Post { field, xml: xml.as_bytes() };
        scene.sp.finish_logout(&pending, received, scene.now)
    };
    assert_eq!(take(&xml)?.outcome(), &LogoutOutcome::Done);
    let changed = xml.replace("status:Success", "status:Responder");
    assert_eq!(take(&changed).map(drop).map_err(|e| e.code()), Err("digest_mismatch"));
    assert!(!xmlsec1::verify(&changed, &theirs, Place::InRoot)?);
    Ok(())
}
