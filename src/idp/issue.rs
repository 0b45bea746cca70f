//! Builds responses. Pure: the time, the IDs and the keys are arguments.
//!
//! A response comes about in two steps, so that a test can change it before it is signed:
//! [`Issue::draft`] writes the XML, [`Draft::sign`] signs it.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use super::keys::SigningKey;
use super::names::{EMAIL_ADDRESS, ORIGINAL_ISSUER, PASSWORD_PROTECTED_TRANSPORT};
use super::person::{Claim, Person};
use super::personality::Personality;
use super::status::{ErrorStatus, ResponseHead, write_error};
use crate::crypto::{CryptoError, SignatureAlgorithm, random_bytes};
use crate::dsig::{Place, SignError, sign_enveloped};
use crate::saml::names::{ASSERTION, BEARER, SUCCESS, VERSION};
use crate::saml::{EntityId, format_instant};
use crate::xml::{WriteError, Writer};

/// Why a response cannot be issued.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// A value cannot be written as XML.
    #[error("the response cannot be written: {0}")]
    Write(#[from] WriteError),
    /// The draft cannot be signed: perhaps a change took away what is to be signed.
    #[error("the response cannot be signed: {0}")]
    Sign(#[from] SignError),
    /// There is no randomness for the IDs.
    #[error(transparent)]
    Random(#[from] CryptoError),
    /// A time outside the calendar.
    #[error("a time lies outside the calendar")]
    Time,
}

/// What a response answers. Plain values, so that a test can ask for any disagreement with the
/// request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    /// ID of the AuthnRequest, written twice as `InResponseTo`; `None` for a response that nobody
    /// asked for.
    pub request_id: Option<String>,
    /// Where it is posted to: `Destination` and `Recipient`.
    pub acs_url: String,
    /// The relying party's identifier: `Audience`.
    pub audience: String,
    /// The `AuthnContextClassRef` that was asked for and is to be reported.
    pub class_ref: Option<String>,
}

/// The IDs of one response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// `ID` of the `Response`.
    pub response: String,
    /// `ID` of the `Assertion`.
    pub assertion: String,
}

impl Ids {
    /// IDs as AD FS makes them: `_` and a random version 4 UUID.
    ///
    /// # Errors
    /// A [`CryptoError`] when there is no randomness.
    pub fn random() -> Result<Self, CryptoError> {
        Ok(Self { response: uuid(random_bytes()?), assertion: uuid(random_bytes()?) })
    }
}

/// `_` and the bytes as a version 4 UUID.
pub(super) fn uuid(mut bytes: [u8; 16]) -> String {
    if let Some(version) = bytes.get_mut(6) {
        *version = (*version & 0x0F) | 0x40;
    }
    if let Some(variant) = bytes.get_mut(8) {
        *variant = (*variant & 0x3F) | 0x80;
    }
    let mut text = String::from("_");
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Which parts are signed: `SamlResponseSignature` of a relying party trust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignedParts {
    /// The assertion: what AD FS does unless told otherwise.
    #[default]
    AssertionOnly,
    /// The response.
    MessageOnly,
    /// The assertion, then the response around it.
    MessageAndAssertion,
}

/// Whether and how a `NameID` is issued: a claim rule of the relying party trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameIdRule {
    /// Neither `NameID` nor `SessionIndex`.
    NotIssued,
    /// For everybody who has a value for it, with this `Format` or without any.
    Issued {
        /// `Format`
        format: Option<String>,
    },
}

/// How the identity provider issues responses: the settings of a relying party trust.
/// [`Default`] is what AD FS does out of the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    /// What is signed.
    pub signed: SignedParts,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// `NameID`. By default an `emailAddress` of SAML 1.1.
    pub name_id: NameIdRule,
    /// `AuthnContextClassRef` of people who have none of their own.
    pub class_ref: String,
    /// How long ago people signed in: AD FS keeps them signed in for eight hours. By default zero.
    pub authn_age: TimeDelta,
    /// How long before `IssueInstant` the `Conditions` begin. By default zero: AD FS leaves no
    /// margin for clocks that differ.
    pub not_before_skew: TimeDelta,
    /// From `NotBefore` to `NotOnOrAfter` of the `Conditions`: an hour.
    pub conditions_lifetime: TimeDelta,
    /// From `IssueInstant` to `NotOnOrAfter` of the confirmation: five minutes.
    pub confirmation_lifetime: TimeDelta,
    /// From `IssueInstant` to `SessionNotOnOrAfter`, which AD FS never writes.
    pub session_lifetime: Option<TimeDelta>,
}

