//! `actix-saml metadata sp`: our metadata as a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Problem, print};
use crate::web::Config;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the service provider's metadata.
    Sp {
        /// The configuration file.
        #[arg(long, value_name = "FILE", default_value = "saml.toml")]
        config: PathBuf,
        /// Write to this file instead of standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let What::Sp { config, output } = &arguments.what;
    let config = Config::from_file(config)?;
    let xml = config.into_saml()?.metadata().to_owned();
    match output {
        Some(path) => std::fs::write(path, xml + "\n")
            .map_err(|error| format!("{}: {error}", path.display()))?,
        None => print(&xml),
    }
    Ok(ExitCode::SUCCESS)
}
