//! People who are known to several identity providers: NHSmail's AD FS and its successor, Entra.
//!
//! Whoever can issue a subject claim at one provider of a population can sign in as anybody in it.
//! A population therefore joins trust, and nothing but configuration makes one.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::saml::{EntityId, NameIdFault};
use crate::sp::Principal;
use crate::xml::decode_base64;

/// The name of people who are known to several identity providers. It is part of every key, so
/// that it stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Population(String);

/// A text that cannot be the name of a [`Population`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the name of a population is 1 to 64 of a-z, 0-9, '-', '_' and '.'")]
pub struct InvalidPopulation;

impl Population {
    /// Takes `name` as it is.
    ///
    /// # Errors
    /// [`InvalidPopulation`] when it is not of 1 to 64 lower-case letters, digits, `-`, `_` and `.`.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidPopulation> {
        let name = name.into();
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
            return Err(InvalidPopulation);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Population {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Population {
    type Error = InvalidPopulation;

    fn try_from(name: String) -> Result<Self, InvalidPopulation> {
        Self::new(name)
    }
}

impl From<Population> for String {
    fn from(population: Population) -> Self {
        population.0
    }
}

/// In which form the values of a subject claim are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectForm {
    /// Byte for byte.
    #[default]
    Exact,
    /// With A to Z as a to z, for a UPN or mail address that two products spell differently. Other
    /// letters stay: `K` (Kelvin) would become `k`, and one person another.
    Lower,
    /// A GUID, written as text or as the base64 of the sixteen bytes that Active Directory stores:
    /// both become the same lower-case text. Anything else is refused.
    Guid,
}

/// How one identity provider names the people of a population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRule {
    /// Whose people they are.
    pub population: Population,
    /// The `Name`s of the attributes that may hold the identifier, the preferred one first.
    pub claims: Vec<String>,
    /// How values are compared.
    pub form: SubjectForm,
}

/// Why an assertion does not say whom to file under which key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoSubjectKey {
    /// No `NameID`, and none of the claims that could stand for it. AD FS sends that when its rules
    /// issue neither.
    #[error("the assertion holds neither a NameID nor a claim that says who the person is")]
    Nothing,
    /// None of the population's subject claims has a value. To take another claim instead would
    /// give one person two keys.
    #[error("none of the claims that identify a person in the population {population} has a value")]
    Missing {
        /// The population.
        population: Population,
    },
    /// A subject claim has several values: nobody can say which one is the person.
    #[error("the claim {name:?} identifies a person, and has {found} values")]
    Several {
        /// Its name.
        name: String,
        /// How many.
        found: usize,
    },
    /// The value of a subject claim cannot name a person safely.
    #[error("the claim {name:?} identifies a person, and cannot: {fault}")]
    Fault {
        /// Its name.
        name: String,
        /// What is wrong.
        fault: NameIdFault,
    },
    /// The value of a subject claim is no GUID, where one is configured.
    #[error("the claim {name:?} is no GUID, neither as text nor as base64 of sixteen bytes")]
    NoGuid {
        /// Its name.
        name: String,
    },
}

impl NoSubjectKey {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "no_subject",
            Self::Missing { .. } => "subject_missing",
            Self::Several { .. } => "subject_several",
            Self::Fault { .. } => "subject_fault",
            Self::NoGuid { .. } => "subject_no_guid",
        }
    }
}

impl SubjectRule {
    /// The identifier of `principal`, and the name of the claim that it stands in.
    ///
    /// # Errors
    /// [`NoSubjectKey`] when no claim has a value, or the first that has one has several, or one
    /// that cannot be used.
    pub(super) fn identify(&self, principal: &Principal) -> Result<(String, String), NoSubjectKey> {
        for name in &self.claims {
            // One Name may stand on several attributes. All count: which one is read must not
            // decide who somebody is.
            let same_name = principal.attributes.iter().filter(|a| a.name == *name);
            let mut values = same_name.flat_map(|a| &a.values).filter(|v| !v.trim().is_empty());
            let Some(value) = values.next() else { continue };
            let others = values.count();
            if others > 0 {
                let found = others.saturating_add(1);
                return Err(NoSubjectKey::Several { name: name.clone(), found });
            }
            if let Some(fault) = NameIdFault::of(value) {
                return Err(NoSubjectKey::Fault { name: name.clone(), fault });
            }
            let value = match self.form {
                SubjectForm::Exact => value.clone(),
                SubjectForm::Lower => value.to_ascii_lowercase(),
                SubjectForm::Guid => {
                    guid(value).ok_or_else(|| NoSubjectKey::NoGuid { name: name.clone() })?
                }
            };
            return Ok((value, name.clone()));
        }
        Err(NoSubjectKey::Missing { population: self.population.clone() })
    }
}

/// The lower-case text of a GUID that is written as text, with or without braces, or as base64.
/// `None` for anything else, and for the one that is all zeros, which stands for none.
fn guid(text: &str) -> Option<String> {
    let bare = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => text,
    };
    let groups: Vec<&str> = bare.split('-').collect();
    let is_text = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
    let guid = if is_text {
        bare.to_ascii_lowercase()
    } else {
        // Sixteen bytes have exactly these 24 characters.
        let bytes = (text.len() == 24).then(|| decode_base64(text.as_bytes()))??;
        text_of(<[u8; 16]>::try_from(bytes).ok()?)
    };
    guid.bytes().any(|b| !matches!(b, b'0' | b'-')).then_some(guid)
}

/// Active Directory stores the first three groups with the least significant byte first.
fn text_of(bytes: [u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let mut text = String::with_capacity(36);
    for (index, byte) in [d, c, b, a, f, e, h, g].into_iter().chain(rest).enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The rule of each identity provider that belongs to a population. Providers without one name
/// people for themselves alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectRules(HashMap<EntityId, SubjectRule>);

impl SubjectRules {
    /// The rule of this identity provider, if it belongs to a population.
    pub fn of(&self, issuer: &EntityId) -> Option<&SubjectRule> {
        self.0.get(issuer)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&EntityId, &SubjectRule)> {
        self.0.iter()
    }
}

impl FromIterator<(EntityId, SubjectRule)> for SubjectRules {
    fn from_iter<I: IntoIterator<Item = (EntityId, SubjectRule)>>(rules: I) -> Self {
        Self(rules.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
