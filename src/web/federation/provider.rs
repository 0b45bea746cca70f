use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::watch;
use url::Url;

use super::disk::FileWatch;
use super::fetch::Validators;
use super::source::IdpSource;
use crate::sp::expiry::ExpiryThreshold;
use crate::sp::{BuildError, ClockOffset, Trust};

/// One identity provider: where its metadata comes from, and how it stands.
pub(super) struct Provider {
    pub(super) source: IdpSource,
    pub(super) clock_offset: ClockOffset,
    /// Held for moments only, and never while something is fetched.
    state: Mutex<State>,
    /// Held by whoever reads or fetches: two at once could undo one another.
    pub(super) turn: Mutex<()>,
    /// What was last done for the sake of an unknown key.
    pub(super) early: Mutex<Early>,
}

/// A look for newer metadata for the sake of an unknown key.
#[derive(Default)]
pub(super) struct Early {
    /// When the last one began.
    pub(super) began: Option<DateTime<Utc>>,
    /// Closes when the one that is under way has ended.
    pub(super) under_way: Option<watch::Receiver<()>>,
}

/// How an identity provider stands.
#[derive(Default)]
pub(super) struct State {
    pub(super) trust: Option<Arc<Trust>>,
    pub(super) validators: Validators,
    pub(super) watch: Option<FileWatch>,
    /// When to fetch; `None` when nothing is fetched.
    pub(super) next_fetch: Option<DateTime<Utc>>,
    /// Whether it is being fetched, or waits in the queue for it.
    pub(super) is_being_fetched: bool,
    /// Fetches that have ended, however.
    pub(super) fetches: u64,
    /// Fetches since the last success.
    pub(super) failures: u32,
    pub(super) last_attempt: Option<DateTime<Utc>>,
    pub(super) last_success: Option<DateTime<Utc>>,
    /// Whether the file lacks what has been accepted.
    pub(super) is_unsaved: bool,
    /// When a file that was refused is to be judged again: it may be a matter of time.
    pub(super) judge_again: Option<DateTime<Utc>>,
    /// What went wrong with the address, and with the file.
    pub(super) fetch_problem: Option<Problem>,
    pub(super) file_problem: Option<Problem>,
    pub(super) told: Told,
    /// Why the first document must not be trusted, readable as it was.
    pub(super) refused: Option<BuildError>,
}

/// While it lives a provider is being fetched. However that ends, nobody believes so afterwards.
pub(super) struct BeingFetched<'p>(&'p Provider);

impl<'p> BeingFetched<'p> {
    pub(super) fn begin(provider: &'p Provider) -> Self {
        provider.state().is_being_fetched = true;
        Self(provider)
    }
}

impl Drop for BeingFetched<'_> {
    fn drop(&mut self) {
        self.0.state().is_being_fetched = false;
    }
}

/// What the operator has been told already.
#[derive(Default)]
pub(super) struct Told {
    pub(super) expiry: HashMap<String, ExpiryThreshold>,
    pub(super) unused: Vec<String>,
    pub(super) clock_offset: bool,
    pub(super) expired: bool,
    pub(super) unsaved: bool,
}

/// Why there is nothing newer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable, machine-readable name.
    pub code: &'static str,
    /// For people.
    pub detail: String,
    /// Since when it has been so.
    pub since: DateTime<Utc>,
    /// Whether a document was there and was not applied.
    pub quarantined: bool,
}

impl Provider {
    pub(super) fn new(source: IdpSource) -> Self {
        Self {
            source,
            clock_offset: ClockOffset::default(),
            state: Mutex::default(),
            turn: Mutex::default(),
            early: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entityID; before the first document, the place that it is to come from.
    pub(super) fn name(&self) -> String {
        if let Some(trust) = &self.state().trust {
            return trust.entity_id().to_string();
        }
        let source = &self.source;
        let place = source.url.as_ref().map(bare);
        let place = place.or_else(|| source.file.as_ref().map(|f| f.display().to_string()));
        let named = source.policy.entity_id.as_ref().map(ToString::to_string);
        named.or(place).unwrap_or_default()
    }
}

/// A URL without what may be secret in it: user, query and fragment.
pub(super) fn bare(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    // What has no host has no user either.
    let _ = (bare.set_username(""), bare.set_password(None));
    bare.to_string()
}
