use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::names::ASSERTION;
use crate::xml::{GrammarError, Node};

/// A `NameID` with everything it was written with, so that log-out can send it back unchanged
/// (SAML Core 2.2.3). The value is the exact text: not trimmed, not folded, not normalised.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NameId {
    /// The identifier itself.
    pub value: String,
    /// `Format`, absent when the identity provider wrote none.
    pub format: Option<String>,
    /// `NameQualifier`
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`
    pub sp_name_qualifier: Option<String>,
    /// `SPProvidedID`
    pub sp_provided_id: Option<String>,
}

impl std::fmt::Debug for NameId {
    // The value is personal data and stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameId").field("format", &self.format).finish_non_exhaustive()
    }
}

/// What makes a `NameID` unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameIdFault {
    /// Empty, or nothing but white space.
    #[error("it is blank")]
    Blank,
    /// Longer than 256 characters times four.
    #[error("it is longer than 1024 characters")]
    TooLong,
    /// A control character, a zero-width character or one that turns the direction of writing:
    /// two names that look alike could be two people.
    #[error("it holds a control, zero-width or direction-changing character")]
    InvisibleCharacter,
}

impl NameIdFault {
    /// What makes `identifier` unusable as the name of a person, if anything does.
    pub fn of(identifier: &str) -> Option<Self> {
        if identifier.chars().all(char::is_whitespace) {
            Some(Self::Blank)
        } else if identifier.chars().count() > 1024 {
            Some(Self::TooLong)
        } else if identifier.chars().any(is_invisible) {
            Some(Self::InvisibleCharacter)
        } else {
            None
        }
    }
}

const ATTRIBUTES: [&str; 4] = ["Format", "NameQualifier", "SPNameQualifier", "SPProvidedID"];

/// A `NameID` as it stands in the document.
#[derive(Clone, Copy)]
pub(super) struct NameIdView<'d> {
    pub(super) value: &'d str,
    node: Node<'d>,
}

impl<'d> NameIdView<'d> {
    pub(super) fn read(node: Node<'d>) -> Result<Self, GrammarError> {
        debug_assert!(node.is(ASSERTION, "NameID"));
        node.allow_attributes(&ATTRIBUTES)?;
        Ok(Self { value: node.value()?, node })
    }

    pub(super) fn sp_name_qualifier(&self) -> Option<&'d str> {
        self.node.attribute("SPNameQualifier")
    }

    /// Whether both say the same, attribute by attribute.
    pub(super) fn equals(self, other: Self) -> bool {
        let same = |name: &&str| self.node.attribute(name) == other.node.attribute(name);
        self.value == other.value && ATTRIBUTES.iter().all(same)
    }

    pub(super) fn fault(&self) -> Option<NameIdFault> {
        NameIdFault::of(self.value)
    }

    pub(super) fn to_name_id(self) -> NameId {
        let attribute = |name| self.node.attribute(name).map(str::to_owned);
        NameId {
            value: self.value.to_owned(),
            format: attribute("Format"),
            name_qualifier: attribute("NameQualifier"),
            sp_name_qualifier: attribute("SPNameQualifier"),
            sp_provided_id: attribute("SPProvidedID"),
        }
    }
}

/// Whether nobody would see this character, or it would move others.
pub(crate) fn is_invisible(c: char) -> bool {
    // Control characters, line and paragraph separators, what Unicode calls default ignorable, and
    // interlinear annotation.
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}
