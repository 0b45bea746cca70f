//! When to fetch next. Pure: time and chance are arguments.

use chrono::{DateTime, TimeDelta, Utc};

/// Never more often in ordinary times, whatever a document asks for.
pub(super) const SHORTEST: TimeDelta = TimeDelta::minutes(5);
/// A fetch for the sake of an unknown key is not made more often.
pub(super) const EARLY_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// The first pause after a failure when nothing is known; it doubles from one failure to the next.
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(2);
/// Chance moves a fetch forward by up to a tenth, so that a thousand machines that started together
/// do not ask together for ever.
const JITTER_PARTS: i32 = 10;

/// What the next time depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// The operator's interval.
    pub(super) interval: TimeDelta,
    /// `cacheDuration` of the current document.
    pub(super) cache_duration: Option<TimeDelta>,
    /// `validUntil` of the current document.
    pub(super) valid_until: Option<DateTime<Utc>>,
    /// Whether there is a document that counts.
    pub(super) has_document: bool,
    /// Failures since the last success.
    pub(super) failures: u32,
}

/// The time of the next fetch. `chance` is anything from 0 to 65,535.
pub(super) fn next(now: DateTime<Utc>, situation: Situation, chance: u16) -> DateTime<Utc> {
    let Situation { interval, cache_duration, valid_until, has_document, failures } = situation;
    let mut pause = cache_duration.map_or(interval, |cache| cache.min(interval));
    if let Some(end) = valid_until {
        // Two attempts before it ends, at least.
        pause = pause.min(end.signed_duration_since(now).checked_div(3).unwrap_or(pause));
    }
    pause = pause.max(SHORTEST);
    if failures > 0 {
        let first = if has_document { SHORTEST } else { FIRST_RETRY };
        let most = if has_document { pause } else { SHORTEST };
        let doubled = 1_i32.checked_shl(failures.saturating_sub(1).min(20)).unwrap_or(i32::MAX);
        pause = first.checked_mul(doubled).unwrap_or(most).min(most);
    }
    let most = pause.checked_div(JITTER_PARTS).unwrap_or(TimeDelta::zero());
    let earlier = most.num_milliseconds().saturating_mul(i64::from(chance)).checked_div(65_536);
    let pause = pause.checked_sub(&TimeDelta::milliseconds(earlier.unwrap_or(0))).unwrap_or(pause);
    now.checked_add_signed(pause).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Situation = Situation {
        interval: TimeDelta::hours(1),
        cache_duration: None,
        valid_until: None,
        has_document: true,
        failures: 0,
    };

    fn now() -> DateTime<Utc> {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    fn minutes(situation: Situation, chance: u16) -> f64 {
        (next(now(), situation, chance) - now()).num_seconds() as f64 / 60.0
    }

    #[test]
    fn hourly_with_jitter() {
        assert_eq!(minutes(QUIET, 0), 60.0);
        assert!((54.0..54.1).contains(&minutes(QUIET, u16::MAX)));
        assert_eq!(minutes(QUIET, 32_768), 57.0);
    }

    #[test]
    fn a_document_may_ask_for_more_and_never_for_less() {
        let cache =
            |minutes| Situation { cache_duration: Some(TimeDelta::minutes(minutes)), ..QUIET };
        assert_eq!(minutes(cache(20), 0), 20.0);
        assert_eq!(minutes(cache(600), 0), 60.0);
        // Nor so often that its server would suffer.
        assert_eq!(minutes(cache(0), 0), 5.0);
    }

    #[test]
    fn there_is_time_left_before_a_document_ends() {
        let until =
            |minutes| Situation { valid_until: Some(now() + TimeDelta::minutes(minutes)), ..QUIET };
        assert_eq!(minutes(until(90), 0), 30.0);
        assert_eq!(minutes(until(6000), 0), 60.0);
        assert_eq!(minutes(until(3), 0), 5.0);
        assert_eq!(minutes(until(-30), 0), 5.0);
    }

    #[test]
    fn failures_are_tried_again_sooner_and_then_less_often() {
        let failed = |failures| Situation { failures, ..QUIET };
        let pauses: Vec<_> = (1..7).map(|n| minutes(failed(n), 0)).collect();
        assert_eq!(pauses, [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]);
        assert_eq!(minutes(failed(u32::MAX), 0), 60.0);
    }

    #[test]
    fn without_any_document_the_next_attempt_is_near() {
        let failed = |failures| Situation { failures, has_document: false, ..QUIET };
        let seconds = |n| (next(now(), failed(n), 0) - now()).num_seconds();
        assert_eq!((1..10).map(seconds).collect::<Vec<_>>(), [2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(seconds(u32::MAX), 300);
    }
}
