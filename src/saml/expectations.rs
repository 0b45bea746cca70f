use chrono::{DateTime, Utc};

use super::entity_id::EntityId;
use super::time::ClockSkew;

/// What a response must agree with. All of it comes from configuration and from the request that
/// was sent; none of it from the message or from HTTP headers.
#[derive(Clone, Debug)]
pub struct Expectations {
    /// The identity provider that was asked.
    pub idp: EntityId,
    /// Us: the audience.
    pub sp: EntityId,
    /// Where the response had to be posted to, byte for byte: `Destination` and `Recipient`.
    pub acs_url: String,
    /// The request that this answers.
    pub request: ExpectedRequest,
    /// Which signatures must be there.
    pub require_signed: RequireSigned,
    /// How far the clocks may differ.
    pub clock_skew: ClockSkew,
    /// What was asked of the authentication itself.
    pub authn: RequestedAuthn,
}

/// The request that a response must answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedRequest {
    /// The AuthnRequest of this ID. `InResponseTo` must name it, on the response and, signed, in
    /// the confirmation.
    Id(String),
    /// None was sent, and the operator allows that: `InResponseTo` must be absent everywhere.
    Unsolicited,
}

impl ExpectedRequest {
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Id(id) => Some(id),
            Self::Unsolicited => None,
        }
    }
}

/// Which signatures must be there. Whatever is chosen, every signature that is there must verify,
/// and one of them must cover the assertion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequireSigned {
    /// The response or the assertion.
    #[default]
    Either,
    /// The assertion itself.
    Assertion,
    /// The response.
    Response,
    /// Both.
    Both,
}

impl RequireSigned {
    /// The word for it in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Either => "either",
            Self::Assertion => "assertion",
            Self::Response => "response",
            Self::Both => "both",
        }
    }
}

/// What was asked of the authentication. Nothing by default.
#[derive(Clone, Debug, Default)]
pub struct RequestedAuthn {
    /// Accepted `AuthnContextClassRef` values; empty accepts any.
    pub class_refs: Vec<String>,
    /// The person must have authenticated at this time or later: when `ForceAuthn` was sent.
    pub not_before: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_configuration() {
        for (require, word) in [
            (RequireSigned::Either, "either"),
            (RequireSigned::Assertion, "assertion"),
            (RequireSigned::Response, "response"),
            (RequireSigned::Both, "both"),
        ] {
            assert_eq!(require.as_str(), word);
        }
        assert_eq!(RequireSigned::default(), RequireSigned::Either);
    }
}
