//! What comes by HTTP-Redirect: compression, parameters, and the signature over the query.

use std::io::Write as _;

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::dsig::{AlgorithmRole, DsigError};
use actix_saml::saml::binding::{MessageParameter, RedirectFault, RedirectMessage, redirect_url};
use actix_saml::xml::encode_base64;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, P256};

const XML: &str = "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>";
const RELAY_STATE: &str = "a+b/c=d e";
const RSA: SignatureAlgorithm = SignatureAlgorithm::RsaSha256;

fn deflate(xml: &[u8]) -> Vec<u8> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
    deflate.write_all(xml).unwrap();
    deflate.finish().unwrap()
}

fn escape(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// A query that carries these bytes as they are.
fn carrying(deflated: &[u8]) -> String {
    format!("SAMLRequest={}", escape(&encode_base64(deflated)))
}

/// The honest query, signed.
fn signed() -> String {
    let endpoint = Url::parse("https://rota.example.nhs.uk/saml/logout").unwrap();
    let url = redirect_url(&endpoint, XML, RELAY_STATE, Some((&IDP_KEY.key, RSA))).unwrap();
    url.query().unwrap().to_owned()
}

/// The query with lower-case escapes, as AD FS and Entra write them, signed like that.
fn signed_in_lower_case() -> String {
    let query = signed();
    let (octets, _) = query.split_once("&Signature=").unwrap();
    let mut octets = octets.to_owned();
    let places: Vec<_> = octets.match_indices('%').map(|(at, _)| at).collect();
    for at in places {
        let lower = octets[at..at + 3].to_lowercase();
        octets.replace_range(at..at + 3, &lower);
    }
    let signature = IDP_KEY.key.sign(RSA, octets.as_bytes()).unwrap();
    format!("{octets}&Signature={}", escape(&encode_base64(&signature)))
}

/// Which key verifies the query.
fn verdict(query: &str) -> Result<usize, DsigError> {
    let message = RedirectMessage::read(query).unwrap();
    assert_eq!(message.xml(), XML.as_bytes());
    message.signature().unwrap().verify(&[FOREIGN_KEY.public(), P256.public(), IDP_KEY.public()])
}

#[track_caller]
fn refused(query: &str, fault: RedirectFault) {
    assert_eq!(RedirectMessage::read(query), Err(fault), "{query}");
}

const MISMATCH: Result<usize, DsigError> = Err(DsigError::SignatureMismatch { keys: 2 });

#[test]
fn control() {
    let query = signed();
    let message = RedirectMessage::read(&query).unwrap();
    assert_eq!(message.parameter(), MessageParameter::Request);
    assert_eq!(message.xml(), XML.as_bytes());
    assert_eq!(message.relay_state(), Some(RELAY_STATE));
    assert_eq!(message.signature().unwrap().algorithm(), RSA.uri());
    assert_eq!(verdict(&query), Ok(2));
    assert_eq!(verdict(&signed_in_lower_case()), Ok(2));

    let message = RedirectMessage::read(&carrying(&deflate(XML.as_bytes()))).unwrap();
    assert_eq!((message.relay_state(), message.signature()), (None, None));
    let response = carrying(&deflate(XML.as_bytes())).replace("Request", "Response");
    let message = RedirectMessage::read(&response).unwrap();
    assert_eq!(message.parameter(), MessageParameter::Response);
}

/// A small stream that stands for a huge message.
#[test]
fn deflate_2_bomb() {
    let fits = format!("<a>{}</a>", "random enough, not to shrink too far ".repeat(40));
    let message = RedirectMessage::read(&carrying(&deflate(fits.as_bytes()))).unwrap();
    assert_eq!(message.xml(), fits.as_bytes());
    for size in [1 << 20, 1 << 24] {
        let bomb = deflate(&vec![b' '; size]);
        let limit = (bomb.len() * 64).min(65_536);
        refused(&carrying(&bomb), RedirectFault::MessageLength { limit });
    }
    // Even where every single byte would still fit.
    let out_of_proportion = deflate(&[b' '; 20_000]);
    let limit = out_of_proportion.len() * 64;
    assert!(limit < 20_000, "control");
    refused(&carrying(&out_of_proportion), RedirectFault::MessageLength { limit });
}

/// Long without being out of proportion: at the limit, and one byte behind it.
#[test]
fn deflate_3_limit() {
    // A generator of noise, good enough not to be compressed.
    let mut state = 1_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u8
        };
        (0..length).map(|_| next()).collect()
    };
    let fits = noise(65_536);
    let query = carrying(&deflate(&fits));
    assert_eq!(RedirectMessage::read(&query).unwrap().xml(), fits);
    let query = carrying(&deflate(&noise(65_537)));
    refused(&query, RedirectFault::MessageLength { limit: 65_536 });
}

