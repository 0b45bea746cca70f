//! The person in the session.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix_session::{Session, SessionExt, SessionStatus};
use actix_web::{HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};
use thiserror::Error;

use super::audit::AuditEvent;
use super::kept_form;
use super::known::Known;
use super::pending::PendingCookies;
use super::saml::Shared;
use super::session_store::indexed;
use crate::crypto::{CryptoError, random_hex};
use crate::sp::{Principal, SessionHandle, StoreError};

/// Under this name the session holds the [`Principal`].
pub(super) const PRINCIPAL: &str = "actix_saml.principal";
/// Under this name a new session holds the key that it is to have. It is taken out before the
/// session is stored.
pub(super) const NEW_KEY: &str = "actix_saml.new_key";

/// Marks requests that came through our own session middleware.
pub(super) struct OwnSessions(pub(super) HeldEvent);

/// An event that counts when the session has been stored, and not before.
#[derive(Clone, Default)]
pub(super) struct HeldEvent(Rc<RefCell<Option<AuditEvent>>>);

impl HeldEvent {
    pub(super) fn take(&self) -> Option<AuditEvent> {
        self.0.take()
    }
}

/// Tells the audit trail what has become of the session of `request`: once it is so, where sessions
/// are ours, and at once otherwise. When the session cannot be stored, the trail says that.
pub(super) fn record(request: &HttpRequest, shared: &Shared, event: AuditEvent) {
    match request.extensions().get::<OwnSessions>() {
        Some(own) => _ = own.0.0.replace(Some(event)),
        None => shared.audit.record(&event),
    }
}

/// Somebody's sign-in, read once for each request.
struct SignedIn(Option<Arc<Known>>);

/// Who is signed in, if anybody. A sign-in that has ended takes what its session held with it. One
/// at a provider that is not trusted counts for nothing: sessions may outlive the process, and with
/// it what was configured.
///
/// # Errors
/// When it cannot be found out whether the session was ended from outside.
pub(super) async fn signed_in(
    request: &HttpRequest,
    shared: &Shared,
) -> Result<Option<Arc<Known>>, StoreError> {
    if let Some(known) = request.extensions().get::<SignedIn>() {
        return Ok(known.0.clone());
    }
    let session = request.get_session();
    let now = shared.clock.now();
    let mut known = read(&session, shared, now).filter(|k| shared.trusts(&k.principal.issuer));
    // A session of ours is gone when it was ended. One of the application's own store is not.
    if let Some(found) = &known
        && !has_own_sessions(request)
        && shared.logout_index.has_ended(foreign_handle(&found.principal), now).await?
    {
        shared.known.forget(found);
        session.clear();
        known = None;
    }
    request.extensions_mut().insert(SignedIn(known.clone()));
    Ok(known)
}

/// Who was signed in when `request` was answered, as far as anybody has asked.
pub(super) fn known_by_then(request: &HttpRequest) -> Option<Arc<Known>> {
    request.extensions().get::<SignedIn>().and_then(|known| known.0.clone())
}

/// Whether the answer to `request` was made for somebody who is signed in.
pub(super) fn was_for_person(request: &HttpRequest) -> bool {
    request.extensions().get::<SignedIn>().is_some_and(|known| known.0.is_some())
}

/// Whether sessions are ours, and not those of a `SessionMiddleware` of the application's own.
pub(super) fn has_own_sessions(request: &HttpRequest) -> bool {
    request.extensions().contains::<OwnSessions>()
}

/// The session of ours that the cookie of this request leads to, whether it is alive or not.
pub(super) fn own_handle(request: &HttpRequest, shared: &Shared) -> Option<SessionHandle> {
    let cookie = request.cookie(shared.session_cookie()).filter(|_| has_own_sessions(request))?;
    Some(SessionHandle::of_key(&shared.cookie_keys.open(&cookie)?))
}

