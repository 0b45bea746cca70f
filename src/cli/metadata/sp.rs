//! `actix-saml metadata sp`: our metadata as a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::{Problem, print};
use crate::web::{Clock as _, Config, SystemClock};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "saml.toml")]
    config: PathBuf,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Sign it with the key that signs requests, whatever the configuration says.
    #[arg(long)]
    sign: bool,
    /// Have it say that it is valid for so long.
    #[arg(long, value_name = "DAYS")]
    valid_days: Option<u32>,
    /// Have it ask readers to look again after so long.
    #[arg(long, value_name = "HOURS")]
    cache_hours: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let mut config = Config::from_file(&arguments.config)?;
    let metadata = &mut config.metadata;
    metadata.sign |= arguments.sign;
    metadata.valid_days = arguments.valid_days.or(metadata.valid_days);
    metadata.cache_hours = arguments.cache_hours.or(metadata.cache_hours);
    // Nobody's metadata is needed for ours: this comes before theirs is there.
    let (own, ..) = config.read_parts()?;
    let xml = own.metadata(SystemClock.now())?;
    match &arguments.output {
        Some(path) => std::fs::write(path, xml + "\n")
            .map_err(|error| format!("{}: {error}", path.display()))?,
        None => print(&xml),
    }
    Ok(ExitCode::SUCCESS)
}
