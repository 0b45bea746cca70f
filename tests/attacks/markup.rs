//! Comments, CDATA and elements inside signed values, and whatever else two readers of one text
//! could see differently.

use actix_saml::saml::Rejection;
use actix_saml::xml::XmlError;

use crate::fixture::{ADMIN, Draft, Message, NURSE, ROLE, honest};
use crate::keys_of_tests::IDP_KEY;
use crate::refusal::{bad_signature, markup_in, misplaced, missing_attribute, text_in, unexpected};
use crate::surgery::{element, extensions, re_sign};

/// The attacker has an account of this name, and would like to be who comes before the dot.
const LONGER: &str = "test.nurse1@nhs.net.evil.example";

/// Signed for the attacker's own, longer name.
fn longer() -> Message {
    Draft::adfs().edit(&format!("<NameID>{NURSE}<"), &format!("<NameID>{LONGER}<")).signed()
}

#[test]
fn comment_1() {
    let signed = longer();
    assert_eq!(signed.verdict().unwrap().name_id().unwrap().value, LONGER, "control");
    for cut in [
        "test.nurse1@nhs.net<!---->.evil.example",
        "<!--x-->test.nurse1@nhs.net.evil.example",
        "test.nurse1@nhs.net.evil.example<!--x-->",
    ] {
        // The signature does not cover comments, so that it would still verify.
        signed.clone().edit(LONGER, cut).refused(markup_in("NameID").into());
    }
}

#[test]
fn comment_2() {
    let signed = honest();
    for (from, to, parent) in [
        ("ward 7", "ward<!----> 7", "AttributeValue"),
        ("ac:classes:", "ac<!--x-->:classes:", "AuthnContextClassRef"),
        ("</Audience>", "<!--x--></Audience>", "Audience"),
        ("services/trust</Issuer><ds", "services<!--x-->/trust</Issuer><ds", "Issuer"),
        ("services/trust</Issuer><samlp", "services<!--x-->/trust</Issuer><samlp", "Issuer"),
    ] {
        signed.clone().edit(from, to).refused(markup_in(parent).into());
    }
}

#[test]
fn comment_3() {
    // Between elements a comment says nothing and hides nothing.
    let accepted = honest().accepted();
    for (from, to) in [
        ("<NameID>", "<!--x--><NameID>"),
        ("<samlp:Status>", "<!--x--><samlp:Status>"),
        ("</samlp:Response>", "<!--x--></samlp:Response><!--x-->"),
        ("<ds:SignedInfo>", "<!--x--><ds:SignedInfo><!--x-->"),
    ] {
        assert_eq!(honest().edit(from, to).accepted(), accepted, "{to}");
    }
}

#[test]
fn cdata_1() {
    let accepted = honest().accepted();
    let name = format!("<NameID>{NURSE}<");
    for same in [
        "<NameID><![CDATA[test.]]>nurse1@nhs.net<",
        "<NameID>test&#46;nurse1&#x40;nhs.net<",
        "<NameID><![CDATA[test.nurse1]]>&#64;<![CDATA[]]>nhs.net<",
    ] {
        assert_eq!(honest().edit(&name, same).accepted(), accepted, "{same}");
    }
    let other = honest().edit(&name, "<NameID><![CDATA[test.admin9]]>@nhs.net<");
    other.refused(bad_signature(actix_saml::dsig::DsigError::DigestMismatch));
    // An ampersand is one whatever way it is written.
    let escaped = Draft::adfs().edit("ward 7", "ward &amp;amp; 7").signed();
    assert_eq!(escaped.accepted().values(ROLE), ["nurse", "ward &amp; 7"]);
    assert_eq!(
        escaped.clone().edit("ward &amp;amp; 7", "ward <![CDATA[&amp;]]> 7").accepted(),
        escaped.accepted()
    );
}

#[test]
fn pi_1() {
    for (from, to) in [
        ("ward 7", "<?p not-?>ward 7"),
        ("<NameID>", "<NameID><?p test.admin9@nhs.net?>"),
        ("<samlp:Status>", "<?p x?><samlp:Status>"),
        ("<samlp:Response ", "<?p x?><samlp:Response "),
        ("</samlp:Response>", "</samlp:Response><?p x?>"),
        ("<samlp:Status>", "<?xml version=\"1.0\"?><samlp:Status>"),
        ("<samlp:Status>", "<?xml-stylesheet href=\"x\"?><samlp:Status>"),
    ] {
        honest().edit(from, to).refused(XmlError::ProcessingInstruction.into());
    }
}

