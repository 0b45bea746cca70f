use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::sp::{BoxFuture, LiveSession, SessionHandle, SessionState, SessionStore, StoreError};

/// Keeps sessions in memory. They end with the process. When it is full it refuses new ones:
/// nobody who is signed in is thrown out for somebody else.
#[derive(Debug)]
pub struct MemorySessions {
    limit: usize,
    sessions: Mutex<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    live: HashMap<SessionHandle, (DateTime<Utc>, SessionState)>,
    /// Below this many sessions nothing is swept: it doubles with what survives, so that sweeping
    /// costs a constant share of each save.
    sweep_at: usize,
}

const SMALLEST_SWEEP: usize = 1024;

impl MemorySessions {
    /// A store of at most `limit` sessions.
    pub fn new(limit: usize) -> Self {
        Self { limit, sessions: Mutex::default() }
    }

    /// Works on the sessions, which are whole at every moment, whatever panicked elsewhere.
    fn with<T>(&self, work: impl FnOnce(&mut Sessions) -> T) -> T {
        work(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for MemorySessions {
    /// Room for a hundred thousand.
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl Sessions {
    fn create(
        &mut self,
        limit: usize,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.live.len() >= self.sweep_at.max(SMALLEST_SWEEP).min(limit) {
            self.live.retain(|_, (end, _)| *end > now);
            self.sweep_at = self.live.len().saturating_mul(2);
        }
        if self.live.len() >= limit {
            return Err(StoreError::Full { limit });
        }
        self.live.insert(session, (until, compact(state)));
        Ok(())
    }
}

/// Without the room that is left from writing: up to half of it.
fn compact(mut state: SessionState) -> SessionState {
    state.values_mut().for_each(String::shrink_to_fit);
    state.shrink_to_fit();
    state
}

impl SessionStore for MemorySessions {
    fn load(
        &self,
        session: SessionHandle,
        extend: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<LiveSession>, StoreError>> {
        let live = self.with(|sessions| {
            let (end, state) = sessions.live.get_mut(&session)?;
            let until = *end;
            if until <= now {
                // What has ended stays ended, should the clock be set back.
                sessions.live.remove(&session);
                return None;
            }
            if let Some(later) = extend {
                *end = later;
            }
            Some(LiveSession { state: state.clone(), until })
        });
        Box::pin(std::future::ready(Ok(live)))
    }

    fn create(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let created = self.with(|sessions| sessions.create(self.limit, session, state, until, now));
        Box::pin(std::future::ready(created))
    }

    fn update(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(|sessions| {
            if let Some(known) = sessions.live.get_mut(&session)
                && known.0 > now
            {
                *known = (until, compact(state));
            }
        });
        Box::pin(std::future::ready(Ok(())))
    }

    fn delete(&self, session: SessionHandle) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(|sessions| sessions.live.remove(&session));
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn create(store: &MemorySessions, key: &str, until: i64, now: i64) -> Result<(), StoreError> {
        let state = SessionState::from([("who".to_owned(), key.to_owned())]);
        let key = SessionHandle::of_key(key);
        store.with(|s| s.create(store.limit, key, state, at(until), at(now)))
    }

    fn is_alive(store: &MemorySessions, key: &str, now: i64) -> bool {
        let key = SessionHandle::of_key(key);
        store.with(|s| s.live.get(&key).is_some_and(|(end, _)| *end > at(now)))
    }

    #[test]
    fn a_session_ends_at_its_time_and_not_before() {
        let store = MemorySessions::new(10);
        create(&store, "a", 100, 0).unwrap();
        assert!(is_alive(&store, "a", 99));
        assert!(!is_alive(&store, "a", 100));
        drop(store.load(SessionHandle::of_key("a"), Some(at(200)), at(99)));
        assert!(is_alive(&store, "a", 199));
        drop(store.load(SessionHandle::of_key("a"), Some(at(900)), at(200)));
        assert!(!is_alive(&store, "a", 200), "an ended session is not brought back");
        create(&store, "b", 100, 0).unwrap();
        drop(store.delete(SessionHandle::of_key("b")));
        assert!(!is_alive(&store, "b", 0));
        drop(store.update(SessionHandle::of_key("b"), SessionState::new(), at(900), at(0)));
        assert!(!is_alive(&store, "b", 0), "a deleted session is not brought back");
    }

    #[test]
    fn a_full_store_refuses_new_sessions_and_keeps_live_ones() {
        let store = MemorySessions::new(2);
        create(&store, "a", 100, 0).unwrap();
        create(&store, "b", 50, 0).unwrap();
        assert_eq!(create(&store, "c", 100, 49), Err(StoreError::Full { limit: 2 }));
        assert_eq!(create(&store, "c", 100, 50), Ok(()), "an ended one makes room");
        assert!(is_alive(&store, "a", 60) && is_alive(&store, "c", 60));
    }
}
