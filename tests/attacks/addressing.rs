//! For whom a message is meant, from whom it comes, and which request it answers. All of it is
//! signed by the right key: an honest identity provider wrote it, for somebody else.

use actix_saml::saml::{
    Assertion, EntityId, Expectations, ExpectedRequest, Rejection, Role, names,
};

use crate::fixture::{
    ACS, CONFIRMED_UNTIL, Draft, IDP, Message, REQUEST_ID, SP, expectations, honest,
};
use crate::refusal::{markup_in, missing};

fn with_audiences(restrictions: &str) -> Message {
    let one = format!("<AudienceRestriction><Audience>{SP}</Audience></AudienceRestriction>");
    Draft::adfs().edit(&one, restrictions).signed()
}

fn restriction(audiences: &[&str]) -> String {
    let all: String = audiences.iter().map(|a| format!("<Audience>{a}</Audience>")).collect();
    format!("<AudienceRestriction>{all}</AudienceRestriction>")
}

fn not_for_us(found: &[&str]) -> Rejection {
    let found = found.iter().map(|a| (*a).to_owned()).collect();
    Rejection::Audience { expected: SP.to_owned(), found }
}

#[test]
fn aud_1() {
    for other in ["https://diary.example.nhs.uk/saml", IDP, ACS] {
        with_audiences(&restriction(&[other])).refused(not_for_us(&[other]));
    }
    let several = ["https://diary.example.nhs.uk/saml", SP];
    with_audiences(&restriction(&several)).accepted();
    with_audiences(&restriction(&several[..1])).refused(not_for_us(&several[..1]));
}

#[test]
fn aud_2() {
    with_audiences("").refused(Rejection::AudienceMissing);
    with_audiences("<OneTimeUse />").refused(Rejection::AudienceMissing);
    let empty = with_audiences("<AudienceRestriction />");
    empty.refused(missing("AudienceRestriction", "Audience").into());
    // Whom we may issue for in turn says nothing of whom this is for.
    let proxy = format!("<ProxyRestriction><Audience>{SP}</Audience></ProxyRestriction>");
    with_audiences(&proxy).refused(Rejection::AudienceMissing);
    with_audiences(&format!("{proxy}{}", restriction(&[SP]))).accepted();
}

/// Like `right`, and not the same.
fn lookalikes(right: &str) -> Vec<String> {
    let host = "rota.example.nhs.uk";
    vec![
        format!("{right}/"),
        format!("{right}?"),
        format!("{right}#"),
        format!("{right}.evil.example"),
        format!("{right}2"),
        format!(" {right}"),
        format!("{right} "),
        right[..right.len() - 1].to_owned(),
        right.replace("https", "http"),
        right.replace("https", "HTTPS"),
        right.replace(host, "ROTA.example.nhs.uk"),
        right.replace(host, "rota.example.nhs.uk:443"),
        right.replace(host, "rota.example.nhs.uk."),
        right.replace(host, "x@rota.example.nhs.uk"),
        right.replace(host, "r\u{43e}ta.example.nhs.uk"),
        right.replace("saml", "Saml"),
        right.replace("saml", "%73aml"),
        right.replace("saml", "x/../saml"),
        "*".to_owned(),
    ]
}

#[test]
fn aud_3_exact() {
    for other in lookalikes(SP) {
        with_audiences(&restriction(&[&other])).refused(not_for_us(&[&other]));
    }
}

#[test]
fn aud_4() {
    // Restrictions add up: each one must name us.
    let other = "https://diary.example.nhs.uk/saml";
    for restrictions in [
        [restriction(&[SP]), restriction(&[other])],
        [restriction(&[other]), restriction(&[SP])],
        [restriction(&[SP, "urn:x"]), restriction(&[other])],
    ] {
        with_audiences(&restrictions.concat()).refused(not_for_us(&[other]));
    }
    with_audiences(&[restriction(&[SP]), restriction(&[other, SP])].concat()).accepted();
}

#[test]
fn aud_5() {
    for blank in ["", " ", "\t", "\u{a0}"] {
        with_audiences(&restriction(&[blank])).refused(not_for_us(&[blank]));
    }
    let marked = with_audiences(&restriction(&[&format!("<x xmlns=\"urn:x\" />{SP}")]));
    marked.refused(markup_in("Audience").into());
}

fn with_recipient(recipient: &str) -> Message {
    Draft::adfs().edit(&format!(" Recipient=\"{ACS}\""), recipient).signed()
}

fn recipient(found: Option<&str>) -> Rejection {
    Rejection::Recipient { expected: ACS.to_owned(), found: found.map(str::to_owned) }
}