impl Default for Issuance {
    fn default() -> Self {
        Self {
            signed: SignedParts::AssertionOnly,
            algorithm: SignatureAlgorithm::RsaSha256,
            name_id: NameIdRule::Issued { format: Some(EMAIL_ADDRESS.to_owned()) },
            class_ref: PASSWORD_PROTECTED_TRANSPORT.to_owned(),
            authn_age: TimeDelta::zero(),
            not_before_skew: TimeDelta::zero(),
            conditions_lifetime: TimeDelta::minutes(60),
            confirmation_lifetime: TimeDelta::minutes(5),
            session_lifetime: None,
        }
    }
}

/// Everything that goes into one response.
#[derive(Clone, Debug)]
pub struct Issue<'i> {
    /// Whose habits to follow.
    pub personality: Personality,
    /// `Issuer`
    pub issuer: &'i EntityId,
    /// The settings.
    pub issuance: &'i Issuance,
    /// What is answered.
    pub reply_to: &'i ReplyTo,
    /// The IDs.
    pub ids: &'i Ids,
    /// `IssueInstant`
    pub now: DateTime<Utc>,
}

struct Times {
    now: String,
    not_before: String,
    not_on_or_after: String,
    confirmed_until: String,
    authn_instant: String,
    session_until: Option<String>,
}

impl Issue<'_> {
    /// Writes the response that signs `person` in, not signed yet.
    ///
    /// # Errors
    /// [`IssueError::Write`] when a value holds characters that XML does not allow,
    /// [`IssueError::Time`] when a time lies outside the calendar.
    pub fn draft(&self, person: &Person) -> Result<Draft, IssueError> {
        let times = self.times()?;
        let mut w = Writer::new(self.personality.empty_tag());
        self.head(&times.now).write(self.personality, &mut w);
        w.open("samlp:Status");
        w.open("samlp:StatusCode").attribute("Value", SUCCESS).close().close();
        self.write_assertion(&mut w, person, &times);
        w.close();
        Ok(Draft {
            xml: w.finish()?,
            ids: self.ids.clone(),
            personality: self.personality,
            signed: self.issuance.signed,
            algorithm: self.issuance.algorithm,
        })
    }

    /// Writes the response that reports a failure. AD FS does not sign it.
    ///
    /// # Errors
    /// As [`Issue::draft`].
    pub fn error(&self, status: &ErrorStatus) -> Result<String, IssueError> {
        let now = format_instant(self.now);
        Ok(write_error(self.personality, &self.head(&now), status)?)
    }

    fn head<'h>(&'h self, now: &'h str) -> ResponseHead<'h> {
        ResponseHead {
            id: &self.ids.response,
            issue_instant: now,
            destination: &self.reply_to.acs_url,
            in_response_to: self.reply_to.request_id.as_deref(),
            issuer: self.issuer.as_str(),
        }
    }

    fn times(&self) -> Result<Times, IssueError> {
        let later = |from: DateTime<Utc>, by: TimeDelta| {
            from.checked_add_signed(by).map(format_instant).ok_or(IssueError::Time)
        };
        let earlier = |by: TimeDelta| self.now.checked_sub_signed(by).ok_or(IssueError::Time);
        let not_before = earlier(self.issuance.not_before_skew)?;
        Ok(Times {
            now: format_instant(self.now),
            not_before: format_instant(not_before),
            not_on_or_after: later(not_before, self.issuance.conditions_lifetime)?,
            confirmed_until: later(self.now, self.issuance.confirmation_lifetime)?,
            authn_instant: format_instant(earlier(self.issuance.authn_age)?),
            session_until: match self.issuance.session_lifetime {
                Some(lifetime) => Some(later(self.now, lifetime)?),
                None => None,
            },
        })
    }

    fn write_assertion(&self, w: &mut Writer, person: &Person, times: &Times) {
        w.open("Assertion")
            .attribute("ID", &self.ids.assertion)
            .attribute("IssueInstant", &times.now)
            .attribute("Version", VERSION)
            .attribute("xmlns", ASSERTION);
        w.leaf("Issuer", self.issuer.as_str());

        let name_id = match &self.issuance.name_id {
            NameIdRule::NotIssued => None,
            NameIdRule::Issued { format } => person.name_id.as_ref().map(|value| (value, format)),
        };
        w.open("Subject");
        if let Some((value, format)) = name_id {
            w.open("NameID").attribute_opt("Format", format.as_deref()).text(value).close();
        }
        w.open("SubjectConfirmation").attribute("Method", BEARER);
        w.open("SubjectConfirmationData")
            .attribute_opt("InResponseTo", self.reply_to.request_id.as_deref())
            .attribute("NotOnOrAfter", &times.confirmed_until)
            .attribute("Recipient", &self.reply_to.acs_url)
            .close();
        w.close().close();

        w.open("Conditions")
            .attribute("NotBefore", &times.not_before)
            .attribute("NotOnOrAfter", &times.not_on_or_after);
        w.open("AudienceRestriction").leaf("Audience", &self.reply_to.audience).close().close();

        // AttributeStatement may not be empty (Core 2.7.3).
        if !person.claims.is_empty() {
            w.open("AttributeStatement");
            for claim in &person.claims {
                write_claim(w, claim);
            }
            w.close();
        }

        let session_index = name_id.map(|_| self.ids.assertion.as_str());
        let class_ref = self.reply_to.class_ref.as_ref().or(person.class_ref.as_ref());
        w.open("AuthnStatement")
            .attribute("AuthnInstant", &times.authn_instant)
            .attribute_opt("SessionIndex", session_index)
            .attribute_opt("SessionNotOnOrAfter", times.session_until.as_deref());
        w.open("AuthnContext");
        w.leaf("AuthnContextClassRef", class_ref.unwrap_or(&self.issuance.class_ref));
        w.close().close().close();
    }
}

