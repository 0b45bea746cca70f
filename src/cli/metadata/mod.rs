//! `actix-saml metadata`: ours to be registered, and that of others to be looked at.

mod sp;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Problem;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the service provider's metadata.
    Sp(sp::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    match &arguments.what {
        What::Sp(arguments) => sp::run(arguments),
    }
}
