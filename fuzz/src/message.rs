//! Responses that the test identity provider issues, and what the service provider expects.

use std::sync::LazyLock;

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::dsig::{KeyInfoStyle, Place, SignatureStyle, sign_enveloped};
use actix_saml::idp::{Ids, ReplyTo, SignedParts, SigningKey, TestIdp, TestKeys};
use actix_saml::saml::{
    Assertion, AuthnRequest, ClockSkew, EntityId, Expectations, ExpectedRequest, Keys,
    RequestedAuthn, RequireSigned, names, parse_instant, validate,
};
use actix_saml::xml::{C14n, Document, EmptyTag, Limits};
use actix_saml::xmlenc::{EncryptionShape, EncryptionStyle, encrypt};
use chrono::{DateTime, TimeDelta, Utc};

use crate::keys;
use crate::re_sign::re_sign;

pub const SP: &str = "https://rota.example.nhs.uk/saml";
pub const ACS: &str = "https://rota.example.nhs.uk/saml/acs";
pub const REQUEST_ID: &str = "_f00dfacef00dfacef00dfacef00dfacef00dface";
pub const RESPONSE_ID: &str = "_5b7c2c5e-31a8-4d39-9a0f-5f0a6f0d1c01";
pub const ASSERTION_ID: &str = "_0c9d1e77-4be2-47f0-8f10-2d6c3b9a7e02";
pub const SKEW_SECONDS: u32 = 120;

pub static IDP: LazyLock<TestIdp> = LazyLock::new(|| {
    let signing = |pair: &keys::Pair| {
        SigningKey::new(pair.key.clone(), pair.certificate.clone()).expect("a test key")
    };
    let keys = TestKeys::new(signing(&keys::IDP_RSA), signing(&keys::SP));
    TestIdp::adfs_at("https://fs.nhsmail.test", keys).expect("an identity provider")
});

pub static EXPECTATIONS: LazyLock<Expectations> = LazyLock::new(|| Expectations {
    idp: IDP.entity_id.clone(),
    sp: EntityId::new(SP).expect("an entityID"),
    acs_url: ACS.to_owned(),
    request: ExpectedRequest::Id(REQUEST_ID.to_owned()),
    require_signed: RequireSigned::Either,
    clock_skew: ClockSkew::from_seconds(SKEW_SECONDS).expect("a skew"),
    authn: RequestedAuthn::default(),
});

pub static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let signing = vec![keys::IDP_RSA.public.clone(), keys::IDP_EC.public.clone()];
    Keys::new(signing).expect("keys").with_decryption(vec![keys::SP.decryption()])
});

pub fn now() -> DateTime<Utc> {
    parse_instant("2026-11-22T10:00:05.000Z").expect("a time")
}

/// How one response differs from the others.
struct Variant {
    algorithm: SignatureAlgorithm,
    signed: SignedParts,
    style: SignatureStyle,
    person: &'static str,
    session: Option<TimeDelta>,
}

fn style(prefix: &'static str, key_info: KeyInfoStyle, c14n: C14n) -> SignatureStyle {
    SignatureStyle { prefix, key_info, empty: EmptyTag::Spaced, c14n }
}

/// The XML of a response that nobody has signed yet.
fn draft(person: &str, session: Option<TimeDelta>) -> String {
    let ids = Ids { response: RESPONSE_ID.to_owned(), assertion: ASSERTION_ID.to_owned() };
    let reply_to = ReplyTo {
        request_id: Some(REQUEST_ID.to_owned()),
        acs_url: ACS.to_owned(),
        audience: SP.to_owned(),
        class_ref: None,
    };
    let mut idp = IDP.clone();
    idp.issuance.session_lifetime = session;
    let person = idp.person(person).expect("a colleague");
    let issued = now() - TimeDelta::seconds(5);
    let mut xml = String::new();
    // The draft shows its text to whoever changes it.
    let _ = idp.issue(&reply_to, &ids, issued).draft(&person).expect("a draft").tamper(|text| {
        xml.clone_from(&text);
        text
    });
    xml
}

fn sign(xml: &str, id: &str, algorithm: SignatureAlgorithm, style: &SignatureStyle) -> String {
    let place = Place::After { namespace: names::ASSERTION, local: "Issuer" };
    let key = &keys::signer(algorithm).key;
    sign_enveloped(xml, id, place, key, algorithm, None, style).expect("a signature")
}

impl Variant {
    fn write(&self) -> String {
        let mut xml = draft(self.person, self.session);
        // What the outer signature covers must be the same in every process, and only this
        // algorithm makes the same signature twice.
        let inner = match self.signed {
            SignedParts::MessageAndAssertion => SignatureAlgorithm::RsaSha256,
            _ => self.algorithm,
        };
        if !matches!(self.signed, SignedParts::MessageOnly) {
            xml = sign(&xml, ASSERTION_ID, inner, &self.style);
        }
        if !matches!(self.signed, SignedParts::AssertionOnly) {
            xml = sign(&xml, RESPONSE_ID, self.algorithm, &self.style);
        }
        xml
    }
}

