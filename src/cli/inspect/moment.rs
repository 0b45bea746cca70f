//! Times, with how far they are from now.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::saml::parse_instant;

/// A time as a message has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Moment {
    /// As it is written, whether or not it is a time.
    pub(super) at: String,
    /// Seconds from now; below zero is past. `None` when it is no time.
    pub(super) seconds_from_now: Option<i64>,
}

impl Moment {
    pub(super) fn read(text: &str, now: DateTime<Utc>) -> Self {
        let instant = parse_instant(text);
        Self {
            at: text.to_owned(),
            seconds_from_now: instant.map(|at| at.signed_duration_since(now).num_seconds()),
        }
    }

    pub(super) fn of(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self::read(&crate::saml::format_instant(at), now)
    }

    /// The distance in words.
    pub(super) fn distance(&self) -> String {
        match self.seconds_from_now {
            None => "no time in UTC".to_owned(),
            Some(0) => "now".to_owned(),
            Some(seconds) if seconds > 0 => format!("in {}", length(seconds.unsigned_abs())),
            Some(seconds) => format!("{} ago", length(seconds.unsigned_abs())),
        }
    }
}

/// A length of time, in the largest unit and the next.
fn length(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(31_556_952, "y"), (86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut parts = Vec::with_capacity(2);
    let mut left = seconds;
    for (unit, name) in UNITS {
        let count = left.checked_div(unit).unwrap_or(0);
        left = left.checked_rem(unit).unwrap_or(0);
        if count > 0 {
            parts.push(format!("{count} {name}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let now = parse_instant("2026-11-22T10:00:00Z").unwrap();
        for (text, distance) in [
            ("2026-11-22T10:00:00Z", "now"),
            ("2026-11-22T10:00:05Z", "in 5 s"),
            ("2026-11-22T09:59:00Z", "1 min ago"),
            ("2026-11-22T08:29:01Z", "1 h 30 min ago"),
            ("2026-11-24T10:00:09Z", "in 2 d"),
            ("9999-12-31T23:59:59Z", "in 7973 y 39 d"),
            ("2026-11-22T10:00:00", "no time in UTC"),
            ("0000-01-01T00:00:00Z", "2026 y 326 d ago"),
        ] {
            assert_eq!(Moment::read(text, now).distance(), distance, "{text}");
        }
    }
}
