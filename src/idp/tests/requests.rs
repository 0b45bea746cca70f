//! Each refusal exactly, beside the request that is taken on.

use std::sync::LazyLock;

use url::Url;
use url::form_urlencoded::byte_serialize;

use super::{ACS, IDP, REQUEST, SP, now};
use crate::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey, SignatureAlgorithm};
use crate::dsig::{Place, SignatureStyle, sign_enveloped};
use crate::idp::{
    AssertionConsumerService, ErrorStatus, Received, Refusal, RegisterError, RelyingParty, SignIn,
    TestIdp, Validity,
};
use crate::saml::binding::redirect_url;
use crate::saml::metadata::SpMetadata;
use crate::saml::names::ASSERTION;
use crate::saml::{AuthnRequest, EntityId};
use crate::xml::XmlError;
use crate::xml::encode_base64;

struct SpKey {
    key: PrivateKey,
    certificate: Certificate,
}

static SP_KEY: LazyLock<SpKey> = LazyLock::new(|| {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let request = CertificateRequest {
        common_name: "rota.example.org",
        organisation: None,
        hosts: &[],
        not_before,
        not_after,
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    SpKey { key, certificate }
});

fn sp_metadata(signs_requests: bool) -> String {
    SpMetadata {
        entity_id: &EntityId::new(SP).unwrap(),
        acs_url: ACS,
        logout_url: None,
        valid_until: None,
        cache_duration: None,
        is_signable: false,
        signing: if signs_requests { std::slice::from_ref(&SP_KEY.certificate) } else { &[] },
        encryption: &[],
        signs_requests,
        organisation: None,
        contact: None,
    }
    .to_xml()
    .unwrap()
}

fn idp(signs_requests: bool) -> TestIdp {
    let mut idp = IDP.clone();
    idp.register(sp_metadata(signs_requests).as_bytes()).unwrap();
    idp
}

fn request() -> AuthnRequest {
    AuthnRequest {
        id: REQUEST.to_owned(),
        issue_instant: now(),
        destination: IDP.sign_in_url(),
        issuer: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        force_authn: false,
        is_passive: false,
        name_id_format: None,
        class_refs: Vec::new(),
    }
}

fn query(xml: &str, algorithm: Option<SignatureAlgorithm>) -> String {
    let endpoint = Url::parse(&IDP.sign_in_url()).unwrap();
    let key = algorithm.map(|algorithm| (&SP_KEY.key, algorithm));
    redirect_url(&endpoint, xml, "handle+1/2", key).unwrap().query().unwrap().to_owned()
}

fn by_redirect(idp: &TestIdp, xml: &str) -> Result<SignIn, Refusal> {
    idp.receive(&Received::from_query(&query(xml, None))?)
}

fn by_post(idp: &TestIdp, xml: &str) -> Result<SignIn, Refusal> {
    idp.receive(&Received::from_form(&encode_base64(xml.as_bytes()), Some("handle+1/2"))?)
}

/// The request with a change in its XML.
fn changed(from: &str, to: &str) -> Result<SignIn, Refusal> {
    let xml = request().to_xml().unwrap();
    assert!(xml.contains(from), "{xml}");
    by_redirect(&idp(false), &xml.replacen(from, to, 1))
}

#[test]
fn control() {
    let xml = request().to_xml().unwrap();
    for sign_in in [by_redirect(&idp(false), &xml), by_post(&idp(false), &xml)] {
        let sign_in = sign_in.unwrap();
        assert_eq!(sign_in.relying_party.as_str(), SP);
        assert_eq!(sign_in.reply_to, super::reply_to());
        assert_eq!(sign_in.relay_state.as_deref(), Some("handle+1/2"));
        assert_eq!((sign_in.force_authn, sign_in.failure), (false, None));
    }
}

#[test]
fn messages_that_are_none() {
    let name = "SAMLRequest";
    let of = |query: &str| Received::from_query(query).map(|r| r.xml);
    let good = query("<a/>", None);
    assert_eq!(of(&good), Ok(b"<a/>".to_vec()));
    assert_eq!(of(""), Err(Refusal::NoRequest));
    assert_eq!(of("RelayState=x"), Err(Refusal::NoRequest));
    assert_eq!(of(&format!("{good}&SAMLRequest=x")), Err(Refusal::Repeated { name }));
    // The same name, written in another way.
    assert_eq!(of(&format!("{good}&%53AMLRequest=x")), Err(Refusal::Repeated { name }));
    assert_eq!(of("SAMLRequest=%%%"), Err(Refusal::Base64 { name }));
    assert_eq!(Received::from_form("%", None), Err(Refusal::Base64 { name }));
    assert_eq!(of(&format!("{good}&SigAlg=x")), Err(Refusal::Missing { what: "Signature" }));
    assert_eq!(of(&format!("{good}&Signature=x")), Err(Refusal::Missing { what: "SigAlg" }));
    let name = "Signature";
    assert_eq!(of(&format!("{good}&SigAlg=x&Signature=%25")), Err(Refusal::Base64 { name }));
}

#[test]
fn deflate_streams_end_where_the_bytes_end() {
    let of = |bytes: &[u8]| {
        let value: String = byte_serialize(encode_base64(bytes).as_bytes()).collect();
        Received::from_query(&format!("SAMLRequest={value}")).map(|r| r.xml)
    };
    let deflate = |text: &[u8]| {
        use std::io::Write as _;
        let mut stream = flate2::write::DeflateEncoder::new(Vec::new(), Default::default());
        stream.write_all(text).unwrap();
        stream.finish().unwrap()
    };
    let whole = deflate(b"<a/>");
    assert_eq!(of(&whole), Ok(b"<a/>".to_vec()));
    assert_eq!(of(&whole[..whole.len() - 1]), Err(Refusal::Deflate));
    assert_eq!(of(&[&whole[..], b"x"].concat()), Err(Refusal::Deflate));
    assert_eq!(of(b"<a/>"), Err(Refusal::Deflate));
    assert_eq!(of(&deflate(&vec![b'x'; 65_536])), Ok(vec![b'x'; 65_536]));
    let limit = 65_536;
    assert_eq!(of(&deflate(&vec![b'x'; 65_537])), Err(Refusal::TooLong { limit }));
    assert_eq!(of(&deflate(&vec![b'x'; 50_000_000])), Err(Refusal::TooLong { limit }));
    let form = encode_base64(&vec![b'x'; 65_537]);
    assert_eq!(Received::from_form(&form, None), Err(Refusal::TooLong { limit }));
}

#[test]
fn requests_without_what_every_request_has() {
    let missing = |what| Err(Refusal::Missing { what });
    assert_eq!(changed(" ID=", " XID="), missing("ID"));
    assert_eq!(changed(" Version=", " XVersion="), missing("Version"));
    assert_eq!(changed(" IssueInstant=", " XIssueInstant="), missing("IssueInstant"));
    assert_eq!(changed("ID=\"_", "ID=\"0"), Err(Refusal::Id));
    let version = Refusal::Version { found: "1.1".to_owned() };
    assert_eq!(changed("Version=\"2.0\"", "Version=\"1.1\""), Err(version));
    let issuer = format!("<saml:Issuer xmlns:saml=\"{ASSERTION}\">{SP}</saml:Issuer>");
    assert_eq!(changed(&issuer, ""), missing("Issuer"));
    let found = "LogoutRequest".to_owned();
    let logout = request().to_xml().unwrap().replace("AuthnRequest", "LogoutRequest");
    assert_eq!(by_redirect(&idp(false), &logout), Err(Refusal::NotAuthnRequest { found }));
    let doctype = "<!DOCTYPE a><a/>";
    assert_eq!(by_redirect(&idp(false), doctype), Err(Refusal::Xml(XmlError::Doctype)));
}

#[test]
fn msis7007_unknown_issuer() {
    let shouted = SP.replace("rota", "Rota");
    let refusal = Refusal::UnknownIssuer { found: shouted.clone() };
    assert_eq!(refusal.msis(), Some("MSIS7007"));
    let issuer = format!(">{SP}<");
    assert_eq!(changed(&issuer, &format!(">{shouted}<")), Err(refusal));
    let slash = Refusal::UnknownIssuer { found: format!("{SP}/") };
    assert_eq!(changed(&issuer, &format!(">{SP}/<")), Err(slash));
}

#[test]
fn msis7074_issuer_with_qualifier() {
    assert_eq!(Refusal::IssuerQualifier.msis(), Some("MSIS7074"));
    for name in ["NameQualifier", "SPNameQualifier", "SPProvidedID"] {
        let to = format!("<saml:Issuer {name}=\"x\"");
        assert_eq!(changed("<saml:Issuer", &to), Err(Refusal::IssuerQualifier));
    }
}

#[test]
fn msis3200_unregistered_acs() {
    for found in ["https://evil.example/acs", "javascript:alert(1)", &format!("{ACS}/")] {
        let refusal =
            Refusal::AcsNotRegistered { entity_id: SP.to_owned(), found: found.to_owned() };
        assert_eq!(refusal.msis(), Some("MSIS3200"));
        let from = format!("AssertionConsumerServiceURL=\"{ACS}\"");
        let to = format!("AssertionConsumerServiceURL=\"{found}\"");
        assert_eq!(changed(&from, &to), Err(refusal));
    }
}

#[test]
fn acs_by_index_or_by_default() {
    let from = format!("AssertionConsumerServiceURL=\"{ACS}\"");
    assert_eq!(changed(&from, "").unwrap().reply_to.acs_url, ACS);
    let index = |index: &str| changed(&from, &format!("AssertionConsumerServiceIndex=\"{index}\""));
    assert_eq!(index("0").unwrap().reply_to.acs_url, ACS);
    for found in ["1", "x", "99999"] {
        let (entity_id, found) = (SP.to_owned(), found.to_owned());
        let refusal = Refusal::AcsIndexNotRegistered { entity_id, found: found.clone() };
        assert_eq!(index(&found), Err(refusal));
    }
}

#[test]
fn acs_registered_by_code_is_looked_at_too() {
    let mut idp = idp(false);
    let found = "javascript:alert(1)".to_owned();
    idp.relying_parties[0].acs = vec![AssertionConsumerService { url: found.clone(), index: 0 }];
    let mut request = request();
    request.acs_url = found.clone();
    let refusal = Refusal::AcsNotRegistered { entity_id: SP.to_owned(), found };
    assert_eq!(by_redirect(&idp, &request.to_xml().unwrap()), Err(refusal));
}

#[test]
fn destination() {
    let (expected, found) = (IDP.sign_in_url(), "https://other.example/adfs/ls/".to_owned());
    let from = format!("Destination=\"{expected}\"");
    let to = format!("Destination=\"{found}\"");
    assert_eq!(changed(&from, &to), Err(Refusal::Destination { expected, found }));
    assert!(changed(&from, "").is_ok(), "an unsigned request needs none");

    let xml = request().to_xml().unwrap().replacen(&from, "", 1);
    let signed = query(&xml, Some(SignatureAlgorithm::RsaSha256));
    let received = Received::from_query(&signed).unwrap();
    assert_eq!(idp(true).receive(&received), Err(Refusal::NoDestination));
}

#[test]
fn accept_unknown_takes_the_request_at_its_word() {
    let mut idp = IDP.clone();
    idp.accept_unknown = true;
    let xml = request().to_xml().unwrap();
    assert_eq!(by_redirect(&idp, &xml).unwrap().reply_to, super::reply_to());
    let found = "javascript:alert(1)".to_owned();
    let script = xml.replacen(ACS, &found, 1);
    let refusal = Refusal::AcsNotRegistered { entity_id: SP.to_owned(), found };
    assert_eq!(by_redirect(&idp, &script), Err(refusal));
}

#[test]
fn msis1016_signature_missing() {
    let xml = request().to_xml().unwrap();
    let refusal = Refusal::SignatureMissing { entity_id: SP.to_owned() };
    assert_eq!(refusal.msis(), Some("MSIS1016"));
    assert_eq!(by_redirect(&idp(true), &xml), Err(refusal.clone()));
    assert_eq!(by_post(&idp(true), &xml), Err(refusal));
}

#[test]
fn query_signatures() {
    let xml = request().to_xml().unwrap();
    let receive = |idp: &TestIdp, query: &str| idp.receive(&Received::from_query(query).unwrap());
    let signed = query(&xml, Some(SignatureAlgorithm::RsaSha256));
    assert_eq!(receive(&idp(true), &signed).unwrap().reply_to, super::reply_to());

    let lower_case = {
        let (octets, _) = signed.split_once("&Signature=").unwrap();
        let octets = octets.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d");
        let key = &SP_KEY.key;
        let value = key.sign(SignatureAlgorithm::RsaSha256, octets.as_bytes()).unwrap();
        let value: String = byte_serialize(encode_base64(&value).as_bytes()).collect();
        format!("{octets}&Signature={value}")
    };
    assert!(lower_case.contains("%2b") || lower_case.contains("%2f"));
    assert!(receive(&idp(true), &lower_case).is_ok(), "the octets count, as they were sent");

    let entity_id = SP.to_owned();
    let mismatch = Refusal::SignatureMismatch { entity_id: entity_id.clone() };
    assert_eq!(mismatch.msis(), Some("MSIS0038"));
    let other = signed.replacen("RelayState=handle", "RelayState=Handle", 1);
    assert_eq!(receive(&idp(true), &other), Err(mismatch.clone()));
    let recoded = signed.replacen("handle%2B1", "handle%2b1", 1);
    assert_eq!(receive(&idp(true), &recoded), Err(mismatch));

    let sha512 = query(&xml, Some(SignatureAlgorithm::RsaSha512));
    assert_eq!(
        receive(&idp(true), &sha512),
        Err(Refusal::SignatureAlgorithm {
            expected: SignatureAlgorithm::RsaSha256.uri(),
            found: SignatureAlgorithm::RsaSha512.uri().to_owned(),
        })
    );
    let refusal = Refusal::NoCertificate { entity_id };
    assert_eq!(refusal.msis(), Some("MSIS0037"));
    assert_eq!(receive(&idp(false), &signed), Err(refusal));
}

fn signed_xml(algorithm: SignatureAlgorithm) -> String {
    let xml = request().to_xml().unwrap();
    let place = Place::After { namespace: ASSERTION, local: "Issuer" };
    let style = SignatureStyle::default();
    sign_enveloped(&xml, REQUEST, place, &SP_KEY.key, algorithm, None, &style).unwrap()
}

#[test]
fn enveloped_signatures() {
    let xml = signed_xml(SignatureAlgorithm::RsaSha256);
    assert_eq!(by_post(&idp(true), &xml).unwrap().reply_to, super::reply_to());
    let entity_id = SP.to_owned();

    let mismatch = Err(Refusal::SignatureMismatch { entity_id: entity_id.clone() });
    let unsigned_change = xml.replacen("Version=", "ForceAuthn=\"true\" Version=", 1);
    assert_eq!(by_post(&idp(true), &unsigned_change), mismatch, "content");
    let other_digest = xml.replacen("<ds:DigestValue>", "<ds:DigestValue>AAAA", 1);
    assert_eq!(by_post(&idp(true), &other_digest), mismatch, "SignedInfo");

    assert_eq!(
        by_post(&idp(true), &signed_xml(SignatureAlgorithm::RsaSha384)),
        Err(Refusal::SignatureAlgorithm {
            expected: SignatureAlgorithm::RsaSha256.uri(),
            found: SignatureAlgorithm::RsaSha384.uri().to_owned(),
        })
    );
    assert_eq!(by_post(&idp(false), &xml), Err(Refusal::NoCertificate { entity_id }));

    let form = |what| Err(Refusal::SignatureForm { what });
    let with = |from: &str, to: &str| {
        assert!(xml.contains(from), "{from}");
        by_post(&idp(true), &xml.replacen(from, to, 1))
    };
    assert_eq!(with(&format!("\"#{REQUEST}\""), "\"\""), form("Reference"));
    assert_eq!(with(&format!("\"#{REQUEST}\""), "\"#_other\""), form("Reference"));
    assert_eq!(with("#enveloped-signature", "#base64"), form("Transforms"));
    assert_eq!(with("xmlenc#sha256", "xmlenc#sha1"), form("DigestMethod"));
    let (method, other) = ("<ds:CanonicalizationMethod", "<ds:Method");
    assert_eq!(with(method, other), form("CanonicalizationMethod"));
    let second =
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/></samlp:AuthnRequest>";
    assert_eq!(with("</samlp:AuthnRequest>", second), form("Signature"));
}

#[test]
fn name_id_policy() {
    let email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    let unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
    let persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    let idp = idp(false);
    let status = |format: &str, user_name: &str| {
        let mut request = request();
        request.name_id_format = Some(format.to_owned());
        let sign_in = by_redirect(&idp, &request.to_xml().unwrap()).unwrap();
        let person = idp.person(user_name).unwrap();
        let post = idp.answer(&sign_in, &person, now()).unwrap();
        assert_eq!(post.url, ACS);
        assert_eq!(post.relay_state.as_deref(), Some("handle+1/2"));
        post.response
            .split("Value=\"")
            .skip(1)
            .map(|v| v.split('"').next().unwrap().rsplit(':').next().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join("/")
    };
    assert_eq!(status(email, "ward.nurse"), "Success");
    assert_eq!(status(unspecified, "ward.nurse"), "Success");
    assert_eq!(status(unspecified, "no.mail"), "Success");
    assert_eq!(status(persistent, "ward.nurse"), "Requester/InvalidNameIDPolicy");
    assert_eq!(status(email, "no.mail"), "Requester/InvalidNameIDPolicy");
}

#[test]
fn requested_authn_context() {
    let class = |local: &str| format!("urn:oasis:names:tc:SAML:2.0:ac:classes:{local}");
    let idp = idp(false);
    let ask = |comparison: &str, classes: &[String]| {
        let mut request = request();
        request.class_refs = classes.to_vec();
        let exact = "Comparison=\"exact\"";
        let xml = request.to_xml().unwrap().replace(exact, &format!("Comparison=\"{comparison}\""));
        let sign_in = by_redirect(&idp, &xml).unwrap();
        (sign_in.reply_to.class_ref, sign_in.failure)
    };
    let ppt = class("PasswordProtectedTransport");
    let windows = "urn:federation:authentication:windows".to_owned();
    let ok = |class_ref: &String| (Some(class_ref.clone()), None);
    let cannot = (None, Some(ErrorStatus::no_authn_context()));
    assert_eq!(ask("exact", std::slice::from_ref(&ppt)), ok(&ppt));
    assert_eq!(ask("exact", &[class("X509"), ppt.clone()]), ok(&ppt));
    assert_eq!(ask("exact", &[class("X509")]), cannot);
    assert_eq!(ask("exact", &[class("Smartcard")]), cannot);
    assert_eq!(ask("minimum", std::slice::from_ref(&ppt)), ok(&ppt));
    assert_eq!(ask("minimum", &[class("X509")]), ok(&windows));
    assert_eq!(ask("minimum", &[class("Kerberos")]), cannot);
    assert_eq!(ask("maximum", &[class("X509")]), ok(&ppt));
    assert_eq!(ask("better", &[class("X509")]), ok(&windows));
    assert_eq!(ask("better", std::slice::from_ref(&windows)), cannot);
    assert_eq!(ask("better", &[class("Smartcard")]), cannot);
    assert_eq!(ask("exact", &[]), (None, None));
}

#[test]
fn passive_forced_and_other_bindings() {
    let failure = |change: &dyn Fn(&mut AuthnRequest)| {
        let mut request = request();
        change(&mut request);
        by_redirect(&idp(false), &request.to_xml().unwrap()).unwrap()
    };
    assert_eq!(failure(&|r| r.is_passive = true).failure, Some(ErrorStatus::no_passive()));
    let forced = failure(&|r| r.force_authn = true);
    assert_eq!((forced.force_authn, forced.failure), (true, None));
    let artifact = changed("bindings:HTTP-POST", "bindings:HTTP-Artifact").unwrap();
    assert_eq!(artifact.failure, Some(ErrorStatus::unsupported_binding()));
    let post = idp(false).answer(&artifact, &IDP.people[0], now()).unwrap();
    assert!(post.response.contains("status:UnsupportedBinding\" />"), "{}", post.response);
}

#[test]
fn registration() {
    let read = |xml: &str| RelyingParty::from_metadata(xml.as_bytes());
    let unsigned = read(&sp_metadata(false)).unwrap();
    assert_eq!(unsigned.entity_id.as_str(), SP);
    assert_eq!(unsigned.acs, [AssertionConsumerService { url: ACS.to_owned(), index: 0 }]);
    assert!(unsigned.signing.is_empty() && !unsigned.require_signed);
    let signed = read(&sp_metadata(true)).unwrap();
    assert!(signed.signing.len() == 1 && signed.require_signed);

    let xml = sp_metadata(false);
    let error = |from: &str, to: &str| {
        assert!(xml.contains(from), "{xml}");
        read(&xml.replace(from, to)).unwrap_err()
    };
    let found = "EntitiesDescriptor".to_owned();
    assert_eq!(
        error("EntityDescriptor", "EntitiesDescriptor"),
        RegisterError::NotEntityDescriptor { found }
    );
    assert_eq!(error(":SPSSODescriptor", ":IDPSSODescriptor"), RegisterError::NoRole);
    assert_eq!(error("SAML:2.0:protocol", "SAML:1.1:protocol"), RegisterError::NoRole);
    assert_eq!(error("HTTP-POST", "HTTP-Artifact"), RegisterError::NoAcs);
    assert_eq!(error(" entityID=", " x="), RegisterError::EntityId(crate::saml::InvalidEntityId));
    let found = "javascript:alert(1)".to_owned();
    assert_eq!(error(ACS, &found), RegisterError::AcsUrl { found });
    assert_eq!(
        read("<a>").unwrap_err().to_string().split(':').next(),
        Some("the metadata is not readable XML")
    );

    let mut idp = idp(false);
    idp.register(sp_metadata(true).as_bytes()).unwrap();
    assert_eq!(idp.relying_parties.len(), 1, "the later metadata takes the place of the earlier");
    assert!(idp.relying_parties[0].require_signed);
}

#[test]
fn default_acs_comes_first() {
    let acs = |index: u16, default: &str, url: &str| {
        format!(
            "<md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
             Location=\"{url}\" index=\"{index}\"{default}/>"
        )
    };
    let xml = sp_metadata(false);
    let (before, rest) = xml.split_once("<md:AssertionConsumerService").unwrap();
    let (_, after) = rest.split_once("/>").unwrap();
    let list = [
        acs(3, "", "https://rota.example.org/a"),
        acs(5, " isDefault=\"true\"", "https://rota.example.org/b"),
    ]
    .concat();
    let xml = [before, &list, after].concat();
    let relying_party = RelyingParty::from_metadata(xml.as_bytes()).unwrap();
    let found: Vec<_> = relying_party.acs.iter().map(|a| (a.index, a.url.as_str())).collect();
    assert_eq!(found, [(5, "https://rota.example.org/b"), (3, "https://rota.example.org/a")]);
}
