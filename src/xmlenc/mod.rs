//! XML Encryption, in the one profile that SAML needs.
//!
//! SAML wraps an encrypted assertion, name or attribute in an element of its own that holds one
//! `EncryptedData` and, inside it or beside it, the `EncryptedKey` (SAML Core sections 2.2.4, 2.3.4
//! and 2.7.3.2, with erratum E43). [`decrypt`] reads that much and no more, and reads all of it
//! before a private key is used: allow-listed algorithms, one key, cipher text in the message
//! itself.
//!
//! Everything that can go wrong after that is one error, [`DecryptError::Failed`], and costs the
//! same private-key operations: whoever sends altered messages learns only that they are refused.
//!
//! Encryption proves nothing about the sender. The recipient's public key is public, and CBC does
//! not even notice an altered cipher text. What comes out must be read as a document of its own and
//! must pass the same signature rules as a message that was never encrypted.

mod algorithm;
mod budget;
mod decrypt;
mod encrypt;
mod error;
mod key;
mod profile;
#[cfg(test)]
mod tests;

pub use algorithm::KeyTransport;
pub use budget::Budget;
pub use decrypt::decrypt;
pub use encrypt::{EncryptError, EncryptionShape, EncryptionStyle, encrypt};
pub use error::{AlgorithmRole, DecryptError};
pub use key::DecryptionKey;

/// The namespace of XML Encryption.
pub const XMLENC_NAMESPACE: &str = "http://www.w3.org/2001/04/xmlenc#";
/// The namespace of what version 1.1 added to XML Encryption.
pub const XMLENC11_NAMESPACE: &str = "http://www.w3.org/2009/xmlenc11#";
/// The `Type` of encrypted data that is one element: the only one in SAML.
pub const ELEMENT_TYPE: &str = "http://www.w3.org/2001/04/xmlenc#Element";
/// The `Type` of a `RetrievalMethod` that leads to an `EncryptedKey`.
pub const ENCRYPTED_KEY_TYPE: &str = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const DSIG11: &str = "http://www.w3.org/2009/xmldsig11#";
