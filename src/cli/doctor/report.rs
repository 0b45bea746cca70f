//! All findings, and both ways of printing them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::finding::{Area, Finding, Level};
use crate::cli::page::{Page, Style};
use crate::saml::format_instant;

/// Where values begin.
const LABEL: usize = 10;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The worst level of all findings.
    pub(super) verdict: Level,
    /// The time at which it was looked at.
    pub(super) now: String,
    pub(super) counts: Counts,
    pub(super) findings: Vec<Finding>,
}

/// How many findings there are of each level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) ok: usize,
    pub(super) note: usize,
    pub(super) warning: usize,
    pub(super) problem: usize,
}

impl Report {
    /// Puts the findings into the order of the page.
    pub(super) fn new(mut findings: Vec<Finding>, now: DateTime<Utc>) -> Self {
        findings.sort_by_key(|finding| finding.area);
        let count = |level| findings.iter().filter(|f| f.level == level).count();
        let [ok, note, warning, problem] = Level::ALL.map(count);
        Self {
            verdict: findings.iter().map(|f| f.level).max().unwrap_or(Level::Ok),
            now: format_instant(now),
            counts: Counts { ok, note, warning, problem },
            findings,
        }
    }

    /// The page for people. `in_full` shows the values and settings of what is as it should be, too.
    pub(super) fn to_text(&self, in_colour: bool, in_full: bool) -> String {
        let mut page = Page::new(in_colour);
        let Counts { ok, note, warning, problem } = self.counts;
        let (mark, style) = look_of(self.verdict);
        let count = |number: usize, one: &str, many: &str| {
            format!("{number} {}", if number == 1 { one } else { many })
        };
        let headline = format!(
            "{mark} {}, {}, {}, {ok} as it should be.",
            count(problem, "problem", "problems"),
            count(warning, "warning", "warnings"),
            count(note, "note", "notes"),
        );
        page.line(style, &headline);
        page.piece(Style::Faint, &format!("  Looked at {}", self.now)).end();
        for area in Area::ALL {
            let of_area: Vec<&Finding> = self.findings.iter().filter(|f| f.area == area).collect();
            if of_area.is_empty() {
                continue;
            }
            page.end();
            page.line(Style::Strong, area.heading());
            let mut provider = None;
            for finding in of_area {
                // What is about one provider stands under its name.
                if area == Area::IdentityProvider && finding.about != provider {
                    provider.clone_from(&finding.about);
                    page.hanging("  ", Style::Strong, provider.as_deref().unwrap_or("together"));
                }
                show(&mut page, finding, in_full);
            }
        }
        page.into_text()
    }
}

fn look_of(level: Level) -> (char, Style) {
    match level {
        Level::Ok => ('\u{2713}', Style::Good),
        Level::Note => ('\u{2013}', Style::Plain),
        Level::Warning => ('!', Style::Doubtful),
        Level::Problem => ('\u{2717}', Style::Bad),
    }
}

fn show(page: &mut Page, finding: &Finding, in_full: bool) {
    let (mark, style) = look_of(finding.level);
    let title = match &finding.about {
        Some(about) if finding.area != Area::IdentityProvider => {
            format!("{about}: {}", finding.title)
        }
        _ => finding.title.clone(),
    };
    page.hanging(&format!("  {mark} "), style, &title);
    let is_right = finding.level == Level::Ok && !in_full;
    if is_right && !finding.is_key {
        return;
    }
    if !is_right {
        field(page, "code", finding.code);
    }
    for fact in &finding.facts {
        field(page, fact.name, &fact.value);
    }
    if is_right {
        return;
    }
    if let Some(remedy) = &finding.remedy {
        page.paragraph(4, Style::Plain, remedy);
    }
    // A command is for copying: it stays on one line.
    if let Some(adfs) = &finding.adfs {
        page.piece(Style::Faint, "    AD FS      ").plain(adfs).end();
    }
    if let Some(entra) = &finding.entra {
        page.hanging("    Entra      ", Style::Plain, entra);
    }
}

fn field(page: &mut Page, label: &str, value: &str) {
    // Sentences are broken between words. Addresses, fingerprints and quotations stay whole.
    if value.contains(' ') && !value.contains('"') {
        page.hanging(&format!("    {label:LABEL$} "), Style::Plain, value);
        return;
    }
    page.piece(Style::Faint, &format!("    {label:LABEL$} ")).plain(value).end();
}
