use thiserror::Error;

use crate::crypto::PublicKey;

/// The keys that may sign for one identity provider, from its metadata. There is always at least
/// one: a provider without keys cannot be written down, so "no keys" can never mean "no check".
#[derive(Clone, Debug)]
pub struct Keys {
    signing: Vec<PublicKey>,
}

/// There are no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an identity provider needs at least one signing key")]
pub struct NoKeys;

impl Keys {
    /// The keys of one identity provider, in any order: each is tried.
    ///
    /// # Errors
    /// [`NoKeys`] when the list is empty.
    pub fn new(signing: Vec<PublicKey>) -> Result<Self, NoKeys> {
        if signing.is_empty() { Err(NoKeys) } else { Ok(Self { signing }) }
    }

    /// The keys that verify signatures.
    pub fn signing(&self) -> &[PublicKey] {
        &self.signing
    }
}
