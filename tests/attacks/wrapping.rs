//! Signature wrapping: the signature stays valid for what it signed, and something else is read.

use actix_saml::dsig::{Place, sign_enveloped};
use actix_saml::saml::names;
use actix_saml::xml::XmlError;

use crate::fixture::{ASSERTION_ID, Draft, HASH_ID, IDP, Message, RESPONSE_ID, edit, honest};
use crate::keys_of_tests::IDP_KEY;
use crate::refusal::{
    bad_response_signature, bad_signature, count, misplaced, not_response, reference, unexpected,
};
use crate::surgery::{EVIL_ID, element, extensions, forged, without};

/// A response that is signed itself, and the attacker's version of it with the same signature.
fn signed_and_forged_response() -> (Message, String) {
    let original = Draft::adfs().response_signed();
    original.accepted();
    let forged = forged(&original.assertion());
    let root =
        original.with_assertion(&forged).edit(&format!("ID=\"{RESPONSE_ID}\" "), "ID=\"_forged\" ");
    (original, root.0)
}

/// `xml` with `hidden` behind its signature's last child.
fn into_signature(xml: &str, hidden: &str) -> String {
    edit(xml, "</ds:Signature>", &format!("{hidden}</ds:Signature>"))
}

#[test]
fn control() {
    for message in [
        Draft::adfs().signed(),
        Draft::adfs().response_signed(),
        Draft::adfs().both_signed(),
        Draft::entra().signed(),
        Draft::entra().response_signed(),
        Draft::entra().both_signed(),
    ] {
        message.accepted();
    }
}

#[test]
fn xsw_1() {
    let (original, root) = signed_and_forged_response();
    let original = without(&original.0, "Signature");
    let bare = into_signature(&root, &original);
    Message(bare).refused(misplaced("Response"));
    let in_object = into_signature(&root, &format!("<ds:Object>{original}</ds:Object>"));
    Message(in_object).refused(misplaced("Response"));
}

#[test]
fn xsw_2() {
    let (original, root) = signed_and_forged_response();
    let original = without(&original.0, "Signature");
    for (mark, with) in [
        ("</Issuer><ds:", format!("</Issuer>{original}<ds:")),
        ("</ds:Signature>", format!("</ds:Signature>{original}")),
    ] {
        let message = Message(edit(&root, mark, &with));
        message.refused(unexpected("Response", "Response").into());
    }
}

#[test]
fn xsw_3() {
    let original = honest();
    let assertion = original.assertion();
    original.with_assertion(&format!("{}{assertion}", forged(&assertion))).refused(count(2));
}

#[test]
fn xsw_4() {
    let original = honest();
    let assertion = original.assertion();
    let around = forged(&assertion).replace("</Assertion>", &format!("{assertion}</Assertion>"));
    original.with_assertion(&around).refused(count(2));
}

#[test]
fn xsw_5() {
    let original = honest();
    let assertion = original.assertion();
    let signature = original.element("Signature");
    let evil = edit(&forged(&assertion), "<Subject>", &format!("{signature}<Subject>"));
    let both = format!("{evil}{}", without(&assertion, "Signature"));
    original.with_assertion(&both).refused(count(2));
    original.with_assertion(&evil).refused(bad_signature(reference(EVIL_ID, HASH_ID)));
}

#[test]
fn xsw_6() {
    let original = honest();
    let assertion = original.assertion();
    let hidden = without(&assertion, "Signature");
    let signature = into_signature(&original.element("Signature"), &hidden);
    let evil = edit(&forged(&assertion), "<Subject>", &format!("{signature}<Subject>"));
    original.with_assertion(&evil).refused(misplaced("Assertion"));
}

/// The forged assertion where the honest one stood, with the honest one's signature.
fn forged_with_signature(original: &Message) -> String {
    let signature = original.element("Signature");
    edit(&forged(&original.assertion()), "<Subject>", &format!("{signature}<Subject>"))
}

#[test]
fn xsw_7() {
    let original = honest();
    let hidden = without(&original.assertion(), "Signature");
    let wrapped = original
        .with_assertion(&forged_with_signature(&original))
        .edit("<samlp:Status>", &extensions(&hidden));
    wrapped.refused(misplaced("Assertion"));
    wrapped.edit(EVIL_ID, ASSERTION_ID).refused(XmlError::DuplicateId.into());
}

