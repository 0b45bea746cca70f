//! Instants as SAML writes them (Core 1.3.3): `xs:dateTime` in UTC.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};

/// Reads `YYYY-MM-DDThh:mm:ss(.f+)?Z`, and nothing else: no offset, no missing zone, no day that
/// the calendar lacks, no leap second. Digits behind the ninth of a fraction are dropped.
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let body = text.strip_suffix('Z')?;
    let (seconds, fraction) = match body.split_once('.') {
        Some((seconds, fraction)) => (seconds, Some(fraction)),
        None => (body, None),
    };
    let &[y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2] =
        seconds.as_bytes()
    else {
        return None;
    };
    let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&[mo1, mo2])?, number(&[d1, d2])?)?;
    let nanos = fraction.map_or(Some(0), nanoseconds)?;
    let time =
        date.and_hms_nano_opt(number(&[h1, h2])?, number(&[mi1, mi2])?, number(&[s1, s2])?, nanos)?;
    Some(time.and_utc())
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, &digit| {
        let value = digit.checked_sub(b'0').filter(|v| *v <= 9)?;
        sum.checked_mul(10)?.checked_add(u32::from(value))
    })
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let digits = fraction.as_bytes();
    if digits.is_empty() || digits.len() > 64 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut nine = [b'0'; 9];
    for (place, digit) in nine.iter_mut().zip(digits) {
        *place = *digit;
    }
    number(&nine)
}

/// Writes an instant with three digits of a second, as AD FS and Entra do.
pub fn format_instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// How far the clocks of two machines may differ. One value serves every comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockSkew(TimeDelta);

impl ClockSkew {
    /// The most that can be asked for, in seconds: five minutes.
    pub const MAX_SECONDS: u32 = 300;

    /// A skew of so many seconds, or `None` above [`ClockSkew::MAX_SECONDS`].
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds > Self::MAX_SECONDS {
            return None;
        }
        TimeDelta::try_seconds(i64::from(seconds)).map(Self)
    }

    /// The skew as a length of time.
    pub fn as_delta(self) -> TimeDelta {
        self.0
    }

    /// Whether `now` is before `not_before`, even for the most generous clock.
    pub fn is_too_early(self, now: DateTime<Utc>, not_before: DateTime<Utc>) -> bool {
        now.checked_add_signed(self.0).is_none_or(|latest| latest < not_before)
    }

    /// Whether `now` is at or past `not_on_or_after`, even for the most generous clock. The bound
    /// itself is outside (Core 2.5.1.2).
    pub fn is_too_late(self, now: DateTime<Utc>, not_on_or_after: DateTime<Utc>) -> bool {
        now.checked_sub_signed(self.0).is_none_or(|earliest| earliest >= not_on_or_after)
    }
}

impl Default for ClockSkew {
    /// Three minutes.
    fn default() -> Self {
        Self(TimeDelta::minutes(3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:01.5Z", 1_500),
            ("2026-11-22T15:49:00.123Z", 1_795_362_540_123),
            ("2026-11-22T15:49:00.1234567Z", 1_795_362_540_123),
            ("2024-02-29T23:59:59.999999999999Z", 1_709_251_199_999),
        ] {
            assert_eq!(parse_instant(text).unwrap().timestamp_millis(), millis, "{text}");
        }
    }

    #[test]
    fn time_garbage() {
        for bad in [
            "",
            "Z",
            "2026-11-22",
            "2026-11-22T15:49:00",
            "2026-11-22T15:49:00+00:00",
            "2026-11-22T15:49:00z",
            "2026-11-22t15:49:00Z",
            "2026-11-22 15:49:00Z",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T15:49:60Z",
            "2026-11-22T15:60:00Z",
            "99999999999-01-01T00:00:00Z",
            "-2026-11-22T15:49:00Z",
            "+026-11-22T15:49:00Z",
            "2026-11-22T15:49:00.Z",
            "2026-11-22T15:49:00.1a Z",
            "2026-11-22T15:49:00.1234567890aZ",
            " 2026-11-22T15:49:00Z",
            "2026-11-22T15:49:00ZZ",
            "２026-11-22T15:49:00Z",
        ] {
            assert_eq!(parse_instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn fractions_end_somewhere() {
        let fraction = |digits| format!("2026-11-22T15:49:00.{}Z", "5".repeat(digits));
        let nanos = parse_instant(&fraction(64)).map(|at| at.timestamp_subsec_nanos());
        assert_eq!(nanos, Some(555_555_555));
        assert_eq!(parse_instant(&fraction(65)), None);
    }

    #[test]
    fn written_instants_read_back() {
        let instant = parse_instant("2026-11-22T15:49:00.120Z").unwrap();
        assert_eq!(format_instant(instant), "2026-11-22T15:49:00.120Z");
    }

    #[test]
    fn skew_bounds() {
        let at = |s: i64| DateTime::from_timestamp(s, 0).unwrap();
        let skew = ClockSkew::from_seconds(180).unwrap();
        assert_eq!(
            ClockSkew::from_seconds(300).map(ClockSkew::as_delta),
            Some(TimeDelta::minutes(5))
        );
        assert_eq!(ClockSkew::from_seconds(301), None);
        assert!(!skew.is_too_early(at(820), at(1000)) && skew.is_too_early(at(819), at(1000)));
        assert!(!skew.is_too_late(at(1179), at(1000)) && skew.is_too_late(at(1180), at(1000)));
        assert!(skew.is_too_early(DateTime::<Utc>::MAX_UTC, at(0)), "overflow is not early enough");
        assert!(skew.is_too_late(DateTime::<Utc>::MIN_UTC, at(0)));
    }
}
