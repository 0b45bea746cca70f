//! Log-out messages of identity providers, by either binding (Profiles 4.4, Bindings 3.4 and 3.5).

use actix_session::Session;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use super::acs::read_body;
use super::signed_out;
use crate::crypto::random_bytes;
use crate::saml::binding::{Binding, MessageParameter, RedirectMessage};
use crate::saml::logout::{
    LogoutOutcome, LogoutResponse, LogoutStatus, ReceivedLogout, peek_logout_issuer,
};
use crate::sp::{
    LogoutMessage, LogoutRefusal, PendingLogout, Remembered, SessionHandle, WantedLogout,
};
use crate::web::audit::{AuditEvent, AuditStep, Outcome};
use crate::web::pages::{SignedOut, Trouble};
use crate::web::pending_logout;
use crate::web::refusal::Reason;
use crate::web::saml::Shared;
use crate::web::session;
use crate::xml::decode_base64;

/// The largest body: a message of the largest size in base64, percent-encoded.
const MAX_BODY: usize = 256 * 1024;
/// The largest message, as with HTTP-Redirect.
const MAX_MESSAGE: usize = 64 * 1024;
const MAX_FIELDS: usize = 16;

/// A message as it came.
enum Arrived {
    Redirect(RedirectMessage),
    Post { field: MessageParameter, xml: Vec<u8>, relay_state: Option<String> },
}

impl Arrived {
    fn received(&self) -> ReceivedLogout<'_> {
        match self {
            Self::Redirect(message) => ReceivedLogout::Redirect(message),
            Self::Post { field, xml, .. } => ReceivedLogout::Post { field: *field, xml },
        }
    }

    fn binding(&self) -> Binding {
        match self {
            Self::Redirect(_) => Binding::HttpRedirect,
            Self::Post { .. } => Binding::HttpPost,
        }
    }

    fn relay_state(&self) -> Option<&str> {
        match self {
            Self::Redirect(message) => message.relay_state(),
            Self::Post { relay_state, .. } => relay_state.as_deref(),
        }
    }
}

/// Takes a message by HTTP-Redirect.
pub(super) async fn by_redirect(
    request: HttpRequest,
    session: Session,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let arrived = RedirectMessage::read(request.query_string())
        .map(Arrived::Redirect)
        .map_err(|fault| Reason::new(fault.code(), Trouble::NotALogout, fault));
    take(&request, &session, &shared, arrived).await
}

