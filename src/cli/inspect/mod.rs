//! `actix-saml inspect`: what is in a message, in whatever form it was captured, and what every
//! rule says to it. For people; `verify` is for programs that decide.

mod facts;
mod form;
mod input;
mod listing;
mod message;
mod metadata;
mod moment;
mod report;
mod rules;
mod signature;
#[cfg(test)]
mod tests;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::options::{Colour, Format, Judging};
use super::sources::{read_decryption_keys, read_metadata, read_whole};
use super::terminal::escape_controls;
use super::{Problem, print};
use crate::saml::metadata::IdpMetadata;
use crate::saml::names::ASSERTION;
use crate::saml::{EntityId, ExpectedRequest, peek_issuer};
use crate::web::{Clock as _, SystemClock};
use crate::xml::{Document, Limits};
use input::Input;
use report::{Report, Request, Verdict};
use rules::Given;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Metadata of an identity provider that is trusted. May be given more than once.
    #[arg(long, value_name = "FILE")]
    idp_metadata: Vec<PathBuf>,
    /// Our entityID: the audience.
    #[arg(long, value_name = "ID")]
    sp_entity_id: Option<EntityId>,
    /// Our assertion consumer service: Destination and Recipient.
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    acs_url: Option<String>,
    #[command(flatten)]
    judging: Judging,
    /// The ID of the AuthnRequest that the response must answer.
    #[arg(
        long,
        value_name = "ID",
        value_parser = NonEmptyStringValueParser::new(),
        conflicts_with = "unsolicited"
    )]
    request_id: Option<String>,
    /// No request was made, and an unsolicited response is allowed.
    #[arg(long)]
    unsolicited: bool,
    /// How to print the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Whether to use colours; `auto` does on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value = "auto")]
    color: Colour,
    /// List the XML of metadata too.
    #[arg(long)]
    xml: bool,
    /// A message in any form: XML, base64, a redirect URL, a posted form, a page; or metadata. `-`
    /// reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let now = arguments.judging.now.unwrap_or_else(|| SystemClock.now());
    let mut idps = read_metadata(&arguments.idp_metadata, now)?;
    if let Some(end) = arguments.judging.dangerous_accept_sha1_until {
        for idp in &mut idps {
            idp.dangerous().accept_sha1_signatures_until(end);
        }
    }
    let own_keys = read_decryption_keys(&arguments.judging)?;
    let bytes = read_whole(&arguments.file, Limits::METADATA.bytes)?;
    let input = Input::read(&bytes)?;
    let request = Request {
        given: Given {
            idp: choose(&idps, &input),
            sp: arguments.sp_entity_id.as_ref(),
            acs_url: arguments.acs_url.as_deref(),
            request: match (&arguments.request_id, arguments.unsolicited) {
                (Some(id), _) => Some(ExpectedRequest::Id(id.clone())),
                (None, true) => Some(ExpectedRequest::Unsolicited),
                (None, false) => None,
            },
            require_signed: arguments.judging.require_signed.into(),
            clock_skew: arguments.judging.clock_skew,
        },
        decryption: &own_keys,
        now,
        list_metadata: arguments.xml,
    };
    let report = Report::make(&input, &request)?;
    let text = match arguments.format {
        Format::Json => escape_controls(&serde_json::to_string(&report)?),
        Format::Text => text::to_text(&report, arguments.color.is_wanted()),
    };
    print(text.trim_end_matches('\n'));
    Ok(match report.verdict {
        Verdict::Holds | Verdict::Shown => ExitCode::SUCCESS,
        Verdict::Fails | Verdict::Undecided => ExitCode::from(1),
    })
}

/// The metadata of the provider that the message names; when nothing there has that name, the
/// first, so that the rules about the issuer say so.
fn choose<'i>(idps: &'i [IdpMetadata], input: &Input) -> Option<&'i IdpMetadata> {
    let issuer = peek_issuer(&input.xml).ok().flatten().or_else(|| {
        let document = Document::parse(&input.xml, &Limits::MESSAGE).ok()?;
        message::child(document.root(), ASSERTION, "Issuer")?.text().map(str::to_owned)
    });
    idps.iter().find(|idp| Some(idp.entity_id().as_str()) == issuer.as_deref()).or(idps.first())
}
