//! `actix-saml metadata fetch`: metadata from its URL to a file, and what is new in it. Other tools
//! call it, so its arguments, exit status and JSON do not change.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};
use url::Url;

use super::check::{Refused, Report, Warning, to_lines};
use super::difference::words;
use super::expected::Expected;
use crate::cli::options::Format;
use crate::cli::sources::{read_authorities, read_whole};
use crate::cli::terminal::{escape_controls, printable};
use crate::cli::{Problem, print};
use crate::saml::metadata::{Change, IdpMetadata, Reading};
use crate::web::federation::{
    Fetch as _, FetchRequest, Fetched, HttpFetch, ProxySettings, Validators, replace_file,
};
use crate::xml::Limits;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the metadata is published: https.
    #[arg(value_name = "URL")]
    url: Url,
    /// Save it in this file, in one step, unless it is refused. If the file is there already, it
    /// must be metadata of the same provider, and what has changed since is shown.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Save it although none of the signing keys is in the present file, and no pinned key vouches
    /// for it. Ask the provider first: somebody else's metadata looks the same.
    #[arg(long, requires = "output")]
    replace_all_keys: bool,
    /// Certificate authorities to trust for this URL besides those of the machine, in PEM form.
    /// May be given more than once.
    #[arg(long, value_name = "CERT")]
    ca: Vec<PathBuf>,
    /// How long everything together may take.
    #[arg(long, value_name = "SECONDS", default_value = "30",
        value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Development: fetch by http from this machine.
    #[arg(long)]
    allow_loopback_http: bool,
    #[command(flatten)]
    expected: Expected,
    /// How to print the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// What became of it.
struct Outcome {
    report: Report,
    /// Against the present file, if there is one.
    difference: Option<Difference>,
    trust: Trust,
    is_saved: bool,
}

struct Difference {
    changes: Vec<Change>,
    shares_key: bool,
}

/// Why the document is believed to be the provider's.
#[derive(Clone, Copy)]
enum Trust {
    /// A pinned key signed it.
    Pinned,
    /// The server at that address sent it.
    Tls,
    /// A process on this machine sent it.
    Nothing,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    let proxy = ProxySettings::from_environment(&|name| std::env::var_os(name).map(text))?;
    let outcome = fetch(arguments, &HttpFetch::new(proxy))?;
    print(&match arguments.format {
        Format::Json => escape_controls(&to_json(arguments, &outcome)?.to_string()),
        Format::Text => to_text(arguments, &outcome),
    });
    Ok(match outcome.report {
        Report::Usable(_) => ExitCode::SUCCESS,
        Report::Refused(_) => ExitCode::from(1),
    })
}

fn fetch(arguments: &Arguments, client: &HttpFetch) -> Result<Outcome, Problem> {
    let anchor = arguments.expected.anchor()?;
    let authorities = read_authorities(&arguments.ca)?;
    let now = arguments.expected.now();
    let mut reading = arguments.expected.reading(anchor.as_ref());
    let trust = match (&anchor, arguments.url.scheme()) {
        (Some(_), _) => Trust::Pinned,
        (None, "https") => Trust::Tls,
        (None, _) => Trust::Nothing,
    };
    let refused = |code, detail: String| Outcome {
        report: Report::Refused(Refused::new(code, detail)),
        difference: None,
        trust,
        is_saved: false,
    };
    let present = match present(arguments)? {
        Ok(present) => present,
        Err(detail) => return Ok(refused("present_file", detail)),
    };
    // Another provider's metadata does not belong into this file.
    reading.entity_id = reading.entity_id.or(present.as_ref().map(IdpMetadata::entity_id));

    let fetched = client.fetch(&FetchRequest {
        url: arguments.url.clone(),
        have: Validators::default(),
        max_bytes: Limits::METADATA.bytes,
        timeout: Duration::from_secs(arguments.timeout),
        authorities,
        allow_loopback_http: arguments.allow_loopback_http,
    });
    let bytes = match fetched {
        Ok(Fetched::Document { bytes, .. }) => bytes,
        // Nothing was asked for that could be unchanged.
        Ok(Fetched::NotModified) => return Ok(refused("fetch_status", "status 304".to_owned())),
        Err(error) => return Ok(refused(error.code(), error.to_string())),
    };
    let mut report = Report::make(&bytes, &reading, now);
    let Ok(metadata) = IdpMetadata::read_as(&bytes, &reading, now) else {
        return Ok(Outcome { report, difference: None, trust, is_saved: false });
    };
    let difference = present.as_ref().map(|present| Difference {
        changes: metadata.changes_since(present),
        shares_key: metadata.shares_key_with(present),
    });
    if let Some(Difference { shares_key: false, .. }) = difference {
        let detail = "NO SIGNING KEY IS SHARED with the present file: providers change their keys \
                      one at a time, so that this may be somebody else's metadata";
        if !metadata.is_vouched_for() && !arguments.replace_all_keys {
            let detail = format!("{detail}. Ask the provider, and then call --replace-all-keys");
            report = Report::Refused(Refused::new("no_shared_key", detail));
            return Ok(Outcome { report, difference, trust, is_saved: false });
        }
        report.warn(Warning { code: "no_shared_key", detail: detail.to_owned() });
    }
    let is_saved = match &arguments.output {
        None => false,
        Some(path) => match replace_file(path, &bytes) {
            Ok(()) => true,
            Err(error) => {
                report = Report::Refused(Refused::new(error.code(), error.to_string()));
                false
            }
        },
    };
    Ok(Outcome { report, difference, trust, is_saved })
}

