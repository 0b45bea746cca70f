//! Our session stores as actix-session wants them.

use std::sync::Arc;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Clock;
use crate::crypto::random_hex;
use crate::sp::SessionState;

/// One of our session stores as actix-session wants it.
#[derive(Clone)]
pub struct StoreAdapter {
    store: Arc<dyn crate::sp::SessionStore>,
    clock: Arc<dyn Clock>,
}

impl StoreAdapter {
    pub(super) fn new(store: Arc<dyn crate::sp::SessionStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    fn times(&self, ttl: &Duration) -> (DateTime<Utc>, DateTime<Utc>) {
        let now = self.clock.now();
        let ttl = TimeDelta::try_seconds(ttl.whole_seconds()).unwrap_or_default();
        (now, now.checked_add_signed(ttl).unwrap_or(now))
    }
}

impl SessionStore for StoreAdapter {
    async fn load(&self, session_key: &SessionKey) -> Result<Option<SessionState>, LoadError> {
        let loaded = self.store.load(session_key.as_ref(), self.clock.now()).await;
        loaded.map_err(|error| LoadError::Other(error.into()))
    }

    async fn save(
        &self,
        session_state: SessionState,
        ttl: &Duration,
    ) -> Result<SessionKey, SaveError> {
        let (now, until) = self.times(ttl);
        let key = random_hex::<32>().map_err(|error| SaveError::Other(error.into()))?;
        let created = self.store.create(&key, session_state, until, now).await;
        created.map_err(|error| SaveError::Other(error.into()))?;
        SessionKey::try_from(key).map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(
        &self,
        session_key: SessionKey,
        session_state: SessionState,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let (now, until) = self.times(ttl);
        let updated = self.store.update(session_key.as_ref(), session_state, until, now).await;
        updated.map_err(|error| UpdateError::Other(error.into()))?;
        Ok(session_key)
    }

    async fn update_ttl(
        &self,
        session_key: &SessionKey,
        ttl: &Duration,
    ) -> Result<(), anyhow::Error> {
        let (now, until) = self.times(ttl);
        Ok(self.store.extend(session_key.as_ref(), until, now).await?)
    }

    async fn delete(&self, session_key: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(self.store.delete(session_key.as_ref()).await?)
    }
}
