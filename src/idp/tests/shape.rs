//! What is sent, byte for byte, beside the successful responses of AD FS and Entra, which have their
//! own files: what is encrypted, what reports a failure, what signs out, and all that `plain` says.
//!
//! The expected texts are indented for reading; on the wire there is no space between elements.

use super::{ACS, REQUEST, SP, now, reply_to};
use crate::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use crate::idp::{
    Claim, ErrorStatus, IdSource, Ids, IssuedSession, LogoutBinding, OutgoingLogout, Person,
    RelyingParty, SignOut, SingleLogoutService, TEST_TENANT, TestIdp, Validity,
};
use crate::saml::EntityId;
use crate::saml::binding::RedirectMessage;

const SLO: &str = "https://rota.example.org/saml/slo";

/// Joins the lines, without their indentation. A line that goes on with an attribute begins with one
/// space. What stands in braces is put in from `values`.
fn text(lines: &str, values: &[(&str, &str)]) -> String {
    let flush =
        |line: &'_ str| if line.starts_with("  ") { line.trim_start() } else { line }.to_owned();
    let mut text: String = lines.lines().map(flush).collect();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    assert!(!text.contains('{'), "{text}");
    text
}

/// `xml` without what is another each time: ciphers, digests, signatures, certificates.
fn blanked(xml: &str) -> String {
    let mut blanked = xml.to_owned();
    for local in
        ["CipherValue", "DigestValue", "SignatureValue", "X509Certificate", "X509SerialNumber"]
    {
        let parts: Vec<&str> = blanked.split(&format!("{local}>")).collect();
        let parts = parts.iter().enumerate().map(|(index, part)| match part.split_once("</") {
            Some((value, end)) if index % 2 == 1 => {
                assert!(!value.is_empty() && !value.contains([' ', '\n']), "{local}: {value}");
                format!("…</{end}")
            }
            _ => (*part).to_owned(),
        });
        blanked = parts.collect::<Vec<_>>().join(&format!("{local}>"));
    }
    blanked
}

fn ids() -> Ids {
    Ids { response: "_aaaa".to_owned(), assertion: "_bbbb".to_owned() }
}

fn somebody() -> Person {
    let roles = Claim::new("urn:roles", ["A & B", ""]);
    let name_id = Some("test.user1@nhs.net".to_owned());
    let user_name = "test.user1".to_owned();
    Person { user_name, name_id, claims: vec![roles], ..Person::default() }
}

fn all() -> [TestIdp; 3] {
    [TestIdp::adfs().unwrap(), TestIdp::entra().unwrap(), TestIdp::plain().unwrap()]
}

#[test]
fn blanks_hide_values_and_nothing_else() {
    let xml = "<a><d:DigestValue>abc=</d:DigestValue><b>abc=</b><DigestValue>x</DigestValue></a>";
    let seen = "<a><d:DigestValue>…</d:DigestValue><b>abc=</b><DigestValue>…</DigestValue></a>";
    assert_eq!(blanked(xml), seen);
}

fn recipient() -> Certificate {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let (common_name, organisation, hosts) = ("Rota", Some("A Trust"), &[]);
    let request = CertificateRequest { common_name, organisation, hosts, not_before, not_after };
    Certificate::self_signed(&key, &request).unwrap()
}

const ENCRYPTED_AS_MICROSOFT: &str = r#"
    <EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion">
      <xenc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element"
 xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">
        <xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc" />
        <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">
          <e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#">
            <e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p">
              <DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1" />
            </e:EncryptionMethod>
            <KeyInfo>
              <ds:X509Data xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
                <ds:X509IssuerSerial>
                  <ds:X509IssuerName>O=A Trust, CN=Rota</ds:X509IssuerName>
                  <ds:X509SerialNumber>…</ds:X509SerialNumber>
                </ds:X509IssuerSerial>
              </ds:X509Data>
            </KeyInfo>
            <e:CipherData>
              <e:CipherValue>…</e:CipherValue>
            </e:CipherData>
          </e:EncryptedKey>
        </KeyInfo>
        <xenc:CipherData>
          <xenc:CipherValue>…</xenc:CipherValue>
        </xenc:CipherData>
      </xenc:EncryptedData>
    </EncryptedAssertion>"#;

