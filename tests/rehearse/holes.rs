//! A rehearsal must find what is wrong, in each of its hostile themes: each toy has one weakness. In
//! front of the toy without any the same cases are as expected.

use std::collections::BTreeSet;

use actix_saml::rehearse::{CannotRehearse, Kind, THEMES, Verdict};

use crate::toy::{Weakness, begin_with, of, play};

/// What must be found in front of each.
const HOLES: &[(Weakness, &[&str])] = &[
    (Weakness::KeyInMessage, &["stranger"]),
    (Weakness::SignsInFirst, &["unsigned", "changed-name", "stranger"]),
    (Weakness::FirstAssertion, &["xsw-3"]),
    (Weakness::LastAssertion, &["xsw-3-behind"]),
    (Weakness::CutsAtComment, &["comment-in-name"]),
    (Weakness::NoAudience, &["audience-other", "audience-missing"]),
    (Weakness::NoRequest, &["unsolicited", "request-other", "other-browser"]),
    (Weakness::Unsolicited, &["unsolicited", "initiated-fresh-browser"]),
    (Weakness::NoTimes, &["expired", "not-yet-valid", "confirmation-expired"]),
    (Weakness::NoReplay, &["replay-same-browser"]),
    (Weakness::TakesGet, &["link"]),
    (Weakness::AnyBrowser, &["other-browser", "switched-person"]),
    (Weakness::OpenRedirect, &["relay-address", "relay-no-scheme"]),
    (Weakness::KeepsCookie, &["fixed-session"]),
    (Weakness::TrustsEncrypted, &["encrypted-unsigned"]),
    (Weakness::LogsOutAnybody, &["logout-unsigned"]),
];

fn all() -> Vec<&'static str> {
    HOLES.iter().flat_map(|(_, ids)| ids.iter().copied()).collect()
}

#[test]
fn every_weakness_is_found() {
    std::thread::scope(|scope| {
        for (weakness, ids) in HOLES {
            scope.spawn(move || {
                let findings = play(*weakness, ids);
                for id in *ids {
                    let finding = of(&findings, id);
                    let (verdict, saw) = (finding.verdict, &finding.saw);
                    assert_eq!(verdict, Verdict::NotAsExpected, "{weakness:?}, {id}: {saw}");
                }
            });
        }
    });
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let findings = play(Weakness::None, &all());
    for id in all() {
        let finding = of(&findings, id);
        assert_eq!(finding.verdict, Verdict::AsExpected, "{id}: {}", finding.saw);
    }
}

#[test]
fn there_is_a_weakness_for_every_hostile_theme() {
    let found: BTreeSet<_> = all().into_iter().collect();
    for theme in THEMES {
        let mut hostile = theme.cases().iter().filter(|case| case.kind == Kind::Hostile).peekable();
        if hostile.peek().is_some() {
            assert!(hostile.any(|case| found.contains(case.id)), "{}", theme.id);
        }
    }
}

/// The status is no proof: of a refusal as little as of a welcome.
#[test]
fn a_welcome_that_signs_nobody_in_is_no_sign_in() {
    let begun = begin_with(Weakness::Forgets, |_| {});
    let Err(CannotRehearse::FirstSignIn { saw, .. }) = begun else { panic!("{begun:?}") };
    assert_eq!(saw, "the service provider answered 200");
}

#[test]
fn a_refusal_that_signs_somebody_in_is_none() {
    let findings = play(Weakness::SignsInFirst, &["unsigned"]);
    let unsigned = of(&findings, "unsigned");
    assert!(unsigned.trail.iter().any(|line| line.ends_with("/acs - 403")), "{:?}", unsigned.trail);
    assert!(unsigned.saw.starts_with("accepted: the sender is signed in as"), "{}", unsigned.saw);
}
