use super::names::CONSENT_UNSPECIFIED;
use super::personality::Personality;
use crate::saml::names::{ASSERTION, PROTOCOL, VERSION};
use crate::xml::{WriteError, Writer};

/// A `Status` that reports a failure (Core 3.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorStatus {
    /// Top-level `StatusCode`.
    pub code: String,
    /// Second-level `StatusCode`.
    pub sub_code: Option<String>,
    /// `StatusMessage`
    pub message: Option<String>,
}

impl ErrorStatus {
    fn of(code: &str, sub_code: Option<&str>) -> Self {
        let uri = |local: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{local}");
        Self { code: uri(code), sub_code: sub_code.map(uri), message: None }
    }

    /// `Responder` and nothing else: what AD FS says when only its own log knows the cause.
    pub fn responder() -> Self {
        Self::of("Responder", None)
    }

    /// `Requester` and nothing else: a log-out for a session that is not known in this form.
    pub fn requester() -> Self {
        Self::of("Requester", None)
    }

    /// `Success` / `PartialLogout`: another application could not be told.
    pub fn partial_logout() -> Self {
        Self::of("Success", Some("PartialLogout"))
    }

    /// `Requester` / `InvalidNameIDPolicy`: a `NameID` format was asked for that the rules of this
    /// trust do not issue to this person (AD FS: MSIS7070).
    pub fn invalid_name_id_policy() -> Self {
        Self::of("Requester", Some("InvalidNameIDPolicy"))
    }

    /// `Responder` / `NoAuthnContext`: the way of signing in that was asked for is not to be had
    /// (AD FS: MSIS7102).
    pub fn no_authn_context() -> Self {
        Self::of("Responder", Some("NoAuthnContext"))
    }

    /// `Responder` / `NoPassive`: nobody is signed in, and `IsPassive` forbids to ask.
    pub fn no_passive() -> Self {
        Self::of("Responder", Some("NoPassive"))
    }

    /// `Requester` / `UnsupportedBinding`: the response was asked for by another binding than
    /// HTTP-POST.
    pub fn unsupported_binding() -> Self {
        Self::of("Requester", Some("UnsupportedBinding"))
    }

    /// `Responder` / `AuthnFailed`: the person could not be, or would not be, signed in.
    pub fn authn_failed() -> Self {
        Self::of("Responder", Some("AuthnFailed"))
    }

    /// `Requester` / `RequestUnsupported`: Entra's answer to a request that asks for something that
    /// it does not do.
    pub fn request_unsupported() -> Self {
        Self::of("Requester", Some("RequestUnsupported"))
    }

    /// The same with a `StatusMessage`.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.open("samlp:Status").open("samlp:StatusCode").attribute("Value", &self.code);
        if let Some(sub_code) = &self.sub_code {
            w.open("samlp:StatusCode").attribute("Value", sub_code).close();
        }
        w.close();
        if let Some(message) = &self.message {
            w.leaf("samlp:StatusMessage", message);
        }
        w.close();
    }
}

/// What every `Response` starts with.
pub(super) struct ResponseHead<'h> {
    pub(super) id: &'h str,
    pub(super) issue_instant: &'h str,
    pub(super) destination: &'h str,
    pub(super) in_response_to: Option<&'h str>,
    pub(super) issuer: &'h str,
}

impl ResponseHead<'_> {
    /// Opens `samlp:Response` and writes its `Issuer`, with each product's order of attributes.
    pub(super) fn write(&self, personality: Personality, w: &mut Writer) {
        let consent = (personality == Personality::Adfs).then_some(CONSENT_UNSPECIFIED);
        w.open("samlp:Response")
            .attribute("ID", self.id)
            .attribute("Version", VERSION)
            .attribute("IssueInstant", self.issue_instant)
            .attribute("Destination", self.destination)
            .attribute_opt("Consent", consent)
            .attribute_opt("InResponseTo", self.in_response_to)
            .attribute("xmlns:samlp", PROTOCOL);
        w.open(&personality.assertion_name("Issuer"))
            .attribute(personality.assertion_declaration(), ASSERTION)
            .text(self.issuer)
            .close();
    }
}

/// An unsigned response without an assertion.
pub(super) fn write_error(
    personality: Personality,
    head: &ResponseHead<'_>,
    status: &ErrorStatus,
) -> Result<String, WriteError> {
    let mut w = Writer::new(personality.empty_tag());
    head.write(personality, &mut w);
    status.write(&mut w);
    w.close();
    w.finish()
}
