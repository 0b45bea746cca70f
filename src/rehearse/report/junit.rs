use std::fmt::Write as _;

use chrono::TimeDelta;

use super::{Report, escape};
use crate::rehearse::THEMES;
use crate::rehearse::case::Verdict;
use crate::saml::format_instant;

/// The report as JUnit XML: a test suite for each theme.
pub fn to_junit(report: &Report) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"rehearsal\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" \
         timestamp=\"{}\">",
        report.findings.len(),
        report.count(Verdict::NotAsExpected),
        report.count(Verdict::Inconclusive),
        report.count(Verdict::NotApplicable),
        format_instant(report.began),
    );
    for theme in THEMES {
        let cases: Vec<_> = report.findings.iter().filter(|f| f.theme.id == theme.id).collect();
        if cases.is_empty() {
            continue;
        }
        let count = |verdict| cases.iter().filter(|f| f.verdict == verdict).count();
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            escape(theme.id),
            cases.len(),
            count(Verdict::NotAsExpected),
            count(Verdict::Inconclusive),
            count(Verdict::NotApplicable),
        );
        for finding in &cases {
            let saw = escape(&finding.saw);
            let _ = write!(
                xml,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
                escape(theme.id),
                escape(finding.case.id),
                seconds(finding.took)
            );
            let text = escape(&format!(
                "{}\nExpected: {}\nWhy: {}\nFix: {}\n{}",
                finding.case.title,
                finding.case.expected,
                finding.case.why,
                finding.case.fix,
                finding.trail.join("\n")
            ));
            let element = match finding.verdict {
                Verdict::AsExpected => {
                    xml.push_str("/>\n");
                    continue;
                }
                Verdict::NotAsExpected => "failure",
                Verdict::Inconclusive => "error",
                Verdict::NotApplicable => "skipped",
            };
            let body = if element == "skipped" { String::new() } else { text };
            let _ = writeln!(xml, "><{element} message=\"{saw}\">{body}</{element}></testcase>");
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn seconds(time: TimeDelta) -> String {
    let milliseconds = time.max(TimeDelta::zero()).num_milliseconds();
    format!("{}.{:03}", milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000))
}
