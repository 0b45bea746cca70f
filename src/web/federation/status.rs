//! The status that an application can read, and show to its operators.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::event::Event;
use super::keeper::Federation;
use super::provider::{Problem, Provider, bare};
use super::radar::is_far;
use crate::crypto::hex;
use crate::nhsmail::dual_run::DualRunReport;
use crate::sp::expiry::days_left;
use crate::sp::{OwnKey, ServiceProvider, TrackedKey};

/// How the trust between us and the identity providers stands. Nothing in it is secret, and nothing
/// is about a person; it is for operators all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// When this was read.
    pub at: DateTime<Utc>,
    /// Whether anybody can sign in.
    pub ready: bool,
    /// One for each identity provider, in the order of the configuration.
    pub idps: Vec<IdpStatus>,
    /// Our own keys.
    pub own_keys: Vec<OwnKeyStatus>,
    /// The last events, the newest last.
    pub events: Vec<Event>,
    /// What providers that share their people say about them, in comparison. `None` without a
    /// population.
    pub dual_run: Option<DualRunReport>,
}

/// What makes metadata trustworthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TrustBasis {
    /// A pinned key has signed it.
    Pinned,
    /// It came by TLS from the host in the URL, or is the last known good of such a document.
    Tls,
    /// The operator put it into a file.
    File,
    /// It is written in the application's code.
    Code,
}

/// How one identity provider stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdpStatus {
    /// `None` before its first document.
    pub entity_id: Option<String>,
    /// What people call it.
    pub label: Option<String>,
    /// Path of the file.
    pub file: Option<String>,
    /// The address, without its query.
    pub url: Option<String>,
    /// What makes its metadata trustworthy.
    pub trust: TrustBasis,
    /// Whether people can sign in by it.
    pub ready: bool,
    /// Since when the metadata has been known to be the current one, in seconds.
    pub age_seconds: Option<i64>,
    /// When it was last known to be the current one.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was last tried.
    pub attempted_at: Option<DateTime<Utc>>,
    /// When it will be fetched next.
    pub next_refresh: Option<DateTime<Utc>>,
    /// `validUntil`
    pub valid_until: Option<DateTime<Utc>>,
    /// SHA-256 of the document.
    pub document_sha256: Option<String>,
    /// Why nothing newer could be fetched.
    pub fetch_problem: Option<Problem>,
    /// Why the file is not used as it is now.
    pub file_problem: Option<Problem>,
    /// By how much our clock is ahead of the provider's, in milliseconds, by the sign-ins of the
    /// last hour. Negative when it is behind.
    pub clock_offset_ms: Option<i64>,
    /// Whether that is half of what is tolerated, or more.
    pub clock_offset_warning: bool,
    /// The keys that count.
    pub keys: Vec<KeyStatus>,
}

/// How far a signing key of an identity provider has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyStanding {
    /// It has been in the metadata from the beginning, or has been used.
    Current,
    /// It has come into the metadata beside another one, and has not been used yet.
    Announced,
    /// It is no longer in the metadata, and counts until its grace period is over.
    Gone,
}

/// A signing key of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyStatus {
    /// SHA-256 of its certificate, in lower-case hexadecimal digits.
    pub fingerprint: String,
    /// How far it has come.
    pub standing: KeyStanding,
    /// The certificate's first second.
    pub not_before: Option<DateTime<Utc>>,
    /// The certificate's last second. It is for people to look at: the key counts all the same.
    pub not_after: Option<DateTime<Utc>>,
    /// Whole days until then, negative afterwards.
    pub days_left: Option<i64>,
    /// Since when this process has known it.
    pub known_since: DateTime<Utc>,
    /// Since when it has not been in the metadata.
    pub gone_since: Option<DateTime<Utc>>,
    /// When it signed for the first time in the life of this process.
    pub first_used: Option<DateTime<Utc>>,
    /// When it signed last.
    pub last_used: Option<DateTime<Utc>>,
}

