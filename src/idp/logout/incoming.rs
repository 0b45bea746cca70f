use super::outgoing::{LogoutBinding, OutgoingLogout, Written};
use crate::dsig::DSIG_NAMESPACE;
use crate::idp::claims;
use crate::idp::issue::{IssueError, NameIdRule};
use crate::idp::personality::Personality;
use crate::idp::received::Received;
use crate::idp::refusal::Refusal;
use crate::idp::relying_party::RelyingParty;
use crate::idp::status::ErrorStatus;
use crate::idp::test_idp::TestIdp;
use crate::saml::names::{ASSERTION, PROTOCOL, SUCCESS, VERSION};
use crate::xml::{Document, Limits, Node, is_ncname};
use chrono::{DateTime, Utc};

/// A `LogoutRequest` that AD FS would answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOut {
    /// Who asked.
    pub relying_party: String,
    /// `ID` of the request.
    pub request_id: String,
    /// To be given back unchanged.
    pub relay_state: Option<String>,
    /// The value of `NameID`.
    pub name_id: String,
    /// `SessionIndex`
    pub session_index: String,
    /// Whether the name is written as it was issued, to somebody who is known here. AD FS answers
    /// `Requester` otherwise, and keeps its own session.
    pub is_participant: bool,
}

/// What a service provider has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutAnswered {
    /// Who answers.
    pub relying_party: String,
    /// The request that is answered.
    pub in_response_to: Option<String>,
    /// Whether the top-level status is `Success`.
    pub is_success: bool,
    /// `RelayState`
    pub relay_state: Option<String>,
}

impl TestIdp {
    /// Checks a `LogoutRequest` as AD FS does. It must be signed, whatever the trust says of other
    /// requests, and name the session.
    ///
    /// # Errors
    /// The [`Refusal`] for which AD FS shows a page of its own.
    pub fn receive_logout(&self, received: &Received) -> Result<SignOut, Refusal> {
        let document = Document::parse(&received.xml, &Limits::MESSAGE)?;
        let (root, relying_party) = self.open_logout(received, &document, "LogoutRequest")?;
        let name_id = root
            .elements()
            .find(|n| n.is(ASSERTION, "NameID"))
            .ok_or(Refusal::Missing { what: "NameID" })?;
        let session_index = root
            .elements()
            .find(|n| n.is(PROTOCOL, "SessionIndex"))
            .and_then(Node::text)
            .ok_or(Refusal::NoSessionIndex)?;
        let value = name_id.text().unwrap_or_default();
        let as_issued = match &self.issuance.name_id {
            NameIdRule::NotIssued => false,
            NameIdRule::Issued { format } => {
                name_id.attributes().all(|a| a.local == "Format" && a.namespace.is_empty())
                    && name_id.attribute("Format") == format.as_deref()
            }
        };
        // Whoever typed a name is on no list, so that the form of it has to do.
        let is_known = match self.personality {
            Personality::Plain => claims::is_pairwise_id(value),
            Personality::Adfs | Personality::Entra => {
                self.people.iter().any(|p| p.name_id.as_deref() == Some(value))
                    || value.ends_with("@nhs.net")
            }
        };
        // Entra does not consider the name.
        let is_participant = self.personality == Personality::Entra || (as_issued && is_known);
        Ok(SignOut {
            relying_party: relying_party.entity_id.to_string(),
            request_id: root.attribute("ID").unwrap_or_default().to_owned(),
            relay_state: received.relay_state.clone(),
            name_id: value.to_owned(),
            session_index: session_index.to_owned(),
            is_participant,
        })
    }

    /// The signed answer, to the relying party's own address for it.
    ///
    /// # Errors
    /// An [`IssueError`]. [`IssueError::NoLogoutService`] when the relying party has no address.
    pub fn answer_logout(
        &self,
        sign_out: &SignOut,
        binding: LogoutBinding,
        now: DateTime<Utc>,
    ) -> Result<OutgoingLogout, IssueError> {
        let status = match sign_out.is_participant {
            true => None,
            false => Some(ErrorStatus::requester()),
        };
        self.answer_logout_with(sign_out, status.as_ref(), binding, now)
    }

    /// The same with any status; `None` is success.
    ///
    /// # Errors
    /// As [`TestIdp::answer_logout`].
    pub fn answer_logout_with(
        &self,
        sign_out: &SignOut,
        status: Option<&ErrorStatus>,
        binding: LogoutBinding,
        now: DateTime<Utc>,
    ) -> Result<OutgoingLogout, IssueError> {
        let message =
            Written::response(&sign_out.request_id, status, sign_out.relay_state.as_deref());
        self.send_logout(&sign_out.relying_party, &message, binding, now)
    }

    /// Checks a `LogoutResponse`. AD FS wants it signed (MSIS7084).
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn receive_logout_response(&self, received: &Received) -> Result<LogoutAnswered, Refusal> {
        let document = Document::parse(&received.xml, &Limits::MESSAGE)?;
        let (root, relying_party) = self.open_logout(received, &document, "LogoutResponse")?;
        let status = root
            .elements()
            .find(|n| n.is(PROTOCOL, "Status"))
            .and_then(|n| n.elements().find(|n| n.is(PROTOCOL, "StatusCode")))
            .ok_or(Refusal::Missing { what: "Status" })?;
        Ok(LogoutAnswered {
            relying_party: relying_party.entity_id.to_string(),
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            is_success: status.attribute("Value") == Some(SUCCESS),
            relay_state: received.relay_state.clone(),
        })
    }

    fn open_logout<'d>(
        &self,
        received: &Received,
        document: &'d Document<'d>,
        expected: &'static str,
    ) -> Result<(Node<'d>, &RelyingParty), Refusal> {
        let root = document.root();
        if !root.is(PROTOCOL, expected) {
            return Err(Refusal::NotLogout { found: root.local_name().to_owned() });
        }
        if !root.attribute("ID").is_some_and(is_ncname) {
            return Err(Refusal::Id);
        }
        let version = root.attribute("Version").ok_or(Refusal::Missing { what: "Version" })?;
        if version != VERSION {
            return Err(Refusal::Version { found: version.to_owned() });
        }
        root.attribute("IssueInstant").ok_or(Refusal::Missing { what: "IssueInstant" })?;
        let issuer = root.elements().find(|n| n.is(ASSERTION, "Issuer")).and_then(Node::text);
        let issuer = issuer.ok_or(Refusal::Missing { what: "Issuer" })?;
        let unknown = || Refusal::UnknownIssuer { found: issuer.to_owned() };
        let relying_party = self.relying_party_named(issuer).ok_or_else(unknown)?;

        let enveloped = root.elements().find(|n| n.is(DSIG_NAMESPACE, "Signature"));
        match (&received.query_signature, enveloped) {
            (Some(signature), _) => relying_party.verify_query(signature)?,
            (None, Some(signature)) => relying_party.verify_enveloped(document, signature)?,
            (None, None) => return Err(Refusal::LogoutUnsigned { entity_id: issuer.to_owned() }),
        }
        match root.attribute("Destination") {
            None => Err(Refusal::NoDestination),
            Some(found) if found != self.sign_in_url() => {
                let (expected, found) = (self.sign_in_url(), found.to_owned());
                Err(Refusal::Destination { expected, found })
            }
            Some(_) => Ok((root, relying_party)),
        }
    }
}