#[test]
fn markup_1() {
    for (from, to, refusal) in [
        (
            NURSE_NAME,
            "<NameID><b xmlns=\"urn:x\">test.admin9@nhs.net</b></NameID>",
            markup_in("NameID"),
        ),
        (
            NURSE_NAME,
            "<NameID>test.admin9<b xmlns=\"urn:x\" />@nhs.net</NameID>",
            markup_in("NameID"),
        ),
        ("<Audience>", "<Audience><b xmlns=\"urn:x\" />", markup_in("Audience")),
        (
            "nurse</AttributeValue>",
            "<b xmlns=\"urn:x\">admin</b></AttributeValue>",
            markup_in("AttributeValue"),
        ),
        (
            "nurse</AttributeValue>",
            "nurse<b xmlns=\"urn:x\" /></AttributeValue>",
            markup_in("AttributeValue"),
        ),
    ] {
        Draft::adfs().edit(from, to).signed().refused(refusal.into());
    }
}

const NURSE_NAME: &str = "<NameID>test.nurse1@nhs.net</NameID>";

#[test]
fn markup_2() {
    // Elements of SAML itself where values stand, and values where elements stand.
    for (from, to, refusal) in [
        (
            "nurse</AttributeValue>",
            "<NameID>test.admin9@nhs.net</NameID></AttributeValue>",
            misplaced("NameID"),
        ),
        (
            "nurse</AttributeValue>",
            "<AttributeValue>admin</AttributeValue></AttributeValue>",
            misplaced("AttributeValue"),
        ),
        (
            NURSE_NAME,
            "<NameID><NameID>test.admin9@nhs.net</NameID></NameID>",
            markup_in("NameID").into(),
        ),
        ("<Subject>", "<Subject>test.admin9@nhs.net", text_in("Subject").into()),
        ("<AttributeStatement>", "<AttributeStatement>admin", text_in("AttributeStatement").into()),
    ] {
        Draft::adfs().edit(from, to).signed().refused(refusal);
    }
    // White space between elements is no value, whoever wrote it.
    Draft::adfs().edit("<Subject>", "<Subject>\r\n\t ").signed().accepted();
}

#[test]
fn attr_3_nil() {
    let nil = |value: &str, text: &str| {
        let open = format!(
            "<AttributeValue xsi:nil=\"{value}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
        );
        Draft::adfs().edit("<AttributeValue>nurse", &format!("{open}{text}")).signed()
    };
    for value in ["true", "1"] {
        let what = "a nil AttributeValue";
        let error = actix_saml::xml::GrammarError::InvalidValue { what };
        nil(value, "admin").refused(error.into());
        assert_eq!(nil(value, "").accepted().values(ROLE), ["ward 7"]);
    }
    assert_eq!(nil("false", "nurse").accepted().values(ROLE), ["nurse", "ward 7"]);
}

#[test]
fn attr_3_prefixed_name() {
    let name = format!("<Attribute Name=\"{ROLE}\"");
    let stray = format!(
        "<Attribute saml:Name=\"{ROLE}\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\""
    );
    Draft::adfs().edit(&name, &stray).signed().refused(misplaced("Attribute"));
    let foreign = format!("<Attribute x:Name=\"{ROLE}\" xmlns:x=\"urn:x\"");
    Draft::adfs()
        .edit(&name, &foreign)
        .signed()
        .refused(missing_attribute("Attribute", "Name").into());
    let both = format!("<Attribute x:Name=\"admin\" Name=\"{ROLE}\" xmlns:x=\"urn:x\"");
    let accepted = Draft::adfs().edit(&name, &both).signed().accepted();
    assert_eq!(accepted.attributes(), honest().accepted().attributes());
}

#[test]
fn pollution_1() {
    let protocol = "samlp:ID=\"_elsewhere\" ";
    honest()
        .edit("<samlp:Response ", &format!("<samlp:Response {protocol}"))
        .refused(misplaced("Response"));
    let samlp = "xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\"";
    for (from, to, element) in [
        ("<Assertion ", format!("<Assertion p:ID=\"_elsewhere\" {samlp} "), "Assertion"),
        (
            "<Conditions ",
            format!("<Conditions p:NotOnOrAfter=\"2036-11-22T10:00:00Z\" {samlp} "),
            "Conditions",
        ),
    ] {
        Draft::adfs().edit(from, &to).signed().refused(misplaced(element));
    }
    for namespace in ["http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmlenc#"] {
        let marked = format!("<samlp:Status p:Id=\"_x\" xmlns:p=\"{namespace}\">");
        honest().edit("<samlp:Status>", &marked).refused(misplaced("Status"));
    }
    // A foreign attribute is no attribute of ours, beside or instead of it.
    let beside = honest().edit(
        "<samlp:Response ",
        "<samlp:Response x:ID=\"_x\" x:Destination=\"x\" xmlns:x=\"urn:x\" ",
    );
    assert_eq!(beside.accepted(), honest().accepted());
    let instead = honest().edit(" Destination=", " xmlns:x=\"urn:x\" x:Destination=");
    assert_eq!(instead.verdict().unwrap_err().code(), "destination");
}

