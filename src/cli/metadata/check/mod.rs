//! `actix-saml metadata check`: whether an identity provider's metadata can be used, and what is in
//! it. Other tools call it, so its arguments, exit status and JSON do not change.

mod ignored;
mod report;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::expected::Expected;
use crate::cli::options::Format;
use crate::cli::sources::read_whole;
use crate::cli::terminal::escape_controls;
use crate::cli::{Problem, print};
use crate::xml::Limits;
pub(super) use report::{Refused, Report, Warning};
pub(super) use text::to_lines;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    expected: Expected,
    /// How to print the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The metadata. `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let anchor = arguments.expected.anchor()?;
    let reading = arguments.expected.reading(anchor.as_ref());
    let now = arguments.expected.now();
    let bytes = read_whole(&arguments.file, Limits::METADATA.bytes)?;
    let report = Report::make(&bytes, &reading, now);
    print(&match arguments.format {
        Format::Json => escape_controls(&serde_json::to_string(&report)?),
        Format::Text => to_lines(&report).join("\n"),
    });
    Ok(match report {
        Report::Usable(_) => ExitCode::SUCCESS,
        Report::Refused(_) => ExitCode::from(1),
    })
}
