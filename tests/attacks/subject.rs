//! Who it is: names that look alike, hide something, or come twice; attributes likewise.

use actix_saml::saml::{NameIdFault, Rejection};
use actix_saml::xmlenc::DecryptError;

use crate::fixture::{Draft, MAIL, Message, NURSE, ROLE, SP, honest};
use crate::refusal::{missing, missing_attribute, unexpected, unexpected_attribute};

fn named(name_id: &str) -> Message {
    Draft::adfs().edit(&format!("<NameID>{NURSE}</NameID>"), name_id).signed()
}

fn value_of(message: &Message) -> Result<String, Rejection> {
    message.verdict().map(|assertion| assertion.name_id().unwrap().value.clone())
}

#[test]
fn nameid_1() {
    for blank in [
        "<NameID />",
        "<NameID></NameID>",
        "<NameID> </NameID>",
        "<NameID>\n\t</NameID>",
        "<NameID>\u{a0}\u{2003}</NameID>",
        "<NameID><![CDATA[]]></NameID>",
    ] {
        named(blank).refused(Rejection::NameId(NameIdFault::Blank));
    }
    let long = |n: usize| named(&format!("<NameID>{}</NameID>", "\u{e9}".repeat(n)));
    long(1025).refused(Rejection::NameId(NameIdFault::TooLong));
    assert_eq!(value_of(&long(1024)).unwrap().chars().count(), 1024);
    // No name at all is something else: AD FS does that when its rules issue none.
    assert_eq!(named("").accepted().name_id(), None);
}

#[test]
fn nameid_2() {
    let one = format!("<NameID>{NURSE}</NameID>");
    for two in
        [one.repeat(2), format!("{one}<NameID>x</NameID>"), format!("<NameID>x</NameID>{one}")]
    {
        named(&two).refused(unexpected("Subject", "NameID").into());
    }
    let subject = honest().element("Subject");
    let twice = Draft::adfs().edit(&subject, &subject.repeat(2)).signed();
    twice.refused(unexpected("Assertion", "Subject").into());
    named("<BaseID />").refused(unexpected("Subject", "BaseID").into());
    let no_data = DecryptError::from(missing("EncryptedID", "EncryptedData"));
    named("<EncryptedID />").refused(no_data.into());
    let none = Draft::adfs().edit(&subject, "").signed();
    none.refused(unexpected("Assertion", "Conditions").into());
}

#[test]
fn nameid_3() {
    let qualified = |by: &str| named(&format!("<NameID SPNameQualifier=\"{by}\">{NURSE}</NameID>"));
    for other in ["https://diary.example.nhs.uk/saml", "https://rota.example.nhs.uk/saml/", ""] {
        let found = other.to_owned();
        qualified(other).refused(Rejection::SpNameQualifier { expected: SP.to_owned(), found });
    }
    let name_id = qualified(SP).accepted().name_id().cloned().unwrap();
    assert_eq!(name_id.sp_name_qualifier.as_deref(), Some(SP));
    let odd = named(&format!("<NameID spNameQualifier=\"x\">{NURSE}</NameID>"));
    odd.refused(unexpected_attribute("NameID", "spNameQualifier").into());
}

#[test]
fn uni_1() {
    // Each of these is somebody else. None is folded, trimmed or normalised into another.
    for other in [
        "Test.nurse1@nhs.net",
        "test.nurse1@NHS.NET",
        "test.n\u{443}rse1@nhs.net",
        "test.nurse1@nhs.net ",
        " test.nurse1@nhs.net",
        "te\u{17f}t.nurse1@nhs.net",
        "test.nurse\u{ff11}@nhs.net",
        "test.nurse1\u{ff20}nhs.net",
        "tést.nurse1@nhs.net",
        "te\u{301}st.nurse1@nhs.net",
        "test.nurse1@nhs.net.",
        "test.nurs\u{435}1@nhs.net",
    ] {
        assert_eq!(value_of(&named(&format!("<NameID>{other}</NameID>"))).as_deref(), Ok(other));
        assert_ne!(other, NURSE);
    }
}

#[test]
fn uni_2() {
    for hidden in [
        '\u{200b}',
        '\u{200d}',
        '\u{202e}',
        '\u{2066}',
        '\u{2060}',
        '\u{feff}',
        '\u{ad}',
        '\u{61c}',
        '\u{34f}',
        '\u{115f}',
        '\u{3164}',
        '\u{180e}',
        '\u{fe0f}',
        '\u{e0020}',
        '\u{e0100}',
        '\u{2028}',
        '\u{85}',
        '\u{7f}',
        '\u{fff9}',
    ] {
        for name in [format!("test.{hidden}nurse1@nhs.net"), format!("{NURSE}{hidden}")] {
            let message = named(&format!("<NameID>{name}</NameID>"));
            message.refused(Rejection::NameId(NameIdFault::InvisibleCharacter));
        }
    }
}

