//! `actix-saml verify`: the pure verifier as a program. Other tools call it, so its arguments,
//! exit status and JSON do not change.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, ValueEnum};
use serde_json::{Value, json};

use super::{Problem, print};
use crate::crypto::PrivateKey;
use crate::saml::metadata::IdpMetadata;
use crate::saml::{
    Assertion, ClockSkew, EntityId, Expectations, ExpectedRequest, Rejection, RequestedAuthn,
    RequireSigned, decide, format_instant, is_invisible, peek_issuer,
};
use crate::web::{Clock as _, SystemClock};
use crate::xml::Limits;
use crate::xml::decode_base64;
use crate::xmlenc::DecryptionKey;

/// Base64 of the largest message, and some line ends.
const MAX_FILE: usize = 4 * 1024 * 1024;
/// The largest key, with room for what people write around it.
const MAX_KEY: usize = 64 * 1024;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("request").required(true).args(["request_id", "unsolicited"])))]
pub(super) struct Arguments {
    /// Metadata of an identity provider that is trusted. May be given more than once.
    #[arg(long, value_name = "FILE", required = true)]
    idp_metadata: Vec<PathBuf>,
    /// Our entityID: the audience.
    #[arg(long, value_name = "ID")]
    sp_entity_id: EntityId,
    /// Our assertion consumer service: Destination and Recipient.
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    acs_url: String,
    /// A key that decrypts assertions. May be given more than once.
    #[arg(long, value_name = "PEM")]
    sp_key: Vec<PathBuf>,
    /// The time to decide at; the machine's clock by default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    now: Option<DateTime<Utc>>,
    /// How far clocks may differ, 0 to 300.
    #[arg(long, value_name = "SECONDS", default_value = "180", value_parser = parse_skew)]
    clock_skew: ClockSkew,
    /// Which signatures must be there.
    #[arg(long, value_enum, default_value = "either")]
    require_signed: Required,
    /// The ID of the AuthnRequest that the response must answer.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    request_id: Option<String>,
    /// No request was made, and an unsolicited response is allowed.
    #[arg(long)]
    unsolicited: bool,
    /// Accept signatures with SHA-1 until then, which is dangerous.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    dangerous_accept_sha1_until: Option<DateTime<Utc>>,
    /// How to print the verdict.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The response: base64 as posted, or XML. `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Text,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Required {
    Either,
    Assertion,
    Response,
    Both,
}

impl From<Required> for RequireSigned {
    fn from(required: Required) -> Self {
        match required {
            Required::Either => Self::Either,
            Required::Assertion => Self::Assertion,
            Required::Response => Self::Response,
            Required::Both => Self::Both,
        }
    }
}

fn parse_now(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text).map(|t| t.to_utc()).map_err(|e| e.to_string())
}

