//! The audit trail: what happened to whom, one event for each step.
//!
//! An event never holds the message, the NameID or an attribute. Whom it is about is told by a
//! pseudonym. docs/audit.md tells every field.

mod lines;
mod pseudonym;

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use lines::{AuditLog, AuditTarget};
pub(super) use pseudonym::Pseudonyms;

use crate::saml::EntityId;

/// What was done, or was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditStep {
    /// An AuthnRequest was sent.
    RequestSent,
    /// Somebody signed in, or was refused.
    SignIn,
    /// A page asked for a fresher or stronger sign-in than there was.
    StepUp,
    /// A page was refused to somebody who is signed in.
    Access,
    /// Somebody signed out here.
    LogOut,
    /// The identity provider has said how a log-out ended that began here.
    LogOutAnswer,
    /// An identity provider ended sessions here.
    Revocation,
    /// A store could not be reached, or can be reached again.
    Store,
    /// Metadata, a key or a clock of an identity provider has changed or is in trouble, or a
    /// certificate ends soon.
    MetadataChange,
    /// The trail itself: events were lost.
    Audit,
}

impl AuditStep {
    /// Every step that there is.
    pub const ALL: &[Self] = &[
        Self::RequestSent,
        Self::SignIn,
        Self::StepUp,
        Self::Access,
        Self::LogOut,
        Self::LogOutAnswer,
        Self::Revocation,
        Self::Store,
        Self::MetadataChange,
        Self::Audit,
    ];
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As was asked.
    Done,
    /// It was refused; `code` says why.
    Refused,
    /// It could not be done; `code` says why.
    Failed,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditEvent {
    /// When, by our clock, in UTC.
    pub time: DateTime<Utc>,
    /// What.
    pub step: AuditStep,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, as a stable, machine-readable name; absent when there is nothing to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The reference that was shown to the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idp: Option<EntityId>,
    /// Whom it is about: a pseudonym, the same for the same person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `ID` of the assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion_id: Option<String>,
    /// `ID` of the request that was sent or answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Whether the sign-in says that a second factor was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa: Option<bool>,
    /// Where the connection came from, if that is configured: behind a proxy, the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_address: Option<IpAddr>,
    /// SHA-256 of the certificate that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The store that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<&'static str>,
    /// How many: sessions that were ended, or events that were lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl AuditEvent {
    /// A step with nothing more to say about it.
    pub fn new(time: DateTime<Utc>, step: AuditStep, outcome: Outcome) -> Self {
        Self {
            time,
            step,
            outcome,
            code: None,
            reference: None,
            idp: None,
            subject: None,
            assertion_id: None,
            request_id: None,
            mfa: None,
            client_address: None,
            fingerprint: None,
            store: None,
            count: None,
        }
    }
}

/// Takes events, one after another, in the thread that answers the request: it must not wait.
pub trait AuditSink: Send + Sync {
    /// Takes one event.
    fn record(&self, event: &AuditEvent);

    /// How many events it could not keep.
    fn lost(&self) -> u64 {
        0
    }
}

/// Everybody who takes events.
#[derive(Clone, Default)]
pub(super) struct Auditors(pub(super) Vec<Arc<dyn AuditSink>>);

impl Auditors {
    /// How many events were lost.
    #[cfg(feature = "metrics")]
    pub(super) fn lost(&self) -> u64 {
        self.0.iter().map(|sink| sink.lost()).fold(0, u64::saturating_add)
    }

    pub(super) fn record(&self, event: &AuditEvent) {
        for sink in &self.0 {
            sink.record(event);
        }
    }
}
