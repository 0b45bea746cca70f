//! Status, versions, conditions, and what the identity provider says of the sign-in.

use actix_saml::saml::{Rejection, RequestedAuthn, Role};

use crate::fixture::{ASSERTION_ID, Draft, Message, RESPONSE_ID, expectations, honest, instant};
use crate::refusal::{missing, missing_attribute, unexpected};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

fn with_status(status: &str) -> Message {
    let honest = format!("<samlp:StatusCode Value=\"{SUCCESS}\" />");
    Draft::adfs().edit(&honest, status).signed()
}

fn failed(code: &str, sub_code: Option<&str>, message: Option<&str>) -> Rejection {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Rejection::Status { code: code.to_owned(), sub_code: own(sub_code), message: own(message) }
}

#[test]
fn status_1() {
    // The assertion beside a failure is perfectly good.
    for code in [
        "urn:oasis:names:tc:SAML:2.0:status:Responder",
        "urn:oasis:names:tc:SAML:2.0:status:Requester",
        "urn:oasis:names:tc:SAML:2.0:status:success",
        "urn:oasis:names:tc:SAML:2.0:status:Success ",
        "urn:oasis:names:tc:SAML:1.0:status:Success",
        "Success",
        "",
    ] {
        let message = with_status(&format!("<samlp:StatusCode Value=\"{code}\" />"));
        message.refused(failed(code, None, None));
    }
    with_status(&format!("<samlp:StatusCode Value=\"{SUCCESS}\" />")).accepted();
}

#[test]
fn status_2() {
    let (responder, sub_code) = (
        "urn:oasis:names:tc:SAML:2.0:status:Responder",
        "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext",
    );
    let nested = |top: &str, inner: &str| {
        format!(
            "<samlp:StatusCode Value=\"{top}\"><samlp:StatusCode Value=\"{inner}\" /></samlp:StatusCode>"
        )
    };
    let text = "<samlp:StatusMessage>MSIS7102</samlp:StatusMessage>";
    let message = with_status(&format!("{}{text}", nested(responder, sub_code)));
    message.refused(failed(responder, Some(sub_code), Some("MSIS7102")));
    // Success at the second level is no success. At the top it is, whatever stands below.
    with_status(&nested(responder, SUCCESS)).refused(failed(responder, Some(SUCCESS), None));
    with_status(&nested(SUCCESS, sub_code)).accepted();
    // Two codes, none, or one without a value.
    let one = format!("<samlp:StatusCode Value=\"{SUCCESS}\" />");
    with_status(&one.repeat(2)).refused(unexpected("Status", "StatusCode").into());
    with_status("").refused(missing("Status", "StatusCode").into());
    with_status("<samlp:StatusCode />").refused(missing_attribute("StatusCode", "Value").into());
    let gone = honest().element("Status");
    honest().edit(&gone, "").refused(unexpected("Response", "Assertion").into());
}

#[test]
fn ver_1() {
    let version = |role, found: &str| Rejection::Version { role, found: found.to_owned() };
    for other in ["1.1", "2.1", "2", "2.00", " 2.0", ""] {
        let of_response = Draft::adfs()
            .edit("Version=\"2.0\" IssueInstant", &format!("Version=\"{other}\" IssueInstant"))
            .signed();
        of_response.refused(version(Role::Response, other));
        let of_assertion = Draft::adfs()
            .edit("Version=\"2.0\" xmlns", &format!("Version=\"{other}\" xmlns"))
            .signed();
        of_assertion.refused(version(Role::Assertion, other));
    }
    let none = Draft::adfs().edit("Version=\"2.0\" IssueInstant", "IssueInstant").signed();
    none.refused(missing_attribute("Response", "Version").into());
    let none = Draft::adfs().edit("Version=\"2.0\" xmlns", "xmlns").signed();
    none.refused(missing_attribute("Assertion", "Version").into());
}

fn conditions() -> String {
    honest().element("Conditions")
}

