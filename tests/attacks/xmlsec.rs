//! xmlsec1, another implementation of XML Signature, as judge of our signatures and as a signer of
//! messages for us. Skipped, and said so, where the program is not installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use actix_saml::crypto::SignatureAlgorithm::{
    self, EcdsaSha256, EcdsaSha384, EcdsaSha512, RsaSha256, RsaSha384, RsaSha512,
};
use actix_saml::dsig::{DsigError, SignatureStyle};
use actix_saml::saml::EntityId;
use actix_saml::saml::metadata::{MetadataAnchor, MetadataError, Reading};
use actix_saml::sp::{Builder, MetadataOptions, RequestSigning};
use actix_saml::xml::{C14n, encode_base64};
use chrono::TimeDelta;

use crate::fixture::{
    ADMIN, ASSERTION_ID, Draft, HASH_ID, Message, NURSE, RESPONSE_ID, now, skipped,
};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, P256, P384, P521, Pair, SP_KEY};
use crate::metadata::Metadata;
use crate::metadata_signed::sign;
use crate::refusal::bad_signature;

const RESPONSE: &str = "urn:oasis:names:tc:SAML:2.0:protocol:Response";
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor";
const ENTITIES: &str = "urn:oasis:names:tc:SAML:2.0:metadata:EntitiesDescriptor";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion";

