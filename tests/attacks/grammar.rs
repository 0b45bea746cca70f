//! Every place of the grammar that something could be slipped into: a child too many, an attribute
//! that nobody knows, an element of ours in the wrong parent. All of it signed by the right key.

use actix_saml::dsig::{DsigError, verify};
use actix_saml::saml::Rejection;
use actix_saml::xml::{Document, GrammarError, Limits};

use crate::fixture::{ASSERTION_ID, Draft, honest};
use crate::keys_of_tests::IDP_KEY;
use crate::refusal::{
    bad_signature, markup_in, misplaced, text_in, unexpected, unexpected_attribute,
};

const FOREIGN: &str = "<x xmlns=\"urn:x\" />";

#[track_caller]
fn refused(from: &str, to: &str, error: GrammarError) {
    Draft::adfs().edit(from, to).signed().refused(error.into());
}

#[test]
fn nothing_foreign_in_a_response() {
    let third = "<samlp:StatusCode Value=\"urn:z\" />";
    let second = |inside: &str| {
        format!(
            "Success\"><samlp:StatusCode Value=\"urn:y\">{inside}</samlp:StatusCode></samlp:StatusCode>"
        )
    };
    honest().edit("Success\" />", &second(third)).accepted();
    for (to, error) in [
        (second(FOREIGN), unexpected("StatusCode", "x")),
        (second(&third.repeat(2)), unexpected("StatusCode", "StatusCode")),
        (second("<samlp:StatusCode />"), crate::refusal::missing_attribute("StatusCode", "Value")),
        (format!("Success\">{FOREIGN}</samlp:StatusCode>"), unexpected("StatusCode", "x")),
        (format!("Success\" />{FOREIGN}"), unexpected("Status", "x")),
        ("Success\" />text".to_owned(), text_in("Status")),
    ] {
        honest().edit("Success\" />", &to).refused(error.into());
    }
    for attribute in ["AssertionConsumerServiceURL", "Id", "destination"] {
        let extra =
            honest().edit("<samlp:Response ", &format!("<samlp:Response {attribute}=\"x\" "));
        extra.refused(unexpected_attribute("Response", attribute).into());
    }
}

#[test]
fn nothing_foreign_in_an_assertion() {
    for attribute in ["MajorVersion", "Id", "Destination"] {
        refused(
            "<Assertion ",
            &format!("<Assertion {attribute}=\"x\" "),
            unexpected_attribute("Assertion", attribute),
        );
    }
    for (parent, from) in [
        ("Assertion", "<Subject>"),
        ("Assertion", "<Conditions "),
        ("Assertion", "<AttributeStatement>"),
        ("Assertion", "</Assertion>"),
        ("Subject", "<NameID>"),
        ("Subject", "<SubjectConfirmation "),
        ("Subject", "</Subject>"),
        ("SubjectConfirmation", "<SubjectConfirmationData "),
        ("SubjectConfirmation", "</SubjectConfirmation>"),
        ("AudienceRestriction", "<Audience>"),
        ("AudienceRestriction", "</AudienceRestriction>"),
        ("AttributeStatement", "<Attribute Name=\"http://schemas.xmlsoap.org/"),
        ("AttributeStatement", "</AttributeStatement>"),
        ("Attribute", "<AttributeValue>ward 7"),
        ("AuthnStatement", "<AuthnContext>"),
        ("AuthnStatement", "</AuthnStatement>"),
        ("AuthnContext", "<AuthnContextClassRef>"),
        ("AuthnContext", "</AuthnContext>"),
    ] {
        // By itself in the assertion, and alike under a signed response.
        let draft = Draft::adfs().edit(from, &format!("{FOREIGN}{from}"));
        draft.clone().signed().refused(unexpected(parent, "x").into());
        draft.response_signed().refused(unexpected(parent, "x").into());
    }
}

