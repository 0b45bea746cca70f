//! Times: each bound on both sides, to the millisecond, and what is no time at all.

use actix_saml::saml::{Assertion, Keys, Rejection, TimeBound, validate};

use crate::fixture::{
    CONFIRMED_UNTIL, Draft, ISSUED, Message, NOT_ON_OR_AFTER, expectations, honest, instant, now,
};
use crate::keys_of_tests::IDP_KEY;

/// The tolerance of these tests, in seconds.
const SKEW: i64 = 120;

fn at(message: &Message, now: &str) -> Result<Assertion, Rejection> {
    let keys: Keys = IDP_KEY.alone();
    validate(message.0.as_bytes(), &expectations(), &keys, instant(now))
}

fn expired(bound: TimeBound, at: &str, now: &str) -> Rejection {
    Rejection::Expired { bound, at: instant(at), now: instant(now), skew_seconds: SKEW }
}

/// Whose confirmation is open longer than its conditions.
fn long_confirmation() -> Message {
    Draft::adfs().edit(CONFIRMED_UNTIL, "2026-11-23T10:00:00.000Z").signed()
}

#[test]
fn time_1() {
    let message = long_confirmation();
    at(&message, "2026-11-22T11:01:59.999Z").unwrap();
    for late in ["2026-11-22T11:02:00.000Z", "2026-11-22T18:00:00Z"] {
        let bound = TimeBound::ConditionsNotOnOrAfter;
        assert_eq!(at(&message, late), Err(expired(bound, NOT_ON_OR_AFTER, late)));
    }
}

#[test]
fn time_2() {
    let message = honest();
    at(&message, "2026-11-22T09:58:00.000Z").unwrap();
    for early in ["2026-11-22T09:57:59.999Z", "2025-01-01T00:00:00Z"] {
        let refusal = Rejection::NotYetValid {
            bound: TimeBound::ConditionsNotBefore,
            at: instant(ISSUED),
            now: instant(early),
            skew_seconds: SKEW,
        };
        assert_eq!(at(&message, early), Err(refusal));
    }
    // A clock a little behind that of AD FS, which leaves no margin.
    at(&message, "2026-11-22T09:59:59.970Z").unwrap();
}

#[test]
fn time_3() {
    for (from, until) in [
        ("2026-11-22T10:00:01.000Z", "2026-11-22T10:00:00.000Z"),
        ("2026-11-22T10:00:00.000Z", "2026-11-22T10:00:00.000Z"),
        ("2026-11-22T11:00:00.000Z", "2026-11-22T10:59:59.999Z"),
    ] {
        let message = Draft::adfs()
            .edit(NOT_ON_OR_AFTER, until)
            .edit(&format!("NotBefore=\"{ISSUED}\""), &format!("NotBefore=\"{from}\""))
            .signed();
        let (not_before, not_on_or_after) = (instant(from), instant(until));
        message.refused(Rejection::Inverted { not_before, not_on_or_after });
    }
}

/// Every place where a time stands: how to put another one there.
fn everywhere(text: &str, check: impl Fn(TimeBound, Message)) {
    let session = " SessionNotOnOrAfter=\"2026-11-22T18:00:00Z\" SessionIndex";
    for (bound, from, to) in [
        (
            TimeBound::IssueInstant,
            format!("\"{ISSUED}\" Destination"),
            format!("\"{text}\" Destination"),
        ),
        (TimeBound::IssueInstant, format!("\"{ISSUED}\" Version"), format!("\"{text}\" Version")),
        (
            TimeBound::ConditionsNotBefore,
            format!("NotBefore=\"{ISSUED}\""),
            format!("NotBefore=\"{text}\""),
        ),
        (TimeBound::ConditionsNotOnOrAfter, NOT_ON_OR_AFTER.to_owned(), text.to_owned()),
        (TimeBound::ConfirmationNotOnOrAfter, CONFIRMED_UNTIL.to_owned(), text.to_owned()),
        (TimeBound::AuthnInstant, "2026-11-22T09:12:44.000Z".to_owned(), text.to_owned()),
        (
            TimeBound::SessionNotOnOrAfter,
            " SessionIndex".to_owned(),
            session.replace("2026-11-22T18:00:00Z", text),
        ),
    ] {
        check(bound, Draft::adfs().edit(&from, &to).signed());
    }
}