fn is_missing() -> bool {
    let found = Command::new("xmlsec1").arg("--version").output().is_ok();
    if !found {
        skipped("xmlsec1 is not installed, so nobody else judged our signatures");
    }
    !found
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("xmlsec-{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path
}

/// Whether xmlsec1 finds the signature that is a child of `parent` to be made by `pair`. It is
/// given the certificate and told not to look for keys in the message.
fn judged_good(test: &str, message: &Message, parent: &str, pair: &Pair) -> bool {
    judges_good(test, &message.0, parent, pair)
}

/// The same of any document.
fn judges_good(test: &str, document: &str, parent: &str, pair: &Pair) -> bool {
    let certificate = file(&format!("{test}.crt"), &pair.certificate.to_pem().unwrap());
    let xml = file(&format!("{test}.xml"), document);
    let output = Command::new("xmlsec1")
        .args(["--verify", "--enabled-key-data", "key-name,rsa,ec", "--pubkey-cert-pem"])
        .arg(&certificate)
        .args(["--id-attr:ID", ASSERTION, "--id-attr:ID", RESPONSE])
        .args(["--id-attr:ID", ENTITY, "--id-attr:ID", ENTITIES, "--node-xpath"])
        .arg(format!("//*[local-name()='{parent}']/*[local-name()='Signature']"))
        .arg(&xml)
        .output()
        .unwrap();
    for path in [certificate, xml] {
        std::fs::remove_file(path).unwrap();
    }
    output.status.success()
}

const ALL: [(SignatureAlgorithm, &std::sync::LazyLock<Pair>); 6] = [
    (RsaSha256, &IDP_KEY),
    (RsaSha384, &IDP_KEY),
    (RsaSha512, &IDP_KEY),
    (EcdsaSha256, &P256),
    (EcdsaSha384, &P384),
    (EcdsaSha512, &P521),
];

#[test]
fn xmlsec_agrees_on_what_we_sign() {
    if is_missing() {
        return;
    }
    for (algorithm, pair) in ALL {
        for draft in [Draft::adfs(), Draft::entra()] {
            let both = draft.key(pair).algorithm(algorithm).both_signed();
            both.verdict_trusting(&pair.alone()).unwrap();
            for parent in ["Assertion", "Response"] {
                assert!(judged_good("sign", &both, parent, pair), "{algorithm:?} {parent}");
            }
        }
    }
    assert!(!judged_good("sign", &Draft::adfs().signed(), "Assertion", &FOREIGN_KEY));
}

#[test]
fn xmlsec_agrees_on_metadata() {
    if is_missing() {
        return;
    }
    let anchor = MetadataAnchor::new(vec![FOREIGN_KEY.certificate.clone()], Vec::new()).unwrap();
    let reading = Reading { anchor: Some(&anchor), ..Reading::default() };
    let one = Metadata::honest();
    let group = Metadata::honest().within("ID=\"_group\"", "<!-- one -->\n", "\n");
    for (metadata, id, root) in
        [(one, "_metadata", "EntityDescriptor"), (group, "_group", "EntitiesDescriptor")]
    {
        let metadata = sign(metadata.xml(), id, &FOREIGN_KEY);
        assert!(metadata.read_as(&reading).unwrap().is_vouched_for());
        assert!(judges_good("metadata", metadata.xml(), root, &FOREIGN_KEY), "{root}");
        assert!(!judges_good("metadata", metadata.xml(), root, &IDP_KEY), "{root}");
        let changed = metadata.edit("entityID=\"http://", "entityID=\"https://");
        let error = MetadataError::Signature(DsigError::DigestMismatch);
        changed.refused_as(&reading, error);
        assert!(!judges_good("metadata", changed.xml(), root, &FOREIGN_KEY), "{root}");
    }
}

#[test]
fn xmlsec_agrees_on_canonicalisation() {
    if is_missing() {
        return;
    }
    for c14n in
        [C14n::Exclusive, C14n::ExclusiveWithComments, C14n::Inclusive, C14n::InclusiveWithComments]
    {
        let mut draft = Draft::adfs()
            .edit("<samlp:Response ", "<samlp:Response xml:lang=\"cy\" xmlns:x=\"urn:x\" ")
            .edit("<Subject>", "<!-- who -->\r\n<Subject>")
            .edit("ward 7", "ward\t7 &lt;&amp;&gt; &#13; \u{e9} <![CDATA[<7>]]>");
        draft.style = SignatureStyle { c14n, ..draft.style };
        let message = draft.signed();
        message.accepted();
        assert!(judged_good("c14n", &message, "Assertion", &IDP_KEY), "{c14n:?}");
    }
}

#[test]
fn xmlsec_agrees_on_what_was_tampered_with() {
    if is_missing() {
        return;
    }
    let honest = Draft::adfs().signed();
    let mismatch = || DsigError::DigestMismatch;
    let refused = || DsigError::SignatureMismatch { keys: 1 };
    for (from, to, error) in [
        (format!("<NameID>{NURSE}"), format!("<NameID>{ADMIN}"), mismatch()),
        ("ward 7".to_owned(), "ward 8".to_owned(), mismatch()),
        ("<Subject>".to_owned(), "<Subject> ".to_owned(), mismatch()),
        ("<ds:SignedInfo>".to_owned(), "<ds:SignedInfo> ".to_owned(), refused()),
        ("#rsa-sha256".to_owned(), "#rsa-sha512".to_owned(), refused()),
    ] {
        let message = honest.clone().edit(&from, &to);
        message.refused(bad_signature(error));
        assert!(!judged_good("tamper", &message, "Assertion", &IDP_KEY), "{to}");
    }
    // What is outside is nobody's business, and neither is how things are written.
    for (from, to) in [
        ("consent:unspecified", "consent:obtained"),
        ("<NameID>", "<!-- x --><NameID >"),
        ("ward 7", "ward&#32;<![CDATA[7]]>"),
    ] {
        let message = honest.clone().edit(from, to);
        assert_eq!(message.accepted(), honest.accepted());
        assert!(judged_good("tamper", &message, "Assertion", &IDP_KEY), "{to}");
    }
}

/// A signature to be filled in.
fn template(c14n: &str, transforms: &str, method: &str, digest: &str, uri: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>{c14n}<ds:SignatureMethod Algorithm=\"{method}\"/><ds:Reference URI=\"{uri}\"><ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>{transforms}</ds:Transforms><ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )
}

/// Filled in by xmlsec1.
fn signed_by_xmlsec(test: &str, draft: &Draft, pair: &Pair) -> Message {
    let key = file(&format!("{test}.key"), &pair.key.to_pem().unwrap());
    let xml = file(&format!("{test}.xml"), &draft.xml);
    let output = Command::new("xmlsec1")
        .args(["--sign", "--privkey-pem"])
        .arg(&key)
        .args(["--id-attr:ID", ASSERTION, "--id-attr:ID", RESPONSE])
        .arg(&xml)
        .output()
        .unwrap();
    for path in [key, xml] {
        std::fs::remove_file(path).unwrap();
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Message(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn we_accept_what_xmlsec_signs() {
    if is_missing() {
        return;
    }
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let method = |uri: &str, inside: &str| {
        format!(
            "<ds:CanonicalizationMethod Algorithm=\"{uri}\">{inside}</ds:CanonicalizationMethod>"
        )
    };
    let transform = |uri: &str, inside: &str| {
        format!("<ds:Transform Algorithm=\"{uri}\">{inside}</ds:Transform>")
    };
    for (algorithm, pair) in ALL {
        for (uri, place, part) in [
            (HASH_ID.to_owned(), "</Issuer><Subject>", "assertion"),
            (format!("#{RESPONSE_ID}"), "</Issuer><samlp:Status>", "response"),
        ] {
            let (c14n, digest) = (method(exclusive, ""), algorithm.digest().uri());
            let signature =
                template(&c14n, &transform(exclusive, ""), algorithm.uri(), digest, &uri);
            let with = place.replace("</Issuer>", &format!("</Issuer>{signature}"));
            let message = signed_by_xmlsec("ours", &Draft::adfs().edit(place, &with), pair);
            let assertion = message.verdict_trusting(&pair.alone()).unwrap();
            assert_eq!((assertion.id(), assertion.signed().as_str()), (ASSERTION_ID, part));
            let tampered = Message(message.0.replace("ward 7", "ward 8"));
            let code = tampered.verdict_trusting(&pair.alone()).unwrap_err().code();
            assert_eq!(code, "digest_mismatch");
        }
    }
}

#[test]
fn we_accept_sha1_of_xmlsec_for_a_while() {
    if is_missing() {
        return;
    }
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let c14n = format!("<ds:CanonicalizationMethod Algorithm=\"{exclusive}\"/>");
    let transform = format!("<ds:Transform Algorithm=\"{exclusive}\"/>");
    let signature = template(
        &c14n,
        &transform,
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#sha1",
        HASH_ID,
    );
    let draft = Draft::adfs().edit("</Issuer><Subject>", &format!("</Issuer>{signature}<Subject>"));
    let message = signed_by_xmlsec("sha1", &draft, &IDP_KEY);
    assert_eq!(message.verdict().unwrap_err().code(), "signature_algorithm");
    let mut keys = IDP_KEY.alone();
    keys.dangerous().accept_sha1_signatures_until(crate::fixture::instant("2026-11-23T00:00:00Z"));
    assert!(message.verdict_trusting(&keys).unwrap().uses_sha1());
}

#[test]
fn we_accept_the_canonicalisations_of_xmlsec() {
    if is_missing() {
        return;
    }
    let list = |prefixes: &str| {
        format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{prefixes}\"/>"
        )
    };
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let (rsa, sha) = (RsaSha256.uri(), RsaSha256.digest().uri());
    for (uri, inside) in [
        (exclusive.to_owned(), String::new()),
        (format!("{exclusive}WithComments"), String::new()),
        (inclusive.to_owned(), String::new()),
        (format!("{inclusive}#WithComments"), String::new()),
        (exclusive.to_owned(), list("x samlp #default")),
        (exclusive.to_owned(), list("x y")),
        (exclusive.to_owned(), list("")),
    ] {
        let c14n = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{uri}\">{inside}</ds:CanonicalizationMethod>"
        );
        let transform = format!("<ds:Transform Algorithm=\"{uri}\">{inside}</ds:Transform>");
        let signature = template(&c14n, &transform, rsa, sha, HASH_ID);
        let draft = Draft::adfs()
            .edit(
                "<samlp:Response ",
                "<samlp:Response xml:lang=\"cy\" xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" ",
            )
            .edit("</Issuer><Subject>", &format!("</Issuer>{signature}<!-- who -->\r\n<Subject>"))
            .edit("ward 7", "ward\t7 &lt;&amp;&gt; &#13; \u{e9} <![CDATA[<7>]]>");
        let message = signed_by_xmlsec("c14n-ours", &draft, &IDP_KEY);
        assert!(message.0.contains("<!-- who -->"));
        assert_eq!(message.accepted().values(crate::fixture::ROLE)[1], "ward\t7 <&> \r \u{e9} <7>");
    }
}

/// A template for xmlsec1 to fill in: AES-256 in CBC mode, the key inside.
const ENCRYPTED_DATA: &str = "<x:EncryptedData xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\" Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><x:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes256-cbc\"/><d:KeyInfo xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><x:EncryptedKey><x:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/><x:CipherData><x:CipherValue/></x:CipherData></x:EncryptedKey></d:KeyInfo><x:CipherData><x:CipherValue/></x:CipherData></x:EncryptedData>";

/// `xml`, encrypted to us by xmlsec1.
fn encrypted_by_xmlsec(test: &str, xml: &str) -> String {
    let certificate = file(&format!("{test}.crt"), &SP_KEY.certificate.to_pem().unwrap());
    let plain = file(&format!("{test}.plain"), xml);
    let template = file(&format!("{test}.template"), ENCRYPTED_DATA);
    let output = Command::new("xmlsec1")
        .args(["--encrypt", "--session-key", "aes-256", "--pubkey-cert-pem"])
        .arg(&certificate)
        .arg("--xml-data")
        .args([&plain, &template])
        .output()
        .unwrap();
    for path in [certificate, plain, template] {
        std::fs::remove_file(path).unwrap();
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = String::from_utf8(output.stdout).unwrap();
    written.split_once("?>").unwrap().1.trim().to_owned()
}

#[test]
fn we_accept_the_names_and_attributes_that_xmlsec_encrypts() {
    if is_missing() {
        return;
    }
    let mail = crate::surgery::element(&Draft::adfs().xml, "Attribute", 0);
    let name = format!("<NameID>{NURSE}</NameID>");
    let sealed = |local: &str, xml: &str| {
        let alone = xml.replacen('>', " xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">", 1);
        format!("<{local}>{}</{local}>", encrypted_by_xmlsec(local, &alone))
    };
    let draft = Draft::adfs()
        .edit(&mail, &sealed("EncryptedAttribute", &mail))
        .edit(&name, &sealed("EncryptedID", &name));
    assert!(!draft.xml.contains(NURSE));
    draft.clone().signed().opens_as(&Draft::adfs().signed());
    draft.signed().edit("ward 7", "ward 8").stays_shut(bad_signature(DsigError::DigestMismatch));
}

/// AD FS judges our own metadata by the certificate that goes with the signature.
#[test]
fn xmlsec_agrees_on_our_own_metadata() {
    if is_missing() {
        return;
    }
    for (name, pair) in [("rsa", &SP_KEY), ("ec", &P256)] {
        let entity_id = EntityId::new("https://rota.example.org/saml/metadata").unwrap();
        let mut builder = Builder::new(entity_id, "https://rota.example.org/".parse().unwrap());
        builder.awaits_idps = true;
        let (key, certificate) = (pair.key.clone(), pair.certificate.clone());
        builder.signing = Some(RequestSigning { key, certificate });
        builder.metadata = MetadataOptions {
            sign: true,
            valid_for: Some(TimeDelta::days(7)),
            cache_duration: Some(TimeDelta::hours(24)),
        };
        let metadata = builder.build().unwrap().metadata(now()).unwrap();
        let expected = encode_base64(pair.certificate.as_der());
        let found = metadata.split("<ds:X509Certificate>").nth(1).unwrap();
        assert!(found.starts_with(&format!("{expected}</")), "{metadata}");
        let test = format!("own-metadata-{name}");
        assert!(judges_good(&test, &metadata, "EntityDescriptor", pair));
        assert!(!judges_good(&test, &metadata, "EntityDescriptor", &FOREIGN_KEY), "the control");
        let changed = metadata.replace("saml/acs", "saml/acs2");
        assert!(!judges_good(&test, &changed, "EntityDescriptor", pair));
    }
}
