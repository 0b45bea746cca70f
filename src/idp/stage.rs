use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::scenario::Scenario;
use super::sign_in::FormPost;

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

/// What a test has set up, beside the identity provider itself.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) clock_offset: TimeDelta,
    /// For the next response only.
    pub(super) next: Option<Scenario>,
    pub(super) metadata: MetadataState,
    /// How long metadata and sign-in pages keep people waiting.
    pub(super) delay: Duration,
    pub(super) journal: Journal,
    /// The last response that was sent, to be sent once more.
    pub(super) last: Option<FormPost>,
}

impl Stage {
    pub(super) fn new(clock_offset: TimeDelta) -> Self {
        Self {
            clock_offset,
            next: None,
            metadata: MetadataState::Up,
            delay: Duration::ZERO,
            journal: Journal::default(),
            last: None,
        }
    }
}
