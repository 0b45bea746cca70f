//! What came of a rehearsal, for people and for programs.

mod html;
mod json;
mod junit;

pub use html::to_html;
pub use json::to_json;
pub use junit::to_junit;

use chrono::{DateTime, TimeDelta, Utc};

use super::case::{Finding, Verdict};
use crate::saml::is_invisible;

/// A rehearsal that is over.
#[derive(Clone, Debug)]
pub struct Report {
    /// The service provider's entityID.
    pub sp_entity_id: String,
    /// Where its responses go.
    pub acs_url: String,
    /// The page where sign-ins started.
    pub start: String,
    /// The identity provider that was played.
    pub idp_entity_id: String,
    /// Whose habits it had.
    pub personality: &'static str,
    /// Whether the page showed who is signed in, so that mix-ups could be seen.
    pub shows_names: bool,
    /// When it began.
    pub began: DateTime<Utc>,
    /// How long it took.
    pub took: TimeDelta,
    /// The service provider's metadata.
    pub sp_metadata: String,
    /// What came of each case, in order.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// Whether everything was as expected, as far as it applies.
    pub fn is_good(&self) -> bool {
        self.count(Verdict::NotAsExpected) == 0 && self.count(Verdict::Inconclusive) == 0
    }
}

/// Text for XML and HTML, in content and in double quotes. Characters that XML does not allow, or
/// that make a text look like another, become question marks.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if is_invisible(c) || matches!(c, '\u{FFFE}' | '\u{FFFF}') => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
