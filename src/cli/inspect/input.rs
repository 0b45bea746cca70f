//! What a file holds, in whatever form it was captured.

use serde::Serialize;
use thiserror::Error;
use url::form_urlencoded;

use super::form::hidden_fields;
use crate::cli::sources::looks_like_xml;
use crate::saml::binding::{RedirectFault, RedirectMessage, inflate};
use crate::xml::decode_base64;

/// How a message was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    /// XML as it is.
    Xml,
    /// Base64 of XML.
    Base64,
    /// Base64 of a DEFLATE stream of XML, without the rest of the URL.
    Deflate,
    /// The URL or query of HTTP-Redirect.
    Redirect,
    /// The body of HTTP-POST.
    Post,
    /// The page whose form sends itself.
    Page,
}

impl Form {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Xml => "XML",
            Self::Base64 => "base64",
            Self::Deflate => "base64 of DEFLATE",
            Self::Redirect => "HTTP-Redirect",
            Self::Post => "body of HTTP-POST",
            Self::Page => "page with a form for HTTP-POST",
        }
    }
}

/// A message with what came beside it.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) form: Form,
    pub(super) xml: Vec<u8>,
    pub(super) parameter: Option<&'static str>,
    pub(super) relay_state: Option<String>,
    pub(super) redirect: Option<RedirectMessage>,
}

/// Why nothing can be shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Unreadable {
    #[error(
        "this is neither XML, nor base64 of it, nor a URL or form with SAMLRequest or SAMLResponse"
    )]
    Unknown,
    #[error("it is base64, but neither of XML nor of a DEFLATE stream: {0}")]
    Base64(RedirectFault),
    #[error("{name} is there more than once")]
    Repeated { name: &'static str },
    #[error("both SAMLRequest and SAMLResponse are there")]
    TwoMessages,
    #[error("{name} is not base64")]
    NotBase64 { name: &'static str },
    #[error("the query is no message: {0}")]
    Redirect(#[from] RedirectFault),
}

const NAMES: [&str; 2] = ["SAMLRequest", "SAMLResponse"];

impl Input {
    /// Finds the message in the bytes of a file.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        if looks_like_xml(bytes) {
            let text = String::from_utf8_lossy(bytes);
            let fields = if is_page(&text) { hidden_fields(&text) } else { Vec::new() };
            if fields.iter().any(|(name, _)| is_ours(name)) {
                return Self::of_fields(Form::Page, &fields);
            }
            return Ok(Self::plain(Form::Xml, bytes.to_vec()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Unknown)?.trim();
        match parameters(text) {
            Some(query) => Self::of_query(query),
            None => Self::of_base64(text),
        }
    }

    fn plain(form: Form, xml: Vec<u8>) -> Self {
        Self { form, xml, parameter: None, relay_state: None, redirect: None }
    }

    /// Both bindings write `name=value&…`. What inflates came by HTTP-Redirect.
    fn of_query(query: &str) -> Result<Self, Unreadable> {
        let fault = match RedirectMessage::read(query) {
            Ok(message) => {
                return Ok(Self {
                    form: Form::Redirect,
                    xml: message.xml().to_vec(),
                    parameter: Some(message.parameter().as_str()),
                    relay_state: message.relay_state().map(str::to_owned),
                    redirect: Some(message),
                });
            }
            Err(fault) => fault,
        };
        let fields: Vec<_> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        match Self::of_fields(Form::Post, &fields) {
            Ok(input) if looks_like_xml(&input.xml) => Ok(input),
            // It is no body either: what is wrong with it as a query says more.
            Ok(_) | Err(Unreadable::NotBase64 { .. }) => Err(fault.into()),
            Err(other) => Err(other),
        }
    }

    fn of_fields(form: Form, fields: &[(String, String)]) -> Result<Self, Unreadable> {
        let only = |name: &'static str| {
            let mut values = fields.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
            match (values.next(), values.next()) {
                (_, Some(_)) => Err(Unreadable::Repeated { name }),
                (value, None) => Ok(value),
            }
        };
        let (parameter, value) = match (only("SAMLRequest")?, only("SAMLResponse")?) {
            (Some(value), None) => ("SAMLRequest", value),
            (None, Some(value)) => ("SAMLResponse", value),
            (Some(_), Some(_)) => return Err(Unreadable::TwoMessages),
            (None, None) => return Err(Unreadable::Unknown),
        };
        // Browsers' tools show bodies decoded, and then "+" is no space.
        let xml = decode_base64(value.as_bytes())
            .or_else(|| decode_base64(value.replace(' ', "+").as_bytes()))
            .ok_or(Unreadable::NotBase64 { name: parameter })?;
        let relay_state = only("RelayState")?.cloned();
        Ok(Self { form, xml, parameter: Some(parameter), relay_state, redirect: None })
    }

    fn of_base64(text: &str) -> Result<Self, Unreadable> {
        let decoded = decode_base64(text.as_bytes()).filter(|bytes| !bytes.is_empty());
        let decoded = decoded.or_else(|| {
            // The value of a parameter, copied as it stood in a URL.
            let pair = format!("={text}");
            let (_, value) = form_urlencoded::parse(pair.as_bytes()).next()?;
            decode_base64(value.as_bytes()).filter(|bytes| !bytes.is_empty())
        });
        let decoded = decoded.ok_or(Unreadable::Unknown)?;
        if looks_like_xml(&decoded) {
            return Ok(Self::plain(Form::Base64, decoded));
        }
        let xml = inflate(&decoded).map_err(Unreadable::Base64)?;
        Ok(Self::plain(Form::Deflate, xml))
    }
}

fn is_ours(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Whether it begins as HTML does. A message of SAML is never looked through for forms: what would
/// be found there is not what the service provider reads.
fn is_page(text: &str) -> bool {
    const BEGINNINGS: [&str; 6] = ["!doctype html", "html", "head", "body", "form", "input"];
    let mut text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("<?") {
        text = text.split_once("?>").map_or("", |(_, behind)| behind.trim_start());
    }
    let Some(tag) = text.strip_prefix('<') else { return false };
    BEGINNINGS.iter().any(|name| {
        let beginning = tag.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name));
        let next = tag.get(name.len()..).and_then(|rest| rest.chars().next());
        beginning && next.is_none_or(|c| c.is_ascii_whitespace() || matches!(c, '>' | '/'))
    })
}

/// The parameters around the first one that carries a message: a query or a body, alone, in a URL,
/// or in a captured request.
fn parameters(text: &str) -> Option<&str> {
    let at = NAMES.iter().filter_map(|name| text.find(&format!("{name}="))).min()?;
    let (before, after) = text.split_at_checked(at)?;
    let is_end = |c: char| c.is_whitespace() || matches!(c, '\'' | '"');
    let start = before.rfind(is_end).map_or(0, |end| end.saturating_add(1));
    let end = after.find(|c: char| is_end(c) || c == '#').unwrap_or(after.len());
    let word = text.get(start..at.saturating_add(end))?;
    Some(word.split_once('?').map_or(word, |(_, query)| query))
}