const ENCRYPTED_AS_PLAIN: &str = r#"
    <saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
      <xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"
 Type="http://www.w3.org/2001/04/xmlenc#Element">
        <xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>
        <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
          <xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"
 xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
            <xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p">
              <ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>
            </xenc:EncryptionMethod>
            <ds:KeyInfo>
              <ds:X509Data>
                <ds:X509Certificate>…</ds:X509Certificate>
              </ds:X509Data>
            </ds:KeyInfo>
            <xenc:CipherData>
              <xenc:CipherValue>…</xenc:CipherValue>
            </xenc:CipherData>
          </xenc:EncryptedKey>
        </ds:KeyInfo>
        <xenc:CipherData>
          <xenc:CipherValue>…</xenc:CipherValue>
        </xenc:CipherData>
      </xenc:EncryptedData>
    </saml:EncryptedAssertion>"#;

/// Of Entra's encryption nothing is known but its strength, so it has the shape of AD FS.
#[test]
fn encrypted_assertions() {
    let recipient = recipient();
    let expected = [ENCRYPTED_AS_MICROSOFT, ENCRYPTED_AS_MICROSOFT, ENCRYPTED_AS_PLAIN];
    for (idp, expected) in all().iter().zip(expected) {
        let (ids, reply_to) = (ids(), reply_to());
        let draft = idp.issue(&reply_to, &ids, now()).draft(&somebody()).unwrap();
        let xml = draft.sign_for(idp.keys.current(), Some(&recipient)).unwrap();
        let (head, rest) = xml.split_once("</samlp:Status>").unwrap();
        let (draft_head, _) = draft.xml.split_once("</samlp:Status>").unwrap();
        assert_eq!(head, draft_head, "what is in the clear stays as it is");
        let expected = text(expected, &[]) + "</samlp:Response>";
        assert_eq!(blanked(rest), expected, "{:?}", idp.personality);
    }
}

