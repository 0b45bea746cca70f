//! Redis or Valkey, for several machines.

mod link;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use redis::{ExistenceCheck, Script, SetExpiry, SetOptions, cmd, pipe};

use self::link::Link;
pub use self::link::RedisAddressError;
use crate::sp::{
    BoxFuture, IndexedSession, LiveSession, LogoutIndex, Remembered, ReplayKey, ReplayStore,
    SessionHandle, SessionIndexKey, SessionState, SessionStore, StoreError, SubjectKey,
};

/// Used assertions are kept for so long beyond their end: then no clock that is set back by less lets
/// one in again, be it ours or the server's.
const MARGIN: TimeDelta = TimeDelta::hours(1);
/// So many sessions one subject may have at a time. Nobody has; a test account may.
const MAX_OF_SUBJECT: usize = 1000;

/// Keeps sessions, used assertions and the index for log-out in Redis or Valkey, so that several
/// machines share them. All three traits; one connection, which is made when it is first needed and
/// made again when it fails.
///
/// The server must not throw out what is alive: `maxmemory-policy noeviction`, see
/// [`ReplayStore::warning`].
#[derive(Debug)]
pub struct RedisStore {
    link: Link,
    prefix: String,
    /// The latest time at which something was remembered here, in milliseconds. What ends no later
    /// may be gone, if the clock was set back since: it counts as used.
    seen: AtomicI64,
    enter: Script,
}

/// Enters a session of a subject, and drops those that have ended when there are many. The field is
/// the session; its value when it ends, and its index. Times in milliseconds.
const ENTER: &str = r"
local size = redis.call('HLEN', KEYS[1])
if size >= 32 then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local ends = tonumber(string.match(all[i + 1], '^%d+'))
    if ends <= tonumber(ARGV[4]) then redis.call('HDEL', KEYS[1], all[i]); size = size - 1 end
  end
end
if size >= tonumber(ARGV[5]) then return 0 end
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
";

impl RedisStore {
    /// By default a request to the server may take so long.
    pub const DEFAULT_LIMIT: Duration = Duration::from_secs(2);

    /// The server at `address`: `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, or
    /// `redis+sentinel://[user:password@]host:port[,host:port…]/name[/db]` for whoever the sentinels
    /// say is the master. Nothing is connected yet. `prefix` is in front of every key; `limit` is how
    /// long one request to the server may take.
    ///
    /// # Errors
    /// [`RedisAddressError`].
    pub fn new(address: &str, prefix: &str, limit: Duration) -> Result<Self, RedisAddressError> {
        Self::with_password(address, None, prefix, limit)
    }

    /// As [`RedisStore::new`], with a password that does not stand in the address.
    ///
    /// # Errors
    /// [`RedisAddressError`].
    pub fn with_password(
        address: &str,
        password: Option<&str>,
        prefix: &str,
        limit: Duration,
    ) -> Result<Self, RedisAddressError> {
        Ok(Self {
            link: Link::new(address, password, limit)?,
            prefix: prefix.to_owned(),
            seen: AtomicI64::new(i64::MIN),
            enter: Script::new(ENTER),
        })
    }

    /// The server's `maxmemory-policy` if it is one by which live entries may be thrown out, so that
    /// a used assertion could be used again; `None` when it is `noeviction`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], also when the server does not tell.
    async fn evicting_policy(&self) -> Result<Option<String>, StoreError> {
        let answer: Vec<String> = self
            .link
            .run(|mut connection| async move {
                cmd("CONFIG").arg("GET").arg("maxmemory-policy").query_async(&mut connection).await
            })
            .await?;
        let policy = answer.get(1).ok_or_else(|| {
            StoreError::Unavailable("the server does not tell its maxmemory-policy".to_owned())
        })?;
        Ok((policy != "noeviction").then(|| policy.clone()))
    }

    fn key(&self, kind: char, bytes: &[u8; 32]) -> String {
        format!("{}{kind}:{}", self.prefix, hex_of(bytes))
    }
}

