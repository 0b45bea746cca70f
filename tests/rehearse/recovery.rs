//! Service providers that one message holds up.

use std::time::Duration;

use actix_saml::rehearse::{Progress, Verdict};

use crate::toy::{Weakness, begin_with, of, play, play_with, verdict};

#[test]
fn a_hold_up_is_waited_for_and_held_against_its_cause_alone() {
    let findings = play(Weakness::HoldsUp, &["doctype", "text-behind"]);
    let cause = of(&findings, "doctype");
    assert_eq!(cause.verdict, Verdict::NotAsExpected, "{}", cause.saw);
    assert!(
        cause.saw.contains("; afterwards honest people could not sign in for"),
        "{}",
        cause.saw
    );
    assert!(cause.trail.iter().any(|line| line.starts_with("waited: ")), "{:?}", cause.trail);
    let next = of(&findings, "text-behind");
    assert_eq!(next.verdict, Verdict::AsExpected, "{}", next.saw);
}

#[test]
fn a_message_that_is_not_answered_is_found_and_the_next_case_is_played() {
    let findings = play_with(Weakness::Hangs, &["doctype", "text-behind"], |plan| {
        plan.timeout = Duration::from_secs(3);
    });
    let cause = of(&findings, "doctype");
    assert_eq!(cause.verdict, Verdict::NotAsExpected);
    assert!(cause.saw.starts_with("it did not answer in time"), "{}", cause.saw);
    assert!(cause.took.num_seconds() >= 3);
    assert_eq!(verdict(&findings, "text-behind"), Verdict::AsExpected);
}

#[test]
fn once_nobody_is_let_in_any_more_nothing_else_is_tried() {
    let findings =
        play_with(Weakness::Stops, &["doctype", "text-behind", "audience-other"], |plan| {
            plan.recovery = Duration::from_secs(1);
        });
    let cause = of(&findings, "doctype");
    assert_eq!(cause.verdict, Verdict::NotAsExpected);
    assert!(cause.saw.contains("could not sign in any more"), "{}", cause.saw);
    for id in ["text-behind", "audience-other"] {
        let finding = of(&findings, id);
        assert_eq!(finding.verdict, Verdict::Inconclusive);
        assert_eq!(
            finding.saw,
            "not tried: nobody could sign in any more after the case \"doctype\""
        );
        assert!(finding.trail.is_empty());
    }
    // What was let in before stands.
    assert_eq!(verdict(&findings, "first-sign-in"), Verdict::AsExpected);
}

#[test]
fn progress_tells_of_each_case_and_of_each_theme_that_is_played() {
    let mut seen = Vec::new();
    begin_with(Weakness::None, |_| {}).unwrap().play_some(
        |_, case| ["doctype", "audience-other", "audience-case"].contains(&case.id),
        |progress| {
            seen.push(match progress {
                Progress::Case { done, of, last } => format!("{done}/{of} {}", last.case.id),
                Progress::Theme { done, of, theme, findings } => {
                    format!("{done}/{of} {}: {}", theme.id, findings.len())
                }
                _ => String::new(),
            });
        },
    );
    assert_eq!(
        seen,
        [
            "1/4 first-sign-in",
            "1/4 people: 1",
            "2/4 doctype",
            "2/4 markup: 1",
            "3/4 audience-other",
            "4/4 audience-case",
            "4/4 protocol: 2",
        ]
    );
}