#[test]
fn nothing_inside_what_is_empty() {
    let data = "saml/acs\" /></SubjectConfirmation>";
    let inside = format!("saml/acs\">{FOREIGN}</SubjectConfirmationData></SubjectConfirmation>");
    refused(data, &inside, unexpected("SubjectConfirmationData", "x"));
    for (condition, parent) in [
        (format!("<OneTimeUse>{FOREIGN}</OneTimeUse>"), "OneTimeUse"),
        (format!("<ProxyRestriction>{FOREIGN}</ProxyRestriction>"), "ProxyRestriction"),
    ] {
        let with = format!("{condition}</Conditions>");
        refused("</Conditions>", &with, unexpected(parent, "x"));
    }
    refused(
        "<AuthnContext>",
        &format!("<SubjectLocality Address=\"::1\">{FOREIGN}</SubjectLocality><AuthnContext>"),
        unexpected("SubjectLocality", "x"),
    );
    Draft::adfs()
        .edit("<AuthnContext>", "<SubjectLocality Address=\"::1\" /><AuthnContext>")
        .signed()
        .accepted();
    let authority = |inside: &str| {
        format!("<AuthenticatingAuthority>{inside}</AuthenticatingAuthority></AuthnContext>")
    };
    refused("</AuthnContext>", &authority(FOREIGN), markup_in("AuthenticatingAuthority"));
    Draft::adfs().edit("</AuthnContext>", &authority("urn:other")).signed().accepted();
    let declared = "<AuthnContextDecl>x</AuthnContextDecl></AuthnContext>";
    refused("</AuthnContext>", declared, unexpected("AuthnContext", "AuthnContextDecl"));
    let statement = crate::surgery::element(&Draft::adfs().xml, "AttributeStatement", 0);
    refused(
        &statement,
        "<AttributeStatement />",
        crate::refusal::missing("AttributeStatement", "Attribute"),
    );
}

#[test]
fn an_empty_session_index_is_none() {
    let named = format!("SessionIndex=\"{ASSERTION_ID}\"");
    let accepted = Draft::adfs().edit(&named, "SessionIndex=\"\"").signed().accepted();
    assert_eq!(accepted.authn().session_index, None);
}

#[test]
fn elements_of_signatures_and_encryption_in_their_places_only() {
    let ds = "xmlns=\"http://www.w3.org/2000/09/xmldsig#\"";
    let xenc = "xmlns=\"http://www.w3.org/2001/04/xmlenc#\"";
    for (element, namespace) in [
        ("Signature", ds),
        ("KeyInfo", ds),
        ("Object", ds),
        ("EncryptedData", xenc),
        ("EncryptedKey", xenc),
        ("EntityDescriptor", "xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\""),
    ] {
        let stray = format!("<{element} {namespace} />");
        for from in [
            "<NameID>",
            END_OF_NAME,
            "<Audience>",
            "<AuthnContext>",
            "</AuthnContext>",
            "<AttributeValue>ward 7",
            "7</AttributeValue>",
            "</Conditions>",
        ] {
            let with = format!("{stray}{from}");
            Draft::adfs().edit(from, &with).signed().refused(misplaced(element));
        }
        // Nor inside an element that nobody knows.
        let wrapped = crate::surgery::extensions(&format!("<y xmlns=\"urn:y\">{stray}</y>"));
        honest().edit("<samlp:Status>", &wrapped).refused(misplaced(element));
    }
    for declaration in ["AuthnContextDecl", "Advice", "StatusDetail", "Extensions"] {
        let inside = format!("<{declaration}><NameID>x</NameID></{declaration}></AuthnContext>");
        Draft::adfs().edit("</AuthnContext>", &inside).signed().refused(misplaced("NameID"));
    }
}

const END_OF_NAME: &str = "@nhs.net</NameID>";

