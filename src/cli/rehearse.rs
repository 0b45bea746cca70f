//! `actix-saml rehearse`: NHSmail's side, honest and hostile, in front of any service provider.

mod progress;
mod summary;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use url::Url;

use super::options::Colour;
use super::terminal::escape_controls;
use super::{Problem, complain, print};
use crate::crypto::Certificate;
use crate::idp::{Personality, RelyingParty, SigningKey, TestIdp, TestKeys, Validity};
use crate::rehearse::report::{Report, to_html, to_json, to_junit};
use crate::rehearse::{CannotRehearse, Case, Fence, Plan, Rehearsal, SignedInCheck, THEMES, Theme};
use crate::web::{Clock as _, SystemClock};
use progress::ProgressLine;
use summary::summary;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The service provider's metadata. Without it the identity provider's metadata is written, and
    /// nothing else happens.
    #[arg(long, value_name = "URL|FILE", requires = "start")]
    sp_metadata: Option<String>,
    /// A page for which one must be signed in.
    #[arg(long, value_name = "URL")]
    start: Option<Url>,
    /// How to tell that somebody is signed in: an address that then answers 200, or a text that the
    /// start page then holds. By default: the start page answers and asks for no sign-in.
    #[arg(long, value_name = "URL|TEXT")]
    signed_in_check: Option<String>,
    /// The service provider is meant to take responses that nobody asked for, as from a page of links.
    #[arg(long)]
    unsolicited_allowed: bool,
    /// Whose habits the identity provider has.
    #[arg(long, value_enum, default_value = "adfs")]
    personality: Habits,
    /// The address of the identity provider in its metadata. Nothing need listen there.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8085")]
    idp_url: String,
    /// The folder with the identity provider's keys, which are made when there are none. The keys of
    /// `actix-saml idp` and `actix-saml demo` will do.
    #[arg(long, value_name = "DIR", default_value = "rehearsal-keys")]
    keys: PathBuf,
    /// Write the identity provider's metadata there first: the service provider must trust it.
    #[arg(long, value_name = "FILE")]
    idp_metadata_out: Option<PathBuf>,
    /// Serve the identity provider's metadata there while the rehearsal lasts.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// How long to wait until the first honest sign-in works.
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    wait: u64,
    /// How long one request may take.
    #[arg(long, value_name = "SECONDS", default_value = "15")]
    timeout: u64,
    /// How long to wait for a service provider that does not answer any more. The delay is held
    /// against the case that has caused it.
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    recovery: u64,
    /// Play this case or theme alone, and the honest cases it needs. May be given more than once.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// A certificate authority to trust beside those of the machine, for https.
    #[arg(long, value_name = "PEM")]
    ca: Vec<PathBuf>,
    /// Allow addresses that are neither this machine nor a private network. Only with the consent of
    /// whoever runs them.
    #[arg(long)]
    allow_public: bool,
    /// A report for people, in one file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// A report for CI, as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// A report for programs, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Whether the terminal gets colours.
    #[arg(long = "color", value_name = "WHEN", value_enum, default_value = "auto")]
    colour: Colour,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Habits {
    Adfs,
    Entra,
}

impl From<Habits> for Personality {
    fn from(habits: Habits) -> Self {
        match habits {
            Habits::Adfs => Self::Adfs,
            Habits::Entra => Self::Entra,
        }
    }
}

/// Something was not as expected.
const NOT_AS_EXPECTED: u8 = 1;

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let idp = identity_provider(arguments)?;
    if let Some(path) = &arguments.idp_metadata_out {
        write(path, &idp.metadata()?)?;
        print(&format!("The identity provider's metadata is in {}.", path.display()));
    }
    let (Some(sp_metadata), Some(start)) = (&arguments.sp_metadata, &arguments.start) else {
        return match arguments.idp_metadata_out {
            Some(_) => Ok(ExitCode::SUCCESS),
            None => Err("say --sp-metadata and --start, or --idp-metadata-out".into()),
        };
    };
    known(&arguments.only)?;
    let mut plan = Plan {
        sp_metadata: Vec::new(),
        start: start.clone(),
        check: check(arguments.signed_in_check.as_deref()),
        takes_unsolicited: arguments.unsolicited_allowed,
        fence: Fence { allow_public: arguments.allow_public },
        timeout: Duration::from_secs(arguments.timeout.max(1)),
        recovery: Duration::from_secs(arguments.recovery),
        authorities: authorities(&arguments.ca)?,
        clock: now,
        idp,
    };
    if let Some(address) = arguments.listen {
        serve_metadata(address, &plan.idp)?;
    }
    plan.sp_metadata = match Url::parse(sp_metadata) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Rehearsal::fetch(&plan, &url)?,
        _ => std::fs::read(sp_metadata).map_err(|error| format!("{sp_metadata}: {error}"))?,
    };
    let began = now();
    let rehearsal = begin(&plan, Duration::from_secs(arguments.wait))?;
    let in_colour = arguments.colour.is_wanted();
    let mut line = ProgressLine::new(std::io::stderr().is_terminal());
    let findings = rehearsal.play_some(
        |theme, case| is_wanted(&arguments.only, theme, case),
        |progress| line.show(&progress),
    );
    line.end();
    let relying_party = RelyingParty::from_metadata(&plan.sp_metadata)?;
    let report = Report {
        sp_entity_id: relying_party.entity_id.to_string(),
        acs_url: relying_party.acs.first().map(|acs| acs.url.clone()).unwrap_or_default(),
        start: start.to_string(),
        idp_entity_id: plan.idp.entity_id.to_string(),
        personality: plan.idp.personality.as_str(),
        shows_names: rehearsal.shows_names(),
        began,
        took: now().signed_duration_since(began),
        sp_metadata: String::from_utf8_lossy(&plan.sp_metadata).into_owned(),
        findings,
    };
    if let Some(path) = &arguments.report {
        write(path, &to_html(&report))?;
    }
    if let Some(path) = &arguments.json {
        // Line ends stand between its parts alone.
        let lines: Vec<_> = to_json(&report).lines().map(escape_controls).collect();
        write(path, &(lines.join("\n") + "\n"))?;
    }
    if let Some(path) = &arguments.junit {
        write(path, &to_junit(&report))?;
    }
    print(&summary(&report, in_colour));
    Ok(match report.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(NOT_AS_EXPECTED),
    })
}