/// Not one whole stream: cut off, followed by something, wrapped in zlib or gzip, or none at all.
#[test]
fn deflate_4_stream() {
    let whole = deflate(XML.as_bytes());
    for cut in 0..whole.len() {
        refused(&carrying(&whole[..cut]), RedirectFault::Deflate);
    }
    refused(&carrying(&[&whole[..], b"\0"].concat()), RedirectFault::Deflate);
    refused(&carrying(&[&whole[..], &whole[..]].concat()), RedirectFault::Deflate);
    refused(&carrying(&[b"\x78\x9c", &whole[..]].concat()), RedirectFault::Deflate);
    refused(&carrying(b"\x1f\x8b\x08\0\0\0\0\0\0\x03"), RedirectFault::Deflate);
    refused(&carrying(XML.as_bytes()), RedirectFault::Deflate);
    refused("SAMLRequest=", RedirectFault::Deflate);
    refused("SAMLRequest", RedirectFault::Deflate);
}

/// The size is limited before anything is decoded.
#[test]
fn deflate_5_size_before_base64() {
    let limit = 131_072;
    let base64 = "A".repeat(limit - "SAMLRequest=".len());
    let query = format!("SAMLRequest={base64}");
    assert!(RedirectMessage::read(&query) != Err(RedirectFault::QueryLength { limit }), "control");
    refused(&format!("{query}A"), RedirectFault::QueryLength { limit });
    refused(
        &format!("{}&x={}", signed(), "%41".repeat(50_000)),
        RedirectFault::QueryLength { limit },
    );
}

/// Two parameters of one name, in any spelling and any place.
#[test]
fn redir_hpp() {
    let query = signed();
    for name in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        let start = query.find(&format!("{name}=")).unwrap();
        let value = &query[start + name.len() + 1..];
        let value = &value[..value.find('&').unwrap_or(value.len())];
        let spelt = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
        for second in ["", "=", &format!("={value}"), "=x"] {
            for name_again in [name, &spelt] {
                let fault = || RedirectFault::Repeated { name };
                refused(&format!("{query}&{name_again}{second}"), fault());
                refused(&format!("{name_again}{second}&{query}"), fault());
            }
        }
    }
    refused(&format!("{query}&SAMLResponse=x"), RedirectFault::TwoMessages);
    refused(&format!("SAML%52esponse=x&{query}"), RedirectFault::TwoMessages);
    refused(&query.replace("SAMLRequest", "samlrequest"), RedirectFault::NoMessage);
    refused(&query.replace('&', ";"), RedirectFault::Base64 { name: "SAMLRequest" });
    let encoding =
        "SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3A";
    let found = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:none".to_owned();
    assert_eq!(verdict(&format!("{query}&{encoding}DEFLATE")), Ok(2));
    refused(&format!("{query}&{encoding}none"), RedirectFault::Encoding { found });
    // SimpleSign is another binding, and this is no place for its signatures.
    refused(
        &query.replace("&Signature=", "&x="),
        RedirectFault::HalfSignature { name: "Signature" },
    );
    refused(&query.replace("&SigAlg=", "&x="), RedirectFault::HalfSignature { name: "SigAlg" });
    // What is not ours is not covered, and changes nothing.
    assert_eq!(verdict(&format!("x=1&{query}&y=%zz")), Ok(2));
}

