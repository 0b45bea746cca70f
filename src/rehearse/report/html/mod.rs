//! The report for people: one file, nothing from elsewhere, readable without scripts.

mod changes;
mod letter;

use std::fmt::Write as _;

use super::{Report, escape};
use crate::crypto::sha256;
use crate::rehearse::case::{Finding, Kind, Theme, Verdict};
use crate::rehearse::{Rehearsal, THEMES};
use crate::xml::encode_base64;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The report as a page. Whatever came from the service provider is escaped, and no script runs but
/// the page's own.
pub fn to_html(report: &Report) -> String {
    let policy = format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{}'; \
         script-src 'sha256-{}'",
        encode_base64(&sha256(STYLE.as_bytes())),
        encode_base64(&sha256(SCRIPT.as_bytes())),
    );
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Sign-in rehearsal: {sp}</title><style>{STYLE}</style></head><body>\
         <a class=\"skip\" href=\"#main\">Skip to the result</a>",
        sp = escape(&report.sp_entity_id),
    );
    head(&mut html, report);
    html.push_str("<main id=\"main\">");
    verdict(&mut html, report);
    tiles(&mut html, report);
    grid(&mut html, report);
    changes::write(&mut html, report);
    filter(&mut html);
    for theme in THEMES {
        details_of(&mut html, theme, report);
    }
    letter::write(&mut html, report);
    let _ = writeln!(
        html,
        "</main><footer><p>A finding says what was accepted or refused, and what was expected: it \
         does not claim that the service can be broken into. A rehearsal without findings is no \
         proof either: it tries what it knows. Every person in it is invented.</p></footer>\
         <script>{SCRIPT}</script></body></html>"
    );
    html
}

fn of_theme<'r>(report: &'r Report, theme: &'r Theme) -> impl Iterator<Item = &'r Finding> {
    report.findings.iter().filter(move |finding| finding.theme.id == theme.id)
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsExpected => "good",
        Verdict::NotAsExpected => "bad",
        Verdict::Inconclusive => "unclear",
        Verdict::NotApplicable => "none",
    }
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsExpected => "\u{2713}",
        Verdict::NotAsExpected => "\u{2717}",
        Verdict::Inconclusive => "?",
        Verdict::NotApplicable => "\u{2013}",
    }
}

fn head(html: &mut String, report: &Report) {
    let _ = write!(
        html,
        "<div class=\"band\"><header><h1>Sign-in rehearsal</h1>\
         <p>Service provider <code>{}</code>, signed in at <code>{}</code></p>\
         <p>in front of an identity provider like NHSmail's {}, on {}, in {} seconds</p>\
         <nav aria-label=\"Parts\"><a href=\"#themes\">Theme by theme</a> {} <a href=\"#cases\">Case by \
         case</a> <a href=\"#send\">What to send NHSmail</a></nav></header></div>",
        escape(&report.sp_entity_id),
        escape(&report.start),
        if report.personality == "entra" { "Entra ID" } else { "AD FS" },
        report.began.format("%e %B %Y at %H:%M UTC"),
        report.took.num_seconds().max(1),
        match report.count(Verdict::NotAsExpected) {
            0 => "",
            _ => "<a href=\"#changes\">What to change</a>",
        },
    );
}

fn applicable(report: &Report) -> usize {
    report.findings.len().saturating_sub(report.count(Verdict::NotApplicable))
}

fn verdict(html: &mut String, report: &Report) {
    let (good, all) = (report.count(Verdict::AsExpected), applicable(report));
    let (bad, unclear) =
        (report.count(Verdict::NotAsExpected), report.count(Verdict::Inconclusive));
    let (class, title) = match (bad, unclear) {
        (0, 0) => ("good", "Everything is as expected".to_owned()),
        (0, 1) => ("unclear", "One case cannot be told".to_owned()),
        (0, some) => ("unclear", format!("{some} cases cannot be told")),
        (1, _) => ("bad", "One thing is not as expected".to_owned()),
        (some, _) => ("bad", format!("{some} things are not as expected")),
    };
    let let_in = kind(report, Kind::Honest);
    let kept_out = kind(report, Kind::Hostile);
    let names = match report.shows_names {
        true => "",
        false => {
            " The page does not show who is signed in, so that mix-ups of people cannot be seen."
        }
    };
    let part = part(report);
    let share = good.saturating_mul(100).checked_div(all).unwrap_or_default();
    let _ = write!(
        html,
        "<div class=\"verdict {class}\"><svg class=\"ring\" viewBox=\"0 0 120 120\" role=\"img\" \
         aria-label=\"{good} of {all} as expected\"><circle cx=\"60\" cy=\"60\" r=\"50\" fill=\"none\" \
         class=\"rest\" stroke-width=\"14\"/><circle cx=\"60\" cy=\"60\" r=\"50\" fill=\"none\" \
         class=\"share\" stroke-width=\"14\" pathLength=\"100\" stroke-dasharray=\"{share} 100\" \
         transform=\"rotate(-90 60 60)\"/><text x=\"60\" y=\"65\" text-anchor=\"middle\">{good}</text>\
         <text class=\"of\" x=\"60\" y=\"84\" text-anchor=\"middle\">of {all}</text></svg>\
         <div><h2>{title}</h2><p>{} of {} honest people were let in, {} of {} hostile or broken \
         messages kept out. An honest sign-in was tried again after each theme.{names}{part}</p></div></div>",
        let_in.0, let_in.1, kept_out.0, kept_out.1,
    );
}

