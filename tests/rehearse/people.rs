//! Two people at one PC.

use actix_saml::rehearse::Verdict;

use crate::toy::{Weakness, of, play};

const CASE: &str = "other-person-same-browser";

#[test]
fn the_second_person_is_signed_in() {
    let findings = play(Weakness::None, &[CASE]);
    let finding = of(&findings, CASE);
    assert_eq!(finding.verdict, Verdict::AsExpected, "{}", finding.saw);
}

#[test]
fn who_works_on_as_the_first_person_is_found() {
    let findings = play(Weakness::KeepsFirst, &[CASE]);
    let finding = of(&findings, CASE);
    assert_eq!(finding.verdict, Verdict::NotAsExpected, "{}", finding.saw);
    assert!(finding.saw.contains("shown the first person's page"), "{}", finding.saw);
}

#[test]
fn one_request_for_each_browser_is_not_held_against_this_case() {
    let findings = play(Weakness::OnePending, &[CASE, "two-tabs"]);
    let finding = of(&findings, CASE);
    assert_eq!(finding.verdict, Verdict::NotApplicable, "{}", finding.saw);
    // It is the matter of another case.
    assert_eq!(of(&findings, "two-tabs").verdict, Verdict::NotAsExpected);
}
