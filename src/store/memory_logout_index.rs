use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::sp::{
    BoxFuture, IndexedSession, LogoutIndex, SessionHandle, SessionIndexKey, StoreError, SubjectKey,
};

/// Keeps the index of sessions in memory. When it is full it refuses new ones.
#[derive(Debug)]
pub struct MemoryLogoutIndex {
    limit: usize,
    index: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    sessions: HashMap<SessionHandle, Entry>,
    by_subject: HashMap<SubjectKey, Vec<SessionHandle>>,
    /// Below this many sessions nothing is swept: it doubles with what survives, so that sweeping
    /// costs a constant share of each entry.
    sweep_at: usize,
}

#[derive(Debug)]
struct Entry {
    session_index: Option<SessionIndexKey>,
    until: DateTime<Utc>,
    has_ended: bool,
}

const SMALLEST_SWEEP: usize = 1024;

impl MemoryLogoutIndex {
    /// An index of at most `limit` sessions.
    pub fn new(limit: usize) -> Self {
        Self { limit, index: Mutex::default() }
    }

    /// Works on the index, which is whole at every moment, whatever panicked elsewhere.
    fn with<T>(&self, work: impl FnOnce(&mut Index) -> T) -> T {
        work(&mut self.index.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for MemoryLogoutIndex {
    /// Room for twice as many as [`MemorySessions`](super::MemorySessions) has by default: those
    /// that were ended are remembered until they would have ended by themselves.
    fn default() -> Self {
        Self::new(200_000)
    }
}

impl Index {
    fn make_room(&mut self, limit: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.sessions.len() >= self.sweep_at.max(SMALLEST_SWEEP).min(limit) {
            self.sessions.retain(|_, entry| entry.until > now);
            let sessions = &self.sessions;
            self.by_subject.retain(|_, handles| {
                handles.retain(|handle| sessions.contains_key(handle));
                !handles.is_empty()
            });
            self.sweep_at = self.sessions.len().saturating_mul(2);
        }
        if self.sessions.len() >= limit { Err(StoreError::Full { limit }) } else { Ok(()) }
    }

    fn enter(
        &mut self,
        limit: usize,
        entry: IndexedSession,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.sessions.contains_key(&entry.session) {
            return Ok(());
        }
        self.make_room(limit, now)?;
        let known = Entry { session_index: entry.session_index, until, has_ended: false };
        self.sessions.insert(entry.session, known);
        self.by_subject.entry(entry.subject).or_default().push(entry.session);
        Ok(())
    }

    fn end_subject(
        &mut self,
        subject: SubjectKey,
        session_indexes: &[SessionIndexKey],
        now: DateTime<Utc>,
    ) -> Vec<SessionHandle> {
        let handles = self.by_subject.get(&subject).cloned().unwrap_or_default();
        let mut ended = Vec::new();
        for handle in handles {
            let Some(entry) = self.sessions.get_mut(&handle) else { continue };
            let is_meant = session_indexes.is_empty()
                || entry.session_index.is_some_and(|index| session_indexes.contains(&index));
            if is_meant && !entry.has_ended && entry.until > now {
                entry.has_ended = true;
                ended.push(handle);
            }
        }
        ended
    }

    fn end(
        &mut self,
        limit: usize,
        session: SessionHandle,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(entry) = self.sessions.get_mut(&session) {
            entry.has_ended = true;
            entry.until = entry.until.max(until);
            return Ok(());
        }
        self.make_room(limit, now)?;
        let entry = Entry { session_index: None, until, has_ended: true };
        self.sessions.insert(session, entry);
        Ok(())
    }

    fn has_ended(&self, session: SessionHandle, now: DateTime<Utc>) -> bool {
        self.sessions.get(&session).is_some_and(|entry| entry.has_ended && entry.until > now)
    }
}

impl LogoutIndex for MemoryLogoutIndex {
    fn enter(
        &self,
        entry: IndexedSession,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let entered = self.with(|index| index.enter(self.limit, entry, until, now));
        Box::pin(std::future::ready(entered))
    }

    fn end_subject<'a>(
        &'a self,
        subject: SubjectKey,
        session_indexes: &'a [SessionIndexKey],
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Vec<SessionHandle>, StoreError>> {
        let ended = self.with(|index| index.end_subject(subject, session_indexes, now));
        Box::pin(std::future::ready(Ok(ended)))
    }

    fn end(
        &self,
        session: SessionHandle,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let ended = self.with(|index| index.end(self.limit, session, until, now));
        Box::pin(std::future::ready(ended))
    }

    fn has_ended(
        &self,
        session: SessionHandle,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        let ended = self.with(|index| index.has_ended(session, now));
        Box::pin(std::future::ready(Ok(ended)))
    }
}
