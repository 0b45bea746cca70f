//! Builds responses. Pure: the time, the IDs and the keys are arguments.
//!
//! A response comes about in two steps, so that a test can change it before it is signed:
//! [`Issue::draft`] writes the XML, [`Draft::sign`] signs it.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use super::claims;
use super::id_source::IdSource;
use super::keys::SigningKey;
use super::names::{
    EMAIL_ADDRESS, ORIGINAL_ISSUER, PASSWORD, PASSWORD_PROTECTED_TRANSPORT, PERSISTENT,
};
use super::person::{Claim, Person};
use super::personality::Personality;
use super::status::{ErrorStatus, ResponseHead, write_error};
use crate::crypto::{Certificate, CryptoError, SignatureAlgorithm};
use crate::dsig::{Place, SignError, sign_enveloped};
use crate::saml::names::{ASSERTION, BEARER, SUCCESS, VERSION};
use crate::saml::{EntityId, format_instant};
use crate::xml::{WriteError, Writer};
use crate::xmlenc::{EncryptError, encrypt};

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
    /// The assertion cannot be encrypted.
    #[error("the assertion cannot be encrypted: {0}")]
    Encrypt(#[from] EncryptError),
    /// There is no assertion to be encrypted: perhaps a change took it away.
    #[error("there is no assertion to be encrypted")]
    NoAssertion,
    /// The key of a stranger, which a scenario asks for, cannot be made.
    #[error("no key can be made")]
    NoKey,
    /// There is no randomness for the IDs.
    #[error(transparent)]
    Random(#[from] CryptoError),
    /// A time outside the calendar.
    #[error("a time lies outside the calendar")]
    Time,
    /// The relying party has registered no address for log-out by this binding.
    #[error("the relying party has no SingleLogoutService for this binding")]
    NoLogoutService,
    /// The message cannot be compressed.
    #[error("the message cannot be compressed")]
    Deflate,
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
        IdSource::default().pair()
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
/// [`Default`] is what AD FS does out of the box, [`Issuance::of`] what each personality does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    /// What is signed.
    pub signed: SignedParts,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// Whether assertions are encrypted to whoever has registered a key for it. By default they are:
    /// AD FS does so by itself. At Entra an administrator has to switch it on.
    pub encrypts: bool,
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

impl Issuance {
    /// What an identity provider of this personality does out of the box.
    pub fn of(personality: Personality) -> Self {
        let adfs = Self::default();
        match personality {
            Personality::Adfs => adfs,
            // Five minutes early, and an hour for everything. The class never tells of a second
            // factor.
            Personality::Entra => Self {
                encrypts: false,
                class_ref: PASSWORD.to_owned(),
                not_before_skew: TimeDelta::minutes(5),
                conditions_lifetime: TimeDelta::minutes(65),
                confirmation_lifetime: TimeDelta::minutes(60),
                ..adfs
            },
            Personality::Plain => Self {
                name_id: NameIdRule::Issued { format: Some(PERSISTENT.to_owned()) },
                conditions_lifetime: TimeDelta::minutes(5),
                session_lifetime: Some(TimeDelta::hours(8)),
                ..adfs
            },
        }
    }
}

impl Default for Issuance {
    fn default() -> Self {
        Self {
            signed: SignedParts::AssertionOnly,
            algorithm: SignatureAlgorithm::RsaSha256,
            encrypts: true,
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

    /// The `NameID`, if one is issued: its value and its format.
    fn name_id(&self, person: &Person) -> Option<(String, Option<&str>)> {
        let NameIdRule::Issued { format } = &self.issuance.name_id else { return None };
        let value = match self.personality {
            Personality::Adfs => person.name_id.clone()?,
            Personality::Entra => {
                person.name_id.clone().unwrap_or_else(|| claims::user_principal_name(person))
            }
            // An identifier that says nothing and that no other service provider sees (Core 8.3.7).
            Personality::Plain => claims::pairwise_id(&self.reply_to.audience, person),
        };
        Some((value, format.as_deref()))
    }

    fn write_assertion(&self, w: &mut Writer, person: &Person, times: &Times) {
        let named = |local: &str| self.personality.assertion_name(local);
        let declaration = (self.personality.assertion_declaration(), ASSERTION);
        let attributes = [
            ("ID", self.ids.assertion.as_str()),
            ("IssueInstant", &times.now),
            ("Version", VERSION),
            declaration,
        ];
        w.open(&named("Assertion"));
        for (name, value) in attributes {
            w.attribute(name, value);
        }
        w.leaf(&named("Issuer"), self.issuer.as_str());

        let name_id = self.name_id(person);
        w.open(&named("Subject"));
        if let Some((value, format)) = &name_id {
            w.open(&named("NameID")).attribute_opt("Format", *format).text(value).close();
        }
        w.open(&named("SubjectConfirmation")).attribute("Method", BEARER);
        w.open(&named("SubjectConfirmationData"))
            .attribute_opt("InResponseTo", self.reply_to.request_id.as_deref())
            .attribute("NotOnOrAfter", &times.confirmed_until)
            .attribute("Recipient", &self.reply_to.acs_url)
            .close();
        w.close().close();

        w.open(&named("Conditions"))
            .attribute("NotBefore", &times.not_before)
            .attribute("NotOnOrAfter", &times.not_on_or_after);
        w.open(&named("AudienceRestriction"));
        w.leaf(&named("Audience"), &self.reply_to.audience).close().close();

        // AttributeStatement may not be empty (Core 2.7.3).
        let claims = claims::of(self.personality, self.issuer.as_str(), person);
        if !claims.is_empty() {
            w.open(&named("AttributeStatement"));
            for claim in &claims {
                self.write_claim(w, claim);
            }
            w.close();
        }

        let session_index = name_id.map(|_| self.ids.assertion.as_str());
        // Entra's class is the same for everybody.
        let own = person.class_ref.as_ref().filter(|_| self.personality != Personality::Entra);
        let class_ref = self.reply_to.class_ref.as_ref().or(own);
        w.open(&named("AuthnStatement"))
            .attribute("AuthnInstant", &times.authn_instant)
            .attribute_opt("SessionIndex", session_index)
            .attribute_opt("SessionNotOnOrAfter", times.session_until.as_deref());
        w.open(&named("AuthnContext"));
        w.leaf(&named("AuthnContextClassRef"), class_ref.unwrap_or(&self.issuance.class_ref));
        w.close().close().close();
    }

    fn write_claim(&self, w: &mut Writer, claim: &Claim) {
        let named = |local: &str| self.personality.assertion_name(local);
        w.open(&named("Attribute"))
            .attribute("Name", &claim.name)
            .attribute_opt("NameFormat", claim.name_format.as_deref());
        if let Some(issuer) = &claim.original_issuer {
            w.attribute("a:OriginalIssuer", issuer).attribute("xmlns:a", ORIGINAL_ISSUER);
        }
        for value in &claim.values {
            w.leaf(&named("AttributeValue"), value);
        }
        w.close();
    }
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
        self.sign_for(key, None)
    }

    /// Signs, and encrypts the assertion to the holder of `recipient`: first its own signature,
    /// then the encryption, then the signature of the response, each over what came before.
    ///
    /// # Errors
    /// As [`Draft::sign`], and [`IssueError::Encrypt`] when there is no assertion or the
    /// certificate cannot be encrypted to.
    pub fn sign_for(
        &self,
        key: &SigningKey,
        recipient: Option<&Certificate>,
    ) -> Result<String, IssueError> {
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
        if let Some(recipient) = recipient {
            xml = self.encrypt(&xml, recipient)?;
        }
        if matches!(self.signed, SignedParts::MessageOnly | SignedParts::MessageAndAssertion) {
            xml = sign(&xml, &self.ids.response)?;
        }
        Ok(xml)
    }

    fn encrypt(&self, xml: &str, recipient: &Certificate) -> Result<String, IssueError> {
        let name = self.personality.assertion_name("Assertion");
        let (start, end) = (format!("<{name} "), format!("</{name}>"));
        let (before, rest) = xml.split_once(&start).ok_or(IssueError::NoAssertion)?;
        let (inside, behind) = rest.rsplit_once(&end).ok_or(IssueError::NoAssertion)?;
        let assertion = format!("{start}{inside}{end}");
        let encrypted = encrypt(&assertion, recipient, &self.personality.encryption())?;
        let mut w = Writer::new(self.personality.empty_tag());
        w.open(&self.personality.assertion_name("EncryptedAssertion"))
            .attribute(self.personality.assertion_declaration(), ASSERTION)
            .raw(&encrypted)
            .close();
        Ok(format!("{before}{}{behind}", w.finish()?))
    }
}
