//! A form that met no session is not lost: it is kept, sealed, until the same person has signed in
//! and says by a click that it is to be sent.
//!
//! One form for each person, in the store of the sessions. So whoever may write here can fill one
//! place, and only people of whom this browser has a sealed cookie may: who is unknown keeps nothing.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::cookie::Cookie;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{ErrorBadRequest, ErrorInternalServerError, PayloadError};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, ORIGIN};
use actix_web::{Error, FromRequest as _, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use futures_core::Stream;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::access::StepUp;
use super::client::Client;
use super::known::Known;
use super::person::{self, Person};
use super::saml::Shared;
use crate::crypto::random_hex;
use crate::sp::{Remembered, ReplayKey, ReturnTo, SessionHandle, SessionState, StoreError};

/// A longer form is not kept.
const MAX_BYTES: usize = 32 * 1024;
/// Nor one of more fields.
const MAX_FIELDS: usize = 500;
/// Under this name the store holds the form, sealed.
const FORM: &str = "actix_saml.form";
/// The name under which forms are sealed. No cookie is called that.
const SEALED_AS: &str = "saml-kept-form";

/// Marks an answer that takes the place of a form's, and what another sign-in is to be asked for.
pub(super) struct NotUsed(pub(super) Option<StepUp>);

/// A form as it was sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptForm {
    /// Its own, at random, and on the page that shows it: whoever sends it has seen that.
    pub(super) id: String,
    /// Where to.
    pub(super) action: ReturnTo,
    body: String,
    /// When.
    pub(super) at: DateTime<Utc>,
}

impl std::fmt::Debug for KeptForm {
    // It is about patients.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptForm")
    }
}

impl KeptForm {
    /// An invented one.
    pub(super) fn sample() -> Option<Self> {
        let base = url::Url::parse("https://rota.example.org").ok()?;
        let action = ReturnTo::parse("/rota/swap?day=2", &base)?;
        let mut body = "with=Bryn+O%27Sample&csrf_token=sample".to_owned();
        (1..=20).for_each(|day| body.push_str(&format!("&day_{day}=Early")));
        Some(Self { id: "0".repeat(32), action, body, at: DateTime::UNIX_EPOCH })
    }

    /// Names and values, in the order in which they were sent.
    pub(super) fn fields(&self) -> impl Iterator<Item = (String, String)> + '_ {
        fields_of(self.body.as_bytes())
    }

    /// Until then it can be sent.
    pub(super) fn ends(&self, lifetime: TimeDelta) -> DateTime<Utc> {
        self.at.checked_add_signed(lifetime).unwrap_or(self.at)
    }
}

