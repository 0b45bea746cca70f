//! Our session stores as actix-session wants them.

use std::sync::Arc;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Clock;
use super::session::{NEW_KEY, PRINCIPAL};
use crate::crypto::random_hex;
use crate::sp::{
    IndexedSession, LogoutIndex, Principal, SessionHandle, SessionIndexKey, SessionState,
    StoreError, SubjectKey,
};

/// One of our session stores as actix-session wants it. It files sessions under a digest of their
/// key, and enters those of people who are signed in into the index for log-out.
#[derive(Clone)]
pub struct StoreAdapter {
    store: Arc<dyn crate::sp::SessionStore>,
    index: Arc<dyn LogoutIndex>,
    clock: Arc<dyn Clock>,
    idle: TimeDelta,
}

impl StoreAdapter {
    pub(super) fn new(
        store: Arc<dyn crate::sp::SessionStore>,
        index: Arc<dyn LogoutIndex>,
        clock: Arc<dyn Clock>,
        idle: TimeDelta,
    ) -> Self {
        Self { store, index, clock, idle }
    }

    fn times(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let now = self.clock.now();
        (now, now.checked_add_signed(self.idle).unwrap_or(now))
    }

    /// Enters a new session. It is in the index before it is there: whoever ends it meanwhile by the
    /// name of the subject has marked it as ended, and then it ends at once.
    async fn create(&self, key: &str, state: SessionState) -> Result<(), StoreError> {
        let (now, until) = self.times();
        let session = SessionHandle::of_key(key);
        let principal = state.get(PRINCIPAL).and_then(|json| serde_json::from_str(json).ok());
        let entered = match principal.as_ref().and_then(|p| indexed(p, session)) {
            Some((entry, end)) => {
                self.index.enter(entry, end, now).await?;
                true
            }
            None => false,
        };
        self.store.create(session, state, until, now).await?;
        if entered && self.index.has_ended(session, now).await? {
            self.store.delete(session).await?;
        }
        Ok(())
    }
}

/// How a session is found by the name of its subject, and until when. One without a `NameID` has
/// none: no `LogoutRequest` could name it.
pub(super) fn indexed(
    principal: &Principal,
    session: SessionHandle,
) -> Option<(IndexedSession, DateTime<Utc>)> {
    let issuer = &principal.issuer;
    let subject = SubjectKey::new(issuer, principal.name_id.as_ref()?);
    let session_index =
        principal.session_index.as_ref().map(|index| SessionIndexKey::new(issuer, index));
    Some((IndexedSession { subject, session_index, session }, principal.expires_at))
}

impl SessionStore for StoreAdapter {
    async fn load(&self, session_key: &SessionKey) -> Result<Option<SessionState>, LoadError> {
        let (now, until) = self.times();
        let session = SessionHandle::of_key(session_key.as_ref());
        let loaded = self.store.load(session, Some(until), now).await;
        let loaded = loaded.map_err(|error| LoadError::Other(error.into()))?;
        Ok(loaded.map(|live| live.state))
    }

    async fn save(
        &self,
        mut session_state: SessionState,
        _: &Duration,
    ) -> Result<SessionKey, SaveError> {
        let other = |error: anyhow::Error| SaveError::Other(error);
        let chosen = session_state.remove(NEW_KEY);
        let chosen = chosen.and_then(|json| serde_json::from_str::<String>(&json).ok());
        let key = match chosen {
            Some(key) => key,
            None => random_hex::<32>().map_err(|error| other(error.into()))?,
        };
        self.create(&key, session_state).await.map_err(|error| other(error.into()))?;
        SessionKey::try_from(key).map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(
        &self,
        session_key: SessionKey,
        session_state: SessionState,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let (now, until) = self.times();
        let session = SessionHandle::of_key(session_key.as_ref());
        let updated = self.store.update(session, session_state, until, now).await;
        updated.map_err(|error| UpdateError::Other(error.into()))?;
        Ok(session_key)
    }

    /// Every session lives on when it is loaded; there is nothing left to do.
    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, session_key: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(self.store.delete(SessionHandle::of_key(session_key.as_ref())).await?)
    }
}
