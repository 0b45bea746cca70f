//! Our bytes against the shape that Entra ID was seen to write, and what it makes of requests.

use std::sync::LazyLock;

use chrono::TimeDelta;

use super::{ACS, REQUEST, SP, now, reply_to};
use crate::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use crate::idp::{
    ErrorStatus, Ids, Personality, Received, Refusal, RelyingParty, SignIn, TEST_TENANT, TestIdp,
    Validity,
};
use crate::saml::metadata::IdpMetadata;
use crate::saml::{
    ClockSkew, EntityId, Expectations, ExpectedRequest, RequestedAuthn, RequireSigned, validate,
};
use crate::xml::{Document, Limits, encode_base64};

static IDP: LazyLock<TestIdp> = LazyLock::new(|| {
    let mut idp = TestIdp::entra().unwrap();
    idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
    idp
});
static PLAIN: LazyLock<TestIdp> = LazyLock::new(|| TestIdp::plain().unwrap());

fn ids() -> Ids {
    Ids {
        response: "_aaaaaaaa-1111-4111-8111-111111111111".to_owned(),
        assertion: "_bbbbbbbb-2222-4222-8222-222222222222".to_owned(),
    }
}

fn accept(idp: &TestIdp, xml: &str) -> crate::saml::Assertion {
    let metadata = IdpMetadata::read(idp.metadata().unwrap().as_bytes(), now()).unwrap();
    let expectations = Expectations {
        idp: idp.entity_id.clone(),
        sp: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        request: ExpectedRequest::Id(REQUEST.to_owned()),
        require_signed: RequireSigned::Either,
        clock_skew: ClockSkew::from_seconds(0).unwrap(),
        authn: RequestedAuthn::default(),
    };
    validate(xml.as_bytes(), &expectations, metadata.keys(), now()).unwrap()
}

#[test]
fn response_has_the_bytes_of_entra() {
    let (ids, reply_to) = (ids(), reply_to());
    let consultant = IDP.person("test.consultant").unwrap();
    let draft = IDP.issue(&reply_to, &ids, now()).draft(&consultant).unwrap();
    let head = concat!(
        r#"<samlp:Response ID="_aaaaaaaa-1111-4111-8111-111111111111" Version="2.0""#,
        r#" IssueInstant="2026-11-22T16:50:01.250Z""#,
        r#" Destination="https://rota.example.org/saml/acs""#,
        r#" InResponseTo="_0123456789abcdef0123456789abcdef01234567""#,
        r#" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">"#,
        r#"<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">"#,
        r#"https://sts.windows.net/7e577e57-7e57-4e57-8e57-7e577e577e57/</Issuer>"#,
        r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>"#,
        r#"</samlp:Status>"#,
        r#"<Assertion ID="_bbbbbbbb-2222-4222-8222-222222222222""#,
        r#" IssueInstant="2026-11-22T16:50:01.250Z" Version="2.0""#,
        r#" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">"#,
        r#"<Issuer>https://sts.windows.net/7e577e57-7e57-4e57-8e57-7e577e577e57/</Issuer>"#,
        r#"<Subject><NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">"#,
        r#"test.consultant@nhs.net</NameID>"#,
        r#"<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">"#,
        r#"<SubjectConfirmationData InResponseTo="_0123456789abcdef0123456789abcdef01234567""#,
        r#" NotOnOrAfter="2026-11-22T17:50:01.250Z" Recipient="https://rota.example.org/saml/acs"/>"#,
        r#"</SubjectConfirmation></Subject>"#,
        r#"<Conditions NotBefore="2026-11-22T16:45:01.250Z""#,
        r#" NotOnOrAfter="2026-11-22T17:50:01.250Z">"#,
        r#"<AudienceRestriction><Audience>https://rota.example.org/saml/metadata</Audience>"#,
        r#"</AudienceRestriction></Conditions><AttributeStatement>"#,
        r#"<Attribute Name="http://schemas.microsoft.com/identity/claims/tenantid">"#,
    );
    let tail = concat!(
        r#"</AttributeStatement><AuthnStatement AuthnInstant="2026-11-22T16:50:01.250Z""#,
        r#" SessionIndex="_bbbbbbbb-2222-4222-8222-222222222222"><AuthnContext>"#,
        r#"<AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"#,
        r#"</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>"#,
    );
    assert!(draft.xml.starts_with(head), "{}", draft.xml);
    assert!(draft.xml.ends_with(tail), "{}", draft.xml);

    let names: Vec<&str> = draft
        .xml
        .split("<Attribute Name=\"")
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap().0.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "tenantid",
            "objectidentifier",
            "displayname",
            "groups",
            "identityprovider",
            "authnmethodsreferences",
            "name",
            "emailaddress",
            "givenname",
            "surname",
            "ODS",
            "role"
        ]
    );

    let xml = draft.sign(IDP.keys.current()).unwrap();
    let signature = xml.split_once("</Issuer><Signature ").unwrap().1;
    let certificate = encode_base64(IDP.keys.current().certificate().as_der());
    assert!(signature.starts_with(concat!(
        r#"xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>"#,
        r#"<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#
    )));
    assert!(signature.contains(&format!(
        "</SignatureValue><KeyInfo><X509Data><X509Certificate>{certificate}</X509Certificate>\
         </X509Data></KeyInfo></Signature><Subject>"
    )));
    assert!(!xml.contains("ds:"));
    accept(&IDP, &xml);
}