#[test]
fn methods_of_a_signature_take_no_parameters() {
    let fill = |method: &str, inside: &str| {
        let tag = honest().element(method);
        let open = tag.replace(" />", ">");
        honest().edit(&tag, &format!("{open}{inside}</ds:{method}>")).re_signed()
    };
    for method in ["CanonicalizationMethod", "SignatureMethod", "Transform", "DigestMethod"] {
        fill(method, FOREIGN).refused(bad_signature(unexpected(method, "x")));
        fill(method, "text").refused(bad_signature(text_in(method)));
        fill(method, "").accepted();
    }
    let prefixes = |list: &str| {
        format!(
            "<ec:InclusiveNamespaces {list} xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" />"
        )
    };
    let list = prefixes("PrefixList=\"x\"");
    fill("CanonicalizationMethod", &prefixes("PrefixList=\"\"")).accepted();
    for (inside, error) in [
        (list.repeat(2), unexpected("CanonicalizationMethod", "InclusiveNamespaces")),
        (format!("{list}{FOREIGN}"), unexpected("CanonicalizationMethod", "x")),
        (
            list.replace(" />", &format!(">{FOREIGN}</ec:InclusiveNamespaces>")),
            unexpected("InclusiveNamespaces", "x"),
        ),
        (prefixes(""), crate::refusal::missing_attribute("InclusiveNamespaces", "PrefixList")),
    ] {
        fill("CanonicalizationMethod", &inside).refused(bad_signature(error));
    }
    // The inclusive algorithms know no list.
    let inclusive =
        "CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\">";
    let exclusive = "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    let message = fill("CanonicalizationMethod", &list).edit(exclusive, inclusive).re_signed();
    let error = unexpected("CanonicalizationMethod", "InclusiveNamespaces");
    message.refused(bad_signature(error));
}

#[test]
fn a_signature_does_not_cover_itself() {
    let signed = honest();
    let document = Document::parse(signed.0.as_bytes(), &Limits::MESSAGE).unwrap();
    let find = |local: &str| document.elements().find(|n| n.local_name() == local).unwrap();
    let (assertion, signature) = (find("Assertion"), find("Signature"));
    let proof = verify(assertion, signature, &[IDP_KEY.public()]).unwrap();
    for inside in [assertion, find("NameID"), find("AuthnContextClassRef")] {
        assert!(proof.covers(inside));
        assert_eq!(proof.descend(inside).unwrap().element(), inside);
    }
    for outside in
        [document.root(), find("Status"), signature, find("KeyInfo"), find("DigestValue")]
    {
        assert!(!proof.covers(outside));
        assert!(proof.descend(outside).is_none());
    }
    // The same text in another document is not what was verified.
    let again = Document::parse(signed.0.as_bytes(), &Limits::MESSAGE).unwrap();
    assert!(!proof.covers(again.elements().nth(5).unwrap()));
    assert_eq!(verify(document.root(), signature, &[]).unwrap_err(), DsigError::Position);
    assert_eq!(verify(assertion, find("NameID"), &[]).unwrap_err(), DsigError::Position);
    assert_eq!(verify(assertion, signature, &[]).unwrap_err(), DsigError::AlgorithmKeyMismatch);
}

/// Each sibling uses every prefix, and the exclusive form declares them on each again.
#[test]
fn dos_canonical_form_many_times_the_message() {
    let attack = |siblings: usize| {
        let declared: String =
            (0..8).map(|n| format!(" xmlns:p{n}=\"urn:{n}:{}\"", "x".repeat(200))).collect();
        let used: String = (0..8).map(|n| format!(" p{n}:a{n}=\"\"")).collect();
        let children = format!("<y xmlns=\"urn:y\"{used}/>").repeat(siblings);
        let wrapper = format!("<w xmlns=\"urn:y\"{declared}>{children}</w>");
        let advice = format!("</Conditions><Advice>{wrapper}</Advice>");
        Draft::adfs().edit("</Conditions>", &advice).signed()
    };
    attack(3).accepted();
    let message = attack(2_000);
    match message.verdict() {
        Err(Rejection::Signature { error: DsigError::CanonicalSize { limit }, .. }) => {
            assert!(limit < message.0.len() * 4 + 65_537, "{limit}");
        }
        other => panic!("{other:?}"),
    }
}
