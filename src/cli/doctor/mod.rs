//! `actix-saml doctor`: one page about the whole trust relation, with what to do about each thing
//! that is not as it should be.

mod application;
mod difference;
mod finding;
mod keys;
mod operation;
mod provider;
mod reach;
mod registration;
mod report;
mod scene;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;

use super::options::{Colour, Format, parse_now};
use super::terminal::escape_controls;
use super::{Problem, USAGE, print};
use crate::web::{Clock as _, Config, ConfigError, SystemClock};
use finding::{Area, Finding, Level};
use reach::Reach;
use report::Report;
use scene::{Registered, Scene};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "saml.toml")]
    config: PathBuf,
    /// Our metadata as the identity provider has registered it.
    #[arg(long, value_name = "FILE")]
    idp_sp_metadata: Option<PathBuf>,
    /// Our entityID as the identity provider has registered it.
    #[arg(long, value_name = "ID")]
    registered_entity_id: Option<String>,
    /// Our assertion consumer service (reply URL) as the identity provider has registered it.
    #[arg(long, value_name = "URL")]
    registered_acs: Option<String>,
    /// Try the network as well: our own address, and each metadata_url.
    #[arg(long)]
    reach: bool,
    /// Count warnings as problems in the exit status.
    #[arg(long)]
    strict: bool,
    /// Show the values and settings of what is as it should be, too.
    #[arg(long)]
    full: bool,
    /// The time to look at; the machine's clock by default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    now: Option<DateTime<Utc>>,
    /// How to print the findings.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Whether to use colours; `auto` does on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value = "auto")]
    color: Colour,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let now = arguments.now.unwrap_or_else(|| SystemClock.now());
    let registered = Registered::gather(
        arguments.idp_sp_metadata.as_deref(),
        arguments.registered_entity_id.as_deref(),
        arguments.registered_acs.as_deref(),
    )?;
    let (report, status) = match Config::from_file(&arguments.config) {
        Ok(config) => {
            let mut scene = Scene::gather(config, registered, now);
            if arguments.reach {
                scene.reach = Some(Reach::gather(&scene));
                scene.adopt_fetched();
            }
            let report = Report::new(look(&scene), now);
            let limit = if arguments.strict { Level::Warning } else { Level::Problem };
            let status = u8::from(report.verdict >= limit);
            (report, status)
        }
        Err(error) => (Report::new(vec![unreadable(&error)], now), USAGE),
    };
    let text = match arguments.format {
        Format::Json => escape_controls(&serde_json::to_string(&report)?),
        Format::Text => report.to_text(arguments.color.is_wanted(), arguments.full),
    };
    print(text.trim_end_matches('\n'));
    Ok(ExitCode::from(status))
}

/// Every finding about `scene`.
fn look(scene: &Scene) -> Vec<Finding> {
    [
        application::look,
        registration::look,
        keys::look,
        provider::look,
        operation::look,
        reach::look,
    ]
    .into_iter()
    .flat_map(|look| look(scene))
    .collect()
}

/// Without a configuration there is nothing else to look at.
fn unreadable(error: &ConfigError) -> Finding {
    let title = "The configuration cannot be read.";
    Finding::new(Area::Application, "configuration", Level::Problem, title)
        .fact("file", &error.file)
        .fact("key", &error.field)
        .fact("problem", &error.problem)
        .remedy(&error.remedy)
}
