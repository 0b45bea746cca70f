//! SAML 2.0 service provider middleware for actix-web.

pub mod crypto;
pub mod dsig;
pub mod saml;
pub mod xml;