/// The metadata that is going to be replaced, if there is some; or why nothing may replace it.
fn present(arguments: &Arguments) -> Result<Result<Option<IdpMetadata>, String>, Problem> {
    let Some(path) = arguments.output.as_deref().filter(|path| path.exists()) else {
        return Ok(Ok(None));
    };
    if !path.is_file() {
        return Ok(Err(format!("{} is no regular file", path.display())));
    }
    let bytes = read_whole(path, Limits::METADATA.bytes)?;
    let reading =
        Reading { entity_id: arguments.expected.entity_id.as_ref(), ..Reading::default() };
    // Metadata that has ended still says which keys were trusted.
    Ok(IdpMetadata::read_as(&bytes, &reading, DateTime::<Utc>::MIN_UTC).map(Some).map_err(
        |error| {
            let path = path.display();
            format!("{path} is not metadata of this provider, so it is not replaced: {error}")
        },
    ))
}

/// Scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn to_json(arguments: &Arguments, outcome: &Outcome) -> Result<Value, Problem> {
    let mut json = serde_json::to_value(&outcome.report)?;
    let changes = outcome.difference.as_ref().map(|difference| {
        let change = |change: &Change| {
            json!({ "code": change.code(), "detail": words(change, difference.shares_key) })
        };
        difference.changes.iter().map(change).collect::<Vec<_>>()
    });
    let saved = arguments.output.as_deref().filter(|_| outcome.is_saved).map(Path::to_string_lossy);
    if let Value::Object(members) = &mut json {
        for (name, value) in [
            ("origin", json!(origin(&arguments.url))),
            ("trust", json!(outcome.trust.code())),
            ("changes", json!(changes)),
            ("shares_key", json!(outcome.difference.as_ref().map(|d| d.shares_key))),
            ("saved", json!(saved)),
        ] {
            members.insert(name.to_owned(), value);
        }
    }
    Ok(json)
}

impl Trust {
    fn code(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Tls => "tls",
            Self::Nothing => "none",
        }
    }

    fn words(self, origin: &str) -> String {
        match self {
            Self::Pinned => "the pinned key that signed it".to_owned(),
            Self::Tls => format!("the TLS connection to {origin}, and no signature"),
            Self::Nothing => format!("none: {origin} is not protected at all"),
        }
    }
}

fn to_text(arguments: &Arguments, outcome: &Outcome) -> String {
    let mut lines = to_lines(&outcome.report);
    let origin = origin(&arguments.url);
    let mut line = |text: String| lines.push(printable(&text));
    line(format!("  from           {origin}"));
    if matches!(outcome.report, Report::Usable(_)) {
        line(format!("  trust          {}", outcome.trust.words(&origin)));
    }
    let output = arguments.output.as_deref().map(Path::display);
    if let (Some(difference), Some(output)) = (&outcome.difference, &output) {
        line(format!("  compared with {output}:"));
        if difference.changes.is_empty() {
            line("    nothing has changed".to_owned());
        }
        for change in &difference.changes {
            line(format!("    {}", words(change, difference.shares_key)));
        }
    }
    match output {
        Some(output) if outcome.is_saved => line(format!("  saved          {output}")),
        Some(output) => line(format!("  NOT SAVED      {output}")),
        None => {}
    }
    lines.join("\n")
}
