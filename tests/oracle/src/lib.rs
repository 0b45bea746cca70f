//! Second opinions on `actix-saml`.
//!
//! This crate is no part of the product: it links C libraries that see no network input here. It
//! asks three strangers what they make of the same bytes, and its tests fail where they disagree:
//!
//! - libxml2 and xmlsec, through samael: what bytes a signature's digest is taken of
//!   ([`canonical`]);
//! - the program `xmlsec1`: whether a signature is good ([`xmlsec1`]);
//! - samael's own service provider: whether a response signs anybody in ([`stranger`]).
//!
//! Two things have to hold. Where the product accepts, the strangers must find the signature good.
//! Where an honest identity provider signed, all must agree that it is good. The strangers may
//! accept more than the product does: it is stricter on purpose.

pub mod canonical;
pub mod documents;
pub mod scene;
pub mod stranger;
pub mod xmlsec1;

/// Why a stranger has no opinion: it could not be asked.
pub type Trouble = Box<dyn std::error::Error>;