fn write_claim(w: &mut Writer, claim: &Claim) {
    w.open("Attribute")
        .attribute("Name", &claim.name)
        .attribute_opt("NameFormat", claim.name_format.as_deref());
    if let Some(issuer) = &claim.original_issuer {
        w.attribute("a:OriginalIssuer", issuer).attribute("xmlns:a", ORIGINAL_ISSUER);
    }
    for value in &claim.values {
        w.leaf("AttributeValue", value);
    }
    w.close();
}

/// A response that is not signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The XML as it stands. A test may change it at will.
    pub xml: String,
    /// The IDs in it, by which the parts to be signed are found.
    pub ids: Ids,
    /// In whose style it is signed.
    pub personality: Personality,
    /// Which parts are signed.
    pub signed: SignedParts,
    /// With which algorithm.
    pub algorithm: SignatureAlgorithm,
}

impl Draft {
    /// Changes the XML before it is signed: the signature will be good for the changed text.
    pub fn tamper(mut self, change: impl FnOnce(String) -> String) -> Self {
        self.xml = change(self.xml);
        self
    }

    /// Signs, and gives the XML of the response.
    ///
    /// # Errors
    /// [`IssueError::Sign`] when a part to be signed is not there or the key does not fit the
    /// algorithm.
    pub fn sign(&self, key: &SigningKey) -> Result<String, IssueError> {
        let sign = |xml: &str, id: &str| {
            sign_enveloped(
                xml,
                id,
                Place::After { namespace: ASSERTION, local: "Issuer" },
                key.private_key(),
                self.algorithm,
                Some(key.certificate()),
                &self.personality.message_signature(),
            )
        };
        let mut xml = self.xml.clone();
        if matches!(self.signed, SignedParts::AssertionOnly | SignedParts::MessageAndAssertion) {
            xml = sign(&xml, &self.ids.assertion)?;
        }
        if matches!(self.signed, SignedParts::MessageOnly | SignedParts::MessageAndAssertion) {
            xml = sign(&xml, &self.ids.response)?;
        }
        Ok(xml)
    }
}
