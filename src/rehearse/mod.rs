//! Rehearses NHSmail's side in front of any service provider: honest sign-ins that must be let in,
//! and hostile or broken ones that must be kept out.
//!
//! A rehearsal judges by what comes of it: whether somebody is signed in afterwards, and who. A
//! status alone says nothing. Nothing that is refused counts unless an honest person is let in under
//! the same conditions: before, and after each theme.
//!
//! The messages are made with the test identity provider's means. None of what this crate judges
//! messages by is used here: a rehearsal must not agree with this crate's own mistakes.

mod browser;
mod case;
mod cases;
mod fence;
mod form;
mod jar;
mod judge;
mod maker;
mod recovery;
mod run;
mod scene;
mod setup;
mod surgery;
mod wishes;

pub mod report;

pub use case::{Case, Finding, Kind, Theme, Verdict};
pub use cases::THEMES;
pub use fence::{Fence, Outside};
pub use run::{Progress, Rehearsal};
pub use setup::{CannotRehearse, Plan, SignedInCheck};
