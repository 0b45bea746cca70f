//! The thread that does what is due.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::keeper::Federation;

/// How often to look whether something is due.
const PAUSE: Duration = Duration::from_secs(2);
/// Certificates and clocks are looked at once in so many times: they have days and minutes.
const LOOKS_FOR_RADAR: u64 = 15;
/// So many providers are fetched at a time: one that does not answer holds up few others.
const MAX_FETCHERS: usize = 4;

/// Keeps the thread going as long as it lives.
pub(in crate::web) struct Background {
    _alive: Sender<()>,
}

impl Background {
    /// Begins at once. `None` when the system has no thread for us: then nothing is kept current,
    /// and that is told.
    pub(in crate::web) fn start(federation: &Arc<Federation>) -> Option<Self> {
        let (alive, gone) = channel();
        let weak = Arc::downgrade(federation);
        let spawned = thread::Builder::new()
            .name("saml-metadata".to_owned())
            .spawn(move || keep_current(&weak, &gone));
        match spawned {
            Ok(_) => Some(Self { _alive: alive }),
            Err(error) => {
                tracing::error!(event = "metadata_thread", %error, "metadata is not kept current");
                None
            }
        }
    }
}

fn keep_current(federation: &Weak<Federation>, gone: &Receiver<()>) {
    let queue = Arc::new(Queue::default());
    for look in 0_u64.. {
        let Some(federation) = federation.upgrade() else { return };
        // Whatever goes wrong at one time must not end all that come after.
        let looked = catch_unwind(AssertUnwindSafe(|| {
            queue.add(federation.look_around());
            queue.work_off(&federation);
            if look.is_multiple_of(LOOKS_FOR_RADAR) {
                federation.watch_radar();
            }
        }));
        if looked.is_err() {
            tracing::error!(event = "metadata_thread", "keeping metadata current has panicked");
        }
        drop(federation);
        if gone.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected) {
            queue.clear();
            return;
        }
    }
}

/// Providers that wait to be fetched, and how many threads are at it.
#[derive(Default)]
struct Queue {
    waiting: Mutex<(VecDeque<usize>, usize)>,
}

impl Queue {
    fn add(&self, due: Vec<usize>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).0.extend(due);
    }

    /// Nobody needs them any more.
    fn clear(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).0.clear();
    }

    /// Begins as many threads as are needed and allowed.
    fn work_off(self: &Arc<Self>, federation: &Arc<Federation>) {
        let needed = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).0.len();
        for _ in 0..needed.min(MAX_FETCHERS) {
            {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if waiting.0.is_empty() || waiting.1 >= MAX_FETCHERS {
                    return;
                }
                waiting.1 = waiting.1.saturating_add(1);
            }
            let (queue, federation) = (Arc::clone(self), Arc::downgrade(federation));
            let spawned = thread::Builder::new()
                .name("saml-fetch".to_owned())
                .spawn(move || queue.fetch_all(&federation));
            if spawned.is_err() {
                self.leave();
                return;
            }
        }
    }

    fn fetch_all(&self, federation: &Weak<Federation>) {
        while let Some(index) = self.take() {
            let Some(federation) = federation.upgrade() else { break };
            federation.fetch_or_note_panic(index, federation.settings.timeout, None);
        }
    }

    /// The next provider; without one, the thread is taken off the count.
    fn take(&self) -> Option<usize> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let next = waiting.0.pop_front();
        if next.is_none() {
            waiting.1 = waiting.1.saturating_sub(1);
        }
        next
    }

    fn leave(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.1 = waiting.1.saturating_sub(1);
    }
}
