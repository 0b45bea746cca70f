//! What is new in metadata, in words.

use chrono::{DateTime, Utc};

use crate::crypto::Certificate;
use crate::saml::binding::Binding;
use crate::saml::metadata::Change;

/// One change. `shares_key` says whether a signing key of the old metadata is in the new too.
pub(in crate::cli) fn words(change: &Change, shares_key: bool) -> String {
    match change {
        Change::EntityId { from, to } => {
            format!("the provider's name changes from {:?} to {:?}", from.as_str(), to.as_str())
        }
        Change::SigningKeyAdded { certificate } => {
            let beside = if shares_key { " beside the current" } else { "" };
            let (key, dates) = (short(certificate), dates(certificate));
            format!("a new signing key {key}, {dates}, is announced{beside}")
        }
        Change::SigningKeyGone { certificate } => {
            format!("signing key {}, {}, is gone", short(certificate), dates(certificate))
        }
        Change::SigningCertificate { from, to } => format!(
            "signing key {} comes in a new certificate {}, {}; the key is the same",
            short(from),
            short(to),
            dates(to)
        ),
        Change::SignOnAddress { binding, from, to } => {
            moved(&format!("the sign-on address for {}", name(*binding)), from, to)
        }
        Change::LogOutAddress { binding, from, to } => {
            moved(&format!("the log-out address for {}", name(*binding)), from, to)
        }
        Change::WantsSignedRequests { to: true } => "requests must be signed now".to_owned(),
        Change::WantsSignedRequests { to: false } => {
            "requests need not be signed any more".to_owned()
        }
        Change::DisplayName { from, to } => moved("the name for people", from, to),
        Change::ScopeAdded(scope) => format!("it may now speak for the scope {:?}", scope.text),
        Change::ScopeGone(scope) => {
            format!("it may no longer speak for the scope {:?}", scope.text)
        }
    }
}

fn moved(what: &str, from: &Option<String>, to: &Option<String>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{what} changes from {from} to {to}"),
        (None, Some(to)) => format!("{what} is new: {to}"),
        (Some(from), None) => format!("{what} is gone; it was {from}"),
        (None, None) => format!("{what} does not change"),
    }
}

/// As much of the fingerprint as people compare.
fn short(certificate: &Certificate) -> String {
    certificate.fingerprint().chars().take(16).chain(['…']).collect()
}

fn dates(certificate: &Certificate) -> String {
    let day = |time: Option<DateTime<Utc>>| {
        time.map_or_else(|| "?".to_owned(), |time| time.format("%Y-%m-%d").to_string())
    };
    format!("valid from {} to {}", day(certificate.not_before()), day(certificate.not_after()))
}

fn name(binding: Binding) -> &'static str {
    match binding {
        Binding::HttpRedirect => "HTTP-Redirect",
        Binding::HttpPost => "HTTP-POST",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{CertificateRequest, KeyShape, PrivateKey};
    use crate::saml::metadata::Scope;
    use crate::saml::{EntityId, parse_instant};

    #[test]
    fn every_change_has_words() {
        let key = PrivateKey::generate(KeyShape::P256).unwrap();
        let certificate = |until: &str| {
            let request = CertificateRequest {
                common_name: "idp.test",
                organisation: None,
                hosts: &[],
                not_before: parse_instant("2026-11-22T16:50:01Z").unwrap(),
                not_after: parse_instant(until).unwrap(),
            };
            Certificate::self_signed(&key, &request).unwrap()
        };
        let one = certificate("2027-01-02T00:00:00Z");
        let two = certificate("2029-03-04T00:00:00Z");
        let start = |certificate: &Certificate| short(certificate).replace('…', "");
        let (a, b) = (start(&one), start(&two));
        let id = |text| EntityId::new(text).unwrap();
        let some = |text: &str| Some(text.to_owned());
        let scope = Scope { text: "ward.test".to_owned(), is_regexp: false };
        let (redirect, post) = (Binding::HttpRedirect, Binding::HttpPost);
        for (change, expected) in [
            (
                Change::EntityId { from: id("urn:a"), to: id("urn:b") },
                "the provider's name changes from \"urn:a\" to \"urn:b\"".to_owned(),
            ),
            (
                Change::SigningKeyAdded { certificate: one.clone() },
                format!(
                    "a new signing key {a}…, valid from 2026-11-22 to 2027-01-02, is announced \
                     beside the current"
                ),
            ),
            (
                Change::SigningKeyGone { certificate: one.clone() },
                format!("signing key {a}…, valid from 2026-11-22 to 2027-01-02, is gone"),
            ),
            (
                Change::SigningCertificate { from: one.clone(), to: two },
                format!(
                    "signing key {a}… comes in a new certificate {b}…, valid from 2026-11-22 to \
                     2029-03-04; the key is the same"
                ),
            ),
            (
                Change::SignOnAddress { binding: redirect, from: some("x"), to: some("y") },
                "the sign-on address for HTTP-Redirect changes from x to y".to_owned(),
            ),
            (
                Change::SignOnAddress { binding: post, from: None, to: some("y") },
                "the sign-on address for HTTP-POST is new: y".to_owned(),
            ),
            (
                Change::LogOutAddress { binding: post, from: some("x"), to: None },
                "the log-out address for HTTP-POST is gone; it was x".to_owned(),
            ),
            (Change::WantsSignedRequests { to: true }, "requests must be signed now".to_owned()),
            (
                Change::WantsSignedRequests { to: false },
                "requests need not be signed any more".to_owned(),
            ),
            (
                Change::DisplayName { from: some("Wards"), to: some("Beds") },
                "the name for people changes from Wards to Beds".to_owned(),
            ),
            (
                Change::ScopeAdded(scope.clone()),
                "it may now speak for the scope \"ward.test\"".to_owned(),
            ),
            (
                Change::ScopeGone(scope),
                "it may no longer speak for the scope \"ward.test\"".to_owned(),
            ),
        ] {
            assert_eq!(words(&change, true), expected);
        }
        let added = words(&Change::SigningKeyAdded { certificate: one }, false);
        assert!(added.ends_with(", is announced"), "{added}");
    }
}
