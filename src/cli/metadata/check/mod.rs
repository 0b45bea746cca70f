//! `actix-saml metadata check`: whether an identity provider's metadata can be used, and what is in
//! it. Other tools call it, so its arguments, exit status and JSON do not change.

mod ignored;
mod report;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

use crate::cli::options::{Format, parse_now};
use crate::cli::sources::{read_certificates, read_whole};
use crate::cli::terminal::escape_controls;
use crate::cli::{Problem, print};
use crate::saml::EntityId;
use crate::saml::metadata::{Fingerprint, MetadataAnchor, Reading};
use crate::web::{Clock as _, SystemClock};
use crate::xml::Limits;
use report::Report;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A certificate whose key must have signed the metadata. May be given more than once: one of
    /// them must.
    #[arg(long, value_name = "CERT")]
    pin: Vec<PathBuf>,
    /// SHA-256 fingerprint of such a certificate. May be given more than once.
    #[arg(long, value_name = "HEX")]
    pin_sha256: Vec<Fingerprint>,
    /// The identity provider's entityID: what the metadata must be about, or whom to take from an
    /// aggregate.
    #[arg(long, value_name = "ID")]
    entity_id: Option<EntityId>,
    /// How far ahead validUntil may be. It must be there then.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    max_validity_days: Option<u32>,
    /// The time to judge at; the machine's clock by default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    now: Option<DateTime<Utc>>,
    /// How to print the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The metadata. `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let now = arguments.now.unwrap_or_else(|| SystemClock.now());
    let certificates = read_certificates(&arguments.pin)?;
    // No pin asks for no signature. An anchor without pins cannot be made.
    let anchor = MetadataAnchor::new(certificates, arguments.pin_sha256.clone()).ok();
    let reading = Reading {
        entity_id: arguments.entity_id.as_ref(),
        anchor: anchor.as_ref(),
        max_validity: arguments.max_validity_days.map(|days| TimeDelta::days(i64::from(days))),
    };
    let bytes = read_whole(&arguments.file, Limits::METADATA.bytes)?;
    let report = Report::make(&bytes, &reading, now);
    print(&match arguments.format {
        Format::Json => escape_controls(&serde_json::to_string(&report)?),
        Format::Text => text::to_text(&report),
    });
    Ok(match report {
        Report::Usable(_) => ExitCode::SUCCESS,
        Report::Refused(_) => ExitCode::from(1),
    })
}
