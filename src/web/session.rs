//! The session: our stores behind actix-session, and the person in it.

use std::rc::Rc;
use std::sync::Arc;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionExt};
use actix_web::cookie::time::Duration;
use actix_web::{HttpMessage, HttpRequest};
use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Clock;
use super::saml::Shared;
use crate::crypto::random_hex;
use crate::sp::{Principal, SessionState};

/// Under this name the session holds the [`Principal`].
const PRINCIPAL: &str = "actix_saml.principal";

/// One of our session stores as actix-session wants it.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn crate::sp::SessionStore>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    pub(super) fn new(store: Arc<dyn crate::sp::SessionStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    fn times(&self, ttl: &Duration) -> (DateTime<Utc>, DateTime<Utc>) {
        let now = self.clock.now();
        let ttl = TimeDelta::try_seconds(ttl.whole_seconds()).unwrap_or_default();
        (now, now.checked_add_signed(ttl).unwrap_or(now))
    }
}

impl SessionStore for Sessions {
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

/// Somebody's sign-in, read once for each request.
struct SignedIn(Option<Rc<Principal>>);

/// Who is signed in, if anybody. A sign-in that has ended takes its session with it.
pub(super) fn signed_in(request: &HttpRequest, shared: &Shared) -> Option<Rc<Principal>> {
    if let Some(known) = request.extensions().get::<SignedIn>() {
        return known.0.clone();
    }
    let session = request.get_session();
    let principal = read(&session, shared.clock.now()).map(Rc::new);
    request.extensions_mut().insert(SignedIn(principal.clone()));
    principal
}

fn read(session: &Session, now: DateTime<Utc>) -> Option<Principal> {
    match session.get::<Principal>(PRINCIPAL) {
        Ok(None) => None,
        Ok(Some(principal)) if !principal.has_expired(now) => Some(principal),
        // An unreadable one is of another version: it ends as well.
        Ok(Some(_)) | Err(_) => {
            session.purge();
            None
        }
    }
}

/// Begins a session: what an earlier one held is dropped, and its id with it.
pub(super) fn begin(session: &Session, principal: &Principal) -> Result<(), serde_json::Error> {
    session.clear();
    session.renew();
    session.insert(PRINCIPAL, principal).map_err(|_| serde::ser::Error::custom("session"))
}
