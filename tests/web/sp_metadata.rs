//! What we publish of ourselves.

use actix_saml::idp::SigningKey;
use actix_saml::saml::EntityId;
use actix_saml::saml::metadata::{Contact, Organisation};
use actix_saml::sp::{BuildError, Builder};
use actix_saml::xmlenc::DecryptionKey;
use actix_web::http::Method;

use crate::app::{ENTITY_ID, TestApp, test_idp, trusted};
use crate::browser::navigation;
use crate::jar::From;
use crate::message::between;

const PATH: &str = "/saml/metadata";

#[actix_web::test]
async fn it_holds_what_is_needed_to_register_us_and_no_key() {
    let app = TestApp::start().await;
    let answer = app.browser().visit(PATH).await;
    assert_eq!(answer.status, 200);
    let content_type = "application/samlmetadata+xml; charset=utf-8";
    assert_eq!(answer.header("Content-Type"), Some(content_type));
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(answer.header("Content-Disposition"), None);
    assert_eq!(answer.header("Set-Cookie"), None);
    let expected = format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         entityID=\"{ENTITY_ID}\">\
         <md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"https://rota.example.org/saml/acs\" index=\"0\" isDefault=\"true\"/>\
         </md:SPSSODescriptor></md:EntityDescriptor>"
    );
    assert_eq!(answer.body, expected);
}

#[actix_web::test]
async fn it_can_be_saved_as_a_file() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let shown = browser.visit(PATH).await;
    let saved = browser.visit("/saml/metadata?download").await;
    let disposition = "attachment; filename=\"sp-metadata.xml\"";
    assert_eq!(saved.header("Content-Disposition"), Some(disposition));
    assert_eq!(saved.body, shown.body);
    let head = browser.send(From::SameSite, navigation(Method::HEAD, PATH)).await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("Content-Type"), shown.header("Content-Type"));
}

#[actix_web::test]
async fn a_signing_certificate_is_published_and_an_encryption_certificate_only_when_asked_for() {
    let key = test_idp(0).keys.current().clone();
    let der = key.certificate().as_der().to_vec();
    let signing = actix_saml::sp::RequestSigning {
        key: key.private_key().clone(),
        certificate: key.certificate().clone(),
    };
    let encryption = signing.certificate.clone();
    let app = TestApp::with(|setup| {
        let signing = signing.clone();
        setup.builder = Box::new(|builder| builder.signing = Some(signing));
    })
    .await;
    let xml = app.browser().visit(PATH).await.body;
    assert!(xml.contains("AuthnRequestsSigned=\"true\""));
    assert_eq!(xml.matches("<md:KeyDescriptor ").count(), 1);
    assert!(xml.contains("<md:KeyDescriptor use=\"signing\">"));
    let text = between(&xml, "<ds:X509Certificate>", "</ds:X509Certificate>");
    assert_eq!(text, base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der));
    assert!(!xml.contains("PRIVATE"));

    let decryption = DecryptionKey::new(key.private_key().clone()).unwrap();
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            builder.encryption = vec![encryption];
            builder.decryption = vec![decryption];
        });
    })
    .await;
    let xml = app.browser().visit(PATH).await.body;
    assert!(xml.contains("<md:KeyDescriptor use=\"encryption\">"), "{xml}");
    assert!(!xml.contains("use=\"signing\""));
}

#[test]
fn an_encryption_certificate_is_not_published_without_its_key() {
    let keys = &test_idp(0).keys;
    let mut builder = Builder::new(
        EntityId::new("https://rota.example.org/saml").unwrap(),
        "https://rota.example.org/".parse().unwrap(),
    );
    builder.dev = true;
    builder.idps = vec![trusted(&test_idp(0))];
    builder.encryption = vec![keys.current().certificate().clone()];
    let error = |builder: &Builder| builder.clone().build().err();
    assert_eq!(error(&builder), Some(BuildError::EncryptionWithoutKey));
    let key = |of: &SigningKey| DecryptionKey::new(of.private_key().clone()).unwrap();
    builder.decryption = vec![key(test_idp(1).keys.current())];
    assert_eq!(error(&builder), Some(BuildError::EncryptionWithoutKey));
    builder.decryption.push(key(keys.current()));
    assert_eq!(error(&builder), None);
}

#[actix_web::test]
async fn organisation_and_contact_are_for_the_help_desk() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            builder.organisation = Some(Organisation {
                name: "Test & Trust".to_owned(),
                display_name: "Ward <rota>".to_owned(),
                url: "https://rota.example.org/".to_owned(),
            });
            builder.contact = Some(Contact {
                given_name: Some("Rota team".to_owned()),
                email: "test.team1@nhs.net".to_owned(),
                telephone: Some("01632 960001".to_owned()),
            });
        });
    })
    .await;
    let xml = app.browser().visit(PATH).await.body;
    let expected = "</md:SPSSODescriptor><md:Organization>\
        <md:OrganizationName xml:lang=\"en\">Test &amp; Trust</md:OrganizationName>\
        <md:OrganizationDisplayName xml:lang=\"en\">Ward &lt;rota&gt;</md:OrganizationDisplayName>\
        <md:OrganizationURL xml:lang=\"en\">https://rota.example.org/</md:OrganizationURL>\
        </md:Organization><md:ContactPerson contactType=\"technical\">\
        <md:GivenName>Rota team</md:GivenName>\
        <md:EmailAddress>mailto:test.team1@nhs.net</md:EmailAddress>\
        <md:TelephoneNumber>01632 960001</md:TelephoneNumber></md:ContactPerson>\
        </md:EntityDescriptor>";
    assert!(xml.ends_with(expected), "{xml}");
}
