//! Our own demo application.

use actix_saml::idp::Personality;
use actix_saml::rehearse::{Finding, Rehearsal, SignedInCheck, Verdict};
use url::Url;

use crate::scene::{Folder, demo, idp, plan};

fn rehearse(personality: Personality, check: fn(&str) -> SignedInCheck) -> Vec<Finding> {
    let (folder, idp) = (Folder::new(), idp(personality));
    let url = demo(&folder, &idp);
    let mut plan = plan(idp, &url, "/rota", check(&url));
    let metadata = Url::parse(&format!("{url}/saml/metadata")).unwrap();
    plan.sp_metadata = Rehearsal::fetch(&plan, &metadata).unwrap();
    let rehearsal = Rehearsal::begin(plan).unwrap();
    assert!(rehearsal.shows_names());
    rehearsal.play(|_| {})
}

/// What the demo application has not: it is not served over https here, and takes nothing that nobody
/// asked for.
fn is_not_here(finding: &Finding) -> bool {
    let takes = ["initiated-sign-in"];
    let id = finding.case.id;
    id == "cookie-secure" || id == takes[0] || finding.case.needs == takes
}

fn all_as_expected(findings: &[Finding]) {
    let strange: Vec<_> = findings
        .iter()
        .filter(|finding| match finding.verdict {
            Verdict::AsExpected => false,
            Verdict::NotApplicable => !is_not_here(finding),
            _ => true,
        })
        .map(|f| {
            format!("{} {}: {}\n  {}", f.verdict.word(), f.case.id, f.saw, f.trail.join("\n  "))
        })
        .collect();
    assert!(strange.is_empty(), "{} of {}:\n{}", strange.len(), findings.len(), strange.join("\n"));
    assert_eq!(findings.len(), Rehearsal::len());
}

#[test]
fn everything_is_as_expected_in_front_of_the_demo_application() {
    all_as_expected(&rehearse(Personality::Adfs, |_| SignedInCheck::StartPage));
}

#[test]
fn the_same_with_entra_and_an_address_that_tells_who_is_signed_in() {
    all_as_expected(&rehearse(Personality::Entra, |url| {
        SignedInCheck::Address(Url::parse(&format!("{url}/whoami")).unwrap())
    }));
}
