//! The connection to Redis.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo as _, RedisError, TlsMode,
};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use crate::sp::StoreError;

/// So long nobody tries to connect after an attempt has failed: others would wait for nothing.
const PAUSE: Duration = Duration::from_millis(200);

/// Why an address is none of a Redis server. It never tells the password in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("it is no address of a Redis server: {0}")]
pub struct RedisAddressError(String);

enum Server {
    One(Box<Client>),
    /// Whoever is the master at the moment.
    Sentinel(Box<SentinelClient>),
}

/// One connection that all requests share. Whatever goes wrong with it, an answer that does not come
/// included, it is given up and the next request makes another: nothing is retried, because nobody
/// knows what has been done.
pub(super) struct Link {
    server: Mutex<Connected>,
    /// The number of a connection that has failed.
    broken: AtomicU64,
    limit: Duration,
}

struct Connected {
    server: Server,
    connection: Option<MultiplexedConnection>,
    /// Grows with each connection, so that one failure does not end the next one.
    number: u64,
    failed_at: Option<Instant>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(
        address: &str,
        password: Option<&str>,
        limit: Duration,
    ) -> Result<Self, RedisAddressError> {
        let server = read_address(address, password)?;
        let server = Connected { server, connection: None, number: 0, failed_at: None };
        Ok(Self { server: Mutex::new(server), broken: AtomicU64::new(0), limit })
    }

    /// Does `work` with a connection, within the limit.
    pub(super) async fn run<T, F>(
        &self,
        work: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let mut used = None;
        let outcome = timeout(self.limit, async {
            let (number, connection) = self.connect().await?;
            used = Some(number);
            work(connection).await.map_err(|error| unavailable(&error))
        })
        .await;
        let outcome = outcome.unwrap_or_else(|_| {
            let limit = self.limit.as_millis();
            Err(StoreError::Unavailable(format!("no answer within {limit} ms")))
        });
        if outcome.is_err()
            && let Some(number) = used
        {
            // Without waiting for whoever connects: this request has waited long enough.
            self.broken.fetch_max(number, Ordering::Relaxed);
        }
        outcome
    }

    async fn connect(&self) -> Result<(u64, MultiplexedConnection), StoreError> {
        let mut connected = self.server.lock().await;
        let is_whole = connected.number > self.broken.load(Ordering::Relaxed);
        if let Some(connection) = connected.connection.as_ref().filter(|_| is_whole) {
            return Ok((connected.number, connection.clone()));
        }
        if connected.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(StoreError::Unavailable("it could not be reached a moment ago".to_owned()));
        }
        // Whoever gives up while waiting leaves this mark, too.
        connected.failed_at = Some(Instant::now());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.limit))
            .set_response_timeout(Some(self.limit));
        let connection = match &mut connected.server {
            Server::One(client) => {
                client.get_multiplexed_async_connection_with_config(&config).await
            }
            Server::Sentinel(client) => client.get_async_connection_with_config(&config).await,
        };
        let connection = connection.map_err(|error| {
            connected.failed_at = Some(Instant::now());
            unavailable(&error)
        })?;
        connected.failed_at = None;
        connected.number = connected.number.saturating_add(1);
        connected.connection = Some(connection.clone());
        Ok((connected.number, connection))
    }
}

