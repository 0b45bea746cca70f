use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::sign_in::FormPost;
use super::twist::Twist;

/// How the metadata is to be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MetadataState {
    /// As it is.
    #[default]
    Up,
    /// Not at all.
    Down,
    /// With another address in it than was signed.
    Tampered,
}

impl MetadataState {
    /// What an address asks for by this word.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word {
            "down" => Some(Self::Down),
            "tampered" => Some(Self::Tampered),
            _ => None,
        }
    }
}

/// What a test has set up, beside the identity provider itself.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) clock_offset: TimeDelta,
    /// For the next response only.
    pub(super) next: Twist,
    pub(super) metadata: MetadataState,
    /// For how many more fetches that is so; `None` is until it is changed.
    pub(super) metadata_times: Option<u32>,
    /// How long metadata and sign-in pages keep people waiting.
    pub(super) delay: Duration,
    pub(super) journal: Journal,
    /// `SessionIndex` of sessions of which a log-out first names another.
    pub(super) misnamed: Vec<String>,
    /// The last response that was sent, to be sent once more.
    pub(super) last: Option<FormPost>,
}

impl Stage {
    pub(super) fn new(clock_offset: TimeDelta) -> Self {
        Self {
            clock_offset,
            next: Twist::default(),
            metadata: MetadataState::Up,
            metadata_times: None,
            delay: Duration::ZERO,
            journal: Journal::default(),
            misnamed: Vec::new(),
            last: None,
        }
    }

    /// How the metadata is to be had this time.
    pub(super) fn take_metadata(&mut self) -> MetadataState {
        let state = self.metadata;
        if let Some(times) = &mut self.metadata_times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.metadata = MetadataState::Up;
                self.metadata_times = None;
            }
        }
        state
    }
}
