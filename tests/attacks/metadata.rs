//! Metadata of the identity provider: what is taken from it, and what is not.

use actix_saml::crypto::{CryptoError, KeyShape, PrivateKey};
use actix_saml::saml::InvalidEntityId;
use actix_saml::saml::binding::Binding;
use actix_saml::saml::metadata::{IdpMetadata, MetadataError, Reading, TEST_KEY_MARK};
use actix_saml::saml::names::{METADATA, PROTOCOL};
use actix_saml::xml::XmlError;
use actix_saml::xml::encode_base64;
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use crate::fixture::{IDP, edit, instant, now};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, P256, Pair};

/// A `KeyDescriptor`; `usage` is empty for none.
pub fn descriptor(usage: &str, pair: &Pair) -> String {
    raw_descriptor(usage, &[&encode_base64(pair.certificate.as_der())])
}

pub fn raw_descriptor(usage: &str, certificates: &[&str]) -> String {
    let usage = if usage.is_empty() { String::new() } else { format!(" use=\"{usage}\"") };
    let all: String =
        certificates.iter().map(|c| format!("<X509Certificate>{c}</X509Certificate>")).collect();
    format!(
        "<KeyDescriptor{usage}><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data>{all}</X509Data></KeyInfo></KeyDescriptor>"
    )
}

/// Metadata in the shape of AD FS: other roles with other keys come first.
#[derive(Clone)]
pub struct Metadata(pub String);

impl Metadata {
    pub fn with_keys(keys: &str) -> Self {
        let other = descriptor("signing", &FOREIGN_KEY);
        let location = "https://fs.test.nhs.example/adfs/ls/";
        let service = |name: &str| {
            format!(
                "<{name} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{location}\"/><{name} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{location}\"/>"
            )
        };
        Self(format!(
            "<EntityDescriptor ID=\"_metadata\" entityID=\"{IDP}\" xmlns=\"{METADATA}\"><RoleDescriptor xsi:type=\"fed:SecurityTokenServiceType\" protocolSupportEnumeration=\"http://docs.oasis-open.org/wsfed/federation/200706\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\">{other}</RoleDescriptor><SPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\">{other}</SPSSODescriptor><IDPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\">{keys}{}{}</IDPSSODescriptor></EntityDescriptor>",
            service("SingleLogoutService"),
            service("SingleSignOnService"),
        ))
    }

    pub fn honest() -> Self {
        Self::with_keys(&descriptor("signing", &IDP_KEY))
    }

    /// The same provider under another name and another ID.
    pub fn named(self, name: &str, id: &str) -> Self {
        self.edit(IDP, name).edit("\"_metadata\"", &format!("\"{id}\""))
    }

    /// In a group, with `attributes`, between what stands `before` and `after`.
    pub fn within(self, attributes: &str, before: &str, after: &str) -> Self {
        let Self(xml) = self;
        Self(format!(
            "<EntitiesDescriptor {attributes} xmlns=\"{METADATA}\">{before}{xml}{after}</EntitiesDescriptor>"
        ))
    }

    pub fn xml(&self) -> &str {
        &self.0
    }

    pub fn edit(self, from: &str, to: &str) -> Self {
        Self(edit(&self.0, from, to))
    }

    pub fn read(&self) -> Result<IdpMetadata, MetadataError> {
        self.read_as(&Reading::default())
    }

    pub fn read_as(&self, reading: &Reading<'_>) -> Result<IdpMetadata, MetadataError> {
        IdpMetadata::read_as(self.0.as_bytes(), reading, now())
    }

    #[track_caller]
    pub fn refused(&self, expected: MetadataError) {
        self.refused_as(&Reading::default(), expected);
    }

    #[track_caller]
    pub fn refused_as(&self, reading: &Reading<'_>, expected: MetadataError) {
        let verdict = self.read_as(reading).map(|m| m.entity_id().clone());
        assert_eq!(verdict, Err(expected), "{}", self.0);
    }
}

/// A certificate that OpenSSL makes for any key, weak ones included.
pub fn certificate_of(key: &PKey<Private>) -> Vec<u8> {
    let mut builder = X509::builder().unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(1_767_225_600).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(1_798_761_600).unwrap()).unwrap();
    // Not self-signed: some of these keys take no digest. Nobody verifies this signature.
    let issuer = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
    builder.sign(&issuer, MessageDigest::sha256()).unwrap();
    builder.build().to_der().unwrap()
}