/// What the client library says never holds the password.
fn unavailable(error: &RedisError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// `redis://` and `rediss://` as the client library reads them, and
/// `redis+sentinel://[user:password@]host:port[,host:port…]/name[/db]`, with `rediss+sentinel://` for
/// TLS to the servers and to the sentinels.
fn read_address(address: &str, password: Option<&str>) -> Result<Server, RedisAddressError> {
    let wrong = |problem: &str| RedisAddressError(problem.to_owned());
    let (scheme, rest) = address.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
    match scheme {
        "redis" | "rediss" => {
            // Not every mistake in it is told without its password.
            let cannot = |_| wrong("it cannot be read");
            let mut server = address.into_connection_info().map_err(cannot)?;
            if let Some(password) = password {
                let settings = server.redis_settings().clone().set_password(password);
                server = server.set_redis_settings(settings);
            }
            let client = Client::open(server).map_err(cannot)?;
            Ok(Server::One(Box::new(client)))
        }
        "redis+sentinel" | "rediss+sentinel" => {
            let client = read_sentinel(rest, password, scheme.starts_with("rediss"));
            let client = client.map_err(wrong)?;
            Ok(Server::Sentinel(Box::new(client)))
        }
        _ => Err(wrong("its scheme is neither redis, rediss, redis+sentinel nor rediss+sentinel")),
    }
}

fn read_sentinel(
    rest: &str,
    password: Option<&str>,
    tls: bool,
) -> Result<SentinelClient, &'static str> {
    let (authority, path) = rest.split_once('/').ok_or("it names no master")?;
    let (user, hosts) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
    let mut path = path.split('/');
    let name = path.next().filter(|name| !name.is_empty()).ok_or("it names no master")?;
    let mut addresses = Vec::new();
    for host in hosts.split(',') {
        let url = Url::parse(&format!("redis://{host}")).map_err(|_| "a host cannot be read")?;
        let name = url.host_str().ok_or("a host cannot be read")?.to_owned();
        let port = url.port().unwrap_or(26379);
        addresses.push(if tls {
            ConnectionAddr::TcpTls { host: name, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(name, port)
        });
    }
    let cannot = |_| "it cannot be read";
    let master = SentinelServerType::Master;
    let mut builder = SentinelClientBuilder::new(addresses, name, master).map_err(cannot)?;
    if tls {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    if let Some(db) = path.next() {
        builder =
            builder.set_client_to_redis_db(db.parse().map_err(|_| "its database is no number")?);
    }
    if path.next().is_some() {
        return Err("there is something behind the database");
    }
    if let Some(user) = user {
        let user =
            Url::parse(&format!("redis://{user}@host")).map_err(|_| "its user cannot be read")?;
        let decoded = |text: &str| percent_decoded(text);
        if !user.username().is_empty() {
            builder = builder.set_client_to_redis_username(decoded(user.username()));
        }
        if let Some(password) = user.password() {
            builder = builder.set_client_to_redis_password(decoded(password));
        }
    }
    if let Some(password) = password {
        builder = builder.set_client_to_redis_password(password);
    }
    builder.build().map_err(cannot)
}

/// As it was before it was written into the address.
fn percent_decoded(text: &str) -> String {
    // "+" stands for itself here.
    let pair = format!("={}", text.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(address: &str) -> Option<String> {
        Link::new(address, None, Duration::from_secs(2)).err().map(|error| error.to_string())
    }

    #[test]
    fn addresses() {
        for good in [
            "redis://127.0.0.1",
            "redis://127.0.0.1:6380/3",
            "rediss://user:p%40ss@redis.example.org/0",
            "redis+sentinel://a.example.org:26379,b.example.org/rota",
            "rediss+sentinel://:secret@a.example.org/rota/2",
        ] {
            assert_eq!(problem(good), None, "{good}");
        }
        for bad in [
            "",
            "memory:",
            "http://127.0.0.1",
            "redis://",
            "redis+sentinel://a.example.org",
            "redis+sentinel://a.example.org/",
            "redis+sentinel:///rota",
            "redis+sentinel://u:secret@a.example.org/rota/x",
            "redis+sentinel://u:secret@a.example.org/rota/1/2",
            "redis://u:secret@host:port/",
        ] {
            let problem = problem(bad).unwrap_or_else(|| panic!("{bad}"));
            assert!(!problem.contains("secret"), "{problem}");
        }
        assert_eq!(percent_decoded("a%2Fb+c%40"), "a/b+c@");
    }
}
