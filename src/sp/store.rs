//! What a service provider must remember, and the traits of whoever remembers it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::crypto::sha256;
use crate::saml::EntityId;

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
}

/// What a session holds: names and JSON values.
pub type SessionState = HashMap<String, String>;

/// Keeps sessions on the server. The browser has nothing but the key.
pub trait SessionStore: Send + Sync {
    /// The state of a session, or `None` when it is unknown or has ended.
    fn load<'a>(
        &'a self,
        key: &'a str,
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Option<SessionState>, StoreError>>;

    /// Enters a new session that lives until `until`.
    fn create<'a>(
        &'a self,
        key: &'a str,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Replaces the state of a live session. Does nothing when it is unknown or has ended: a slow
    /// request must not bring back a session that was ended meanwhile.
    fn update<'a>(
        &'a self,
        key: &'a str,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Lets a live session live until `until`. Does nothing when it is unknown or has ended.
    fn extend<'a>(
        &'a self,
        key: &'a str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Ends a session.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}
