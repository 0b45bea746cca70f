//! A session store that can be asked how many sessions are alive.

use std::sync::Mutex;

use actix_saml::sp::{
    BoxFuture, LiveSession, SessionHandle, SessionState, SessionStore, StoreError,
};
use actix_saml::store::MemorySessions;
use chrono::{DateTime, Utc};

/// Knows every session that there ever was.
#[derive(Default)]
pub struct Counted {
    inner: MemorySessions,
    known: Mutex<Vec<SessionHandle>>,
}

impl Counted {
    /// How many are alive.
    pub async fn alive(&self, now: DateTime<Utc>) -> usize {
        let known = self.known.lock().unwrap().clone();
        let mut alive = 0;
        for session in known {
            alive += usize::from(self.inner.load(session, None, now).await.unwrap().is_some());
        }
        alive
    }
}

impl SessionStore for Counted {
    fn load(
        &self,
        session: SessionHandle,
        extend: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<LiveSession>, StoreError>> {
        self.inner.load(session, extend, now)
    }

    fn create(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.known.lock().unwrap().push(session);
        self.inner.create(session, state, until, now)
    }

    fn update(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.update(session, state, until, now)
    }

    fn delete(&self, session: SessionHandle) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.delete(session)
    }
}
