use actix_saml::idp::RelyingParty;
use actix_saml::saml::metadata::{IdpMetadata, Reading};
use actix_saml::saml::names::{METADATA, PROTOCOL};
use actix_saml::xml::encode_base64;
use roxmltree::Node;

use super::choice;
use crate::federation::{ANCHOR, CHOSEN, SAID, by_fingerprint, choosing, said};
use crate::judge;
use crate::message::now;

/// An identity provider that is accepted is the only one there is, or the only one of the name that
/// was asked for, in the eyes of another reader; it has a name, an address, and signing keys which
/// stand in its one role and are not marked as something else. Under a pin nothing is accepted but
/// what a signed document says. The test identity provider reads service providers' metadata
/// likewise. The first byte chooses. Returns whether it is accepted.
pub fn metadata(data: &[u8]) -> bool {
    let (mode, xml) = choice(data);
    match mode % 4 {
        0 => provider(xml, &Reading::default()),
        1 => relying_party(xml),
        2 => provider(xml, &choosing(None)),
        _ => pinned(xml),
    }
}

fn relying_party(xml: &[u8]) -> bool {
    let Ok(party) = RelyingParty::from_metadata(xml) else { return false };
    assert!(!party.entity_id.as_str().is_empty() && !party.acs.is_empty());
    assert!(party.acs.iter().all(|acs| is_web_address(&acs.url)));
    true
}

fn pinned(xml: &[u8]) -> bool {
    let by_certificate = IdpMetadata::read_as(xml, &choosing(Some(&ANCHOR)), now());
    let fingerprint = std::str::from_utf8(xml).ok().and_then(by_fingerprint);
    let by_fingerprint = fingerprint
        .map(|anchor| IdpMetadata::read_as(xml, &choosing(Some(&anchor)), now()))
        .and_then(Result::ok);
    // A fingerprint needs its certificate in the document. Otherwise the two are one.
    assert!(by_certificate.is_ok() || by_fingerprint.is_none());
    for metadata in by_certificate.iter().chain(&by_fingerprint) {
        assert!(metadata.is_vouched_for());
        assert!(SAID.contains(&said(metadata)), "nobody signed that");
    }
    by_certificate.is_ok()
}

fn provider(xml: &[u8], reading: &Reading<'_>) -> bool {
    let Ok(idp) = IdpMetadata::read_as(xml, reading, now()) else { return false };
    let text = std::str::from_utf8(xml).expect("what is accepted is UTF-8");
    let text = judge::prepared(text);
    let document = judge::read(&text).expect("well-formed");
    let entity = chosen(document.root_element(), idp.entity_id().as_str(), reading);
    assert!(!idp.is_vouched_for());
    assert!(!idp.entity_id().as_str().is_empty());
    assert!(!idp.keys().signing().is_empty());
    assert_eq!(idp.keys().signing().len(), idp.certificates().len());
    assert!(idp.keys().decryption().is_empty());
    assert!(idp.locations().next().is_some());
    assert!(idp.locations().all(|url| is_web_address(url.as_str())));
    assert!(idp.locations().all(|url| url.username().is_empty() && url.password().is_none()));
    assert!(idp.ui_info().logos.iter().all(|logo| logo.url.scheme() == "https"));
    assert!(idp.valid_until().is_none_or(|until| now() < until));
    assert!(idp.cache_duration().is_none_or(|length| length.num_seconds() >= 0));
    if let Some(max) = reading.max_validity {
        assert!(idp.valid_until().is_some_and(|until| until <= now() + max));
    }

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

/// The entity that must be meant when `name` was accepted.
fn chosen<'d>(root: Node<'d, 'd>, name: &str, reading: &Reading<'_>) -> Node<'d, 'd> {
    assert!(reading.entity_id.is_none_or(|_| name == CHOSEN.as_str()));
    let is_entity = |n: &Node<'_, '_>| n.has_tag_name((METADATA, "EntityDescriptor"));
    if is_entity(&root) {
        assert_eq!(root.attribute("entityID"), Some(name));
        return root;
    }
    let in_groups = |n: &Node<'_, '_>| {
        n.ancestors()
            .skip(1)
            .filter(|n| n.is_element())
            .all(|n| n.has_tag_name((METADATA, "EntitiesDescriptor")))
    };
    let entities: Vec<_> = root.descendants().filter(|n| is_entity(n) && in_groups(n)).collect();
    let of_name: Vec<_> =
        entities.iter().filter(|n| n.attribute("entityID") == Some(name)).collect();
    let [entity] = of_name[..] else { panic!("{} of that name", of_name.len()) };
    if reading.entity_id.is_none() {
        let providers = entities.iter().filter(|n| {
            n.children().any(|role| {
                let protocols = role.attribute("protocolSupportEnumeration").unwrap_or("");
                role.has_tag_name((METADATA, "IDPSSODescriptor"))
                    && protocols.split_ascii_whitespace().any(|p| p == PROTOCOL)
            })
        });
        assert_eq!(providers.count(), 1);
    }
    *entity
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
