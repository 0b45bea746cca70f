//! What a service provider must remember, and the traits of whoever remembers it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crypto::sha256;
use crate::saml::{EntityId, NameId};

/// A future that can be kept behind a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a store did not do its work. The request is refused then: a store that fails never means
/// that a check is left out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no room for another live entry.
    #[error("the store is full: {limit} entries are alive")]
    Full {
        /// How many it holds at most.
        limit: usize,
    },
    /// The store cannot be reached.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// One assertion of one identity provider, or one request to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    /// The key for the assertion `id` of `issuer`.
    pub fn new(issuer: &EntityId, id: &str) -> Self {
        // No entityID and no ID holds a zero byte, so two pairs never run into one another.
        Self(sha256(&[issuer.as_str().as_bytes(), &[0], id.as_bytes()].concat()))
    }

    /// The key for the AuthnRequest `id` to `idp`: an identity provider may answer it once.
    pub fn of_request(idp: &EntityId, id: &str) -> Self {
        // Two zero bytes: never the key of an assertion.
        Self(sha256(&[idp.as_str().as_bytes(), &[0, 0], id.as_bytes()].concat()))
    }

    /// The key for the LogoutRequest `id` of `idp`: it counts once.
    pub fn of_logout(idp: &EntityId, id: &str) -> Self {
        // Three zero bytes: never the key of an assertion, nor of a request of ours.
        Self(sha256(&[idp.as_str().as_bytes(), &[0, 0, 0], id.as_bytes()].concat()))
    }

    /// The key for what a person has agreed to, under the random value of the page that asked: it
    /// happens once.
    pub fn of_agreement(value: &str) -> Self {
        // Nor is any entityID empty, or the id of a form.
        Self(sha256(&[&[0, 0], value.as_bytes()].concat()))
    }

    /// The key for a form that is kept: it is sent once.
    pub fn of_form(id: &str) -> Self {
        // No entityID is empty: never the key of anything else.
        Self(sha256(&[&[0], id.as_bytes()].concat()))
    }

    /// The key as bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What must be remembered, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayEntry {
    /// The assertion or the request.
    pub key: ReplayKey,
    /// From then on it is refused for its age.
    pub until: DateTime<Utc>,
}

/// Whether an assertion was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// No: it may be used, and is remembered now.
    First,
    /// Yes, or it cannot be ruled out.
    Again,
}

