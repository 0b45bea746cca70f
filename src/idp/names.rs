//! Identifiers that this module writes and that [`crate::saml::names`] does not have.

pub(super) const WS_TRUST: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512";
pub(super) const WS_TRUST_2005: &str = "http://schemas.xmlsoap.org/ws/2005/02/trust";
pub(super) const WS_FEDERATION: &str = "http://docs.oasis-open.org/wsfed/federation/200706";
pub(super) const WS_AUTHORISATION: &str = "http://docs.oasis-open.org/wsfed/authorization/200706";
pub(super) const WS_ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
pub(super) const WS_METADATA_EXCHANGE: &str = "http://schemas.xmlsoap.org/ws/2004/09/mex";
pub(super) const XML_SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";

pub(super) const SAML_1_TOKEN: &str = "urn:oasis:names:tc:SAML:1.0:assertion";
pub(super) const CONSENT_UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:consent:unspecified";
pub(super) const ATTRIBUTE_NAME_URI: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
/// Namespace of `OriginalIssuer`, with which AD FS says that a claim came from another provider.
pub(super) const ORIGINAL_ISSUER: &str = "http://schemas.xmlsoap.org/ws/2009/09/identity/claims";

pub(super) const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
pub(super) const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
pub(super) const HTTP_ARTIFACT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact";

pub(super) const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
pub(super) const EMAIL_ADDRESS: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
pub(super) const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
pub(super) const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

pub(super) const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
pub(super) const PASSWORD_PROTECTED_TRANSPORT: &str =
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
pub(super) const WINDOWS_AUTHENTICATION: &str = "urn:federation:authentication:windows";
