use thiserror::Error;

use crate::crypto::PublicKey;
use crate::xmlenc::DecryptionKey;

/// The keys that may sign for one identity provider, from its metadata, and our own keys for what
/// it encrypts to us. There is always at least
/// one: a provider without keys cannot be written down, so "no keys" can never mean "no check".
#[derive(Clone, Debug)]
pub struct Keys {
    signing: Vec<PublicKey>,
    decryption: Vec<DecryptionKey>,
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
        if signing.is_empty() {
            return Err(NoKeys);
        }
        Ok(Self { signing, decryption: Vec::new() })
    }

    /// The same, with keys of our own to decrypt with.
    #[must_use]
    pub fn with_decryption(mut self, keys: Vec<DecryptionKey>) -> Self {
        self.decryption = keys;
        self
    }

    /// The keys that verify signatures.
    pub fn signing(&self) -> &[PublicKey] {
        &self.signing
    }

    /// Our keys that decrypt.
    pub fn decryption(&self) -> &[DecryptionKey] {
        &self.decryption
    }
}
