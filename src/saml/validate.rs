use chrono::{DateTime, Utc};

use super::assertion::Assertion;
use super::expectations::Expectations;
use super::keys::Keys;
use super::names::{ASSERTION, PROTOCOL};
use super::plaintext::Plaintext;
use super::rejection::Rejection;
use super::rules::{RULES, Run, SIGNATURE, WELL_FORMED};
use crate::xml::{Document, Limits};

/// Decides about one response. Pure: the time and the keys are arguments, and nothing is read,
/// written or remembered. What it cannot decide is whether the assertion was used before: keep its
/// [`id`](Assertion::id) until [`usable_until`](Assertion::usable_until) and refuse a second use.
///
/// `response` is the XML of the `Response`, not its base64.
///
/// # Errors
/// The [`Rejection`] of the first rule of [`RULES`] that does not hold.
pub fn validate(
    response: &[u8],
    expect: &Expectations,
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<Assertion, Rejection> {
    decide(response, expect, keys, now).map_err(|(_, rejection)| rejection)
}

/// As [`validate`], with the name of the rule that does not hold.
pub(crate) fn decide(
    response: &[u8],
    expect: &Expectations,
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<Assertion, (&'static str, Rejection)> {
    let document =
        Document::parse(response, &Limits::MESSAGE).map_err(|e| (WELL_FORMED.name, e.into()))?;
    let plaintext = Plaintext::default();
    let mut run = Run::new(&document, expect, keys.into(), now, &plaintext);
    for rule in RULES {
        (rule.check)(&mut run).map_err(|rejection| (rule.name, rejection))?;
    }
    run.accept().map_err(|rejection| (SIGNATURE, rejection))
}

/// What a response says of its issuer, before anything is verified: good for choosing whose keys
/// to try, and for nothing else. The assertion's issuer counts, then the response's.
///
/// # Errors
/// [`Rejection::Xml`] or [`Rejection::NotResponse`] when it is no response at all.
pub fn peek_issuer(response: &[u8]) -> Result<Option<String>, Rejection> {
    peek(response).map(|peeked| peeked.issuer)
}

/// What a response says of itself, before anything is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peeked {
    /// Its issuer; see [`peek_issuer`].
    pub issuer: Option<String>,
    /// `InResponseTo` of the response.
    pub in_response_to: Option<String>,
}

/// As [`peek_issuer`], and which request it says that it answers.
///
/// # Errors
/// [`Rejection::Xml`] or [`Rejection::NotResponse`] when it is no response at all.
pub fn peek(response: &[u8]) -> Result<Peeked, Rejection> {
    let document = Document::parse(response, &Limits::MESSAGE)?;
    let root = document.root();
    if !root.is(PROTOCOL, "Response") {
        return Err(Rejection::NotResponse { found: root.local_name().to_owned() });
    }
    let in_response_to = root.attribute("InResponseTo").map(str::to_owned);
    let assertion = root.elements().find(|n| n.is(ASSERTION, "Assertion"));
    let issuer = [assertion, Some(root)]
        .into_iter()
        .flatten()
        .find_map(|parent| parent.elements().find(|n| n.is(ASSERTION, "Issuer")));
    let issuer = issuer.and_then(|n| n.text()).map(str::to_owned);
    Ok(Peeked { issuer, in_response_to })
}