/// A key of our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnKeyStatus {
    /// `signing` or `encryption`
    pub purpose: &'static str,
    /// `current`, `next` or `retiring`
    pub stage: &'static str,
    /// SHA-256 of its certificate.
    pub fingerprint: String,
    /// The certificate's first second.
    pub not_before: Option<DateTime<Utc>>,
    /// The certificate's last second.
    pub not_after: Option<DateTime<Utc>>,
    /// Whole days until then, negative afterwards.
    pub days_left: Option<i64>,
}

impl Federation {
    /// How everything stands now.
    pub(in crate::web) fn status(&self) -> Status {
        let at = self.clock.now();
        let snapshot = self.snapshot();
        let tolerance = snapshot.sp.settings().clock_skew.as_delta();
        Status {
            at,
            ready: snapshot.is_ready(at),
            idps: self.providers.iter().map(|p| idp_status(p, tolerance, at)).collect(),
            own_keys: own_keys(&snapshot.sp, at),
            events: self.events.list(),
            dual_run: None,
        }
    }
}

fn idp_status(provider: &Provider, tolerance: TimeDelta, at: DateTime<Utc>) -> IdpStatus {
    let source = &provider.source;
    let offset = provider.clock_offset.read(at);
    let state = provider.state();
    let trust = state.trust.as_ref();
    let is_fixed = source.url.is_none() && source.file.is_none();
    IdpStatus {
        entity_id: trust
            .map(|trust| trust.entity_id())
            .or(source.policy.entity_id.as_ref())
            .map(ToString::to_string),
        label: trust.map_or(source.policy.label.clone(), |trust| trust.idp().label.clone()),
        file: source.file.as_ref().map(|file| file.display().to_string()),
        url: source.url.as_ref().map(bare),
        trust: match () {
            () if is_fixed => TrustBasis::Code,
            () if source.policy.anchor.is_some() => TrustBasis::Pinned,
            () if source.url.is_some() => TrustBasis::Tls,
            () => TrustBasis::File,
        },
        ready: trust.is_some_and(|trust| !trust.has_expired(at)),
        age_seconds: state.last_success.map(|t| at.signed_duration_since(t).num_seconds()),
        confirmed_at: state.last_success,
        attempted_at: state.last_attempt,
        next_refresh: state.next_fetch,
        valid_until: trust.and_then(|trust| trust.published().valid_until()),
        document_sha256: trust.filter(|_| !is_fixed).map(|trust| hex(trust.digest())),
        fetch_problem: state.fetch_problem.clone(),
        file_problem: state.file_problem.clone(),
        clock_offset_ms: offset.map(|offset| offset.num_milliseconds()),
        clock_offset_warning: offset.is_some_and(|offset| is_far(offset, tolerance)),
        keys: trust.map_or(&[][..], |trust| trust.keys()).iter().map(|k| key(k, at)).collect(),
    }
}

fn key(key: &TrackedKey, at: DateTime<Utc>) -> KeyStatus {
    let certificate = &key.certificate;
    let first_used = key.uses.first();
    KeyStatus {
        fingerprint: certificate.fingerprint(),
        standing: match key.gone_since {
            Some(_) => KeyStanding::Gone,
            None if key.is_newcomer && first_used.is_none() => KeyStanding::Announced,
            None => KeyStanding::Current,
        },
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        days_left: certificate.not_after().map(|end| days_left(end, at)),
        known_since: key.known_since,
        gone_since: key.gone_since,
        first_used,
        last_used: key.uses.last(),
    }
}

fn own_keys(sp: &ServiceProvider, at: DateTime<Utc>) -> Vec<OwnKeyStatus> {
    let status = |key: OwnKey| OwnKeyStatus {
        purpose: key.purpose.as_str(),
        stage: key.stage.as_str(),
        fingerprint: key.fingerprint,
        not_before: key.not_before,
        not_after: key.not_after,
        days_left: key.not_after.map(|end| days_left(end, at)),
    };
    sp.own_keys(at).into_iter().map(status).collect()
}