#[test]
fn rcpt_1() {
    for other in ["https://diary.example.nhs.uk/saml/acs", SP, IDP, ""] {
        with_recipient(&format!(" Recipient=\"{other}\"")).refused(recipient(Some(other)));
    }
    with_recipient(&format!(" Recipient=\"{ACS}\"")).accepted();
}

#[test]
fn rcpt_2() {
    with_recipient("").refused(recipient(None));
    with_recipient(&format!(" x:Recipient=\"{ACS}\" xmlns:x=\"urn:x\"")).refused(recipient(None));
    with_recipient(&format!(" recipient=\"{ACS}\"")).refused(recipient(None));
}

#[test]
fn rcpt_3_exact() {
    for other in lookalikes(ACS) {
        with_recipient(&format!(" Recipient=\"{other}\"")).refused(recipient(Some(&other)));
    }
    let mut expect = expectations();
    expect.acs_url = format!("{ACS}?tenant=1&x=2");
    let mut draft = Draft::adfs();
    draft.xml = draft.xml.replace(&format!("\"{ACS}\""), &format!("\"{ACS}?tenant=1&amp;x=2\""));
    let message = draft.signed();
    message.verdict_expecting(&expect).unwrap();
    assert_eq!(message.verdict().unwrap_err().code(), "destination");
}

fn with_destination(destination: &str) -> Message {
    let message = Draft::adfs().edit(&format!(" Destination=\"{ACS}\""), destination);
    message.response_signed()
}

fn destination(found: Option<&str>) -> Rejection {
    Rejection::Destination { expected: ACS.to_owned(), found: found.map(str::to_owned) }
}

#[test]
fn dest_1() {
    for other in ["https://diary.example.nhs.uk/saml/acs", SP, IDP] {
        with_destination(&format!(" Destination=\"{other}\"")).refused(destination(Some(other)));
    }
    with_destination(&format!(" Destination=\"{ACS}\"")).accepted();
}

#[test]
fn dest_2() {
    with_destination("").refused(destination(None));
    with_destination(" Destination=\"\"").refused(destination(Some("")));
}

#[test]
fn dest_3_exact() {
    for other in lookalikes(ACS) {
        with_destination(&format!(" Destination=\"{other}\"")).refused(destination(Some(&other)));
    }
}

const CONFIRMATION: &str = "<SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">";

/// A bearer confirmation with these attributes in its data.
fn bearer(data: &str) -> String {
    format!("{CONFIRMATION}<SubjectConfirmationData {data} /></SubjectConfirmation>")
}

fn good_bearer() -> String {
    bearer(&format!(
        "InResponseTo=\"{REQUEST_ID}\" NotOnOrAfter=\"{CONFIRMED_UNTIL}\" Recipient=\"{ACS}\""
    ))
}

fn confirmed_by(confirmations: &str) -> Message {
    Draft::adfs().edit(&good_bearer(), confirmations).signed()
}

#[test]
fn sc_1() {
    confirmed_by("").refused(Rejection::NoBearer);
    confirmed_by(&good_bearer()).accepted();
    let named = confirmed_by(
        &good_bearer().replace(CONFIRMATION, &format!("{CONFIRMATION}<NameID>x</NameID>")),
    );
    named.refused(Rejection::ConfirmationNameId);
}

#[test]
fn sc_2() {
    for method in ["holder-of-key", "sender-vouches", "Bearer", "bearer "] {
        let other = good_bearer().replace("cm:bearer", &format!("cm:{method}"));
        confirmed_by(&other).refused(Rejection::NoBearer);
        // Beside one of bearer it does neither good nor harm.
        confirmed_by(&[other, good_bearer()].concat()).accepted();
    }
    let none = good_bearer().replace(CONFIRMATION, "<SubjectConfirmation>");
    let refusal = crate::refusal::missing_attribute("SubjectConfirmation", "Method");
    confirmed_by(&none).refused(refusal.into());
}

#[test]
fn sc_3() {
    let unlimited = bearer(&format!("InResponseTo=\"{REQUEST_ID}\" Recipient=\"{ACS}\""));
    confirmed_by(&unlimited).refused(Rejection::ConfirmationUnlimited);
    let bare = format!("{CONFIRMATION}</SubjectConfirmation>");
    confirmed_by(&bare).refused(recipient(None));
}

