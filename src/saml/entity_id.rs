use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name of an identity provider or service provider. It looks like a URI, but it is an exact
/// string: never normalised, compared byte for byte (SAML Core 8.3.6). `http://fs.nhs.net/…` and
/// `https://fs.nhs.net/…` are two names, and a trailing slash counts.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityId(String);

/// A text that cannot be an [`EntityId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an entityID is 1 to 1024 characters without white space or control characters")]
pub struct InvalidEntityId;

impl EntityId {
    /// Takes `text` as it is.
    ///
    /// # Errors
    /// [`InvalidEntityId`] when it is empty, longer than 1024 characters (Core 8.3.6), or holds
    /// white space or a control character.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidEntityId> {
        let text = text.into();
        let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if text.is_empty() || text.chars().count() > 1024 || !clean {
            return Err(InvalidEntityId);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// It hashes and compares as its text does, so that maps find it by the text.
impl std::borrow::Borrow<str> for EntityId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EntityId {
    type Error = InvalidEntityId;

    fn try_from(text: String) -> Result<Self, InvalidEntityId> {
        Self::new(text)
    }
}

impl From<EntityId> for String {
    fn from(id: EntityId) -> Self {
        id.0
    }
}

impl std::str::FromStr for EntityId {
    type Err = InvalidEntityId;

    fn from_str(text: &str) -> Result<Self, InvalidEntityId> {
        Self::new(text)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_stays_as_it_is() {
        for text in ["urn:x", "HTTP://Fs.Example.nhs.uk:443/a/../b/?q#f", "\u{e9}"] {
            let id = EntityId::new(text).unwrap();
            assert_eq!((id.as_str(), id.to_string()), (text, text.to_owned()));
            assert_eq!(text.parse(), Ok(id.clone()));
            assert_eq!(EntityId::try_from(text.to_owned()), Ok(id.clone()));
            assert_eq!(String::from(id), text);
        }
    }

    #[test]
    fn what_is_no_name() {
        EntityId::new("\u{e9}".repeat(1024)).unwrap();
        for bad in ["", " ", "urn:x ", "\turn:x", "urn:\nx", "urn:\u{a0}x", "urn:\0x", "\u{7f}"] {
            assert_eq!(EntityId::new(bad), Err(InvalidEntityId), "{bad:?}");
        }
        assert_eq!(EntityId::new("x".repeat(1025)), Err(InvalidEntityId));
    }
}
