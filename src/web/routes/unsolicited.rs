//! A response that this browser has not asked for, where the application accepts such (Profiles
//! 4.1.5).
//!
//! It says who its assertion is about, and nothing of who sits in front of the browser: anybody can
//! have their own delivered by somebody else's. So the person is shown as whom they would be signed
//! in, and goes on by a form of our own. Only then anything is used up, and only then the cookies of
//! this site come along, so that it is known what a session would take the place of.

use actix_session::Session;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::acs::{Message, peek, refuse_peeked, welcome};
use super::judge::judge;
use crate::crypto::random_hex;
use crate::nhsmail::Staff;
use crate::saml::{EntityId, Rejection};
use crate::sp::{Principal, Refusal, Remembered, ReplayKey, ReturnTo, ServiceProvider, StoreError};
use crate::web::audit::{AuditEvent, AuditStep, Outcome};
use crate::web::chooser;
use crate::web::finished::{Finished, digest};
use crate::web::lock;
use crate::web::pages::Trouble;
use crate::web::pending::PendingCookies;
use crate::web::person::{self, Person};
use crate::web::refusal::Reason;
use crate::web::saml::Shared;
use crate::web::session;
use crate::xml::encode_base64;

/// The field of our own form. Its value is known to the page alone.
pub(super) const GO_ON: &str = "saml_go_on";

/// Under this handle a browser knows of the session that it has begun last in this way. A sign-in
/// that was under way meanwhile ends it when it takes its place. No other is called that: they are
/// random.
const HANDLE: &str = "00000000000000000000000000000000";

/// So long a second click may come behind the first.
const DOUBLE_CLICK: TimeDelta = TimeDelta::seconds(10);

/// What the browser keeps while the person looks at the page.
#[derive(Serialize, Deserialize)]
struct Shown {
    go_on: String,
    digest: String,
    at: DateTime<Utc>,
}

/// Answers a response to no request of this browser.
pub(super) async fn receive(
    request: &HttpRequest,
    session: &Session,
    shared: &web::Data<Shared>,
    message: Message,
) -> Result<HttpResponse, Reason> {
    let peeked = peek(shared, message.response.clone()).await?;
    // Whose response it says it is decides whose keys count, and nothing else.
    let issuer = peeked.issuer.as_deref().filter(|_| peeked.in_response_to.is_none());
    let accepted = issuer.and_then(|issuer| shared.unsolicited.get_key_value(issuer));
    let Some((idp, targets)) = accepted else {
        return Err(refuse_peeked(shared, &peeked).await);
    };
    let now = shared.clock.now();
    let event = AuditEvent {
        idp: Some(idp.clone()),
        client_address: shared.client_address(request),
        ..AuditEvent::new(now, AuditStep::SignIn, Outcome::Done)
    };
    let of = idp.clone();
    let finish = move |sp: &ServiceProvider, xml: &[u8]| match sp.finish_unsolicited(&of, xml, now)
    {
        // It answers a request all the same, by what its assertion says.
        Err(Refusal::Rejected(Rejection::InResponseTo { .. })) => Err(Refusal::NoPendingLogin),
        judged => judged,
    };
    let judged = judge(shared, idp, None, message.response.clone(), now, finish).await;
    let login = judged.map_err(|reason| reason.about(event.clone()))?;
    let page = targets.choose(Some(&message.relay_state)).clone();
    let staff = Staff::from_principal(login.principal.clone(), &shared.claims, &shared.subjects)
        .map_err(|error| {
            if let Some(dual_run) = &shared.dual_run {
                dual_run.record_refusal(&login.principal.issuer, &error);
            }
            Reason::new(error.code(), Trouble::Refused, error).about(event.clone())
        })?;
    let event = AuditEvent {
        assertion_id: Some(login.principal.assertion_id.clone()),
        subject: shared.pseudonyms.of(staff.key()),
        mfa: Some(staff.has_mfa_evidence()),
        ..event
    };
    let refused = |reason: Reason| reason.about(event.clone());
    let unavailable = |error: &dyn std::fmt::Display| {
        refused(Reason::new("session", Trouble::Unavailable, error))
    };
    let person = Person::of(&staff);
    let go_on = agreement(request, shared, &message, now);
    // It was not asked for a password, so it opens no lock.
    if go_on.is_some()
        && let Some(owner) = lock::owner(request, shared)
    {
        return Ok(shared.pages.locked(&owner.name, &shared.login_url(Some(&page)), false));
    }
    // Who goes back and agrees once more has used nothing twice. Nor has who clicks again when this
    // browser has the answer to the first click already, and no cookie of the page any more.
    if message.go_on.is_some() {
        let here = session::signed_in(request, shared)
            .await
            .map_err(|error| refused(Reason::new("session_store", Trouble::Unavailable, error)))?;
        if here.is_some_and(|here| is_by_the_same(&here.principal, &login.principal)) {
            tracing::info!(event = "signed_in_already");
            return Ok(welcome(page.as_str()));
        }
    }
    let Some(go_on) = go_on else {
        return ask(shared, &message, &person, &page, now).map_err(|error| unavailable(&error));
    };
    let replay_store =
        |error: StoreError| refused(Reason::new("replay_store", Trouble::Unavailable, error));
    // Of two clicks the browser sends both, and goes by the answer to the second. The first one signs
    // in; this one begins no session, and is no alarm: nobody but this browser has the value.
    let until = now.checked_add_signed(DOUBLE_CLICK).unwrap_or(now);
    let agreed = ReplayKey::of_agreement(&go_on);
    if shared.replay.remember(agreed, until, now).await.map_err(replay_store)? == Remembered::Again
    {
        // A store that is too full cannot rule out anything, and that is no click.
        if !shared.replay.knows(agreed).await.map_err(replay_store)? {
            return Err(refused(Refusal::Replayed.into()));
        }
        tracing::info!(event = "agreed_already");
        return Ok(welcome(page.as_str()));
    }
    let used = login.used;
    if shared.replay.remember(used.key, used.until, now).await.map_err(replay_store)?
        == Remembered::Again
    {
        return Err(refused(Refusal::Replayed.into()));
    }
    // Every one that this browser has had: nobody else could end them.
    let cookies = PendingCookies::of(shared);
    let at_hand = session::at_hand(request, shared);
    for earlier in at_hand.into_iter().chain(cookies.sessions(request, now)) {
        session::end(shared, earlier, now)
            .await
            .map_err(|error| refused(Reason::new("session_store", Trouble::Unavailable, error)))?;
    }
    let begun = session::begin(request, session, shared, &login.principal)
        .await
        .map_err(|error| unavailable(&error))?;
    if let Some(dual_run) = &shared.dual_run {
        dual_run.record(&staff);
    }
    let finished = Finished::new(digest(&message.response), page.clone(), &person, now);
    let finished = cookies.finish(HANDLE, &finished.with_session(begun, false));
    let finished = finished.map_err(|error| unavailable(&error))?;
    let mut response = welcome(page.as_str());
    let remembered = person::remember(shared, &person).map_err(|error| unavailable(&error))?;
    let choice = chooser::remember(shared, &login.principal.issuer);
    for cookie in [&removal(shared), &remembered, &finished].into_iter().chain(&choice) {
        response.add_cookie(cookie).map_err(|error| unavailable(&error))?;
    }
    session::record(request, shared, event);
    tell(&login.principal.issuer, &login.principal.assertion_id, login.uses_sha1);
    Ok(response)
}

