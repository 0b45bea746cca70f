//! What sign-ins tell about keys and clocks, and what a sign-in by an unknown key sets going.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::event::{Event, EventLevel};
use super::keeper::Federation;
use super::snapshot::Snapshot;
use super::timetable::EARLY_PAUSE;
use crate::saml::{EntityId, Rejection};

/// So long a person waits for it, and no longer.
const EARLY_TIMEOUT: Duration = Duration::from_secs(8);

/// So many providers are looked at early at the same time: whoever can begin a sign-in can set it
/// going at each of them.
pub(super) const EARLY_PLACES: usize = 8;

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
        // Nearly always it is not the first time, and that is all that has to be found out.
        let others_were_used = || {
            let mut others = trust.keys().iter().enumerate().filter(|(other, _)| *other != key);
            others.any(|(_, other)| other.uses.first().is_some())
        };
        if used.uses.record(now) && (used.is_newcomer || others_were_used()) {
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

    /// A response that `idp` signed has been refused for its time. That may be the person's, who was
    /// slow, or the clocks'. `began` is when the sign-in began by our clock.
    pub(in crate::web) fn record_refusal(
        &self,
        snapshot: &Snapshot,
        idp: &EntityId,
        rejection: &Rejection,
        began: DateTime<Utc>,
    ) {
        // No honest assertion is older than its request, nor from the future.
        let (made, now) = match rejection {
            Rejection::NotYetValid { at, now, .. } => (*at, *now),
            Rejection::Expired { at, now, .. } if *at < began => (*at, *now),
            _ => return,
        };
        let provider = snapshot.trust(idp).and_then(|(index, _)| self.providers.get(index));
        if let Some(provider) = provider {
            provider.clock_offset.record(made, now);
        }
    }

    /// For a response that no known key of `idp` has signed: looks for a newer document, unless
    /// that was done a short while ago. What has been found, if it is newer than `seen`; the person
    /// waits for it no longer than [`EARLY_TIMEOUT`].
    pub(in crate::web) async fn refresh_early(
        self: &Arc<Self>,
        idp: &EntityId,
        seen: &Snapshot,
    ) -> Option<Arc<Snapshot>> {
        let (index, seen) = seen.trust(idp)?;
        let newer = || {
            let snapshot = self.snapshot();
            let is_newer = snapshot.trust(idp).is_some_and(|(_, trust)| !Arc::ptr_eq(trust, seen));
            is_newer.then_some(snapshot)
        };
        if let Some(snapshot) = newer() {
            return Some(snapshot);
        }
        let mut under_way = self.look_early(index)?;
        // It goes on when this person goes away, or waits no longer: others come after them.
        let _ = actix_web::rt::time::timeout(EARLY_TIMEOUT, under_way.changed()).await;
        newer()
    }

    /// Begins to look for a newer document, or joins whoever does already.
    fn look_early(self: &Arc<Self>, index: usize) -> Option<watch::Receiver<()>> {
        let provider = self.providers.get(index)?;
        if provider.source.url.is_none() && provider.source.file.is_none() {
            return None;
        }
        let now = self.clock.now();
        let mut early = provider.early.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = early.under_way.as_ref().filter(|u| u.has_changed().is_ok()) {
            return Some(under_way.clone());
        }
        let is_soon = |began: DateTime<Utc>| {
            let since = now.signed_duration_since(began);
            since < EARLY_PAUSE && since > -EARLY_PAUSE
        };
        let place = Arc::clone(&self.early_places).try_acquire_owned().ok()?;
        if early.began.is_some_and(is_soon) {
            return None;
        }
        // Before anything that comes of it.
        let detail = "a response is signed by no key that is known: looking for newer metadata";
        self.tell(index, EventLevel::Info, "idp_key_unknown", None, detail.to_owned());
        let (ended, under_way) = watch::channel(());
        let (federation, fetches) = (Arc::clone(self), provider.state().fetches);
        let look = move || {
            federation.check_file(index);
            let timeout = federation.settings.timeout.min(EARLY_TIMEOUT);
            federation.fetch_or_note_panic(index, timeout, Some(fetches));
            // Also when something panics: whoever waits is told by the end of the channel.
            drop((ended, place));
        };
        thread::Builder::new().name("saml-early".to_owned()).spawn(look).ok()?;
        early.began = Some(now);
        early.under_way = Some(under_way.clone());
        Some(under_way)
    }
}
