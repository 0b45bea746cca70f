//! Our bytes against the shape that AD FS was seen to write.

use chrono::TimeDelta;

use super::{ACS, IDP, REQUEST, SP, now, reply_to};
use crate::idp::{Claim, ErrorStatus, Ids, NameIdRule, Person, SignedParts, SigningKey, Validity};
use crate::saml::metadata::{IdpMetadata, TEST_KEY_MARK};
use crate::saml::{
    Assertion, ClockSkew, EntityId, Expectations, ExpectedRequest, Rejection, RequestedAuthn,
    RequireSigned, SignedPart, validate,
};
use crate::xml::encode_base64;

fn ids() -> Ids {
    Ids {
        response: "_aaaaaaaa-1111-4111-8111-111111111111".to_owned(),
        assertion: "_bbbbbbbb-2222-4222-8222-222222222222".to_owned(),
    }
}

fn somebody() -> Person {
    Person {
        name_id: Some("test.user1@nhs.net".to_owned()),
        claims: vec![
            Claim::new("urn:one", ["A & B", ""]),
            Claim::new("urn:two", ["<x/>"]).from_issuer("http://other.example/trust"),
        ],
        ..Person::default()
    }
}

fn expect() -> Expectations {
    Expectations {
        idp: IDP.entity_id.clone(),
        sp: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        request: ExpectedRequest::Id(REQUEST.to_owned()),
        require_signed: RequireSigned::Either,
        clock_skew: ClockSkew::from_seconds(0).unwrap(),
        authn: RequestedAuthn::default(),
    }
}

fn verdict(xml: &str) -> Result<Assertion, Rejection> {
    let metadata = IdpMetadata::read(IDP.metadata().unwrap().as_bytes(), now()).unwrap();
    validate(xml.as_bytes(), &expect(), metadata.keys(), now())
}

const GOLDEN: &str = concat!(
    r#"<samlp:Response ID="_aaaaaaaa-1111-4111-8111-111111111111" Version="2.0""#,
    r#" IssueInstant="2026-11-22T16:50:01.250Z" Destination="https://rota.example.org/saml/acs""#,
    r#" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified""#,
    r#" InResponseTo="_0123456789abcdef0123456789abcdef01234567""#,
    r#" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">"#,
    r#"<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">"#,
    r#"http://fs.nhsmail.test/adfs/services/trust</Issuer>"#,
    r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success" />"#,
    r#"</samlp:Status>"#,
    r#"<Assertion ID="_bbbbbbbb-2222-4222-8222-222222222222""#,
    r#" IssueInstant="2026-11-22T16:50:01.250Z" Version="2.0""#,
    r#" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">"#,
    r#"<Issuer>http://fs.nhsmail.test/adfs/services/trust</Issuer>"#,
    r#"SIGNATURE"#,
    r#"<Subject><NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">"#,
    r#"test.user1@nhs.net</NameID>"#,
    r#"<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">"#,
    r#"<SubjectConfirmationData InResponseTo="_0123456789abcdef0123456789abcdef01234567""#,
    r#" NotOnOrAfter="2026-11-22T16:55:01.250Z" Recipient="https://rota.example.org/saml/acs" />"#,
    r#"</SubjectConfirmation></Subject>"#,
    r#"<Conditions NotBefore="2026-11-22T16:50:01.250Z" NotOnOrAfter="2026-11-22T17:50:01.250Z">"#,
    r#"<AudienceRestriction><Audience>https://rota.example.org/saml/metadata</Audience>"#,
    r#"</AudienceRestriction></Conditions>"#,
    r#"<AttributeStatement><Attribute Name="urn:one"><AttributeValue>A &amp; B</AttributeValue>"#,
    r#"<AttributeValue></AttributeValue></Attribute>"#,
    r#"<Attribute Name="urn:two" a:OriginalIssuer="http://other.example/trust""#,
    r#" xmlns:a="http://schemas.xmlsoap.org/ws/2009/09/identity/claims">"#,
    r#"<AttributeValue>&lt;x/&gt;</AttributeValue></Attribute></AttributeStatement>"#,
    r#"<AuthnStatement AuthnInstant="2026-11-22T16:50:01.250Z""#,
    r#" SessionIndex="_bbbbbbbb-2222-4222-8222-222222222222"><AuthnContext>"#,
    r#"<AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"#,
    r#"</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>"#,
);

const GOLDEN_SIGNATURE: &str = concat!(
    r##"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>"##,
    r##"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#" />"##,
    r##"<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" />"##,
    r##"<ds:Reference URI="#_bbbbbbbb-2222-4222-8222-222222222222"><ds:Transforms>"##,
    r##"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature" />"##,
    r##"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#" /></ds:Transforms>"##,
    r##"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256" />"##,
    r##"<ds:DigestValue>DIGEST</ds:DigestValue></ds:Reference></ds:SignedInfo>"##,
    r##"<ds:SignatureValue>VALUE</ds:SignatureValue>"##,
    r##"<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>"##,
    r##"<ds:X509Certificate>CERTIFICATE</ds:X509Certificate></ds:X509Data></KeyInfo>"##,
    r##"</ds:Signature>"##,
);

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

