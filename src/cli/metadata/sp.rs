//! `actix-saml metadata sp`: our metadata as a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::{Problem, print};
use crate::web::Config;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "saml.toml")]
    config: PathBuf,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let config = Config::from_file(&arguments.config)?;
    let xml = config.into_saml()?.metadata();
    match &arguments.output {
        Some(path) => std::fs::write(path, xml + "\n")
            .map_err(|error| format!("{}: {error}", path.display()))?,
        None => print(&xml),
    }
    Ok(ExitCode::SUCCESS)
}
