//! Genuine signatures on messages whose time has not come, or is over.

use chrono::TimeDelta;

use crate::rehearse::case::{Case, Theme, Trouble, hostile};
use crate::rehearse::maker::Maker;
use crate::rehearse::surgery::{add, part, set};
use crate::saml::format_instant;

const TIME: &str = "Compare the times with a clock that is set by NTP, and allow three minutes, five \
                    at the most.";

pub(super) const THEME: Theme = Theme {
    id: "times",
    title: "Times",
    about: "Genuine signatures on messages whose time has not come, or is over.",
    cases: CASES,
};

/// `NotOnOrAfter` of the confirmation, so long before now.
fn confirmed(m: &Maker<'_>, ago: TimeDelta) -> Result<String, Trouble> {
    let end = m.now.checked_sub_signed(ago).unwrap_or(m.now);
    m.edited(|xml| set(xml, "SubjectConfirmationData", "NotOnOrAfter", Some(&format_instant(end))))
}

fn condition(m: &Maker<'_>, name: &str, offset: TimeDelta) -> Result<String, Trouble> {
    let time = m.now.checked_add_signed(offset).unwrap_or(m.now);
    m.edited(|xml| set(xml, "Conditions", name, Some(&format_instant(time))))
}

const CASES: &[Case] = &[
    hostile("expired", "Issued two hours ago", "It was kept or stolen.", TIME, |m| {
        m.at(TimeDelta::hours(-2)).response()
    }),
    hostile("expired-days", "Issued three days ago", "It was kept or stolen.", TIME, |m| {
        m.at(TimeDelta::days(-3)).response()
    }),
    hostile(
        "confirmation-expired",
        "The confirmation ended ten minutes ago",
        "It ends before the conditions do: five minutes at AD FS.",
        TIME,
        |m| confirmed(m, TimeDelta::minutes(10)),
    ),
    hostile(
        "conditions-expired",
        "The conditions ended ten minutes ago",
        "Both ends count.",
        TIME,
        |m| condition(m, "NotOnOrAfter", TimeDelta::minutes(-10)),
    ),
    hostile("not-yet-valid", "Valid in two hours", "It is not valid yet.", TIME, |m| {
        m.at(TimeDelta::hours(2)).response()
    }),
    hostile(
        "conditions-not-yet",
        "The conditions begin in ten minutes",
        "It is not valid yet.",
        TIME,
        |m| condition(m, "NotBefore", TimeDelta::minutes(10)),
    ),
    hostile(
        "session-over",
        "The session has ended an hour ago",
        "SessionNotOnOrAfter has passed: there is no session to begin.",
        "Refuse an assertion whose SessionNotOnOrAfter has passed, and end sessions at it.",
        |m| {
            let end = m.now.checked_sub_signed(TimeDelta::hours(1)).unwrap_or(m.now);
            m.edited(|xml| {
                add(
                    xml,
                    "AuthnStatement",
                    &format!("SessionNotOnOrAfter=\"{}\"", format_instant(end)),
                )
            })
        },
    ),
    hostile(
        "time-without-zone",
        "The end is told without a time zone",
        "Times are in UTC and say so (Core 1.3.3). Without Z it is anybody's guess.",
        "Refuse times without Z.",
        |m| {
            m.edited(|xml| {
                let end = part(xml, "SubjectConfirmationData")?.text;
                let end =
                    end.split_once("NotOnOrAfter=\"").and_then(|(_, rest)| rest.split_once('"'));
                let (end, _) = end.ok_or_else(|| Trouble::Made("no time".to_owned()))?;
                set(xml, "SubjectConfirmationData", "NotOnOrAfter", Some(end.trim_end_matches('Z')))
            })
        },
    ),
    hostile(
        "time-nonsense",
        "The end is no time",
        "What cannot be read must not be passed over.",
        TIME,
        |m| m.edited(|xml| set(xml, "SubjectConfirmationData", "NotOnOrAfter", Some("never"))),
    ),
];
