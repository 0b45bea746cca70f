//! What the identity provider is asked, and how.

use std::collections::HashSet;

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::idp::Validity;
use actix_saml::saml::binding::Binding;
use actix_saml::sp::{Builder, RequestSigning};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::sha::sha256;
use openssl::sign::Verifier;
use openssl::x509::X509;
use url::form_urlencoded::byte_serialize;

use crate::app::{TestApp, test_idp, trusted};
use crate::message::{Begun, between};

fn signing() -> RequestSigning {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let request = CertificateRequest {
        common_name: "rota",
        organisation: None,
        hosts: &[],
        not_before,
        not_after,
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    RequestSigning { key, certificate }
}

/// The public key, by OpenSSL alone.
fn public(signing: &RequestSigning) -> PKey<Public> {
    X509::from_der(signing.certificate.as_der()).unwrap().public_key().unwrap()
}

#[actix_web::test]
async fn a_request_asks_for_a_sign_in_and_nothing_else() {
    let app = TestApp::start().await;
    let answer = app.browser().visit("/saml/login?return_to=%2Frota").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    let begun = Begun::read(answer.location());
    assert!(answer.location().starts_with("https://fs-a.nhsmail.test/adfs/ls/?SAMLRequest="));
    let names: Vec<_> = begun.url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["SAMLRequest", "RelayState"]);
    let expected = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"{}\" \
         Version=\"2.0\" IssueInstant=\"2026-11-22T09:00:00.000Z\" \
         Destination=\"https://fs-a.nhsmail.test/adfs/ls/\" \
         ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         AssertionConsumerServiceURL=\"https://rota.example.org/saml/acs\">\
         <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
         https://rota.example.org/saml/metadata</saml:Issuer></samlp:AuthnRequest>",
        begun.request_id
    );
    assert_eq!(begun.xml, expected);
}

#[actix_web::test]
async fn ids_are_unguessable_and_handles_short() {
    let app = TestApp::start().await;
    let (mut ids, mut handles) = (HashSet::new(), HashSet::new());
    for number in 0..50 {
        let begun = app.browser().begin(&format!("/rota/{number}")).await;
        let digits = begun.request_id.strip_prefix('_').unwrap().to_owned();
        assert_eq!(digits.len() * 4, 160, "{digits}");
        assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()), "{digits}");
        assert_eq!(begun.relay_state.len(), 32);
        assert!(!begun.url.as_str().contains("rota%2F"), "the page stays with us");
        assert!(ids.insert(digits) && handles.insert(begun.relay_state));
    }
}

/// An endpoint that already has a query, with a name that is not to be signed.
#[actix_web::test]
async fn an_endpoint_keeps_its_own_query() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            let mut idp = test_idp(0).metadata().unwrap();
            idp = idp.replace(
                "https://fs-a.nhsmail.test/adfs/ls/",
                "https://fs-a.nhsmail.test/ls?whr=a&amp;b=%20c",
            );
            let metadata = actix_saml::saml::metadata::IdpMetadata::read(
                idp.as_bytes(),
                crate::app::start_of_test(),
            );
            let mut trusted = (*trusted(&test_idp(0))).clone();
            trusted.metadata = metadata.unwrap();
            builder.idps = vec![trusted.into()];
        });
    })
    .await;
    let answer = app.browser().visit("/saml/login").await;
    assert!(
        answer.location().starts_with("https://fs-a.nhsmail.test/ls?whr=a&b=%20c&SAMLRequest="),
        "{}",
        answer.location()
    );
    let begun = Begun::read(answer.location());
    assert!(begun.xml.contains("Destination=\"https://fs-a.nhsmail.test/ls?whr=a&amp;b=%20c\""));
}

