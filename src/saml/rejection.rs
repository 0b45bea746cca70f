use chrono::{DateTime, Utc};
use thiserror::Error;

use super::name_id::NameIdFault;
use crate::dsig::DsigError;
use crate::xml::{GrammarError, XmlError};
use crate::xmlenc::DecryptError;

/// Which element of a message a rejection speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The `Response`.
    Response,
    /// The `Assertion`.
    Assertion,
    /// The bearer `SubjectConfirmationData`.
    Confirmation,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Response => "Response",
            Self::Assertion => "Assertion",
            Self::Confirmation => "SubjectConfirmationData",
        })
    }
}

/// Which time a rejection speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBound {
    /// `IssueInstant` of the response or the assertion.
    IssueInstant,
    /// `Conditions/@NotBefore`
    ConditionsNotBefore,
    /// `Conditions/@NotOnOrAfter`
    ConditionsNotOnOrAfter,
    /// `SubjectConfirmationData/@NotOnOrAfter`
    ConfirmationNotOnOrAfter,
    /// `AuthnStatement/@AuthnInstant`
    AuthnInstant,
    /// `AuthnStatement/@SessionNotOnOrAfter`
    SessionNotOnOrAfter,
}

impl std::fmt::Display for TimeBound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::IssueInstant => "IssueInstant",
            Self::ConditionsNotBefore => "Conditions/@NotBefore",
            Self::ConditionsNotOnOrAfter => "Conditions/@NotOnOrAfter",
            Self::ConfirmationNotOnOrAfter => "SubjectConfirmationData/@NotOnOrAfter",
            Self::AuthnInstant => "AuthnStatement/@AuthnInstant",
            Self::SessionNotOnOrAfter => "AuthnStatement/@SessionNotOnOrAfter",
        })
    }
}