#[test]
fn response_has_the_bytes_of_adfs() {
    let (ids, reply_to) = (ids(), reply_to());
    let draft = IDP.issue(&reply_to, &ids, now()).draft(&somebody()).unwrap();
    assert_eq!(draft.xml, GOLDEN.replace("SIGNATURE", ""));

    let xml = draft.sign(IDP.keys.current()).unwrap();
    let certificate = encode_base64(IDP.keys.current().certificate().as_der());
    let signature = GOLDEN_SIGNATURE
        .replace("DIGEST", between(&xml, "<ds:DigestValue>", "<"))
        .replace("VALUE", between(&xml, "<ds:SignatureValue>", "<"))
        .replace("CERTIFICATE", &certificate);
    assert_eq!(xml, GOLDEN.replace("SIGNATURE", &signature));
}

#[test]
fn service_provider_accepts_the_honest_response() {
    let xml = IDP.respond(&reply_to(), &somebody(), now()).unwrap();
    let assertion = verdict(&xml).unwrap();
    assert_eq!(assertion.name_id().unwrap().value, "test.user1@nhs.net");
    assert_eq!(assertion.signed(), SignedPart::Assertion);
    assert_eq!(assertion.authn().session_index.as_deref(), Some(assertion.id()));
    assert_eq!(assertion.authn().session_not_on_or_after, None);
    let values: Vec<_> = assertion.attributes().iter().map(|a| a.values.clone()).collect();
    assert_eq!(values, [vec!["A & B", ""], vec!["<x/>"]]);
}

#[test]
fn everybody_on_the_list_can_sign_in() {
    for person in &IDP.people {
        let xml = IDP.respond(&reply_to(), person, now()).unwrap();
        let assertion = verdict(&xml).unwrap();
        assert_eq!(
            assertion.name_id().map(|n| n.value.as_str()),
            person.name_id.as_deref(),
            "{}",
            person.user_name
        );
        assert_eq!(assertion.attributes().len(), person.claims.len());
    }
    assert!(!IDP.person("ward.pc").unwrap().has_mfa_evidence());
    assert!(IDP.person("test.consultant").unwrap().has_mfa_evidence());
    assert_eq!(IDP.person("locum.doctor").unwrap().values("ODS").count(), 2);
}

#[test]
fn ids_are_fresh_each_time() {
    let draft = || IDP.draft(&reply_to(), &somebody(), now()).unwrap();
    let (one, two) = (draft(), draft());
    assert_ne!(one.ids.response, two.ids.response);
    assert_ne!(one.ids.assertion, two.ids.assertion);
    assert_ne!(one.ids.response, one.ids.assertion);
    assert_eq!(one.ids.assertion.len(), 37);
    assert!(one.ids.assertion.starts_with('_'));
    assert_eq!(one.ids.assertion.split('-').nth(2).unwrap().chars().next(), Some('4'));
}

#[test]
fn without_name_id_there_is_no_session_index() {
    let draft = IDP.draft(&reply_to(), &somebody().without_name_id(), now()).unwrap();
    assert!(!draft.xml.contains("NameID") && !draft.xml.contains("SessionIndex"), "{}", draft.xml);

    let mut idp = IDP.clone();
    idp.issuance.name_id = NameIdRule::NotIssued;
    let draft = idp.draft(&reply_to(), &somebody(), now()).unwrap();
    assert!(!draft.xml.contains("NameID") && !draft.xml.contains("SessionIndex"), "{}", draft.xml);
}

#[test]
fn name_id_without_format() {
    let mut idp = IDP.clone();
    idp.issuance.name_id = NameIdRule::Issued { format: None };
    let draft = idp.draft(&reply_to(), &somebody(), now()).unwrap();
    assert!(draft.xml.contains("<Subject><NameID>test.user1@nhs.net</NameID>"));
}

#[test]
fn signed_parts() {
    for (signed, expected, signatures) in [
        (SignedParts::AssertionOnly, SignedPart::Assertion, 1),
        (SignedParts::MessageOnly, SignedPart::Response, 1),
        (SignedParts::MessageAndAssertion, SignedPart::Both, 2),
    ] {
        let mut idp = IDP.clone();
        idp.issuance.signed = signed;
        let xml = idp.respond(&reply_to(), &somebody(), now()).unwrap();
        assert_eq!(xml.matches("<ds:Signature ").count(), signatures);
        assert_eq!(verdict(&xml).unwrap().signed(), expected);
    }
}

