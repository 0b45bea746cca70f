use super::{IDP, now};
use crate::idp::{IdpError, SigningKey, TestIdp, Validity};
use crate::saml::binding::Binding;
use crate::saml::metadata::IdpMetadata;
use crate::xml::{Document, Limits};

#[test]
fn metadata_has_the_shape_of_adfs() {
    let xml = IDP.metadata().unwrap();
    assert!((30_000..70_000).contains(&xml.len()), "{} bytes", xml.len());
    assert!(xml.starts_with("<EntityDescriptor ID=\"_") && !xml.contains('\n'));
    assert!(!xml.contains("validUntil") && !xml.contains("cacheDuration"));
    assert!(!xml.contains("WantAuthnRequestsSigned") && !xml.contains(" />"));
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
    let root = document.root();
    let names: Vec<_> = root.attributes().map(|a| a.local).collect();
    assert_eq!(names, ["ID", "entityID"]);
    assert_eq!(root.attribute("entityID"), Some("http://fs.nhsmail.test/adfs/services/trust"));

    let roles: Vec<_> = root.elements().map(|n| n.local_name()).collect();
    assert_eq!(
        roles,
        [
            "Signature",
            "RoleDescriptor",
            "RoleDescriptor",
            "SPSSODescriptor",
            "IDPSSODescriptor",
            "ContactPerson"
        ]
    );
    let kinds: Vec<_> = root
        .elements()
        .filter_map(|n| n.attributes().find(|a| a.local == "type"))
        .map(|a| a.value)
        .collect();
    assert_eq!(kinds, ["fed:ApplicationServiceType", "fed:SecurityTokenServiceType"]);

    let idp = root.elements().find(|n| n.local_name() == "IDPSSODescriptor").unwrap();
    let children: Vec<_> = idp
        .elements()
        .map(|n| n.attribute("use").unwrap_or(n.local_name()))
        .filter(|name| *name != "Attribute")
        .collect();
    assert_eq!(
        children,
        [
            "encryption",
            "signing",
            "SingleLogoutService",
            "SingleLogoutService",
            "NameIDFormat",
            "NameIDFormat",
            "NameIDFormat",
            "SingleSignOnService",
            "SingleSignOnService"
        ]
    );
    assert_eq!(idp.elements().filter(|n| n.local_name() == "Attribute").count(), 21);
}

#[test]
fn metadata_signature_has_an_unprefixed_key_info() {
    let xml = IDP.metadata().unwrap();
    let signature = xml.split_once("<ds:Signature ").unwrap().1.split_once("</ds:Signature>");
    let signature = signature.unwrap().0;
    let key_info =
        r#"<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>"#;
    assert_eq!(signature.matches(key_info).count(), 1);
}

#[test]
fn service_provider_reads_only_the_right_role() {
    let metadata = IdpMetadata::read(IDP.metadata().unwrap().as_bytes(), now()).unwrap();
    assert_eq!(metadata.entity_id(), &IDP.entity_id);
    let fingerprints: Vec<_> = metadata.certificates().iter().map(|c| c.fingerprint()).collect();
    assert_eq!(fingerprints, [IDP.keys.current().certificate().fingerprint()]);
    for binding in [Binding::HttpRedirect, Binding::HttpPost] {
        let url = metadata.single_sign_on(binding).unwrap();
        assert_eq!(url.text, IDP.sign_in_url());
    }
    assert!(metadata.has_test_keys());
}

#[test]
fn rollover_announces_then_promotes() {
    let mut idp = IDP.clone();
    let old = idp.keys.current().certificate().fingerprint();
    let next = SigningKey::generate("fs.nhsmail.test", Validity::of_tests()).unwrap();
    let new = next.certificate().fingerprint();
    let before = idp.metadata().unwrap();
    let current = |idp: &TestIdp| idp.keys.current().certificate().fingerprint();
    let listed = |idp: &TestIdp| -> Vec<String> {
        let metadata = IdpMetadata::read(idp.metadata().unwrap().as_bytes(), now()).unwrap();
        metadata.certificates().iter().map(|c| c.fingerprint()).collect()
    };
    idp.keys.promote();
    assert_eq!((current(&idp), listed(&idp)), (old.clone(), vec![old.clone()]));
    idp.keys.announce(next);
    assert_eq!((current(&idp), listed(&idp)), (old.clone(), vec![old.clone(), new.clone()]));
    idp.keys.promote();
    assert_eq!((current(&idp), listed(&idp)), (new.clone(), vec![new, old]));
    let id = |xml: &str| xml.split('"').nth(1).unwrap().to_owned();
    assert_ne!(id(&before), id(&idp.metadata().unwrap()), "other content, other ID");
    assert_eq!(before, IDP.metadata().unwrap(), "the same input gives the same bytes");
}

#[test]
fn base_urls() {
    let at = |url: &str| TestIdp::adfs_at(url, IDP.keys.clone());
    let idp = at("http://127.0.0.1:8081/").unwrap();
    assert_eq!(idp.entity_id.as_str(), "http://127.0.0.1:8081/adfs/services/trust");
    assert_eq!(idp.sign_in_url(), "http://127.0.0.1:8081/adfs/ls/");
    assert_eq!(idp.host(), "127.0.0.1");
    let idp = at("https://fs.nhsmail.test").unwrap();
    assert_eq!(idp.entity_id.as_str(), "http://fs.nhsmail.test/adfs/services/trust");
    for bad in
        ["", "fs.nhsmail.test", "ftp://a", "https://a/b", "https://u@a", "https://a?b", "https://A"]
    {
        assert!(matches!(at(bad), Err(IdpError::BaseUrl { found }) if found == bad), "{bad}");
    }
}
