//! What sign-ins tell about keys and clocks, and what a sign-in by an unknown key sets going.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use chrono::{DateTime, Utc};

use super::event::{Event, EventLevel};
use super::keeper::Federation;
use super::snapshot::Snapshot;
use super::timetable::EARLY_PAUSE;
use crate::saml::EntityId;

/// For a fetch that a person waits for.
const EARLY_TIMEOUT: Duration = Duration::from_secs(8);

impl Federation {
    /// A response that `idp` signed with its key number `key` has been accepted.
    pub(in crate::web) fn record_use(
        &self,
        snapshot: &Snapshot,
        idp: &EntityId,
        key: usize,
        issue_instant: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        let Some((index, trust)) = snapshot.trust(idp) else { return };
        if let Some(provider) = self.providers.get(index) {
            provider.clock_offset.record(issue_instant, now);
        }
        let Some(used) = trust.keys().get(key) else { return };
        let others_were_used = trust.keys().iter().any(|k| {
            k.certificate.public_key() != used.certificate.public_key() && k.uses.first().is_some()
        });
        if used.uses.record(now) && (used.is_newcomer || others_were_used) {
            self.events.tell(Event {
                at: now,
                code: "idp_key_first_used",
                level: EventLevel::Info,
                idp: Some(idp.to_string()),
                fingerprint: Some(used.certificate.fingerprint()),
                detail: "first response signed by the new key".to_owned(),
            });
        }
    }

    /// For a response that no known key of `idp` has signed: looks for a newer document, unless
    /// that was done a short while ago. What has been found, if it is newer than `seen`.
    pub(in crate::web) async fn refresh_early(
        self: &Arc<Self>,
        idp: &EntityId,
        seen: &Snapshot,
    ) -> Option<Arc<Snapshot>> {
        let (index, seen) = seen.trust(idp)?;
        let provider = self.providers.get(index)?;
        if provider.source.url.is_none() && provider.source.file.is_none() {
            return None;
        }
        let newer = || {
            let snapshot = self.snapshot();
            let is_newer = snapshot.trust(idp).is_some_and(|(_, trust)| !Arc::ptr_eq(trust, seen));
            is_newer.then_some(snapshot)
        };
        // Those who come while somebody fetches wait here, and find what was fetched.
        let mut last = provider.early.lock().await;
        if let Some(snapshot) = newer() {
            return Some(snapshot);
        }
        let now = self.clock.now();
        let is_soon = |last: &DateTime<Utc>| {
            let since = now.signed_duration_since(*last);
            since < EARLY_PAUSE && since > -EARLY_PAUSE
        };
        if last.as_ref().is_some_and(is_soon) {
            return None;
        }
        *last = Some(now);
        self.tell(
            index,
            EventLevel::Info,
            "idp_key_unknown",
            None,
            "a response is signed by no key that is known: looking for newer metadata".to_owned(),
        );
        let federation = Arc::clone(self);
        web::block(move || {
            federation.check_file(index);
            federation.fetch(index, federation.settings.timeout.min(EARLY_TIMEOUT));
        })
        .await
        .ok()?;
        newer()
    }
}