/// Names and values in the body of a form.
pub(super) fn fields_of(body: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// What came of a wish to take a form out.
pub(super) enum Taken {
    /// It is yours, and nobody else's.
    Now(KeptForm),
    /// It was taken out before.
    Before,
    /// There is none of that id.
    Nothing,
}

/// A form that may have to be kept, and who has sent it as far as the browser knows.
pub(super) struct Candidate {
    form: KeptForm,
    sender: Person,
}

/// The form in `request`, if it would be kept should it meet no session. The request has it still.
///
/// # Errors
/// When the form does not arrive.
pub(super) async fn read(
    request: &mut ServiceRequest,
    shared: &Shared,
) -> Result<Option<Candidate>, Error> {
    let Some((action, sender)) = about(request, shared) else { return Ok(None) };
    let payload = web::Payload::from_request(&request.request().clone(), request.parts_mut().1);
    let body = payload.await?.to_bytes_limited(MAX_BYTES).await;
    let body = body.map_err(|_| ErrorBadRequest("too much"))??;
    request.set_payload(Payload::Stream { payload: Box::pin(Once(Some(body.clone()))) });
    let Ok(body) = String::from_utf8(body.to_vec()) else { return Ok(None) };
    if form_urlencoded::parse(body.as_bytes()).count() > MAX_FIELDS {
        return Ok(None);
    }
    let id = random_hex::<16>().map_err(ErrorInternalServerError)?;
    Ok(Some(Candidate { form: KeptForm { id, action, body, at: shared.clock.now() }, sender }))
}

/// Where a form goes that a page of ours has sent, and who is there. `None` for everything else.
fn about(request: &ServiceRequest, shared: &Shared) -> Option<(ReturnTo, Person)> {
    if !shared.keeps_forms {
        return None;
    }
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let media = text(CONTENT_TYPE)?.split(';').next()?.trim();
    let size = text(CONTENT_LENGTH)?.parse::<usize>().ok()?;
    let is_kept = request.method() == actix_web::http::Method::POST
        && media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && size <= MAX_BYTES
        && Client::of(request.request()) == Client::Form
        && !shared.paths.has(request.path())
        && is_from_here(headers, shared);
    let target = request.uri().path_and_query().filter(|_| is_kept)?;
    let action = ReturnTo::parse(target.as_str(), &shared.settings.base_url)?;
    Some((action, person::last_seen(request.request(), shared)?))
}

/// Whether a page of our own origin has sent it: nobody else is to put words into people's mouths.
fn is_from_here(headers: &HeaderMap, shared: &Shared) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = shared.settings.base_url.origin().ascii_serialization();
    match (text("Sec-Fetch-Site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, origin) => origin == Some(ours.as_str()),
    }
}

impl Candidate {
    /// Keeps the form when `answer` says that it was not used. The answer to give instead.
    pub(super) async fn keep<B>(
        self,
        answer: &ServiceResponse<B>,
        known: Option<&Known>,
        shared: &Shared,
    ) -> Option<HttpResponse> {
        let step_up = answer.response().extensions().get::<NotUsed>()?.0;
        // Who is signed in counts before who was here last.
        let sender = known.map_or(Some(self.sender), Known::person)?;
        match put(shared, &sender, &self.form).await {
            Ok(()) => {
                let login_url = shared.resume_url(step_up);
                Some(shared.pages.form_kept(&sender.name, &login_url))
            }
            Err(error) => {
                tracing::warn!(event = "form_not_kept", error = ?error.to_string());
                None
            }
        }
    }
}

async fn put(shared: &Shared, person: &Person, form: &KeptForm) -> Result<(), StoreError> {
    let json = serde_json::to_string(form).map_err(|e| StoreError::Unavailable(e.to_string()))?;
    let sealed = shared.cookie_keys.seal(SEALED_AS, json);
    let place = place_of(person);
    let until = form.ends(shared.settings.pending_lifetime);
    shared.sessions.delete(place).await?;
    let state = SessionState::from_iter([(FORM.to_owned(), sealed)]);
    shared.sessions.create(place, state, until, form.at).await
}

/// The form of `person`. Looking uses nothing up: a link of another site leads here as well.
///
/// # Errors
/// When a store cannot be reached.
pub(super) async fn look(shared: &Shared, person: &Person) -> Result<Option<KeptForm>, StoreError> {
    let form = load(shared, person).await?;
    match form {
        // The store did not let go of it.
        Some(form) if shared.replay.knows(ReplayKey::of_form(&form.id)).await? => Ok(None),
        form => Ok(form),
    }
}

async fn load(shared: &Shared, person: &Person) -> Result<Option<KeptForm>, StoreError> {
    let live = shared.sessions.load(place_of(person), None, shared.clock.now()).await?;
    let sealed = live.as_ref().and_then(|live| live.state.get(FORM));
    let sealed = sealed.map(|sealed| Cookie::new(SEALED_AS, sealed.clone()));
    let json = sealed.and_then(|sealed| shared.cookie_keys.open(&sealed));
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

/// Takes the form of `person` out that has this `id`, once: nobody sends it twice by a double click,
/// nor by going back, nor in two tabs at the same moment.
///
/// # Errors
/// When a store cannot be reached. The form is there still.
pub(super) async fn take(shared: &Shared, person: &Person, id: &str) -> Result<Taken, StoreError> {
    let key = ReplayKey::of_form(id);
    let Some(form) = load(shared, person).await?.filter(|form| form.id == id) else {
        let was_there = shared.replay.knows(key).await?;
        return Ok(if was_there { Taken::Before } else { Taken::Nothing });
    };
    let until = form.ends(shared.settings.pending_lifetime);
    if shared.replay.remember(key, until, shared.clock.now()).await? == Remembered::Again {
        return Ok(Taken::Before);
    }
    // It is used up, whether it goes now or when its time is over.
    if let Err(error) = shared.sessions.delete(place_of(person)).await {
        tracing::warn!(event = "form_not_deleted", error = ?error.to_string());
    }
    Ok(Taken::Now(form))
}

/// Whoever signs out has left nothing here.
///
/// # Errors
/// When the store cannot be reached.
pub(super) async fn forget(shared: &Shared, person: &Person) -> Result<(), StoreError> {
    if shared.keeps_forms { shared.sessions.delete(place_of(person)).await } else { Ok(()) }
}

fn place_of(person: &Person) -> SessionHandle {
    SessionHandle::of_key(&format!("{FORM}\0{}", person.digest()))
}

/// A body that was read already.
struct Once(Option<web::Bytes>);

impl Stream for Once {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
