//! The idle lock: after a while without a request a session is kept, and answers nobody, until the
//! same person has signed in again.

use actix_session::SessionExt as _;
use actix_web::HttpRequest;
use chrono::{DateTime, TimeDelta, Utc};

use super::person::Person;
use super::saml::Shared;
use super::session::PRINCIPAL;
use crate::sp::{LiveSession, Principal, SessionHandle, SessionLimits, SessionState, StoreError};

/// Under this name the store holds that a session is locked.
const IS_LOCKED: &str = "actix_saml.is_locked";
/// Under this name the application's side of a locked session holds whose it is, and nothing else.
const LOCKED: &str = "actix_saml.locked";
/// Names of our own.
const OWN: &str = "actix_saml.";

/// When sessions are locked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lock {
    pub(super) after: TimeDelta,
    pub(super) idle: TimeDelta,
}

impl Lock {
    /// `None` when sessions are never locked.
    pub(super) fn of(limits: &SessionLimits) -> Option<Self> {
        limits.lock.map(|after| Self { after, idle: limits.idle })
    }

    /// Whether a session is locked, or is to be. One that belongs to nobody has nothing to lock.
    pub(super) fn holds(self, live: &LiveSession, now: DateTime<Utc>) -> bool {
        if live.state.contains_key(IS_LOCKED) {
            return true;
        }
        // Every request lets it live for `idle` from then on.
        let last_used = live.until.checked_sub_signed(self.idle);
        let locks_at = last_used.and_then(|last| last.checked_add_signed(self.after));
        live.state.contains_key(PRINCIPAL) && locks_at.is_none_or(|at| now >= at)
    }
}

/// The state of a session that is locked from now on.
pub(super) fn close(mut state: SessionState) -> SessionState {
    state.insert(IS_LOCKED.to_owned(), "true".to_owned());
    state
}

/// What the application sees of a locked session: nothing that it has put there.
pub(super) fn conceal(state: &SessionState) -> SessionState {
    let principal = state.get(PRINCIPAL).cloned();
    principal.map(|json| (LOCKED.to_owned(), json)).into_iter().collect()
}

/// Whose session is locked, if there is one. It is nobody's sign-in.
pub(super) fn owner(request: &HttpRequest, shared: &Shared) -> Option<Person> {
    let principal = request.get_session().get::<Principal>(LOCKED).ok()??;
    let now = shared.clock.now();
    let counts = !principal.has_expired(now) && shared.trusts(&principal.issuer);
    Person::of_principal(&principal, shared).filter(|_| counts)
}

/// What becomes of a locked session when somebody comes back to it.
pub(super) enum Return {
    /// There is no session that is locked.
    Nothing,
    /// It is the same person: what the application has kept for them.
    Same(Vec<(String, serde_json::Value)>),
    /// It is somebody else than this.
    Other(Person),
}

/// Whether `person` may go on with the session `earlier`, if that is locked.
///
/// # Errors
/// When it cannot be found out.
pub(super) async fn come_back(
    shared: &Shared,
    earlier: SessionHandle,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<Return, StoreError> {
    let Some(live) = shared.sessions.load(earlier, None, now).await? else {
        return Ok(Return::Nothing);
    };
    let principal = live.state.get(PRINCIPAL).and_then(|json| serde_json::from_str(json).ok());
    let Some(owner) = principal.as_ref().and_then(|p| Person::of_principal(p, shared)) else {
        return Ok(Return::Nothing);
    };
    if !live.state.contains_key(IS_LOCKED) {
        return Ok(Return::Nothing);
    }
    if !owner.is(person) {
        return Ok(Return::Other(owner));
    }
    Ok(Return::Same(of_application(live.state)))
}

/// What the application has put into a session, when it belongs to `person` and is not locked.
pub(super) fn state_for(
    state: SessionState,
    person: &Person,
    shared: &Shared,
) -> Vec<(String, serde_json::Value)> {
    let principal = state.get(PRINCIPAL).and_then(|json| serde_json::from_str(json).ok());
    let owner = principal.as_ref().and_then(|p| Person::of_principal(p, shared));
    let is_theirs = owner.is_some_and(|owner| owner.is(person)) && !state.contains_key(IS_LOCKED);
    if is_theirs { of_application(state) } else { Vec::new() }
}

fn of_application(state: SessionState) -> Vec<(String, serde_json::Value)> {
    let kept = state.into_iter().filter(|(name, _)| !name.starts_with(OWN));
    kept.filter_map(|(name, json)| Some((name, serde_json::from_str(&json).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(names: &[&str], until: i64) -> LiveSession {
        let state = names.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
        LiveSession { state, until: at(until) }
    }

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    #[test]
    fn a_session_is_locked_at_its_time_and_stays_so() {
        let lock = Lock { after: TimeDelta::minutes(10), idle: TimeDelta::minutes(30) };
        let holds = |names: &[&str], now| lock.holds(&live(names, 30), at(now));
        assert!(!holds(&[PRINCIPAL], 0));
        assert!(!holds(&[PRINCIPAL], 9));
        assert!(holds(&[PRINCIPAL], 10));
        assert!(holds(&[PRINCIPAL], 29));
        assert!(holds(&[PRINCIPAL, IS_LOCKED], 0));
        assert!(!holds(&["note"], 20), "nobody has nothing to lock");
    }

    #[test]
    fn nothing_of_a_locked_session_is_seen() {
        let state = close(live(&[PRINCIPAL, "note"], 0).state);
        assert!(state.contains_key(IS_LOCKED) && state.contains_key("note"));
        assert_eq!(conceal(&state).into_keys().collect::<Vec<_>>(), [LOCKED]);
    }
}
