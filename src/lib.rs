//! SAML 2.0 service provider middleware for actix-web.

pub mod xml;
