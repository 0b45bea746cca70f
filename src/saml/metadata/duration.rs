//! Lengths of time as XML Schema writes them (`xs:duration`), for `cacheDuration`.

use chrono::TimeDelta;

const DAY: i64 = 86_400;
/// Years and months differ in length. The shortest of each is taken: what is kept for at most that
/// long is never kept for too long.
const DATE: [(char, i64); 3] = [('Y', 365 * DAY), ('M', 28 * DAY), ('D', DAY)];
const TIME: [(char, i64); 3] = [('H', 3_600), ('M', 60), ('S', 1)];

/// Reads `PnYnMnDTnHnMn.nS`, of which at least one part must be there. A fraction of a second is
/// dropped. `None` for anything else: below zero, white space, more than [`TimeDelta`] holds.
pub(super) fn parse_duration(text: &str) -> Option<TimeDelta> {
    let parts = text.strip_prefix('P')?;
    let seconds = match parts.split_once('T') {
        Some((date, time)) if !time.is_empty() => {
            let time = match time.split_once('.') {
                Some((whole, fraction)) => {
                    number(fraction.strip_suffix('S')?)?;
                    // The part before the point must be the seconds.
                    whole.ends_with(|c: char| c.is_ascii_digit()).then_some(())?;
                    format!("{whole}S")
                }
                None => time.to_owned(),
            };
            sum(date, DATE)?.checked_add(sum(&time, TIME)?)?
        }
        None if !parts.is_empty() => sum(parts, DATE)?,
        _ => return None,
    };
    TimeDelta::try_seconds(seconds)
}

/// The seconds in `text`: numbers, each followed by one of `units`, in the order of these.
fn sum(text: &str, units: [(char, i64); 3]) -> Option<i64> {
    let mut total = 0_i64;
    let mut left = text;
    for (unit, seconds) in units {
        let Some((digits, rest)) = left.split_once(unit) else { continue };
        total = total.checked_add(number(digits)?.checked_mul(seconds)?)?;
        left = rest;
    }
    left.is_empty().then_some(total)
}

fn number(digits: &str) -> Option<i64> {
    // `parse` alone would take a sign.
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for (text, seconds) in [
            ("PT0S", 0),
            ("P0Y", 0),
            ("PT1S", 1),
            ("PT1.999S", 1),
            ("PT0.5S", 0),
            ("PT1M", 60),
            ("PT2M1.5S", 121),
            ("PT6H", 21_600),
            ("PT3600S", 3_600),
            ("P1D", 86_400),
            ("P007D", 7 * 86_400),
            ("P1M", 28 * 86_400),
            ("P1Y", 365 * 86_400),
            ("P1Y2M3DT4H5M6S", (365 + 56 + 3) * 86_400 + 4 * 3_600 + 5 * 60 + 6),
            ("P1DT1M", 86_460),
            ("P100000000D", 8_640_000_000_000),
        ] {
            assert_eq!(parse_duration(text), TimeDelta::try_seconds(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_length() {
        for bad in [
            "",
            "P",
            "PT",
            "P1",
            "P1DT",
            "1D",
            "-P1D",
            "+P1D",
            "P-1D",
            "P+1D",
            "p1d",
            " P1D",
            "P1D ",
            "P 1D",
            "PD",
            "PTS",
            "P1H",
            "PT1D",
            "PT1Y",
            "P1D1Y",
            "P1D2D",
            "PT1S1M",
            "P1W",
            "P1.5D",
            "PT1.5H",
            "PT.5S",
            "PT1.S",
            "PT1H.5S",
            "PT1.5.5S",
            "PT1.5SS",
            "PT1S.5S",
            "PT1.5S1M",
            "P1DT1HT1M",
            "P\u{664}D",
            // More than an i64, and more than a TimeDelta, in one part or by their sum.
            "P99999999999999999999D",
            "P9223372036854775807D",
            "PT9223372036854775807S",
            "P1DT9223372036854775807S",
            "P292471209Y",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad:?}");
        }
    }
}
