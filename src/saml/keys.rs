use chrono::{DateTime, Utc};
use thiserror::Error;

use super::binding::QuerySignature;
use crate::crypto::PublicKey;
use crate::dsig::{self, DsigError, Signed};
use crate::xml::Node;
use crate::xmlenc::DecryptionKey;

/// The keys that may sign for one identity provider, from its metadata, and our own keys for what
/// it encrypts to us. There is always at least one that signs: a provider without keys cannot be
/// written down, so "no keys" can never mean "no check".
#[derive(Clone, Debug)]
pub struct Keys {
    signing: Vec<PublicKey>,
    decryption: Vec<DecryptionKey>,
    sha1_until: Option<DateTime<Utc>>,
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
        Ok(Self { signing, decryption: Vec::new(), sha1_until: None })
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

    pub(crate) fn add_signing(&mut self, key: PublicKey) {
        self.signing.push(key);
    }

    /// Our keys that decrypt.
    pub fn decryption(&self) -> &[DecryptionKey] {
        &self.decryption
    }

    /// Options that make sign-in less safe.
    pub fn dangerous(&mut self) -> Dangerous<'_> {
        Dangerous { keys: self }
    }

    /// Until when signatures of this provider count although they use SHA-1.
    pub fn sha1_until(&self) -> Option<DateTime<Utc>> {
        self.sha1_until
    }

    /// Verifies `signature`, a child of `element`, with the keys that sign.
    pub(crate) fn verify<'d>(
        &self,
        element: Node<'d>,
        signature: Node<'d>,
        now: DateTime<Utc>,
    ) -> Result<Signed<'d>, DsigError> {
        if self.sha1_until.is_some_and(|end| now < end) {
            return dsig::verify_with_sha1(element, signature, &self.signing);
        }
        dsig::verify(element, signature, &self.signing)
    }

    /// Verifies a signature over a query. Returns which key made it, and whether with SHA-1.
    pub(crate) fn verify_query(
        &self,
        signature: &QuerySignature,
        now: DateTime<Utc>,
    ) -> Result<(usize, bool), DsigError> {
        if self.sha1_until.is_some_and(|end| now < end) && signature.uses_sha1() {
            return Ok((signature.verify_by_sha1(&self.signing)?, true));
        }
        Ok((signature.verify(&self.signing)?, false))
    }
}

/// Options that make sign-in less safe, for one identity provider. Each of them ends by itself.
#[derive(Debug)]
pub struct Dangerous<'k> {
    keys: &'k mut Keys,
}

impl Dangerous<'_> {
    /// Accepts RSA PKCS#1 v1.5 signatures of this provider although they use SHA-1, in
    /// `SignatureMethod`, in `DigestMethod` or in both. From `end` on they are refused as ever.
    ///
    /// Two documents with one SHA-1 digest can be made by anybody who pays for the computing:
    /// whoever gets the provider to sign the one has its signature on the other. This is for the
    /// weeks in which a provider that cannot be changed at once is being changed.
    pub fn accept_sha1_signatures_until(self, end: DateTime<Utc>) {
        self.keys.sha1_until = Some(end);
    }
}
