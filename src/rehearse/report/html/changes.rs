//! What to change: each piece of advice once, with all that it would mend.

use std::fmt::Write as _;

use super::super::{Report, escape};
use crate::rehearse::case::{Finding, Verdict};

/// The advice for what is not as expected, what mends most first.
fn advice(report: &Report) -> Vec<(&'static str, Vec<&Finding>)> {
    let mut all: Vec<(&'static str, Vec<&Finding>)> = Vec::new();
    for finding in report.findings.iter().filter(|f| f.verdict == Verdict::NotAsExpected) {
        match all.iter_mut().find(|(fix, _)| *fix == finding.case.fix) {
            Some((_, findings)) => findings.push(finding),
            None => all.push((finding.case.fix, vec![finding])),
        }
    }
    // Of as many, what was found first stays first.
    all.sort_by_key(|(_, findings)| std::cmp::Reverse(findings.len()));
    all
}

pub(super) fn write(html: &mut String, report: &Report) {
    let all = advice(report);
    if all.is_empty() {
        return;
    }
    html.push_str(
        "<h2 id=\"changes\">What to change</h2><p class=\"lead\">What mends most stands first.</p>\
         <ol class=\"changes\">",
    );
    for (fix, findings) in all {
        let count = match findings.len() {
            1 => "1 case".to_owned(),
            some => format!("{some} cases"),
        };
        let _ = write!(html, "<li><p>{}</p><p class=\"for\">{count}: ", escape(fix));
        for (number, finding) in findings.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            let id = escape(finding.case.id);
            let _ = write!(html, "{comma}<a href=\"#c-{id}\">{id}</a>");
        }
        html.push_str("</p></li>");
    }
    html.push_str("</ol>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::THEMES;
    use crate::rehearse::report::tests::report;

    fn findings(verdict: Verdict) -> Report {
        let mut report = report();
        let one = report.findings.remove(0);
        report.findings = THEMES
            .iter()
            .flat_map(|theme| theme.cases().iter().map(move |case| (theme, case)))
            .map(|(theme, case)| Finding { theme, case, verdict, ..one.clone() })
            .collect();
        report
    }

    #[test]
    fn each_piece_of_advice_stands_there_once_and_what_mends_most_first() {
        let report = findings(Verdict::NotAsExpected);
        let all = advice(&report);
        let mut texts: Vec<_> = all.iter().map(|(fix, _)| *fix).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all.len());
        assert!(all.iter().map(|(_, findings)| findings.len()).is_sorted_by(|a, b| a >= b));
        let sum: usize = all.iter().map(|(_, findings)| findings.len()).sum();
        assert_eq!(sum, report.findings.len());
        let mut html = String::new();
        write(&mut html, &report);
        assert_eq!(html.matches("<li>").count(), all.len());
        assert!(html.contains("<a href=\"#c-unsigned\">unsigned</a>"));
    }

    #[test]
    fn where_nothing_is_wrong_nothing_is_to_be_changed() {
        let mut html = String::new();
        write(&mut html, &findings(Verdict::AsExpected));
        write(&mut html, &findings(Verdict::Inconclusive));
        assert_eq!(html, "");
    }
}
