use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::saml::format_instant;

/// As many messages as somebody looks through.
const MAX_ENTRIES: usize = 100;
/// As much of each message as is of use.
const MAX_XML: usize = 65_536;

/// A message that came or went. It is kept in memory, of invented people only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    at: String,
    direction: &'static str,
    relying_party: Option<String>,
    scenario: Option<&'static str>,
    relay_state: Option<String>,
    /// Why it was refused.
    code: Option<&'static str>,
    xml: String,
}

impl Entry {
    /// Whether it came, or went.
    pub fn is_received(&self) -> bool {
        self.direction == "received"
    }

    /// The message, decoded, as far as it was kept.
    pub fn xml(&self) -> &str {
        &self.xml
    }

    /// The entityID of the application, where it is known.
    pub fn relying_party(&self) -> Option<&str> {
        self.relying_party.as_deref()
    }

    /// The word of the scenario in which a response was sent; `failure` for one that reports one.
    pub fn scenario(&self) -> Option<&str> {
        self.scenario
    }

    /// The code of a refusal.
    pub fn code(&self) -> Option<&str> {
        self.code
    }

    pub(super) fn received(at: DateTime<Utc>, xml: &[u8], relay_state: Option<&str>) -> Self {
        Self {
            at: format_instant(at),
            direction: "received",
            relying_party: None,
            scenario: None,
            relay_state: relay_state.map(str::to_owned),
            code: None,
            xml: cut(&String::from_utf8_lossy(xml)),
        }
    }

    pub(super) fn refused_by(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(super) fn of_party(mut self, relying_party: &str) -> Self {
        self.relying_party = Some(relying_party.to_owned());
        self
    }

    pub(super) fn sent(at: DateTime<Utc>, xml: &str, scenario: &'static str) -> Self {
        let mut entry = Self::received(at, xml.as_bytes(), None);
        entry.direction = "sent";
        entry.scenario = Some(scenario);
        entry
    }
}

fn cut(text: &str) -> String {
    text.char_indices().take_while(|(at, _)| *at < MAX_XML).map(|(_, c)| c).collect()
}

/// The last messages, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal(VecDeque<Entry>);

impl Journal {
    pub(super) fn note(&mut self, entry: Entry) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    /// The page on which somebody is chosen sends the request once more: that is no other one.
    pub(super) fn note_once(&mut self, entry: Entry) {
        let same = |other: &Entry| other.direction == entry.direction && other.xml == entry.xml;
        if !self.0.iter().any(same) {
            self.note(entry);
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }
}
