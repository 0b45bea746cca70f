//! What Entra ID makes of a request, where it differs from AD FS.

use chrono::{DateTime, Utc};
use url::Url;

use super::authn_request::{AuthnRequest, Comparison};
use super::claims;
use super::id_source::IdSource;
use super::issue::{Ids, Issuance, IssueError, NameIdRule};
use super::names::{EMAIL_ADDRESS, HTTP_POST, PERSISTENT, TRANSIENT, UNSPECIFIED};
use super::person::Person;
use super::sign_in::SignIn;
use super::status::ErrorStatus;

/// Why nobody can be signed in, in the order in which it is found out. The numbers are
/// Microsoft's, the words are ours.
pub(super) fn failure(request: &AuthnRequest) -> Option<ErrorStatus> {
    let unsupported =
        |text: &str| Some(ErrorStatus::request_unsupported().with_message(text.to_owned()));
    if !matches!(request.protocol_binding.as_deref(), None | Some(HTTP_POST)) {
        return unsupported("AADSTS75003: Responses go by HTTP-POST only.");
    }
    if request.has_subject {
        return unsupported("AADSTS90011: The property 'Subject' is not supported.");
    }
    if request.has_scoping {
        return unsupported("AADSTS90011: The content of the property 'Scoping' is not supported.");
    }
    let format = request.name_id_format.as_deref();
    if !matches!(format, None | Some(EMAIL_ADDRESS | UNSPECIFIED | PERSISTENT | TRANSIENT)) {
        let status = ErrorStatus::invalid_name_id_policy();
        return Some(status.with_message("AADSTS75016: The format of NameIDPolicy is not known."));
    }
    if let Some(requested) = &request.requested_authn {
        if requested.comparison != Comparison::Exact {
            return unsupported("AADSTS90011: The property 'Comparison' is to be 'exact'.");
        }
        if requested.choose().is_none() {
            let status = ErrorStatus::no_authn_context();
            return Some(status.with_message(
                "AADSTS75011: The person signed in by another method than the one asked for.",
            ));
        }
    }
    if request.is_passive {
        let status = ErrorStatus::no_passive();
        return Some(status.with_message("AADSTS50058: Nobody is signed in."));
    }
    None
}

/// What Entra writes as the audience: something in front of a name that is no URI.
pub(super) fn audience(entity_id: &str) -> String {
    match Url::parse(entity_id) {
        Ok(_) => entity_id.to_owned(),
        Err(_) => format!("spn:{entity_id}"),
    }
}

/// Two formats change the value too.
pub(super) fn follow_name_id_policy(
    format: &str,
    sign_in: &SignIn,
    issuance: &mut Issuance,
    person: &mut Person,
    ids: &IdSource,
) -> Result<(), IssueError> {
    let value = match format {
        PERSISTENT => claims::pairwise_id(&sign_in.reply_to.audience, person),
        TRANSIENT => ids.pair()?.assertion,
        _ => return Ok(()),
    };
    issuance.name_id = NameIdRule::Issued { format: Some(format.to_owned()) };
    person.name_id = Some(value);
    Ok(())
}

/// The same status with what Entra puts behind each of its messages, for its own log.
pub(super) fn with_trace(status: &ErrorStatus, ids: &Ids, now: DateTime<Utc>) -> ErrorStatus {
    let Some(message) = &status.message else { return status.clone() };
    let guid = |id: &str| id.trim_start_matches('_').to_owned();
    let (trace, correlation) = (guid(&ids.response), guid(&ids.assertion));
    let time = now.format("%Y-%m-%d %H:%M:%SZ");
    status.clone().with_message(format!(
        "{message}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {time}"
    ))
}
