use chrono::{DateTime, Utc};
use thiserror::Error;

use super::entity_id::EntityId;
use super::names::{ASSERTION, PROTOCOL, VERSION};
use super::time::format_instant;
use crate::xml::{WriteError, Writer};

/// A request to sign somebody in (Core 3.4.1). Minimal by default: AD FS and Entra refuse whole
/// sign-ins over a `NameIDPolicy` or a `RequestedAuthnContext` that they cannot meet.
#[derive(Clone, Debug)]
pub struct AuthnRequest {
    /// `ID`: unguessable, and starting with a letter or `_`.
    pub id: String,
    /// `IssueInstant`
    pub issue_instant: DateTime<Utc>,
    /// The identity provider's endpoint.
    pub destination: String,
    /// Us.
    pub issuer: EntityId,
    /// Where the response is to be posted to.
    pub acs_url: String,
    /// `ForceAuthn`: ask for the password even if there is a session.
    pub force_authn: bool,
    /// `IsPassive`: ask for nothing.
    pub is_passive: bool,
    /// `NameIDPolicy/@Format`; no `NameIDPolicy` at all when absent.
    pub name_id_format: Option<String>,
    /// `RequestedAuthnContext` with `Comparison="exact"`; none at all when empty.
    pub class_refs: Vec<String>,
}

/// A request that cannot be written as XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the AuthnRequest cannot be written: {0}")]
pub struct WriteAuthnRequestError(#[from] WriteError);

impl AuthnRequest {
    /// The request as XML.
    ///
    /// # Errors
    /// [`WriteAuthnRequestError`] when configuration holds characters that XML does not allow.
    pub fn to_xml(&self) -> Result<String, WriteAuthnRequestError> {
        let mut w = Writer::default();
        w.open("samlp:AuthnRequest")
            .attribute("xmlns:samlp", PROTOCOL)
            .attribute("ID", &self.id)
            .attribute("Version", VERSION)
            .attribute("IssueInstant", &format_instant(self.issue_instant))
            .attribute("Destination", &self.destination)
            .attribute_opt("ForceAuthn", self.force_authn.then_some("true"))
            .attribute_opt("IsPassive", self.is_passive.then_some("true"))
            .attribute("ProtocolBinding", super::binding::Binding::HttpPost.uri())
            .attribute("AssertionConsumerServiceURL", &self.acs_url);
        w.open("saml:Issuer").attribute("xmlns:saml", ASSERTION).text(self.issuer.as_str()).close();
        if let Some(format) = &self.name_id_format {
            w.open("samlp:NameIDPolicy")
                .attribute("Format", format)
                .attribute("AllowCreate", "true")
                .close();
        }
        if !self.class_refs.is_empty() {
            w.open("samlp:RequestedAuthnContext").attribute("Comparison", "exact");
            for class_ref in &self.class_refs {
                w.open("saml:AuthnContextClassRef").attribute("xmlns:saml", ASSERTION);
                w.text(class_ref).close();
            }
            w.close();
        }
        w.close();
        Ok(w.finish()?)
    }
}