#[test]
fn xsw_8() {
    let original = honest();
    let hidden = without(&original.assertion(), "Signature");
    let object = format!("<ds:Object>{hidden}</ds:Object>");
    let evil = into_signature(&forged_with_signature(&original), &object);
    let wrapped = original.with_assertion(&evil);
    wrapped.refused(misplaced("Assertion"));
    wrapped.edit(EVIL_ID, ASSERTION_ID).refused(XmlError::DuplicateId.into());
}

/// The forged assertion is read; the signed one hides where `edit` puts it.
#[track_caller]
fn hidden(from: &str, to: impl Fn(&str) -> String) {
    let original = honest();
    let wrapped = original.with_assertion(&forged_with_signature(&original));
    let hide = |what: &str| wrapped.clone().edit(from, &to(what));
    for what in [without(&original.assertion(), "Signature"), original.assertion()] {
        hide(&what).refused(misplaced("Assertion"));
        // In one more element, which nobody knows, it is no better off.
        hide(&format!("<x xmlns=\"urn:x\">{what}</x>")).refused(misplaced("Assertion"));
    }
    // It is the hidden assertion that was objected to: without it, the signature is.
    let left = hide("").verdict();
    assert_eq!(left, Err(bad_signature(reference(EVIL_ID, HASH_ID))));
}

#[test]
fn xsw_9_extensions() {
    hidden("<samlp:Status>", extensions);
}

#[test]
fn xsw_10_status_detail() {
    hidden("</samlp:Status>", |what| {
        format!("<samlp:StatusDetail>{what}</samlp:StatusDetail></samlp:Status>")
    });
}

#[test]
fn xsw_11_advice() {
    hidden("</Conditions>", |what| format!("</Conditions><Advice>{what}</Advice>"));
}

#[test]
fn xsw_12_subject_confirmation_data() {
    hidden("saml/acs\" /></SubjectConfirmation>", |what| {
        format!("saml/acs\">{what}</SubjectConfirmationData></SubjectConfirmation>")
    });
}

#[test]
fn xsw_13_attribute_value() {
    hidden("ward 7", str::to_owned);
}

#[test]
fn xsw_14_key_info() {
    hidden("</KeyInfo>", |what| format!("{what}</KeyInfo>"));
}

#[test]
fn xsw_15() {
    let original = honest();
    let assertion = original.assertion();
    let evil = forged(&assertion).replace(EVIL_ID, ASSERTION_ID);
    for two in [format!("{assertion}{evil}"), format!("{evil}{assertion}")] {
        original.with_assertion(&two).refused(XmlError::DuplicateId.into());
    }
}

#[test]
fn xsw_16() {
    let original = honest();
    let (_, root) = signed_and_forged_response();
    let root = without(&root, "Signature");
    let nested = edit(&root, "</samlp:Response>", &format!("{}</samlp:Response>", original.0));
    Message(nested).refused(unexpected("Response", "Response").into());
    let inside = edit(&root, "<samlp:Status>", &extensions(&original.0));
    Message(inside).refused(misplaced("Response"));
}

#[test]
fn xsw_17() {
    let original = honest();
    let assertion = original.assertion();
    let wrapper = format!("<x:Wrapper xmlns:x=\"urn:x\">{assertion}</x:Wrapper>");
    let forged = forged(&assertion);
    for children in [wrapper.clone(), format!("{forged}{wrapper}"), format!("{wrapper}{forged}")] {
        original.with_assertion(&children).refused(unexpected("Response", "Wrapper").into());
    }
}

/// What AD FS publishes for everybody, signed by the key that signs assertions.
fn signed_metadata() -> String {
    let xml = format!(
        r#"<EntityDescriptor ID="_metadata" entityID="{IDP}" xmlns="{}"><ContactPerson contactType="support" /></EntityDescriptor>"#,
        names::METADATA
    );
    let draft = Draft::adfs();
    let Draft { pair, algorithm, style, .. } = &draft;
    sign_enveloped(
        &xml,
        "_metadata",
        Place::First,
        &pair.key,
        *algorithm,
        Some(&pair.certificate),
        style,
    )
    .unwrap()
}

