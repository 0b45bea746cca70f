//! The signatures, and the decryption that comes between them.

use super::run::{Proof, Run};
use crate::dsig::{self, Signed};
use crate::saml::assertion::SignedPart;
use crate::saml::expectations::RequireSigned;
use crate::saml::names::ASSERTION;
use crate::saml::rejection::{Rejection, Role};
use crate::xml::Node;
use crate::xmlenc::DecryptError;

pub(super) fn signature(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let envelope = run.envelope()?;
    let standing = envelope.assertion.ok_or(Rejection::AssertionCount { found: 0 })?;
    let require = run.expect.require_signed;
    let is_encrypted = !standing.is(ASSERTION, "Assertion");
    if envelope.signature.is_none() {
        // Decided before anything is decrypted: it is cheap, and anybody can see it.
        if !is_encrypted && enveloped_signature(standing).is_none() {
            return Err(Rejection::Unsigned);
        }
        if matches!(require, RequireSigned::Response | RequireSigned::Both) {
            return Err(Rejection::SignatureMissing { role: Role::Response });
        }
    }
    // The outer signature is over the message as it came, cipher text included.
    let of_response = envelope
        .signature
        .map(|signature| run.verify(envelope.response, signature, Role::Response))
        .transpose()?;
    let assertion = if is_encrypted { run.decrypt(standing)? } else { standing };
    run.standing = Some(assertion);
    let of_assertion = match enveloped_signature(assertion) {
        Some(signature) => run.verify(assertion, signature, Role::Assertion).map(Some),
        None if matches!(require, RequireSigned::Assertion | RequireSigned::Both) => {
            Err(Rejection::SignatureMissing { role: Role::Assertion })
        }
        None if of_response.is_none() => Err(Rejection::Unsigned),
        None => Ok(None),
    };
    let of_assertion = match of_assertion {
        // Nobody vouches for this cipher text: say nothing of what is in it.
        Err(_) if is_encrypted && of_response.is_none() => {
            return Err(DecryptError::Failed.into());
        }
        other => other?,
    };
    let uses_sha1 = [of_response, of_assertion].iter().flatten().any(Signed::uses_sha1);
    let (proof, part) = match (of_response, of_assertion) {
        (None, Some(own)) => (Some(own), SignedPart::Assertion),
        (Some(_), Some(own)) => (Some(own), SignedPart::Both),
        (Some(outer), None) if is_encrypted => {
            (outer.descend_decrypted(standing, assertion), SignedPart::Response)
        }
        (Some(outer), None) => (outer.descend(assertion), SignedPart::Response),
        (None, None) => (None, SignedPart::Assertion),
    };
    let assertion = proof.ok_or(Rejection::Unsigned)?;
    run.proof = Some(Proof { assertion, part, uses_sha1 });
    Ok(())
}

/// The signature of an assertion, which stands behind its issuer and nowhere else (Core 2.3.3).
/// One that stands elsewhere is refused when the assertion's grammar is read.
fn enveloped_signature(assertion: Node<'_>) -> Option<Node<'_>> {
    assertion.elements().nth(1).filter(|n| n.is(dsig::DSIG_NAMESPACE, "Signature"))
}