#[test]
fn failures() {
    const AD_FS: &str = r#"
    <samlp:Response ID="_aaaa" Version="2.0" IssueInstant="2026-11-22T16:50:01.250Z"
 Destination="{acs}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"
 InResponseTo="{request}" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">
      <Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</Issuer>
      <samlp:Status>
        <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Requester">
          <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:RequestUnsupported" />
        </samlp:StatusCode>
        <samlp:StatusMessage>AADSTS1: why</samlp:StatusMessage>
      </samlp:Status>
    </samlp:Response>"#;
    let as_entra = AD_FS
        .replace(r#" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified""#, "")
        .replace(" />", "/>");
    let as_plain =
        as_entra.replace("Issuer xmlns=", "saml:Issuer xmlns:saml=").replace("</I", "</saml:I");
    for (idp, expected) in all().iter().zip([AD_FS.to_owned(), as_entra, as_plain]) {
        let (ids, reply_to) = (ids(), reply_to());
        let status = ErrorStatus::request_unsupported().with_message("AADSTS1: why");
        let xml = idp.issue(&reply_to, &ids, now()).error(&status).unwrap();
        let issuer = idp.entity_id.as_str();
        let values = [("acs", ACS), ("request", REQUEST), ("issuer", issuer)];
        assert_eq!(xml, text(&expected, &values));
    }
}

#[test]
fn plain_response() {
    const EXPECTED: &str = r##"
    <samlp:Response ID="_aaaa" Version="2.0" IssueInstant="2026-11-22T16:50:01.250Z"
 Destination="{acs}" InResponseTo="{request}"
 xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">
      <saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml:Issuer>
      <samlp:Status>
        <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>
      </samlp:Status>
      <saml:Assertion ID="_bbbb" IssueInstant="2026-11-22T16:50:01.250Z" Version="2.0"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
        <saml:Issuer>{issuer}</saml:Issuer>
        <ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
          <ds:SignedInfo>
            <ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
            <ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
            <ds:Reference URI="#_bbbb">
              <ds:Transforms>
                <ds:Transform
 Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
                <ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
              </ds:Transforms>
              <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
              <ds:DigestValue>…</ds:DigestValue>
            </ds:Reference>
          </ds:SignedInfo>
          <ds:SignatureValue>…</ds:SignatureValue>
          <ds:KeyInfo>
            <ds:X509Data>
              <ds:X509Certificate>…</ds:X509Certificate>
            </ds:X509Data>
          </ds:KeyInfo>
        </ds:Signature>
        <saml:Subject>
          <saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">
{name}</saml:NameID>
          <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
            <saml:SubjectConfirmationData InResponseTo="{request}"
 NotOnOrAfter="2026-11-22T16:55:01.250Z" Recipient="{acs}"/>
          </saml:SubjectConfirmation>
        </saml:Subject>
        <saml:Conditions NotBefore="2026-11-22T16:50:01.250Z"
 NotOnOrAfter="2026-11-22T16:55:01.250Z">
          <saml:AudienceRestriction>
            <saml:Audience>{audience}</saml:Audience>
          </saml:AudienceRestriction>
        </saml:Conditions>
        <saml:AttributeStatement>
          <saml:Attribute Name="urn:roles"
 NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">
            <saml:AttributeValue>A &amp; B</saml:AttributeValue>
            <saml:AttributeValue></saml:AttributeValue>
          </saml:Attribute>
        </saml:AttributeStatement>
        <saml:AuthnStatement AuthnInstant="2026-11-22T16:50:01.250Z" SessionIndex="_bbbb"
 SessionNotOnOrAfter="2026-11-23T00:50:01.250Z">
          <saml:AuthnContext>
            <saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport
</saml:AuthnContextClassRef>
          </saml:AuthnContext>
        </saml:AuthnStatement>
      </saml:Assertion>
    </samlp:Response>"##;
    let idp = TestIdp::plain().unwrap();
    let (ids, reply_to) = (ids(), reply_to());
    let draft = idp.issue(&reply_to, &ids, now()).draft(&somebody()).unwrap();
    let xml = draft.sign(idp.keys.current()).unwrap();
    let name_id = IssuedSession::of_response(&xml).unwrap().name_id;
    let values = [
        ("acs", ACS),
        ("request", REQUEST),
        ("issuer", idp.entity_id.as_str()),
        ("audience", SP),
        ("name", &name_id),
    ];
    assert_eq!(blanked(&xml), text(EXPECTED, &values));
}

/// The same with an application that can sign people out, and with IDs that are known.
fn with_logout(mut idp: TestIdp, binding: LogoutBinding) -> (TestIdp, String) {
    let mut application = RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap();
    application.logout =
        vec![SingleLogoutService { binding, url: SLO.to_owned(), response_url: None }];
    idp.relying_parties = vec![application];
    idp.ids = IdSource::seeded("shape");
    let id = IdSource::seeded("shape").pair().unwrap().response;
    (idp, id)
}

fn message(outgoing: &OutgoingLogout) -> String {
    match outgoing {
        OutgoingLogout::Redirect { url, .. } => {
            let (_, query) = url.split_once('?').unwrap();
            let names: Vec<_> =
                query.split('&').map(|field| field.split('=').next().unwrap()).collect();
            assert_eq!(names[1..], ["SigAlg", "Signature"], "{query}");
            // Percent-encoding is in lower case.
            let escapes: Vec<_> = query.split('%').skip(1).filter_map(|e| e.get(..2)).collect();
            assert!(escapes.iter().all(|e| *e == e.to_lowercase()), "{query}");
            String::from_utf8(RedirectMessage::read(query).unwrap().xml().to_vec()).unwrap()
        }
        OutgoingLogout::Post { form, .. } => form.xml.clone(),
    }
}

const LOGOUT_REQUEST: &str = r#"
    <samlp:LogoutRequest ID="{id}" Version="2.0" IssueInstant="2026-11-22T16:50:01.250Z"
 Destination="https://rota.example.org/saml/slo"
 Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"
 NotOnOrAfter="2026-11-22T16:55:01.250Z" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">
      <Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</Issuer>
      <NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
 xmlns="urn:oasis:names:tc:SAML:2.0:assertion">test.user1@nhs.net</NameID>
      <samlp:SessionIndex>_bbbb</samlp:SessionIndex>
    </samlp:LogoutRequest>"#;

const LOGOUT_RESPONSE: &str = r#"
    <samlp:LogoutResponse ID="{id}" Version="2.0" IssueInstant="2026-11-22T16:50:01.250Z"
 Destination="https://rota.example.org/saml/slo"
 Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" InResponseTo="{request}"
 xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">
      <Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</Issuer>
      <samlp:Status>
        <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success" />
      </samlp:Status>
    </samlp:LogoutResponse>"#;

/// What differs from AD FS. Entra names itself by another address where it answers.
fn as_others(expected: &str) -> [String; 3] {
    let consent = "\n Consent=\"urn:oasis:names:tc:SAML:2.0:consent:unspecified\"";
    let entra = expected.replace(consent, "").replace(" />", "/>");
    let plain = entra
        .replace("Issuer xmlns=", "saml:Issuer xmlns:saml=")
        .replace("</Issuer", "</saml:Issuer")
        .replace("<NameID ", "<saml:NameID ")
        .replace("</NameID", "</saml:NameID")
        .replace("\n xmlns=", "\n xmlns:saml=");
    [expected.to_owned(), entra, plain]
}

#[test]
fn log_out_requests() {
    for (idp, expected) in all().into_iter().zip(as_others(LOGOUT_REQUEST)) {
        let (idp, id) = with_logout(idp, LogoutBinding::Redirect);
        let session = IssuedSession {
            relying_party: SP.to_owned(),
            name_id: "test.user1@nhs.net".to_owned(),
            format: Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned()),
            session_index: "_bbbb".to_owned(),
        };
        let asked = idp.request_logout(&session, None, LogoutBinding::Redirect, now()).unwrap();
        let values = [("id", id.as_str()), ("issuer", idp.entity_id.as_str())];
        assert_eq!(message(&asked), text(&expected, &values), "{:?}", idp.personality);

        // A name without a format stays without one: it is sent back as it was received.
        let bare = IssuedSession { format: None, ..session };
        let asked = idp.request_logout(&bare, None, LogoutBinding::Redirect, now()).unwrap();
        assert!(!message(&asked).contains("Format="), "{}", message(&asked));
    }
}

