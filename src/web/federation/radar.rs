//! What is seen coming: certificates that end, keys that nobody uses any more, clocks that drift.

use std::collections::HashMap;
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};

use super::event::{Event, EventLevel};
use super::keeper::Federation;
use super::provider::Provider;
use crate::saml::format_instant;
use crate::sp::expiry::{ExpiryThreshold, due_warning};
use crate::sp::{ServiceProvider, TrackedKey};

/// What has been told of our own certificates, by fingerprint.
pub(super) type OwnKeysTold = HashMap<String, ExpiryThreshold>;

/// A key counts as unused when only others have signed for so long.
const UNUSED_AFTER: TimeDelta = TimeDelta::hours(24);

impl Federation {
    /// Tells whatever has come near since the last time.
    pub(super) fn watch_radar(&self) {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        for (index, provider) in self.providers.iter().enumerate() {
            self.watch_keys(index, provider, now);
            self.watch_clock(index, provider, &snapshot.sp, now);
            self.watch_validity(index, provider, now);
        }
        self.watch_own_keys(&snapshot.sp, now);
    }

    fn watch_keys(&self, index: usize, provider: &Provider, now: DateTime<Utc>) {
        let mut due = Vec::new();
        {
            let mut state = provider.state();
            let Some(trust) = state.trust.clone() else { return };
            let told = &mut state.told;
            for key in trust.keys().iter().filter(|key| key.gone_since.is_none()) {
                let fingerprint = key.certificate.fingerprint();
                let end = key.certificate.not_after();
                let warned = told.expiry.get(&fingerprint).copied();
                let warned = end.and_then(|end| still_reached(warned, end, now));
                if let Some((end, threshold)) =
                    end.and_then(|end| Some((end, due_warning(end, now, warned)?)))
                {
                    told.expiry.insert(fingerprint.clone(), threshold);
                    due.push((
                        EventLevel::Warning,
                        "idp_certificate_expiry",
                        fingerprint.clone(),
                        in_words(threshold, end),
                    ));
                }
                if let Some(since) = unused_since(key, trust.keys(), now)
                    && !told.unused.contains(&fingerprint)
                {
                    told.unused.push(fingerprint.clone());
                    let detail = match since {
                        Some(time) => format!("old key unused since {}", format_instant(time)),
                        None => "old key unused since this process started".to_owned(),
                    };
                    due.push((EventLevel::Info, "idp_key_unused", fingerprint, detail));
                }
            }
            // Keys that are no longer there take no room for ever.
            let is_known =
                |f: &String| trust.keys().iter().any(|k| &k.certificate.fingerprint() == f);
            told.expiry.retain(|fingerprint, _| is_known(fingerprint));
            told.unused.retain(is_known);
        }
        for (level, code, fingerprint, detail) in due {
            self.tell(index, level, code, Some(fingerprint), detail);
        }
    }

    fn watch_clock(
        &self,
        index: usize,
        provider: &Provider,
        sp: &ServiceProvider,
        now: DateTime<Utc>,
    ) {
        let Some(offset) = provider.clock_offset.read(now) else { return };
        let tolerance = sp.settings().clock_skew.as_delta();
        let is_far = is_far(offset, tolerance);
        let was_told = std::mem::replace(&mut provider.state().told.clock_offset, is_far);
        if is_far && !was_told {
            let direction = if offset < TimeDelta::zero() { "behind" } else { "ahead of" };
            let detail = format!(
                "our clock is {} seconds {direction} the identity provider's, and {} are tolerated",
                offset.abs().num_seconds(),
                tolerance.num_seconds()
            );
            self.tell(index, EventLevel::Warning, "clock_offset", None, detail);
        }
    }

    fn watch_validity(&self, index: usize, provider: &Provider, now: DateTime<Utc>) {
        let mut state = provider.state();
        let Some(trust) = state.trust.clone() else { return };
        let has_expired = trust.has_expired(now);
        let was_told = std::mem::replace(&mut state.told.expired, has_expired);
        drop(state);
        if has_expired && !was_told {
            let end = trust.published().valid_until().map_or_else(String::new, format_instant);
            let detail = format!("the metadata was valid until {end}: nobody can sign in by it");
            self.tell(index, EventLevel::Error, "metadata_expired", None, detail);
        }
    }

    fn watch_own_keys(&self, sp: &ServiceProvider, now: DateTime<Utc>) {
        for key in sp.own_keys(now) {
            let mut told = self.own_keys_told.lock().unwrap_or_else(PoisonError::into_inner);
            let warned = told.get(&key.fingerprint).copied();
            let warned = key.not_after.and_then(|end| still_reached(warned, end, now));
            let Some(threshold) = key.due_warning(now, warned) else { continue };
            told.insert(key.fingerprint.clone(), threshold);
            drop(told);
            let end = key.not_after.unwrap_or(now);
            let words = in_words(threshold, end);
            let (stage, purpose) = (key.stage.as_str(), key.purpose.as_str());
            self.events.tell(Event {
                at: now,
                code: "own_certificate_expiry",
                level: EventLevel::Warning,
                idp: None,
                fingerprint: Some(key.fingerprint),
                detail: format!("our {stage} {purpose} certificate: {words}"),
            });
        }
    }
}

/// A warning that a clock gave which was ahead counts as not given.
fn still_reached(
    warned: Option<ExpiryThreshold>,
    end: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<ExpiryThreshold> {
    warned.filter(|warned| ExpiryThreshold::reached(end, now) >= Some(*warned))
}

/// From half the tolerance on.
pub(super) fn is_far(offset: TimeDelta, tolerance: TimeDelta) -> bool {
    offset.abs().checked_mul(2).is_none_or(|twice| twice >= tolerance)
}

fn in_words(threshold: ExpiryThreshold, end: DateTime<Utc>) -> String {
    let end = format_instant(end);
    match threshold {
        ExpiryThreshold::Expired => format!("the certificate ended at {end}; the key still counts"),
        _ => format!("the certificate ends at {end}, in less than {} days", threshold.days()),
    }
}

/// Since when `key` has not been used while another one signs: `None` when it is not so,
/// `Some(None)` when it was never used in this process.
fn unused_since(
    key: &TrackedKey,
    keys: &[TrackedKey],
    now: DateTime<Utc>,
) -> Option<Option<DateTime<Utc>>> {
    let last = key.uses.last();
    if key.is_newcomer && last.is_none() {
        // Announced, and not in use yet.
        return None;
    }
    let is_other =
        |other: &&TrackedKey| other.certificate.public_key() != key.certificate.public_key();
    let is_left_behind = |other: &TrackedKey| {
        let (first, latest) = (other.uses.first()?, other.uses.last()?);
        let since = last.unwrap_or(first);
        Some(latest > since && now.signed_duration_since(since) >= UNUSED_AFTER)
    };
    let mut others = keys.iter().filter(is_other);
    others.any(|other| is_left_behind(other) == Some(true)).then_some(last)
}
