//! A database in one file, for one machine.

mod writer;

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use redb::{
    Database, Error, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _,
    TableDefinition, WriteTransaction,
};
use thiserror::Error as ThisError;

use self::writer::Writer;
use crate::sp::{
    BoxFuture, IndexedSession, LiveSession, LogoutIndex, Remembered, ReplayKey, ReplayStore,
    SessionHandle, SessionIndexKey, SessionState, SessionStore, StoreError, SubjectKey,
};

type Bytes = [u8; 32];

/// Used assertions and requests, and until when. Times in milliseconds throughout.
const USED: TableDefinition<'_, Bytes, i64> = TableDefinition::new("used");
const USED_BY_END: TableDefinition<'_, (i64, Bytes), ()> = TableDefinition::new("used_by_end");
/// Under nothing: the latest end among those that were dropped.
const DROPPED: TableDefinition<'_, (), i64> = TableDefinition::new("dropped");
/// Until when, and the state as JSON.
const SESSIONS: TableDefinition<'_, Bytes, (i64, &str)> = TableDefinition::new("sessions");
/// The sessions of a subject: until when, and the index, which may be empty.
const INDEX: TableDefinition<'_, (Bytes, Bytes), (i64, &[u8])> = TableDefinition::new("index");
/// Sessions that were ended.
const ENDED: TableDefinition<'_, Bytes, i64> = TableDefinition::new("ended");

/// Room for so many used assertions and requests, sessions, and entries of the index.
const MAX_USED: u64 = 1_000_000;
const MAX_SESSIONS: u64 = 100_000;
const MAX_INDEX: u64 = 200_000;
/// So many that have ended are dropped with each new one.
const DROPPED_AT_A_TIME: usize = 16;
/// Of so many sessions, those that have ended are dropped before it is counted again.
const SWEEP_EVERY: u64 = 1024;
/// Sessions live on for so much less at most than they should: not every request is worth a write.
const EXTENSION: TimeDelta = TimeDelta::seconds(30);

/// Keeps sessions, used assertions and the index for log-out in one file. All three traits. What was
/// answered is on the disk: it outlives the process, however that ends. One process at a time.
#[derive(Debug)]
pub struct FileStore {
    // Ends before the database does.
    writer: Writer,
    database: Arc<Database>,
}

/// Why a file cannot be used as a store.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// Another process has it open.
    #[error("another process uses the file")]
    InUse,
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It holds something else.
    #[error("it cannot be opened: {0}")]
    Database(String),
}

impl FileStore {
    /// By default a write may take so long.
    pub const DEFAULT_LIMIT: Duration = Duration::from_secs(2);

    /// Opens the file at `path`, or makes it, for this user alone to read. A write that takes longer
    /// than `limit` counts as failed.
    ///
    /// # Errors
    /// An [`OpenStoreError`].
    pub fn open(path: &Path, limit: Duration) -> Result<Self, OpenStoreError> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        drop(options.open(path)?);
        let database = Database::create(path).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => OpenStoreError::InUse,
            other => OpenStoreError::Database(other.to_string()),
        })?;
        make_tables(&database).map_err(|error| OpenStoreError::Database(error.to_string()))?;
        let database = Arc::new(database);
        let writer = Writer::start(Arc::clone(&database), limit)?;
        Ok(Self { writer, database })
    }
}

fn make_tables(database: &Database) -> Result<(), Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(USED)?;
    transaction.open_table(USED_BY_END)?;
    transaction.open_table(DROPPED)?;
    transaction.open_table(SESSIONS)?;
    transaction.open_table(INDEX)?;
    transaction.open_table(ENDED)?;
    transaction.commit()?;
    Ok(())
}