/// Milliseconds until then, if it is ahead.
fn milliseconds(until: DateTime<Utc>, now: DateTime<Utc>) -> Option<u64> {
    let left = until.signed_duration_since(now).num_milliseconds();
    u64::try_from(left).ok().filter(|left| *left > 0)
}

fn unreadable(what: &str) -> StoreError {
    StoreError::Unavailable(format!("{what} in the store cannot be read"))
}

impl ReplayStore for RedisStore {
    fn knows(&self, key: ReplayKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let key = self.key('r', key.as_bytes());
            self.link
                .run(|mut connection| async move {
                    cmd("EXISTS").arg(key).query_async(&mut connection).await
                })
                .await
        })
    }

    fn remember(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Remembered, StoreError>> {
        Box::pin(async move {
            let seen = self.seen.fetch_max(now.timestamp_millis(), Ordering::Relaxed);
            if until.timestamp_millis() <= seen {
                return Ok(Remembered::Again);
            }
            let kept = until.checked_add_signed(MARGIN).unwrap_or(until);
            let Some(left) = milliseconds(kept, now) else { return Ok(Remembered::Again) };
            let key = self.key('r', key.as_bytes());
            let first: Option<String> = self
                .link
                .run(|mut connection| async move {
                    let options = SetOptions::default()
                        .conditional_set(ExistenceCheck::NX)
                        .with_expiration(SetExpiry::PX(left));
                    cmd("SET").arg(key).arg("1").arg(options).query_async(&mut connection).await
                })
                .await?;
            Ok(if first.is_some() { Remembered::First } else { Remembered::Again })
        })
    }

    fn warning(&self) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        Box::pin(async move {
            let policy = self.evicting_policy().await?;
            Ok(policy.map(|policy| {
                format!("maxmemory-policy is {policy}: the server may forget used assertions")
            }))
        })
    }
}

impl SessionStore for RedisStore {
    fn load(
        &self,
        session: SessionHandle,
        extend: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<LiveSession>, StoreError>> {
        Box::pin(async move {
            let key = self.key('s', session.as_bytes());
            let extend = extend.and_then(|until| milliseconds(until, now));
            let (left, state): (i64, Option<String>) = self
                .link
                .run(|mut connection| async move {
                    // In one go. What comes between does no harm, and a transaction would be refused
                    // by a server that has no memory left.
                    let mut pipe = pipe();
                    pipe.cmd("PTTL").arg(&key);
                    match extend {
                        Some(left) => pipe.cmd("GETEX").arg(&key).arg("PX").arg(left),
                        None => pipe.cmd("GET").arg(&key),
                    };
                    pipe.query_async(&mut connection).await
                })
                .await?;
            let Some(state) = state else { return Ok(None) };
            let state: SessionState =
                serde_json::from_str(&state).map_err(|_| unreadable("a session"))?;
            let until = TimeDelta::try_milliseconds(left.max(0));
            let until = until.and_then(|left| now.checked_add_signed(left)).unwrap_or(now);
            Ok(Some(LiveSession { state, until }))
        })
    }

    fn create(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(session, state, until, now, ExistenceCheck::NX)
    }

    fn update(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(session, state, until, now, ExistenceCheck::XX)
    }

    fn delete(&self, session: SessionHandle) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let key = self.key('s', session.as_bytes());
            self.link
                .run(|mut connection| async move {
                    cmd("DEL").arg(key).query_async(&mut connection).await
                })
                .await
        })
    }
}

impl RedisStore {
    fn write(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
        check: ExistenceCheck,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            // What has ended already need not be written.
            let Some(left) = milliseconds(until, now) else { return Ok(()) };
            let key = self.key('s', session.as_bytes());
            let state = serde_json::to_string(&state).map_err(|_| unreadable("a session"))?;
            let options =
                SetOptions::default().conditional_set(check).with_expiration(SetExpiry::PX(left));
            let _: Option<String> = self
                .link
                .run(|mut connection| async move {
                    cmd("SET").arg(key).arg(state).arg(options).query_async(&mut connection).await
                })
                .await?;
            Ok(())
        })
    }
}

