//! Metadata as a federation publishes it, small enough to be mutated well.

use std::sync::LazyLock;

use actix_saml::crypto::Certificate;
use actix_saml::dsig::{Place, SignatureStyle, sign_enveloped};
use actix_saml::saml::EntityId;
use actix_saml::saml::metadata::{Fingerprint, IdpMetadata, MetadataAnchor, Reading};
use actix_saml::saml::names::{METADATA, PROTOCOL};
use actix_saml::xml::{decode_base64, encode_base64};
use chrono::TimeDelta;

use crate::keys::{IDP_EC, Pair, SP, STRANGER};
use crate::message::now;

/// The provider that is chosen.
pub static CHOSEN: LazyLock<EntityId> =
    LazyLock::new(|| EntityId::new("urn:chosen").expect("an entityID"));

/// Whose signature counts.
pub static ANCHOR: LazyLock<MetadataAnchor> = LazyLock::new(|| {
    MetadataAnchor::new(vec![STRANGER.certificate.clone()], Vec::new()).expect("a pin")
});

/// The same by the fingerprints of the certificates of that key which stand in `xml`. Every process
/// makes certificates of its own, and only their keys are the same.
pub fn by_fingerprint(xml: &str) -> Option<MetadataAnchor> {
    let texts = xml.split("X509Certificate>").skip(1).step_by(2);
    let ders = texts.filter_map(|text| decode_base64(text.split('<').next()?.as_bytes()));
    let pinned = ders
        .filter(|der| Certificate::from_der(der).is_ok_and(|c| *c.public_key() == STRANGER.public));
    let fingerprints = pinned.map(|der| Fingerprint::of_der(&der)).collect();
    MetadataAnchor::new(Vec::new(), fingerprints).ok()
}

/// The chosen provider from a document that may be valid for two weeks.
pub fn choosing(anchor: Option<&MetadataAnchor>) -> Reading<'_> {
    Reading { entity_id: Some(&CHOSEN), anchor, max_validity: Some(TimeDelta::days(14)) }
}

fn entity(name: &str, pair: &Pair) -> String {
    let certificate = encode_base64(pair.certificate.as_der());
    format!(
        "<EntityDescriptor ID=\"_{0}\" entityID=\"urn:{0}\" cacheDuration=\"PT6H\"><IDPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\" validUntil=\"2026-11-30T00:00:00Z\"><Extensions><shibmd:Scope xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\" regexp=\"false\">{0}.uk</shibmd:Scope><mdui:UIInfo xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\"><mdui:DisplayName xml:lang=\"en\">{0}</mdui:DisplayName><mdui:Logo width=\"8\" height=\"8\">https://{0}.uk/8.png</mdui:Logo></mdui:UIInfo></Extensions><KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor><SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://{0}.uk/sso\"/></IDPSSODescriptor></EntityDescriptor>",
        name
    )
}

fn group(id: &str, entities: &str) -> String {
    format!(
        "<EntitiesDescriptor ID=\"{id}\" xmlns=\"{METADATA}\" validUntil=\"2026-12-01T00:00:00Z\">{entities}</EntitiesDescriptor>"
    )
}

/// What is signed: one provider alone, and among others in groups.
pub static SIGNED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let (chosen, other) = (entity("chosen", &IDP_EC), entity("other", &SP));
    let alone = chosen.replacen(
        "<EntityDescriptor ",
        &format!("<EntityDescriptor xmlns=\"{METADATA}\" validUntil=\"2026-12-02T00:00:00Z\" "),
        1,
    );
    let documents = [
        (alone, "_chosen"),
        (group("_group", &[&*chosen, &*other].concat()), "_group"),
        (group("_outer", &[&*other, &group("_inner", &chosen)].concat()), "_outer"),
    ];
    let sign = |(xml, id): &(String, &str)| {
        let (key, style) = (&STRANGER.key, SignatureStyle::default());
        let certificate = Some(&STRANGER.certificate);
        let algorithm = key.default_algorithm();
        sign_enveloped(xml, id, Place::First, key, algorithm, certificate, &style).expect("signed")
    };
    documents.iter().map(sign).collect()
});

/// Everything that metadata says, to be compared.
pub fn said(metadata: &IdpMetadata) -> String {
    let known = [&IDP_EC.public, &SP.public];
    let keys = metadata.keys().signing().iter();
    let keys: Vec<_> = keys.map(|key| known.iter().position(|known| *known == key)).collect();
    format!(
        "{} {keys:?} {:?} {:?} {} {:?} {:?} {:?} {:?}",
        metadata.entity_id(),
        metadata.single_sign_on_services(),
        metadata.single_logout(),
        metadata.wants_signed_requests(),
        metadata.valid_until(),
        metadata.cache_duration(),
        metadata.ui_info(),
        metadata.scopes(),
    )
}

/// What the signed documents say.
pub static SAID: LazyLock<Vec<String>> = LazyLock::new(|| {
    let read = |xml: &String| {
        let metadata = IdpMetadata::read_as(xml.as_bytes(), &choosing(Some(&ANCHOR)), now());
        said(&metadata.expect("a seed is accepted"))
    };
    SIGNED.iter().map(read).collect()
});
