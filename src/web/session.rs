//! The person in the session.

use std::rc::Rc;

use actix_session::{Session, SessionExt, SessionStatus};
use actix_web::{HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};
use thiserror::Error;

use super::saml::Shared;
use crate::sp::Principal;

/// Under this name the session holds the [`Principal`].
const PRINCIPAL: &str = "actix_saml.principal";

/// Somebody's sign-in, read once for each request.
struct SignedIn(Option<Rc<Principal>>);

/// Who is signed in, if anybody. A sign-in that has ended takes what its session held with it. One
/// at a provider that is not trusted counts for nothing: sessions may outlive the process, and with
/// it what was configured.
pub(super) fn signed_in(request: &HttpRequest, shared: &Shared) -> Option<Rc<Principal>> {
    if let Some(known) = request.extensions().get::<SignedIn>() {
        return known.0.clone();
    }
    let session = request.get_session();
    let principal = read(&session, shared.clock.now()).filter(|p| shared.trusts(&p.issuer));
    let principal = principal.map(Rc::new);
    request.extensions_mut().insert(SignedIn(principal.clone()));
    principal
}

/// Whether the answer to `request` was made for somebody who is signed in.
pub(super) fn was_for_person(request: &HttpRequest) -> bool {
    request.extensions().get::<SignedIn>().is_some_and(|known| known.0.is_some())
}

fn read(session: &Session, now: DateTime<Utc>) -> Option<Principal> {
    match session.get::<Principal>(PRINCIPAL) {
        Ok(None) => None,
        Ok(Some(principal)) if !principal.has_expired(now) => Some(principal),
        // An unreadable one is of another version: it ends as well. Emptied rather than purged: a
        // purged session takes nothing any more, and this request may be the next sign-in.
        Ok(Some(_)) | Err(_) => {
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
}

/// Begins a session under a new id. What the request's own session held is dropped. The response
/// comes by a cross-site POST, to which browsers add no `Lax` cookie: an earlier session of this
/// browser is then not known here, loses its cookie to the new one, and ends by its limits.
pub(super) fn begin(session: &Session, principal: &Principal) -> Result<(), BeginError> {
    if session.status() == SessionStatus::Purged {
        return Err(BeginError::Purged);
    }
    session.clear();
    session.renew();
    Ok(session.insert(PRINCIPAL, principal)?)
}
