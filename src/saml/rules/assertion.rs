//! What the signature covers is an assertion of the identity provider that was asked.

use super::run::{Run, check_issuer, out_of_order};
use crate::saml::contents::SignedContents;
use crate::saml::rejection::{Rejection, Role};

pub(super) fn assertion_structure(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let proof = run.proof.as_ref().ok_or_else(out_of_order)?;
    run.contents = Some(SignedContents::read(proof.assertion, run.plaintext, run.keys.decryption)?);
    Ok(())
}

pub(super) fn assertion_issuer(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    check_issuer(Some(run.contents()?.issuer), Role::Assertion, run.expect)
}
