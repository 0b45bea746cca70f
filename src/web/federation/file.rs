//! The file of a provider: the operator's, or the last known good.

use std::io::ErrorKind;
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};

use super::disk::{self, DiskError};
use super::event::EventLevel;
use super::fetch::Validators;
use super::keeper::{Failure, Federation, is_due};
use super::provider::Provider;
use crate::sp::{NO_SHARED_KEY, Quarantine};

/// So long after it was refused a file is judged again.
const JUDGE_AGAIN: TimeDelta = TimeDelta::minutes(1);

impl Federation {
    /// Reads the file of one provider if it has changed, and drops keys whose time is over. Waits
    /// its turn.
    pub(super) fn check_file(&self, index: usize) {
        let Some(provider) = self.providers.get(index) else { return };
        let _turn = provider.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_file(index, provider);
    }

    pub(super) fn read_file(&self, index: usize, provider: &Provider) {
        let now = self.clock.now();
        self.age(index, now);
        let Some(mut watch) = provider.state().watch.take() else { return };
        if provider.state().judge_again.is_some_and(|time| is_due(time, JUDGE_AGAIN, now)) {
            watch.forget();
        }
        let found = watch.read_changed();
        provider.state().watch = Some(watch);
        let outcome = match found {
            Ok(None) => return,
            Ok(Some(document)) => self.apply(index, &document, now).map_err(|quarantine| {
                if let Quarantine::Unacceptable(error) = &quarantine {
                    provider.state().refused = Some(error.clone());
                }
                quarantine.into()
            }),
            // The last known good does not exist before there was anything good.
            Err(DiskError::Read { cause: ErrorKind::NotFound, .. })
                if provider.source.url.is_some() =>
            {
                provider.state().is_unsaved = true;
                return;
            }
            Err(error) => Err(Failure::new(error.code(), error.to_string())),
        };
        let mut state = provider.state();
        match outcome {
            Ok(_) => {
                state.file_problem = None;
                state.judge_again = None;
                state.validators = Validators::default();
                if provider.source.url.is_none() {
                    state.last_success = Some(now);
                }
            }
            Err(failure) => {
                let problem = failure.into_problem(state.file_problem.as_ref(), now);
                let is_news = state.file_problem.as_ref().is_none_or(|p| p.code != problem.code);
                state.file_problem = Some(problem.clone());
                // Entirely new keys are how an operator prepares a restart in an emergency. Whatever
                // else is no use may be replaced by what is.
                let is_prepared = problem.code == NO_SHARED_KEY;
                state.is_unsaved = provider.source.url.is_some() && !is_prepared;
                state.judge_again = now.checked_add_signed(JUDGE_AGAIN);
                drop(state);
                if is_news {
                    self.tell_problem(index, &problem);
                }
            }
        }
    }

    /// Keeps an accepted document for the next start.
    pub(super) fn save(&self, index: usize, document: &[u8], now: DateTime<Utc>) {
        let Some(provider) = self.providers.get(index) else { return };
        let Some(file) = &provider.source.file else { return };
        let saved = disk::replace_file(file, document);
        let mut state = provider.state();
        let was_told = std::mem::replace(&mut state.told.unsaved, saved.is_err());
        state.is_unsaved = saved.is_err();
        match saved {
            Ok(()) => {
                if let Some(watch) = &mut state.watch {
                    watch.remember(document);
                }
                state.file_problem = None;
                state.judge_again = None;
            }
            Err(error) if !was_told => {
                drop(state);
                let detail = error.to_string();
                self.tell_at(now, index, EventLevel::Warning, "metadata_not_saved", None, detail);
            }
            Err(_) => {}
        }
    }
}