/// What is to be said when not everything was tried.
fn part(report: &Report) -> String {
    let (tried, all) = (report.findings.len(), Rehearsal::len());
    if tried < all { format!(" Only {tried} of {all} cases were tried.") } else { String::new() }
}

/// How many of a kind are as expected, and how many there are.
fn kind(report: &Report, kind: Kind) -> (usize, usize) {
    let of_kind = || {
        report
            .findings
            .iter()
            .filter(move |f| f.case.kind == kind && f.verdict != Verdict::NotApplicable)
    };
    (of_kind().filter(|f| f.verdict == Verdict::AsExpected).count(), of_kind().count())
}

fn tiles(html: &mut String, report: &Report) {
    html.push_str("<ul class=\"tiles\">");
    for verdict in
        [Verdict::AsExpected, Verdict::NotAsExpected, Verdict::Inconclusive, Verdict::NotApplicable]
    {
        let _ = write!(
            html,
            "<li class=\"{}\"><strong>{}</strong>{}</li>",
            class(verdict),
            report.count(verdict),
            verdict.label()
        );
    }
    html.push_str("</ul>");
}

fn grid(html: &mut String, report: &Report) {
    html.push_str("<h2 id=\"themes\">Theme by theme</h2><ul class=\"grid\">");
    for theme in THEMES.iter().filter(|theme| of_theme(report, theme).next().is_some()) {
        let good = of_theme(report, theme).filter(|f| f.verdict == Verdict::AsExpected).count();
        let all = of_theme(report, theme).filter(|f| f.verdict != Verdict::NotApplicable).count();
        let count = match all {
            0 => "not applicable".to_owned(),
            _ => format!("{good} of {all}"),
        };
        let _ = write!(
            html,
            "<li class=\"card\"><h3><a href=\"#t-{}\">{}</a> <span>{count}</span></h3>\
             <ul class=\"dots\">",
            theme.id,
            escape(theme.title)
        );
        for finding in of_theme(report, theme) {
            let title = escape(&format!("{}: {}", finding.case.title, finding.verdict.label()));
            let _ = write!(
                html,
                "<li class=\"{}\"><a href=\"#c-{}\" title=\"{title}\" aria-label=\"{title}\">{}</a></li>",
                class(finding.verdict),
                finding.case.id,
                mark(finding.verdict)
            );
        }
        html.push_str("</ul></li>");
    }
    html.push_str("</ul>");
}

fn filter(html: &mut String) {
    html.push_str(
        "<h2 id=\"cases\">Case by case</h2><div class=\"bar\" role=\"group\" aria-label=\"Show\">",
    );
    for (id, label, checked) in [
        ("f-all", "All", " checked"),
        ("f-look", "To be looked at", ""),
        ("f-honest", "Honest", ""),
        ("f-hostile", "Hostile", ""),
        ("f-hygiene", "Hygiene", ""),
    ] {
        let _ = write!(
            html,
            "<span><input class=\"pick\" type=\"radio\" name=\"show\" id=\"{id}\"{checked}>\
             <label for=\"{id}\">{label}</label></span>"
        );
    }
    html.push_str(
        "<span hidden><label for=\"find\">Find</label> <input type=\"search\" id=\"find\"> \
         <span role=\"status\" id=\"found\"></span></span></div>",
    );
}

fn details_of(html: &mut String, theme: &Theme, report: &Report) {
    if of_theme(report, theme).next().is_none() {
        return;
    }
    let _ = write!(
        html,
        "<section class=\"theme\" id=\"t-{}\"><h3>{}</h3><p>{}</p>",
        theme.id,
        escape(theme.title),
        escape(theme.about)
    );
    for finding in of_theme(report, theme) {
        details(html, finding);
    }
    html.push_str("</section>");
}

fn details(html: &mut String, finding: &Finding) {
    let case = finding.case;
    let must_be_seen = matches!(finding.verdict, Verdict::NotAsExpected | Verdict::Inconclusive);
    let (open, fix) = if must_be_seen { (" open", " class=\"fix\"") } else { ("", "") };
    let _ = write!(
        html,
        "<details class=\"case {} k-{}\" id=\"c-{}\"{open}><summary>\
         <span class=\"mark\" aria-hidden=\"true\">{}</span><span>{} <span class=\"id\">{} &#183; {}</span></span>\
         <span class=\"label\">{}</span></summary><div class=\"inside\"><dl>\
         <dt>Seen</dt><dd>{}</dd><dt>Expected</dt><dd>{}</dd><dt>Why</dt><dd>{}</dd>\
         <dt>Fix</dt><dd{fix}>{}</dd>",
        class(finding.verdict),
        case.kind.word(),
        case.id,
        mark(finding.verdict),
        escape(case.title),
        escape(case.id),
        case.kind.word(),
        finding.verdict.label(),
        escape(&finding.saw),
        escape(case.expected),
        escape(case.why),
        escape(case.fix),
    );
    if !finding.trail.is_empty() {
        html.push_str("<dt>Requests</dt><dd><ol class=\"trail\">");
        for line in &finding.trail {
            let _ = write!(html, "<li>{}</li>", escape(line));
        }
        html.push_str("</ol></dd>");
    }
    html.push_str("</dl>");
    if let Some(sent) = &finding.sent {
        let _ = write!(
            html,
            "<details><summary>The message that was sent last</summary><pre>{}</pre></details>",
            escape(sent)
        );
    }
    html.push_str("</div></details>");
}