/// What is legitimate and seldom seen, each in the place of something in the usual message. One
/// change away from these lies what must be refused.
const RARE: &[(&str, &str)] = &[
    (
        "<AudienceRestriction>",
        "<AudienceRestriction><Audience>urn:x</Audience>\
         <Audience>https://rota.example.nhs.uk/saml</Audience></AudienceRestriction>\
         <AudienceRestriction>",
    ),
    (
        "</Conditions>",
        "<OneTimeUse/><ProxyRestriction Count=\"0\"><Audience>urn:x</Audience>\
         </ProxyRestriction></Conditions>",
    ),
    (
        "<SubjectConfirmation ",
        "<SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"/>\
         <SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <SubjectConfirmationData Recipient=\"urn:x\" NotBefore=\"2026-11-22T10:00:00Z\" \
         NotOnOrAfter=\"2026-11-22T12:00:00Z\"/></SubjectConfirmation><SubjectConfirmation ",
    ),
    (
        "<SubjectConfirmation ",
        "<SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <SubjectConfirmationData Recipient=\"https://rota.example.nhs.uk/saml/acs\" \
         InResponseTo=\"_f00dfacef00dfacef00dfacef00dfacef00dface\" \
         NotOnOrAfter=\"2026-11-22T10:40:00Z\"/></SubjectConfirmation><SubjectConfirmation ",
    ),
    (
        "<NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">",
        "<NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" \
         NameQualifier=\"urn:q\" SPNameQualifier=\"https://rota.example.nhs.uk/saml\" \
         SPProvidedID=\"7\">",
    ),
    (
        "</Conditions>",
        "</Conditions><Advice><x xmlns=\"urn:x\"/></Advice>\
         <AuthnStatement AuthnInstant=\"2026-11-22T10:00:00Z\" \
         SessionIndex=\"_0c9d1e77-4be2-47f0-8f10-2d6c3b9a7e02\">\
         <SubjectLocality Address=\"192.0.2.7\"/><AuthnContext><AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\
         </AuthnContextClassRef><AuthenticatingAuthority>urn:x</AuthenticatingAuthority>\
         </AuthnContext></AuthnStatement>",
    ),
    (
        "</AttributeStatement>",
        "<Attribute Name=\"ODS\" FriendlyName=\"again\" NameFormat=\"urn:x\">\
         <AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:type=\"xs:string\">ZZT02</AttributeValue><AttributeValue \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>\
         <AttributeValue/></Attribute></AttributeStatement><AttributeStatement>\
         <Attribute Name=\"urn:empty\"/></AttributeStatement>",
    ),
    (
        "<samlp:Status>",
        "<samlp:Extensions><x xmlns=\"urn:x\">y</x></samlp:Extensions><samlp:Status>",
    ),
    (
        "</samlp:Status>",
        "<samlp:StatusMessage>well</samlp:StatusMessage><samlp:StatusDetail>\
         <x xmlns=\"urn:x\"/></samlp:StatusDetail></samlp:Status>",
    ),
    ("ward.nurse@nhs.net</NameID>", "ward.nurse@<![CDATA[nhs]]>.net</NameID>"),
];

/// Responses that are accepted as they are.
pub static HONEST: LazyLock<Vec<String>> = LazyLock::new(|| {
    use SignatureAlgorithm::{EcdsaSha256, EcdsaSha512, RsaPssSha256, RsaSha256};
    use SignedParts::{AssertionOnly, MessageAndAssertion, MessageOnly};
    let ad_fs = style("ds", KeyInfoStyle::OuterUnprefixed, C14n::Exclusive);
    let entra = style("", KeyInfoStyle::Plain, C14n::Exclusive);
    let inclusive = style("dsig", KeyInfoStyle::Plain, C14n::Inclusive);
    let comments = style("ds", KeyInfoStyle::Plain, C14n::ExclusiveWithComments);
    let nurse = "ward.nurse";
    let variant = |algorithm, signed, style| Variant {
        algorithm,
        signed,
        style,
        person: nurse,
        session: None,
    };
    let mut honest: Vec<String> = vec![
        variant(EcdsaSha256, AssertionOnly, ad_fs).write(),
        variant(EcdsaSha256, MessageOnly, ad_fs).write(),
        variant(EcdsaSha256, MessageAndAssertion, entra).write(),
        variant(EcdsaSha512, AssertionOnly, inclusive).write(),
        variant(EcdsaSha256, AssertionOnly, comments).write(),
        variant(RsaSha256, AssertionOnly, ad_fs).write(),
        variant(RsaPssSha256, MessageOnly, entra).write(),
        Variant {
            session: Some(TimeDelta::hours(8)),
            ..variant(EcdsaSha256, AssertionOnly, ad_fs)
        }
        .write(),
    ];
    // Everybody who works there.
    honest.extend(IDP.people.iter().map(|person| {
        let xml = draft(&person.user_name, None);
        sign(&xml, ASSERTION_ID, EcdsaSha256, &ad_fs)
    }));
    honest.extend(RARE.iter().map(|(before, instead)| {
        let xml = draft(nurse, None);
        assert_eq!(xml.matches(before).count(), 1, "{before}");
        let xml = xml.replacen(before, instead, 1);
        sign(&xml, ASSERTION_ID, EcdsaSha256, &ad_fs)
    }));
    let method = format!(" Algorithm=\"{}\" />", C14n::Exclusive.uri());
    for list in ["#default", "samlp ds xs", "#default samlp"] {
        let listed = format!(
            " Algorithm=\"{0}\"><ec:InclusiveNamespaces xmlns:ec=\"{0}\" PrefixList=\"{list}\" />",
            C14n::Exclusive.uri(),
        );
        let both = honest[0]
            .replace(&format!("Transform{method}"), &format!("Transform{listed}</ds:Transform>"))
            .replace(
                &format!("CanonicalizationMethod{method}"),
                &format!("CanonicalizationMethod{listed}</ds:CanonicalizationMethod>"),
            );
        honest.push(re_sign(&both));
    }
    honest
});

