//! What AD FS and Entra really write must be accepted, peculiarities included, whichever part they
//! sign. A refusal of the honest is no security.

use actix_saml::dsig::SignatureStyle;
use actix_saml::saml::{Assertion, SignedPart};
use actix_saml::xml::C14n;

use crate::fixture::{ACS, ASSERTION_ID, Draft, MAIL, Message, NURSE, ROLE, expectations, honest};

/// Accepted whichever part is signed, and the same each time.
#[track_caller]
fn accepted(draft: &Draft) -> Assertion {
    let (own, outer) = (draft.clone().signed(), draft.clone().response_signed());
    let both = draft.clone().both_signed().accepted();
    let assertion = own.accepted();
    assert_eq!(assertion.signed(), SignedPart::Assertion);
    assert_eq!(outer.accepted().signed(), SignedPart::Response);
    assert_eq!(both.signed(), SignedPart::Both);
    assert_eq!(outer.accepted().attributes(), assertion.attributes());
    assert_eq!(outer.accepted().name_id(), assertion.name_id());
    assert_eq!(both.authn(), assertion.authn());
    assertion
}

#[test]
fn adfs() {
    let assertion = accepted(&Draft::adfs());
    let name_id = assertion.name_id().unwrap();
    assert_eq!((&name_id.value[..], &name_id.format), (NURSE, &None));
    assert_eq!(assertion.values(MAIL), [NURSE]);
    assert_eq!(assertion.values(ROLE), ["nurse", "ward 7"]);
    assert_eq!(assertion.authn().session_index.as_deref(), Some(ASSERTION_ID));
    assert_eq!(assertion.authn().session_not_on_or_after, None);
}