#[test]
fn cond_1() {
    let none = Draft::adfs().edit(&conditions(), "").signed();
    none.refused(unexpected("Assertion", "AttributeStatement").into());
    let late = Draft::adfs()
        .edit(&conditions(), "")
        .edit("</Assertion>", &format!("{}</Assertion>", conditions()));
    late.signed().refused(unexpected("Assertion", "AttributeStatement").into());
}

#[test]
fn cond_2() {
    for (condition, found) in [
        (
            "<Condition xsi:type=\"x:Office\" xmlns:x=\"urn:x\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" />",
            "Condition",
        ),
        ("<x:OnWorkingDays xmlns:x=\"urn:x\" />", "OnWorkingDays"),
        ("<Delegate />", "Delegate"),
        ("<x:AudienceRestriction xmlns:x=\"urn:x\" />", "AudienceRestriction"),
    ] {
        for (from, to) in [
            ("</Conditions>", format!("{condition}</Conditions>")),
            ("<AudienceRestriction>", format!("{condition}<AudienceRestriction>")),
        ] {
            let message = Draft::adfs().edit(from, &to).signed();
            message.refused(Rejection::UnknownCondition { found: found.to_owned() });
        }
    }
    let known = "<OneTimeUse /><ProxyRestriction Count=\"0\" /></Conditions>";
    assert!(Draft::adfs().edit("</Conditions>", known).signed().accepted().one_time_use());
    assert!(!honest().accepted().one_time_use());
}

#[test]
fn cond_3() {
    let twice = Draft::adfs().edit(&conditions(), &conditions().repeat(2)).signed();
    twice.refused(unexpected("Assertion", "Conditions").into());
    for condition in ["<OneTimeUse />", "<ProxyRestriction />"] {
        let two = format!("{}</Conditions>", condition.repeat(2));
        let found = condition.trim_matches(['<', '/', '>', ' ']).to_owned();
        let message = Draft::adfs().edit("</Conditions>", &two).signed();
        message.refused(Rejection::UnknownCondition { found });
    }
    let text = Draft::adfs().edit("</Conditions>", "none</Conditions>").signed();
    text.refused(crate::refusal::text_in("Conditions").into());
}

fn statement() -> String {
    honest().element("AuthnStatement")
}

#[test]
fn authn_1() {
    Draft::adfs().edit(&statement(), "").signed().refused(Rejection::AuthnStatementMissing);
    let context = honest().element("AuthnContext");
    let bare = Draft::adfs().edit(&context, "").signed();
    bare.refused(missing("AuthnStatement", "AuthnContext").into());
    let empty = Draft::adfs().edit(&context, "<AuthnContext />").signed();
    empty.refused(missing("AuthnContext", "AuthnContextClassRef").into());
    let by_declaration =
        "<AuthnContext><AuthnContextDeclRef>urn:x</AuthnContextDeclRef></AuthnContext>";
    let accepted = Draft::adfs().edit(&context, by_declaration).signed().accepted();
    assert_eq!(accepted.authn().class_ref, None);
    let timeless = Draft::adfs().edit("AuthnInstant=\"2026-11-22T09:12:44.000Z\" ", "").signed();
    timeless.refused(missing_attribute("AuthnStatement", "AuthnInstant").into());
    let other = Draft::adfs().edit(&statement(), &format!("{}<Statement />", statement())).signed();
    other.refused(unexpected("Assertion", "Statement").into());
}

#[test]
fn authn_2() {
    let two = |second: &str| Draft::adfs().edit(&statement(), &format!("{}{second}", statement()));
    for (from, to) in [
        ("09:12:44", "09:12:45"),
        ("PasswordProtectedTransport", "X509"),
        (&format!("SessionIndex=\"{ASSERTION_ID}\"")[..], "SessionIndex=\"other\""),
        (" SessionIndex", " SessionNotOnOrAfter=\"2026-11-22T18:00:00Z\" SessionIndex"),
    ] {
        let message = two(&statement().replace(from, to)).signed();
        message.refused(Rejection::AuthnStatementConflict);
    }
    assert_eq!(two(&statement()).signed().accepted().authn(), honest().accepted().authn());
}