#[test]
fn control() {
    let metadata = Metadata::honest().read().unwrap();
    assert_eq!(metadata.entity_id().as_str(), IDP);
    assert_eq!(metadata.keys().signing(), [IDP_KEY.public()]);
    let with_bom =
        format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>{}", Metadata::honest().0);
    IdpMetadata::read(with_bom.as_bytes(), now()).unwrap();
}

#[test]
fn control_of_what_is_read() {
    let text = Metadata::honest().0;
    let (redirect, post) = (Binding::HttpRedirect, Binding::HttpPost);
    let mut xml = text.clone();
    for (name, binding, path) in [
        ("SingleLogoutService", redirect, "slo-redirect"),
        ("SingleLogoutService", post, "slo-post"),
        ("SingleSignOnService", redirect, "sso-redirect"),
        ("SingleSignOnService", post, "sso-post"),
    ] {
        let service = format!("<{name} Binding=\"{}\" Location=\"https://", binding.uri());
        xml = edit(&xml, &service, &format!("{service}{path}."));
    }
    let other = xml.clone();
    let metadata = Metadata(xml).read().unwrap();
    let certificates: Vec<_> = metadata.certificates().iter().map(|c| c.as_der()).collect();
    assert_eq!(certificates, [IDP_KEY.certificate.as_der()]);
    let location = |path: &str| format!("https://{path}.fs.test.nhs.example/adfs/ls/");
    for (binding, path) in [(redirect, "sso-redirect"), (post, "sso-post")] {
        let endpoint = metadata.single_sign_on(binding).unwrap();
        assert_eq!((endpoint.binding, &endpoint.text), (binding, &location(path)));
        assert_eq!(endpoint.location.as_str(), location(path));
    }
    let logout: Vec<_> = metadata.single_logout().iter().map(|e| &e.text[..]).collect();
    assert_eq!(logout, [location("slo-redirect"), location("slo-post")]);
    let all: Vec<_> = metadata.locations().map(|url| url.as_str()).collect();
    assert_eq!(all, ["sso-redirect", "sso-post", "slo-redirect", "slo-post"].map(location));
    assert_eq!(metadata.single_logout_answers(), metadata.single_logout());
    let elsewhere = edit(
        &other,
        "Location=\"https://slo-post.",
        "ResponseLocation=\"https://answer.fs.test.nhs.example/adfs/ls/\" Location=\"https://slo-post.",
    );
    let elsewhere = Metadata(elsewhere).read().unwrap();
    assert_eq!(elsewhere.single_logout(), metadata.single_logout());
    let answers: Vec<_> = elsewhere.single_logout_answers().iter().map(|e| &e.text[..]).collect();
    assert_eq!(answers, [location("slo-redirect"), location("answer")]);
    assert!(elsewhere.locations().any(|url| url.as_str() == location("answer")));
    assert!(!metadata.has_test_keys());
    let test_pair = Pair::of(IDP_KEY.key.clone(), &format!("fs {TEST_KEY_MARK}"));
    let keys = [descriptor("signing", &P256), descriptor("signing", &test_pair)].concat();
    assert!(Metadata::with_keys(&keys).read().unwrap().has_test_keys());

    let wants = |value: &str| {
        let role = "<IDPSSODescriptor ";
        let with = format!("{role}WantAuthnRequestsSigned=\"{value}\" ");
        Metadata::honest().edit(role, &with).read().unwrap().wants_signed_requests()
    };
    assert!(wants("true") && wants("1"));
    assert!(!wants("false") && !wants("0") && !metadata.wants_signed_requests());
}

#[test]
fn md_comment() {
    // A comment inside the certificate, with another certificate before it.
    let evil = encode_base64(FOREIGN_KEY.certificate.as_der());
    let honest = encode_base64(IDP_KEY.certificate.as_der());
    for mixed in [
        format!("{evil}<!--{honest}-->"),
        format!("<!---->{honest}"),
        format!("{evil}<x xmlns=\"urn:x\">{honest}</x>"),
    ] {
        let metadata = Metadata::with_keys(&raw_descriptor("signing", &[&mixed]));
        metadata
            .refused(MetadataError::Certificate { position: 1, error: CryptoError::Certificate });
    }
}

#[test]
fn md_exp() {
    for place in ["<EntityDescriptor ", "<IDPSSODescriptor "] {
        let until =
            |text: &str| Metadata::honest().edit(place, &format!("{place}validUntil=\"{text}\" "));
        until("2026-11-22T10:00:05.001Z").read().unwrap();
        for over in [
            "2026-11-22T10:00:05.000Z",
            "2020-01-01T00:00:00Z",
            "",
            "never",
            "2027-01-01",
            "2027-01-01T00:00:00+00:00",
            "99999-01-01T00:00:00Z",
        ] {
            until(over)
                .refused(MetadataError::Expired { valid_until: over.to_owned(), now: now() });
        }
    }
    // The certificate's own dates are not what counts.
    let later = instant("2036-01-01T00:00:00Z");
    IdpMetadata::read(Metadata::honest().0.as_bytes(), later).unwrap();
}