#[test]
fn xsw_md() {
    let metadata = signed_metadata();
    Message(metadata.clone()).refused(not_response("EntityDescriptor"));
    let unsigned = Draft::adfs().send();
    let beside = unsigned.clone().edit("<samlp:Status>", &extensions(&metadata));
    beside.refused(misplaced("EntityDescriptor"));
    // Its signature alone, and its signature with its own metadata inside.
    let signature = element(&metadata, "Signature", 0);
    let taken = unsigned.clone().edit("<Subject>", &format!("{signature}<Subject>"));
    taken.refused(bad_signature(reference(ASSERTION_ID, "#_metadata")));
    let object = format!("<ds:Object>{}</ds:Object>", without(&metadata, "Signature"));
    let signature = into_signature(&signature, &object);
    let taken = unsigned.edit("<Subject>", &format!("{signature}<Subject>"));
    taken.refused(misplaced("EntityDescriptor"));
}

/// A `LogoutRequest` that the identity provider signed.
fn signed_logout_request() -> String {
    let mut draft = Draft::adfs();
    draft.xml = format!(
        r#"<samlp:LogoutRequest ID="_logout" Version="2.0" IssueInstant="2026-11-22T10:00:00.000Z" xmlns:samlp="{}"><Issuer xmlns="{}">{IDP}</Issuer></samlp:LogoutRequest>"#,
        names::PROTOCOL,
        names::ASSERTION
    );
    draft.sign("_logout").xml
}

#[test]
fn xsw_type() {
    let logout = signed_logout_request();
    Message(logout.clone()).refused(not_response("LogoutRequest"));
    let unsigned = Draft::adfs().send();
    let beside = unsigned.clone().edit("<samlp:Status>", &extensions(&logout));
    beside.refused(misplaced("LogoutRequest"));
    let signature = element(&logout, "Signature", 0);
    let taken = unsigned.edit("</Issuer><samlp:", &format!("</Issuer>{signature}<samlp:"));
    taken.refused(bad_response_signature(reference(RESPONSE_ID, "#_logout")));
}

#[test]
fn md_xsw() {
    use actix_saml::dsig::{DsigError, verify};
    use actix_saml::xml::{Document, Limits};

    let keys = [IDP_KEY.public()];
    let check = |xml: &str| {
        let document = Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
        let root = document.root();
        let signature = document.elements().find(|n| n.local_name() == "Signature").unwrap();
        verify(root, signature, &keys).map(|signed| signed.element() == root)
    };
    let metadata = signed_metadata();
    assert_eq!(check(&metadata), Ok(true), "control");
    // The honest metadata inside the attacker's.
    let around = format!(
        r#"<EntityDescriptor ID="_evil" entityID="{IDP}" xmlns="{}"><Extensions>{metadata}</Extensions></EntityDescriptor>"#,
        names::METADATA
    );
    assert_eq!(check(&around), Err(DsigError::Position));
    // Its signature on the attacker's.
    let evil = metadata.replacen("\"_metadata\"", "\"_evil\"", 1);
    assert_eq!(check(&evil), Err(reference("_evil", "#_metadata")));
    let evil = metadata.replace("support", "billing");
    assert_eq!(check(&evil), Err(DsigError::DigestMismatch));
}

#[test]
fn multi_1() {
    let original = honest();
    let assertion = original.assertion();
    let evil = forged(&assertion);
    for two in [format!("{assertion}{evil}"), format!("{evil}{assertion}")] {
        original.with_assertion(&two).refused(count(2));
    }
}

#[test]
fn multi_2() {
    // Both are signed, for two people: which one would be meant?
    let mut second = Draft::adfs();
    second.xml = element(&second.xml, "Assertion", 0).replace(ASSERTION_ID, "_second");
    let second = second.sign("_second").xml;
    let original = honest();
    let assertion = original.assertion();
    let control = second.replace("_second", ASSERTION_ID);
    assert_eq!(without(&control, "Signature"), without(&assertion, "Signature"));
    for two in [format!("{assertion}{second}"), format!("{second}{assertion}")] {
        original.with_assertion(&two).refused(count(2));
    }
    let encrypted = "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" />";
    for two in [format!("{assertion}{encrypted}"), format!("{encrypted}{assertion}")] {
        original.with_assertion(&two).refused(count(2));
    }
}