fn parse_skew(text: &str) -> Result<ClockSkew, String> {
    let seconds: u32 = text.parse().map_err(|_| "not a whole number".to_owned())?;
    ClockSkew::from_seconds(seconds).ok_or_else(|| "more than 300 seconds".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let now = arguments.now.unwrap_or_else(|| SystemClock.now());
    let idps = read_metadata(&arguments.idp_metadata, now)?;
    let own_keys = read_decryption_keys(&arguments.sp_key)?;
    let message = read_message(&arguments.file)?;
    let verdict = verify(arguments, &idps, &own_keys, &message, now);
    print(&match arguments.format {
        Format::Json => escape_controls(&to_json(&verdict).to_string()),
        Format::Text => to_text(&verdict),
    });
    Ok(if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn read_metadata(paths: &[PathBuf], now: DateTime<Utc>) -> Result<Vec<IdpMetadata>, Problem> {
    let mut idps: Vec<IdpMetadata> = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read(path, Limits::METADATA.bytes)?;
        let idp = IdpMetadata::read(&bytes, now).map_err(|error| in_file(path, &error))?;
        // Which of the two has the keys that count would be a guess.
        if idps.iter().any(|other| other.entity_id() == idp.entity_id()) {
            let problem = format!("the identity provider {:?} is there twice", idp.entity_id());
            return Err(in_file(path, &problem));
        }
        idps.push(idp);
    }
    Ok(idps)
}

fn read_decryption_keys(paths: &[PathBuf]) -> Result<Vec<DecryptionKey>, Problem> {
    let read_key = |path: &PathBuf| {
        let key = PrivateKey::from_pem(&read(path, MAX_KEY)?);
        let key = DecryptionKey::new(key.map_err(|error| in_file(path, &error))?);
        key.map_err(|_| in_file(path, &"assertions are encrypted to RSA keys, and this is none"))
    };
    paths.iter().map(read_key).collect()
}

fn read_message(path: &Path) -> Result<Vec<u8>, Problem> {
    if path == Path::new("-") {
        return Ok(read_up_to(std::io::stdin().lock(), MAX_FILE)
            .map_err(|error| format!("standard input: {error}"))?);
    }
    read(path, MAX_FILE)
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Problem> {
    let file = std::fs::File::open(path);
    file.and_then(|file| read_up_to(file, limit)).map_err(|error| in_file(path, &error))
}

/// Reads one byte more than `limit` at most: enough to refuse it.
fn read_up_to(source: impl std::io::Read, limit: usize) -> std::io::Result<Vec<u8>> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    source.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn in_file(path: &Path, problem: &dyn std::fmt::Display) -> Problem {
    format!("{}: {problem}", path.display()).into()
}

/// The rule that does not hold, and how.
type Failure = (&'static str, Rejection);

fn verify(
    arguments: &Arguments,
    idps: &[IdpMetadata],
    own_keys: &[DecryptionKey],
    message: &[u8],
    now: DateTime<Utc>,
) -> Result<Assertion, Failure> {
    if message.len() > MAX_FILE {
        let limit = Limits::MESSAGE.bytes;
        return Err(("well-formed", crate::xml::XmlError::Limit { what: "bytes", limit }.into()));
    }
    let decoded;
    let xml = if looks_like_xml(message) {
        message
    } else {
        decoded = decode_base64(message).ok_or(("binding", Rejection::Base64))?;
        &decoded
    };
    let idp = match idps {
        [only] => only,
        several => {
            let found = peek_issuer(xml).map_err(|rejection| match rejection {
                Rejection::Xml(_) => ("well-formed", rejection),
                other => ("response-structure", other),
            })?;
            several
                .iter()
                .find(|idp| Some(idp.entity_id().as_str()) == found.as_deref())
                .ok_or(("assertion-issuer", Rejection::UnknownIssuer { found }))?
        }
    };
    let expect = Expectations {
        idp: idp.entity_id().clone(),
        sp: arguments.sp_entity_id.clone(),
        acs_url: arguments.acs_url.clone(),
        request: match &arguments.request_id {
            Some(id) => ExpectedRequest::Id(id.clone()),
            None => ExpectedRequest::Unsolicited,
        },
        require_signed: arguments.require_signed.into(),
        clock_skew: arguments.clock_skew,
        authn: RequestedAuthn::default(),
    };
    let mut keys = idp.keys().clone().with_decryption(own_keys.to_vec());
    if let Some(end) = arguments.dangerous_accept_sha1_until {
        keys.dangerous().accept_sha1_signatures_until(end);
    }
    decide(xml, &expect, &keys, now)
}

/// XML begins with `<`, behind white space or a byte order mark; base64 never does.
fn looks_like_xml(message: &[u8]) -> bool {
    let message = message.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(message);
    message.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<')
}

fn to_json(verdict: &Result<Assertion, Failure>) -> Value {
    match verdict {
        Ok(assertion) => {
            let name_id = assertion.name_id().map(|name_id| {
                json!({
                    "value": name_id.value,
                    "format": name_id.format,
                    "name_qualifier": name_id.name_qualifier,
                    "sp_name_qualifier": name_id.sp_name_qualifier,
                })
            });
            let attributes: serde_json::Map<String, Value> = assertion
                .attributes()
                .iter()
                .map(|a| (a.name.clone(), Value::from(a.values.clone())))
                .collect();
            let authn = assertion.authn();
            json!({
                "accepted": true,
                "issuer": assertion.issuer().as_str(),
                "assertion_id": assertion.id(),
                "name_id": name_id,
                "session_index": authn.session_index,
                "attributes": attributes,
                "authn_context": authn.class_ref,
                "authn_instant": format_instant(authn.authn_instant),
                "signed": assertion.signed().as_str(),
            })
        }
        Err((rule, rejection)) => json!({
            "accepted": false,
            "code": rejection.code(),
            "rule": rule,
            "detail": rejection.to_string(),
        }),
    }
}

fn to_text(verdict: &Result<Assertion, Failure>) -> String {
    let assertion = match verdict {
        Ok(assertion) => assertion,
        Err((rule, rejection)) => {
            return format!(
                "rejected\n  code    {}\n  rule    {rule}\n  detail  {}",
                rejection.code(),
                printable(&rejection.to_string())
            );
        }
    };
    let authn = assertion.authn();
    let mut lines = vec![
        "accepted".to_owned(),
        format!("  issuer         {}", assertion.issuer()),
        format!("  assertion      {}", assertion.id()),
        format!("  signed         {}{}", assertion.signed().as_str(), weakness(assertion)),
        format!("  name id        {}", assertion.name_id().map_or("-", |n| &n.value)),
        format!("  session index  {}", authn.session_index.as_deref().unwrap_or("-")),
        format!("  signed in at   {}", format_instant(authn.authn_instant)),
        format!("  signed in by   {}", authn.class_ref.as_deref().unwrap_or("-")),
    ];
    for attribute in assertion.attributes() {
        lines.push(format!("  {}", attribute.name));
        lines.extend(attribute.values.iter().map(|value| format!("      {value}")));
    }
    lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n")
}

fn weakness(assertion: &Assertion) -> &'static str {
    if assertion.uses_sha1() { ", with SHA-1" } else { "" }
}

/// Nothing of a message steers the terminal, or makes a line look like another.
fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { '\u{FFFD}' } else { c }).collect()
}

/// JSON need not escape all of what steers a terminal: DEL and the controls behind it. In JSON
/// such characters stand in strings alone, so that each can become its escape wherever it stands.
fn escape_controls(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}