#[test]
fn authnctx_1() {
    let smartcard = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI".to_owned();
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned();
    let asking_for = |class_refs: Vec<String>| {
        let mut expect = expectations();
        expect.authn = RequestedAuthn { class_refs, not_before: None };
        expect
    };
    let weaker = honest().verdict_expecting(&asking_for(vec![smartcard.clone()]));
    let requested = vec![smartcard.clone()];
    assert_eq!(weaker, Err(Rejection::AuthnContext { requested, found: Some(password.clone()) }));
    honest().verdict_expecting(&asking_for(vec![smartcard.clone(), password.clone()])).unwrap();
    // A class that is not said is none of those asked for.
    let context = honest().element("AuthnContextClassRef");
    let silent = Draft::adfs().edit(&context, "<AuthnContextDeclRef>urn:x</AuthnContextDeclRef>");
    let verdict = silent.signed().verdict_expecting(&asking_for(vec![password.clone()]));
    assert_eq!(verdict, Err(Rejection::AuthnContext { requested: vec![password], found: None }));
}

#[test]
fn authnctx_2() {
    // A new sign-in was asked for at `required`. The person signed in at 09:12:44.
    let asked_at = |required: &str| {
        let mut expect = expectations();
        expect.authn.not_before = Some(instant(required));
        honest().verdict_expecting(&expect).map(|a| a.authn().authn_instant)
    };
    let found = instant("2026-11-22T09:12:44.000Z");
    assert_eq!(asked_at("2026-11-22T09:00:00Z"), Ok(found));
    assert_eq!(asked_at("2026-11-22T09:14:44Z"), Ok(found), "within the tolerance");
    for required in ["2026-11-22T09:14:44.001Z", "2026-11-22T10:00:00Z"] {
        let required_at = instant(required);
        assert_eq!(
            asked_at(required),
            Err(Rejection::AuthnTooOld { required: required_at, found })
        );
    }
}

#[test]
fn replay_1() {
    // However often and in whatever wrapping: what replay is noticed by is signed and the same.
    let accepted = honest().accepted();
    let rewrapped = honest().edit(RESPONSE_ID, "_another_response").edit(
        "IssueInstant=\"2026-11-22T10:00:00.000Z\" Destination",
        "IssueInstant=\"2026-11-22T10:00:04.000Z\" Destination",
    );
    assert_eq!(rewrapped.accepted(), accepted);
    let renamed = honest().edit(&format!("ID=\"{ASSERTION_ID}\" "), "ID=\"_renamed\" ");
    let refusal = crate::refusal::reference("_renamed", &format!("#{ASSERTION_ID}"));
    renamed.refused(crate::refusal::bad_signature(refusal));
}

#[test]
fn replay_2() {
    let accepted = honest().accepted();
    let text = honest().0;
    for other in [
        text.replace("<NameID>", "<NameID >"),
        text.replace(ASSERTION_ID, &ASSERTION_ID.replace('_', "&#95;")),
        text.replace("samlp:", "p:").replace("xmlns:samlp", "xmlns:p"),
        text.replace(" />", "/>"),
        text.replace('"', "'"),
        format!("\u{feff}<!-- again -->{text}\n"),
    ] {
        assert_ne!(other, text);
        assert_eq!(Message(other).accepted(), accepted);
    }
}

#[test]
fn replay_3() {
    // It must be remembered until no confirmation at all could let it in again.
    let until = |conditions: &str, confirmation: &str| {
        let bearer = honest().element("SubjectConfirmation");
        let second = bearer.replace("10:05:00", confirmation);
        Draft::adfs()
            .edit("NotOnOrAfter=\"2026-11-22T11:00:00.000Z\"", conditions)
            .edit(&bearer, &format!("{bearer}{second}"))
            .signed()
            .accepted()
            .usable_until()
    };
    assert_eq!(until("", "10:05:00"), instant("2026-11-22T10:05:00Z"));
    assert_eq!(until("", "18:00:00"), instant("2026-11-22T18:00:00Z"), "the second is open longer");
    let bound = "NotOnOrAfter=\"2026-11-22T11:00:00.000Z\"";
    assert_eq!(until(bound, "10:05:00"), instant("2026-11-22T11:00:00Z"));
}
