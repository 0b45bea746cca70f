use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use crate::crypto::Certificate;

/// When a key was first and last used in this process. Free of locks: it stands in the way of every
/// sign-in.
#[derive(Debug, Default)]
pub struct KeyUse {
    /// Seconds since 1970; zero stands for never.
    first: AtomicI64,
    last: AtomicI64,
}

impl KeyUse {
    /// The key has signed a response that was accepted at `now`. Says whether it is the first.
    pub fn record(&self, now: DateTime<Utc>) -> bool {
        let now = now.timestamp().max(1);
        // Of two at once either will do; a clock that was ahead must not leave its mark.
        self.last.store(now, Ordering::Relaxed);
        // Nearly always it is not: then nothing is written.
        self.first.load(Ordering::Relaxed) == 0
            && self.first.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// When it was used first.
    pub fn first(&self) -> Option<DateTime<Utc>> {
        read(&self.first)
    }

    /// When it was used last.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        read(&self.last)
    }
}

fn read(time: &AtomicI64) -> Option<DateTime<Utc>> {
    let seconds = time.load(Ordering::Relaxed);
    (seconds != 0).then(|| DateTime::from_timestamp(seconds, 0)).flatten()
}

/// A signing key of an identity provider, over time.
#[derive(Clone, Debug)]
pub struct TrackedKey {
    /// Its certificate, of which nothing counts but the key.
    pub certificate: Certificate,
    /// Since when it has been in the metadata, as far as this process knows.
    pub known_since: DateTime<Utc>,
    /// Whether it came in beside keys that were known already.
    pub is_newcomer: bool,
    /// Since when it has not been in the metadata any more. It counts until the grace period is
    /// over.
    pub gone_since: Option<DateTime<Utc>>,
    /// When it was used. Shared with everybody who holds a copy.
    pub uses: Arc<KeyUse>,
}

impl TrackedKey {
    pub(super) fn new(certificate: Certificate, now: DateTime<Utc>, is_newcomer: bool) -> Self {
        let uses = Arc::default();
        Self { certificate, known_since: now, is_newcomer, gone_since: None, uses }
    }

    pub(super) fn is(&self, other: &Certificate) -> bool {
        self.certificate.public_key() == other.public_key()
    }
}
