use serde_json::json;

use super::Report;
use crate::rehearse::case::Verdict;
use crate::saml::format_instant;

/// The report as JSON. Its names are described in `docs/rehearsal.md` and stay.
pub fn to_json(report: &Report) -> String {
    let cases: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "id": finding.case.id,
                "theme": finding.theme.id,
                "kind": finding.case.kind.word(),
                "title": finding.case.title,
                "expected": finding.case.expected,
                "why": finding.case.why,
                "fix": finding.case.fix,
                "verdict": finding.verdict.word(),
                "saw": finding.saw,
                "milliseconds": finding.took.num_milliseconds(),
                "trail": finding.trail,
                "sent": finding.sent,
            })
        })
        .collect();
    let document = json!({
        "format": 1,
        "service_provider": report.sp_entity_id,
        "assertion_consumer_service": report.acs_url,
        "start": report.start,
        "identity_provider": report.idp_entity_id,
        "personality": report.personality,
        "began": format_instant(report.began),
        "milliseconds": report.took.num_milliseconds(),
        "shows_names": report.shows_names,
        "good": report.is_good(),
        "counts": {
            "as_expected": report.count(Verdict::AsExpected),
            "not_as_expected": report.count(Verdict::NotAsExpected),
            "inconclusive": report.count(Verdict::Inconclusive),
            "not_applicable": report.count(Verdict::NotApplicable),
        },
        "cases": cases,
    });
    format!("{document:#}\n")
}
