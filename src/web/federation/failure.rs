//! Why an attempt to have newer metadata came to nothing.

use chrono::{DateTime, Utc};

use super::fetch::FetchError;
use super::provider::Problem;
use crate::sp::Quarantine;

/// Why nothing newer was had.
pub(super) struct Failure {
    code: &'static str,
    detail: String,
    quarantined: bool,
}

impl Failure {
    pub(super) fn new(code: &'static str, detail: String) -> Self {
        Self { code, detail, quarantined: false }
    }

    /// The same problem as before goes on since then.
    pub(super) fn into_problem(self, before: Option<&Problem>, now: DateTime<Utc>) -> Problem {
        let Self { code, detail, quarantined } = self;
        let goes_on = before.filter(|before| before.code == code);
        let since = goes_on.map_or(now, |before| before.since);
        Problem { code, detail, since, quarantined }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<Quarantine> for Failure {
    fn from(quarantine: Quarantine) -> Self {
        Self { quarantined: true, ..Self::new(quarantine.code(), quarantine.to_string()) }
    }
}
