//! Options that several commands take.

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use crate::saml::{ClockSkew, RequireSigned};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Required {
    Either,
    Assertion,
    Response,
    Both,
}

impl From<Required> for RequireSigned {
    fn from(required: Required) -> Self {
        match required {
            Required::Either => Self::Either,
            Required::Assertion => Self::Assertion,
            Required::Response => Self::Response,
            Required::Both => Self::Both,
        }
    }
}

pub(super) fn parse_now(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text).map(|t| t.to_utc()).map_err(|e| e.to_string())
}

pub(super) fn parse_skew(text: &str) -> Result<ClockSkew, String> {
    let seconds: u32 = text.parse().map_err(|_| "not a whole number".to_owned())?;
    ClockSkew::from_seconds(seconds).ok_or_else(|| "more than 300 seconds".to_owned())
}