fn now() -> DateTime<Utc> {
    SystemClock.now()
}

fn identity_provider(arguments: &Arguments) -> Result<TestIdp, Problem> {
    let url = Url::parse(&arguments.idp_url)?;
    let host = url.host_str().unwrap_or("rehearsal").to_owned();
    let is_new = !arguments.keys.join("idp-signing-cert.pem").exists();
    let personality = arguments.personality.into();
    let mut keys = TestKeys::load_or_generate(&arguments.keys, personality, &host, now())?;
    if is_new {
        // So that a change of keys can be rehearsed.
        keys.announce(SigningKey::generate_as(personality, &host, Validity::three_years(now()))?);
        keys.save(&arguments.keys)?;
    }
    Ok(TestIdp::at(personality, &arguments.idp_url, keys)?)
}

fn is_wanted(only: &[String], theme: &Theme, case: &Case) -> bool {
    only.is_empty() || only.iter().any(|id| id == theme.id || id == case.id)
}

/// Whether each is the name of a theme or of a case.
fn known(only: &[String]) -> Result<(), Problem> {
    let is_known = |id: &&String| {
        let id = std::slice::from_ref(*id);
        THEMES.iter().any(|theme| theme.cases().iter().any(|case| is_wanted(id, theme, case)))
    };
    match only.iter().find(|id| !is_known(id)) {
        Some(id) => Err(format!("--only: there is no case or theme {id}").into()),
        None => Ok(()),
    }
}

fn check(text: Option<&str>) -> SignedInCheck {
    match text {
        None => SignedInCheck::StartPage,
        Some(text) => match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => SignedInCheck::Address(url),
            _ => SignedInCheck::Text(text.to_owned()),
        },
    }
}

fn authorities(paths: &[PathBuf]) -> Result<Vec<Certificate>, Problem> {
    let mut all = Vec::new();
    for path in paths {
        let in_file = |problem: String| format!("{}: {problem}", path.display());
        let pem = std::fs::read(path).map_err(|error| in_file(error.to_string()))?;
        all.extend(Certificate::all_from_pem(&pem).map_err(|error| in_file(error.to_string()))?);
    }
    Ok(all)
}

/// The first sign-in; again every second as long as there is time.
fn begin(plan: &Plan, wait: Duration) -> Result<Rehearsal, Problem> {
    let begun = Instant::now();
    let mut has_said = false;
    loop {
        match Rehearsal::begin(plan.clone()) {
            Ok(rehearsal) => return Ok(rehearsal),
            Err(error @ (CannotRehearse::NoSignIn { .. } | CannotRehearse::FirstSignIn { .. }))
                if begun.elapsed() < wait =>
            {
                if !has_said {
                    complain(&format!("waiting for the first sign-in: {error}"));
                    has_said = true;
                }
                std::thread::sleep(Duration::from_secs(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Serves the metadata at `address` until the program ends, on a thread of its own.
fn serve_metadata(address: SocketAddr, idp: &TestIdp) -> Result<(), Problem> {
    use actix_web::{App, HttpResponse, HttpServer, web};
    let xml = idp.metadata()?;
    let listener = std::net::TcpListener::bind(address)
        .map_err(|error| format!("cannot listen at {address}: {error}"))?;
    let path = idp.personality.metadata_path();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                let xml = xml.clone();
                let answer = move || {
                    let xml = xml.clone();
                    async { HttpResponse::Ok().content_type("application/xml").body(xml) }
                };
                App::new().route(&path, web::get().to(answer))
            });
            match server.workers(1).disable_signals().listen(listener) {
                Ok(server) => server.run().await,
                Err(error) => Err(error),
            }
        })
    });
    print(&format!("The identity provider's metadata is at {}.", idp.metadata_url()));
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}
