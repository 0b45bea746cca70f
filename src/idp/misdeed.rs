//! Makes the response of a scenario. The forger's hand is the identity provider's own: nothing here
//! knows how a service provider judges.

use chrono::{DateTime, TimeDelta, Utc};

use super::issue::{Draft, IssueError, SignedParts};
use super::keys::SigningKey;
use super::person::{AUTHN_METHODS, Person};
use super::scenario::Scenario;
use super::sign_in::{FormPost, SignIn};
use super::status::ErrorStatus;
use super::test_idp::TestIdp;
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::EntityId;
use crate::saml::names::{ASSERTION, PROTOCOL};
use crate::xml::{Document, Limits};

/// Whom a forged assertion names.
const INTRUDER: &str = "intruder";
const FORGED_ID: &str = "_0000e411-0000-4000-8000-00000000e411";
const FORGED_RESPONSE_ID: &str = "_0000e412-0000-4000-8000-00000000e412";
const ELSEWHERE: &str = "https://elsewhere.example/saml/acs";

impl TestIdp {
    /// As [`TestIdp::answer`], with what the scenario brings with it. What takes more than one
    /// response is the same as [`Scenario::Usual`] here, and the caller's to do: for
    /// [`Scenario::Replayed`] to send it once more, for [`Scenario::TwoResponses`] to ask again, for
    /// [`Scenario::SlowSignIn`] to wait, for [`Scenario::LogoutOtherSession`] to sign out.
    ///
    /// # Errors
    /// An [`IssueError`].
    pub fn answer_in(
        &self,
        scenario: Scenario,
        sign_in: &SignIn,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<FormPost, IssueError> {
        let mut idp = self.clone();
        let mut sign_in = sign_in.clone();
        let mut time = now;
        let hours = TimeDelta::hours;
        let shifted = |by: TimeDelta| now.checked_add_signed(by).ok_or(IssueError::Time);
        let url = sign_in.reply_to.acs_url.clone();
        let relay_state = sign_in.relay_state.clone();
        let post = |response: String| FormPost { url, response, relay_state };
        match scenario {
            Scenario::Usual
            | Scenario::Replayed
            | Scenario::SlowSignIn
            | Scenario::LogoutOtherSession
            | Scenario::TwoResponses => {}
            Scenario::MfaMissing => {
                let person = person.clone().without_claim(AUTHN_METHODS);
                return self.answer(&sign_in, &person, now);
            }
            Scenario::OldSignIn => idp.issuance.authn_age = TimeDelta::days(7),
            Scenario::ClockMinuteAhead => time = shifted(TimeDelta::minutes(1))?,
            Scenario::ClockMinuteBehind => time = shifted(TimeDelta::minutes(-1))?,
            Scenario::Expired => time = shifted(hours(-2))?,
            Scenario::NotYetValid => time = shifted(hours(2))?,
            Scenario::RefusedByIdp => {
                return self.answer_failure(&sign_in, &ErrorStatus::responder(), now);
            }
            Scenario::UserCancels => {
                let status = ErrorStatus::authn_failed();
                return self.answer_failure(&sign_in, &status, now);
            }
            Scenario::Unsolicited => sign_in.reply_to.request_id = None,
            Scenario::OtherRequest => {
                sign_in.reply_to.request_id = Some(self.ids.pair()?.response);
            }
            Scenario::WrongAudience => {
                sign_in.reply_to.audience = "https://elsewhere.example/saml/metadata".to_owned();
            }
            Scenario::WrongIssuer => {
                let other = format!("{}other", self.entity_id);
                idp.entity_id = EntityId::new(other).map_err(|_| IssueError::NoAssertion)?;
            }
            Scenario::UnknownKey => idp.keys.replace(self.strange_key()?),
            Scenario::NextKey => {
                if idp.keys.announced().is_none() {
                    idp.keys.announce(self.strange_key()?);
                }
                idp.keys.promote();
            }
            Scenario::WrongEncryptionKey => {
                let draft = self.draft(&sign_in.reply_to, person, now)?;
                let stranger = self.strange_key()?;
                let response = draft.sign_for(self.keys.current(), Some(stranger.certificate()))?;
                return Ok(post(response));
            }
            Scenario::BothKinds => {
                let draft = self.draft(&sign_in.reply_to, person, now)?;
                let key = self.keys.current();
                let clear = draft.sign(key)?;
                let recipient = self.recipient(&sign_in.relying_party);
                let recipient = recipient.unwrap_or(self.keys.encryption().certificate());
                let hidden = draft.sign_for(key, Some(recipient))?;
                let hidden = element(&hidden, ASSERTION, "EncryptedAssertion")?.text;
                let clear = element(&clear, ASSERTION, "Assertion")?;
                return Ok(post(format!("{}{}{hidden}{}", clear.before, clear.text, clear.behind)));
            }
            _ => {
                let draft = self.draft(&sign_in.reply_to, person, now)?;
                return Ok(post(self.forge(scenario, draft, person)?));
            }
        }
        idp.answer(&sign_in, person, time)
    }

    fn strange_key(&self) -> Result<SigningKey, IssueError> {
        self.keys.make_strange().map_err(|_| IssueError::NoKey)
    }

    /// The scenarios that are made of the text of a response.
    fn forge(
        &self,
        scenario: Scenario,
        mut draft: Draft,
        person: &Person,
    ) -> Result<String, IssueError> {
        let key = self.keys.current();
        let acs = |text: &str| format!("{text}=\"{ELSEWHERE}\"");
        match scenario {
            Scenario::WrongRecipient => {
                draft.xml = with_attribute(&draft.xml, "Recipient", &acs("Recipient"))?;
            }
            Scenario::WrongDestination => {
                draft.xml = with_attribute(&draft.xml, "Destination", &acs("Destination"))?;
            }
            Scenario::Unsigned => return Ok(draft.xml),
            Scenario::ChangedAfterSigning => {
                return Ok(draft.sign(key)?.replace(&person.user_name, INTRUDER));
            }
            Scenario::CommentInNameId => {
                // A canonical form without comments is the same with and without this one.
                let part = element(&draft.sign(key)?, ASSERTION, "NameID")?;
                let cut = || {
                    let (tag, value) = part.text.split_once('>')?;
                    let (first, rest) = value.split_at_checked(4)?;
                    Some(format!("{}{tag}>{first}<!---->{rest}{}", part.before, part.behind))
                };
                return cut().ok_or(IssueError::NoAssertion);
            }
            Scenario::DocumentType => {
                let signed = draft.sign(key)?;
                let doctype = "<!DOCTYPE r [<!ENTITY e \"x\">]>";
                return Ok(format!("{doctype}{signed}"));
            }
            Scenario::Oversized => {
                let padded = format!("{}<samlp:Status>", " ".repeat(3_000_000));
                return Ok(draft.sign(key)?.replacen("<samlp:Status>", &padded, 1));
            }
            Scenario::TwoAssertions => {
                let first = element(&draft.sign(key)?, ASSERTION, "Assertion")?;
                draft.xml = draft.xml.replace(&draft.ids.assertion, FORGED_ID);
                FORGED_ID.clone_into(&mut draft.ids.assertion);
                let second = element(&draft.sign(key)?, ASSERTION, "Assertion")?.text;
                return Ok(format!("{}{}{second}{}", first.before, first.text, first.behind));
            }
            _ => return wrap(scenario, draft, key, person),
        }
        draft.sign(key)
    }
}

/// An element as it is written, and what stands on both sides of it.
struct Part {
    before: String,
    text: String,
    behind: String,
}

/// The first element of this name.
fn element(xml: &str, namespace: &str, local: &str) -> Result<Part, IssueError> {
    let document =
        Document::parse(xml.as_bytes(), &Limits::MESSAGE).map_err(|_| IssueError::NoAssertion)?;
    let node = document.elements().find(|n| n.is(namespace, local));
    let span = node.ok_or(IssueError::NoAssertion)?.span();
    let cut = || {
        Some(Part {
            before: xml.get(..span.start)?.to_owned(),
            text: xml.get(span.clone())?.to_owned(),
            behind: xml.get(span.end..)?.to_owned(),
        })
    };
    cut().ok_or(IssueError::NoAssertion)
}

/// `xml` with `with` where the first attribute of this name stands.
fn with_attribute(xml: &str, name: &str, with: &str) -> Result<String, IssueError> {
    let (before, rest) = xml.split_once(&format!(" {name}=\"")).ok_or(IssueError::NoAssertion)?;
    let (_, behind) = rest.split_once('"').ok_or(IssueError::NoAssertion)?;
    Ok(format!("{before} {with}{behind}"))
}

/// Signature wrapping: the signature stays good for what it signed, and something else is there to
/// be read. The variants are those of the literature, numbered as there.
fn wrap(
    scenario: Scenario,
    mut draft: Draft,
    key: &SigningKey,
    person: &Person,
) -> Result<String, IssueError> {
    let is_response = matches!(scenario, Scenario::Xsw1 | Scenario::Xsw2);
    draft.signed = if is_response { SignedParts::MessageOnly } else { SignedParts::AssertionOnly };
    let signed = draft.sign(key)?;
    let signature = element(&signed, DSIG_NAMESPACE, "Signature")?;
    let bare = format!("{}{}", signature.before, signature.behind);
    let forge = |text: &str| {
        text.replace(&draft.ids.assertion, FORGED_ID)
            .replace(&draft.ids.response, FORGED_RESPONSE_ID)
            .replace(&person.user_name, INTRUDER)
    };
    // Behind the signature's last child.
    let stuffed = |hidden: &str| -> Result<String, IssueError> {
        let (start, end) = signature.text.rsplit_once("</").ok_or(IssueError::NoAssertion)?;
        Ok(format!("{start}{hidden}</{end}"))
    };
    if is_response {
        let evil_before = forge(&signature.before);
        let evil_behind = forge(&signature.behind);
        return Ok(match scenario {
            Scenario::Xsw1 => format!("{evil_before}{}{evil_behind}", stuffed(&bare)?),
            _ => format!("{evil_before}{bare}{}{evil_behind}", signature.text),
        });
    }
    let assertion = element(&signed, ASSERTION, "Assertion")?;
    let clean = element(&bare, ASSERTION, "Assertion")?.text;
    let evil = forge(&clean);
    // The forged assertion with a signature where signatures stand.
    let evil_with = |signature: &str| -> Result<String, IssueError> {
        let issuer = element(&evil, ASSERTION, "Issuer")?;
        Ok(format!("{}{}{signature}{}", issuer.before, issuer.text, issuer.behind))
    };
    let with = |content: &str| format!("{}{content}{}", assertion.before, assertion.behind);
    Ok(match scenario {
        Scenario::Xsw3 => with(&format!("{evil}{}", assertion.text)),
        Scenario::Xsw4 => {
            let (start, end) = evil.rsplit_once("</").ok_or(IssueError::NoAssertion)?;
            with(&format!("{start}{}</{end}", assertion.text))
        }
        Scenario::Xsw5 => with(&format!("{}{clean}", evil_with(&signature.text)?)),
        Scenario::Xsw6 => with(&evil_with(&stuffed(&clean)?)?),
        Scenario::Xsw7 => {
            let hidden =
                format!("<samlp:Extensions xmlns:samlp=\"{PROTOCOL}\">{clean}</samlp:Extensions>");
            let wrapped = with(&evil_with(&signature.text)?);
            wrapped.replacen("<samlp:Status>", &format!("{hidden}<samlp:Status>"), 1)
        }
        Scenario::Xsw8 => {
            let object = format!("<Object xmlns=\"{DSIG_NAMESPACE}\">{clean}</Object>");
            with(&evil_with(&stuffed(&object)?)?)
        }
        _ => signed,
    })
}
