//! Makes a [`Signed`], and nothing else does.

use super::error::DsigError;
use super::profile::Profile;
use super::{Sha1, of_reference};
use crate::crypto::{CryptoError, Digest, DigestAlgorithm, PublicKey, SignatureAlgorithm};
use crate::xml::{Node, canonicalise_within};

/// Proof that an element was signed by a key that the caller trusts. It is made by [`verify`]
/// alone, and stands for the very nodes whose canonical form was digested.
///
/// ```compile_fail
/// // What was signed cannot be replaced by something else.
/// use actix_saml::{dsig::Signed, xml::Node};
/// fn forge<'d>(signed: Signed<'d>, element: Node<'d>) -> Signed<'d> {
///     Signed { element, ..signed }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Signed<'d> {
    element: Node<'d>,
    signature: Option<Node<'d>>,
    algorithm: SignatureAlgorithm,
    digest: DigestAlgorithm,
    key: usize,
}

impl<'d> Signed<'d> {
    /// The element that was signed.
    pub fn element(&self) -> Node<'d> {
        self.element
    }

    /// The algorithm of the signature.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Whether the proof is worth no more than SHA-1, in the signature or in what it is over.
    pub fn uses_sha1(&self) -> bool {
        self.digest == DigestAlgorithm::Sha1 || self.algorithm.digest() == DigestAlgorithm::Sha1
    }

    /// Which of the caller's keys made the signature.
    pub fn key(&self) -> usize {
        self.key
    }

    /// Whether the signature covers `node`. The signature itself is not covered by itself.
    pub fn covers(&self, node: Node<'_>) -> bool {
        let in_signature = self.signature.is_some_and(|signature| signature.contains(node));
        self.element.contains(node) && !in_signature
    }

    /// The proof for what an encrypted element inside the signed one decrypts to: whoever signed
    /// the cipher text signed what it stands for. The caller has decrypted `encrypted` to the
    /// document of which `plaintext` is the root. `None` when `encrypted` is not covered.
    pub(crate) fn descend_decrypted<'p>(
        &self,
        encrypted: Node<'_>,
        plaintext: Node<'p>,
    ) -> Option<Signed<'p>> {
        let Self { algorithm, digest, key, .. } = *self;
        // Nothing of the plaintext is part of the signature, so nothing is left out.
        self.covers(encrypted).then_some(Signed {
            element: plaintext,
            signature: None,
            algorithm,
            digest,
            key,
        })
    }

    /// The proof for an element inside the signed one, or `None` when it is not covered.
    pub fn descend(&self, node: Node<'d>) -> Option<Self> {
        self.covers(node).then_some(Self { element: node, ..*self })
    }
}

/// Verifies `signature`, a child of `element`, with one of `keys`.
///
/// # Errors
/// A [`DsigError`]: first for what is wrong with the signature's shape, then
/// [`DsigError::DigestMismatch`], then [`DsigError::AlgorithmKeyMismatch`] or
/// [`DsigError::SignatureMismatch`].
pub fn verify<'d>(
    element: Node<'d>,
    signature: Node<'d>,
    keys: &[PublicKey],
) -> Result<Signed<'d>, DsigError> {
    verify_by(element, signature, keys, Sha1::Refused)
}

/// As [`verify`], and RSA PKCS#1 v1.5 signatures count even with SHA-1.
pub(crate) fn verify_with_sha1<'d>(
    element: Node<'d>,
    signature: Node<'d>,
    keys: &[PublicKey],
) -> Result<Signed<'d>, DsigError> {
    verify_by(element, signature, keys, Sha1::Accepted)
}

fn verify_by<'d>(
    element: Node<'d>,
    signature: Node<'d>,
    keys: &[PublicKey],
    sha1: Sha1,
) -> Result<Signed<'d>, DsigError> {
    let profile = Profile::read(element, signature, sha1)?;

    let mut canonical = Vec::with_capacity(element.span().len());
    let c14n = &profile.content_c14n;
    let method = of_reference(c14n.method);
    let limit = canonical_limit(element);
    let omit = Some(signature);
    canonicalise_within(limit, element, method, &c14n.prefixes, omit, &mut canonical)
        .map_err(|_| DsigError::CanonicalSize { limit })?;
    // It is never empty, but a digest of nothing must never count.
    if canonical.is_empty()
        || Digest::of(profile.digest, &canonical).as_bytes() != profile.digest_value
    {
        return Err(DsigError::DigestMismatch);
    }

    canonical.clear();
    let c14n = &profile.signed_info_c14n;
    let limit = canonical_limit(profile.signed_info);
    let (info, method) = (profile.signed_info, c14n.method);
    canonicalise_within(limit, info, method, &c14n.prefixes, None, &mut canonical)
        .map_err(|_| DsigError::CanonicalSize { limit })?;
    let mut tried = 0_usize;
    for (index, key) in keys.iter().enumerate() {
        match key.verify(profile.algorithm, &canonical, &profile.signature_value) {
            Ok(()) => {
                let (algorithm, digest) = (profile.algorithm, profile.digest);
                let signature = Some(signature);
                return Ok(Signed { element, signature, algorithm, digest, key: index });
            }
            Err(CryptoError::AlgorithmMismatch) => {}
            Err(CryptoError::SignatureMismatch) => tried = tried.saturating_add(1),
            Err(other) => return Err(other.into()),
        }
    }
    if tried == 0 {
        return Err(DsigError::AlgorithmKeyMismatch);
    }
    Err(DsigError::SignatureMismatch { keys: tried })
}

/// Four times what was written, and some for namespaces from outside: escaping makes four bytes of
/// one at most in any honest text, and honest elements do not repeat dozens of namespaces.
fn canonical_limit(element: Node<'_>) -> usize {
    element.span().len().saturating_mul(4).saturating_add(65_536)
}
