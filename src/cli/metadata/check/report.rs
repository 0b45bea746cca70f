//! What is said of metadata, for programs.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::ignored::{Ignored, Unread};
use crate::crypto::{Certificate, KeyKind};
use crate::saml::format_instant;
use crate::saml::metadata::{self, IdpMetadata, MetadataError, Reading};

/// Days before the end of a certificate from which on it is warned about.
const SOON_DAYS: i64 = 30;
/// Hours before the end of the metadata itself. A federation writes anew each day what is valid
/// for some days.
const VALID_UNTIL_SOON_HOURS: i64 = 48;

/// The keys of this and of what is in it are documented in `docs/metadata.md`, and stay.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::cli::metadata) enum Report {
    Usable(Box<Usable>),
    Refused(Refused),
}

#[derive(Debug, Serialize)]
pub(in crate::cli::metadata) struct Refused {
    usable: bool,
    pub(in crate::cli::metadata) code: &'static str,
    pub(in crate::cli::metadata) detail: String,
}

#[derive(Debug, Serialize)]
pub(in crate::cli::metadata) struct Usable {
    usable: bool,
    pub(super) entity_id: String,
    /// Whether a pinned key signed it.
    pub(super) vouched_for: bool,
    /// The pinned certificate of that key.
    pub(super) vouched_by: Option<Signer>,
    /// Fingerprints of the certificates beside a signature that nobody looked at.
    pub(super) claimed_signers: Vec<String>,
    pub(super) valid_until: Option<String>,
    pub(super) cache_duration_seconds: Option<i64>,
    pub(super) single_sign_on: Vec<Endpoint>,
    pub(super) single_logout: Vec<Endpoint>,
    pub(super) wants_signed_requests: bool,
    pub(super) signing_keys: Vec<SigningKey>,
    pub(super) display_names: Vec<DisplayName>,
    pub(super) scopes: Vec<Scope>,
    pub(in crate::cli::metadata) warnings: Vec<Warning>,
    pub(super) ignored: Vec<Ignored>,
}

#[derive(Debug, Serialize)]
pub(super) struct Signer {
    pub(super) sha256: String,
    pub(super) subject: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Endpoint {
    pub(super) binding: &'static str,
    pub(super) location: String,
}

#[derive(Debug, Serialize)]
pub(super) struct SigningKey {
    pub(super) sha256: String,
    pub(super) subject: Option<String>,
    pub(super) kind: String,
    pub(super) not_before: Option<String>,
    pub(super) not_after: Option<String>,
    /// Whole days until the certificate ends; below zero when it has ended.
    pub(super) days_left: Option<i64>,
    pub(super) state: State,
}

/// What the dates of a certificate say. None of it keeps its key from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Current,
    Soon,
    Expired,
    NotYet,
    Unknown,
}

#[derive(Debug, Serialize)]
pub(super) struct DisplayName {
    pub(super) lang: String,
    pub(super) value: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Scope {
    pub(super) value: String,
    pub(super) regexp: bool,
}

#[derive(Debug, Serialize)]
pub(in crate::cli::metadata) struct Warning {
    pub(in crate::cli::metadata) code: &'static str,
    pub(in crate::cli::metadata) detail: String,
}

impl Report {
    pub(in crate::cli::metadata) fn make(
        bytes: &[u8],
        reading: &Reading<'_>,
        now: DateTime<Utc>,
    ) -> Self {
        match IdpMetadata::read_as(bytes, reading, now) {
            Ok(metadata) => Self::Usable(Box::new(Usable::of(&metadata, bytes, reading, now))),
            Err(error) => Self::Refused(Refused::for_(&error)),
        }
    }

    /// Adds a warning, unless it is refused anyway.
    pub(in crate::cli::metadata) fn warn(&mut self, warning: Warning) {
        if let Self::Usable(usable) = self {
            usable.warnings.push(warning);
        }
    }
}

impl Refused {
    pub(in crate::cli::metadata) fn new(code: &'static str, detail: String) -> Self {
        Self { usable: false, code, detail }
    }

