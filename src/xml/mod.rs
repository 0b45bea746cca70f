//! Bytes to tree and back, with hard limits.
//!
//! SAML is signed XML, and most holes in SAML software are disagreements between two readers of
//! the same bytes. This module is the only reader in the crate. It accepts a small, strict part of
//! XML 1.0 with namespaces: UTF-8 only, no document type, no processing instruction, every prefix
//! bound, every ID unique, everything within [`Limits`]. The tree it makes is immutable, so what
//! was verified and what is read afterwards are the same nodes.

mod base64;
mod c14n;
mod cursor;
mod document;
mod error;
mod limits;
mod names;
mod parse;
mod start_tag;
mod text;
mod tokens;
mod write;

#[cfg(test)]
mod tests;

pub use base64::{decode_base64, encode_base64};
pub use c14n::{C14n, canonicalise, canonicalise_within};
pub use cursor::{Children, GrammarError};
pub use document::{Attribute, Document, Elements, Node};
pub use error::XmlError;
pub use limits::Limits;
pub use names::is_ncname;
pub use write::{EmptyTag, WriteError, Writer};

/// The namespace that the prefix `xml` is always bound to (Namespaces in XML 1.0, section 3).
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of `xmlns` itself, to which nothing may be bound.
pub const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";
