//! What came of a rehearsal, for the terminal.

use chrono::TimeDelta;

use crate::cli::page::{Page, Style};
use crate::rehearse::report::Report;
use crate::rehearse::{Finding, THEMES, Verdict};

/// Of so many findings the terminal says everything. Of more, nobody would read it.
const MAX_TOLD: usize = 20;

/// How many are as expected, and how many apply.
pub(super) fn counts<'f>(findings: impl Iterator<Item = &'f Finding>) -> (usize, usize) {
    findings.fold((0_usize, 0_usize), |(good, all), finding| match finding.verdict {
        Verdict::AsExpected => (good.saturating_add(1), all.saturating_add(1)),
        Verdict::NotApplicable => (good, all),
        _ => (good, all.saturating_add(1)),
    })
}

pub(super) fn summary(report: &Report, in_colour: bool) -> String {
    let mut page = Page::new(in_colour);
    for theme in THEMES {
        let of_theme = || report.findings.iter().filter(|f| f.theme.id == theme.id);
        if of_theme().next().is_none() {
            continue;
        }
        let (good, all) = counts(of_theme());
        let (style, mark, count) = match (good, all) {
            (_, 0) => (Style::Faint, "\u{2013}", "not applicable".to_owned()),
            _ if good == all => (Style::Good, "\u{2713}", format!("{good} of {all}")),
            _ => (Style::Bad, "\u{2717}", format!("{good} of {all}")),
        };
        page.plain("  ").piece(style, mark).plain(&format!(" {:<38} {count}", theme.title));
        page.end();
    }
    for (number, finding) in report.findings.iter().filter(|f| is_told(f)).enumerate() {
        let style = match finding.verdict {
            Verdict::NotAsExpected => Style::Bad,
            _ => Style::Doubtful,
        };
        if number == MAX_TOLD {
            page.end();
            page.line(Style::Strong, "And, of which the reports say more:");
        }
        if number >= MAX_TOLD {
            page.plain("  ").piece(style, finding.verdict.label()).plain(": ");
            page.piece(Style::Strong, finding.case.id).plain(&format!(" - {}", finding.case.title));
            page.end();
            continue;
        }
        page.end();
        page.piece(style, finding.verdict.label()).plain(": ");
        page.piece(Style::Strong, finding.case.id)
            .plain(&format!(" - {}", finding.case.title))
            .end();
        page.hanging("  saw:      ", Style::Plain, &finding.saw);
        page.hanging("  expected: ", Style::Plain, finding.case.expected);
        page.hanging("  why:      ", Style::Plain, finding.case.why);
        page.hanging("  fix:      ", Style::Plain, finding.case.fix);
    }
    page.end();
    let counts = format!(
        "{} as expected, {} not as expected, {} inconclusive, {} not applicable",
        report.count(Verdict::AsExpected),
        report.count(Verdict::NotAsExpected),
        report.count(Verdict::Inconclusive),
        report.count(Verdict::NotApplicable),
    );
    page.piece(if report.is_good() { Style::Good } else { Style::Bad }, &counts);
    let seconds = report.took.max(TimeDelta::zero()).num_milliseconds();
    page.plain(&format!(
        " in {}.{} s",
        seconds.div_euclid(1000),
        seconds.rem_euclid(1000).div_euclid(100)
    ));
    page.end();
    page.into_text().trim_end().to_owned()
}

/// Whether somebody should look at it.
pub(super) fn is_told(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::NotAsExpected | Verdict::Inconclusive)
}
