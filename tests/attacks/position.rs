//! Where a signature stands, what it covers, and what the message around it is.

use actix_saml::saml::{Rejection, RequireSigned, Role, names};

use crate::fixture::{
    ASSERTION_ID, Draft, HASH_ID, Message, RESPONSE_ID, edit, expectations, honest,
};
use crate::keys_of_tests::IDP_KEY;
use crate::refusal::{
    bad_response_signature, bad_signature, count, not_response, reference, unexpected,
};
use crate::surgery::{element, extensions, re_sign, refer_to, without};

#[test]
fn sigcov_1() {
    let key = &IDP_KEY.key;
    let with_id = Draft::adfs().edit(
        "Version=\"2.0\" xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"><Issuer>",
        "Version=\"2.0\" xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"><Issuer ID=\"_issuer\">",
    );
    let signed = with_id.signed();
    assert_eq!(
        refer_to(&signed.0, ASSERTION_ID, key),
        signed.0,
        "control: RSA signs the same twice"
    );
    let covers_issuer = Message(refer_to(&signed.0, "_issuer", key));
    covers_issuer.refused(bad_signature(reference(ASSERTION_ID, "#_issuer")));

    let signed =
        Draft::adfs().edit("<samlp:Status>", "<samlp:Status ID=\"_status\">").response_signed();
    signed.accepted();
    let covers_status = Message(refer_to(&signed.0, "_status", key));
    covers_status.refused(bad_response_signature(reference(RESPONSE_ID, "#_status")));
}

#[test]
fn pos_1() {
    // Detached: the assertion's signature stands on the response.
    let original = honest();
    let signature = original.element("Signature");
    let detached = Message(without(&original.0, "Signature"))
        .edit("</Issuer><samlp:", &format!("</Issuer>{signature}<samlp:"));
    detached.refused(bad_response_signature(reference(RESPONSE_ID, HASH_ID)));
}

#[test]
fn pos_2() {
    let original = honest();
    let signature = original.element("Signature");
    let bare = Message(without(&original.0, "Signature"));
    // The enveloped signature's digest does not depend on where it stands.
    for (mark, with) in [
        ("</Assertion>", format!("{signature}</Assertion>")),
        ("<Conditions", format!("{signature}<Conditions")),
    ] {
        bare.clone().edit(mark, &with).refused(Rejection::Unsigned);
    }
    bare.clone().edit("<Subject>", &format!("{signature}<Subject>")).accepted();

    // Under a signed response it would not be needed, and is refused all the same.
    let both = Draft::adfs().sign(ASSERTION_ID).xml;
    let signature = element(&both, "Signature", 0);
    let mut moved = Draft::adfs();
    moved.xml =
        edit(&without(&both, "Signature"), "</Assertion>", &format!("{signature}</Assertion>"));
    moved.response_signed().refused(unexpected("Assertion", "Signature").into());
}

#[test]
fn pos_3() {
    let twice = Draft::adfs().sign(ASSERTION_ID).sign(ASSERTION_ID).send();
    twice.refused(unexpected("Assertion", "Signature").into());
    let twice = Draft::adfs().sign(RESPONSE_ID).sign(RESPONSE_ID).send();
    twice.refused(unexpected("Response", "Signature").into());
}

#[test]
fn pos_4() {
    let signed = honest();
    let up = Message(refer_to(&signed.0, RESPONSE_ID, &IDP_KEY.key));
    up.refused(bad_signature(reference(ASSERTION_ID, &format!("#{RESPONSE_ID}"))));
    let mut strict = expectations();
    strict.require_signed = RequireSigned::Response;
    let role = Role::Response;
    assert_eq!(up.verdict_expecting(&strict), Err(Rejection::SignatureMissing { role }));
}

#[test]
fn struct_1() {
    let original = honest();
    let no_assertion = original.with_assertion("");
    no_assertion.refused(count(0));
    for (mark, with, found) in [
        ("<samlp:Status>", "<samlp:Surprise /><samlp:Status>", "Surprise"),
        ("</samlp:Response>", "<x xmlns=\"urn:x\" /></samlp:Response>", "x"),
        ("</samlp:Response>", "<samlp:Status /></samlp:Response>", "Status"),
    ] {
        original.clone().edit(mark, with).refused(unexpected("Response", found).into());
    }
}

#[test]
fn type_1() {
    let original = honest();
    Message(original.assertion()).refused(not_response("Assertion"));
    for (around, found) in [
        (
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{}</s:Body></s:Envelope>",
            "Envelope",
        ),
        (
            "<t:RequestSecurityTokenResponse xmlns:t=\"http://schemas.xmlsoap.org/ws/2005/02/trust\">{}</t:RequestSecurityTokenResponse>",
            "RequestSecurityTokenResponse",
        ),
    ] {
        Message(around.replace("{}", &original.0)).refused(not_response(found));
    }
}

#[test]
fn type_2() {
    let original = honest();
    for other in ["AuthnRequest", "LogoutResponse", "ArtifactResponse", "response"] {
        let renamed = original.0.replace("samlp:Response", &format!("samlp:{other}"));
        Message(renamed).refused(not_response(other));
    }
}

#[test]
fn type_3() {
    let saml_1 = honest().0.replace(names::PROTOCOL, "urn:oasis:names:tc:SAML:1.0:protocol");
    Message(saml_1).refused(not_response("Response"));
    let saml_1 = honest().0.replace(names::ASSERTION, "urn:oasis:names:tc:SAML:1.0:assertion");
    Message(saml_1).refused(unexpected("Response", "Issuer").into());
}

#[test]
fn consumption() {
    // Who is signed in is read from what was signed: a word changed anywhere in it is noticed, and
    // what stands outside has no way in.
    let accepted = honest().accepted();
    let outside = honest().edit(
        "<samlp:Status>",
        &extensions("<x:Subject xmlns:x=\"urn:x\">test.admin9@nhs.net</x:Subject>"),
    );
    assert_eq!(outside.accepted(), accepted);
    assert_eq!(re_sign(&honest().0, &IDP_KEY.key, Draft::adfs().algorithm), honest().0);
}
