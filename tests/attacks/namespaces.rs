//! Namespaces and IDs that one reader resolves differently from another.

use actix_saml::dsig::DsigError;
use actix_saml::saml::{Rejection, Role, names};
use actix_saml::xml::XmlError;
use actix_saml::xml::encode_base64;

use crate::fixture::{ASSERTION_ID, Draft, HASH_ID, Message, RESPONSE_ID, ROLE, honest};
use crate::keys_of_tests::IDP_KEY;
use crate::refusal::{bad_signature, malformed, reference, unexpected};
use crate::surgery::{EVIL_ID, extensions, forged, re_sign, without};

#[test]
fn nsconf_1() {
    let assertion = format!("Version=\"2.0\" xmlns=\"{}\"", names::ASSERTION);
    for other in [
        "urn:oasis:names:tc:SAML:2.0:assertion2",
        "urn:oasis:names:tc:SAML:1.0:assertion",
        "urn:oasis:names:tc:SAML:2.0:protocol",
        "http://www.w3.org/1999/xhtml",
    ] {
        let renamed = honest().edit(&assertion, &format!("Version=\"2.0\" xmlns=\"{other}\""));
        renamed.refused(unexpected("Response", "Assertion").into());
    }
}

#[test]
fn nsconf_2() {
    let assertion = format!("Version=\"2.0\" xmlns=\"{}\"", names::ASSERTION);
    for sloppy in [
        "URN:OASIS:NAMES:TC:SAML:2.0:assertion",
        "urn:oasis:names:tc:SAML:2.0:Assertion",
        "urn:oasis:names:tc:SAML:2.0:assertion/",
        "urn:oasis:names:tc:SAML:2.0:assertion#",
        "urn:oasis:names:tc:SAML:2.0:%61ssertion",
    ] {
        let renamed = honest().edit(&assertion, &format!("Version=\"2.0\" xmlns=\"{sloppy}\""));
        renamed.refused(unexpected("Response", "Assertion").into());
    }
    // Not sloppy, but the same: a reference is resolved before anything is compared.
    let same = "Version=\"2.0\" xmlns=\"urn:oasis:names:tc:SAML:2.0:&#97;ssertion\"";
    assert_eq!(honest().edit(&assertion, same).accepted(), honest().accepted());
}

#[test]
fn nsconf_3() {
    let original = honest();
    let signature = original.element("Signature");
    for namespace in
        ["http://www.w3.org/2000/09/xmldsig", "http://www.w3.org/2001/04/xmlenc", "urn:x"]
    {
        let decoy =
            signature.replace("http://www.w3.org/2000/09/xmldsig#\"", &format!("{namespace}\""));
        original.clone().edit(&signature, &decoy).refused(Rejection::Unsigned);
        // In front of the real one it takes its place.
        original
            .clone()
            .edit(&signature, &format!("{decoy}{signature}"))
            .refused(Rejection::Unsigned);
        // Behind it, it is not covered by the signature that it stands beside.
        let after = original.clone().edit(&signature, &format!("{signature}{decoy}"));
        after.refused(bad_signature(DsigError::DigestMismatch));
    }
}

#[test]
fn void_1() {
    // libxml2 cannot canonicalise these: the digest would be one of nothing.
    for relative in ["1", "../assertion", "x/y", "//host/path", "?q", "a b:c"] {
        let message = honest().edit("<Subject>", &format!("<Subject xmlns:x=\"{relative}\">"));
        assert_eq!(malformed(message.verdict()), "a namespace name must be an absolute URI");
    }
}

#[test]
fn void_2() {
    for unusable in
        ["http://host\u{7f}/", "urn:&#32;x", "urn:", ":x", "urn:&lt;x&gt;", "http://h/&quot;"]
    {
        let message =
            honest().edit("<samlp:Status>", &format!("<samlp:Status xmlns:x=\"{unusable}\">"));
        assert_eq!(malformed(message.verdict()), "a namespace name must be an absolute URI");
    }
}

#[test]
fn void_3() {
    // A signature over nothing at all, made by the right key.
    let nothing = encode_base64(&openssl::sha::sha256(b""));
    let signed = honest();
    let digest = signed.element("DigestValue");
    let void = signed.edit(&digest, &format!("<ds:DigestValue>{nothing}</ds:DigestValue>")).0;
    let void = Message(re_sign(&void, &IDP_KEY.key, Draft::adfs().algorithm));
    void.refused(bad_signature(DsigError::DigestMismatch));
}

