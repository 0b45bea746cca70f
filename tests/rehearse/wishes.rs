//! What a service provider's metadata asks for counts.

use actix_saml::rehearse::Verdict;

use crate::toy::{Weakness, of, play, verdict};

#[test]
fn who_says_that_the_assertion_must_be_signed_may_refuse_a_signed_response() {
    let findings =
        play(Weakness::WantsSignedAssertions, &["signing-response", "stranger-response"]);
    let finding = of(&findings, "signing-response");
    assert_eq!(finding.verdict, Verdict::NotApplicable, "{}", finding.saw);
    assert!(finding.saw.contains("WantAssertionsSigned"), "{}", finding.saw);
    // What needs it does not apply either.
    assert_eq!(verdict(&findings, "stranger-response"), Verdict::NotApplicable);
}

#[test]
fn who_does_not_say_so_may_not() {
    let findings =
        play(Weakness::DemandsSignedAssertions, &["signing-response", "stranger-response"]);
    assert_eq!(verdict(&findings, "signing-response"), Verdict::NotAsExpected);
    assert_eq!(verdict(&findings, "stranger-response"), Verdict::Inconclusive);
}

#[test]
fn who_takes_it_is_as_expected() {
    let findings = play(Weakness::None, &["signing-response", "stranger-response"]);
    assert_eq!(verdict(&findings, "signing-response"), Verdict::AsExpected);
    assert_eq!(verdict(&findings, "stranger-response"), Verdict::AsExpected);
}