/// The source text of the first element of SAML with this name, if there is one.
fn element<'x>(xml: &'x str, local: &str) -> Option<&'x str> {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).ok()?;
    let span = document.elements().find(|n| n.is(names::ASSERTION, local))?.span();
    xml.get(span)
}

/// The source text of the assertion, if there is one.
pub fn assertion_of(xml: &str) -> Option<&str> {
    element(xml, "Assertion")
}

/// `xml` with its assertion encrypted to us.
pub fn with_encrypted_assertion(xml: &str, style: &EncryptionStyle) -> Option<String> {
    let assertion = assertion_of(xml)?;
    Some(xml.replacen(assertion, &encrypted("EncryptedAssertion", assertion, style)?, 1))
}

/// `xml` with its first `NameID` or `Attribute` encrypted to us, as `EncryptedID` or
/// `EncryptedAttribute`. What stands alone names its namespace itself.
pub fn with_encrypted_part(xml: &str, local: &str, style: &EncryptionStyle) -> Option<String> {
    let part = element(xml, local)?;
    let has_namespace = part.get(..part.find('>')?)?.contains("xmlns=");
    let alone = if has_namespace {
        part.to_owned()
    } else {
        part.replacen(local, &format!("{local} xmlns=\"{}\"", names::ASSERTION), 1)
    };
    let wrapper = if local == "NameID" { "EncryptedID" } else { "EncryptedAttribute" };
    Some(xml.replacen(part, &encrypted(wrapper, &alone, style)?, 1))
}

fn encrypted(wrapper: &str, plaintext: &str, style: &EncryptionStyle) -> Option<String> {
    let inside = encrypt(plaintext, &keys::SP.certificate, style).ok()?;
    Some(format!("<{wrapper} xmlns=\"{}\">{inside}</{wrapper}>", names::ASSERTION))
}

/// Honest responses with encrypted assertions.
pub static ENCRYPTED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let shapes = [
        EncryptionShape::AdFs,
        EncryptionShape::Inside,
        EncryptionShape::Beside,
        EncryptionShape::Retrieved,
    ];
    let of = |style: &EncryptionStyle| with_encrypted_assertion(&HONEST[0], style);
    let shaped =
        shapes.into_iter().map(|shape| EncryptionStyle { shape, ..EncryptionStyle::AD_FS });
    let parts = ["NameID", "Attribute"].map(|local| {
        let xml = with_encrypted_part(&HONEST[0], local, &EncryptionStyle::MODERN);
        re_sign(&xml.expect("a part"))
    });
    let whole = shaped.chain([EncryptionStyle::MODERN]).filter_map(|style| of(&style));
    whole.chain(parts).collect()
});

/// What the honest responses say.
pub static SAID: LazyLock<Vec<Assertion>> = LazyLock::new(|| {
    let said = HONEST.iter().chain(ENCRYPTED.iter()).map(|xml| {
        validate(xml.as_bytes(), &EXPECTATIONS, &KEYS, now())
            .unwrap_or_else(|rejection| panic!("a seed is refused: {rejection}\n{xml}"))
    });
    said.collect()
});

/// The one RelayState that is ever signed, with the one [`request`].
pub const SIGNED_RELAY_STATE: &str = "handle 1";

/// An AuthnRequest as we send it.
pub fn request() -> String {
    let request = AuthnRequest {
        id: REQUEST_ID.to_owned(),
        issue_instant: now(),
        destination: IDP.sign_in_url(),
        issuer: EntityId::new(SP).expect("an entityID"),
        acs_url: ACS.to_owned(),
        force_authn: true,
        is_passive: false,
        name_id_format: None,
        class_refs: Vec::new(),
    };
    request.to_xml().expect("a request")
}
