use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where new keys come from.
///
/// By default each is random. From a seed the same come in the same order each time, on every
/// machine. Copies share the order: no two keys are alike.
#[derive(Clone, Debug, Default)]
pub(super) struct KeySource(Option<Arc<Seeded>>);

#[derive(Debug)]
struct Seeded {
    seed: String,
    made: AtomicU64,
}

impl KeySource {
    /// Keys that follow from `seed`. Whoever knows it has them: for tests.
    pub(super) fn seeded(seed: &str) -> Self {
        Self(Some(Arc::new(Seeded { seed: seed.to_owned(), made: AtomicU64::new(0) })))
    }

    /// The word that the next key follows from; none for a random one.
    pub(super) fn next_word(&self, purpose: &str) -> Option<String> {
        let seeded = self.0.as_ref()?;
        let number = seeded.made.fetch_add(1, Ordering::Relaxed);
        Some(format!("{purpose} {number} {}", seeded.seed))
    }

    /// Whether keys follow from a seed.
    pub(super) fn is_seeded(&self) -> bool {
        self.0.is_some()
    }
}
