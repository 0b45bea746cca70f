//! `actix-saml demo`: the demo application and the test identity provider, on two sites.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use actix_web::{App, HttpServer};
use chrono::TimeDelta;
use clap::Args;
use openssl::ssl::SslAcceptorBuilder;

use super::idp::{METADATA, keeping};
use super::{Problem, app, keygen, log_to_stderr, print, tls};
use crate::idp::{Personality, TestIdp, TestKeys};
use crate::web::{Clock as _, Config, Coverage, Survey, SystemClock};

// Two sites, as in life: a browser treats `localhost` and `127.0.0.1` as strangers, but two ports
// of one host as one site.
const APP_HOST: &str = "localhost";
const IDP_HOST: &str = "127.0.0.1";

/// Where the application keeps what it has fetched.
const KNOWN_GOOD: &str = "idp-last-known-good.xml";
const FIRST_METADATA: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder for generated keys, metadata and configuration.
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data: PathBuf,
    /// Port of the demo application.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    app_port: u16,
    /// Port of the test identity provider.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    idp_port: u16,
    /// Serve https with a generated certificate: for browsers that keep no Secure cookies over
    /// http, such as Safari.
    #[arg(long)]
    tls: bool,
    /// Append the audit trail to this file, or print it: `stdout`.
    #[arg(long, value_name = "FILE")]
    audit: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    log_to_stderr();
    std::fs::create_dir_all(&arguments.data)
        .map_err(|error| format!("{}: {error}", arguments.data.display()))?;
    let scheme = if arguments.tls { "https" } else { "http" };
    let app_url = format!("{scheme}://{APP_HOST}:{}", arguments.app_port);
    let idp_url = format!("{scheme}://{IDP_HOST}:{}", arguments.idp_port);

    let keys = TestKeys::load_or_generate(
        &arguments.data,
        Personality::Adfs,
        IDP_HOST,
        SystemClock.now(),
    )?;
    let mut idp = TestIdp::adfs_at(&idp_url, keys)?;
    std::fs::write(arguments.data.join(METADATA), idp.metadata()?)?;
    // What was known of keys that have been removed since must not count against the new ones.
    let _ = std::fs::remove_file(arguments.data.join(KNOWN_GOOD));
    let tls = |folder: &Path| -> Result<Option<SslAcceptorBuilder>, Problem> {
        if arguments.tls { tls::acceptor(folder).map(Some) } else { Ok(None) }
    };
    let (app_tls, idp_tls) = (tls(&arguments.data)?, tls(&arguments.data)?);
    // Nobody takes log-out messages that are not signed.
    keygen::replace_signing(&arguments.data, "actix-saml demo", SystemClock.now())?;
    let config_path = write_config(arguments, &app_url, &idp.metadata_url())?;
    // The file says everything: variables meant for a live service must not change the demo.
    let config = Config::load(&config_path, &|_| None)?;
    let sp_metadata = config.read_service_provider()?.metadata(SystemClock.now())?;
    std::fs::write(arguments.data.join("sp-metadata.xml"), &sp_metadata)?;
    idp.register(sp_metadata.as_bytes())?;
    let idp = keeping(idp, arguments.data.clone(), TimeDelta::zero(), || SystemClock.now());
    let (app_address, idp_address) =
        ((APP_HOST, arguments.app_port), (IDP_HOST, arguments.idp_port));
    actix_web::rt::System::new().block_on(async move {
        let idp_server = HttpServer::new(move || App::new().configure(idp.routes())).workers(1);
        let idp_server = match idp_tls {
            Some(acceptor) => idp_server.bind_openssl(idp_address, acceptor),
            None => idp_server.bind(idp_address),
        };
        let taken = |(host, port): (&str, u16), error| {
            format!("cannot listen at {host}:{port}: {error}; choose other ports, see --help")
        };
        let idp_server = idp_server.map_err(|error| taken(idp_address, error))?.run();
        let idp_handle = idp_server.handle();
        actix_web::rt::spawn(idp_server);
        // Once its metadata can be fetched.
        let saml = config.into_saml()?;
        saml.first_metadata(FIRST_METADATA).await;
        let shared = saml.clone();
        let app = move || {
            App::new()
                .configure(shared.routes())
                .configure(app::routes(&shared))
                // It listens on this machine alone.
                .service(shared.metrics_route())
                .wrap(shared.sessions())
        };
        let survey = Survey::new().public(app::PUBLIC).public(["/metrics"]);
        let coverage = saml.coverage(app(), &survey).await;
        coverage.strict()?;
        let app_server = HttpServer::new(app).workers(1);
        let app_server = match app_tls {
            Some(acceptor) => app_server.bind_openssl(app_address, acceptor),
            None => app_server.bind(app_address),
        };
        let app_server = app_server.map_err(|error| taken(app_address, error))?.run();
        print(&format!(
            "\n  Routes, and to whom they are open:\n\n{}\n  Open {app_url}\n\n  The test identity provider is at {idp_url}.\n  \
             Keys, metadata and saml.toml are in {}.\n  Stop with Ctrl-C.\n",
            indented(&coverage),
            arguments.data.display()
        ));
        app_server.await?;
        idp_handle.stop(false).await;
        Ok(ExitCode::SUCCESS)
    })
}

fn indented(coverage: &Coverage) -> String {
    coverage.to_string().lines().fold(String::new(), |text, line| text + "    " + line + "\n")
}

fn write_config(
    arguments: &Arguments,
    app_url: &str,
    metadata_url: &str,
) -> Result<PathBuf, Problem> {
    let path = arguments.data.join("saml.toml");
    let ca = if arguments.tls { "ca = \"tls-cert.pem\"\n" } else { "" };
    let audit = match arguments.audit.as_deref() {
        None => String::new(),
        Some("stdout") => "\n[audit]\nfile = \"stdout\"\n".to_owned(),
        // Relative to where the program was called, not to the file.
        Some(path) => {
            let path = std::path::absolute(path)?;
            format!("\n[audit]\nfile = {}\n", serde_json::to_string(&path)?)
        }
    };
    let text = format!(
        "# Written by `actix-saml demo` at each start.\n\
         base_url = \"{app_url}\"\n\
         entity_id = \"{app_url}/saml/metadata\"\n\
         listen = \"{APP_HOST}:{}\"\n\
         # Allows http on this machine and the keys of the test identity provider.\n\
         dev = true\n\n\
         [[idp]]\n\
         # Fetched every few minutes; the file is the last known good.\n\
         metadata_url = \"{metadata_url}\"\n\
         metadata = \"{KNOWN_GOOD}\"\n\
         label = \"Test sign-in\"\n{ca}\n\
         [keys]\n\
         signing_key = \"sp-signing-key.pem\"\n\
         signing_cert = \"sp-signing-cert.pem\"\n\n\
         [session]\n\
         keep_forms = true\n\n\
         [refresh]\n\
         minutes = 5\n\n\
         [organisation]\n\
         name = \"Example Wards NHS Trust (fictional)\"\n\
         url = \"{app_url}\"\n\n\
         [contact]\n\
         name = \"Rota team\"\n\
         email = \"rota.team@example.nhs.uk\"\n{audit}",
        arguments.app_port
    );
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
