//! XML Signature, in the one profile that SAML needs.
//!
//! SAML Core section 5.4 narrows XML Signature; this module narrows it further, to what honest
//! identity providers write, and checks all of it before any cryptography: one signature, which is
//! a child of what it signs; one reference, to that parent by its ID; the transforms
//! "enveloped signature" and one canonicalisation, in this order; allow-listed algorithms; exactly
//! the expected children. `KeyInfo` is never read: keys come from the caller, who has them from
//! metadata. What comes out is a [`Signed`], the only proof in this crate that data was signed.

mod error;
mod profile;
mod sign;
mod verify;

pub use error::{AlgorithmRole, DsigError};
pub use sign::{KeyInfoStyle, Place, SignError, SignatureStyle, sign_enveloped};
pub(crate) use verify::verify_with_sha1;
pub use verify::{Signed, verify};

use crate::xml::C14n;

/// Whether signatures that use SHA-1 count. They do not, unless an operator has said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sha1 {
    Refused,
    Accepted,
}

/// The canonicalisation of what a reference by ID selects, whatever was asked for: such a reference
/// leaves comments out before any transform runs (XML Signature 4.4.3.3).
fn of_reference(method: C14n) -> C14n {
    match method {
        C14n::Exclusive | C14n::ExclusiveWithComments => C14n::Exclusive,
        C14n::Inclusive | C14n::InclusiveWithComments => C14n::Inclusive,
    }
}

/// The namespace of XML Signature.
pub const DSIG_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The enveloped-signature transform.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