#[test]
fn log_out_answers() {
    let entra = format!("https://login.microsoftonline.com/{TEST_TENANT}/");
    for (idp, expected) in all().into_iter().zip(as_others(LOGOUT_RESPONSE)) {
        let (idp, id) = with_logout(idp, LogoutBinding::Redirect);
        let issuer = match idp.personality {
            crate::idp::Personality::Entra => entra.as_str(),
            _ => idp.entity_id.as_str(),
        };
        let sign_out = SignOut {
            relying_party: SP.to_owned(),
            request_id: REQUEST.to_owned(),
            relay_state: None,
            name_id: "test.user1@nhs.net".to_owned(),
            session_index: "_bbbb".to_owned(),
            is_participant: true,
        };
        let answer = idp.answer_logout(&sign_out, LogoutBinding::Redirect, now()).unwrap();
        let values = [("id", id.as_str()), ("issuer", issuer), ("request", REQUEST)];
        assert_eq!(message(&answer), text(&expected, &values), "{:?}", idp.personality);
    }
}

/// By HTTP-POST the signature is in the message, behind `Issuer`, where Core 3.2.1 has it.
#[test]
fn log_out_answers_in_a_form_are_signed_within() {
    for (idp, signature) in all().into_iter().zip(["ds:Signature ", "Signature ", "ds:Signature "])
    {
        let (idp, id) = with_logout(idp, LogoutBinding::Post);
        let sign_out = SignOut {
            relying_party: SP.to_owned(),
            request_id: REQUEST.to_owned(),
            relay_state: None,
            name_id: "test.user1@nhs.net".to_owned(),
            session_index: "_bbbb".to_owned(),
            is_participant: false,
        };
        let xml = message(&idp.answer_logout(&sign_out, LogoutBinding::Post, now()).unwrap());
        assert!(xml.contains(&format!("Issuer><{signature}")), "{xml}");
        assert!(xml.contains(&format!("Reference URI=\"#{id}\"")), "{xml}");
        assert!(xml.contains("Signature><samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Requester\""), "{xml}");
    }
}
