use std::collections::BTreeSet;

use actix_saml::saml::{EntityId, NameId};
use actix_saml::sp::{
    IndexedSession, LogoutIndex, SessionHandle, SessionIndexKey, StoreError, SubjectKey,
};

use crate::Start;

fn issuer() -> EntityId {
    EntityId::new("http://fs.example.org/adfs/services/trust").unwrap()
}

fn subject(name: &str) -> SubjectKey {
    let name_id = NameId {
        value: name.to_owned(),
        format: None,
        name_qualifier: None,
        sp_name_qualifier: None,
        sp_provided_id: None,
    };
    SubjectKey::new(&issuer(), &name_id)
}

fn index(text: &str) -> SessionIndexKey {
    SessionIndexKey::new(&issuer(), text)
}

fn entry(name: &str, session_index: Option<&str>, session: &str) -> IndexedSession {
    IndexedSession {
        subject: subject(name),
        session_index: session_index.map(index),
        session: SessionHandle::of_key(session),
    }
}

async fn ended(
    store: &impl LogoutIndex,
    name: &str,
    indexes: &[SessionIndexKey],
    start: Start,
) -> BTreeSet<SessionHandle> {
    let ended = store.end_subject(subject(name), indexes, start.at(1)).await.unwrap();
    let set: BTreeSet<_> = ended.iter().copied().collect();
    assert_eq!(set.len(), ended.len(), "each once");
    set
}

fn set(sessions: &[&str]) -> BTreeSet<SessionHandle> {
    sessions.iter().map(|session| SessionHandle::of_key(session)).collect()
}

/// For every store.
pub async fn suite(store: &impl LogoutIndex) {
    let start = Start::now();
    let at = |second| start.at(second);
    let has_ended =
        async |session: &str| store.has_ended(SessionHandle::of_key(session), at(1)).await.unwrap();
    for (session_index, session) in [(Some("i1"), "s1"), (Some("i2"), "s2"), (None, "s3")] {
        for _ in 0..2 {
            store.enter(entry("nurse", session_index, session), at(1_000), at(0)).await.unwrap();
        }
    }
    store.enter(entry("doctor", Some("i1"), "d1"), at(1_000), at(0)).await.unwrap();

    // What matches nothing changes nothing.
    assert_eq!(ended(store, "stranger", &[], start).await, set(&[]));
    assert_eq!(ended(store, "nurse", &[index("other")], start).await, set(&[]));
    for session in ["s1", "s2", "s3", "d1"] {
        assert!(!has_ended(session).await, "{session}");
    }
    // One by its index; nobody else's of the same index.
    assert_eq!(ended(store, "nurse", &[index("i1"), index("x")], start).await, set(&["s1"]));
    assert!(has_ended("s1").await);
    assert!(!has_ended("s2").await && !has_ended("s3").await && !has_ended("d1").await);
    // The rest, each once.
    assert_eq!(ended(store, "nurse", &[], start).await, set(&["s2", "s3"]));
    assert_eq!(ended(store, "nurse", &[], start).await, set(&[]), "they had been ended");
    assert!(has_ended("s3").await && !has_ended("d1").await);
    // To enter it again does not bring it back.
    store.enter(entry("nurse", Some("i1"), "s1"), at(1_000), at(2)).await.unwrap();
    assert!(has_ended("s1").await);

    // One that was ended here is not ended again from elsewhere.
    let session = SessionHandle::of_key("d1");
    store.end(session, at(1_000), at(1)).await.unwrap();
    assert!(has_ended("d1").await);
    assert_eq!(ended(store, "doctor", &[], start).await, set(&[]));
    // One that is ended before it is entered stays ended.
    store.end(SessionHandle::of_key("early"), at(1_000), at(1)).await.unwrap();
    store.enter(entry("early", None, "early"), at(1_000), at(1)).await.unwrap();
    assert!(has_ended("early").await);

    // A hundred log-outs at once end it once.
    store.enter(entry("raced", None, "raced"), at(1_000), at(1)).await.unwrap();
    let attempts = (0..100).map(|_| store.end_subject(subject("raced"), &[], at(1)));
    let outcomes = futures_util::future::join_all(attempts).await;
    let number: usize = outcomes.into_iter().map(|ended| ended.unwrap().len()).sum();
    assert_eq!(number, 1);

    // Many of one subject, of which some have ended by themselves.
    for number in 0..60 {
        let until = if number < 40 { at(10) } else { at(1_000) };
        store.enter(entry("many", None, &format!("m{number}")), until, at(0)).await.unwrap();
    }
    let found = store.end_subject(subject("many"), &[], at(20)).await.unwrap();
    assert_eq!(found.len(), 20);
}

/// For stores that know no time but the one they are told.
pub async fn suite_of_time(store: &impl LogoutIndex) {
    let start = Start::now();
    let at = |second| start.at(second);
    let session = SessionHandle::of_key("t");
    store.enter(entry("time", None, "t"), at(100), at(0)).await.unwrap();
    assert_eq!(store.end_subject(subject("time"), &[], at(100)).await.unwrap(), []);
    assert_eq!(store.end_subject(subject("time"), &[], at(99)).await.unwrap(), [session]);
    assert!(store.has_ended(session, at(99)).await.unwrap());
    assert!(!store.has_ended(session, at(100)).await.unwrap(), "it ended by itself");
}

/// `store` has room for two.
pub async fn full(store: &impl LogoutIndex) {
    let start = Start::now();
    let at = |second| start.at(second);
    store.enter(entry("a", None, "a"), at(100), at(0)).await.unwrap();
    store.enter(entry("b", None, "b"), at(50), at(0)).await.unwrap();
    let full = Err(StoreError::Full { limit: 2 });
    assert_eq!(store.enter(entry("c", None, "c"), at(100), at(49)).await, full);
    assert_eq!(store.end(SessionHandle::of_key("d"), at(100), at(49)).await, full);
    // One that is known can be ended all the same.
    assert_eq!(store.end(SessionHandle::of_key("a"), at(100), at(49)).await, Ok(()));
    assert_eq!(store.enter(entry("c", None, "c"), at(100), at(50)).await, Ok(()));
    assert!(store.has_ended(SessionHandle::of_key("a"), at(60)).await.unwrap());
}
