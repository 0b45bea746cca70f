//! The assertion consumer service (Profiles 4.1.4, Bindings 3.5).

use actix_session::Session;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION,
};
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use super::judge::{LARGE, judge, run};
use super::unsolicited;
use crate::nhsmail::Staff;
use crate::saml::{EntityId, Peeked, Rejection};
use crate::sp::{Refusal, Remembered, ReplayKey, ReturnTo, ServiceProvider};
use crate::web::access;
use crate::web::audit::{AuditEvent, AuditStep, Outcome};
use crate::web::chooser;
use crate::web::finished::{self, Again, Finished};
use crate::web::handover::{HANDOVER, Handover};
use crate::web::lock::{self, Return};
use crate::web::pages::{LockedByOther, Trouble};
use crate::web::pending::{Kept, Pending, PendingCookies};
use crate::web::person::{self, Person};
use crate::web::refusal::Reason;
use crate::web::saml::Shared;
use crate::web::session;
use crate::web::trips::Trips;
use crate::xml::decode_base64;

/// The largest body: a megabyte of XML in base64, percent-encoded.
const MAX_BODY: usize = 2 * 1024 * 1024;
const MAX_FIELDS: usize = 16;
/// Receives the response, and signs the person in if it is right.
pub(super) async fn receive(
    request: HttpRequest,
    session: Session,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> HttpResponse {
    match finish(&request, &session, &shared, payload).await {
        Ok(response) => response,
        Err(reason) => reason.asked_by(&request, &shared).into_response(&shared),
    }
}

async fn finish(
    request: &HttpRequest,
    session: &Session,
    shared: &web::Data<Shared>,
    payload: web::Payload,
) -> Result<HttpResponse, Reason> {
    let message = Message::receive(request, payload).await?;
    let now = shared.clock.now();
    let kept = PendingCookies::of(shared).open(request, &message.relay_state, now);
    let pending = match kept {
        Some(Kept::Pending(pending)) => pending,
        Some(Kept::Finished(finished)) => {
            let page = finished.page.clone();
            let answered = answer_again(request, shared, *finished, message.response).await;
            return answered.map_err(|reason| reason.returning_to(&page));
        }
        None if !shared.unsolicited.is_empty() => {
            return unsolicited::receive(request, session, shared, message).await;
        }
        None => return Err(refuse_stray(shared, message.response).await),
    };
    match complete(request, session, shared, &pending, message.response).await {
        Ok(response) => Ok(response),
        Err(reason) => {
            Err(reason.returning_to(&pending.login.return_to).stepping_up(pending.step_up))
        }
    }
}

/// Why a response counts for nothing that this browser has not asked for.
async fn refuse_stray(shared: &Shared, response: Vec<u8>) -> Reason {
    match peek(shared, response).await {
        Ok(peeked) => refuse_peeked(shared, &peeked).await,
        Err(reason) => reason,
    }
}

pub(super) async fn refuse_peeked(shared: &Shared, peeked: &Peeked) -> Reason {
    let is_second = was_answered(shared, peeked).await;
    if is_second { Refusal::Replayed.into() } else { Refusal::NoPendingLogin.into() }
}

pub(super) async fn peek(shared: &Shared, response: Vec<u8>) -> Result<Peeked, Reason> {
    // What is no SAML response at all is said to be none, whoever sends it.
    let is_heavy = response.len() > LARGE;
    Ok(run(shared, is_heavy, move || crate::saml::peek(&response)).await??)
}

/// Whether somebody has signed in by an answer to the same request. Nothing is verified for it: the
/// ID of a request is random, so whoever names one that was answered has seen it.
async fn was_answered(shared: &Shared, peeked: &Peeked) -> bool {
    let issuer = peeked.issuer.as_deref().and_then(|issuer| EntityId::new(issuer).ok());
    let (Some(issuer), Some(id)) = (issuer, &peeked.in_response_to) else { return false };
    let key = ReplayKey::of_request(&issuer, id);
    // It is refused in any case, and the store has said itself what is the matter with it.
    shared.trusts(&issuer) && shared.replay.knows(key).await.unwrap_or(false)
}

/// Answers a response that arrives for a sign-in that this browser has finished.
async fn answer_again(
    request: &HttpRequest,
    shared: &Shared,
    finished: Finished,
    response: Vec<u8>,
) -> Result<HttpResponse, Reason> {
    let again = finished.again(request, shared, &response).await;
    match again.map_err(|error| Reason::new("session_store", Trouble::Unavailable, error))? {
        Again::GoOn(page) => {
            tracing::info!(event = "signed_in_already");
            Ok(welcome(&page))
        }
        Again::IsOver => {
            let detail = "this browser has used the response before, and its session has ended";
            Err(Reason::new(Refusal::Replayed.code(), Trouble::SignInOver, detail))
        }
        // An identity provider that somebody has gone back to makes another one: that is no alarm.
        Again::Other => Err(peek(shared, response)
            .await
            .map_or_else(|reason| reason, |_| Refusal::NoPendingLogin.into())),
    }
}

/// Answers whoever comes here without a response: by a bookmark, or in a window that the browser has
/// opened again.
pub(super) async fn visited(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let page = PendingCookies::of(&shared).only_page(&request, shared.clock.now());
    let reason = Reason::new("method", Trouble::WrongMethod, "allowed: POST");
    let reason = page.iter().fold(reason, Reason::returning_to);
    let mut response = reason.into_response(&shared);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// Decides about the response to a sign-in that this browser has begun.
async fn complete(
    request: &HttpRequest,
    session: &Session,
    shared: &web::Data<Shared>,
    pending: &Pending,
    response: Vec<u8>,
) -> Result<HttpResponse, Reason> {
    let now = shared.clock.now();
    let mut event = AuditEvent {
        idp: Some(pending.login.idp.clone()),
        request_id: Some(pending.login.request_id.clone()),
        client_address: shared.client_address(request),
        ..AuditEvent::new(now, AuditStep::SignIn, Outcome::Done)
    };
    if pending.step_up.is_some() {
        // Until it has succeeded, the person is as they were.
        event.step = AuditStep::StepUp;
    }
    let digest = finished::digest(&response);
    shared.metrics.pending_age(now.signed_duration_since(pending.login.started_at));
    let (idp, began) = (pending.login.idp.clone(), pending.login.started_at);
    let asked = pending.login.clone();
    let finish = move |sp: &ServiceProvider, xml: &[u8]| sp.finish_login(&asked, xml, now);
    let judged = judge(shared, &idp, Some(began), response, now, finish).await;
    let login = judged.map_err(|reason| reason.about(event.clone()))?;
    // From here on it is known who says what.
    event.assertion_id = Some(login.principal.assertion_id.clone());
    // Every use, whatever becomes of the sign-in.
    if login.uses_sha1 {
        let issuer = login.principal.issuer.as_str();
        tracing::warn!(
            event = "sha1_signature_used",
            issuer,
            assertion_id = login.principal.assertion_id
        );
    }
    let staff = Staff::from_principal(login.principal.clone(), &shared.claims, &shared.subjects)
        .map_err(|error| {
            if let Some(dual_run) = &shared.dual_run {
                dual_run.record_refusal(&login.principal.issuer, &error);
            }
            Reason::new(error.code(), Trouble::Refused, error).about(event.clone())
        })?;
    event.subject = shared.pseudonyms.of(staff.key());
    event.mfa = Some(staff.has_mfa_evidence());
    let refused = |reason: Reason| reason.about(event.clone());

    // Last of all: an assertion that was refused for another reason is not used up.
    for used in &login.uses {
        match shared.replay.remember(used.key, used.until, now).await {
            Ok(Remembered::First) => {}
            Ok(Remembered::Again) => return Err(refused(Refusal::Replayed.into())),
            Err(error) => {
                return Err(refused(Reason::new("replay_store", Trouble::Unavailable, error)));
            }
        }
    }
    let unavailable = |error: &dyn std::fmt::Display| {
        refused(Reason::new("session", Trouble::Unavailable, error))
    };
    let person = Person::of(&staff);
    let (handle, page) = (&pending.login.relay_state, login.return_to.clone());
    let finished = Finished::new(digest, page, &person, now);
    let cookies = PendingCookies::of(shared);
    let mut kept = Vec::new();
    if let (true, Some(earlier)) = (pending.unlocks, pending.earlier) {
        match lock::come_back(shared, earlier, &person, now).await {
            Ok(Return::Nothing) => {}
            Ok(Return::Same(state)) => kept = state,
            Ok(Return::Other(owner)) => {
                let detail = "somebody else has signed in than the person whose session is locked";
                let reason = refused(Reason::new("locked_by_other", Trouble::Refused, detail));
                let reference = reason.tell(shared);
                let mut response = shared.pages.locked_by_other(&LockedByOther {
                    owner: &owner.name,
                    name: &person.name,
                    reference: &reference,
                    login_url: &shared.paths.login,
                    logout_url: &shared.paths.logout,
                });
                let over = cookies.finish(handle, &finished);
                let over = over.map_err(|error| unavailable(&error))?;
                response.add_cookie(&over).map_err(|error| unavailable(&error))?;
                return Ok(response);
            }
            Err(error) => return Err(unavailable(&error)),
        }
    }
    if let (true, Some(earlier)) = (pending.step_up.is_some(), pending.earlier) {
        let earlier = access::state_of(shared, earlier, &person, now).await;
        kept.extend(earlier.map_err(|error| unavailable(&error))?);
    }
    let meanwhile = finished::end_sessions(request, shared, pending, &person, now).await;
    kept.extend(
        meanwhile
            .map_err(|error| refused(Reason::new("session_store", Trouble::Unavailable, error)))?,
    );
    let begun = session::begin(request, session, shared, &login.principal)
        .await
        .map_err(|error| unavailable(&error))?;
    for (name, value) in kept {
        session.insert(name, value).map_err(|error| unavailable(&error))?;
    }
    if let Some(asked) = pending.step_up {
        asked.remember(session).map_err(|error| unavailable(&error))?;
        let outcome = asked.outcome(shared, &pending.login, &staff);
        shared.audit.record(&AuditEvent {
            outcome: if outcome.is_none() { Outcome::Done } else { Outcome::Refused },
            code: outcome.map(ToOwned::to_owned),
            ..event.clone()
        });
    }
    if let Some(dual_run) = &shared.dual_run {
        dual_run.record(&staff);
    }
    let opened_by = pending.owner.as_ref().filter(|owner| !owner.is(&person));
    let opened_by = opened_by.filter(|_| login.return_to != ReturnTo::root());
    let mut response = match opened_by {
        None => welcome(login.return_to.as_str()),
        Some(owner) => {
            let handover = Handover::new(owner, &login.return_to);
            session.insert(HANDOVER, handover).map_err(|error| unavailable(&error))?;
            welcome(&shared.paths.handover)
        }
    };
    let finished = finished.with_session(begun, opened_by.is_some());
    let finished = cookies.finish(handle, &finished).map_err(|error| unavailable(&error))?;
    let choice = chooser::remember(shared, &login.principal.issuer);
    let remembered = person::remember(shared, &person).map_err(|error| unavailable(&error))?;
    let started = pending.login.started_at;
    let trips = Trips::and_one(pending.trips.as_ref(), &login.return_to, started);
    let trips = trips.cookie(shared).map_err(|error| unavailable(&error))?;
    for cookie in [&finished, &remembered, &trips].into_iter().chain(&choice) {
        response.add_cookie(cookie).map_err(|error| unavailable(&error))?;
    }
    let event = AuditEvent { step: AuditStep::SignIn, ..event };
    session::record(request, shared, event);
    tracing::info!(
        event = "signed_in",
        issuer = login.principal.issuer.as_str(),
        assertion_id = login.principal.assertion_id,
    );
    Ok(response)
}

/// What the browser posted, without the body that it came in: that may be large, and others wait.
pub(super) struct Message {
    pub(super) response: Vec<u8>,
    pub(super) relay_state: String,
    /// What a form of our own has sent along.
    pub(super) go_on: Option<String>,
}

impl Message {
    async fn receive(request: &HttpRequest, payload: web::Payload) -> Result<Self, Reason> {
        let body = read_body(request, payload, MAX_BODY).await?;
        let form = Form::read(&body, request.query_string())?;
        let response = decode_base64(form.saml_response.as_bytes()).ok_or(Rejection::Base64)?;
        let relay_state = form.relay_state.unwrap_or_default();
        Ok(Self { response, relay_state, go_on: form.go_on })
    }
}

/// The body of a form, as far as `limit` and no further.
pub(super) async fn read_body(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<web::Bytes, Reason> {
    check_form(request)?;
    let too_large = || {
        let detail = format!("more than {limit} bytes");
        Reason::new("body_too_large", Trouble::TooLarge, detail)
    };
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    if declared.and_then(|text| text.parse::<usize>().ok()).is_some_and(|size| size > limit) {
        return Err(too_large());
    }
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) => Err(Reason::new("body", Trouble::NotAMessage, error)),
        Err(_) => Err(too_large()),
    }
}

pub(super) fn welcome(page: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, page))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

