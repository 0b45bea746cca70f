//! What a browser keeps of a sign-in that it has finished.
//!
//! People go back, and their browser posts the response once more. Whoever is still signed in by it
//! is sent on to where they were going. It is never a sign-in: the replay store is not asked, and no
//! session begins.

use actix_web::HttpRequest;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::lock::{self, Lock};
use super::pending::{Pending, PendingCookies, read_handle, write_handle};
use super::person::Person;
use super::saml::Shared;
use super::session::{self, PRINCIPAL};
use crate::crypto::sha256;
use crate::sp::{Principal, ReturnTo, SessionHandle, SessionState, StoreError};
use crate::xml::encode_base64;

/// A sign-in that this browser has finished. It takes the place of the [`Pending`] one, under the
/// same name, and lives as long as that could have: for so long a tab may be under way that began
/// before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finished {
    /// SHA-256 of the response. Another one is not the same sign-in.
    digest: String,
    /// The page to which it led.
    pub(super) page: ReturnTo,
    /// Whether the person was first told that somebody else had opened the page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    hands_over: bool,
    /// Who has signed in.
    person: String,
    /// The session that began. There is none where somebody else's is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "write_handle", deserialize_with = "read_handle")]
    pub(super) session: Option<SessionHandle>,
    /// When.
    pub(super) finished_at: DateTime<Utc>,
}

/// How a response is to be answered that a browser posts once more.
pub(super) enum Again {
    /// The person is still signed in: on to this page.
    GoOn(String),
    /// They are not.
    IsOver,
    /// It is another response.
    Other,
}

/// What stands for a response.
pub(super) fn digest(response: &[u8]) -> String {
    encode_base64(&sha256(response))
}

impl Finished {
    pub(super) fn new(
        digest: String,
        page: ReturnTo,
        person: &Person,
        finished_at: DateTime<Utc>,
    ) -> Self {
        let person = person.digest().to_owned();
        Self { digest, page, hands_over: false, person, session: None, finished_at }
    }

    /// The session that began.
    pub(super) fn with_session(mut self, session: SessionHandle, hands_over: bool) -> Self {
        self.session = Some(session);
        self.hands_over = hands_over;
        self
    }

    /// Whether it has been kept for long enough.
    pub(super) fn has_expired(&self, lifetime: TimeDelta, now: DateTime<Utc>) -> bool {
        self.finished_at.checked_add_signed(lifetime).is_none_or(|end| now >= end)
    }

    /// What to do about `response`, which has arrived for this sign-in.
    ///
    /// # Errors
    /// When it cannot be found out who is signed in.
    pub(super) async fn again(
        &self,
        request: &HttpRequest,
        shared: &Shared,
        response: &[u8],
    ) -> Result<Again, StoreError> {
        if self.digest != digest(response) {
            return Ok(Again::Other);
        }
        if !self.is_still_signed_in(request, shared).await? {
            return Ok(Again::IsOver);
        }
        let handover = self.hands_over.then(|| shared.paths.handover.clone());
        Ok(Again::GoOn(handover.unwrap_or_else(|| self.page.as_str().to_owned())))
    }

    /// Whether the person is signed in in this browser: by this sign-in, or by one in another tab
    /// that has taken its place. The POST of another site brings no session along, and none of them
    /// lives on by being looked at.
    async fn is_still_signed_in(
        &self,
        request: &HttpRequest,
        shared: &Shared,
    ) -> Result<bool, StoreError> {
        let here = session::signed_in(request, shared).await?;
        if here.is_some_and(|known| self.is_of(&known.principal, shared)) {
            return Ok(true);
        }
        // Of a session in the application's own store nothing is known from here.
        if !session::has_own_sessions(request) {
            return Ok(false);
        }
        let now = shared.clock.now();
        let others = PendingCookies::of(shared).sessions(request, now);
        for session in self.session.into_iter().chain(others) {
            let live = shared.sessions.load(session, None, now).await?;
            let principal = live.and_then(|live| principal_in(&live.state));
            let counts = |p: &Principal| !p.has_expired(now) && shared.trusts(&p.issuer);
            let is_theirs = principal.filter(counts).is_some_and(|p| self.is_of(&p, shared));
            if is_theirs && !shared.logout_index.has_ended(session, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_of(&self, principal: &Principal, shared: &Shared) -> bool {
        let person = Person::of_principal(principal, shared);
        person.is_some_and(|person| person.digest() == self.person)
    }
}

fn principal_in(state: &SessionState) -> Option<Principal> {
    serde_json::from_str(state.get(PRINCIPAL)?).ok()
}

/// Ends every session that this browser has had, as far as its cookies know: it is about to lose the
/// cookie of the one that is alive, and then nobody could end it. Returns what the application has
/// put into one that began in another tab while `pending` was under way, if it is of the same
/// `person`: two tabs that sign in at once do not lose anything to each other.
///
/// # Errors
/// When the store cannot be reached.
pub(super) async fn end_sessions(
    request: &HttpRequest,
    shared: &Shared,
    pending: &Pending,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<Vec<(String, serde_json::Value)>, StoreError> {
    let cookies = PendingCookies::of(shared);
    let mut kept = Vec::new();
    for session in cookies.sessions_since(request, pending.login.started_at, now) {
        let Some(live) = shared.sessions.load(session, None, now).await? else { continue };
        let is_locked =
            Lock::of(&shared.settings.session).is_some_and(|lock| lock.holds(&live, now));
        if !is_locked {
            kept.extend(lock::state_for(live.state, person, shared));
        }
    }
    for session in pending.earlier.into_iter().chain(cookies.sessions(request, now)) {
        session::end(shared, session, now).await?;
    }
    Ok(kept)
}