/// The forged assertion carries the signed ID in an attribute that some take for an ID.
fn with_id_like(attribute: &str) {
    let original = honest();
    let signature = original.element("Signature");
    let evil = forged(&original.assertion())
        .replace("<Subject>", &format!("{signature}<Subject>"))
        .replace("<Assertion ", &format!("<Assertion {attribute}=\"{ASSERTION_ID}\" xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" "));
    original.with_assertion(&evil).refused(bad_signature(reference(EVIL_ID, HASH_ID)));
    // With the honest one in the document there are two of that ID.
    let hidden = without(&original.assertion(), "Signature");
    let both = original.with_assertion(&evil).edit("<samlp:Status>", &extensions(&hidden));
    both.refused(XmlError::DuplicateId.into());
}

#[test]
fn idtype_1() {
    with_id_like("Id");
    with_id_like("id");
}

#[test]
fn idtype_2() {
    with_id_like("xml:id");
}

#[test]
fn idtype_3() {
    with_id_like("wsu:Id");
}

#[test]
fn idinj_1() {
    let id = format!("ID=\"{ASSERTION_ID}\"");
    for bad in ["x' or '1'='1", "x&quot;]", "x)", "a b", "*", "0abc", "#x", "p:x", "x&#10;"] {
        let evil = honest().edit(&id, &format!("ID=\"{bad}\""));
        evil.refused(bad_signature(DsigError::Id));
        let response = honest().edit(&format!("ID=\"{RESPONSE_ID}\""), &format!("ID=\"{bad}\""));
        response.refused(Rejection::Id { role: Role::Response });
    }
}

#[test]
fn idinj_2() {
    let id = format!("ID=\"{ASSERTION_ID}\" ");
    for none in ["", "ID=\"\" "] {
        honest().edit(&id, none).refused(bad_signature(DsigError::Id));
        let under_response = Draft::adfs().edit(&id, none).response_signed();
        under_response.refused(Rejection::Id { role: Role::Assertion });
        let response = honest().edit(&format!("ID=\"{RESPONSE_ID}\" "), none);
        response.refused(Rejection::Id { role: Role::Response });
    }
}

#[test]
fn qname_1() {
    let typed = Draft::adfs()
        .edit("<samlp:Response ", "<samlp:Response xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ")
        .edit(
            "<AttributeValue>nurse",
            "<AttributeValue xsi:type=\"xs:string\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">nurse",
        )
        .signed();
    let accepted = typed.accepted();
    assert_eq!(accepted.values(ROLE), ["nurse", "ward 7"]);
    // Exclusive canonicalisation does not cover a prefix that only a value uses. Nothing here
    // decides by such a value.
    let rebound = typed.edit("http://www.w3.org/2001/XMLSchema\"", "urn:evil\"");
    assert_eq!(rebound.accepted(), accepted);
}

#[test]
fn nswf_1() {
    for (declaration, what) in [
        ("xmlns:xml=\"urn:x\"", "xml cannot be bound to another namespace"),
        (
            "xmlns:x=\"http://www.w3.org/XML/1998/namespace\"",
            "xml cannot be bound to another namespace",
        ),
        ("xmlns:xmlns=\"urn:x\"", "xmlns cannot be declared"),
        ("xmlns:x=\"http://www.w3.org/2000/xmlns/\"", "xmlns cannot be declared"),
        ("xmlns=\"http://www.w3.org/2000/xmlns/\"", "xmlns cannot be declared"),
    ] {
        let message = honest().edit("<samlp:Status>", &format!("<samlp:Status {declaration}>"));
        assert_eq!(malformed(message.verdict()), what, "{declaration}");
    }
    honest()
        .edit("<samlp:Status>", "<samlp:Status xmlns:xml=\"http://www.w3.org/XML/1998/namespace\">")
        .accepted();
}

#[test]
fn nswf_2() {
    for (inside, what) in [
        ("<x:y />", "a prefix without a declaration"),
        ("<y x:z=\"1\" xmlns=\"urn:y\" />", "a prefix without a declaration"),
        ("<y xmlns=\"urn:y\" xmlns:x=\"\" />", "a prefix cannot be undeclared"),
        ("<x:y xmlns:x=\"urn:x\"><x:z xmlns:x=\"\" /></x:y>", "a prefix cannot be undeclared"),
    ] {
        let message = honest().edit("<samlp:Status>", &extensions(inside));
        assert_eq!(malformed(message.verdict()), what, "{inside}");
    }
    honest().edit("<samlp:Status>", &extensions("<x:y xmlns:x=\"urn:x\" />")).accepted();
}

#[test]
fn nswf_3() {
    for (inside, what) in [
        ("<x:y:z xmlns:x=\"urn:x\" />", "a name"),
        ("<:y xmlns=\"urn:x\" />", "a name"),
        ("<y: xmlns=\"urn:x\" />", "a name"),
        ("<y a:b:c=\"1\" xmlns:a=\"urn:x\" />", "a name"),
        ("<y a=\"1\" a=\"2\" xmlns=\"urn:x\" />", "an attribute twice"),
        ("<y a:b=\"1\" c:b=\"2\" xmlns:a=\"urn:x\" xmlns:c=\"urn:x\" />", "an attribute twice"),
        ("<y xmlns=\"urn:x\" xmlns=\"urn:x\" />", "an attribute twice"),
        ("<y xmlns:a=\"urn:x\" xmlns:a=\"urn:y\" />", "an attribute twice"),
    ] {
        let message = honest().edit("<samlp:Status>", &extensions(inside));
        assert_eq!(malformed(message.verdict()), what, "{inside}");
    }
    let id = honest().edit("<samlp:Response ID=", "<samlp:Response ID=\"_x\" ID=");
    assert_eq!(malformed(id.verdict()), "an attribute twice");
}