    fn for_(error: &MetadataError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl Usable {
    fn of(metadata: &IdpMetadata, bytes: &[u8], reading: &Reading<'_>, now: DateTime<Utc>) -> Self {
        let signing_keys: Vec<_> =
            metadata.certificates().iter().map(|c| SigningKey::of(c, now)).collect();
        let Unread { claimed_signers, ignored } = Unread::find(bytes, reading, now);
        Self {
            usable: true,
            entity_id: metadata.entity_id().as_str().to_owned(),
            vouched_for: metadata.is_vouched_for(),
            vouched_by: metadata.vouched_by().map(|certificate| Signer {
                sha256: certificate.fingerprint(),
                subject: certificate.common_name(),
            }),
            valid_until: metadata.valid_until().map(format_instant),
            cache_duration_seconds: metadata.cache_duration().map(|d| d.num_seconds()),
            single_sign_on: metadata.single_sign_on_services().iter().map(Endpoint::of).collect(),
            single_logout: metadata.single_logout().iter().map(Endpoint::of).collect(),
            wants_signed_requests: metadata.wants_signed_requests(),
            display_names: metadata
                .ui_info()
                .display_names
                .iter()
                .map(|name| DisplayName { lang: name.lang.clone(), value: name.value.clone() })
                .collect(),
            scopes: metadata
                .scopes()
                .iter()
                .map(|scope| Scope { value: scope.text.clone(), regexp: scope.is_regexp })
                .collect(),
            warnings: warnings(metadata, &signing_keys, &claimed_signers, now),
            ignored,
            signing_keys,
            claimed_signers,
        }
    }
}

impl Endpoint {
    fn of(endpoint: &metadata::Endpoint) -> Self {
        Self { binding: endpoint.binding.uri(), location: endpoint.text.clone() }
    }
}

impl SigningKey {
    fn of(certificate: &Certificate, now: DateTime<Utc>) -> Self {
        let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
        let days_left = not_after.map(|end| {
            let left = end.signed_duration_since(now).num_seconds();
            left.div_euclid(86_400)
        });
        Self {
            sha256: certificate.fingerprint(),
            subject: certificate.common_name(),
            kind: match certificate.public_key().kind() {
                KeyKind::Rsa(bits) => format!("RSA {bits}"),
                KeyKind::P256 => "P-256".to_owned(),
                KeyKind::P384 => "P-384".to_owned(),
                KeyKind::P521 => "P-521".to_owned(),
            },
            not_before: not_before.map(format_instant),
            not_after: not_after.map(format_instant),
            days_left,
            state: match (not_before, not_after, days_left) {
                (Some(start), _, _) if now < start => State::NotYet,
                (Some(_), Some(end), _) if end < now => State::Expired,
                (Some(_), Some(_), Some(days)) if days <= SOON_DAYS => State::Soon,
                (Some(_), Some(_), Some(_)) => State::Current,
                _ => State::Unknown,
            },
        }
    }

    fn warning(&self) -> Option<Warning> {
        let short: String = self.sha256.chars().take(16).collect();
        let days = self.days_left.unwrap_or_default();
        let (code, detail) = match self.state {
            State::Current => return None,
            State::Soon => (
                "certificate_expires_soon",
                format!(
                    "the certificate {short}… ends in {days} days: expect a new signing key, and \
                     see that it arrives here"
                ),
            ),
            State::Expired => (
                "certificate_expired",
                format!(
                    "the certificate {short}… ended {} days ago. Its key is used all the same: \
                     what counts is the key, not the dates",
                    days.unsigned_abs()
                ),
            ),
            State::NotYet => (
                "certificate_not_yet_valid",
                format!("the certificate {short}… is not valid yet. Its key is used already"),
            ),
            State::Unknown => {
                ("certificate_dates", format!("the certificate {short}… has no readable dates"))
            }
        };
        Some(Warning { code, detail })
    }
}

fn warnings(
    metadata: &IdpMetadata,
    keys: &[SigningKey],
    claimed_signers: &[String],
    now: DateTime<Utc>,
) -> Vec<Warning> {
    let mut all = Vec::new();
    let mut warn = |code, detail: &str| all.push(Warning { code, detail: detail.to_owned() });
    if !metadata.is_vouched_for() {
        warn(
            "not_vouched_for",
            match claimed_signers {
                [] => {
                    "no key is pinned, so nothing vouches for this file but the way by which it came"
                }
                _ => {
                    "no key is pinned, so the signature was not looked at: nothing vouches for \
                     this file but the way by which it came"
                }
            },
        );
    }
    if metadata.has_test_keys() {
        warn("test_key", "a signing key belongs to a test identity provider: never in live use");
    }
    if metadata.entity_id().as_str().contains('{') {
        warn(
            "place_holder",
            "the entityID has a place holder: this is a document for all tenants. Fetch that of \
             your tenant, and with ?appid= that of the application",
        );
    }
    if metadata.locations().any(|url| url.scheme() == "http") {
        warn("http_location", "an address is http: what is sent there can be read and changed");
    }
    let soon = TimeDelta::hours(VALID_UNTIL_SOON_HOURS);
    if let Some(until) = metadata.valid_until()
        && until.signed_duration_since(now) < soon
    {
        warn("valid_until_soon", &format!("it ends at {}: fetch it anew", format_instant(until)));
    }
    all.extend(keys.iter().filter_map(SigningKey::warning));
    all
}
