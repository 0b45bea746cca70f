//! `actix-saml rehearse`: NHSmail's side, honest and hostile, in front of any service provider.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use url::Url;

use super::options::Colour;
use super::page::{Page, Style};
use super::terminal::{escape_controls, printable};
use super::{Problem, complain, print};
use crate::crypto::Certificate;
use crate::idp::{Personality, RelyingParty, SigningKey, TestIdp, TestKeys, Validity};
use crate::rehearse::report::{Report, to_html, to_json, to_junit};
use crate::rehearse::{
    CannotRehearse, Fence, Finding, Plan, Progress, Rehearsal, SignedInCheck, Verdict,
};
use crate::web::{Clock as _, SystemClock};

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

/// Of so many findings the terminal says everything. Of more, nobody would read it.
const MAX_TOLD: usize = 20;
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
    let mut plan = Plan {
        sp_metadata: Vec::new(),
        start: start.clone(),
        check: check(arguments.signed_in_check.as_deref()),
        fence: Fence { allow_public: arguments.allow_public },
        timeout: Duration::from_secs(arguments.timeout.max(1)),
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
    let shows_progress = std::io::stderr().is_terminal();
    let mut strange = 0_usize;
    let findings = rehearsal.play(|progress| {
        strange = strange.saturating_add(usize::from(is_told(progress.last)));
        if shows_progress {
            show(&progress, strange);
        }
    });
    if shows_progress {
        let _ = write!(std::io::stderr().lock(), "\r\u{1b}[2K");
    }
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

fn show(progress: &Progress<'_>, strange: usize) {
    let id = printable(progress.last.case.id);
    let (done, of) = (progress.done, progress.of);
    let line = format!("\r\u{1b}[2K  {done:>3} of {of}, {strange} to be looked at: {id}");
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn summary(report: &Report, in_colour: bool) -> String {
    let mut page = Page::new(in_colour);
    for theme in crate::rehearse::THEMES {
        let of_theme = || report.findings.iter().filter(|f| f.theme.id == theme.id);
        let good = of_theme().filter(|f| f.verdict == Verdict::AsExpected).count();
        let all = of_theme().filter(|f| f.verdict != Verdict::NotApplicable).count();
        let (style, mark, count) = match (good, all) {
            (_, 0) => (Style::Faint, "\u{2013}", "not applicable".to_owned()),
            _ if good == all => (Style::Good, "\u{2713}", format!("{good} of {all}")),
            _ => (Style::Bad, "\u{2717}", format!("{good} of {all}")),
        };
        page.plain("  ").piece(style, mark).plain(&format!(" {:<38} {count}", theme.title));
        page.end();
    }
    for (number, finding) in report.findings.iter().filter(|f| is_told(f)).enumerate() {
        let style = match finding.verdict {
            Verdict::NotAsExpected => Style::Bad,
            _ => Style::Doubtful,
        };
        if number == MAX_TOLD {
            page.end();
            page.line(Style::Strong, "And, of which the reports say more:");
        }
        if number >= MAX_TOLD {
            page.plain("  ").piece(style, finding.verdict.label()).plain(": ");
            page.piece(Style::Strong, finding.case.id).plain(&format!(" - {}", finding.case.title));
            page.end();
            continue;
        }
        page.end();
        page.piece(style, finding.verdict.label()).plain(": ");
        page.piece(Style::Strong, finding.case.id)
            .plain(&format!(" - {}", finding.case.title))
            .end();
        page.hanging("  saw:      ", Style::Plain, &finding.saw);
        page.hanging("  expected: ", Style::Plain, finding.case.expected);
        page.hanging("  why:      ", Style::Plain, finding.case.why);
        page.hanging("  fix:      ", Style::Plain, finding.case.fix);
    }
    page.end();
    let counts = format!(
        "{} as expected, {} not as expected, {} inconclusive, {} not applicable",
        report.count(Verdict::AsExpected),
        report.count(Verdict::NotAsExpected),
        report.count(Verdict::Inconclusive),
        report.count(Verdict::NotApplicable),
    );
    page.piece(if report.is_good() { Style::Good } else { Style::Bad }, &counts);
    let seconds = report.took.max(TimeDelta::zero()).num_milliseconds();
    page.plain(&format!(
        " in {}.{} s",
        seconds.div_euclid(1000),
        seconds.rem_euclid(1000).div_euclid(100)
    ));
    page.end();
    page.into_text().trim_end().to_owned()
}

fn is_told(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::NotAsExpected | Verdict::Inconclusive)
}