/// `RelayState` is signed with the rest, whether it is there or not.
#[test]
fn redir_rs() {
    let query = signed();
    let relay_state = format!("&RelayState={}", escape(RELAY_STATE));
    assert!(query.contains(&relay_state), "control");
    for other in ["", "&RelayState=", "&RelayState=x", &relay_state.replace('+', "%20")] {
        assert_eq!(verdict(&query.replace(&relay_state, other)), MISMATCH, "{other}");
    }
    // Nor can one be added where none was signed.
    let octets = query.replace(&relay_state, "");
    let (octets, _) = octets.split_once("&Signature=").unwrap();
    let signature = encode_base64(&IDP_KEY.key.sign(RSA, octets.as_bytes()).unwrap());
    let without = format!("{octets}&Signature={}", escape(&signature));
    assert_eq!(verdict(&without), Ok(2));
    assert_eq!(verdict(&format!("{without}&RelayState=x")), MISMATCH);
    assert_eq!(verdict(&format!("{without}&RelayState=")), MISMATCH);
}

/// The signature is over the octets that came, in the standard's order, wherever they stand.
#[test]
fn redir_ord() {
    for query in [signed(), signed_in_lower_case()] {
        let mut parts: Vec<_> = query.split('&').collect();
        parts.reverse();
        assert_eq!(verdict(&parts.join("&")), Ok(2));
        // The same characters in another spelling are other octets.
        let (octets, signature) = query.split_once("&Signature=").unwrap();
        let respelt = match octets.contains("%2F") {
            true => octets.replacen("%2F", "%2f", 1),
            false => octets.replacen("%2f", "%2F", 1),
        };
        assert_ne!(respelt, octets, "control");
        let other = format!("{respelt}&Signature={signature}");
        assert_eq!(verdict(&other), MISMATCH);
    }
}

#[test]
fn redir_ord_signature() {
    let query = signed();
    let algorithm = |uri: &str| query.replace(&escape(RSA.uri()), &escape(uri));
    for uri in ["http://www.w3.org/2000/09/xmldsig#rsa-sha1", "", "rsa-sha256"] {
        let role = AlgorithmRole::Signature;
        let refused = DsigError::Algorithm { role, uri: uri.to_owned() };
        assert_eq!(verdict(&algorithm(uri)), Err(refused));
    }
    assert_eq!(verdict(&algorithm(SignatureAlgorithm::RsaSha512.uri())), MISMATCH);
    let ecdsa = algorithm(SignatureAlgorithm::EcdsaSha256.uri());
    assert_eq!(verdict(&ecdsa), Err(DsigError::SignatureMismatch { keys: 1 }));
    let message = RedirectMessage::read(&ecdsa).unwrap();
    let signature = message.signature().unwrap();
    assert_eq!(signature.verify(&[IDP_KEY.public()]), Err(DsigError::AlgorithmKeyMismatch));
    assert_eq!(signature.verify(&[]), Err(DsigError::AlgorithmKeyMismatch));
    let (octets, _) = query.split_once("&Signature=").unwrap();
    refused(&format!("{octets}&Signature=!"), RedirectFault::Base64 { name: "Signature" });
    assert_eq!(verdict(&format!("{octets}&Signature=")), MISMATCH);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is changed, the signature fails or the same octets say the same.
    #[test]
    fn redir_hpp_mutations(at in any::<prop::sample::Index>(), with in "[ -~]{0,3}", cut in 0..3_usize) {
        let query = signed();
        let at = at.index(query.len());
        let end = (at + cut).min(query.len());
        let changed = [&query[..at], &with, &query[end..]].concat();
        if let Ok(message) = RedirectMessage::read(&changed)
            && let Some(signature) = message.signature()
            && signature.verify(&[IDP_KEY.public()]).is_ok()
        {
            prop_assert_eq!(message.xml(), XML.as_bytes());
            prop_assert_eq!(message.relay_state(), Some(RELAY_STATE));
        }
    }

    #[test]
    fn deflate_nothing_panics(query in "[ -~]{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = RedirectMessage::read(&query);
        let _ = RedirectMessage::read(&carrying(&bytes));
    }
}
