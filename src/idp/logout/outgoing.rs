use std::fmt::Write as _;
use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::session::IssuedSession;
use crate::dsig::{Place, sign_enveloped};
use crate::idp::issue::IssueError;
use crate::idp::names::CONSENT_UNSPECIFIED;
use crate::idp::personality::Personality;
use crate::idp::status::ErrorStatus;
use crate::idp::test_idp::TestIdp;
use crate::saml::format_instant;
use crate::saml::names::{ASSERTION, PROTOCOL, SUCCESS, VERSION};
use crate::xml::{Writer, encode_base64};

/// How a log-out message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutBinding {
    /// In a query, whose escapes are in lower case.
    Redirect,
    /// In a form.
    Post,
}

/// A signed log-out message on its way through the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutgoingLogout {
    /// The browser goes to this address.
    Redirect {
        /// The address with the message.
        url: String,
        /// `ID` of the message.
        id: String,
    },
    /// The browser posts this form.
    Post {
        /// The form.
        form: OutgoingForm,
        /// `ID` of the message.
        id: String,
    },
}

/// A form with a log-out message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingForm {
    /// Where to.
    pub url: String,
    /// `SAMLRequest` or `SAMLResponse`.
    pub field: &'static str,
    /// The XML.
    pub xml: String,
    /// `RelayState`
    pub relay_state: Option<String>,
}

impl OutgoingForm {
    /// The value of the field.
    pub fn value(&self) -> String {
        encode_base64(self.xml.as_bytes())
    }
}

/// What a message says beyond what all messages say.
pub(super) struct Written<'w> {
    field: &'static str,
    relay_state: Option<&'w str>,
    kind: Kind<'w>,
}

enum Kind<'w> {
    Request(&'w IssuedSession),
    Response { in_response_to: &'w str, status: Option<&'w ErrorStatus> },
}

impl<'w> Written<'w> {
    pub(super) fn response(
        in_response_to: &'w str,
        status: Option<&'w ErrorStatus>,
        relay_state: Option<&'w str>,
    ) -> Self {
        let kind = Kind::Response { in_response_to, status };
        Self { field: "SAMLResponse", relay_state, kind }
    }
}

impl TestIdp {
    /// Asks the service provider to end a session that was issued to it.
    ///
    /// # Errors
    /// An [`IssueError`]. [`IssueError::NoLogoutService`] when the relying party has no address.
    pub fn request_logout(
        &self,
        session: &IssuedSession,
        relay_state: Option<&str>,
        binding: LogoutBinding,
        now: DateTime<Utc>,
    ) -> Result<OutgoingLogout, IssueError> {
        let kind = Kind::Request(session);
        let message = Written { field: "SAMLRequest", relay_state, kind };
        self.send_logout(&session.relying_party, &message, binding, now)
    }

    pub(super) fn send_logout(
        &self,
        relying_party: &str,
        message: &Written<'_>,
        binding: LogoutBinding,
        now: DateTime<Utc>,
    ) -> Result<OutgoingLogout, IssueError> {
        let service = self
            .relying_party_named(relying_party)
            .and_then(|rp| rp.logout.iter().find(|service| service.binding == binding))
            .ok_or(IssueError::NoLogoutService)?;
        let url = match message.kind {
            Kind::Request(_) => &service.url,
            Kind::Response { .. } => service.response_url.as_ref().unwrap_or(&service.url),
        };
        let id = self.ids.pair()?.response;
        let xml = self.write_logout(&id, url, message, now)?;
        let key = self.keys.current();
        let algorithm = self.issuance.algorithm;
        if binding == LogoutBinding::Post {
            let xml = sign_enveloped(
                &xml,
                &id,
                Place::After { namespace: ASSERTION, local: "Issuer" },
                key.private_key(),
                algorithm,
                Some(key.certificate()),
                &self.personality.message_signature(),
            )?;
            let relay_state = message.relay_state.map(str::to_owned);
            let form = OutgoingForm { url: url.clone(), field: message.field, xml, relay_state };
            return Ok(OutgoingLogout::Post { form, id });
        }
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        let deflated = deflate.write_all(xml.as_bytes()).and_then(|()| deflate.finish());
        let deflated = deflated.map_err(|_| IssueError::Deflate)?;
        let mut query = format!("{}={}", message.field, escape(&encode_base64(&deflated)));
        if let Some(relay_state) = message.relay_state {
            let _ = write!(query, "&RelayState={}", escape(relay_state));
        }
        let _ = write!(query, "&SigAlg={}", escape(algorithm.uri()));
        let signature = key.private_key().sign(algorithm, query.as_bytes())?;
        let _ = write!(query, "&Signature={}", escape(&encode_base64(&signature)));
        let joint = if url.contains('?') { '&' } else { '?' };
        Ok(OutgoingLogout::Redirect { url: format!("{url}{joint}{query}"), id })
    }

    fn write_logout(
        &self,
        id: &str,
        url: &str,
        message: &Written<'_>,
        now: DateTime<Utc>,
    ) -> Result<String, IssueError> {
        let mut w = Writer::new(self.personality.empty_tag());
        let until = now.checked_add_signed(TimeDelta::minutes(5)).ok_or(IssueError::Time)?;
        let (name, until, in_response_to) = match message.kind {
            Kind::Request(_) => ("samlp:LogoutRequest", Some(format_instant(until)), None),
            Kind::Response { in_response_to, .. } => {
                ("samlp:LogoutResponse", None, Some(in_response_to))
            }
        };
        let personality = self.personality;
        let consent = (personality == Personality::Adfs).then_some(CONSENT_UNSPECIFIED);
        let declaration = personality.assertion_declaration();
        let issuer = match message.kind {
            Kind::Request(_) => self.entity_id.as_str().to_owned(),
            Kind::Response { .. } => personality.logout_answerer(self.entity_id.as_str()),
        };
        w.open(name)
            .attribute("ID", id)
            .attribute("Version", VERSION)
            .attribute("IssueInstant", &format_instant(now))
            .attribute("Destination", url)
            .attribute_opt("Consent", consent)
            .attribute_opt("InResponseTo", in_response_to)
            .attribute_opt("NotOnOrAfter", until.as_deref())
            .attribute("xmlns:samlp", PROTOCOL);
        w.open(&personality.assertion_name("Issuer")).attribute(declaration, ASSERTION);
        w.text(&issuer).close();
        match &message.kind {
            Kind::Request(session) => {
                w.open(&personality.assertion_name("NameID"))
                    .attribute_opt("Format", session.format.as_deref())
                    .attribute(declaration, ASSERTION)
                    .text(&session.name_id)
                    .close();
                w.leaf("samlp:SessionIndex", &session.session_index);
            }
            Kind::Response { status: Some(status), .. } => status.write(&mut w),
            Kind::Response { status: None, .. } => {
                w.open("samlp:Status").open("samlp:StatusCode").attribute("Value", SUCCESS);
                w.close().close();
            }
        }
        w.close();
        Ok(w.finish()?)
    }
}

/// Percent-encoding as .NET does it: in lower case.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!*()".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02x}");
        }
    }
    escaped
}
