//! Where things are remembered, and what seals cookies, as the configuration says.

use actix_web::cookie::Key;

use super::Config;
use super::error::ConfigError;
use crate::web::cookie_keys::CookieKeys;
use crate::web::saml::SamlBuilder;
use crate::xml::decode_base64;

const MEMORY: &str = "memory:";
/// Bytes of a key that seals cookies: half of them encrypt.
const COOKIE_KEY: usize = 64;

/// Where things are remembered.
enum Place<'c> {
    Memory,
    File(&'c str),
    Redis,
}

impl Config {
    fn place(&self) -> Result<Place<'_>, ConfigError> {
        let url = self.store.url.as_str();
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let is_redis = matches!(scheme, "redis" | "rediss" | "redis+sentinel" | "rediss+sentinel");
        let path = url.strip_prefix("file:").filter(|path| !path.is_empty());
        match path {
            Some(path) => Ok(Place::File(path)),
            None if url == MEMORY => Ok(Place::Memory),
            None if is_redis => Ok(Place::Redis),
            None => {
                // It may hold a password.
                let shown = url.split_once("://").map_or(url, |(scheme, _)| scheme);
                let problem = format!("{shown:?} is not a store that is known here");
                Err(self.error(
                    "store.url",
                    problem,
                    "use \"memory:\", \"file:…\" or \"redis://…\"",
                ))
            }
        }
    }

    /// Everything of [`Config::bring_stores`] before anything is opened.
    pub(super) fn check_stores(&self) -> Result<(), ConfigError> {
        self.cookie_keys()?;
        if !(100..=30_000).contains(&self.store.timeout_ms) {
            let remedy = "2000 suits most";
            return Err(self.error("store.timeout_ms", "not between 100 and 30000", remedy));
        }
        match self.place()? {
            Place::Redis => self.open_redis().map(drop),
            // It is opened once, and not to see whether it could be.
            Place::File(_) | Place::Memory => Ok(()),
        }
    }

    /// Opens the store, and hands it on with the rest. Nothing is connected: an application whose
    /// store is down starts, and answers 503 until it is there.
    pub(super) fn bring_stores(&self, mut saml: SamlBuilder) -> Result<SamlBuilder, ConfigError> {
        if let Some(keys) = self.cookie_keys()? {
            saml = saml.cookie_keys(keys);
        }
        match self.place()? {
            Place::Memory => Ok(saml),
            Place::File(path) => self.bring_file(path, saml),
            #[cfg(feature = "redis")]
            Place::Redis => {
                let store = std::sync::Arc::new(self.open_redis()?);
                Ok(saml
                    .replay_store(store.clone())
                    .session_store(store.clone())
                    .logout_index(store))
            }
            #[cfg(not(feature = "redis"))]
            Place::Redis => self.open_redis().map(|()| saml),
        }
    }

    #[cfg(feature = "file-store")]
    fn bring_file(&self, path: &str, saml: SamlBuilder) -> Result<SamlBuilder, ConfigError> {
        let limit = std::time::Duration::from_millis(self.store.timeout_ms.into());
        let store = crate::store::FileStore::open(&self.path(path), limit).map_err(|error| {
            let remedy = "name a file that this user may write, and that no other process uses";
            self.error("store.url", error, remedy)
        })?;
        let store = std::sync::Arc::new(store);
        Ok(saml.replay_store(store.clone()).session_store(store.clone()).logout_index(store))
    }

    #[cfg(not(feature = "file-store"))]
    fn bring_file(&self, _: &str, _: SamlBuilder) -> Result<SamlBuilder, ConfigError> {
        let problem = "this program was built without the feature \"file-store\"";
        Err(self.error("store.url", problem, "build it with the feature, or use \"memory:\""))
    }

    #[cfg(feature = "redis")]
    fn open_redis(&self) -> Result<crate::store::RedisStore, ConfigError> {
        use crate::store::RedisStore;
        let field = "store.password_file";
        let password = self.store.password_file.as_ref();
        let password = password.map(|path| self.read_private(field, path)).transpose()?;
        let password = password.map(|bytes| {
            let text = String::from_utf8(bytes).ok().map(|text| text.trim_end().to_owned());
            let remedy = "write the password into it, in one line";
            text.filter(|text| !text.is_empty())
                .ok_or_else(|| self.error(field, "it holds no password", remedy))
        });
        let password = password.transpose()?;
        let limit = std::time::Duration::from_millis(self.store.timeout_ms.into());
        RedisStore::with_password(&self.store.url, password.as_deref(), &self.store.prefix, limit)
            .map_err(|error| self.error("store.url", error, "see docs/stores.md for its forms"))
    }

    #[cfg(not(feature = "redis"))]
    fn open_redis(&self) -> Result<(), ConfigError> {
        let problem = "this program was built without the feature \"redis\"";
        Err(self.error("store.url", problem, "build it with the feature, or use \"memory:\""))
    }

    /// The keys that seal cookies, if any are named.
    pub(super) fn cookie_keys(&self) -> Result<Option<CookieKeys>, ConfigError> {
        let mut keys = Vec::with_capacity(self.keys.cookie_keys.len());
        for path in &self.keys.cookie_keys {
            keys.push(self.read_cookie_key(path)?);
        }
        let mut keys = keys.into_iter();
        Ok(keys.next().map(|sealing| CookieKeys::new(sealing, keys.collect())))
    }

    fn read_cookie_key(&self, path: &str) -> Result<Key, ConfigError> {
        let field = "keys.cookie_keys";
        let text = self.read_private(field, path)?;
        // It is either 64 bytes or it is not: a longer one would be cut without a word.
        let bytes = decode_base64(&text).filter(|bytes| bytes.len() == COOKIE_KEY);
        let key = bytes.and_then(|bytes| Key::try_from(bytes.as_slice()).ok());
        key.ok_or_else(|| {
            let problem = format!("{path}: it does not hold {COOKIE_KEY} bytes in base64");
            self.error(field, problem, "make one with actix-saml keygen --purpose cookies")
        })
    }
}