fn unavailable(error: &Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

impl ReplayStore for FileStore {
    fn knows(&self, key: ReplayKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        let knows = || -> Result<bool, Error> {
            let used = self.database.begin_read()?.open_table(USED)?;
            Ok(used.get(*key.as_bytes())?.is_some())
        };
        Box::pin(std::future::ready(knows().map_err(|error| unavailable(&error))))
    }

    fn remember(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Remembered, StoreError>> {
        let (key, until, now) = (*key.as_bytes(), until.timestamp_millis(), now.timestamp_millis());
        let written = self.writer.write(move |transaction| {
            let mut used = transaction.open_table(USED)?;
            let mut by_end = transaction.open_table(USED_BY_END)?;
            let mut dropped = transaction.open_table(DROPPED)?;
            for _ in 0..DROPPED_AT_A_TIME {
                let first = by_end.first()?.map(|(end, _)| end.value());
                let Some((end, old)) = first.filter(|(end, _)| *end <= now) else { break };
                by_end.remove((end, old))?;
                used.remove(old)?;
                let latest = dropped.get(())?.map_or(end, |latest| latest.value().max(end));
                dropped.insert((), latest)?;
            }
            // What may have been dropped counts as used.
            let is_late = dropped.get(())?.is_some_and(|latest| until <= latest.value());
            if is_late || used.get(key)?.is_some() {
                return Ok(Ok(Remembered::Again));
            }
            if used.len()? >= MAX_USED {
                return Ok(Err(full(MAX_USED)));
            }
            used.insert(key, until)?;
            by_end.insert((until, key), ())?;
            Ok(Ok(Remembered::First))
        });
        Box::pin(async move { written.await? })
    }
}

fn full(limit: u64) -> StoreError {
    StoreError::Full { limit: usize::try_from(limit).unwrap_or(usize::MAX) }
}

impl FileStore {
    fn read_session(&self, session: Bytes) -> Result<Option<(i64, SessionState)>, Error> {
        let table = self.database.begin_read()?.open_table(SESSIONS)?;
        let Some(found) = table.get(session)? else { return Ok(None) };
        let (until, state) = found.value();
        // One that cannot be read is none.
        Ok(serde_json::from_str(state).ok().map(|state| (until, state)))
    }
}

impl SessionStore for FileStore {
    fn load(
        &self,
        session: SessionHandle,
        extend: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<LiveSession>, StoreError>> {
        let session = *session.as_bytes();
        Box::pin(async move {
            let found = self.read_session(session).map_err(|error| unavailable(&error))?;
            let Some((until, state)) = found else { return Ok(None) };
            let until = DateTime::from_timestamp_millis(until).filter(|until| *until > now);
            let Some(until) = until else {
                // What has ended stays ended, should the clock be set back.
                let now = now.timestamp_millis();
                let removed =
                    move |transaction: &WriteTransaction| remove_ended(transaction, session, now);
                self.writer.write_lightly(removed).await?;
                return Ok(None);
            };
            if let Some(later) = extend
                && later.signed_duration_since(until).abs() >= EXTENSION
            {
                let later = later.timestamp_millis();
                let extended =
                    move |transaction: &WriteTransaction| extend_to(transaction, session, later);
                self.writer.write_lightly(extended).await?;
            }
            Ok(Some(LiveSession { state, until }))
        })
    }

    fn create(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let session = *session.as_bytes();
        let (until, now) = (until.timestamp_millis(), now.timestamp_millis());
        let written = self.writer.write(move |transaction| {
            let mut sessions = transaction.open_table(SESSIONS)?;
            let count = sessions.len()?;
            if count >= MAX_SESSIONS || (count > 0 && count.is_multiple_of(SWEEP_EVERY)) {
                sessions.retain(|_, (end, _)| end > now)?;
            }
            if sessions.len()? >= MAX_SESSIONS {
                return Ok(Err(full(MAX_SESSIONS)));
            }
            sessions.insert(session, (until, json(&state).as_str()))?;
            Ok(Ok(()))
        });
        Box::pin(async move { written.await? })
    }

    fn update(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let session = *session.as_bytes();
        let (until, now) = (until.timestamp_millis(), now.timestamp_millis());
        Box::pin(self.writer.write(move |transaction| {
            let mut sessions = transaction.open_table(SESSIONS)?;
            let is_alive = sessions.get(session)?.is_some_and(|found| found.value().0 > now);
            if is_alive {
                sessions.insert(session, (until, json(&state).as_str()))?;
            }
            Ok(())
        }))
    }

    fn delete(&self, session: SessionHandle) -> BoxFuture<'_, Result<(), StoreError>> {
        let session = *session.as_bytes();
        Box::pin(self.writer.write(move |transaction| {
            transaction.open_table(SESSIONS)?.remove(session)?;
            Ok(())
        }))
    }
}

fn extend_to(transaction: &WriteTransaction, session: Bytes, later: i64) -> Result<(), Error> {
    let mut sessions = transaction.open_table(SESSIONS)?;
    let state = sessions.get(session)?.map(|found| found.value().1.to_owned());
    if let Some(state) = state {
        sessions.insert(session, (later, state.as_str()))?;
    }
    Ok(())
}

fn remove_ended(transaction: &WriteTransaction, session: Bytes, now: i64) -> Result<(), Error> {
    let mut sessions = transaction.open_table(SESSIONS)?;
    if sessions.get(session)?.is_some_and(|found| found.value().0 <= now) {
        sessions.remove(session)?;
    }
    Ok(())
}

/// A map of texts is always JSON.
fn json(state: &SessionState) -> String {
    serde_json::to_string(state).unwrap_or_default()
}

impl LogoutIndex for FileStore {
    fn enter(
        &self,
        entry: IndexedSession,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let key = (*entry.subject.as_bytes(), *entry.session.as_bytes());
        let index = entry.session_index.map(|index| *index.as_bytes());
        let (until, now) = (until.timestamp_millis(), now.timestamp_millis());
        let written = self.writer.write(move |transaction| {
            let mut table = transaction.open_table(INDEX)?;
            if table.get(key)?.is_some() {
                return Ok(Ok(()));
            }
            let count = table.len()?;
            if count >= MAX_INDEX || (count > 0 && count.is_multiple_of(SWEEP_EVERY)) {
                table.retain(|_, (end, _)| end > now)?;
                transaction.open_table(ENDED)?.retain(|_, end| end > now)?;
            }
            if table.len()? >= MAX_INDEX {
                return Ok(Err(full(MAX_INDEX)));
            }
            let index = index.as_ref().map_or(&[][..], |index| &index[..]);
            table.insert(key, (until, index))?;
            Ok(Ok(()))
        });
        Box::pin(async move { written.await? })
    }

    fn end_subject<'a>(
        &'a self,
        subject: SubjectKey,
        session_indexes: &'a [SessionIndexKey],
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Vec<SessionHandle>, StoreError>> {
        let subject = *subject.as_bytes();
        let wanted: Vec<Bytes> = session_indexes.iter().map(|index| *index.as_bytes()).collect();
        let now = now.timestamp_millis();
        Box::pin(self.writer.write(move |transaction| {
            let table = transaction.open_table(INDEX)?;
            let mut ended = transaction.open_table(ENDED)?;
            let mut found = Vec::new();
            for entry in table.range((subject, [0; 32])..=(subject, [u8::MAX; 32]))? {
                let (key, value) = entry?;
                let (until, index) = value.value();
                let is_meant = wanted.is_empty() || wanted.iter().any(|wanted| wanted == index);
                let session = key.value().1;
                if is_meant && until > now && ended.insert(session, until)?.is_none() {
                    found.push(SessionHandle::from_bytes(session));
                }
            }
            Ok(found)
        }))
    }

    fn end(
        &self,
        session: SessionHandle,
        until: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let (session, until) = (*session.as_bytes(), until.timestamp_millis());
        Box::pin(self.writer.write(move |transaction| {
            let mut ended = transaction.open_table(ENDED)?;
            let known = ended.get(session)?.map_or(until, |known| known.value().max(until));
            ended.insert(session, known)?;
            Ok(())
        }))
    }

    fn has_ended(
        &self,
        session: SessionHandle,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        let has_ended = || -> Result<bool, Error> {
            let table = self.database.begin_read()?.open_table(ENDED)?;
            let until = table.get(*session.as_bytes())?.map(|until| until.value());
            Ok(until.is_some_and(|until| until > now.timestamp_millis()))
        };
        Box::pin(std::future::ready(has_ended().map_err(|error| unavailable(&error))))
    }
}