#[track_caller]
fn no_time(text: &str) {
    everywhere(text, |bound, message| {
        message.refused(Rejection::Time { bound, found: text.to_owned() });
    });
}

#[test]
fn time_4() {
    for garbage in [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T10:30:00",
        "2026-02-30T10:30:00Z",
        "2026-11-22T10:30:60Z",
        "2026-11-22t10:30:00z",
        " 2026-11-22T10:30:00Z",
    ] {
        no_time(garbage);
    }
}

#[test]
fn time_5() {
    for overflow in [
        "99999999999-11-22T10:30:00Z",
        "10000-01-01T00:00:00Z",
        "-2026-11-22T10:30:00Z",
        "0000-00-00T00:00:00Z",
    ] {
        no_time(overflow);
    }
    // The last year that can be written is as good as any other.
    let far = Draft::adfs()
        .edit(NOT_ON_OR_AFTER, "9999-12-31T23:59:59.999Z")
        .edit(CONFIRMED_UNTIL, "9999-12-31T23:59:59.999Z")
        .signed();
    assert_eq!(far.accepted().usable_until(), instant("9999-12-31T23:59:59.999Z"));
    let past = Draft::adfs().edit(CONFIRMED_UNTIL, "0001-01-01T00:00:00Z").signed();
    let refusal = Rejection::Expired {
        bound: TimeBound::ConfirmationNotOnOrAfter,
        at: instant("0001-01-01T00:00:00Z"),
        now: now(),
        skew_seconds: SKEW,
    };
    past.refused(refusal);
    let keys = IDP_KEY.alone();
    for extreme in
        [chrono::DateTime::<chrono::Utc>::MAX_UTC, chrono::DateTime::<chrono::Utc>::MIN_UTC]
    {
        let verdict = validate(honest().0.as_bytes(), &expectations(), &keys, extreme);
        let code = verdict.unwrap_err().code();
        assert!(code == "expired" || code == "not_yet_valid", "{code}");
    }
}

#[test]
fn time_6() {
    for offset in [
        "2026-11-22T10:30:00+00:00",
        "2026-11-22T11:30:00+01:00",
        "2026-11-22T10:30:00-00:00",
        "2026-11-22T10:30:00.000+14:00",
        "2026-11-22T10:30:00UTC",
    ] {
        no_time(offset);
    }
    for fraction in
        ["2026-11-22T10:04:59Z", "2026-11-22T10:04:59.9Z", "2026-11-22T10:04:59.1234567Z"]
    {
        Draft::adfs().edit(CONFIRMED_UNTIL, fraction).signed().accepted();
    }
}

#[test]
fn time_7() {
    let ends = |text: &str| {
        let with = format!(" SessionNotOnOrAfter=\"{text}\" SessionIndex");
        Draft::adfs().edit(" SessionIndex", &with).signed()
    };
    let end = "2026-11-22T09:58:05.000Z";
    let bound = TimeBound::SessionNotOnOrAfter;
    ends(end).refused(expired(bound, end, "2026-11-22T10:00:05.000Z"));
    let end = "2026-11-22T09:58:05.001Z";
    assert_eq!(ends(end).accepted().authn().session_not_on_or_after, Some(instant(end)));
}

#[test]
fn time_8() {
    let message = honest();
    at(&message, "2026-11-22T10:06:59.999Z").unwrap();
    for late in ["2026-11-22T10:07:00.000Z", "2026-11-22T10:30:00Z"] {
        let bound = TimeBound::ConfirmationNotOnOrAfter;
        assert_eq!(at(&message, late), Err(expired(bound, CONFIRMED_UNTIL, late)));
    }
    // A confirmation that has ended does not end another.
    let bearer = honest().element("SubjectConfirmation");
    let over = bearer.replace("10:05:00", "09:00:00");
    Draft::adfs().edit(&bearer, &format!("{over}{bearer}")).signed().accepted();
}