#[test]
fn metadata_has_the_shape_of_entra() {
    let xml = IDP.metadata().unwrap();
    assert!(
        xml.starts_with(
            "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?><EntityDescriptor ID=\"_"
        )
    );
    assert!((10_000..18_000).contains(&xml.len()), "{} bytes", xml.len());
    assert!(!xml.contains('\n') && !xml.contains("\"/>") && !xml.contains("validUntil"));
    assert!(xml.contains("<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo>"));
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
    let root = document.root();
    let names: Vec<_> = root.elements().map(|n| n.local_name()).collect();
    assert_eq!(names, ["Signature", "RoleDescriptor", "RoleDescriptor", "IDPSSODescriptor"]);
    let kinds: Vec<_> = root
        .elements()
        .filter_map(|n| n.attributes().find(|a| a.local == "type"))
        .map(|a| a.value)
        .collect();
    assert_eq!(kinds, ["fed:SecurityTokenServiceType", "fed:ApplicationServiceType"]);
    let role = root.elements().last().unwrap();
    let children: Vec<_> =
        role.elements().map(|n| n.attribute("use").unwrap_or(n.local_name())).collect();
    assert_eq!(
        children,
        ["signing", "SingleLogoutService", "SingleSignOnService", "SingleSignOnService"]
    );
    assert_eq!(xml.matches("<auth:ClaimType ").count(), 19);
    let url = format!("https://login.nhsmail.test/{TEST_TENANT}/saml2");
    assert_eq!(IDP.sign_in_url(), url);
    assert!(role.elements().skip(1).all(|n| n.attribute("Location") == Some(&url)));
    let metadata = IdpMetadata::read(xml.as_bytes(), now()).unwrap();
    assert!(metadata.has_test_keys());
}

#[test]
fn metadata_without_the_application_lists_another_key() {
    assert!(IDP.metadata_url().contains("federationmetadata.xml?appid="));
    let keys = |xml: String| {
        let metadata = IdpMetadata::read(xml.as_bytes(), now()).unwrap();
        assert_eq!(metadata.entity_id(), &IDP.entity_id);
        metadata.certificates().iter().map(|c| c.fingerprint()).collect::<Vec<_>>()
    };
    let current = IDP.keys.current().certificate().fingerprint();
    assert_eq!(keys(IDP.metadata().unwrap()), std::slice::from_ref(&current));
    assert_ne!(keys(IDP.tenant_metadata().unwrap()), [current]);
}

#[test]
fn everybody_signs_in_at_every_personality() {
    for idp in [&*IDP, &*PLAIN] {
        for person in &idp.people {
            let xml = idp.respond(&reply_to(), person, now()).unwrap();
            let assertion = accept(idp, &xml);
            assert!(assertion.name_id().is_some(), "{}", person.user_name);
            assert_eq!(assertion.authn().session_index.as_deref(), Some(assertion.id()));
        }
    }
}

