//! The identifiers that SAML 2.0 gives out.

/// Namespace of assertions.
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of the protocol, and its `protocolSupportEnumeration`.
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Namespace of metadata.
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Namespace of XML Encryption.
pub const XMLENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// Namespace of XML Schema instances.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The one value of every `Version`.
pub const VERSION: &str = "2.0";
/// The bearer confirmation method (Profiles 3.3).
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// The top-level status of a request that succeeded (Core 3.2.2.2).
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The top-level status when the side that answers could not do it (Core 3.2.2.2).
pub const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
/// The second-level status of a log-out that did not reach everybody (Core 3.2.2.2).
pub const PARTIAL_LOGOUT: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
/// The one `Format` that an `Issuer` may have (Profiles 4.1.4.2).
pub const FORMAT_ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
