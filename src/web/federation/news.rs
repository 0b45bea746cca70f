//! What is told of identity providers, and how loudly.

use chrono::{DateTime, Utc};

use super::event::{Event, EventLevel, describe};
use super::keeper::Federation;
use super::provider::{Problem, Provider, State};
use crate::sp::TrustChange;

impl Federation {
    pub(super) fn tell_changes(&self, index: usize, changes: &[TrustChange]) {
        for change in changes {
            let (level, code, fingerprint, detail) = describe(change);
            self.tell(index, level, code, fingerprint, detail);
        }
    }

    pub(super) fn tell_problem(&self, index: usize, problem: &Problem) {
        let level = self
            .providers
            .get(index)
            .map_or(EventLevel::Error, |provider| level_of(&provider.state(), problem));
        self.tell(index, level, problem.code, None, problem.detail.clone());
    }

    pub(super) fn tell(
        &self,
        index: usize,
        level: EventLevel,
        code: &'static str,
        fingerprint: Option<String>,
        detail: String,
    ) {
        self.tell_at(self.clock.now(), index, level, code, fingerprint, detail);
    }

    pub(super) fn tell_at(
        &self,
        at: DateTime<Utc>,
        index: usize,
        level: EventLevel,
        code: &'static str,
        fingerprint: Option<String>,
        detail: String,
    ) {
        let idp = self.providers.get(index).map(Provider::name);
        self.events.tell(Event { at, code, level, idp, fingerprint, detail });
    }
}

/// Nothing at all to sign in by is worse than something old.
pub(super) fn level_of(state: &State, problem: &Problem) -> EventLevel {
    match &state.trust {
        None => EventLevel::Error,
        Some(_) if problem.quarantined => EventLevel::Error,
        Some(_) => EventLevel::Warning,
    }
}
