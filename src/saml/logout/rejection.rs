use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::dsig::DsigError;
use crate::saml::name_id::NameIdFault;
use crate::xml::{GrammarError, XmlError};
use crate::xmlenc::DecryptError;

/// Which time of a log-out message a rejection speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutTime {
    /// `IssueInstant`
    IssueInstant,
    /// `LogoutRequest/@NotOnOrAfter`
    NotOnOrAfter,
}

impl std::fmt::Display for LogoutTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::IssueInstant => "IssueInstant",
            Self::NotOnOrAfter => "NotOnOrAfter",
        })
    }
}

/// Why a log-out message does not count, with the facts that disagree. For the operator's log.
/// [`LogoutRejection::code`] is stable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LogoutRejection {
    /// The message is not a document that this crate reads.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Another message than the one that belongs here.
    #[error("the message is <{found}>, not a {expected}")]
    OtherMessage {
        /// What belongs here.
        expected: &'static str,
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
    /// There is no signature.
    #[error("the message is not signed")]
    Unsigned,
    /// A message by HTTP-Redirect holds a signature inside, where the one over the query counts
    /// (Bindings 3.4.4.1).
    #[error("the message came by HTTP-Redirect and holds a signature inside")]
    SignatureInside,
    /// The signature is refused.
    #[error("signature: {0}")]
    Signature(DsigError),
    /// `Version` is not 2.0.
    #[error("the version is {found:?}, not 2.0")]
    Version {
        /// What it says.
        found: String,
    },
    /// `ID` is missing or no `NCName`.
    #[error("the message has no usable ID")]
    Id,
    /// `Destination` is not our address for log-out.
    #[error("Destination is {found:?}, not {expected:?}")]
    Destination {
        /// Our address.
        expected: String,
        /// What the message says.
        found: Option<String>,
    },
    /// `Issuer` is not the identity provider.
    #[error("the message is issued by {found:?}, not {expected:?}")]
    Issuer {
        /// The identity provider.
        expected: String,
        /// What it says; `None` when there is no issuer.
        found: Option<String>,
    },
    /// A time that is not `YYYY-MM-DDThh:mm:ss(.f+)?Z`.
    #[error("{bound} is {found:?}, which is no time in UTC")]
    Time {
        /// Which time.
        bound: LogoutTime,
        /// What it says.
        found: String,
    },
    /// The message is too old, or has ended.
    #[error("{bound} is {at}, and it is {now} here; {skew_seconds} s are tolerated")]
    Expired {
        /// Which time is past, or long ago.
        bound: LogoutTime,
        /// What it says.
        at: DateTime<Utc>,
        /// Our clock.
        now: DateTime<Utc>,
        /// The tolerance.
        skew_seconds: i64,
    },
    /// The message is from the future: one of the clocks is wrong.
    #[error("IssueInstant is {at}, and it is only {now} here; {skew_seconds} s are tolerated")]
    NotYetValid {
        /// What it says.
        at: DateTime<Utc>,
        /// Our clock.
        now: DateTime<Utc>,
        /// The tolerance.
        skew_seconds: i64,
    },
    /// The subject is told by something else than a `NameID`.
    #[error("the subject is told by a BaseID, which names nobody here")]
    BaseId,
    /// An encrypted name cannot be read.
    #[error(transparent)]
    Decryption(#[from] DecryptError),
    /// The `NameID` is unusable.
    #[error("the NameID is unusable: {0}")]
    NameId(NameIdFault),
    /// More `SessionIndex` elements than anybody needs.
    #[error("there are more than {limit} SessionIndex elements")]
    SessionIndexes {
        /// How many are taken.
        limit: usize,
    },
    /// `InResponseTo` is not the request that this browser was sent with.
    #[error("it answers the request {found:?}, not {expected:?}")]
    InResponseTo {
        /// The request.
        expected: String,
        /// What it says, `None` when it is absent.
        found: Option<String>,
    },
}

impl LogoutRejection {
    /// A stable, machine-readable name: never renamed, never used for something else.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Xml(error) => error.code(),
            Self::OtherMessage { .. } => "not_the_logout_message",
            Self::Structure(error) => error.code(),
            Self::Misplaced { .. } => "misplaced_element",
            Self::Unsigned => "unsigned",
            Self::SignatureInside => "signature_inside",
            Self::Signature(error) => error.code(),
            Self::Version { .. } => "version",
            Self::Id => "id",
            Self::Destination { .. } => "destination",
            Self::Issuer { .. } => "issuer",
            Self::Time { .. } => "time_malformed",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::BaseId => "base_id",
            Self::Decryption(error) => error.code(),
            Self::NameId(_) => "name_id",
            Self::SessionIndexes { .. } => "session_indexes",
            Self::InResponseTo { .. } => "in_response_to",
        }
    }
}
