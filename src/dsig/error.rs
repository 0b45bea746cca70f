use thiserror::Error;

use crate::crypto::CryptoError;
use crate::xml::GrammarError;

/// What an algorithm was named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlgorithmRole {
    /// `SignatureMethod`
    Signature,
    /// `DigestMethod`
    Digest,
    /// `CanonicalizationMethod`
    Canonicalisation,
    /// `Transform`
    Transform,
}

impl std::fmt::Display for AlgorithmRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Signature => "signature",
            Self::Digest => "digest",
            Self::Canonicalisation => "canonicalisation",
            Self::Transform => "transform",
        })
    }
}

/// Why a signature is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DsigError {
    /// The signature is not a child of what it is taken to sign.
    #[error("the signature is not a child of the element that it signs")]
    Position,
    /// The signed element has no ID, or one that is no `NCName`.
    #[error("the signed element has no usable ID")]
    Id,
    /// The signature departs from the grammar.
    #[error("signature: {0}")]
    Grammar(#[from] GrammarError),
    /// The reference is not to the signature's parent.
    #[error("the reference is to {found:?}, the signature's parent is {expected:?}")]
    Reference {
        /// `#` and the ID of the parent.
        expected: String,
        /// The URI in the reference; empty when there is none.
        found: String,
    },
    /// The transforms are not exactly "enveloped signature" and one canonicalisation.
    #[error("the transforms are not 'enveloped signature' and one canonicalisation, in this order")]
    Transforms,
    /// An algorithm that is not on the list.
    #[error("the {role} algorithm {uri:?} is not allowed")]
    Algorithm {
        /// What the algorithm was named for.
        role: AlgorithmRole,
        /// Its identifier.
        uri: String,
    },
    /// The PrefixList of `InclusiveNamespaces` is too long or holds something else than prefixes.
    #[error("the PrefixList is too long or malformed")]
    PrefixList,
    /// The canonical form of what is signed is many times what was written.
    #[error("the canonical form is longer than {limit} bytes")]
    CanonicalSize {
        /// The limit for this element.
        limit: usize,
    },
    /// A value is not base64.
    #[error("{0} is not base64")]
    Base64(&'static str),
    /// The content is not what was signed.
    #[error("the content was changed after it was signed: the digest does not match")]
    DigestMismatch,
    /// No key of the sender is of the kind that the signature algorithm needs.
    #[error("no key of the sender fits the signature algorithm")]
    AlgorithmKeyMismatch,
    /// None of the sender's keys made this signature.
    #[error("none of the {keys} keys in the sender's metadata made this signature")]
    SignatureMismatch {
        /// How many keys were tried.
        keys: usize,
    },
    /// The cryptography failed for a reason that is not the message's.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl DsigError {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Position => "signature_position",
            Self::Id => "signature_id",
            Self::Grammar(_) => "signature_structure",
            Self::Reference { .. } => "signature_reference",
            Self::Transforms => "signature_transforms",
            Self::Algorithm { .. } => "signature_algorithm",
            Self::PrefixList => "signature_prefix_list",
            Self::CanonicalSize { .. } => "signature_canonical_size",
            Self::Base64(_) => "signature_base64",
            Self::DigestMismatch => "digest_mismatch",
            Self::AlgorithmKeyMismatch => "signature_key_mismatch",
            Self::SignatureMismatch { .. } => "signature_mismatch",
            Self::Crypto(_) => "signature_crypto",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        let grammar = GrammarError::InvalidValue { what: "x" };
        let text = String::new;
        for (error, code) in [
            (DsigError::Position, "signature_position"),
            (DsigError::Id, "signature_id"),
            (grammar.into(), "signature_structure"),
            (DsigError::Reference { expected: text(), found: text() }, "signature_reference"),
            (DsigError::Transforms, "signature_transforms"),
            (
                DsigError::Algorithm { role: AlgorithmRole::Digest, uri: text() },
                "signature_algorithm",
            ),
            (DsigError::PrefixList, "signature_prefix_list"),
            (DsigError::CanonicalSize { limit: 1 }, "signature_canonical_size"),
            (DsigError::Base64("DigestValue"), "signature_base64"),
            (DsigError::DigestMismatch, "digest_mismatch"),
            (DsigError::AlgorithmKeyMismatch, "signature_key_mismatch"),
            (DsigError::SignatureMismatch { keys: 1 }, "signature_mismatch"),
            (CryptoError::KeyKind.into(), "signature_crypto"),
        ] {
            assert_eq!(error.code(), code);
        }
    }
}