fn check_form(request: &HttpRequest) -> Result<(), Reason> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let media_type = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Reason::new("content_type", Trouble::WrongType, format!("{content_type:?}")));
    }
    Ok(())
}

struct Form {
    saml_response: String,
    relay_state: Option<String>,
    go_on: Option<String>,
}

impl Form {
    /// Each field at most once, in the body and nowhere else.
    fn read(body: &[u8], query: &str) -> Result<Self, Reason> {
        let malformed = |detail: &str| Reason::new("form", Trouble::NotAMessage, detail);
        let is_saml =
            |name: &str| matches!(name, "SAMLResponse" | "SAMLRequest" | "SAMLart" | "RelayState");
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_saml(&name)) {
            return Err(malformed("SAML fields in the query"));
        }
        let (mut saml_response, mut relay_state, mut go_on) = (None, None, None);
        for (index, (name, value)) in form_urlencoded::parse(body).enumerate() {
            let field = match &*name {
                _ if index >= MAX_FIELDS => return Err(malformed("too many fields")),
                "SAMLResponse" => &mut saml_response,
                "RelayState" => &mut relay_state,
                unsolicited::GO_ON => &mut go_on,
                "SAMLRequest" | "SAMLart" => return Err(malformed("another SAML message")),
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return Err(malformed("a SAML field twice"));
            }
        }
        let saml_response = saml_response.ok_or_else(|| malformed("no SAMLResponse"))?;
        Ok(Self { saml_response, relay_state, go_on })
    }
}
