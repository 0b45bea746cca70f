//! Reads, fetches, applies and swaps.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, watch};

use super::disk::FileWatch;
use super::event::{EventLevel, Events};
use super::failure::Failure;
use super::fetch::{FetchError, FetchRequest, Fetched, Validators};
use super::news::level_of;
use super::provider::{BeingFetched, Provider, State};
use super::sign_in::EARLY_PLACES;
use super::snapshot::Snapshot;
use super::source::{IdpSource, RefreshSettings};
use super::timetable::{self, Situation};
use crate::crypto::random_bytes;
use crate::saml::EntityId;
use crate::sp::{BuildError, Idp, Quarantine, ServiceProvider, Trust};
use crate::web::audit::Auditors;
use crate::web::clock::Clock;

/// What is known of all identity providers, and what keeps it current.
pub(in crate::web) struct Federation {
    pub(super) providers: Vec<Provider>,
    pub(super) settings: RefreshSettings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: Events,
    pub(super) own_keys_told: Mutex<super::radar::OwnKeysTold>,
    snapshot: ArcSwap<Snapshot>,
    pub(super) early_places: Arc<Semaphore>,
    /// Held while the next snapshot is made. Requests never wait for it.
    publishing: Mutex<()>,
    /// Changes whenever an attempt has ended.
    attempts: watch::Sender<u64>,
}

impl Federation {
    /// `sp` has the providers that are written in code; `sources` are the others, whose files are
    /// read at once. What cannot be read is told and tried again later.
    pub(in crate::web) fn new(
        sp: ServiceProvider,
        sources: Vec<IdpSource>,
        settings: RefreshSettings,
        clock: Arc<dyn Clock>,
        audit: Auditors,
    ) -> Self {
        let now = clock.now();
        let fixed = sp.idps().iter().map(|idp| fixed_provider(idp, now));
        let providers = fixed.chain(sources.into_iter().map(Provider::new)).collect();
        let empty = Snapshot::new(sp);
        let federation = Self {
            providers,
            settings,
            clock,
            events: Events::new(audit),
            own_keys_told: Mutex::default(),
            snapshot: ArcSwap::from_pointee(empty),
            early_places: Arc::new(Semaphore::new(EARLY_PLACES)),
            publishing: Mutex::default(),
            attempts: watch::Sender::new(0),
        };
        // The fixed ones were together in one service provider before: they cannot disagree.
        let _ = federation.publish(None);
        for provider in &federation.providers {
            let mut state = provider.state();
            state.watch = provider
                .source
                .file
                .clone()
                .map(|f| FileWatch::new(f, provider.source.max_bytes()));
            state.next_fetch = provider.source.url.as_ref().map(|_| now);
        }
        for index in 0..federation.providers.len() {
            federation.check_file(index);
        }
        federation
    }

    /// The first provider whose file was there and must not be trusted.
    pub(in crate::web) fn refused_at_start(&self) -> Option<BuildError> {
        let refused = |provider: &Provider| provider.state().refused.take();
        self.providers.iter().find_map(refused)
    }

    /// How many identity providers there are, whether or not their metadata is there.
    pub(in crate::web) fn number_of_idps(&self) -> usize {
        self.providers.len()
    }

    /// Whether `idp` is one of the providers that are configured. One that nobody has named, and
    /// that is the only one, may be anybody until its first document is there.
    pub(in crate::web) fn has(&self, idp: &EntityId) -> bool {
        self.snapshot().trust(idp).is_some()
            || self.providers.iter().any(|provider| match &provider.source.policy.entity_id {
                Some(name) => name == idp,
                None => self.providers.len() == 1 && provider.state().trust.is_none(),
            })
    }

    /// What is known now.
    pub(in crate::web) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Fetches the document of one provider, and plans the next time.
    /// Nothing is done when `seen` is given and is no longer the number of fetches: then somebody
    /// else has fetched meanwhile.
    pub(super) fn fetch(&self, index: usize, timeout: Duration, seen: Option<u64>) {
        let Some(provider) = self.providers.get(index) else { return };
        let _fetching = BeingFetched::begin(provider);
        let Some(url) = &provider.source.url else { return };
        let Some(fetch) = &self.settings.fetch else {
            let failure =
                Failure::new("fetch_unavailable", "there is nothing here that fetches".to_owned());
            return self.note(index, Err(failure), self.clock.now());
        };
        let _turn = provider.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let began = self.clock.now();
        let have = {
            let state = provider.state();
            if seen.is_some_and(|seen| seen != state.fetches) {
                return;
            }
            let counts = state.trust.as_ref().is_some_and(|trust| !trust.has_expired(began));
            // What is to be saved must be sent.
            let is_complete = counts && !state.is_unsaved;
            if is_complete { state.validators.clone() } else { Validators::default() }
        };
        let fetched = fetch.fetch(&FetchRequest {
            url: url.clone(),
            have: have.clone(),
            max_bytes: provider.source.max_bytes(),
            timeout,
            authorities: provider.source.authorities.clone(),
            allow_loopback_http: provider.source.policy.dev,
        });
        let now = self.clock.now();
        let outcome = match fetched {
            Ok(Fetched::NotModified) if have != Validators::default() => Ok(()),
            Ok(Fetched::NotModified) => Err(FetchError::Status(304).into()),
            Ok(Fetched::Document { bytes, validators }) => self
                .apply(index, &bytes, now)
                .map(|is_new| {
                    let mut state = provider.state();
                    state.validators = validators;
                    let is_unsaved = is_new || state.is_unsaved;
                    drop(state);
                    if is_unsaved {
                        self.save(index, &bytes, now);
                    }
                })
                .map_err(Failure::from),
            Err(error) => Err(error.into()),
        };
        self.note(index, outcome, now);
    }