#[test]
fn too_many_groups_become_a_link() {
    let groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
    let link = "http://schemas.microsoft.com/claims/groups.link";
    let count = |user_name: &str, name: &str| {
        let person = IDP.person(user_name).unwrap();
        accept(&IDP, &IDP.respond(&reply_to(), &person, now()).unwrap()).values(name).len()
    };
    assert_eq!((count("many.groups", groups), count("many.groups", link)), (0, 1));
    assert_eq!((count("test.consultant", groups), count("test.consultant", link)), (2, 0));
}

#[test]
fn mfa_shows_in_one_claim_only() {
    let methods = "http://schemas.microsoft.com/claims/authnmethodsreferences";
    for (user_name, last) in [("test.consultant", "multipleauthn"), ("ward.pc", "windows")] {
        let person = IDP.person(user_name).unwrap();
        let assertion = accept(&IDP, &IDP.respond(&reply_to(), &person, now()).unwrap());
        let values = assertion.values(methods);
        assert!(values.last().unwrap().ends_with(last), "{values:?}");
    }
}

#[test]
fn authentication_may_be_weeks_old() {
    let mut idp = IDP.clone();
    idp.issuance.authn_age = TimeDelta::days(81);
    let person = idp.person("test.consultant").unwrap();
    accept(&idp, &idp.respond(&reply_to(), &person, now()).unwrap());
}

/// A request with these attributes and children.
fn receive(idp: &TestIdp, attributes: &str, children: &str) -> Result<SignIn, Refusal> {
    let xml = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{REQUEST}\" Version=\"2.0\" \
         IssueInstant=\"2026-11-22T16:50:00Z\" {attributes}>\
         <saml:Issuer>{SP}</saml:Issuer>{children}</samlp:AuthnRequest>"
    );
    idp.receive(&Received::from_form(&encode_base64(xml.as_bytes()), None).unwrap())
}

#[test]
fn requests_that_entra_answers_with_a_number() {
    let persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    for (attributes, children, number) in [
        ("", String::new(), None),
        // Not even looked at.
        ("Destination=\"https://other.example/\"", String::new(), None),
        ("", format!("<samlp:NameIDPolicy Format=\"{persistent}\"/>"), None),
        ("", "<samlp:Scoping/>".to_owned(), None),
        (
            "ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact\"",
            String::new(),
            Some("AADSTS75003"),
        ),
        ("", "<saml:Subject/>".to_owned(), Some("AADSTS90011")),
        ("", "<samlp:Scoping ProxyCount=\"1\"/>".to_owned(), Some("AADSTS90011")),
        (
            "",
            "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\"/>"
                .to_owned(),
            Some("AADSTS75016"),
        ),
        (
            "",
            "<samlp:RequestedAuthnContext Comparison=\"minimum\"/>".to_owned(),
            Some("AADSTS90011"),
        ),
        (
            "",
            "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:x\
             </saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"
                .to_owned(),
            Some("AADSTS75011"),
        ),
        ("IsPassive=\"true\"", String::new(), Some("AADSTS50058")),
    ] {
        let sign_in = receive(&IDP, attributes, &children).unwrap();
        let found = sign_in.failure.as_ref().and_then(|s| s.message.as_deref());
        let found = found.map(|message| message.split(':').next().unwrap());
        assert_eq!(found, number, "{attributes} {children}");
        let person = IDP.person("test.consultant").unwrap();
        let answer = IDP.answer(&sign_in, &person, now()).unwrap().response;
        assert_eq!(answer.contains("Trace ID: "), number.is_some());
        assert_eq!(answer.contains("Timestamp: 2026-11-22 16:50:01Z"), number.is_some());
    }
}

#[test]
fn requests_of_strangers_have_a_number_too() {
    let mut idp = IDP.clone();
    idp.relying_parties.clear();
    let refusal = receive(&idp, "", "").unwrap_err();
    assert_eq!(refusal.code(), "unknown_issuer");
    assert_eq!(refusal.number(Personality::Entra), Some("AADSTS700016"));
    assert_eq!(refusal.number(Personality::Adfs), Some("MSIS7007"));
    assert_eq!(refusal.number(Personality::Plain), None);
}

