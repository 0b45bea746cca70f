//! What the stores in memory hold for each entry.

use actix_saml::crypto::sha256;
use actix_saml::saml::{Attribute, EntityId, NameId};
use actix_saml::sp::{
    IndexedSession, LogoutIndex as _, Principal, Remembered, ReplayKey, ReplayStore as _,
    SessionHandle, SessionIndexKey, SessionState, SessionStore as _, SubjectKey,
};
use actix_saml::store::{MemoryLogoutIndex, MemoryReplay, MemorySessions};
use actix_saml::xml::encode_base64;
use chrono::TimeDelta;
use futures_util::FutureExt as _;

use crate::HEAP;
use crate::fixture::now;

/// Bytes of one session beside what was said of the person, its place in the index included.
const SESSION: usize = 2 * 1024;
const SESSIONS: usize = 20_000;
/// Bytes of a million used assertions and requests, at any moment while they come.
const A_MILLION_USED: usize = 150 * 1024 * 1024;

fn idp() -> EntityId {
    EntityId::new("http://fs.example.org/adfs/services/trust").unwrap()
}

/// Somebody with as many attributes as AD FS sends.
fn principal(number: usize) -> Principal {
    let value = |name: &str| encode_base64(&sha256(format!("{name} {number}").as_bytes()));
    let attribute = |n: usize| Attribute {
        name: format!("http://schemas.example.org/identity/claims/{n}"),
        friendly_name: None,
        name_format: None,
        values: vec![value("attribute")],
    };
    Principal {
        issuer: idp(),
        name_id: Some(NameId {
            value: format!("test.user{number}@nhs.net"),
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
            sp_provided_id: None,
        }),
        session_index: Some(value("index")),
        assertion_id: value("assertion"),
        authn_instant: now(),
        authn_context: None,
        signed_in_at: now(),
        expires_at: now() + TimeDelta::hours(12),
        attributes: (0..12).map(attribute).collect(),
    }
}

/// Bytes for each session in store and index, and how many of them are what was said.
pub fn session() -> (usize, usize) {
    let (sessions, index) = (MemorySessions::default(), MemoryLogoutIndex::default());
    let before = HEAP.current_usage();
    let mut said = 0;
    let until = now() + TimeDelta::minutes(30);
    for number in 0..SESSIONS {
        let principal = principal(number);
        let session = SessionHandle::of_key(&principal.assertion_id);
        let entry = IndexedSession {
            subject: SubjectKey::new(&idp(), principal.name_id.as_ref().unwrap()),
            session_index: principal.session_index.map(|i| SessionIndexKey::new(&idp(), &i)),
            session,
        };
        index.enter(entry, principal.expires_at, now()).now_or_never().unwrap().unwrap();
        let json = serde_json::to_string(&self::principal(number)).unwrap();
        said += json.len();
        let state = SessionState::from([("actix_saml.principal".to_owned(), json)]);
        sessions.create(session, state, until, now()).now_or_never().unwrap().unwrap();
    }
    ((HEAP.current_usage() - before) / SESSIONS, said / SESSIONS)
}

/// The most that is held at once while a million entries come.
pub fn a_million_used() -> usize {
    let store = MemoryReplay::default();
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    for number in 0..1_000_000 {
        let key = ReplayKey::new(&idp(), &number.to_string());
        // As they come, neither all at once nor in order.
        let until = now() + TimeDelta::milliseconds(300_000 + number * 7_919 % 3_600_000);
        let remembered = store.remember(key, until, now()).now_or_never().unwrap();
        assert_eq!(remembered, Ok(Remembered::First));
    }
    HEAP.peak_usage() - before
}

/// What is more than it may be.
pub fn exceeded(tell: &mut impl FnMut(&str, usize)) -> Vec<String> {
    let mut exceeded = Vec::new();
    let (bytes, said) = session();
    tell("a session in memory", bytes);
    tell("of which the identity provider has said", said);
    if bytes > SESSION + said {
        exceeded.push(format!("a session in memory: {bytes} bytes, of which {said} were said"));
    }
    let bytes = a_million_used();
    tell("a million used assertions in memory", bytes);
    if bytes > A_MILLION_USED {
        exceeded.push(format!("a million used assertions: {bytes} bytes"));
    }
    exceeded
}
