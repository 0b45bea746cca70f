//! What a signature says it signs, and how: references and transforms. Every signature here is
//! made by the right key over the very `SignedInfo` that stands in the message.

use actix_saml::dsig::{AlgorithmRole, DsigError, SignatureStyle};
use actix_saml::saml::Rejection;
use actix_saml::xml::C14n;

use crate::fixture::{ASSERTION_ID, Draft, HASH_ID, Message, honest};
use crate::refusal::{bad_signature, missing, reference, unexpected};

const ENVELOPED: &str =
    "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\" />";
const EXCLUSIVE: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\" />";

fn with_transforms(transforms: &str) -> Message {
    let both = format!("{ENVELOPED}{EXCLUSIVE}");
    honest().edit(&both, transforms).re_signed()
}

fn transform(uri: &str, content: &str) -> String {
    format!("<ds:Transform Algorithm=\"{uri}\">{content}</ds:Transform>")
}

fn not_allowed(uri: &str) -> Rejection {
    let role = AlgorithmRole::Transform;
    bad_signature(DsigError::Algorithm { role, uri: uri.to_owned() })
}

/// Refused wherever it stands among the honest two.
fn refused_everywhere(uri: &str, content: &str) {
    let other = transform(uri, content);
    for transforms in [
        other.clone(),
        format!("{other}{EXCLUSIVE}"),
        format!("{other}{ENVELOPED}{EXCLUSIVE}"),
        format!("{ENVELOPED}{other}"),
    ] {
        with_transforms(&transforms).refused(not_allowed(uri));
    }
    for transforms in
        [format!("{ENVELOPED}{EXCLUSIVE}{other}"), format!("{ENVELOPED}{other}{EXCLUSIVE}")]
    {
        with_transforms(&transforms).refused(bad_signature(DsigError::Transforms));
    }
}

#[test]
fn control() {
    for c14n in
        [C14n::Exclusive, C14n::ExclusiveWithComments, C14n::Inclusive, C14n::InclusiveWithComments]
    {
        let mut draft = Draft::adfs();
        draft.style = SignatureStyle { c14n, ..draft.style };
        draft.signed().accepted();
    }
}

#[test]
fn xslt_1() {
    let uri = "http://www.w3.org/TR/1999/REC-xslt-19991116";
    let stylesheet = "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\"><xsl:template match=\"/\"><xsl:value-of select=\"document('file:///etc/hostname')\" /></xsl:template></xsl:stylesheet>";
    refused_everywhere(uri, stylesheet);
}

#[test]
fn xpath_1() {
    let xpath = "<ds:XPath>not(ancestor-or-self::*[local-name()='Subject'])</ds:XPath>";
    refused_everywhere("http://www.w3.org/TR/1999/REC-xpath-19991116", xpath);
}

#[test]
fn xpath_2() {
    let filter = "<XPath Filter=\"subtract\" xmlns=\"http://www.w3.org/2002/06/xmldsig-filter2\">//*[count(//*)]</XPath>";
    refused_everywhere("http://www.w3.org/2002/06/xmldsig-filter2", filter);
}

#[test]
fn trans_1() {
    for uri in [
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2002/07/decrypt#XML",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
        "https://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "",
    ] {
        refused_everywhere(uri, "");
    }
}

#[test]
fn trans_2() {
    with_transforms(EXCLUSIVE).refused(bad_signature(DsigError::Transforms));
    with_transforms(ENVELOPED).refused(bad_signature(DsigError::Transforms));
    with_transforms("").refused(bad_signature(missing("Transforms", "Transform")));
    let none = honest().element("Transforms");
    let none = honest().edit(&none, "").re_signed();
    none.refused(bad_signature(unexpected("Reference", "DigestMethod")));
}

#[test]
fn trans_3() {
    for transforms in [
        format!("{EXCLUSIVE}{ENVELOPED}"),
        format!("{ENVELOPED}{ENVELOPED}{EXCLUSIVE}"),
        format!("{ENVELOPED}{EXCLUSIVE}{EXCLUSIVE}"),
        format!("{ENVELOPED}{EXCLUSIVE}{ENVELOPED}"),
        format!("{ENVELOPED}{}", EXCLUSIVE.repeat(2_000)),
        ENVELOPED.repeat(2_000),
    ] {
        with_transforms(&transforms).refused(bad_signature(DsigError::Transforms));
    }
    let foreign = format!("{ENVELOPED}{EXCLUSIVE}<x xmlns=\"urn:x\" />");
    with_transforms(&foreign).refused(bad_signature(unexpected("Transforms", "x")));
    let loaded =
        transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "<x xmlns=\"urn:x\" />");
    let loaded = format!("{loaded}{EXCLUSIVE}");
    with_transforms(&loaded).refused(bad_signature(unexpected("Transform", "x")));
}

