//! Sign-ins that begin at the identity provider.

use actix_saml::rehearse::{Finding, Verdict};

use crate::toy::{Weakness, of, play, play_with, verdict};

fn allowed(weakness: Weakness, ids: &[&str]) -> Vec<Finding> {
    play_with(weakness, ids, |plan| plan.takes_unsolicited = true)
}

#[test]
fn whoever_takes_them_and_keeps_the_other_rules_is_as_expected() {
    let findings = allowed(Weakness::Unsolicited, &["initiated", "unsolicited"]);
    for finding in &findings {
        let expected = match finding.case.id {
            "initiated-fresh-browser" | "unsolicited" => Verdict::NotApplicable,
            _ => Verdict::AsExpected,
        };
        assert_eq!(finding.verdict, expected, "{}: {}", finding.case.id, finding.saw);
    }
}

#[test]
fn whoever_says_so_must_take_them() {
    let findings = allowed(Weakness::None, &["initiated"]);
    assert_eq!(verdict(&findings, "initiated-sign-in"), Verdict::NotAsExpected);
    assert_eq!(verdict(&findings, "initiated-replay"), Verdict::Inconclusive);
}

#[test]
fn whoever_does_not_say_so_must_not() {
    let findings = play(Weakness::None, &["initiated"]);
    for id in ["initiated-fresh-browser", "initiated-request-unknown", "initiated-relay-address"] {
        let finding = of(&findings, id);
        assert_eq!(finding.verdict, Verdict::AsExpected, "{id}: {}", finding.saw);
    }
    for id in ["initiated-sign-in", "initiated-replay", "initiated-audience"] {
        assert_eq!(verdict(&findings, id), Verdict::NotApplicable, "{id}");
    }
}

#[test]
fn a_redirect_elsewhere_is_found() {
    let ids = ["initiated-relay-address", "initiated-relay-no-scheme"];
    let findings = allowed(Weakness::UnsolicitedRedirect, &ids);
    for id in ids {
        assert_eq!(verdict(&findings, id), Verdict::NotAsExpected, "{id}");
    }
}

#[test]
fn a_replay_and_an_unknown_request_are_found() {
    let findings = allowed(Weakness::UnsolicitedReplay, &["initiated-replay"]);
    assert_eq!(verdict(&findings, "initiated-replay"), Verdict::NotAsExpected);
    let findings = allowed(Weakness::NoRequest, &["initiated-request-unknown"]);
    assert_eq!(verdict(&findings, "initiated-request-unknown"), Verdict::NotAsExpected);
}
