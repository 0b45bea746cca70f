//! `actix-saml serve`: the demo application against any identity provider.

use std::path::PathBuf;
use std::process::ExitCode;

use actix_web::{App, HttpServer};
use clap::Args;

use super::{Problem, app, log_to_stderr, print};
use crate::web::{Clock as _, Config, Survey, SystemClock};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "saml.toml")]
    config: PathBuf,
    /// Where to listen, instead of `listen` in the configuration.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    log_to_stderr();
    let config = Config::from_file(&arguments.config)?;
    let listen = arguments.listen.clone().unwrap_or_else(|| config.listen.clone());
    let base_url = config.base_url.clone();
    config.warn(SystemClock.now());
    let saml = config.into_saml()?;
    actix_web::rt::System::new().block_on(async move {
        saml.look_at_store().await;
        let shared = saml.clone();
        let app = move || {
            App::new()
                .configure(shared.routes())
                .configure(app::routes(&shared))
                .wrap(shared.sessions())
        };
        let coverage = saml.coverage(app(), &Survey::new().public(app::PUBLIC)).await;
        print(&format!("Routes, and to whom they are open:\n\n{coverage}"));
        coverage.strict()?;
        let server = HttpServer::new(app)
            .bind(&listen)
            .map_err(|error| format!("cannot listen at {listen}: {error}"))?;
        print(&format!("Open {base_url}"));
        server.run().await?;
        Ok(ExitCode::SUCCESS)
    })
}
