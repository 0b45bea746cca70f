use std::sync::Arc;

use actix_saml::saml::EntityId;
use actix_saml::sp::{Remembered, ReplayKey, ReplayStore, StoreError};

use crate::Start;

fn key(issuer: &str, id: &str) -> ReplayKey {
    ReplayKey::new(&EntityId::new(issuer).unwrap(), id)
}

/// For every store. It may be used by others meanwhile, and keep its own time.
pub async fn suite(store: &impl ReplayStore) {
    let start = Start::now();
    let at = |second| start.at(second);
    let first = Ok(Remembered::First);
    let again = Ok(Remembered::Again);
    // Once and never again, whatever end is named.
    assert_eq!(store.remember(key("idp", "a"), at(100), at(0)).await, first);
    for until in [100, 50, 1_000] {
        assert_eq!(store.remember(key("idp", "a"), at(until), at(1)).await, again);
    }
    // What was entered is known, and asking enters nothing.
    assert_eq!(store.knows(key("idp", "a")).await, Ok(true));
    for _ in 0..2 {
        assert_eq!(store.knows(key("idp", "b")).await, Ok(false));
    }
    // Others are others.
    assert_eq!(store.remember(key("other", "a"), at(100), at(1)).await, first);
    assert_eq!(store.remember(key("idp", "b"), at(100), at(1)).await, first);
    assert_eq!(store.remember(key("idp", "A"), at(100), at(1)).await, first);
    let idp = EntityId::new("idp").unwrap();
    assert_eq!(store.remember(ReplayKey::of_request(&idp, "a"), at(100), at(1)).await, first);
    // U:clock. A clock that is set back by an hour opens nothing.
    assert_eq!(store.remember(key("idp", "a"), at(100), at(-3_600)).await, again);
    // Nor what ended before anything that was remembered since.
    assert_eq!(store.remember(key("idp", "c"), at(500), at(400)).await, first);
    assert_eq!(store.remember(key("idp", "a"), at(100), at(0)).await, again);
    race(store, &start).await;
}

/// A hundred at once: one is the first.
async fn race(store: &impl ReplayStore, start: &Start) {
    let (until, now) = (start.at(900), start.at(400));
    let attempts = (0..100).map(|_| store.remember(key("idp", "race"), until, now));
    let outcomes = futures_util::future::join_all(attempts).await;
    let firsts = outcomes.iter().filter(|o| **o == Ok(Remembered::First)).count();
    assert_eq!(firsts, 1, "{outcomes:?}");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

/// For stores that know no time but the one they are told.
pub async fn suite_of_time(store: &impl ReplayStore) {
    let start = Start::now();
    let at = |second| start.at(second);
    let first = Ok(Remembered::First);
    assert_eq!(store.remember(key("idp", "x"), at(100), at(0)).await, first);
    // A step forward and back again: what may have been forgotten counts as used.
    assert_eq!(store.remember(key("idp", "y"), at(9_000), at(5_000)).await, first);
    assert_eq!(store.remember(key("idp", "x"), at(100), at(0)).await, Ok(Remembered::Again));
    assert_eq!(store.remember(key("idp", "z"), at(9_500), at(1)).await, first);
}

/// `store` has room for two.
pub async fn full(store: &impl ReplayStore) {
    let start = Start::now();
    let at = |second| start.at(second);
    let first = Ok(Remembered::First);
    assert_eq!(store.remember(key("idp", "a"), at(100), at(0)).await, first);
    assert_eq!(store.remember(key("idp", "b"), at(50), at(0)).await, first);
    let refused = store.remember(key("idp", "c"), at(100), at(49)).await;
    assert_eq!(refused, Err(StoreError::Full { limit: 2 }));
    assert_eq!(store.remember(key("idp", "a"), at(100), at(49)).await, Ok(Remembered::Again));
    assert_eq!(store.remember(key("idp", "c"), at(100), at(50)).await, first);
}

/// From several threads, each with a runtime of its own.
pub fn race_of_threads(store: &Arc<impl ReplayStore + 'static>) -> usize {
    let start = Start::now();
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(store);
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async {
                    store.remember(key("idp", "threads"), start.at(100), start.at(0)).await
                })
            })
        })
        .collect();
    let outcomes = threads.into_iter().map(|thread| thread.join().unwrap());
    outcomes.filter(|o| *o == Ok(Remembered::First)).count()
}