/// Why a response is refused, with the facts that disagree. For the operator's log: none of it is
/// for the person at the browser, who could be the attacker. [`Rejection::code`] is stable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The message is not base64.
    #[error("the message is not base64")]
    Base64,
    /// The message is not a document that this crate reads.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The root element is something else than a SAML 2.0 `Response`.
    #[error("the root element is <{found}>, not a SAML 2.0 Response")]
    NotResponse {
        /// Local name of the root element.
        found: String,
    },
    /// The message departs from the grammar of SAML.
    #[error(transparent)]
    Structure(#[from] GrammarError),
    /// An element or attribute of SAML, XML Signature, XML Encryption or metadata where the
    /// standard has no place for it.
    #[error("<{element}> stands where it has no place")]
    Misplaced {
        /// Local name of the element, or of the element that carries the attribute.
        element: String,
    },
    /// The number of assertions is not one.
    #[error("{found} assertions; exactly one is allowed")]
    AssertionCount {
        /// How many there are.
        found: usize,
    },
    /// An encrypted assertion, name or attribute cannot be read. When the response around an
    /// encrypted assertion is not signed, this is also the answer to whatever is wrong with what
    /// comes out before its signature is verified: whoever sends altered cipher texts must not
    /// learn which of them decrypt.
    #[error(transparent)]
    Decryption(#[from] DecryptError),
    /// `Version` is not 2.0.
    #[error("{role} has version {found:?}, not 2.0")]
    Version {
        /// Whose version.
        role: Role,
        /// What it says.
        found: String,
    },
    /// `ID` is missing or no `NCName`.
    #[error("{role} has no usable ID")]
    Id {
        /// Whose ID.
        role: Role,
    },
    /// A time that is not `YYYY-MM-DDThh:mm:ss(.f+)?Z`.
    #[error("{bound} is {found:?}, which is no time in UTC")]
    Time {
        /// Which time.
        bound: TimeBound,
        /// What it says.
        found: String,
    },
    /// The identity provider did not sign the person in. The message is not part of the text: it
    /// may name the person.
    #[error("the identity provider answered {code:?}, {sub_code:?}")]
    Status {
        /// The top-level status code.
        code: String,
        /// The second-level status code, if any.
        sub_code: Option<String>,
        /// `StatusMessage`, if any.
        message: Option<String>,
    },
    /// `Destination` is not our assertion consumer service.
    #[error("Destination is {found:?}, not {expected:?}")]
    Destination {
        /// Our assertion consumer service.
        expected: String,
        /// What the response says.
        found: Option<String>,
    },
    /// No identity provider that is configured has this name.
    #[error("the issuer {found:?} is no identity provider that is trusted here")]
    UnknownIssuer {
        /// What the response says.
        found: Option<String>,
    },
    /// `Issuer` is not the identity provider that was asked.
    #[error("{role} is issued by {found:?}, not {expected:?}")]
    Issuer {
        /// Whose issuer.
        role: Role,
        /// The identity provider.
        expected: String,
        /// What it says; `None` when there is no issuer.
        found: Option<String>,
    },
    /// `InResponseTo` is not the request that this browser made.
    #[error("{role} answers the request {found:?}, not {expected:?}")]
    InResponseTo {
        /// Where it stands.
        role: Role,
        /// The request, `None` when none was made.
        expected: Option<String>,
        /// What it says, `None` when it is absent.
        found: Option<String>,
    },
    /// Neither the response nor the assertion is signed.
    #[error("neither the response nor the assertion is signed")]
    Unsigned,
    /// A signature that the configuration demands is missing.
    #[error("{role} is not signed, and the configuration demands it")]
    SignatureMissing {
        /// What is not signed.
        role: Role,
    },
    /// A signature is refused.
    #[error("signature of {role}: {error}")]
    Signature {
        /// Whose signature.
        role: Role,
        /// Why.
        error: DsigError,
    },
    /// The `NameID` is unusable.
    #[error("the NameID is unusable: {0}")]
    NameId(NameIdFault),
    /// The `NameID` is meant for another service provider.
    #[error("SPNameQualifier is {found:?}, not {expected:?}")]
    SpNameQualifier {
        /// Our entityID.
        expected: String,
        /// What the `NameID` says.
        found: String,
    },
    /// There is no bearer confirmation.
    #[error("the subject has no bearer confirmation")]
    NoBearer,
    /// The bearer confirmation does not end.
    #[error("the bearer confirmation has no NotOnOrAfter")]
    ConfirmationUnlimited,
    /// The bearer confirmation has a `NotBefore`, which it must not have.
    #[error("the bearer confirmation has a NotBefore")]
    ConfirmationNotBefore,
    /// The bearer confirmation is for somebody else than the subject, who would act for the
    /// subject: that is for other profiles than browser sign-in.
    #[error("the bearer confirmation names another than the subject")]
    ConfirmationNameId,
    /// `Recipient` is not our assertion consumer service.
    #[error("Recipient is {found:?}, not {expected:?}")]
    Recipient {
        /// Our assertion consumer service.
        expected: String,
        /// What the confirmation says.
        found: Option<String>,
    },
    /// It is too late.
    #[error("{bound} is {at}, and it is {now} here; {skew_seconds} s are tolerated")]
    Expired {
        /// Which time has passed.
        bound: TimeBound,
        /// What it says.
        at: DateTime<Utc>,
        /// Our clock.
        now: DateTime<Utc>,
        /// The tolerance.
        skew_seconds: i64,
    },
    /// It is too early: one of the clocks is wrong.
    #[error("{bound} is {at}, and it is only {now} here; {skew_seconds} s are tolerated")]
    NotYetValid {
        /// Which time has not come.
        bound: TimeBound,
        /// What it says.
        at: DateTime<Utc>,
        /// Our clock.
        now: DateTime<Utc>,
        /// The tolerance.
        skew_seconds: i64,
    },
    /// `Conditions` end before they begin.
    #[error("the conditions hold from {not_before} until {not_on_or_after}")]
    Inverted {
        /// `NotBefore`
        not_before: DateTime<Utc>,
        /// `NotOnOrAfter`
        not_on_or_after: DateTime<Utc>,
    },
    /// A condition that this crate does not know: the standard says that the assertion is then
    /// not valid (Core 2.5.1).
    #[error("the condition <{found}> is not understood")]
    UnknownCondition {
        /// Local name of the condition.
        found: String,
    },
    /// There is no `AudienceRestriction`.
    #[error("the assertion is not restricted to any audience")]
    AudienceMissing,
    /// An `AudienceRestriction` does not name us.
    #[error("the assertion is for {found:?}, not for {expected:?}")]
    Audience {
        /// Our entityID.
        expected: String,
        /// The audiences of the restriction that fails.
        found: Vec<String>,
    },
    /// There is no `AuthnStatement`.
    #[error("the assertion does not say how the person signed in")]
    AuthnStatementMissing,
    /// Two `AuthnStatement`s disagree.
    #[error("the assertion holds authentication statements that disagree")]
    AuthnStatementConflict,
    /// The person signed in by another method than was asked for.
    #[error("signed in by {found:?}; asked for was one of {requested:?}")]
    AuthnContext {
        /// What was asked for.
        requested: Vec<String>,
        /// What the assertion says.
        found: Option<String>,
    },
    /// The person did not sign in anew although that was asked for.
    #[error("the person signed in at {found}; asked for was {required} or later")]
    AuthnTooOld {
        /// When the request was made.
        required: DateTime<Utc>,
        /// `AuthnInstant`
        found: DateTime<Utc>,
    },
}

impl Rejection {
    /// A stable, machine-readable name: never renamed, never used for something else.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Xml(error) => error.code(),
            Self::NotResponse { .. } => "not_a_response",
            Self::Structure(error) => error.code(),
            Self::Misplaced { .. } => "misplaced_element",
            Self::AssertionCount { .. } => "assertion_count",
            Self::Decryption(error) => error.code(),
            Self::Version { .. } => "version",
            Self::Id { .. } => "id",
            Self::Time { .. } => "time_malformed",
            Self::Status { .. } => "status",
            Self::Destination { .. } => "destination",
            Self::UnknownIssuer { .. } => "unknown_issuer",
            Self::Issuer { .. } => "issuer",
            Self::InResponseTo { .. } => "in_response_to",
            Self::Unsigned => "unsigned",
            Self::SignatureMissing { .. } => "signature_missing",
            Self::Signature { error, .. } => error.code(),
            Self::NameId(_) => "name_id",
            Self::SpNameQualifier { .. } => "sp_name_qualifier",
            Self::NoBearer => "no_bearer_confirmation",
            Self::ConfirmationUnlimited => "confirmation_unlimited",
            Self::ConfirmationNotBefore => "confirmation_not_before",
            Self::ConfirmationNameId => "confirmation_name_id",
            Self::Recipient { .. } => "recipient",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Inverted { .. } => "time_inverted",
            Self::UnknownCondition { .. } => "unknown_condition",
            Self::AudienceMissing => "audience_missing",
            Self::Audience { .. } => "audience",
            Self::AuthnStatementMissing => "authn_statement_missing",
            Self::AuthnStatementConflict => "authn_statement_conflict",
            Self::AuthnContext { .. } => "authn_context",
            Self::AuthnTooOld { .. } => "authn_too_old",
        }
    }
}
