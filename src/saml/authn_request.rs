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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::parse_instant;

    fn minimal() -> AuthnRequest {
        AuthnRequest {
            id: "_1".to_owned(),
            issue_instant: parse_instant("2026-11-22T10:00:00Z").unwrap(),
            destination: "https://fs.example.nhs.uk/adfs/ls/?a=1&b=2".to_owned(),
            issuer: EntityId::new("https://rota.example.nhs.uk/saml").unwrap(),
            acs_url: "https://rota.example.nhs.uk/saml/acs".to_owned(),
            force_authn: false,
            is_passive: false,
            name_id_format: None,
            class_refs: Vec::new(),
        }
    }

    fn written(flags: &str, rest: &str) -> String {
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" ID=\"_1\" Version=\"2.0\" \
             IssueInstant=\"2026-11-22T10:00:00.000Z\" \
             Destination=\"https://fs.example.nhs.uk/adfs/ls/?a=1&amp;b=2\"{flags} \
             ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
             AssertionConsumerServiceURL=\"https://rota.example.nhs.uk/saml/acs\">\
             <saml:Issuer xmlns:saml=\"{ASSERTION}\">https://rota.example.nhs.uk/saml</saml:Issuer>\
             {rest}</samlp:AuthnRequest>"
        )
    }

    #[test]
    fn nothing_is_asked_for_by_default() {
        assert_eq!(minimal().to_xml().unwrap(), written("", ""));
    }

    #[test]
    fn what_is_asked_for_is_written() {
        let request = AuthnRequest {
            force_authn: true,
            is_passive: true,
            name_id_format: Some("urn:f".to_owned()),
            class_refs: vec!["urn:one".to_owned(), "urn:two".to_owned()],
            ..minimal()
        };
        let class = |name: &str| {
            format!(
                "<saml:AuthnContextClassRef xmlns:saml=\"{ASSERTION}\">{name}\
                 </saml:AuthnContextClassRef>"
            )
        };
        let rest = format!(
            "<samlp:NameIDPolicy Format=\"urn:f\" AllowCreate=\"true\"/>\
             <samlp:RequestedAuthnContext Comparison=\"exact\">{}{}</samlp:RequestedAuthnContext>",
            class("urn:one"),
            class("urn:two")
        );
        let flags = " ForceAuthn=\"true\" IsPassive=\"true\"";
        assert_eq!(request.to_xml().unwrap(), written(flags, &rest));
        let odd = AuthnRequest { destination: "\u{1}".to_owned(), ..minimal() };
        assert_eq!(odd.to_xml(), Err(WriteAuthnRequestError(WriteError::Character)));
    }
}