#[test]
fn entra() {
    let assertion = accepted(&Draft::entra());
    let format = assertion.name_id().unwrap().format.as_deref();
    assert_eq!(format, Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"));
}

#[test]
fn no_name_id_and_no_session_index() {
    let draft = Draft::adfs()
        .edit(&format!("<NameID>{NURSE}</NameID>"), "")
        .edit(&format!(" SessionIndex=\"{ASSERTION_ID}\""), "");
    let assertion = accepted(&draft);
    assert_eq!((assertion.name_id(), assertion.authn().session_index.as_deref()), (None, None));
    assert_eq!(assertion.values(MAIL), [NURSE]);
}

#[test]
fn claims_of_another_provider() {
    // The foreign attribute is covered by the signature and says nothing that is used.
    let draft = Draft::adfs().edit(
        &format!("<Attribute Name=\"{MAIL}\""),
        &format!("<Attribute Name=\"{MAIL}\" a:OriginalIssuer=\"http://fs.other.example/adfs/services/trust\" xmlns:a=\"http://schemas.xmlsoap.org/ws/2009/09/identity/claims\""),
    );
    assert_eq!(accepted(&draft), honest().accepted());
}

#[test]
fn values() {
    let escaped = "<?xml version=\"1.0\"?><Person id='1'>A & B</Person>";
    for (written, read) in [
        ("", ""),
        ("R1A,R1B,R1C", "R1A,R1B,R1C"),
        ("&lt;?xml version=\"1.0\"?&gt;&lt;Person id='1'&gt;A &amp; B&lt;/Person&gt;", escaped),
        ("Si\u{e2}n O\u{2019}Brien-Łukasz \u{1f600}", "Si\u{e2}n O\u{2019}Brien-Łukasz \u{1f600}"),
        ("line 1&#xD;&#xA;line 2", "line 1\r\nline 2"),
        (" padded ", " padded "),
    ] {
        let assertion = accepted(&Draft::adfs().edit("ward 7", written));
        assert_eq!(assertion.values(ROLE), ["nurse", read]);
    }
    let spaced =
        Draft::adfs().edit("<AttributeValue>ward 7</AttributeValue>", "<AttributeValue />");
    assert_eq!(accepted(&spaced).values(ROLE), ["nurse", ""]);
}

#[test]
fn typed_values() {
    let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let xs = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";
    for open in [
        format!("<AttributeValue xsi:type=\"xs:string\" {xsi} {xs}>"),
        format!(
            "<AttributeValue xsi:type=\"a:tn\" {xsi} xmlns:a=\"{}\">",
            "http://www.w3.org/2001/XMLSchema"
        ),
        format!(
            "<AttributeValue b:type=\"string\" xmlns:b=\"{}\">",
            "http://www.w3.org/2001/XMLSchema-instance"
        ),
    ] {
        let draft = Draft::adfs().edit("<AttributeValue>ward 7", &format!("{open}ward 7"));
        assert_eq!(accepted(&draft), honest().accepted());
    }
    let format = "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"";
    let draft =
        Draft::adfs().edit(&format!("Name=\"{ROLE}\""), &format!("Name=\"{ROLE}\" {format}"));
    let role = accepted(&draft).attributes()[1].clone();
    assert_eq!(
        role.name_format.as_deref(),
        Some("urn:oasis:names:tc:SAML:2.0:attrname-format:uri")
    );
}

#[test]
fn an_address_with_a_query() {
    let acs = format!("{ACS}?idp=nhsmail");
    let mut draft = Draft::adfs();
    draft.xml = draft.xml.replace(&format!("\"{ACS}\""), &format!("\"{acs}\""));
    let mut expect = expectations();
    expect.acs_url = acs;
    draft.signed().verdict_expecting(&expect).unwrap();
}

#[test]
fn a_session_of_long_ago() {
    for (instant, class) in [
        ("2026-11-22T02:00:00.000Z", "urn:federation:authentication:windows"),
        ("2026-08-24T10:00:00.0000000Z", "urn:oasis:names:tc:SAML:2.0:ac:classes:Unspecified"),
    ] {
        let draft = Draft::adfs()
            .edit("2026-11-22T09:12:44.000Z", instant)
            .edit("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", class);
        assert_eq!(accepted(&draft).authn().class_ref.as_deref(), Some(class));
    }
}

#[test]
fn statements_in_either_order() {
    let statement = honest().element("AuthnStatement");
    let first = Draft::adfs()
        .edit(&statement, "")
        .edit("</Conditions>", &format!("</Conditions>{statement}"));
    assert_eq!(accepted(&first), honest().accepted());
}

/// Other products: prefixes everywhere, white space between elements, other canonicalisations.
#[test]
fn other_styles() {
    let prefixed = Draft::adfs();
    let assertion = crate::surgery::element(&prefixed.xml, "Assertion", 0);
    let mut names = assertion.replace("<", "<saml:").replace("<saml:/", "</saml:");
    names = names.replace("xmlns=", "xmlns:saml=");
    let prefixed = prefixed.edit(&assertion, &names);
    assert_eq!(accepted(&prefixed), honest().accepted());

    let mut indented = Draft::adfs();
    indented.xml = indented.xml.replace("><", ">\r\n  <");
    assert_eq!(accepted(&indented), honest().accepted());

    for c14n in [C14n::Inclusive, C14n::InclusiveWithComments, C14n::ExclusiveWithComments] {
        let mut draft = Draft::adfs().edit("<Subject>", "<!-- who --><Subject>");
        draft.style = SignatureStyle { c14n, ..draft.style };
        assert_eq!(accepted(&draft), honest().accepted());
        // A comment between elements is not signed, whatever the algorithm is called.
        let uncommented = draft.signed().edit("<!-- who -->", "");
        assert_eq!(uncommented.accepted(), honest().accepted());
    }
}

#[test]
fn lines_in_base64() {
    let signed = honest();
    let value = signed.element("SignatureValue");
    let text =
        value.trim_start_matches("<ds:SignatureValue>").trim_end_matches("</ds:SignatureValue>");
    let lines: Vec<_> =
        text.as_bytes().chunks(76).map(|c| std::str::from_utf8(c).unwrap()).collect();
    for end in ["\n", "\r\n", "&#13;\n"] {
        let wrapped =
            format!("<ds:SignatureValue>{end}{}{end}</ds:SignatureValue>", lines.join(end));
        let message: Message = signed.clone().edit(&value, &wrapped);
        assert_eq!(message.accepted(), signed.accepted());
    }
}