#[test]
fn times_and_authentication_follow_the_settings() {
    let mut idp = IDP.clone();
    idp.issuance.authn_age = TimeDelta::hours(7);
    idp.issuance.not_before_skew = TimeDelta::minutes(5);
    idp.issuance.session_lifetime = Some(TimeDelta::hours(1));
    idp.issuance.class_ref = "urn:federation:authentication:windows".to_owned();
    let xml = idp.draft(&reply_to(), &somebody(), now()).unwrap().xml;
    for part in [
        r#"AuthnInstant="2026-11-22T09:50:01.250Z""#,
        r#"NotBefore="2026-11-22T16:45:01.250Z" NotOnOrAfter="2026-11-22T17:45:01.250Z""#,
        r#"SessionNotOnOrAfter="2026-11-22T17:50:01.250Z""#,
        "<AuthnContextClassRef>urn:federation:authentication:windows<",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
}

#[test]
fn class_ref_asked_for_goes_before_the_persons_own() {
    let ward_pc = IDP.person("ward.pc").unwrap();
    let class_ref = |asked: Option<&str>| {
        let reply_to = crate::idp::ReplyTo { class_ref: asked.map(str::to_owned), ..reply_to() };
        let xml = IDP.draft(&reply_to, &ward_pc, now()).unwrap().xml;
        between(&xml, "<AuthnContextClassRef>", "<").to_owned()
    };
    assert_eq!(class_ref(None), "urn:federation:authentication:windows");
    assert_eq!(class_ref(Some("urn:asked")), "urn:asked");
}

#[test]
fn nobody_asked() {
    let reply_to = crate::idp::ReplyTo { request_id: None, ..reply_to() };
    let xml = IDP.draft(&reply_to, &somebody(), now()).unwrap().xml;
    assert!(!xml.contains("InResponseTo"));
}

#[test]
fn tampering_before_signing_is_covered_by_the_signature() {
    let draft = IDP.draft(&reply_to(), &somebody(), now()).unwrap();
    let change = |xml: String| xml.replace("test.user1", "test.user2");
    let xml = draft.clone().tamper(change).sign(IDP.keys.current()).unwrap();
    assert_eq!(verdict(&xml).unwrap().name_id().unwrap().value, "test.user2@nhs.net");

    let xml = change(draft.sign(IDP.keys.current()).unwrap());
    assert!(matches!(verdict(&xml), Err(Rejection::Signature { .. })), "{:?}", verdict(&xml));
}

#[test]
fn error_response_has_the_bytes_of_adfs() {
    let (ids, reply_to) = (ids(), reply_to());
    let issue = IDP.issue(&reply_to, &ids, now());
    let head = GOLDEN.split_once("<samlp:Status>").unwrap().0;
    let of = |status: &ErrorStatus| {
        let xml = issue.error(status).unwrap();
        xml.strip_prefix(head).unwrap().to_owned()
    };
    assert_eq!(
        of(&ErrorStatus::responder()),
        concat!(
            r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:"#,
            r#"Responder" /></samlp:Status></samlp:Response>"#
        )
    );
    assert_eq!(
        of(&ErrorStatus::invalid_name_id_policy().with_message("a <b>")),
        concat!(
            r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:"#,
            r#"Requester"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:"#,
            r#"InvalidNameIDPolicy" /></samlp:StatusCode>"#,
            r#"<samlp:StatusMessage>a &lt;b&gt;</samlp:StatusMessage>"#,
            r#"</samlp:Status></samlp:Response>"#
        )
    );
}

#[test]
fn service_provider_reads_the_error_response() {
    let xml = IDP.refuse(&reply_to(), &ErrorStatus::no_authn_context(), now()).unwrap();
    let status = |local: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{local}");
    assert_eq!(
        verdict(&xml),
        Err(Rejection::Status {
            code: status("Responder"),
            sub_code: Some(status("NoAuthnContext")),
            message: None,
        })
    );
}

#[test]
fn typed_user_names() {
    let person = Person::from_user_name(" Sam.Sample@nhs.net ").unwrap();
    assert_eq!(person.user_name, "sam.sample");
    assert_eq!(person.display_name, "Sam Sample");
    assert_eq!(person.name_id.as_deref(), Some("sam.sample@nhs.net"));
    for bad in ["", " ", "a b", "a@example.org", "<b>", &"a".repeat(65), ".."] {
        assert_eq!(Person::from_user_name(bad), None, "{bad}");
    }
}

#[test]
fn claims_are_replaced_in_place() {
    let person = somebody()
        .with_claim(Claim::new("urn:one", ["new"]))
        .with_claim(Claim::new("urn:three", ["3"]));
    let names: Vec<_> = person.claims.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["urn:one", "urn:two", "urn:three"]);
    assert_eq!(person.values("urn:one").collect::<Vec<_>>(), ["new"]);
    assert_eq!(person.without_claim("urn:one").values("urn:one").count(), 0);
}

#[test]
fn long_host_names_keep_the_mark() {
    let host = "a-host-with-a-long-name.trust.nhs.example";
    let key = SigningKey::generate(host, Validity::of_tests()).unwrap();
    let name = key.certificate().common_name().unwrap();
    assert_eq!(name, format!("ADFS Signing ({TEST_KEY_MARK})"));
    let key = SigningKey::generate("127.0.0.1", Validity::of_tests()).unwrap();
    let name = key.certificate().common_name().unwrap();
    assert_eq!(name, format!("ADFS Signing - 127.0.0.1 ({TEST_KEY_MARK})"));
}