#[test]
fn sc_4() {
    for not_before in ["2026-11-22T09:00:00.000Z", "2030-01-01T00:00:00Z", "garbage", ""] {
        let early =
            good_bearer().replace(" Recipient", &format!(" NotBefore=\"{not_before}\" Recipient"));
        confirmed_by(&early).refused(Rejection::ConfirmationNotBefore);
    }
}

#[test]
fn sc_5() {
    // Each lacks another thing: together they are not one that has everything.
    let halves = [
        bearer(&format!("InResponseTo=\"{REQUEST_ID}\" NotOnOrAfter=\"{CONFIRMED_UNTIL}\"")),
        bearer(&format!("NotOnOrAfter=\"{CONFIRMED_UNTIL}\" Recipient=\"{ACS}\"")),
        bearer(&format!("InResponseTo=\"{REQUEST_ID}\" Recipient=\"{ACS}\"")),
    ];
    confirmed_by(&halves.concat()).refused(recipient(None));
    confirmed_by(&halves[1..].concat()).refused(answers(Role::Confirmation, None));
    confirmed_by(&[&halves[..], &[good_bearer()]].concat().concat()).accepted();
}

fn answers(role: Role, found: Option<&str>) -> Rejection {
    let (expected, found) = (Some(REQUEST_ID.to_owned()), found.map(str::to_owned));
    Rejection::InResponseTo { role, expected, found }
}

#[test]
fn irt_1() {
    for other in ["_0000", "", &REQUEST_ID.to_uppercase(), &format!("{REQUEST_ID} ")[..]] {
        let mut draft = Draft::adfs();
        draft.xml = draft.xml.replace(
            &format!("InResponseTo=\"{REQUEST_ID}\""),
            &format!("InResponseTo=\"{other}\""),
        );
        draft.signed().refused(answers(Role::Response, Some(other)));
    }
}

#[test]
fn irt_2() {
    // Stolen from another browser's sign-in: what is not signed was made to fit ours.
    let stolen = confirmed_by(&good_bearer().replace(REQUEST_ID, "_another_browsers_request"));
    stolen.refused(answers(Role::Confirmation, Some("_another_browsers_request")));
    // The other way about the response is the one that does not fit.
    let odd =
        honest().edit(&format!("InResponseTo=\"{REQUEST_ID}\" xmlns"), "InResponseTo=\"_x\" xmlns");
    odd.refused(answers(Role::Response, Some("_x")));
}

#[test]
fn irt_3() {
    let silent =
        Draft::adfs().edit(&format!(" InResponseTo=\"{REQUEST_ID}\" xmlns"), " xmlns").signed();
    silent.refused(answers(Role::Response, None));
    let silent =
        confirmed_by(&good_bearer().replace(&format!("InResponseTo=\"{REQUEST_ID}\" "), ""));
    silent.refused(answers(Role::Confirmation, None));
}

#[test]
fn irt_4() {
    // Two sign-ins are under way in two windows: the answer to one is not the answer to the other.
    let other = "_00112233445566778899aabbccddeeff00112233";
    let mut draft = Draft::adfs();
    draft.xml = draft.xml.replace(REQUEST_ID, other);
    let (first, second) = (honest(), draft.signed());
    let expect = Expectations { request: ExpectedRequest::Id(other.to_owned()), ..expectations() };
    let refusal = |expected: &str, found: &str| {
        let (expected, found) = (Some(expected.to_owned()), Some(found.to_owned()));
        Err(Rejection::InResponseTo { role: Role::Response, expected, found })
    };
    assert_eq!(first.verdict_expecting(&expect), refusal(other, REQUEST_ID));
    assert_eq!(second.verdict(), refusal(REQUEST_ID, other));
    assert_eq!(second.verdict_expecting(&expect).unwrap().in_response_to(), Some(other));
    first.accepted();
}

/// A response that nobody asked for.
fn unsolicited() -> Draft {
    let mut draft = Draft::adfs();
    draft.xml = draft.xml.replace(&format!(" InResponseTo=\"{REQUEST_ID}\""), "");
    draft
}

fn allowing_unsolicited(message: &Message) -> Result<Assertion, Rejection> {
    let expect = Expectations { request: ExpectedRequest::Unsolicited, ..expectations() };
    message.verdict_expecting(&expect)
}

#[test]
fn idpinit_1() {
    let message = unsolicited().signed();
    message.refused(answers(Role::Response, None));
    let accepted = allowing_unsolicited(&message).unwrap();
    assert_eq!(accepted.in_response_to(), None);
}

