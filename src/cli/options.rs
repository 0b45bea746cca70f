//! Options that several commands take.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::saml::{ClockSkew, RequireSigned};

/// How a response is judged, apart from what it must say.
#[derive(Debug, Args)]
pub(super) struct Judging {
    /// A key that decrypts assertions, in a file that nobody else may read. May be given more than
    /// once.
    #[arg(long, value_name = "PEM")]
    pub(super) sp_key: Vec<PathBuf>,
    /// The passphrase of those keys, in a file that nobody else may read; SAML_KEYS_PASSPHRASE by
    /// default.
    #[arg(long, value_name = "FILE", requires = "sp_key")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// The time to judge at; the machine's clock by default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    pub(super) now: Option<DateTime<Utc>>,
    /// How far clocks may differ, 0 to 300.
    #[arg(long, value_name = "SECONDS", default_value = "180", value_parser = parse_skew)]
    pub(super) clock_skew: ClockSkew,
    /// Which signatures must be there.
    #[arg(long, value_enum, default_value = "either")]
    pub(super) require_signed: Required,
    /// Accept signatures with SHA-1 until then, which is dangerous.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    pub(super) dangerous_accept_sha1_until: Option<DateTime<Utc>>,
}

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

/// For programs, or for people.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    Json,
    Text,
}

/// Whether a terminal gets colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

impl Colour {
    pub(super) fn is_wanted(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                !refused && std::io::stdout().is_terminal()
            }
        }
    }
}

pub(super) fn parse_now(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text).map(|t| t.to_utc()).map_err(|e| e.to_string())
}

fn parse_skew(text: &str) -> Result<ClockSkew, String> {
    let seconds: u32 = text.parse().map_err(|_| "not a whole number".to_owned())?;
    ClockSkew::from_seconds(seconds).ok_or_else(|| "more than 300 seconds".to_owned())
}
