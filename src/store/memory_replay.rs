use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::sp::{BoxFuture, Remembered, ReplayKey, ReplayStore, StoreError};

/// Remembers used assertions in memory. When it is full it refuses: forgetting a live entry would
/// let its assertion in again.
#[derive(Debug)]
pub struct MemoryReplay {
    limit: usize,
    entries: Mutex<Entries>,
}

/// Half of a key. Two that have it in common are not told apart, which would refuse a sign-in and
/// let nobody in; nobody will see it happen.
type Half = [u8; 16];

#[derive(Debug, Default)]
struct Entries {
    keys: HashSet<Half>,
    /// With the millisecond at which each ends.
    by_end: BinaryHeap<Reverse<(i64, Half)>>,
    /// The latest end among the entries that were dropped. What ends no later may have been
    /// dropped itself, if the clock was set back meanwhile: it counts as used.
    dropped_until: Option<i64>,
}

fn half_of(key: ReplayKey) -> Half {
    let mut half = Half::default();
    half.iter_mut().zip(key.as_bytes()).for_each(|(to, from)| *to = *from);
    half
}

impl MemoryReplay {
    /// A store of at most `limit` live entries.
    pub fn new(limit: usize) -> Self {
        Self { limit, entries: Mutex::default() }
    }

    fn enter(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Remembered, StoreError> {
        let (key, until, now) = (half_of(key), until.timestamp_millis(), now.timestamp_millis());
        // The entries are whole at every moment, so a panic elsewhere cannot have spoilt them.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(&Reverse((end, old))) = entries.by_end.peek() {
            if end > now {
                break;
            }
            entries.by_end.pop();
            entries.keys.remove(&old);
            entries.dropped_until = entries.dropped_until.max(Some(end));
        }
        if entries.keys.contains(&key) || entries.dropped_until.is_some_and(|end| until <= end) {
            return Ok(Remembered::Again);
        }
        if entries.keys.len() >= self.limit {
            return Err(StoreError::Full { limit: self.limit });
        }
        entries.keys.insert(key);
        entries.by_end.push(Reverse((until, key)));
        Ok(Remembered::First)
    }
}

impl Default for MemoryReplay {
    /// Room for a million entries, two for each sign-in: one every eight milliseconds for an hour.
    fn default() -> Self {
        Self::new(1_000_000)
    }
}

impl ReplayStore for MemoryReplay {
    fn remember(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Remembered, StoreError>> {
        Box::pin(std::future::ready(self.enter(key, until, now)))
    }

    fn knows(&self, key: ReplayKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(entries.keys.contains(&half_of(key)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::EntityId;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn key(issuer: &str, id: &str) -> ReplayKey {
        ReplayKey::new(&EntityId::new(issuer).unwrap(), id)
    }

    #[test]
    fn replay_1_once_and_never_again() {
        let store = MemoryReplay::new(10);
        assert_eq!(store.enter(key("idp", "a"), at(100), at(0)), Ok(Remembered::First));
        assert_eq!(store.enter(key("idp", "a"), at(100), at(1)), Ok(Remembered::Again));
        assert_eq!(store.enter(key("idp", "b"), at(100), at(1)), Ok(Remembered::First));
        assert_eq!(store.enter(key("other", "a"), at(100), at(1)), Ok(Remembered::First));
    }

    #[test]
    fn replay_full_store_refuses_and_evicts_nothing_alive() {
        let store = MemoryReplay::new(2);
        assert_eq!(store.enter(key("idp", "a"), at(100), at(0)), Ok(Remembered::First));
        assert_eq!(store.enter(key("idp", "b"), at(50), at(0)), Ok(Remembered::First));
        let full = Err(StoreError::Full { limit: 2 });
        assert_eq!(store.enter(key("idp", "c"), at(100), at(49)), full);
        assert_eq!(store.enter(key("idp", "a"), at(100), at(49)), Ok(Remembered::Again));
        assert_eq!(store.enter(key("idp", "c"), at(100), at(50)), Ok(Remembered::First));
        assert_eq!(store.enter(key("idp", "a"), at(100), at(50)), Ok(Remembered::Again));
    }

    #[test]
    fn u_clock_a_step_back_opens_nothing() {
        let store = MemoryReplay::new(10);
        assert_eq!(store.enter(key("idp", "a"), at(100), at(0)), Ok(Remembered::First));
        assert_eq!(store.enter(key("idp", "b"), at(9_000), at(5_000)), Ok(Remembered::First));
        assert_eq!(store.enter(key("idp", "a"), at(100), at(0)), Ok(Remembered::Again));
        assert_eq!(store.enter(key("idp", "c"), at(200), at(1)), Ok(Remembered::First));
    }

    #[test]
    fn u_replay_race_one_of_a_hundred() {
        let store = MemoryReplay::new(10);
        let firsts: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..100)
                .map(|_| scope.spawn(|| store.enter(key("idp", "a"), at(100), at(0))))
                .collect();
            threads
                .into_iter()
                .map(|t| t.join().unwrap())
                .filter(|r| *r == Ok(Remembered::First))
                .count()
        });
        assert_eq!(firsts, 1);
    }
}