fn with_prefixes(list: &str) -> Message {
    let content = format!(
        "<ec:InclusiveNamespaces PrefixList=\"{list}\" xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" />"
    );
    with_transforms(&format!(
        "{ENVELOPED}{}",
        transform("http://www.w3.org/2001/10/xml-exc-c14n#", &content)
    ))
}

#[test]
fn dos_prefix_list() {
    let many = |n: usize| (0..n).map(|i| format!("p{i}")).collect::<Vec<_>>().join(" ");
    with_prefixes("").accepted();
    with_prefixes("xs xsi saml #default xml").accepted();
    with_prefixes(&many(32)).accepted();
    for bad in [&many(33)[..], &many(30_000), "a:b", "#other", "a,b", "1"] {
        with_prefixes(bad).refused(bad_signature(DsigError::PrefixList));
    }
}

#[test]
fn dos_references() {
    let one = honest().element("Reference");
    let many = honest().edit(&one, &one.repeat(700)).re_signed();
    many.refused(bad_signature(unexpected("SignedInfo", "Reference")));
}

fn with_uri(uri: &str) -> Message {
    honest().edit(&format!(" URI=\"{HASH_ID}\""), uri).re_signed()
}

#[test]
fn uri_1() {
    with_uri("").refused(bad_signature(reference(ASSERTION_ID, "")));
    with_uri(" URI=\"\"").refused(bad_signature(reference(ASSERTION_ID, "")));
    with_uri(" URI=\"#\"").refused(bad_signature(reference(ASSERTION_ID, "#")));
    with_uri(&format!(" URI=\"{HASH_ID}\"")).accepted();
}

#[test]
fn uri_2() {
    for uri in [
        &format!("#xpointer(id('{ASSERTION_ID}'))")[..],
        "#xpointer(/)",
        "#element(/1/3)",
        &format!("##{ASSERTION_ID}"),
        &format!("#{ASSERTION_ID} "),
        &format!(" #{ASSERTION_ID}"),
        &format!("#{}", ASSERTION_ID.to_uppercase()),
        &format!("#%5f{}", &ASSERTION_ID[1..]),
        ASSERTION_ID,
    ] {
        with_uri(&format!(" URI=\"{uri}\"")).refused(bad_signature(reference(ASSERTION_ID, uri)));
    }
}

#[test]
fn uri_3() {
    for uri in [
        &format!("http://127.0.0.1:9/{HASH_ID}")[..],
        "file:///etc/hostname",
        &format!("cid:{ASSERTION_ID}"),
        &format!("?{HASH_ID}"),
    ] {
        with_uri(&format!(" URI=\"{uri}\"")).refused(bad_signature(reference(ASSERTION_ID, uri)));
    }
}

#[test]
fn manifest_1() {
    let manifest = "http://www.w3.org/2000/09/xmldsig#Manifest";
    let typed = with_uri(&format!(" URI=\"{HASH_ID}\" Type=\"{manifest}\""));
    typed.refused(bad_signature(reference(ASSERTION_ID, HASH_ID)));
    let object = "<ds:Object><ds:Manifest Id=\"_m\" /></ds:Object></ds:Signature>";
    let message = honest().edit(HASH_ID, "#_m").re_signed().edit("</ds:Signature>", object);
    message.refused(bad_signature(unexpected("Signature", "Object")));
}

#[test]
fn e91_1() {
    for object in ["<ds:Object />", "<ds:Object><x xmlns=\"urn:x\" /></ds:Object>"] {
        let message = honest().edit("</ds:Signature>", &format!("{object}</ds:Signature>"));
        message.refused(bad_signature(unexpected("Signature", "Object")));
        let message = honest().edit("<ds:SignedInfo>", &format!("{object}<ds:SignedInfo>"));
        message.refused(bad_signature(unexpected("Signature", "Object")));
    }
}