#[test]
fn cve_45409() {
    let forged = honest().edit(NURSE_NAME, &format!("<NameID>{ADMIN}</NameID>"));
    let digest = element(&forged.0, "DigestValue", 0).replace(
        "<ds:DigestValue>",
        "<ds:DigestValue xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
    );
    forged.clone().refused(bad_signature(actix_saml::dsig::DsigError::DigestMismatch));
    let detail = format!("<samlp:StatusDetail>{digest}</samlp:StatusDetail></samlp:Status>");
    forged.clone().edit("</samlp:Status>", &detail).refused(misplaced("DigestValue"));
    forged.edit("<samlp:Status>", &extensions(&digest)).refused(misplaced("DigestValue"));
}

#[test]
fn samlstorm_1() {
    let signed = honest();
    let info = signed.element("SignedInfo");
    let two = signed.clone().edit("<ds:SignatureValue>", &format!("{info}<ds:SignatureValue>"));
    two.refused(bad_signature(unexpected("Signature", "SignedInfo")));
    let last = signed.clone().edit("</ds:Signature>", &format!("{info}</ds:Signature>"));
    last.refused(bad_signature(unexpected("Signature", "SignedInfo")));
    let object = format!("<ds:Object>{info}</ds:Object>");
    let hidden = signed.edit("</ds:Signature>", &format!("{object}</ds:Signature>"));
    hidden.refused(bad_signature(unexpected("Signature", "Object")));
}

#[test]
fn samlstorm_2() {
    for value in ["DigestValue", "SignatureValue"] {
        let open = format!("<ds:{value}>");
        let commented = honest().edit(&open, &format!("{open}<!--Zm9yZ2Vk-->"));
        commented.refused(bad_signature(markup_in(value)));
    }
}

#[test]
fn samlstorm_3() {
    let signed = honest();
    let digest = signed.element("DigestValue");
    let two = signed.clone().edit(&digest, &format!("{digest}{digest}")).0;
    let resigned = Message(re_sign(&two, &IDP_KEY.key, Draft::adfs().algorithm));
    resigned.refused(bad_signature(unexpected("Reference", "DigestValue")));
    let value = signed.element("SignatureValue");
    let two = signed.edit(&value, &format!("{value}{value}"));
    two.refused(bad_signature(unexpected("Signature", "SignatureValue")));
}

#[test]
fn advice_1() {
    let advice = |content: &str| {
        Draft::adfs()
            .edit("</Conditions>", &format!("</Conditions><Advice>{content}</Advice>"))
            .signed()
    };
    let assertion = element(&Draft::adfs().xml, "Assertion", 0);
    let other = assertion.replace("ID=\"_0c9d", "ID=\"_other").replace(NURSE, ADMIN);
    advice(&other).refused(misplaced("Assertion"));
    advice("<AssertionIDRef>_x</AssertionIDRef>").refused(misplaced("AssertionIDRef"));
    assert_eq!(advice("<x xmlns=\"urn:x\">admin</x>").accepted(), honest().accepted(), "control");
}

#[test]
fn xinc_1() {
    let include = "<xi:include href=\"file:///etc/hostname\" parse=\"text\" xmlns:xi=\"http://www.w3.org/2001/XInclude\" />";
    let signed = Draft::adfs().edit("ward 7", include).signed();
    signed.refused(markup_in("AttributeValue").into());
    let outside = honest().edit("<samlp:Status>", &extensions(include));
    assert_eq!(outside.accepted(), honest().accepted(), "read past, never followed");
}

#[test]
fn xsd_1() {
    let location = "<samlp:Response xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"urn:oasis:names:tc:SAML:2.0:protocol http://127.0.0.1:9/evil.xsd\" ";
    assert_eq!(honest().edit("<samlp:Response ", location).accepted(), honest().accepted());
    let signed = Draft::adfs().edit("<samlp:Response ", location).response_signed();
    assert_eq!(signed.accepted().name_id().unwrap().value, NURSE);
    let unprefixed = honest().edit("<samlp:Response ", "<samlp:Response schemaLocation=\"x\" ");
    assert_eq!(
        unprefixed.verdict(),
        Err(Rejection::Structure(crate::refusal::unexpected_attribute(
            "Response",
            "schemaLocation"
        )))
    );
}