/// OpenSSL verifies it over the query as it was sent, not over one that was put together again.
#[actix_web::test]
async fn a_signed_redirect_verifies_over_the_raw_query() {
    let signing = signing();
    let key = public(&signing);
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| builder.signing = Some(signing));
    })
    .await;
    let answer = app.browser().visit("/saml/login").await;
    let (_, query) = answer.location().split_once('?').unwrap();
    let (signed, signature) = query.split_once("&Signature=").unwrap();
    let algorithm = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let algorithm: String = byte_serialize(algorithm.as_bytes()).collect();
    assert!(signed.ends_with(&format!("&SigAlg={algorithm}")), "{signed}");
    let verify = |data: &str, signature: &str| {
        let signature = signature.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        verifier.verify_oneshot(&STANDARD.decode(signature).unwrap(), data.as_bytes()).unwrap()
    };
    assert!(verify(signed, signature));
    assert!(!verify(&signed.replacen("RelayState=", "RelayState=0", 1), signature), "the control");
    let begun = Begun::read(answer.location());
    assert!(!begun.xml.contains("Signature"), "the message itself carries none (Bindings 3.4.4.1)");
    let landed = app.browser();
    landed.sign_in("ward.nurse").await;
}

fn by_post(builder: &mut Builder) {
    builder.request_binding = Binding::HttpPost;
}

/// Attributes of the first tag that starts so, as a browser reads them.
fn attributes(html: &str, tag: &str) -> Vec<(String, String)> {
    let inside = between(html, tag, ">");
    let unescape = |text: &str| {
        text.replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let mut rest = inside.trim();
    let mut found = Vec::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap();
        found.push((name.trim().to_owned(), unescape(value)));
        rest = after;
    }
    assert_eq!(rest.trim(), "", "{inside}");
    found
}

fn attribute(html: &str, tag: &str, name: &str) -> String {
    let all = attributes(html, tag);
    all.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name} in {all:?}")).1.clone()
}

#[actix_web::test]
async fn u_form_a_request_by_post_is_a_page_that_sends_itself() {
    let app = TestApp::with(|setup| setup.builder = Box::new(by_post)).await;
    let browser = app.browser();
    let answer = browser.visit("/saml/login?return_to=%2Frota%2Fposted").await;
    assert_eq!(answer.status, 200);
    answer.assert_page();
    let html = &answer.body;
    assert_eq!(attribute(html, "<form", "action"), "https://fs-a.nhsmail.test/adfs/ls/");
    assert_eq!(attribute(html, "<form", "method"), "post");
    let xml = attribute(html, "<input type=\"hidden\" name=\"SAMLRequest\"", "value");
    let xml = String::from_utf8(STANDARD.decode(xml).unwrap()).unwrap();
    assert!(xml.starts_with("<samlp:AuthnRequest "), "not deflated");
    let relay_state = attribute(html, "<input type=\"hidden\" name=\"RelayState\"", "value");
    assert!(html.contains("<p><button type=\"submit\">Continue</button>"));

    // The policy allows this script, this style and no other; and the form may go anywhere,
    // because Chrome applies the list to redirects behind it too.
    let policy = answer.header("Content-Security-Policy").unwrap();
    for (tag, directive) in [("script", "script-src"), ("style", "style-src")] {
        let inline = between(html, &format!("<{tag}>"), &format!("</{tag}>"));
        let hash = STANDARD.encode(sha256(inline.as_bytes()));
        assert!(policy.contains(&format!("{directive} 'sha256-{hash}'")), "{policy}");
        assert_eq!(html.matches(&format!("<{tag}")).count(), 1);
    }
    assert!(!policy.contains("form-action"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");

    let request_id = between(&xml, " ID=\"", "\"").to_owned();
    let url = "https://fs-a.nhsmail.test/".parse().unwrap();
    let begun = Begun { url, xml, request_id, relay_state };
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!((landed.status, landed.location()), (303, "/rota/posted"));
}

/// Metadata is the operator's, and escaped all the same.
#[actix_web::test]
async fn u_form_a_hostile_location_stays_inside_its_attribute() {
    let location =
        "https://fs-a.nhsmail.test/ls?a=&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;'&amp;amp;";
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(move |builder| {
            by_post(builder);
            let xml = test_idp(0).metadata().unwrap();
            let xml = xml.replace("https://fs-a.nhsmail.test/adfs/ls/", location);
            let metadata = actix_saml::saml::metadata::IdpMetadata::read(
                xml.as_bytes(),
                crate::app::start_of_test(),
            );
            let mut trusted = (*trusted(&test_idp(0))).clone();
            trusted.metadata = metadata.unwrap();
            builder.idps = vec![trusted.into()];
        });
    })
    .await;
    let answer = app.browser().visit("/saml/login").await;
    let html = &answer.body;
    let action = attribute(html, "<form", "action");
    assert_eq!(
        action,
        "https://fs-a.nhsmail.test/ls?a=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%27&amp;"
    );
    assert_eq!(html.matches("<script").count(), 1);
    assert_eq!(html.matches("<form").count(), 1);
}

