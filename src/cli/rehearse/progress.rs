//! How far a rehearsal is, on standard error. On a terminal a line that changes; elsewhere, where lines
//! are kept, one for each theme.

use std::io::Write as _;

use super::summary::{counts, is_told};
use crate::cli::terminal::printable;
use crate::rehearse::Progress;

/// Back to the start of the line, and nothing in it.
const CLEAR: &str = "\r\u{1b}[2K";

#[derive(Debug)]
pub(super) struct ProgressLine {
    on_terminal: bool,
    to_be_looked_at: usize,
}

impl ProgressLine {
    pub(super) fn new(on_terminal: bool) -> Self {
        Self { on_terminal, to_be_looked_at: 0 }
    }

    pub(super) fn show(&mut self, progress: &Progress<'_>) {
        if let Some(text) = self.next(progress) {
            write(&text);
        }
    }

    /// What is written, if anything is.
    fn next(&mut self, progress: &Progress<'_>) -> Option<String> {
        match progress {
            Progress::Case { done, of, last } => {
                let more = usize::from(is_told(last));
                self.to_be_looked_at = self.to_be_looked_at.saturating_add(more);
                let (strange, id) = (self.to_be_looked_at, printable(last.case.id));
                let line = format!("{CLEAR}  {done:>3} of {of}, {strange} to be looked at: {id}");
                self.on_terminal.then_some(line)
            }
            Progress::Theme { done, of, theme, findings } => {
                let (good, all) = counts(findings.iter());
                let count = match all {
                    0 => "not applicable".to_owned(),
                    _ => format!("{good} of {all} as expected"),
                };
                let line = format!("{done:>3} of {of} done: {} - {count}\n", theme.title);
                (!self.on_terminal).then_some(line)
            }
        }
    }

    pub(super) fn end(&self) {
        if self.on_terminal {
            write(CLEAR);
        }
    }
}

fn write(text: &str) {
    // Who has closed standard error does not want to know.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::rehearse::{Finding, THEMES, Verdict};

    fn finding(verdict: Verdict) -> Finding {
        let theme = &THEMES[0];
        let case = &theme.cases()[0];
        let (took, trail) = (TimeDelta::zero(), Vec::new());
        Finding { theme, case, verdict, saw: String::new(), took, trail, sent: None }
    }

    #[test]
    fn a_terminal_sees_each_case() {
        let mut line = ProgressLine::new(true);
        let last = &finding(Verdict::Inconclusive);
        let text = line.next(&Progress::Case { done: 7, of: 303, last }).unwrap();
        assert_eq!(text, "\r\u{1b}[2K    7 of 303, 1 to be looked at: first-sign-in");
        let findings = &[finding(Verdict::AsExpected)];
        let theme = &THEMES[0];
        assert_eq!(line.next(&Progress::Theme { done: 7, of: 303, theme, findings }), None);
    }

    #[test]
    fn a_log_sees_each_theme() {
        let mut line = ProgressLine::new(false);
        let last = &finding(Verdict::NotAsExpected);
        assert_eq!(line.next(&Progress::Case { done: 1, of: 303, last }), None);
        let findings = &[
            finding(Verdict::AsExpected),
            finding(Verdict::NotAsExpected),
            finding(Verdict::NotApplicable),
        ];
        let theme = &THEMES[0];
        let text = line.next(&Progress::Theme { done: 3, of: 303, theme, findings }).unwrap();
        assert_eq!(text, "  3 of 303 done: People - 1 of 2 as expected\n");
        let findings = &[finding(Verdict::NotApplicable)];
        let text = line.next(&Progress::Theme { done: 4, of: 303, theme, findings }).unwrap();
        assert_eq!(text, "  4 of 303 done: People - not applicable\n");
    }
}
