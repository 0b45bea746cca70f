//! Our session stores as actix-session wants them.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Clock;
use super::lock::{Lock, close, conceal};
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
    lock: Option<Lock>,
}

impl StoreAdapter {
    pub(super) fn new(
        store: Arc<dyn crate::sp::SessionStore>,
        index: Arc<dyn LogoutIndex>,
        clock: Arc<dyn Clock>,
        idle: TimeDelta,
        lock: Option<Lock>,
    ) -> Self {
        Self { store, index, clock, idle, lock }
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

impl StoreAdapter {
    /// A session as the application is to see it, if it is one. One that was marked as ended is none,
    /// even where it could not be deleted at the time.
    async fn load_unless_ended(
        &self,
        session: SessionHandle,
    ) -> Result<Option<SessionState>, StoreError> {
        let has_ended = self.index.has_ended(session, self.clock.now());
        let (loaded, has_ended) = both(self.load_live(session), has_ended).await;
        let (loaded, has_ended) = (loaded?, has_ended?);
        if loaded.is_some() && has_ended {
            self.store.delete(session).await?;
            return Ok(None);
        }
        Ok(loaded)
    }

    async fn load_live(&self, session: SessionHandle) -> Result<Option<SessionState>, StoreError> {
        if let Some(lock) = self.lock {
            return self.load_or_lock(session, lock).await;
        }
        let (now, until) = self.times();
        let live = self.store.load(session, Some(until), now).await?;
        Ok(live.map(|live| live.state))
    }

    /// A session as the application is to see it. It is looked at before it lives on: requests that
    /// come at once must not open it for each other.
    async fn load_or_lock(
        &self,
        session: SessionHandle,
        lock: Lock,
    ) -> Result<Option<SessionState>, StoreError> {
        let (now, until) = self.times();
        let Some(live) = self.store.load(session, None, now).await? else { return Ok(None) };
        if lock.holds(&live, now) {
            let seen = conceal(&live.state);
            self.store.update(session, close(live.state), until, now).await?;
            return Ok(Some(seen));
        }
        let Some(live) = self.store.load(session, Some(until), now).await? else { return Ok(None) };
        let is_locked = lock.holds(&live, now);
        Ok(Some(if is_locked { conceal(&live.state) } else { live.state }))
    }

    /// Whether a session is locked, so that nothing in it may be changed: a slow request must not
    /// open what was locked meanwhile.
    async fn is_locked(&self, session: SessionHandle) -> Result<bool, StoreError> {
        let (Some(lock), now) = (self.lock, self.clock.now()) else { return Ok(false) };
        let live = self.store.load(session, None, now).await?;
        Ok(live.is_some_and(|live| lock.holds(&live, now)))
    }
}

/// What both have to say, each asked without waiting for the other.
async fn both<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut from_one, mut from_other) = (None, None);
    poll_fn(|context| {
        if from_one.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(context)
        {
            from_one = Some(output);
        }
        if from_other.is_none()
            && let Poll::Ready(output) = other.as_mut().poll(context)
        {
            from_other = Some(output);
        }
        match (from_one.take(), from_other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (one, other) => {
                (from_one, from_other) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
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
        let loaded = self.load_unless_ended(SessionHandle::of_key(session_key.as_ref())).await;
        loaded.map_err(|error| LoadError::Other(error.into()))
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
        let locked = self.is_locked(session).await;
        if locked.map_err(|error| UpdateError::Other(error.into()))? {
            return Ok(session_key);
        }
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
