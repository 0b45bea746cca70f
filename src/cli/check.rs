//! `actix-saml check`: what is wrong with a configuration that can be read.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::options::{Format, parse_now};
use super::terminal::{escape_controls, printable};
use super::{Problem, USAGE, print};
use crate::web::config::{Lint, Verdict};
use crate::web::{Clock as _, Config, SystemClock};

/// Something is only warned about, and that is too much.
const WARNED: u8 = 1;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "saml.toml")]
    config: PathBuf,
    /// Let warnings count in the exit status.
    #[arg(long)]
    strict: bool,
    /// The time to look at; the machine's clock by default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    now: Option<DateTime<Utc>>,
    /// How to print the findings.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Serialize)]
struct Report {
    findings: Vec<Lint>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let now = arguments.now.unwrap_or_else(|| SystemClock.now());
    let config = Config::from_file(&arguments.config)?;
    let findings = config.lint(now);
    let worst = findings.iter().map(|lint| lint.verdict).max();
    // What is refused at the start for other reasons is refused here, too.
    if worst != Some(Verdict::Refused) {
        config.read_parts()?;
    }
    match arguments.format {
        Format::Json => print(&escape_controls(&serde_json::to_string(&Report { findings })?)),
        Format::Text => in_words(&findings).lines().for_each(|line| print(&printable(line))),
    }
    Ok(ExitCode::from(match worst {
        Some(Verdict::Refused) => USAGE,
        Some(Verdict::Warned) if arguments.strict => WARNED,
        Some(Verdict::Warned) | None => 0,
    }))
}

fn in_words(findings: &[Lint]) -> String {
    if findings.is_empty() {
        return "Nothing is wrong with it.".to_owned();
    }
    let lines = findings.iter().map(|lint| {
        let verdict = match lint.verdict {
            Verdict::Warned => "warned",
            Verdict::Refused => "REFUSED",
        };
        let Lint { code, key, problem, remedy, .. } = lint;
        format!("{verdict}  {key}: {problem} [{code}]\n         {remedy}\n")
    });
    lines.collect()
}