/// Ends the session of this request, on every machine, and returns whose it was. So do all others
/// end that this browser is known to have had.
///
/// # Errors
/// When a store cannot be reached. The session is alive then, and whoever asked is to be told.
pub(super) async fn sign_out(
    request: &HttpRequest,
    session: &Session,
    shared: &Shared,
) -> Result<Option<Arc<Principal>>, StoreError> {
    let known = signed_in(request, shared).await?;
    if let Some(person) = known.as_ref().and_then(|known| known.person()) {
        kept_form::forget(shared, &person).await?;
    }
    if let Some(known) = &known {
        shared.known.forget(known);
    }
    let now = shared.clock.now();
    let principal = known.map(|known| Arc::clone(&known.principal));
    let own = own_handle(request, shared);
    // Sign-ins that ended at the same moment knew nothing of each other, and one took the cookie of
    // the other's session. What is known of both comes along with forms of other sites too, which
    // are to end nothing: it counts only beside a session that does not.
    if principal.is_some() {
        for other in PendingCookies::of(shared).sessions(request, now) {
            end(shared, other, now).await?;
        }
    }
    if let Some(principal) = &principal {
        let handle = own.unwrap_or_else(|| foreign_handle(principal));
        shared.logout_index.end(handle, principal.expires_at, now).await?;
    }
    if let Some(own) = own {
        shared.sessions.delete(own).await?;
    }
    session.purge();
    Ok(principal)
}

/// In the index, a session of which we do not know the key goes by its assertion.
fn foreign_handle(principal: &Principal) -> SessionHandle {
    SessionHandle::of_key(&format!("{}\0{}", principal.issuer, principal.assertion_id))
}

/// The session that the browser brings along. A browser of a person who is signed in by way of a
/// `SessionMiddleware` of the application's own has one, too.
pub(super) fn at_hand(request: &HttpRequest, shared: &Shared) -> Option<SessionHandle> {
    if !has_own_sessions(request) {
        let principal = request.get_session().get::<Principal>(PRINCIPAL).ok()??;
        return Some(foreign_handle(&principal));
    }
    let cookies = request.cookies().ok()?;
    let mut ours = cookies.iter().filter(|cookie| cookie.name() == shared.session_cookie());
    let key = ours.find_map(|cookie| shared.cookie_keys.open(cookie))?;
    Some(SessionHandle::of_key(&key))
}

/// Ends a session on the server, whoever has its cookie. One that is not there does no harm.
pub(super) async fn end(
    shared: &Shared,
    session: SessionHandle,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let latest = now.checked_add_signed(shared.settings.session.absolute).unwrap_or(now);
    // Marked first: it may be about to be entered.
    shared.logout_index.end(session, latest, now).await?;
    shared.sessions.delete(session).await
}

fn read(session: &Session, shared: &Shared, now: DateTime<Utc>) -> Option<Arc<Known>> {
    let read = |json: &String| shared.known.read(json, &shared.claims, &shared.subjects);
    let known = session.entries().get(PRINCIPAL).map(read)?;
    match known {
        Ok(known) if !known.principal.has_expired(now) => Some(known),
        // An unreadable one is of another version: it ends as well. Emptied rather than purged: a
        // purged session takes nothing any more, and this request may be the next sign-in.
        ended => {
            if let Ok(known) = ended {
                shared.known.forget(&known);
            }
            session.clear();
            None
        }
    }
}

/// Why no session can begin.
#[derive(Debug, Error)]
pub(super) enum BeginError {
    /// What is put into a purged session is lost without a word.
    #[error("the session was purged earlier in this request")]
    Purged,
    /// The principal cannot be written.
    #[error(transparent)]
    Insert(#[from] actix_session::SessionInsertError),
    /// There is no randomness for its key.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// It cannot be entered into the index for log-out.
    #[error(transparent)]
    Index(#[from] StoreError),
}

/// Begins a session under a new id, and returns its handle. What the request's own session held is
/// dropped.
pub(super) async fn begin(
    request: &HttpRequest,
    session: &Session,
    shared: &Shared,
    principal: &Principal,
) -> Result<SessionHandle, BeginError> {
    if session.status() == SessionStatus::Purged {
        return Err(BeginError::Purged);
    }
    session.clear();
    session.renew();
    session.insert(PRINCIPAL, principal)?;
    if has_own_sessions(request) {
        let key = random_hex::<32>()?;
        let handle = SessionHandle::of_key(&key);
        session.insert(NEW_KEY, key)?;
        return Ok(handle);
    }
    let handle = foreign_handle(principal);
    if let Some((entry, until)) = indexed(principal, handle) {
        shared.logout_index.enter(entry, until, shared.clock.now()).await?;
    }
    Ok(handle)
}

#[cfg(test)]
mod tests;
