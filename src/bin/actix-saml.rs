//! The command line, see [`actix_saml::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    actix_saml::cli::main()
}