/// Takes a message by HTTP-POST. The session cookie does not come along, and nobody asks for it.
pub(super) async fn by_post(
    request: HttpRequest,
    session: Session,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> HttpResponse {
    let arrived = match read_body(&request, payload, MAX_BODY).await {
        Ok(body) => read_form(&body, request.query_string()),
        Err(reason) => Err(reason),
    };
    take(&request, &session, &shared, arrived).await
}

async fn take(
    request: &HttpRequest,
    session: &Session,
    shared: &Shared,
    arrived: Result<Arrived, Reason>,
) -> HttpResponse {
    let answer = match arrived {
        Ok(arrived) => match arrived.received().parameter() {
            MessageParameter::Request => obey(request, session, shared, &arrived).await,
            MessageParameter::Response => conclude(request, shared, &arrived).await,
        },
        Err(reason) => Err(reason),
    };
    answer.unwrap_or_else(|reason| reason.asked_by(request, shared).into_response(shared))
}

/// Ends what an identity provider wants to have ended. All that it needs is in the message: the
/// browser that carries it need not be the one with the session.
async fn obey(
    request: &HttpRequest,
    session: &Session,
    shared: &Shared,
    arrived: &Arrived,
) -> Result<HttpResponse, Reason> {
    let now = shared.clock.now();
    let mut event = AuditEvent {
        client_address: shared.client_address(request),
        ..AuditEvent::new(now, AuditStep::Revocation, Outcome::Done)
    };
    let wanted = match judge_request(shared, arrived).await {
        Ok(wanted) => wanted,
        Err(refusal) => return Err(Reason::from(refusal).about(event)),
    };
    // From here on it is known who says what.
    event.idp = Some(wanted.request.issuer().clone());
    event.request_id = Some(wanted.request.id().to_owned());
    let issuer = wanted.request.issuer().as_str();
    if wanted.request.uses_sha1() {
        tracing::warn!(event = "sha1_signature_used", issuer, request_id = wanted.request.id());
    }
    let ended = end_wanted(shared, &wanted).await.map_err(|r| r.about(event.clone()))?;
    let status = match ended {
        Ok(ended) => {
            event.count = u64::try_from(ended.len()).ok();
            shared.audit.record(&event);
            let (request_id, sessions) = (wanted.request.id(), ended.len());
            tracing::info!(event = "sessions_ended", issuer, request_id, sessions);
            if session::own_handle(request, shared).is_some_and(|own| ended.contains(&own)) {
                session.purge();
            }
            LogoutStatus::Success
        }
        // The identity provider is told, and goes on to other applications.
        Err(reason) => {
            reason.about(event).tell(shared);
            LogoutStatus::Failed
        }
    };
    // The trail has heard of it.
    let unavailable =
        |detail: String| Reason::new("answer_logout", Trouble::Unavailable, detail).untold();
    let entropy = random_bytes().map_err(|error| unavailable(error.to_string()))?;
    let (binding, relay_state) = (arrived.binding(), arrived.relay_state());
    let answer = shared
        .snapshot()
        .sp
        .answer_logout(&wanted.request, status, binding, relay_state, now, &entropy)
        .map_err(|error| unavailable(error.to_string()))?;
    Ok(match answer {
        Some(LogoutMessage::Redirect(url)) => HttpResponse::SeeOther()
            .insert_header((LOCATION, url.as_str()))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        Some(LogoutMessage::Post { action, field, message, relay_state }) => {
            shared.pages.post_logout(&action, field.as_str(), &message, relay_state.as_deref())
        }
        None => signed_out(shared, SignedOut::ByIdp, None),
    })
}

async fn judge_request(shared: &Shared, arrived: &Arrived) -> Result<WantedLogout, LogoutRefusal> {
    let now = shared.clock.now();
    let snapshot = shared.snapshot();
    let wanted = snapshot.sp.receive_logout(arrived.received(), now);
    // The provider may sign with a key that it has announced since metadata was last fetched.
    if let Err(refusal) = &wanted
        && refusal.may_be_a_new_key()
        && let Ok(Some(issuer)) = peek_logout_issuer(arrived.received().xml())
        && let Some(idp) = snapshot.sp.idp_of_logout(&issuer)
        && let Some(newer) = shared.federation.refresh_early(&idp, &snapshot).await
    {
        return newer.sp.receive_logout(arrived.received(), now);
    }
    wanted
}

/// The sessions that have ended; an error of its own when they cannot be ended.
async fn end_wanted(
    shared: &Shared,
    wanted: &WantedLogout,
) -> Result<Result<Vec<SessionHandle>, Reason>, Reason> {
    let now = shared.clock.now();
    let unavailable =
        |code, error: crate::sp::StoreError| Reason::new(code, Trouble::Unavailable, error);
    match shared.replay.remember(wanted.used.key, wanted.used.until, now).await {
        Ok(Remembered::First) => {}
        Ok(Remembered::Again) => return Err(LogoutRefusal::Replayed.into()),
        Err(error) => return Ok(Err(unavailable("replay_store", error))),
    }
    let indexes = &wanted.session_indexes;
    let ended = match shared.logout_index.end_subject(wanted.subject, indexes, now).await {
        Ok(ended) => ended,
        Err(error) => return Ok(Err(unavailable("logout_index", error))),
    };
    // One that cannot be deleted does not keep the others alive.
    let mut failed = None;
    for handle in &ended {
        if let Err(error) = shared.sessions.delete(*handle).await {
            failed = Some(unavailable("session_store", error));
        }
    }
    Ok(failed.map_or(Ok(ended), Err))
}

/// Tells the person how their log-out ended. They were signed out here before.
async fn conclude(
    request: &HttpRequest,
    shared: &Shared,
    arrived: &Arrived,
) -> Result<HttpResponse, Reason> {
    let now = shared.clock.now();
    let mut event = AuditEvent {
        client_address: shared.client_address(request),
        ..AuditEvent::new(now, AuditStep::LogOutAnswer, Outcome::Done)
    };
    let pending = pending_logout::open(request, shared).filter(|(p, _)| !p.has_expired(now));
    let Some((pending, removal)) = pending else {
        return Err(Reason::from(LogoutRefusal::NoPendingLogout).about(event));
    };
    event.idp = Some(pending.idp.clone());
    event.request_id = Some(pending.request_id.clone());
    let answer = match judge_response(shared, &pending, arrived).await {
        Ok(answer) => answer,
        Err(refusal) => {
            let reference = Reason::from(refusal).about(event).tell(shared);
            return Ok(signed_out(shared, SignedOut::Unclear, Some(&reference)));
        }
    };
    let issuer = pending.idp.as_str();
    if answer.uses_sha1() {
        tracing::warn!(event = "sha1_signature_used", issuer, request_id = pending.request_id);
    }
    let extent = match answer.outcome() {
        LogoutOutcome::Done => SignedOut::Everywhere,
        LogoutOutcome::Partial => {
            event.code = Some("partial_logout".to_owned());
            SignedOut::Partly
        }
        LogoutOutcome::Failed { code, sub_code } => {
            tracing::warn!(event = "logout_declined", issuer, status = ?code, sub_status = ?sub_code);
            event.outcome = Outcome::Failed;
            event.code = Some("logout_declined".to_owned());
            SignedOut::NotThere
        }
    };
    shared.audit.record(&event);
    tracing::info!(event = "signed_out_at_idp", issuer, request_id = pending.request_id, ?extent);
    let mut response = signed_out(shared, extent, None);
    response
        .add_cookie(&removal)
        .map_err(|error| Reason::new("logout", Trouble::Unavailable, error).untold())?;
    Ok(response)
}

async fn judge_response(
    shared: &Shared,
    pending: &PendingLogout,
    arrived: &Arrived,
) -> Result<LogoutResponse, LogoutRefusal> {
    let now = shared.clock.now();
    let snapshot = shared.snapshot();
    let answer = snapshot.sp.finish_logout(pending, arrived.received(), now);
    if let Err(refusal) = &answer
        && refusal.may_be_a_new_key()
        && let Some(newer) = shared.federation.refresh_early(&pending.idp, &snapshot).await
    {
        return newer.sp.finish_logout(pending, arrived.received(), now);
    }
    answer
}

/// One message in the body, each field at most once, and nothing of SAML in the query.
fn read_form(body: &[u8], query: &str) -> Result<Arrived, Reason> {
    let malformed = |detail: &str| Reason::new("form", Trouble::NotALogout, detail);
    let is_saml = |name: &str| {
        matches!(name, "SAMLResponse" | "SAMLRequest" | "SAMLart" | "RelayState" | "Signature")
    };
    if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_saml(&name)) {
        return Err(malformed("SAML fields in the query"));
    }
    let (mut message, mut relay_state) = (None, None);
    for (index, (name, value)) in form_urlencoded::parse(body).enumerate() {
        let field = match &*name {
            _ if index >= MAX_FIELDS => return Err(malformed("too many fields")),
            "SAMLRequest" => MessageParameter::Request,
            "SAMLResponse" => MessageParameter::Response,
            "SAMLart" => return Err(malformed("another SAML message")),
            "RelayState" => {
                if relay_state.replace(value.into_owned()).is_some() {
                    return Err(malformed("a SAML field twice"));
                }
                continue;
            }
            _ => continue,
        };
        if message.replace((field, value.into_owned())).is_some() {
            return Err(malformed("a SAML field twice"));
        }
    }
    let (field, base64) = message.ok_or_else(|| malformed("no SAML message"))?;
    let not_base64 = || Reason::new("base64", Trouble::NotALogout, "the message is not base64");
    let xml = decode_base64(base64.as_bytes()).ok_or_else(not_base64)?;
    if xml.len() > MAX_MESSAGE {
        let detail = format!("more than {MAX_MESSAGE} bytes");
        return Err(Reason::new("message_too_large", Trouble::TooLarge, detail));
    }
    Ok(Arrived::Post { field, xml, relay_state })
}