/// Whether both have signed in by one and the same assertion.
fn is_by_the_same(one: &Principal, other: &Principal) -> bool {
    (&one.issuer, &one.assertion_id) == (&other.issuer, &other.assertion_id)
}

fn tell(issuer: &EntityId, assertion_id: &str, uses_sha1: bool) {
    let issuer = issuer.as_str();
    if uses_sha1 {
        tracing::warn!(event = "sha1_signature_used", issuer, assertion_id);
    }
    tracing::info!(event = "signed_in", issuer, assertion_id, unsolicited = true);
}

/// Whether the person has seen as whom they would be signed in by this very response, and goes on:
/// the value of the page on which they did. The cookie does not come along with forms of other sites,
/// and the value is on our page alone.
fn agreement(
    request: &HttpRequest,
    shared: &Shared,
    message: &Message,
    now: DateTime<Utc>,
) -> Option<String> {
    let go_on = message.go_on.as_ref()?;
    let cookie = request.cookie(cookie_name(shared));
    let json = cookie.and_then(|cookie| shared.cookie_keys.open(&cookie));
    let shown: Shown = json.and_then(|json| serde_json::from_str(&json).ok())?;
    let ends = shown.at.checked_add_signed(shared.settings.pending_lifetime);
    let counts = shown.go_on == *go_on
        && shown.digest == digest(&message.response)
        && ends.is_some_and(|end| now < end);
    counts.then_some(shown.go_on)
}

/// Shows as whom the response would sign in. Of `RelayState` the page has no more than which page of
/// the list it has chosen.
fn ask(
    shared: &Shared,
    message: &Message,
    person: &Person,
    page: &ReturnTo,
    now: DateTime<Utc>,
) -> Result<HttpResponse, Box<dyn std::error::Error>> {
    let go_on = random_hex::<16>()?;
    let fields = [
        ("SAMLResponse", encode_base64(&message.response)),
        ("RelayState", page.as_str().to_owned()),
        (GO_ON, go_on.clone()),
    ];
    let shown = Shown { go_on, digest: digest(&message.response), at: now };
    let sealed = shared.cookie_keys.seal(cookie_name(shared), serde_json::to_string(&shown)?);
    let mut response = shared.pages.confirm_sign_in(&person.name, &shared.paths.acs, &fields);
    response.add_cookie(&cookie(shared, sealed))?;
    Ok(response)
}

fn cookie_name(shared: &Shared) -> &'static str {
    if shared.is_https() { "__Host-saml-unasked" } else { "saml-unasked" }
}

fn cookie(shared: &Shared, value: String) -> Cookie<'static> {
    Cookie::build(cookie_name(shared), value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(Duration::seconds(shared.settings.pending_lifetime.num_seconds()))
        .finish()
}

fn removal(shared: &Shared) -> Cookie<'static> {
    let mut cookie = cookie(shared, String::new());
    cookie.make_removal();
    cookie
}