#[actix_web::test]
async fn a_request_by_post_is_signed_inside_right_behind_the_issuer() {
    let signing = signing();
    let key = public(&signing);
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            by_post(builder);
            builder.signing = Some(signing);
        });
    })
    .await;
    let answer = app.browser().visit("/saml/login").await;
    let html = &answer.body;
    let xml = attribute(html, "<input type=\"hidden\" name=\"SAMLRequest\"", "value");
    let xml = String::from_utf8(STANDARD.decode(xml).unwrap()).unwrap();
    let id = between(&xml, " ID=\"", "\"");
    let (_, behind_issuer) = xml.split_once("</saml:Issuer>").unwrap();
    assert!(behind_issuer.starts_with("<ds:Signature "), "{behind_issuer}");
    assert!(behind_issuer.ends_with("</ds:Signature></samlp:AuthnRequest>"), "{behind_issuer}");
    assert!(xml.contains(&format!("<ds:Reference URI=\"#{id}\">")), "{xml}");

    // The digest is that of the request without the signature. What this crate writes is
    // canonical already: namespaces where they are used first, attributes in order.
    let begin = xml.find("<ds:Signature ").unwrap();
    let end = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let without = format!("{}{}", &xml[..begin], &xml[end..]);
    let canonical = canonical_request(&without);
    let digest = between(&xml, "<ds:DigestValue>", "</ds:DigestValue>");
    assert_eq!(digest, STANDARD.encode(sha256(canonical.as_bytes())));

    let signed_info =
        format!("<ds:SignedInfo{}", between(&xml, "<ds:SignedInfo", "</ds:SignedInfo>"));
    let namespace = "http://www.w3.org/2000/09/xmldsig#";
    let signed_info = canonical_empty_tags(&format!("{signed_info}</ds:SignedInfo>")).replacen(
        "<ds:SignedInfo>",
        &format!("<ds:SignedInfo xmlns:ds=\"{namespace}\">"),
        1,
    );
    let signature = between(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    assert!(verifier.verify_oneshot(&signature, signed_info.as_bytes()).unwrap());
}

/// Exclusive canonicalisation of a request as we write it: attributes by name behind namespaces.
fn canonical_request(xml: &str) -> String {
    let (tag, rest) = xml.split_once('>').unwrap();
    let (name, attributes) = tag.split_once(' ').unwrap();
    let mut attributes: Vec<_> = attributes.split("\" ").map(|a| a.trim_end_matches('"')).collect();
    let namespace = attributes.remove(0);
    attributes.sort_unstable();
    format!("{name} {namespace}\" {}\">{rest}", attributes.join("\" "))
}

/// `<a b="c"/>` as `<a b="c"></a>`.
fn canonical_empty_tags(xml: &str) -> String {
    let mut out = String::new();
    let mut rest = xml;
    while let Some((before, after)) = rest.split_once("/>") {
        let start = before.rfind('<').unwrap();
        let name = before[start + 1..].split(' ').next().unwrap();
        out.push_str(&format!("{before}></{name}>"));
        rest = after;
    }
    out + rest
}
