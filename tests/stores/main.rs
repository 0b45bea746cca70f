//! What every store must do, whatever it keeps things in. An application that brings its own store
//! can hold it to the same suites.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test that panics has failed, which is what it is for"
)]

mod faults;
mod index;
mod kill;
#[path = "../redis/mod.rs"]
mod redis;
mod replay;
mod sessions;

use std::time::Duration;

use actix_saml::sp::ReplayStore as _;
use actix_saml::store::{
    FileStore, MemoryLogoutIndex, MemoryReplay, MemorySessions, OpenStoreError, RedisStore,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::redis::RedisServer;

/// Times are told in seconds from the moment at which a suite begins: a server keeps its own time.
#[derive(Clone, Copy)]
pub struct Start(DateTime<Utc>);

impl Start {
    pub fn now() -> Self {
        Self(std::time::SystemTime::now().into())
    }

    pub fn at(self, second: i64) -> DateTime<Utc> {
        self.0 + TimeDelta::seconds(second)
    }
}

pub fn redis_store(server: &RedisServer) -> RedisStore {
    RedisStore::new(&server.url(), "saml:", Duration::from_secs(2)).unwrap()
}

#[tokio::test]
async fn memory() {
    replay::suite(&MemoryReplay::default()).await;
    sessions::suite(&MemorySessions::default()).await;
    index::suite(&MemoryLogoutIndex::default()).await;
}

#[tokio::test]
async fn in_memory_time_is_what_it_is_told() {
    replay::suite_of_time(&MemoryReplay::default()).await;
    sessions::suite_of_time(&MemorySessions::default()).await;
    index::suite_of_time(&MemoryLogoutIndex::default()).await;
}

#[tokio::test]
async fn a_full_memory_refuses() {
    replay::full(&MemoryReplay::new(2)).await;
    sessions::full(&MemorySessions::new(2)).await;
    index::full(&MemoryLogoutIndex::new(2)).await;
}

#[tokio::test]
async fn redis() {
    let Some(server) = RedisServer::start(&[]) else { return };
    replay::suite(&redis_store(&server)).await;
    sessions::suite(&redis_store(&server)).await;
    index::suite(&redis_store(&server)).await;
}

struct File(std::path::PathBuf);

impl File {
    fn new() -> Self {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("saml-store-{}-{number}", std::process::id())))
    }

    fn open(&self) -> FileStore {
        FileStore::open(&self.0, Duration::from_secs(10)).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn file() {
    let file = File::new();
    let store = file.open();
    replay::suite(&store).await;
    sessions::suite(&store).await;
    index::suite(&store).await;
    replay::suite_of_time(&store).await;
    sessions::suite_of_time(&store).await;
    index::suite_of_time(&store).await;
    let file = File::new();
    assert_eq!(replay::race_of_threads(&std::sync::Arc::new(file.open())), 1);
}

#[tokio::test]
async fn one_process_at_a_time_and_nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = File::new();
    let store = file.open();
    let mode = std::fs::metadata(&file.0).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let second = FileStore::open(&file.0, Duration::from_secs(1)).unwrap_err();
    assert!(matches!(second, OpenStoreError::InUse), "{second}");
    drop(store);
    std::fs::write(&file.0, "something else altogether, and long enough to be read as a header")
        .unwrap();
    let other = FileStore::open(&file.0, Duration::from_secs(1)).unwrap_err();
    assert!(matches!(other, OpenStoreError::Database(_)), "{other}");
}

/// Entries end by the server's clock, each at its time.
#[tokio::test]
async fn in_redis_everything_has_an_end() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = redis_store(&server);
    replay::suite(&store).await;
    sessions::suite(&store).await;
    index::suite(&store).await;
    let keys = server.command(&["KEYS", "*"]);
    let keys: Vec<&str> = keys.lines().filter(|line| line.starts_with("saml:")).collect();
    assert!(keys.len() > 5, "{keys:?}");
    for key in keys {
        let left = server.command(&["PTTL", key]);
        assert!(left.trim_start_matches(':').trim().parse::<i64>().unwrap() > 0, "{key}: {left}");
    }
}

#[tokio::test]
async fn whoever_may_throw_out_live_entries_is_told_of() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = redis_store(&server);
    assert_eq!(store.warning().await, Ok(None));
    server.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let warning = store.warning().await.unwrap().unwrap();
    assert!(warning.contains("allkeys-lru"), "{warning}");
}

#[tokio::test]
async fn a_password_is_needed_where_there_is_one() {
    use actix_saml::sp::{SessionHandle, SessionStore as _, StoreError};
    let Some(server) = RedisServer::start(&["--requirepass", "opensesame"]) else { return };
    let with = |user: &str| {
        let url = format!("redis://{user}127.0.0.1:{}", server.port);
        RedisStore::new(&url, "saml:", Duration::from_secs(2)).unwrap()
    };
    let session = SessionHandle::of_key("a");
    let now = Start::now().at(0);
    assert_eq!(with(":opensesame@").load(session, None, now).await, Ok(None));
    for user in ["", ":wrong@"] {
        let error = with(user).load(session, None, now).await.unwrap_err();
        let StoreError::Unavailable(text) = &error else { panic!("{error:?}") };
        assert!(!text.contains("opensesame") && !text.contains("wrong"), "{text}");
    }
}
