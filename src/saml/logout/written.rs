//! Log-out messages of our own.

use chrono::{DateTime, Utc};

use crate::saml::entity_id::EntityId;
use crate::saml::name_id::NameId;
use crate::saml::names::{ASSERTION, PARTIAL_LOGOUT, PROTOCOL, RESPONDER, SUCCESS, VERSION};
use crate::saml::time::format_instant;
use crate::xml::{WriteError, Writer};

/// A `LogoutRequest` to be sent (Core 3.7.1).
#[derive(Clone, Debug)]
pub struct LogoutCall {
    /// `ID`: unguessable, and starting with a letter or `_`.
    pub id: String,
    /// `IssueInstant`
    pub issue_instant: DateTime<Utc>,
    /// The identity provider's endpoint.
    pub destination: String,
    /// Us.
    pub issuer: EntityId,
    /// Who signs out, exactly as the identity provider wrote it: AD FS refuses a `Format` that it
    /// did not write, and one that is missing.
    pub name_id: NameId,
    /// Which session it is, when the identity provider has named it.
    pub session_index: Option<String>,
}

impl LogoutCall {
    /// The request as XML.
    ///
    /// # Errors
    /// [`WriteError`] when a value holds characters that XML does not allow.
    pub fn to_xml(&self) -> Result<String, WriteError> {
        let mut w = Writer::default();
        w.open("samlp:LogoutRequest");
        write_root(&mut w, &self.id, self.issue_instant, &self.destination);
        write_issuer(&mut w, &self.issuer);
        let name_id = &self.name_id;
        w.open("saml:NameID")
            .attribute("xmlns:saml", ASSERTION)
            .attribute_opt("NameQualifier", name_id.name_qualifier.as_deref())
            .attribute_opt("SPNameQualifier", name_id.sp_name_qualifier.as_deref())
            .attribute_opt("Format", name_id.format.as_deref())
            .attribute_opt("SPProvidedID", name_id.sp_provided_id.as_deref())
            .text(&name_id.value)
            .close();
        if let Some(index) = &self.session_index {
            w.leaf("samlp:SessionIndex", index);
        }
        w.close();
        w.finish()
    }
}

/// What we say of a `LogoutRequest` (Core 3.7.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutStatus {
    /// No session of that subject is left here.
    Success,
    /// It could not be done here.
    Failed,
}

/// A `LogoutResponse` to be sent (Core 3.7.2).
#[derive(Clone, Debug)]
pub struct LogoutAnswer {
    /// `ID`
    pub id: String,
    /// `IssueInstant`
    pub issue_instant: DateTime<Utc>,
    /// The identity provider's endpoint.
    pub destination: String,
    /// Us.
    pub issuer: EntityId,
    /// The request that is answered.
    pub in_response_to: String,
    /// How it ended.
    pub status: LogoutStatus,
}

impl LogoutAnswer {
    /// The response as XML.
    ///
    /// # Errors
    /// [`WriteError`] when a value holds characters that XML does not allow.
    pub fn to_xml(&self) -> Result<String, WriteError> {
        let mut w = Writer::default();
        w.open("samlp:LogoutResponse");
        write_root(&mut w, &self.id, self.issue_instant, &self.destination);
        w.attribute("InResponseTo", &self.in_response_to);
        write_issuer(&mut w, &self.issuer);
        w.open("samlp:Status");
        match self.status {
            LogoutStatus::Success => {
                w.open("samlp:StatusCode").attribute("Value", SUCCESS).close();
            }
            LogoutStatus::Failed => {
                w.open("samlp:StatusCode").attribute("Value", RESPONDER);
                w.open("samlp:StatusCode").attribute("Value", PARTIAL_LOGOUT).close().close();
            }
        }
        w.close().close();
        w.finish()
    }
}

fn write_root(w: &mut Writer, id: &str, issue_instant: DateTime<Utc>, destination: &str) {
    w.attribute("xmlns:samlp", PROTOCOL)
        .attribute("ID", id)
        .attribute("Version", VERSION)
        .attribute("IssueInstant", &format_instant(issue_instant))
        .attribute("Destination", destination);
}

fn write_issuer(w: &mut Writer, issuer: &EntityId) {
    w.open("saml:Issuer").attribute("xmlns:saml", ASSERTION).text(issuer.as_str()).close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::parse_instant;

    fn call(name_id: NameId, session_index: Option<&str>) -> String {
        LogoutCall {
            id: "_1".to_owned(),
            issue_instant: parse_instant("2026-11-22T10:00:00Z").unwrap(),
            destination: "https://fs.example.nhs.uk/adfs/ls/".to_owned(),
            issuer: EntityId::new("https://rota.example.nhs.uk/saml").unwrap(),
            name_id,
            session_index: session_index.map(str::to_owned),
        }
        .to_xml()
        .unwrap()
    }

    /// What was not there is not written, and what was is written as it was.
    #[test]
    fn a_name_goes_back_as_it_came() {
        let bare = NameId {
            value: " a&b ".to_owned(),
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
            sp_provided_id: None,
        };
        let xml = call(bare.clone(), None);
        let name = format!("<saml:NameID xmlns:saml=\"{ASSERTION}\"> a&amp;b </saml:NameID>");
        assert!(xml.contains(&name) && !xml.contains("SessionIndex"), "{xml}");
        let full = NameId {
            format: Some(String::new()),
            name_qualifier: Some("urn:n".to_owned()),
            sp_name_qualifier: Some("urn:s".to_owned()),
            sp_provided_id: Some("p".to_owned()),
            ..bare
        };
        let xml = call(full, Some("_i"));
        assert!(
            xml.contains(
                " NameQualifier=\"urn:n\" SPNameQualifier=\"urn:s\" Format=\"\" SPProvidedID=\"p\">"
            ),
            "{xml}"
        );
        let end = "</saml:NameID><samlp:SessionIndex>_i</samlp:SessionIndex></samlp:LogoutRequest>";
        assert!(xml.ends_with(end), "{xml}");
    }
}