#[test]
fn md_use() {
    let both = Metadata::with_keys(&descriptor("", &IDP_KEY)).read().unwrap();
    assert_eq!(both.keys().signing(), [IDP_KEY.public()]);
    for usage in ["encryption", "Signing", "signing ", "both"] {
        let keys = [descriptor(usage, &FOREIGN_KEY), descriptor("signing", &IDP_KEY)].concat();
        let metadata = Metadata::with_keys(&keys).read().unwrap();
        assert_eq!(metadata.keys().signing(), [IDP_KEY.public()], "{usage:?}");
    }
}

#[test]
fn md_nokey() {
    for keys in [
        String::new(),
        descriptor("encryption", &IDP_KEY),
        "<KeyDescriptor use=\"signing\" />".to_owned(),
        "<KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><KeyName>fs</KeyName></KeyInfo></KeyDescriptor>".to_owned(),
        // Not the namespace that keys are in.
        descriptor("signing", &IDP_KEY).replace("xmldsig#", "xmldsig"),
    ] {
        Metadata::with_keys(&keys).refused(MetadataError::NoSigningKey);
    }
}

#[test]
fn md_role() {
    // Each other role has the foreign key, and its endpoints are not ours to use.
    let metadata = Metadata::honest();
    assert!(metadata.0.matches(&encode_base64(FOREIGN_KEY.certificate.as_der())).count() == 2);
    assert_eq!(metadata.read().unwrap().keys().signing(), [IDP_KEY.public()]);
    let role = |found| MetadataError::Role { found };
    let renamed = metadata.0.replace("IDPSSODescriptor", "AttributeAuthorityDescriptor");
    Metadata(renamed).refused(role(0));
    let foreign =
        Metadata::honest().edit("<IDPSSODescriptor ", "<x:IDPSSODescriptor xmlns:x=\"urn:x\" ");
    Metadata(foreign.0.replace("</IDPSSODescriptor>", "</x:IDPSSODescriptor>")).refused(role(0));
    let saml_1 = Metadata::honest().edit(
        &format!("<IDPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\""),
        "<IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol\"",
    );
    saml_1.refused(role(0));
}

#[test]
fn md_dup() {
    let one = crate::surgery::element(&Metadata::honest().0, "IDPSSODescriptor", 0);
    let two = Metadata::honest().edit("</EntityDescriptor>", &format!("{one}</EntityDescriptor>"));
    two.refused(MetadataError::Role { found: 2 });
    // A key that is listed twice is one key.
    let twice = descriptor("signing", &IDP_KEY).repeat(2);
    let keys = [twice, descriptor("signing", &P256)].concat();
    let metadata = Metadata::with_keys(&keys).read().unwrap();
    assert_eq!(metadata.keys().signing(), [IDP_KEY.public(), P256.public()]);
}

#[test]
fn md_ent() {
    for (id, expected) in [
        ("entityID=\"\"", Err(InvalidEntityId)),
        ("", Err(InvalidEntityId)),
        ("entityID=\" \"", Err(InvalidEntityId)),
        ("entityID=\"a b\"", Err(InvalidEntityId)),
    ] {
        let metadata = Metadata::honest().edit(&format!("entityID=\"{IDP}\""), id);
        assert_eq!(metadata.read().map(|_| ()), expected.map_err(MetadataError::EntityId));
    }
    // The string as it stands, never normalised.
    let odd = "HTTP://FS.test.nhs.example:80/adfs/../trust";
    let metadata = Metadata::honest().edit(IDP, odd).read().unwrap();
    assert_eq!(metadata.entity_id().as_str(), odd);
}

#[test]
fn md_ent_root() {
    for (text, found) in [
        ("<html><body>Sign in</body></html>", "html"),
        ("<EntityDescriptor xmlns=\"urn:x\"/>", "EntityDescriptor"),
        ("<EntitiesDescriptor xmlns=\"urn:x\"/>", "EntitiesDescriptor"),
    ] {
        Metadata(text.to_owned())
            .refused(MetadataError::NotEntityDescriptor { found: found.to_owned() });
    }
    let doctype = Metadata(format!("<!DOCTYPE html>{}", Metadata::honest().0));
    doctype.refused(XmlError::Doctype.into());
    assert_eq!(Metadata(String::new()).read().unwrap_err().code(), "xml_malformed");
}

