//! How far the clock of an identity provider is from ours, measured on every sign-in.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// No measurement.
const NONE: i64 = i64::MAX;

/// Measures by how much our clock is ahead of another one: our time when an assertion arrives less
/// its `IssueInstant`. The way through the browser is part of each measurement, so that the least
/// one is the nearest to the truth. Measurements are forgotten after one to two windows. Free of
/// locks: it stands in the way of every sign-in.
#[derive(Debug)]
pub struct ClockOffset {
    this_window: AtomicI64,
    last_window: AtomicI64,
    window_began: AtomicI64,
}

impl Default for ClockOffset {
    fn default() -> Self {
        Self {
            this_window: AtomicI64::new(NONE),
            last_window: AtomicI64::new(NONE),
            window_began: AtomicI64::new(0),
        }
    }
}

impl ClockOffset {
    /// How long one window lasts.
    pub const WINDOW: TimeDelta = TimeDelta::minutes(30);

    /// Takes the `IssueInstant` of an assertion that has been accepted at `now`.
    pub fn record(&self, issue_instant: DateTime<Utc>, now: DateTime<Utc>) {
        self.turn(now);
        let offset = now.signed_duration_since(issue_instant).num_milliseconds();
        self.this_window.fetch_min(offset, Ordering::Relaxed);
    }

    /// By how much our clock is ahead, negative when it is behind; `None` without a sign-in in the
    /// last window or two.
    pub fn read(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        self.turn(now);
        let this = self.this_window.load(Ordering::Relaxed);
        let least = this.min(self.last_window.load(Ordering::Relaxed));
        (least != NONE).then(|| TimeDelta::milliseconds(least))
    }

    /// Begins another window when it is time. Two threads may both see that it is: one of them
    /// turns.
    fn turn(&self, now: DateTime<Utc>) {
        let now = now.timestamp_millis();
        let began = self.window_began.load(Ordering::Relaxed);
        let window = Self::WINDOW.num_milliseconds();
        let passed = now.saturating_sub(began);
        if (0..window).contains(&passed) {
            return;
        }
        let turned =
            self.window_began.compare_exchange(began, now, Ordering::Relaxed, Ordering::Relaxed);
        if turned.is_ok() {
            let this = self.this_window.swap(NONE, Ordering::Relaxed);
            let is_recent = (0..window.saturating_mul(2)).contains(&passed);
            self.last_window.store(if is_recent { this } else { NONE }, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn the_least_delay_counts() {
        let offset = ClockOffset::default();
        assert_eq!(offset.read(at(0)), None);
        for (issued, arrived) in [(0, 9), (10, 12), (20, 65)] {
            offset.record(at(issued), at(arrived));
        }
        assert_eq!(offset.read(at(70)), Some(TimeDelta::seconds(2)));
    }

    #[test]
    fn a_clock_that_is_behind_is_told_by_the_sign() {
        let offset = ClockOffset::default();
        offset.record(at(100), at(10));
        assert_eq!(offset.read(at(10)), Some(TimeDelta::seconds(-90)));
    }

    #[test]
    fn measurements_are_forgotten() {
        let offset = ClockOffset::default();
        let window = ClockOffset::WINDOW.num_seconds();
        offset.record(at(0), at(1));
        offset.record(at(window), at(window + 8));
        // The first one still counts: its window was the last one.
        assert_eq!(offset.read(at(window + 9)), Some(TimeDelta::seconds(1)));
        assert_eq!(offset.read(at(2 * window + 9)), Some(TimeDelta::seconds(8)));
        assert_eq!(offset.read(at(4 * window + 9)), None);
        // Two windows without anybody, at once.
        offset.record(at(5 * window), at(5 * window + 3));
        assert_eq!(offset.read(at(9 * window)), None);
    }

    #[test]
    fn a_clock_that_is_set_back_begins_anew() {
        let offset = ClockOffset::default();
        offset.record(at(1000), at(1002));
        assert_eq!(offset.read(at(0)), None);
        offset.record(at(0), at(1));
        assert_eq!(offset.read(at(2)), Some(TimeDelta::seconds(1)));
    }
}
