use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::issue::{Ids, uuid};
use crate::crypto::{CryptoError, random_bytes, sha256};

/// Where the IDs of messages come from.
///
/// By default each is random. From a seed the same come in the same order each time, so that a test
/// can keep what it has seen. Copies share the order: no two messages have one ID.
#[derive(Clone, Debug, Default)]
pub struct IdSource(Option<Arc<Seeded>>);

#[derive(Debug)]
struct Seeded {
    seed: String,
    used: AtomicU64,
}

impl IdSource {
    /// IDs that follow from `seed`. Whoever knows it knows them: for tests.
    pub fn seeded(seed: &str) -> Self {
        Self(Some(Arc::new(Seeded { seed: seed.to_owned(), used: AtomicU64::new(0) })))
    }

    /// The next pair.
    ///
    /// # Errors
    /// A [`CryptoError`] when there is no randomness.
    pub fn pair(&self) -> Result<Ids, CryptoError> {
        let Some(seeded) = &self.0 else {
            return Ok(Ids { response: uuid(random_bytes()?), assertion: uuid(random_bytes()?) });
        };
        let number = seeded.used.fetch_add(1, Ordering::Relaxed);
        let id = |kind: &str| {
            let digest = sha256(format!("{kind} {number} {}", seeded.seed).as_bytes());
            uuid(digest.first_chunk().copied().unwrap_or_default())
        };
        Ok(Ids { response: id("response"), assertion: id("assertion") })
    }

    /// Begins again with the first. Does nothing where they are random.
    pub fn rewind(&self) {
        if let Some(seeded) = &self.0 {
            seeded.used.store(0, Ordering::Relaxed);
        }
    }
}