#[test]
fn md_cert() {
    let honest = encode_base64(IDP_KEY.certificate.as_der());
    let der = IDP_KEY.certificate.as_der();
    let concatenated = encode_base64(&[der, FOREIGN_KEY.certificate.as_der()].concat());
    let trailing = encode_base64(&[der, &[0]].concat());
    let truncated = encode_base64(&der[..der.len() - 1]);
    for bad in [
        "",
        "!",
        "AAAA",
        &honest[1..],
        &concatenated,
        &trailing,
        &truncated,
        "-----BEGIN CERTIFICATE-----",
    ] {
        // One bad certificate spoils the file, also behind a good one.
        let keys = [descriptor("signing", &P256), raw_descriptor("signing", &[bad])].concat();
        let error = CryptoError::Certificate;
        Metadata::with_keys(&keys).refused(MetadataError::Certificate { position: 2, error });
    }
    // A chain: its upper end must not become a key of the provider.
    let other = encode_base64(FOREIGN_KEY.certificate.as_der());
    for chain in [[&honest[..], &other], [&other, &honest], [&honest, &honest]] {
        Metadata::with_keys(&raw_descriptor("signing", &chain))
            .refused(MetadataError::SeveralCertificates { position: 1 });
    }
    // In a role or for a use that is not ours it is not even read.
    let keys = [raw_descriptor("encryption", &["AAAA"]), descriptor("signing", &IDP_KEY)].concat();
    Metadata::with_keys(&keys).read().unwrap();
    let wrapped = honest.as_bytes().chunks(64).map(|c| std::str::from_utf8(c).unwrap());
    let wrapped = format!("\r\n{}\r\n", wrapped.collect::<Vec<_>>().join("\r\n"));
    Metadata::with_keys(&raw_descriptor("signing", &[&wrapped])).read().unwrap();
}

#[test]
fn md_weak() {
    let rsa = |bits| PKey::from_rsa(openssl::rsa::Rsa::generate(bits).unwrap()).unwrap();
    let curve = |nid| {
        let group = openssl::ec::EcGroup::from_curve_name(nid).unwrap();
        PKey::from_ec_key(openssl::ec::EcKey::generate(&group).unwrap()).unwrap()
    };
    for (key, error) in [
        (rsa(1024), CryptoError::RsaSize { bits: 1024 }),
        (rsa(2047), CryptoError::RsaSize { bits: 2047 }),
        (curve(openssl::nid::Nid::SECP256K1), CryptoError::KeyKind),
        (curve(openssl::nid::Nid::SECP224R1), CryptoError::KeyKind),
        (PKey::generate_ed25519().unwrap(), CryptoError::KeyKind),
    ] {
        let der = certificate_of(&key);
        let keys = raw_descriptor("signing", &[&encode_base64(&der)]);
        Metadata::with_keys(&keys).refused(MetadataError::Certificate { position: 1, error });
    }
    for shape in [KeyShape::Rsa3072, KeyShape::P384] {
        let pair = Pair::of(PrivateKey::generate(shape).unwrap(), "strong");
        Metadata::with_keys(&descriptor("signing", &pair)).read().unwrap();
    }
}

#[test]
fn md_loc() {
    let service = "<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://fs.test.nhs.example/adfs/ls/\"";
    let with = |location: &str| {
        let other = service.replace("https://fs.test.nhs.example/adfs/ls/", location);
        Metadata::honest().edit(service, &other)
    };
    for hostile in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/hostname",
        "ldap://fs.test.nhs.example/",
        "//evil.example/",
        "/adfs/ls/",
        "https:",
        "https://user@evil.example/",
        "https://fs.test.nhs.example:secret@evil.example/",
        "",
    ] {
        with(hostile).refused(MetadataError::Location { location: hostile.to_owned() });
    }
    // Answers to log-out may go elsewhere, and no more anywhere than the rest.
    let logout = "<SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"";
    let hostile = "javascript:alert(1)";
    Metadata::honest()
        .edit(logout, &format!("{logout} ResponseLocation=\"{hostile}\""))
        .refused(MetadataError::Location { location: hostile.to_owned() });
    with("https://fs.test.nhs.example/adfs/ls/?a=b").read().unwrap();
    let neither =
        Metadata(Metadata::honest().0.replace("SingleSignOnService", "ManageNameIDService"));
    neither.refused(MetadataError::NoSingleSignOnService);
}
