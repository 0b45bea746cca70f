//! What a rehearsal is made of: themes, cases, and what came of each.

use std::fmt::Display;

use chrono::TimeDelta;
use thiserror::Error;

use super::maker::Maker;
use super::scene::Scene;

/// Whether a case must be let in or kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// An honest person with an honest message: must be let in.
    Honest,
    /// Hostile or broken: nobody must be let in by it.
    Hostile,
    /// How the service provider presents itself: looked at, without an attack.
    Hygiene,
}

impl Kind {
    /// The word for it in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Hostile => "hostile",
            Self::Hygiene => "hygiene",
        }
    }
}

/// Cases that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// A short word that never changes.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// What the cases are about, in a sentence.
    pub about: &'static str,
    pub(super) cases: &'static [Case],
}

impl Theme {
    /// The cases in their order.
    pub fn cases(&self) -> &'static [Case] {
        self.cases
    }
}

/// One thing that is tried.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// A short word that never changes.
    pub id: &'static str,
    /// Whether it must be let in.
    pub kind: Kind,
    /// What is sent.
    pub title: &'static str,
    /// What should happen.
    pub expected: &'static str,
    /// Why the expected answer is the right one.
    pub why: &'static str,
    /// What to change when the answer is another one.
    pub fix: &'static str,
    /// The honest cases that must have been let in, so that a refusal of this one means anything.
    pub needs: &'static [&'static str],
    pub(super) act: Act,
}

pub(super) type Make = fn(&Maker<'_>) -> Result<String, Trouble>;
type Play = fn(&mut Scene<'_>) -> Result<Judgement, Trouble>;

/// What is done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// A response is made and posted by the browser that asked for it.
    Message(Make),
    /// The same; to sign the sender in under their own name is no fault.
    Substitution(Make),
    /// Anything else.
    Script(Play),
}

const BASE: &[&str] = &["first-sign-in"];
const LET_IN: &str = "the person is signed in";
const KEPT_OUT: &str = "refused: nobody is signed in by it";

pub(super) const fn honest(
    id: &'static str,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
    make: Make,
) -> Case {
    let (kind, expected, act) = (Kind::Honest, LET_IN, Act::Message(make));
    Case { id, kind, title, expected, why, fix, needs: &[], act }
}

pub(super) const fn hostile(
    id: &'static str,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
    make: Make,
) -> Case {
    let (kind, expected, act) = (Kind::Hostile, KEPT_OUT, Act::Message(make));
    Case { id, kind, title, expected, why, fix, needs: BASE, act }
}

pub(super) const fn substitution(
    id: &'static str,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
    make: Make,
) -> Case {
    let expected = "refused, or signed in as nobody but the sender";
    let (kind, act) = (Kind::Hostile, Act::Substitution(make));
    Case { id, kind, title, expected, why, fix, needs: BASE, act }
}

pub(super) const fn script(
    id: &'static str,
    kind: Kind,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
    play: Play,
) -> Case {
    let (needs, expected): (&[&str], _) = match kind {
        Kind::Honest => (&[], LET_IN),
        Kind::Hostile => (BASE, KEPT_OUT),
        Kind::Hygiene => (&[], title),
    };
    Case { id, kind, title, expected, why, fix, needs, act: Act::Script(play) }
}

impl Case {
    /// The same case, which means something only after these.
    pub(super) const fn needing(mut self, needs: &'static [&'static str]) -> Self {
        self.needs = needs;
        self
    }

    /// The same case, where something else is expected than of most.
    pub(super) const fn expecting(mut self, expected: &'static str) -> Self {
        self.expected = expected;
        self
    }
}

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The right thing happened.
    AsExpected,
    /// The wrong thing happened.
    NotAsExpected,
    /// It cannot be told: an honest sign-in did not work either, or the case could not be played.
    Inconclusive,
    /// The service provider has no such thing.
    NotApplicable,
}

impl Verdict {
    /// The word for it in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::AsExpected => "as-expected",
            Self::NotAsExpected => "not-as-expected",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// The same for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::AsExpected => "as expected",
            Self::NotAsExpected => "not as expected",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// A verdict, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) saw: String,
}

impl Judgement {
    pub(super) fn good(saw: impl Into<String>) -> Self {
        Self { verdict: Verdict::AsExpected, saw: saw.into() }
    }

    pub(super) fn bad(saw: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotAsExpected, saw: saw.into() }
    }

    pub(super) fn unclear(saw: impl Into<String>) -> Self {
        Self { verdict: Verdict::Inconclusive, saw: saw.into() }
    }

    pub(super) fn none(saw: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotApplicable, saw: saw.into() }
    }

    /// Good if it is so.
    pub(super) fn when(is_good: bool, good: impl Into<String>, bad: impl Into<String>) -> Self {
        if is_good { Self::good(good) } else { Self::bad(bad) }
    }
}

/// Why a case could not be played.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Trouble {
    /// The message could not be made.
    #[error("the message could not be made: {0}")]
    Made(String),
    /// The service provider did not send the browser to the identity provider.
    #[error("the service provider did not ask for a sign-in: {0}")]
    NoSignIn(String),
    /// An honest response was refused, so that what follows would mean nothing.
    #[error("the first delivery was refused")]
    Refused,
    /// The service provider has not what the case is about.
    #[error("{0}")]
    NotApplicable(&'static str),
}

impl Trouble {
    pub(super) fn made(error: &dyn Display) -> Self {
        Self::Made(error.to_string())
    }
}

/// A case and what came of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The theme.
    pub theme: &'static Theme,
    /// The case.
    pub case: &'static Case,
    /// What came of it.
    pub verdict: Verdict,
    /// What was seen, in a sentence.
    pub saw: String,
    /// How long it took, the wait for the service provider to recover included.
    pub took: TimeDelta,
    /// The requests in their order, without queries and cookies.
    pub trail: Vec<String>,
    /// The message that was sent, if one was, cut when it is long.
    pub sent: Option<String>,
}