#[test]
fn name_id_policy_changes_the_value() {
    let name_id = |format: &str| {
        let policy = format!("<samlp:NameIDPolicy Format=\"{format}\"/>");
        let sign_in = receive(&IDP, "", &policy).unwrap();
        let person = IDP.person("test.consultant").unwrap();
        let xml = IDP.answer(&sign_in, &person, now()).unwrap().response;
        accept(&IDP, &xml).name_id().unwrap().clone()
    };
    let persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    let transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    let unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
    assert_eq!(name_id(persistent).format.as_deref(), Some(persistent));
    assert_eq!(name_id(persistent), name_id(persistent));
    assert_ne!(name_id(persistent).value, "test.consultant@nhs.net");
    assert_ne!(name_id(transient).value, name_id(transient).value);
    assert_eq!(name_id(unspecified).value, "test.consultant@nhs.net");
}

#[test]
fn a_name_that_is_no_uri_gets_something_in_front() {
    let mut idp = IDP.clone();
    idp.relying_parties = vec![RelyingParty::new(EntityId::new("rota").unwrap(), ACS).unwrap()];
    let xml = "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\" \
               Version=\"2.0\" IssueInstant=\"2026-11-22T16:50:00Z\">\
               <Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">rota</Issuer>\
               </samlp:AuthnRequest>";
    let received = Received::from_form(&encode_base64(xml.as_bytes()), None).unwrap();
    assert_eq!(idp.receive(&received).unwrap().reply_to.audience, "spn:rota");
    assert_eq!(receive(&IDP, "", "").unwrap().reply_to.audience, SP);
}

#[test]
fn errors_of_entra_carry_no_consent() {
    let xml = IDP.refuse(&reply_to(), &ErrorStatus::responder(), now()).unwrap();
    assert!(!xml.contains("Consent") && !xml.contains(" />"), "{xml}");
}

#[test]
fn plain_follows_the_standard() {
    let person = PLAIN.person("test.consultant").unwrap();
    let xml = PLAIN.draft(&reply_to(), &person, now()).unwrap().xml;
    for part in [
        "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
        "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">",
        "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"",
        "<saml:Attribute Name=\"ODS\" \
         NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\">",
        "SessionNotOnOrAfter=\"2026-11-23T00:50:01.250Z\"",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    let (one, other) = (xml, PLAIN.entity_id.as_str());
    assert!(one.contains(other) && other == "https://idp.nhsmail.test/saml2/metadata");
    let metadata = PLAIN.metadata().unwrap();
    assert!(metadata.starts_with("<EntityDescriptor ") && metadata.len() < 6000);
    assert!(IdpMetadata::read(metadata.as_bytes(), now()).unwrap().has_test_keys());
}

#[test]
fn assertions_are_encrypted_to_whoever_publishes_a_key() {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let validity = Validity::of_tests();
    let certificate = Certificate::self_signed(
        &key,
        &CertificateRequest {
            common_name: "Rota",
            organisation: None,
            hosts: &[],
            not_before: validity.not_before,
            not_after: validity.not_after,
        },
    )
    .unwrap();
    for (idp, shape) in [
        (
            &*super::IDP,
            Some(
                "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
                 <xenc:EncryptedData Type=",
            ),
        ),
        (&*PLAIN, Some("<saml:EncryptedAssertion xmlns:saml=")),
        (&*IDP, None),
    ] {
        let mut idp = idp.clone();
        let mut relying_party = RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap();
        relying_party.encryption = Some(certificate.clone());
        idp.relying_parties = vec![relying_party];
        let sign_in = receive(&idp, "", "").unwrap();
        let person = idp.person("test.consultant").unwrap();
        let xml = idp.answer(&sign_in, &person, now()).unwrap().response;
        match shape {
            Some(shape) => {
                assert!(xml.contains(shape), "{xml}");
                assert!(!xml.contains("test.consultant"), "{xml}");
            }
            None => assert!(xml.contains("test.consultant") && !xml.contains("Encrypted")),
        }
    }
}