#[test]
fn idpinit_2() {
    let answers = |role| {
        let found = Some(REQUEST_ID.to_owned());
        Err(Rejection::InResponseTo { role, expected: None, found })
    };
    assert_eq!(allowing_unsolicited(&honest()), answers(Role::Response));
    // A stolen answer with everything removed that no signature covers.
    let stripped = honest().edit(&format!(" InResponseTo=\"{REQUEST_ID}\" xmlns"), " xmlns");
    assert_eq!(allowing_unsolicited(&stripped), answers(Role::Confirmation));
    // A second confirmation that answers nothing does not make the first one disappear.
    let silent = bearer(&format!("NotOnOrAfter=\"{CONFIRMED_UNTIL}\" Recipient=\"{ACS}\""));
    for two in [[silent.clone(), good_bearer()], [good_bearer(), silent.clone()]] {
        let mut draft = unsolicited();
        draft.xml = crate::fixture::edit(&draft.xml, &silent, &two.concat());
        assert_eq!(allowing_unsolicited(&draft.signed()), answers(Role::Confirmation));
    }
}

fn issuer(role: Role, found: Option<&str>) -> Rejection {
    Rejection::Issuer { role, expected: IDP.to_owned(), found: found.map(str::to_owned) }
}

/// Both places where an issuer stands, each with another `Issuer` element.
fn with_issuer(check: impl Fn(Role, &dyn Fn(&str) -> Message)) {
    let of_response = format!("<Issuer xmlns=\"{}\">{IDP}</Issuer>", names::ASSERTION);
    let of_assertion = format!("<Issuer>{IDP}</Issuer>");
    check(Role::Response, &|inner| {
        let xml = format!("<Issuer xmlns=\"{}\"{inner}</Issuer>", names::ASSERTION);
        Draft::adfs().edit(&of_response, &xml).signed()
    });
    check(Role::Assertion, &|inner| {
        Draft::adfs().edit(&of_assertion, &format!("<Issuer{inner}</Issuer>")).signed()
    });
}

#[test]
fn iss_1() {
    with_issuer(|role, message| {
        for other in ["http://fs.evil.example/adfs/services/trust", SP, ""] {
            message(&format!(">{other}")).refused(issuer(role, Some(other)));
        }
        message(&format!(">{IDP}")).accepted();
    });
    let mut expect = expectations();
    expect.idp = EntityId::new("http://fs.other.example/adfs/services/trust").unwrap();
    assert_eq!(honest().verdict_expecting(&expect).unwrap_err().code(), "issuer");
}

#[test]
fn iss_2() {
    let of_response = format!("<Issuer xmlns=\"{}\">{IDP}</Issuer>", names::ASSERTION);
    honest().edit(&of_response, "").refused(issuer(Role::Response, None));
    let of_assertion = format!("<Issuer>{IDP}</Issuer>");
    // Without an issuer there is no place for a signature either.
    let bare = honest().edit(&format!("{of_assertion}<ds:"), "<ds:");
    bare.refused(Rejection::Unsigned);
    let mut draft = Draft::adfs().edit(&of_assertion, "");
    draft = draft.sign(crate::fixture::RESPONSE_ID);
    draft.send().refused(crate::refusal::unexpected("Assertion", "Subject").into());
}

#[test]
fn iss_3() {
    with_issuer(|role, message| {
        for other in [
            "https://fs.test.nhs.example/adfs/services/trust",
            "http://FS.test.nhs.example/adfs/services/trust",
            "http://fs.test.nhs.example/adfs/services/trust/",
            "http://fs.test.nhs.example:80/adfs/services/trust",
            "http://fs.test.nhs.example/adfs/services/Trust",
            " http://fs.test.nhs.example/adfs/services/trust",
            "http://fs.test.nhs.example/adfs/services/trust\n",
        ] {
            message(&format!(">{other}")).refused(issuer(role, Some(other)));
        }
    });
}

#[test]
fn iss_4() {
    let entity = names::FORMAT_ENTITY;
    with_issuer(|role, message| {
        message(&format!(" Format=\"{entity}\">{IDP}")).accepted();
        for attribute in [
            "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"",
            "Format=\"\"",
            "NameQualifier=\"http://fs.evil.example/\"",
            "SPNameQualifier=\"https://rota.example.nhs.uk/saml\"",
            &format!("NameQualifier=\"{entity}\""),
            &format!("xmlns:x=\"urn:x\" x:Format=\"{entity}\""),
        ] {
            message(&format!(" {attribute}>{IDP}")).refused(issuer(role, Some(IDP)));
        }
        message(&format!(">{IDP}<x xmlns=\"urn:x\" />")).refused(markup_in("Issuer").into());
    });
}
