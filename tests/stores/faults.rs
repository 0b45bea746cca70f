//! What goes wrong with a server: every time an error within the limit, and everything as before when
//! it is over, without a restart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_saml::saml::EntityId;
use actix_saml::sp::{
    Remembered, ReplayKey, ReplayStore as _, SessionHandle, SessionState, SessionStore as _,
    StoreError,
};
use actix_saml::store::RedisStore;

use crate::Start;
use crate::redis::{Proxy, RedisServer, Way};
use crate::redis_store;

const LIMIT: Duration = Duration::from_millis(300);

fn impatient(server: &RedisServer) -> RedisStore {
    RedisStore::new(&server.url(), "saml:", LIMIT).unwrap()
}

async fn remember(store: &RedisStore, id: &str) -> Result<Remembered, StoreError> {
    let start = Start::now();
    let key = ReplayKey::new(&EntityId::new("idp").unwrap(), id);
    store.remember(key, start.at(1_000), start.at(0)).await
}

async fn load(store: &RedisStore) -> Result<bool, StoreError> {
    let live = store.load(SessionHandle::of_key("a"), None, Start::now().at(0)).await;
    live.map(|live| live.is_some())
}

async fn begin(store: &RedisStore) {
    let start = Start::now();
    let session = SessionHandle::of_key("a");
    store.create(session, SessionState::new(), start.at(1_000), start.at(0)).await.unwrap();
}

/// Both kinds of use fail, and neither takes longer than the limit and a little.
async fn assert_fails(store: &RedisStore) {
    for _ in 0..3 {
        let begun = Instant::now();
        let outcomes = (remember(store, "x").await, load(store).await);
        assert!(
            matches!(outcomes, (Err(StoreError::Unavailable(_)), Err(StoreError::Unavailable(_)))),
            "{outcomes:?}"
        );
        assert!(begun.elapsed() < 2 * LIMIT + Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}

/// It heals within a moment.
async fn assert_heals(store: &RedisStore) {
    let begun = Instant::now();
    while load(store).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it does not heal");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn stopped_and_started_again_with_nothing_in_it() {
    let Some(mut server) = RedisServer::start(&[]) else { return };
    let store = impatient(&server);
    begin(&store).await;
    assert_eq!(remember(&store, "a").await, Ok(Remembered::First));
    server.stop();
    assert_fails(&store).await;
    server.restart();
    assert_heals(&store).await;
    assert_eq!(
        load(&store).await,
        Ok(false),
        "sessions went with the server, and nobody is let in"
    );
    assert_eq!(remember(&store, "b").await, Ok(Remembered::First));
}

#[tokio::test]
async fn paused() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = impatient(&server);
    begin(&store).await;
    server.signal("-STOP");
    assert_fails(&store).await;
    server.signal("-CONT");
    assert_heals(&store).await;
    assert_eq!(load(&store).await, Ok(true));
}

#[tokio::test]
async fn never_there() {
    let Some(mut server) = RedisServer::start(&[]) else { return };
    server.stop();
    let store = impatient(&server);
    assert_fails(&store).await;
    server.restart();
    assert_heals(&store).await;
}

#[tokio::test]
async fn read_only() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = impatient(&server);
    begin(&store).await;
    // A replica of nobody who answers.
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    assert!(matches!(remember(&store, "a").await, Err(StoreError::Unavailable(_))));
    server.command(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(remember(&store, "a").await, Ok(Remembered::First));
}

#[tokio::test]
async fn out_of_memory() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = impatient(&server);
    begin(&store).await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(matches!(remember(&store, "a").await, Err(StoreError::Unavailable(_))));
    assert_eq!(load(&store).await, Ok(true), "nothing that is alive was thrown out");
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(remember(&store, "a").await, Ok(Remembered::First));
}

/// The connection is open, and nothing comes back any more.
#[tokio::test]
async fn half_open() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::before(server.port);
    let store = RedisStore::new(&proxy.url(), "saml:", LIMIT).unwrap();
    begin(&store).await;
    proxy.go(Way::Nowhere);
    assert_fails(&store).await;
    proxy.go(Way::Through);
    assert_heals(&store).await;
    assert_eq!(load(&store).await, Ok(true));
}

/// Each thread has its own runtime, as each worker of the server has; the connection was made in one
/// that has ended.
#[test]
fn one_connection_for_many_threads() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = Arc::new(redis_store(&server));
    assert_eq!(crate::replay::race_of_threads(&store), 1);
    assert_eq!(crate::replay::race_of_threads(&store), 0);
}