impl LogoutIndex for RedisStore {
    fn enter(
        &self,
        entry: IndexedSession,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let Some(left) = milliseconds(until, now) else { return Ok(()) };
            let key = self.key('u', entry.subject.as_bytes());
            let index = entry.session_index.map(|index| hex_of(index.as_bytes()));
            let value = format!("{} {}", until.timestamp_millis(), index.unwrap_or_default());
            let mut script = self.enter.prepare_invoke();
            script
                .key(key)
                .arg(&entry.session.as_bytes()[..])
                .arg(value)
                .arg(left)
                .arg(now.timestamp_millis())
                .arg(MAX_OF_SUBJECT);
            let entered: bool = self
                .link
                .run(|mut connection| async move { script.invoke_async(&mut connection).await })
                .await?;
            if entered { Ok(()) } else { Err(StoreError::Full { limit: MAX_OF_SUBJECT }) }
        })
    }

    fn end_subject<'a>(
        &'a self,
        subject: SubjectKey,
        session_indexes: &'a [SessionIndexKey],
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Vec<SessionHandle>, StoreError>> {
        Box::pin(async move {
            let key = self.key('u', subject.as_bytes());
            let entries: Vec<(Vec<u8>, String)> = {
                let key = key.clone();
                self.link
                    .run(|mut connection| async move {
                        cmd("HGETALL").arg(key).query_async(&mut connection).await
                    })
                    .await?
            };
            let mut meant = Vec::new();
            for (handle, value) in entries {
                let wrong = || unreadable("the index of sessions");
                let handle = <[u8; 32]>::try_from(handle).map_err(|_| wrong())?;
                let (ends, index) = value.split_once(' ').ok_or_else(wrong)?;
                let ends: i64 = ends.parse().map_err(|_| wrong())?;
                let ends = DateTime::from_timestamp_millis(ends).ok_or_else(wrong)?;
                let is_meant = session_indexes.is_empty()
                    || session_indexes.iter().any(|wanted| hex_of(wanted.as_bytes()) == index);
                if let Some(left) = milliseconds(ends, now).filter(|_| is_meant) {
                    meant.push((SessionHandle::from_bytes(handle), left));
                }
            }
            if meant.is_empty() {
                return Ok(Vec::new());
            }
            let mut pipe = pipe();
            for (session, left) in &meant {
                let options = SetOptions::default()
                    .conditional_set(ExistenceCheck::NX)
                    .with_expiration(SetExpiry::PX(*left));
                pipe.cmd("SET").arg(self.key('e', session.as_bytes())).arg("1").arg(options);
            }
            let first: Vec<Option<String>> = self
                .link
                .run(|mut connection| async move { pipe.query_async(&mut connection).await })
                .await?;
            let ended = meant.into_iter().zip(first).filter(|(_, first)| first.is_some());
            Ok(ended.map(|((session, _), _)| session).collect())
        })
    }

    fn end(
        &self,
        session: SessionHandle,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let Some(left) = milliseconds(until, now) else { return Ok(()) };
            let key = self.key('e', session.as_bytes());
            self.link
                .run(|mut connection| async move {
                    // A mark that is there already and lasts longer stays as it is.
                    let mut pipe = pipe();
                    pipe.cmd("SET").arg(&key).arg("1").arg("PX").arg(left).arg("NX").ignore();
                    pipe.cmd("PEXPIRE").arg(&key).arg(left).arg("GT").ignore();
                    pipe.query_async(&mut connection).await
                })
                .await
        })
    }

    fn has_ended(
        &self,
        session: SessionHandle,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let key = self.key('e', session.as_bytes());
            self.link
                .run(|mut connection| async move {
                    cmd("EXISTS").arg(key).query_async(&mut connection).await
                })
                .await
        })
    }
}

fn hex_of(bytes: &[u8; 32]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
