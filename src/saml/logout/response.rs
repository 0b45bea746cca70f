use chrono::{DateTime, Utc};

use super::expectations::LogoutExpectations;
use super::message::{Opened, ReceivedLogout};
use super::rejection::LogoutRejection;
use crate::saml::binding::MessageParameter;
use crate::saml::envelope::read_status;
use crate::saml::keys::Keys;
use crate::saml::names::{PARTIAL_LOGOUT, PROTOCOL};

/// How the log-out ended at the identity provider, in its own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// The person is signed out there, and wherever else it could reach.
    Done,
    /// The person is signed out there; some other application could not be told.
    Partial,
    /// It did not sign the person out.
    Failed {
        /// The top-level status code.
        code: String,
        /// The second-level status code, if any.
        sub_code: Option<String>,
    },
}

/// A `LogoutResponse` that was accepted: the identity provider has signed it, and it answers our
/// request. Only [`validate_logout_response`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutResponse {
    outcome: LogoutOutcome,
    signing_key: usize,
    uses_sha1: bool,
}

impl LogoutResponse {
    /// How it ended.
    pub fn outcome(&self) -> &LogoutOutcome {
        &self.outcome
    }

    /// Which of the identity provider's keys signed, as an index into the keys given.
    pub fn signing_key(&self) -> usize {
        self.signing_key
    }

    /// Whether the signature uses SHA-1, as the configuration allows for a while.
    pub fn uses_sha1(&self) -> bool {
        self.uses_sha1
    }
}

/// Decides about the `LogoutResponse` to our `LogoutRequest` of this ID (Core 3.7.2, Profiles
/// 4.4.4.2). Pure, as [`validate`](crate::saml::validate()) is.
///
/// # Errors
/// A [`LogoutRejection`].
pub fn validate_logout_response(
    message: ReceivedLogout<'_>,
    expect: &LogoutExpectations,
    request_id: &str,
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<LogoutResponse, LogoutRejection> {
    let opened = Opened::parse(message)?;
    let signed = opened.signed_root(MessageParameter::Response, "LogoutResponse", keys, now)?;
    let root = signed.root();
    let mut children = signed.contents(&[
        "ID",
        "Version",
        "IssueInstant",
        "Destination",
        "Consent",
        "InResponseTo",
    ])?;
    let status = read_status(children.required(PROTOCOL, "Status")?)?;
    children.end()?;
    expect.check_root(root)?;
    expect.check_age(root, now)?;
    let answered = root.attribute("InResponseTo");
    if answered != Some(request_id) {
        let (expected, found) = (request_id.to_owned(), answered.map(str::to_owned));
        return Err(LogoutRejection::InResponseTo { expected, found });
    }
    let outcome = if !status.is_success() && status.sub_code != Some(PARTIAL_LOGOUT) {
        let (code, sub_code) = (status.code.to_owned(), status.sub_code.map(str::to_owned));
        LogoutOutcome::Failed { code, sub_code }
    } else if status.sub_code == Some(PARTIAL_LOGOUT) {
        LogoutOutcome::Partial
    } else {
        LogoutOutcome::Done
    };
    Ok(LogoutResponse { outcome, signing_key: signed.key(), uses_sha1: signed.uses_sha1() })
}
