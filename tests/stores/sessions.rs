use actix_saml::sp::{LiveSession, SessionHandle, SessionState, SessionStore, StoreError};
use chrono::TimeDelta;

use crate::Start;

fn state(text: &str) -> SessionState {
    SessionState::from([("note".to_owned(), format!("\"{text}\""))])
}

async fn load(store: &impl SessionStore, key: &str, start: Start, now: i64) -> Option<LiveSession> {
    store.load(SessionHandle::of_key(key), None, start.at(now)).await.unwrap()
}

/// For every store.
pub async fn suite(store: &impl SessionStore) {
    let start = Start::now();
    let at = |second| start.at(second);
    let handle = SessionHandle::of_key;
    assert_eq!(load(store, "a", start, 0).await, None, "unknown");
    store.create(handle("a"), state("Zoë \"quoted\" \u{1F600}"), at(100), at(0)).await.unwrap();
    let live = load(store, "a", start, 0).await.unwrap();
    assert_eq!(live.state, state("Zoë \"quoted\" \u{1F600}"));
    let nearly = |found: chrono::DateTime<chrono::Utc>, second| {
        (found - at(second)).abs() < TimeDelta::seconds(3)
    };
    assert!(nearly(live.until, 100), "{live:?}");
    assert_eq!(load(store, "b", start, 0).await, None, "another one");

    // To look does not extend; to load does, and tells how it was before.
    let looked = load(store, "a", start, 0).await.unwrap();
    assert!(nearly(looked.until, 100));
    let before = store.load(handle("a"), Some(at(500)), at(0)).await.unwrap().unwrap();
    assert!(nearly(before.until, 100), "{before:?}");
    let after = load(store, "a", start, 0).await.unwrap();
    assert!(nearly(after.until, 500), "{after:?}");

    // Changed, and with another end.
    store.update(handle("a"), state("new"), at(300), at(0)).await.unwrap();
    let live = load(store, "a", start, 0).await.unwrap();
    assert_eq!(live.state, state("new"));
    assert!(nearly(live.until, 300));

    // What has ended is not brought back.
    store.delete(handle("a")).await.unwrap();
    assert_eq!(load(store, "a", start, 0).await, None);
    store.update(handle("a"), state("late"), at(300), at(0)).await.unwrap();
    assert_eq!(store.load(handle("a"), Some(at(900)), at(0)).await.unwrap(), None);
    assert_eq!(load(store, "a", start, 0).await, None, "a slow request brings nothing back");
    store.delete(handle("a")).await.unwrap();

    // One that is empty is one.
    store.create(handle("empty"), SessionState::new(), at(100), at(0)).await.unwrap();
    assert_eq!(load(store, "empty", start, 0).await.unwrap().state, SessionState::new());
}

/// For stores that know no time but the one they are told.
pub async fn suite_of_time(store: &impl SessionStore) {
    let start = Start::now();
    let at = |second| start.at(second);
    let handle = SessionHandle::of_key;
    store.create(handle("t"), state("x"), at(100), at(0)).await.unwrap();
    assert!(load(store, "t", start, 99).await.is_some());
    assert_eq!(load(store, "t", start, 100).await, None);
    assert_eq!(store.load(handle("t"), Some(at(900)), at(100)).await.unwrap(), None);
    store.update(handle("t"), state("y"), at(900), at(100)).await.unwrap();
    assert_eq!(load(store, "t", start, 100).await, None, "an ended session is not brought back");
    assert_eq!(load(store, "t", start, 50).await, None, "nor is it by a clock that is set back");
}

/// `store` has room for two.
pub async fn full(store: &impl SessionStore) {
    let start = Start::now();
    let at = |second| start.at(second);
    let handle = SessionHandle::of_key;
    store.create(handle("a"), state("a"), at(100), at(0)).await.unwrap();
    store.create(handle("b"), state("b"), at(50), at(0)).await.unwrap();
    let refused = store.create(handle("c"), state("c"), at(100), at(49)).await;
    assert_eq!(refused, Err(StoreError::Full { limit: 2 }));
    store.create(handle("c"), state("c"), at(100), at(50)).await.unwrap();
    assert!(
        load(store, "a", start, 60).await.is_some() && load(store, "c", start, 60).await.is_some()
    );
}