#[test]
fn log_1() {
    for newline in ["\n", "\t", "&#13;", "&#10;"] {
        let message = named(&format!("<NameID>test.nurse1{newline}signed in@nhs.net</NameID>"));
        message.refused(Rejection::NameId(NameIdFault::InvisibleCharacter));
    }
    // What an attacker writes does not break a line of the log, whatever it was refused for.
    let evil = "x&#10;accepted&#x202E;";
    for (from, to) in [
        ("Destination=\"https://rota", format!("Destination=\"{evil}")),
        ("status:Success", format!("status:{evil}")),
        (
            "InResponseTo=\"_f00dfacef00dfacef00dfacef00dfacef00dface\" xmlns",
            format!("InResponseTo=\"{evil}\" xmlns"),
        ),
        ("Version=\"2.0\" IssueInstant", format!("Version=\"{evil}\" IssueInstant")),
        ("IssueInstant=\"2026-11-22T10:00:00.000Z\" Dest", format!("IssueInstant=\"{evil}\" Dest")),
        ("trust</Issuer><samlp", format!("{evil}</Issuer><samlp")),
        ("xmldsig-more#rsa-sha256", evil.to_owned()),
        ("URI=\"#_0c9d", format!("URI=\"{evil}")),
    ] {
        let rejection = honest().edit(from, &to).verdict().unwrap_err();
        for text in [rejection.to_string(), format!("{rejection:?}")] {
            assert!(text.contains("accepted"), "{text}");
            assert!(!text.contains(['\n', '\u{202e}']), "{text:?}");
        }
    }
    // Nor does an accepted message show who it is when it is printed.
    let shown = format!("{:?}", honest().accepted());
    assert!(!shown.contains(NURSE) && !shown.contains("ward 7"), "{shown}");
}

fn role(value: &str) -> String {
    format!("<Attribute Name=\"{ROLE}\"><AttributeValue>{value}</AttributeValue></Attribute>")
}

#[test]
fn attr_1() {
    // Twice in one statement, and in two: all values, in the order of the document.
    let end = "</AttributeStatement>";
    for more in [
        format!("{}{end}", role("admin")),
        format!("{end}<AttributeStatement>{}{end}", role("admin")),
    ] {
        let accepted = Draft::adfs().edit(end, &more).signed().accepted();
        assert_eq!(accepted.values(ROLE), ["nurse", "ward 7", "admin"]);
        let names: Vec<_> = accepted.attributes().iter().map(|a| &a.name[..]).collect();
        assert_eq!(names, [MAIL, ROLE]);
    }
    let before = Draft::adfs()
        .edit("<AttributeStatement>", &format!("<AttributeStatement>{}", role("admin")));
    assert_eq!(before.signed().accepted().values(ROLE), ["admin", "nurse", "ward 7"]);
}

#[test]
fn attr_2() {
    let end = "</AttributeStatement>";
    for variant in [
        ROLE.replace("role", "Role"),
        format!("{ROLE} "),
        format!("{ROLE}/"),
        ROLE.replace("http", "HTTP"),
    ] {
        let other = role("admin").replace(ROLE, &variant);
        let accepted = Draft::adfs().edit(end, &format!("{other}{end}")).signed().accepted();
        assert_eq!(accepted.values(ROLE), ["nurse", "ward 7"]);
        assert_eq!(accepted.values(&variant), ["admin"]);
    }
    // What people call it is not its name.
    let friendly = format!(
        "<Attribute Name=\"x\" FriendlyName=\"{ROLE}\"><AttributeValue>admin</AttributeValue></Attribute>{end}"
    );
    let accepted = Draft::adfs().edit(end, &friendly).signed().accepted();
    assert_eq!(accepted.values(ROLE), ["nurse", "ward 7"]);
    assert_eq!(accepted.values("x"), ["admin"]);
}

#[test]
fn attr_3_names() {
    let end = "</AttributeStatement>";
    let with = |attribute: &str| Draft::adfs().edit(end, &format!("{attribute}{end}")).signed();
    with("<Attribute><AttributeValue>x</AttributeValue></Attribute>")
        .refused(missing_attribute("Attribute", "Name").into());
    for blank in ["", " ", "&#9;"] {
        let what = "the Name of an Attribute";
        let refusal = actix_saml::xml::GrammarError::InvalidValue { what };
        with(&format!("<Attribute Name=\"{blank}\" />")).refused(refusal.into());
    }
    let no_data = DecryptError::from(missing("EncryptedAttribute", "EncryptedData"));
    with("<EncryptedAttribute />").refused(no_data.into());
    with("<AttributeValue>admin</AttributeValue>")
        .refused(unexpected("AttributeStatement", "AttributeValue").into());
    assert!(with("<Attribute Name=\"x\" />").accepted().values("x").is_empty());
}
