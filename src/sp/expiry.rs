//! When to warn that a certificate ends. SAML trusts keys, not dates (Metadata Interoperability
//! 2.6.1), so that nothing is refused when the day comes; but products look at dates all the same,
//! and the person who has to act needs time.

use chrono::{DateTime, Utc};

/// How near the end of a certificate is, from far to near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExpiryThreshold {
    /// 30 days or less.
    ThirtyDays,
    /// 14 days or less.
    FourteenDays,
    /// 7 days or less.
    SevenDays,
    /// 2 days or less.
    TwoDays,
    /// It has ended.
    Expired,
}

const SECONDS_OF_A_DAY: i64 = 86_400;

impl ExpiryThreshold {
    /// Every threshold, from far to near.
    pub const ALL: [Self; 5] =
        [Self::ThirtyDays, Self::FourteenDays, Self::SevenDays, Self::TwoDays, Self::Expired];

    /// The nearest threshold that a certificate valid until `not_after` (that second included) has
    /// reached; nothing while it is good for more than 30 days.
    pub fn reached(not_after: DateTime<Utc>, now: DateTime<Utc>) -> Option<Self> {
        let left = not_after.signed_duration_since(now).num_milliseconds();
        let is_reached = |threshold: &&Self| match threshold.days() {
            0 => left < 0,
            days => left <= days.saturating_mul(SECONDS_OF_A_DAY).saturating_mul(1000),
        };
        Self::ALL.iter().rev().find(is_reached).copied()
    }

    /// How many days before the end it lies; 0 for [`ExpiryThreshold::Expired`].
    pub fn days(self) -> i64 {
        match self {
            Self::ThirtyDays => 30,
            Self::FourteenDays => 14,
            Self::SevenDays => 7,
            Self::TwoDays => 2,
            Self::Expired => 0,
        }
    }

    /// A stable, machine-readable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::ThirtyDays => "30_days",
            Self::FourteenDays => "14_days",
            Self::SevenDays => "7_days",
            Self::TwoDays => "2_days",
            Self::Expired => "expired",
        }
    }
}

/// The warning that is due now for a certificate valid until `not_after`, if any. `warned` is the
/// last one that was given for this certificate: none is given twice, and a process that starts
/// late gives only the one that fits, not all that it has missed.
pub fn due_warning(
    not_after: DateTime<Utc>,
    now: DateTime<Utc>,
    warned: Option<ExpiryThreshold>,
) -> Option<ExpiryThreshold> {
    let reached = ExpiryThreshold::reached(not_after, now)?;
    // A clock that is set back must not repeat a warning either.
    if warned.is_some_and(|last| last >= reached) { None } else { Some(reached) }
}

/// Whole days until `not_after`, rounded down: 0 on the last day, negative afterwards.
pub fn days_left(not_after: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    not_after.signed_duration_since(now).num_seconds().div_euclid(SECONDS_OF_A_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::parse_instant;
    use chrono::TimeDelta;

    const END: &str = "2027-03-31T12:00:00Z";

    fn before_end(left: TimeDelta) -> (DateTime<Utc>, DateTime<Utc>) {
        let end = parse_instant(END).unwrap();
        (end, end - left)
    }

    fn reached(left: TimeDelta) -> Option<ExpiryThreshold> {
        let (end, now) = before_end(left);
        ExpiryThreshold::reached(end, now)
    }

    #[test]
    fn each_threshold_begins_at_its_second() {
        use ExpiryThreshold::{Expired, FourteenDays, SevenDays, ThirtyDays, TwoDays};
        let moment = TimeDelta::milliseconds(1);
        let mut before = None;
        for (days, threshold) in
            [(30, ThirtyDays), (14, FourteenDays), (7, SevenDays), (2, TwoDays)]
        {
            assert_eq!(threshold.days(), days);
            assert_eq!(reached(TimeDelta::days(days) + moment), before);
            assert_eq!(reached(TimeDelta::days(days)), Some(threshold));
            before = Some(threshold);
        }
        assert_eq!(reached(TimeDelta::zero()), Some(TwoDays), "its last second is its own");
        assert_eq!(reached(-moment), Some(Expired));
        assert_eq!(reached(TimeDelta::days(-400)), Some(Expired));
    }

    #[test]
    fn each_warning_is_given_once() {
        let end = parse_instant(END).unwrap();
        let (mut warned, mut given) = (None, Vec::new());
        for hour in (-31 * 24)..(5 * 24) {
            if let Some(due) = due_warning(end, end + TimeDelta::hours(hour), warned) {
                given.push((hour, due));
                warned = Some(due);
            }
        }
        let hours = [-720, -336, -168, -48, 1];
        let expected: Vec<_> = hours.into_iter().zip(ExpiryThreshold::ALL).collect();
        assert_eq!(given, expected);
    }

    #[test]
    fn who_comes_late_is_told_once() {
        let (end, now) = before_end(TimeDelta::days(5));
        assert_eq!(due_warning(end, now, None), Some(ExpiryThreshold::SevenDays));
        assert_eq!(due_warning(end, now, Some(ExpiryThreshold::SevenDays)), None);
    }

    #[test]
    fn a_clock_set_back_repeats_nothing() {
        let (end, now) = before_end(TimeDelta::days(10));
        assert_eq!(due_warning(end, now, Some(ExpiryThreshold::Expired)), None);
        assert_eq!(
            due_warning(end, now, Some(ExpiryThreshold::ThirtyDays)),
            Some(ExpiryThreshold::FourteenDays),
            "the control"
        );
    }

    #[test]
    fn the_ends_of_the_calendar_do_no_harm() {
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        assert_eq!(ExpiryThreshold::reached(last, first), None);
        assert_eq!(ExpiryThreshold::reached(first, last), Some(ExpiryThreshold::Expired));
        assert!(days_left(last, first) > 0 && days_left(first, last) < 0);
    }

    #[test]
    fn days_are_rounded_down() {
        for (left, days) in [
            (TimeDelta::days(3), 3),
            (TimeDelta::days(3) - TimeDelta::seconds(1), 2),
            (TimeDelta::hours(1), 0),
            (TimeDelta::seconds(-1), -1),
            (TimeDelta::days(-2), -2),
        ] {
            let (end, now) = before_end(left);
            assert_eq!(days_left(end, now), days, "{left}");
        }
    }
}
