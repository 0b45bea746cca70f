//! The shape that a signature must have, read before anything is computed.

use super::error::{AlgorithmRole, DsigError};
use super::{DSIG_NAMESPACE, ENVELOPED, Sha1};
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::xml::{C14n, Children, GrammarError, Node, decode_base64, is_ncname};

const EXC_C14N_NAMESPACE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const MAX_PREFIXES: usize = 32;

/// A canonicalisation with its PrefixList.
pub(super) struct Canonicalisation<'d> {
    pub(super) method: C14n,
    pub(super) prefixes: Vec<&'d str>,
}

/// A signature that follows the profile.
pub(super) struct Profile<'d> {
    pub(super) signed_info: Node<'d>,
    pub(super) signed_info_c14n: Canonicalisation<'d>,
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) content_c14n: Canonicalisation<'d>,
    pub(super) digest: DigestAlgorithm,
    pub(super) digest_value: Vec<u8>,
    pub(super) signature_value: Vec<u8>,
}

impl<'d> Profile<'d> {
    /// Reads `signature`, which must sign `parent` (XML Signature 4, SAML Core 5.4).
    pub(super) fn read(
        parent: Node<'d>,
        signature: Node<'d>,
        sha1: Sha1,
    ) -> Result<Self, DsigError> {
        if !signature.is(DSIG_NAMESPACE, "Signature") || signature.parent() != Some(parent) {
            return Err(DsigError::Position);
        }
        let id = parent.attribute("ID").filter(|id| is_ncname(id)).ok_or(DsigError::Id)?;

        let mut children = Children::of(signature)?;
        let signed_info = children.required(DSIG_NAMESPACE, "SignedInfo")?;
        let signature_value = children.required(DSIG_NAMESPACE, "SignatureValue")?;
        // A certificate in here proves nothing: it is whatever the sender wrote.
        children.optional(DSIG_NAMESPACE, "KeyInfo");
        children.end()?;

        let mut children = Children::of(signed_info)?;
        let method = children.required(DSIG_NAMESPACE, "CanonicalizationMethod")?;
        let signed_info_c14n = canonicalisation(method, AlgorithmRole::Canonicalisation)?;
        let method = children.required(DSIG_NAMESPACE, "SignatureMethod")?;
        let uri = algorithm_uri(method)?;
        let algorithm =
            signature_algorithm(uri, sha1).ok_or_else(|| refused(AlgorithmRole::Signature, uri))?;
        empty(method)?;
        let reference = children.required(DSIG_NAMESPACE, "Reference")?;
        children.end()?;

        let found = reference.attribute("URI").unwrap_or("");
        if found.strip_prefix('#') != Some(id) || reference.attribute("Type").is_some() {
            return Err(DsigError::Reference {
                expected: format!("#{id}"),
                found: found.to_owned(),
            });
        }
        let mut children = Children::of(reference)?;
        let transforms = children.required(DSIG_NAMESPACE, "Transforms")?;
        let digest_method = children.required(DSIG_NAMESPACE, "DigestMethod")?;
        let digest_value = children.required(DSIG_NAMESPACE, "DigestValue")?;
        children.end()?;

        let content_c14n = read_transforms(transforms)?;
        let uri = algorithm_uri(digest_method)?;
        let digest = digest_algorithm(uri, algorithm, sha1)
            .ok_or_else(|| refused(AlgorithmRole::Digest, uri))?;
        empty(digest_method)?;

        Ok(Self {
            signed_info,
            signed_info_c14n,
            algorithm,
            content_c14n,
            digest,
            digest_value: decode_base64(digest_value.value()?.as_bytes())
                .ok_or(DsigError::Base64("DigestValue"))?,
            signature_value: decode_base64(signature_value.value()?.as_bytes())
                .ok_or(DsigError::Base64("SignatureValue"))?,
        })
    }
}

fn signature_algorithm(uri: &str, sha1: Sha1) -> Option<SignatureAlgorithm> {
    let old = SignatureAlgorithm::RsaSha1;
    let is_old = sha1 == Sha1::Accepted && uri == old.uri();
    SignatureAlgorithm::from_uri(uri).or(is_old.then_some(old))
}

/// Where SHA-1 is accepted, so are its mixtures with SHA-2: each is as good as the weaker half, and
/// old software names the two independently. Of signatures that are not old, PSS and ECDSA, none is
/// excused.
fn digest_algorithm(
    uri: &str,
    algorithm: SignatureAlgorithm,
    sha1: Sha1,
) -> Option<DigestAlgorithm> {
    let old = DigestAlgorithm::Sha1;
    let is_old = sha1 == Sha1::Accepted && uri == old.uri() && algorithm.is_rsa_pkcs1();
    DigestAlgorithm::from_uri(uri).or(is_old.then_some(old))
}

fn read_transforms(transforms: Node<'_>) -> Result<Canonicalisation<'_>, DsigError> {
    let mut children = Children::of(transforms)?;
    let enveloped = children.required(DSIG_NAMESPACE, "Transform")?;
    let uri = algorithm_uri(enveloped)?;
    if uri != ENVELOPED {
        return Err(match C14n::from_uri(uri) {
            Some(_) => DsigError::Transforms,
            None => refused(AlgorithmRole::Transform, uri),
        });
    }
    empty(enveloped)?;
    let second = children.optional(DSIG_NAMESPACE, "Transform").ok_or(DsigError::Transforms)?;
    if children.peek().is_some_and(|n| n.is(DSIG_NAMESPACE, "Transform")) {
        return Err(DsigError::Transforms);
    }
    children.end()?;
    canonicalisation(second, AlgorithmRole::Transform)
}

fn canonicalisation(
    method: Node<'_>,
    role: AlgorithmRole,
) -> Result<Canonicalisation<'_>, DsigError> {
    let uri = algorithm_uri(method)?;
    if uri == ENVELOPED {
        return Err(DsigError::Transforms);
    }
    let c14n = C14n::from_uri(uri).ok_or_else(|| refused(role, uri))?;
    let mut children = Children::of(method)?;
    let mut prefixes = Vec::new();
    if c14n.is_exclusive()
        && let Some(list) = children.optional(EXC_C14N_NAMESPACE, "InclusiveNamespaces")
    {
        empty(list)?;
        for prefix in list.required_attribute("PrefixList")?.split_ascii_whitespace() {
            if prefixes.len() >= MAX_PREFIXES || !(prefix == "#default" || is_ncname(prefix)) {
                return Err(DsigError::PrefixList);
            }
            prefixes.push(prefix);
        }
    }
    children.end()?;
    Ok(Canonicalisation { method: c14n, prefixes })
}

fn algorithm_uri(method: Node<'_>) -> Result<&str, GrammarError> {
    method.required_attribute("Algorithm")
}

/// Parameters would change what an algorithm does: none of the allowed ones takes any.
fn empty(node: Node<'_>) -> Result<(), GrammarError> {
    Children::of(node)?.end()
}

fn refused(role: AlgorithmRole, uri: &str) -> DsigError {
    DsigError::Algorithm { role, uri: uri.to_owned() }
}
