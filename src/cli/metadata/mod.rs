//! `actix-saml metadata`: ours to be registered, and that of others to be looked at.

mod check;
mod difference;
mod expected;
mod fetch;
mod sp;

use std::process::ExitCode;

use clap::{Args, Subcommand};

pub(super) use difference::words;

use super::Problem;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say whether an identity provider's metadata can be used, and what is in it.
    Check(check::Arguments),
    /// Fetch an identity provider's metadata, say what is new in it, and save it.
    Fetch(fetch::Arguments),
    /// Print the service provider's metadata.
    Sp(sp::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    match &arguments.what {
        What::Check(arguments) => check::run(arguments),
        What::Fetch(arguments) => fetch::run(arguments),
        What::Sp(arguments) => sp::run(arguments),
    }
}
