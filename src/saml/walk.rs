//! Every rule beside its outcome, for people who want to know what is wrong with a response.
//!
//! A walk is a diagnosis and never a decision: nothing in it leads to an
//! [`Assertion`](super::Assertion). Where no signature vouches for the assertion it reads on all
//! the same, and says so.

use chrono::{DateTime, Utc};

use super::assertion::SignedPart;
use super::expectations::Expectations;
use super::keys::Keys;
use super::plaintext::Plaintext;
use super::rejection::Rejection;
use super::rules::{ASSERTION_STRUCTURE, KeySet, RULES, Rule, Run, SIGNATURE, WELL_FORMED};
use crate::xml::{Document, Limits};
use crate::xmlenc::DecryptionKey;

/// What a walk over the rules has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// One step for each rule, in order. The first is `well-formed`.
    pub steps: Vec<Step>,
    /// Which signatures vouch for the assertion. `None` when none does: what the rules behind
    /// `signature` looked at is then anybody's word.
    pub signed: Option<SignedPart>,
}

/// One rule and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule's name.
    pub rule: &'static str,
    /// Where the standard says so.
    pub section: &'static str,
    /// The rule in one sentence.
    pub summary: &'static str,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Held,
    /// It does not hold.
    Failed(Rejection),
    /// It had nothing to look at, because another rule does not hold.
    Unreached {
        /// The name of the other rule.
        needs: &'static str,
    },
    /// No signing keys were given.
    NoKeys,
}

impl Walk {
    /// The first rule that does not hold, which is the one that
    /// [`validate`](super::validate()) would stop at.
    pub fn first_failure(&self) -> Option<(&'static str, &Rejection)> {
        self.steps.iter().find_map(|step| match &step.outcome {
            Outcome::Failed(rejection) => Some((step.rule, rejection)),
            _ => None,
        })
    }

    /// Whether every rule holds.
    pub fn all_held(&self) -> bool {
        self.steps.iter().all(|step| step.outcome == Outcome::Held)
    }

    fn push(&mut self, rule: &Rule, outcome: Outcome) {
        let Rule { name, section, summary, .. } = *rule;
        self.steps.push(Step { rule: name, section, summary, outcome });
    }

    fn held(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.rule == name && step.outcome == Outcome::Held)
    }
}

/// Walks over the rules without stopping at the first that fails. Pure, as
/// [`validate`](super::validate()) is.
///
/// `response` is the XML of the `Response`. Without `keys` no signature can be verified, and the
/// walk says so.
///
/// It is for the operator's eyes. What it says of an encrypted assertion must not reach whoever sent
/// the message: it tells more of what decrypts than the one answer of `validate`.
pub fn walk(
    response: &[u8],
    expect: &Expectations,
    keys: Option<&Keys>,
    decryption: &[DecryptionKey],
    now: DateTime<Utc>,
) -> Walk {
    let mut walk = Walk { steps: Vec::with_capacity(RULES.len().saturating_add(1)), signed: None };
    let document = match Document::parse(response, &Limits::MESSAGE) {
        Ok(document) => document,
        Err(error) => {
            walk.push(&WELL_FORMED, Outcome::Failed(error.into()));
            for rule in RULES {
                walk.push(rule, Outcome::Unreached { needs: WELL_FORMED.name });
            }
            return walk;
        }
    };
    walk.push(&WELL_FORMED, Outcome::Held);
    let plaintext = Plaintext::default();
    let keys = KeySet { signing: keys, decryption };
    let mut run = Run::new(&document, expect, keys, now, &plaintext);
    for rule in RULES {
        let outcome = step(&walk, rule, &mut run);
        walk.push(rule, outcome);
    }
    walk.signed = run.signed_part();
    walk
}

fn step(walk: &Walk, rule: &Rule, run: &mut Run<'_, '_>) -> Outcome {
    if let Some(needs) = rule.needs.iter().find(|name| !walk.held(name)) {
        return Outcome::Unreached { needs };
    }
    if rule.name == SIGNATURE && run.has_no_keys() {
        return Outcome::NoKeys;
    }
    let result = if rule.name == ASSERTION_STRUCTURE && run.signed_part().is_none() {
        match run.read_unsigned() {
            Some(result) => result,
            None => return Outcome::Unreached { needs: SIGNATURE },
        }
    } else {
        (rule.check)(run)
    };
    match result {
        Ok(()) => Outcome::Held,
        Err(rejection) => Outcome::Failed(rejection),
    }
}
