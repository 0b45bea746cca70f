//! Verifies the signatures of requests. The service provider's verifier is not used: see the
//! module's head.

use super::received::QuerySignature;
use super::refusal::Refusal;
use super::relying_party::RelyingParty;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::dsig::{DSIG_NAMESPACE, ENVELOPED};
use crate::xml::decode_base64;
use crate::xml::{C14n, Document, Node, canonicalise};

impl RelyingParty {
    /// Verifies the signature over a query string.
    pub(super) fn verify_query(&self, signature: &QuerySignature) -> Result<(), Refusal> {
        self.verify(&signature.algorithm, signature.octets.as_bytes(), &signature.value)
    }

    /// Verifies the signature inside a request of the POST binding.
    pub(super) fn verify_enveloped(
        &self,
        document: &Document<'_>,
        signature: Node<'_>,
    ) -> Result<(), Refusal> {
        let root = document.root();
        let bad = |what: &'static str| Refusal::SignatureForm { what };
        if document.elements().filter(|n| n.is(DSIG_NAMESPACE, "Signature")).count() != 1 {
            return Err(bad("Signature"));
        }
        let signed_info = only_child(signature, "SignedInfo").ok_or(bad("SignedInfo"))?;
        let value = only_child(signature, "SignatureValue")
            .and_then(Node::text)
            .and_then(|text| decode_base64(text.as_bytes()))
            .ok_or(bad("SignatureValue"))?;
        let (c14n, prefixes) = only_child(signed_info, "CanonicalizationMethod")
            .and_then(read_c14n)
            .ok_or(bad("CanonicalizationMethod"))?;
        let algorithm = only_child(signed_info, "SignatureMethod")
            .and_then(|n| n.attribute("Algorithm"))
            .ok_or(bad("SignatureMethod"))?;

        let reference = only_child(signed_info, "Reference").ok_or(bad("Reference"))?;
        let id = root.attribute("ID").unwrap_or_default();
        if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
            return Err(bad("Reference"));
        }
        let transforms = only_child(reference, "Transforms").ok_or(bad("Transforms"))?;
        let mut transforms = transforms.elements();
        let enveloped = transforms.next().and_then(|n| n.attribute("Algorithm"));
        let content_c14n = transforms.next().and_then(read_c14n);
        let (Some(ENVELOPED), Some((content_c14n, content_prefixes)), None) =
            (enveloped, content_c14n, transforms.next())
        else {
            return Err(bad("Transforms"));
        };
        let digest_algorithm = only_child(reference, "DigestMethod")
            .and_then(|n| n.attribute("Algorithm"))
            .and_then(DigestAlgorithm::from_uri)
            .ok_or(bad("DigestMethod"))?;
        let digest = only_child(reference, "DigestValue")
            .and_then(Node::text)
            .and_then(|text| decode_base64(text.as_bytes()))
            .ok_or(bad("DigestValue"))?;

        let mut octets = Vec::new();
        canonicalise(signed_info, c14n, &prefixes, None, &mut octets);
        self.verify(algorithm, &octets, &value)?;
        octets.clear();
        canonicalise(root, content_c14n, &content_prefixes, Some(signature), &mut octets);
        if Digest::of(digest_algorithm, &octets).as_bytes() != digest {
            return Err(self.mismatch());
        }
        Ok(())
    }

    fn verify(&self, algorithm: &str, octets: &[u8], value: &[u8]) -> Result<(), Refusal> {
        if self.signing.is_empty() {
            return Err(Refusal::NoCertificate { entity_id: self.entity_id.to_string() });
        }
        if algorithm != self.algorithm.uri() {
            return Err(Refusal::SignatureAlgorithm {
                expected: self.algorithm.uri(),
                found: algorithm.to_owned(),
            });
        }
        let verifies = self
            .signing
            .iter()
            .any(|c| c.public_key().verify(self.algorithm, octets, value).is_ok());
        if verifies { Ok(()) } else { Err(self.mismatch()) }
    }

    fn mismatch(&self) -> Refusal {
        Refusal::SignatureMismatch { entity_id: self.entity_id.to_string() }
    }
}

fn only_child<'d>(parent: Node<'d>, local: &str) -> Option<Node<'d>> {
    let mut children = parent.elements().filter(|n| n.is(DSIG_NAMESPACE, local));
    let child = children.next()?;
    children.next().is_none().then_some(child)
}

fn read_c14n(node: Node<'_>) -> Option<(C14n, Vec<&str>)> {
    let method = C14n::from_uri(node.attribute("Algorithm")?)?;
    let prefixes = node
        .elements()
        .find(|n| n.is(method.uri(), "InclusiveNamespaces"))
        .and_then(|n| n.attribute("PrefixList"))
        .unwrap_or_default();
    Some((method, prefixes.split_ascii_whitespace().collect()))
}
