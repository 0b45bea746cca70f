//! The file of a provider: the operator's, or the last known good.

use std::io::ErrorKind;
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};

use super::disk::{self, DiskError};
use super::event::EventLevel;
use super::failure::Failure;
use super::fetch::Validators;
use super::keeper::{Federation, is_due};
use super::provider::Provider;
use crate::sp::Quarantine;

/// Refusals that time may heal: a clock that was wrong, a document that came too early, a name that
/// another provider had.
const TIMELY: [&str; 3] = ["metadata_expired", "metadata_valid_too_long", "metadata_unacceptable"];

/// Whether a file that was refused for this may be what somebody has prepared for a restart: other
/// keys, another provider, another pin. What is no metadata or past its time is nobody's.
fn is_somebodys(code: &str) -> bool {
    let is_waste = code.starts_with("xml_")
        || code.starts_with("disk_")
        || matches!(code, "metadata_root" | "metadata_expired");
    !is_waste
}

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
                let mut state = provider.state();
                state.is_unsaved = true;
                state.file_problem = None;
                state.judge_again = None;
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
                state.is_unsaved = provider.source.url.is_some();
                let is_of_time = TIMELY.contains(&problem.code);
                state.judge_again = now.checked_add_signed(JUDGE_AGAIN).filter(|_| is_of_time);
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
        let saved = match &provider.state().file_problem {
            Some(problem) if is_somebodys(problem.code) => Err(format!(
                "{}: somebody has put something else there ({}): restart to use it, or remove it",
                file.display(),
                problem.code
            )),
            _ => Ok(()),
        };
        let saved = saved
            .and_then(|()| disk::replace_file(file, document).map_err(|error| error.to_string()));
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
                self.tell_at(now, index, EventLevel::Warning, "metadata_not_saved", None, error);
            }
            Err(_) => {}
        }
    }
}
