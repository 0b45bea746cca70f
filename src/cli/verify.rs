//! `actix-saml verify`: the pure verifier as a program. Other tools call it, so its arguments,
//! exit status and JSON do not change.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use super::options::{Format, Judging};
use super::sources::{MAX_FILE, looks_like_xml, read_decryption_keys, read_message, read_metadata};
use super::terminal::{escape_controls, printable};
use super::{Problem, print};
use crate::saml::metadata::IdpMetadata;
use crate::saml::{
    Assertion, EntityId, Expectations, ExpectedRequest, Rejection, RequestedAuthn, decide,
    format_instant, peek_issuer,
};
use crate::web::{Clock as _, SystemClock};
use crate::xml::Limits;
use crate::xml::decode_base64;
use crate::xmlenc::DecryptionKey;

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
    #[command(flatten)]
    judging: Judging,
    /// The ID of the AuthnRequest that the response must answer.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    request_id: Option<String>,
    /// No request was made, and an unsolicited response is allowed.
    #[arg(long)]
    unsolicited: bool,
    /// How to print the verdict.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The response: base64 as posted, or XML. `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let now = arguments.judging.now.unwrap_or_else(|| SystemClock.now());
    let idps = read_metadata(&arguments.idp_metadata, now)?;
    let own_keys = read_decryption_keys(&arguments.judging)?;
    let message = read_message(&arguments.file)?;
    let verdict = verify(arguments, &idps, &own_keys, &message, now);
    print(&match arguments.format {
        Format::Json => escape_controls(&to_json(&verdict).to_string()),
        Format::Text => to_text(&verdict),
    });
    Ok(if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) })
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
        require_signed: arguments.judging.require_signed.into(),
        clock_skew: arguments.judging.clock_skew,
        authn: RequestedAuthn::default(),
    };
    let mut keys = idp.keys().clone().with_decryption(own_keys.to_vec());
    if let Some(end) = arguments.judging.dangerous_accept_sha1_until {
        keys.dangerous().accept_sha1_signatures_until(end);
    }
    decide(xml, &expect, &keys, now)
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