    /// Takes note of how a fetch has ended, and plans the next one.
    pub(super) fn note(&self, index: usize, outcome: Result<(), Failure>, now: DateTime<Utc>) {
        let Some(provider) = self.providers.get(index) else { return };
        let mut state = provider.state();
        state.last_attempt = Some(now);
        state.fetches = state.fetches.wrapping_add(1);
        let mut told = None;
        match outcome {
            Ok(()) => {
                if state.fetch_problem.take().is_some() {
                    let detail = "metadata can be had again".to_owned();
                    told = Some((EventLevel::Info, "metadata_recovered", detail));
                }
                state.failures = 0;
                state.last_success = Some(now);
                // What is in the file is older than this.
                state.judge_again = None;
            }
            Err(failure) => {
                state.failures = state.failures.saturating_add(1);
                let problem = failure.into_problem(state.fetch_problem.as_ref(), now);
                let level = level_of(&state, &problem);
                told = Some((level, problem.code, problem.detail.clone()));
                state.fetch_problem = Some(problem);
            }
        }
        state.next_fetch = Some(timetable::next(now, self.situation(&state, now), chance()));
        drop(state);
        if let Some((level, code, detail)) = told {
            self.tell(index, level, code, None, detail);
        }
        self.attempts.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn situation(&self, state: &State, now: DateTime<Utc>) -> Situation {
        let published = state.trust.as_ref().map(|trust| trust.published());
        Situation {
            interval: self.settings.interval,
            cache_duration: published.and_then(|p| p.cache_duration()),
            valid_until: published.and_then(|p| p.valid_until()),
            has_document: state.trust.as_ref().is_some_and(|trust| !trust.has_expired(now)),
            failures: state.failures,
        }
    }

    /// Takes a document, or refuses it. Says whether it is another one than before.
    pub(super) fn apply(
        &self,
        index: usize,
        document: &[u8],
        now: DateTime<Utc>,
    ) -> Result<bool, Quarantine> {
        let Some(provider) = self.providers.get(index) else { return Ok(false) };
        let before = provider.state().trust.clone();
        let (next, changes) = match &before {
            Some(trust) => trust.offer(document, now)?,
            None => {
                let first = Trust::first(provider.source.policy.clone(), document, now)?;
                self.check_name(index, first.entity_id())?;
                (first, Vec::new())
            }
        };
        if before.as_ref().is_some_and(|before| before.digest() == next.digest()) {
            return Ok(false);
        }
        let keys = next.keys().len();
        self.publish(Some((index, Arc::new(next))))?;
        if before.is_none() && provider.state().trust.as_ref().is_some_and(has_test_keys) {
            let detail = "anybody who has the test identity provider can sign in as anybody";
            self.tell(index, EventLevel::Warning, "test_keys_trusted", None, detail.to_owned());
        }
        if before.is_none() {
            let detail = format!("metadata with {keys} signing key{}", plural(keys));
            self.tell(index, EventLevel::Info, "metadata_loaded", None, detail);
        }
        self.tell_changes(index, &changes);
        Ok(true)
    }

    /// A name that the operator has given to one provider is not for another to take, whether or
    /// not the first is there yet.
    fn check_name(&self, index: usize, name: &EntityId) -> Result<(), BuildError> {
        let own = self.providers.get(index).map(|provider| &provider.source);
        let is_named = own.is_some_and(|source| source.policy.entity_id.is_some());
        // Of two that were given one name the first has it.
        let comes_first = |other: usize| other < index || !is_named;
        let mut others = self.providers.iter().enumerate().filter(|(other, _)| *other != index);
        let has_it = |other: &Provider| other.source.policy.entity_id.as_ref() == Some(name);
        if others.any(|(at, other)| has_it(other) && comes_first(at)) {
            return Err(BuildError::DuplicateIdp(name.clone()));
        }
        let is_fetched = own.is_some_and(|source| source.url.is_some());
        if is_fetched && !is_named && self.providers.len() > 1 {
            return Err(BuildError::UnnamedIdp(name.clone()));
        }
        Ok(())
    }

    pub(super) fn age(&self, index: usize, now: DateTime<Utc>) {
        let Some(provider) = self.providers.get(index) else { return };
        let aged = provider.state().trust.as_ref().and_then(|trust| trust.age(now));
        if let Some((next, changes)) = aged
            && self.publish(Some((index, Arc::new(next)))).is_ok()
        {
            self.tell_changes(index, &changes);
        }
    }

    /// Makes the next snapshot, with one provider changed, and puts it in the place of the last.
    fn publish(&self, change: Option<(usize, Arc<Trust>)>) -> Result<(), BuildError> {
        let _publishing = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut trusts: Vec<_> = self.providers.iter().map(|p| p.state().trust.clone()).collect();
        if let Some((index, trust)) = &change
            && let Some(place) = trusts.get_mut(*index)
        {
            *place = Some(Arc::clone(trust));
        }
        let next = Snapshot::assemble(&self.snapshot().sp, &trusts)?;
        if let Some((index, trust)) = change
            && let Some(provider) = self.providers.get(index)
        {
            provider.state().trust = Some(trust);
        }
        self.snapshot.store(Arc::new(next));
        Ok(())
    }

    /// Waits until every provider that has nothing yet has been tried once, and `limit` at most.
    pub(in crate::web) async fn first_attempts(&self, limit: Duration) {
        let mut attempts = self.attempts.subscribe();
        let is_open = |provider: &Provider| {
            let state = provider.state();
            state.trust.is_none() && state.next_fetch.is_some() && state.last_attempt.is_none()
        };
        let all = async {
            while self.providers.iter().any(is_open) {
                if attempts.changed().await.is_err() {
                    return;
                }
            }
        };
        let _ = actix_web::rt::time::timeout(limit, all).await;
    }

    /// Does everything that is due now, one thing after another.
    pub(in crate::web) fn refresh_due(&self) {
        for index in self.look_around() {
            self.fetch_or_note_panic(index, self.settings.timeout, None);
        }
        self.watch_radar();
    }

    /// Looks at the files, and says which providers are to be fetched now. They are marked: nobody
    /// else is told the same.
    pub(super) fn look_around(&self) -> Vec<usize> {
        let now = self.clock.now();
        let mut due = Vec::new();
        for (index, provider) in self.providers.iter().enumerate() {
            // While it is being fetched, the next time will do for the file.
            let turn = match provider.turn.try_lock() {
                Ok(turn) => Some(turn),
                Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if turn.is_some() {
                // What goes wrong at one provider must not be in the way of the others.
                let read = catch_unwind(AssertUnwindSafe(|| self.read_file(index, provider)));
                if read.is_err() {
                    tracing::error!(event = "metadata_file_panicked", idp = ?provider.name());
                }
            }
            drop(turn);
            let mut state = provider.state();
            let longest = self.settings.interval.max(timetable::SHORTEST);
            let is_due = state.next_fetch.is_some_and(|next| is_due(next, longest, now));
            if is_due && !state.is_being_fetched {
                state.is_being_fetched = true;
                due.push(index);
            }
        }
        due
    }

    /// As [`Federation::fetch`]; a panic is a failure like others.
    pub(super) fn fetch_or_note_panic(&self, index: usize, timeout: Duration, seen: Option<u64>) {
        let fetched = catch_unwind(AssertUnwindSafe(|| self.fetch(index, timeout, seen)));
        if fetched.is_err() {
            let failure = Failure::new("fetch_panicked", "the fetch has panicked".to_owned());
            self.note(index, Err(failure), self.clock.now());
        }
    }
}

/// Whether a time has come that was `ahead` at most when it was set. If it is further ahead now, the
/// clock has been set back since, and nobody knows when it would come.
pub(super) fn is_due(time: DateTime<Utc>, ahead: TimeDelta, now: DateTime<Utc>) -> bool {
    time <= now || time.signed_duration_since(now) > ahead
}

/// A provider that is written in code stays as it is.
fn fixed_provider(idp: &Arc<Idp>, now: DateTime<Utc>) -> Provider {
    let provider = Provider::new(IdpSource::default());
    {
        let mut state = provider.state();
        state.trust = Some(Arc::new(Trust::fixed(idp, now)));
        state.last_success = Some(now);
    }
    provider
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn has_test_keys(trust: &Arc<Trust>) -> bool {
    trust.published().has_test_keys()
}

/// Without randomness all machines ask at the same time; that does no harm to us.
fn chance() -> u16 {
    random_bytes().map_or(0, u16::from_le_bytes)
}