/// Remembers which assertions were used (Profiles 4.1.4.5).
pub trait ReplayStore: Send + Sync {
    /// Enters `key` until `until` if it is not there, in one step that no other call can come
    /// between.
    fn remember(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Remembered, StoreError>>;

    /// Whether `key` was entered, as far as it is still known. It decides nothing: it tells a
    /// response that was used from one that merely came astray. A store that cannot say says no.
    fn knows(&self, _key: ReplayKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    /// By what it might forget a live entry, in words for the operator, who is told once at the
    /// start. Nothing for a store that forgets none.
    fn warning(&self) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// What a session holds: names and JSON values.
pub type SessionState = HashMap<String, String>;

/// Under this a store files a session. It is a digest of what the browser's cookie holds: whoever
/// reads the store cannot take anybody's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionHandle([u8; 32]);

impl SessionHandle {
    /// The handle of the session whose cookie holds `key`.
    pub fn of_key(key: &str) -> Self {
        Self(sha256(&[b"session\0", key.as_bytes()].concat()))
    }

    /// The handle as bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The handle that these bytes are.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// A session that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// What it holds.
    pub state: SessionState,
    /// When it would have ended if nobody had asked for it now.
    pub until: DateTime<Utc>,
}

/// Keeps sessions on the server. The browser has nothing but the key.
pub trait SessionStore: Send + Sync {
    /// A session, or `None` when it is unknown or has ended. With `extend`, it lives until then
    /// from now on; without, it stays as it is.
    fn load(
        &self,
        session: SessionHandle,
        extend: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<LiveSession>, StoreError>>;

    /// Enters a new session that lives until `until`.
    fn create(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Replaces the state of a live session. Does nothing when it is unknown or has ended: a slow
    /// request must not bring back a session that was ended meanwhile.
    fn update(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Ends a session. One that is unknown is no mistake.
    fn delete(&self, session: SessionHandle) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// A subject as an identity provider names it in a `LogoutRequest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubjectKey([u8; 32]);

impl SubjectKey {
    /// The key for `name_id` of `issuer`. `Format` does not count: the value together with its
    /// qualifiers is the name, and Entra's log-out leaves the format out.
    pub fn new(issuer: &EntityId, name_id: &NameId) -> Self {
        let mut text = vec![b's'];
        let parts = [
            Some(issuer.as_str()),
            Some(name_id.value.as_str()),
            name_id.name_qualifier.as_deref(),
            name_id.sp_name_qualifier.as_deref(),
        ];
        for part in parts {
            // No XML text holds a zero byte. Absent is not the same as empty.
            text.extend(part.map_or(&b"\x01"[..], str::as_bytes));
            text.push(0);
        }
        Self(sha256(&text))
    }

    /// The key as bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A `SessionIndex` of an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionIndexKey([u8; 32]);

impl SessionIndexKey {
    /// The key for the `SessionIndex` `index` of `issuer`.
    pub fn new(issuer: &EntityId, index: &str) -> Self {
        Self(sha256(&[b"i", issuer.as_str().as_bytes(), &[0], index.as_bytes()].concat()))
    }

    /// The key as bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// One session of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexedSession {
    /// Whose it is.
    pub subject: SubjectKey,
    /// `SessionIndex`, if the identity provider gave one.
    pub session_index: Option<SessionIndexKey>,
    /// The session here.
    pub session: SessionHandle,
}

/// Finds sessions by the names that identity providers have for them, and remembers which were
/// ended. With it a `LogoutRequest` ends the right sessions without their cookies, on every machine.
pub trait LogoutIndex: Send + Sync {
    /// Enters a session that lives until `until` at most. To enter it again changes nothing.
    fn enter(
        &self,
        entry: IndexedSession,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Marks the sessions of `subject` as ended and returns them: those that have one of
    /// `session_indexes`, or all of them when it is empty. Those that had been ended before are not
    /// among them.
    fn end_subject<'a>(
        &'a self,
        subject: SubjectKey,
        session_indexes: &'a [SessionIndexKey],
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Vec<SessionHandle>, StoreError>>;

    /// Marks one session as ended until `until`.
    fn end(
        &self,
        session: SessionHandle,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Whether a session was marked as ended.
    fn has_ended(
        &self,
        session: SessionHandle,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(value: &str, qualifier: Option<&str>, format: Option<&str>) -> NameId {
        NameId {
            value: value.to_owned(),
            format: format.map(str::to_owned),
            name_qualifier: qualifier.map(str::to_owned),
            sp_name_qualifier: None,
            sp_provided_id: None,
        }
    }

    #[test]
    fn slo_names_count_with_issuer_and_qualifiers_and_without_format() {
        let (one, other) = (EntityId::new("a").unwrap(), EntityId::new("b").unwrap());
        let key = |issuer: &EntityId, name_id: &NameId| SubjectKey::new(issuer, name_id);
        let plain = key(&one, &name("x", None, None));
        assert_eq!(plain, key(&one, &name("x", None, Some("urn:f"))));
        assert_ne!(plain, key(&other, &name("x", None, None)));
        assert_ne!(plain, key(&one, &name("X", None, None)));
        assert_ne!(plain, key(&one, &name("x", Some(""), None)));
        assert_ne!(key(&one, &name("x", Some("q"), None)), key(&one, &name("xq", None, None)));
        assert_ne!(SessionIndexKey::new(&one, "i"), SessionIndexKey::new(&other, "i"));
    }
}
