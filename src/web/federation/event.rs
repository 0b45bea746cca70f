//! What the operator is told: once in the log, and in the status for as long as there is room.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::saml::{EntityId, format_instant};
use crate::sp::TrustChange;
use crate::web::audit::{AuditEvent, AuditStep, Auditors, Outcome};

/// So many are kept for the status.
const MAX_KEPT: usize = 100;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventLevel {
    /// For the record.
    Info,
    /// Somebody should look at it, before long.
    Warning,
    /// People cannot sign in, or soon will not.
    Error,
}

/// Something that happened to what is trusted. Never about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// A stable, machine-readable name.
    pub code: &'static str,
    /// How much it matters.
    pub level: EventLevel,
    /// The identity provider's entityID, or where its metadata comes from while that is unknown.
    /// `None` for our own keys.
    pub idp: Option<String>,
    /// SHA-256 of the certificate that it is about.
    pub fingerprint: Option<String>,
    /// For people.
    pub detail: String,
}

/// The last events, the newest last.
pub(super) struct Events {
    kept: Mutex<VecDeque<Event>>,
    audit: Auditors,
}

impl Events {
    pub(super) fn new(audit: Auditors) -> Self {
        Self { kept: Mutex::default(), audit }
    }

    /// Logs an event, enters it in the audit trail and keeps it.
    pub(super) fn tell(&self, event: Event) {
        let Event { code, idp, fingerprint, detail, .. } = &event;
        // Nothing of what a document says stands in a log line unescaped.
        let (idp, fingerprint) = (idp.as_deref().unwrap_or(""), fingerprint.as_deref());
        match event.level {
            EventLevel::Info => {
                tracing::info!(event = code, idp = ?idp, fingerprint, detail = ?detail)
            }
            EventLevel::Warning => {
                tracing::warn!(event = code, idp = ?idp, fingerprint, detail = ?detail);
            }
            EventLevel::Error => {
                tracing::error!(event = code, idp = ?idp, fingerprint, detail = ?detail);
            }
        }
        self.audit.record(&AuditEvent {
            code: Some(event.code.to_owned()),
            idp: event.idp.as_deref().and_then(|name| EntityId::new(name).ok()),
            fingerprint: event.fingerprint.clone(),
            ..AuditEvent::new(event.at, AuditStep::MetadataChange, outcome(event.level))
        });
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            forget_one(&mut kept);
        }
        kept.push_back(event);
    }

    pub(super) fn list(&self) -> Vec<Event> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// What needs nobody has been done; the rest says what is the matter.
fn outcome(level: EventLevel) -> Outcome {
    match level {
        EventLevel::Info => Outcome::Done,
        EventLevel::Warning | EventLevel::Error => Outcome::Failed,
    }
}

/// Makes room by forgetting the oldest of what there is most of: what happens again and again, and
/// some of it at the will of strangers, must not push out what happens once a year.
fn forget_one(kept: &mut VecDeque<Event>) {
    let count = |code| kept.iter().filter(|event| event.code == code).count();
    let most = kept.iter().max_by_key(|event| count(event.code)).map(|event| event.code);
    if let Some(oldest) = kept.iter().position(|event| Some(event.code) == most) {
        kept.remove(oldest);
    }
}

/// A change in what is trusted, as an event: level, code, fingerprint, detail.
pub(super) fn describe(change: &TrustChange) -> (EventLevel, &'static str, Option<String>, String) {
    use EventLevel::{Info, Warning};
    match change {
        TrustChange::KeyAnnounced { fingerprint, not_before, not_after } => {
            let day = |time: &Option<DateTime<Utc>>| time.map_or("?".to_owned(), format_instant);
            let detail = format!(
                "new signing key announced, its certificate valid from {} to {}",
                day(not_before),
                day(not_after)
            );
            (Info, "idp_key_announced", Some(fingerprint.clone()), detail)
        }
        TrustChange::KeyGone { fingerprint, until } => {
            let detail = format!(
                "a signing key is no longer in the metadata; it counts until {}",
                format_instant(*until)
            );
            (Info, "idp_key_gone", Some(fingerprint.clone()), detail)
        }
        TrustChange::KeyReturned { fingerprint } => {
            let detail = "a signing key is in the metadata again".to_owned();
            (Info, "idp_key_returned", Some(fingerprint.clone()), detail)
        }
        TrustChange::KeyDropped { fingerprint } => {
            let detail = "a signing key that has gone no longer counts".to_owned();
            (Info, "idp_key_dropped", Some(fingerprint.clone()), detail)
        }
        TrustChange::AllKeysReplaced => {
            let detail = "all signing keys are new; a pinned key vouches for them".to_owned();
            (Warning, "idp_keys_replaced", None, detail)
        }
        TrustChange::AddressesChanged => {
            let detail = "requests go to other addresses from now on".to_owned();
            (Warning, "idp_addresses_changed", None, detail)
        }
    }
}
