//! The command line, `actix-saml`.

pub mod app;
mod check;
mod demo;
mod doctor;
mod files;
mod idp;
mod inspect;
mod keygen;
mod metadata;
mod onboard;
mod options;
mod page;
mod products;
mod rehearse;
mod serve;
mod sources;
mod terminal;
mod tls;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// SAML 2.0 sign-in for actix-web applications: try it, register it, check it.
#[derive(Debug, Parser)]
#[command(name = "actix-saml", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the demo application and the test identity provider on this machine.
    Demo(demo::Arguments),
    /// Run the test identity provider alone.
    Idp(idp::Arguments),
    /// Decide about one SAML response.
    Verify(verify::Arguments),
    /// Make a key of our own, with its certificate.
    Keygen(keygen::Arguments),
    /// Show what is in a message, and walk over every rule.
    Inspect(inspect::Arguments),
    /// Print this application's metadata, for registering it at the identity provider.
    Metadata(metadata::Arguments),
    /// Say what is wrong with a configuration before it starts.
    Check(check::Arguments),
    /// Look at the whole trust relation, and say what to do about each thing that is not right.
    Doctor(doctor::Arguments),
    /// Write what an identity provider's help desk needs to register this application.
    Onboard(onboard::Arguments),
    /// Rehearse NHSmail's side in front of a service provider: honest sign-ins and attacks.
    Rehearse(rehearse::Arguments),
    /// Run the demo application against the identity providers of a configuration file.
    Serve(serve::Arguments),
}

/// The exit status for a wrong call or an unreadable configuration.
const USAGE: u8 = 2;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // A wrong call ends in here, with status 2.
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Idp(arguments) => idp::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Keygen(arguments) => keygen::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Metadata(arguments) => metadata::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Onboard(arguments) => onboard::run(&arguments),
        Command::Rehearse(arguments) => rehearse::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
    };
    outcome.unwrap_or_else(|problem| {
        complain(&problem.to_string());
        ExitCode::from(USAGE)
    })
}

/// A problem that ends the program, in words for the person who called it.
type Problem = Box<dyn std::error::Error>;

/// Prints to standard output. A reader who went away is no reason to fail.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn complain(text: &str) {
    let lines: Vec<String> = text.lines().map(terminal::printable).collect();
    let _ = writeln!(std::io::stderr().lock(), "actix-saml: {}", lines.join("\n"));
}

/// Log lines on standard error, at `info` and above.
fn log_to_stderr() {
    let _ = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::INFO)
        .with_target(false)
        .try_init();
}
