//! How the next answer is given: what goes wrong in it, by which clock, and after how long.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use url::form_urlencoded;

use super::refusal::Refusal;
use super::scenario::Scenario;

/// As far as the clock can be moved: ten years either way.
pub(super) const MAX_CLOCK_SECONDS: i64 = 315_360_000;
/// As long as anybody waits.
pub(super) const MAX_DELAY_SECONDS: u64 = 600;
/// How slow a slow sign-in is when nobody says it.
const SLOW: Duration = Duration::from_secs(30);

/// What is to be different about one answer. [`Default`] is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Twist {
    pub(super) scenario: Option<Scenario>,
    /// How far the clock is ahead for this answer, beside what is set for all.
    pub(super) clock: Option<TimeDelta>,
    /// How long the sign-in takes.
    pub(super) delay: Option<Duration>,
}

/// The same as it was written in a form or in an address.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words<'w> {
    pub(super) scenario: Option<&'w str>,
    pub(super) clock: Option<&'w str>,
    pub(super) delay: Option<&'w str>,
}

impl Twist {
    /// What was chosen on the page, or else what the address names; each by itself.
    ///
    /// # Errors
    /// A [`Refusal`] for a word or a number that does not exist: it must not pass for the usual.
    pub(super) fn chosen(of_page: Words<'_>, carried: &[(&str, &str)]) -> Result<Self, Refusal> {
        let query = carried.iter().find(|(name, _)| *name == "query").map(|(_, query)| *query);
        let chosen = |name: &str, of_page: Option<&str>| {
            of_page.filter(|word| !word.is_empty()).map(str::to_owned).or_else(|| {
                form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                    .find(|(n, _)| n == name)
                    .map(|(_, word)| word.into_owned())
            })
        };
        let scenario = match chosen("scenario", of_page.scenario) {
            None => None,
            Some(found) => match Scenario::from_word(&found) {
                Some(scenario) => Some(scenario),
                None => return Err(Refusal::UnknownScenario { found }),
            },
        };
        let clock = match chosen("clock", of_page.clock) {
            None => None,
            Some(found) => match found.trim().parse().ok().and_then(clock_of) {
                Some(clock) => Some(clock),
                None => return Err(Refusal::Setting { name: "clock", found }),
            },
        };
        let delay = match chosen("delay", of_page.delay) {
            None => None,
            Some(found) => match found.trim().parse().ok().and_then(delay_of) {
                Some(delay) => Some(delay),
                None => return Err(Refusal::Setting { name: "delay", found }),
            },
        };
        Ok(Self { scenario, clock, delay })
    }

    /// `self`, or when it asks for nothing what `next` gives.
    pub(super) fn or_else(self, next: impl FnOnce() -> Self) -> Self {
        if self == Self::default() { next() } else { self }
    }

    /// How long the answer is waited for.
    pub(super) fn wait(&self) -> Duration {
        let slow = self.scenario == Some(Scenario::SlowSignIn);
        self.delay.unwrap_or(if slow { SLOW } else { Duration::ZERO })
    }

    /// What the clock says for this answer when it says `now` otherwise.
    pub(super) fn time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_add_signed(self.clock.unwrap_or_default()).unwrap_or(now)
    }
}

/// Seconds ahead, behind when negative; `None` when that is too far.
pub(super) fn clock_of(seconds: i64) -> Option<TimeDelta> {
    let limits = -MAX_CLOCK_SECONDS..=MAX_CLOCK_SECONDS;
    limits.contains(&seconds).then(|| TimeDelta::seconds(seconds))
}

/// Seconds to wait; `None` when nobody waits that long.
pub(super) fn delay_of(seconds: u64) -> Option<Duration> {
    (seconds <= MAX_DELAY_SECONDS).then(|| Duration::from_secs(seconds))
}
