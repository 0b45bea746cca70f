use actix_saml::idp::RelyingParty;
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::saml::names::METADATA;
use actix_saml::xml::encode_base64;

use super::choice;
use crate::judge;
use crate::message::now;

/// An identity provider that is accepted has a name, an address, and signing keys which stand in
/// its one role and are not marked as something else. The test identity provider reads service
/// providers' metadata likewise, when the first byte is odd. Returns whether it is accepted.
pub fn metadata(data: &[u8]) -> bool {
    let (mode, xml) = choice(data);
    if mode % 2 == 1 {
        let Ok(party) = RelyingParty::from_metadata(xml) else { return false };
        assert!(!party.entity_id.as_str().is_empty() && !party.acs.is_empty());
        assert!(party.acs.iter().all(|acs| is_web_address(&acs.url)));
        return true;
    }
    let Ok(idp) = IdpMetadata::read(xml, now()) else { return false };
    let text = std::str::from_utf8(xml).expect("what is accepted is UTF-8");
    let text = judge::prepared(text);
    let document = judge::read(&text).expect("well-formed");
    let entity = document.root_element();
    assert_eq!(entity.attribute("entityID"), Some(idp.entity_id().as_str()));
    assert!(!idp.entity_id().as_str().is_empty());
    assert!(!idp.keys().signing().is_empty());
    assert_eq!(idp.keys().signing().len(), idp.certificates().len());
    assert!(idp.keys().decryption().is_empty());
    assert!(idp.locations().next().is_some());
    assert!(idp.locations().all(|url| is_web_address(url.as_str())));
    assert!(idp.locations().all(|url| url.username().is_empty() && url.password().is_none()));

    // Every key stands in a KeyDescriptor of the role that may sign.
    let of_role: Vec<String> = entity
        .children()
        .filter(|n| n.has_tag_name((METADATA, "IDPSSODescriptor")))
        .flat_map(|n| n.children())
        .filter(|n| n.has_tag_name((METADATA, "KeyDescriptor")))
        .filter(|n| n.attribute("use").is_none_or(|usage| usage == "signing"))
        .flat_map(|n| n.descendants())
        .filter(|n| n.tag_name().name() == "X509Certificate")
        .map(|n| n.text().unwrap_or("").split_ascii_whitespace().collect())
        .collect();
    for certificate in idp.certificates() {
        assert!(of_role.contains(&encode_base64(certificate.as_der())), "a key from elsewhere");
    }
    true
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
