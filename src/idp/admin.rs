//! The admin interface: what a test changes while the identity provider runs, as JSON over HTTP.
//!
//! Only programs of this machine may use it, and no page of another site: a caller comes from a
//! loopback address and not by way of a proxy, names the identity provider's own host, and sends its changes as JSON, which a
//! form of somebody else's page cannot.

use std::num::NonZeroU32;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::app::IdpApp;
use super::journal::Entry;
use super::keys::SigningKey;
use super::scenario::Scenario;
use super::stage::MetadataState;
use super::twist::{MAX_CLOCK_SECONDS, MAX_DELAY_SECONDS, Twist, clock_of, delay_of};
use crate::saml::format_instant;

/// What proxies add. Behind one, everybody seems to be at this machine.
const OF_PROXIES: [&str; 5] =
    ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"];
/// As long as any service provider's metadata.
const MAX_BODY: usize = 1_048_576;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(
        web::scope("/admin/api")
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .route("/state", web::get().to(state))
            .route("/log", web::get().to(log))
            .route("/scenarios", web::get().to(scenarios))
            .route("/next", web::post().to(next))
            .route("/clock", web::post().to(clock))
            .route("/metadata", web::post().to(metadata))
            .route("/delay", web::post().to(delay))
            .route("/keys", web::post().to(keys))
            .route("/relying-parties", web::post().to(register))
            .route("/reset", web::post().to(reset)),
    );
}

#[derive(Serialize)]
struct Problem {
    code: &'static str,
    message: String,
}

fn problem(status: StatusCode, code: &'static str, message: impl Into<String>) -> HttpResponse {
    json(status, &Problem { code, message: message.into() })
}

fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
}

/// Why a caller may not use this, if it may not.
fn barred(app: &IdpApp, request: &HttpRequest) -> Option<HttpResponse> {
    let bar = |message: &str| Some(problem(StatusCode::FORBIDDEN, "barred", message));
    if !request.peer_addr().is_some_and(|peer| peer.ip().is_loopback()) {
        return bar("Only programs of the same machine may use this.");
    }
    if OF_PROXIES.iter().any(|name| request.headers().contains_key(*name)) {
        return bar("Only programs of the same machine may use this, and not by way of a proxy.");
    }
    let base_url = app.idp().base_url().to_owned();
    let authority = base_url.split_once("://").map(|(_, authority)| authority);
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST);
    if host.is_none() || host != authority {
        return bar("Use the address that the identity provider was started with.");
    }
    if request.headers().contains_key(ORIGIN) && text(ORIGIN) != Some(&base_url) {
        return bar("Pages of other sites may not use this.");
    }
    None
}

/// The JSON of a change.
fn read<'b, T: Deserialize<'b>>(
    app: &IdpApp,
    request: &HttpRequest,
    body: &'b [u8],
) -> Result<T, Box<HttpResponse>> {
    if let Some(response) = barred(app, request) {
        return Err(Box::new(response));
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if kind != Some("application/json") {
        let message = "Send Content-Type: application/json.";
        let response = problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", message);
        return Err(Box::new(response));
    }
    serde_json::from_slice(body)
        .map_err(|error| Box::new(problem(StatusCode::BAD_REQUEST, "json", error.to_string())))
}

#[derive(Serialize)]
struct Key {
    role: &'static str,
    sha256: String,
}

#[derive(Serialize)]
struct State {
    personality: &'static str,
    entity_id: String,
    metadata_url: String,
    sign_in_url: String,
    now: String,
    clock_offset_seconds: i64,
    next: Option<&'static str>,
    next_clock_offset_seconds: Option<i64>,
    next_delay_seconds: Option<u64>,
    metadata: MetadataState,
    metadata_times: Option<u32>,
    delay_seconds: u64,
    keys: Vec<Key>,
    relying_parties: Vec<String>,
    people: Vec<String>,
}

fn describe(app: &IdpApp) -> HttpResponse {
    let idp = app.idp();
    let stage = app.stage();
    let listed = [
        ("current", Some(idp.keys.current())),
        ("announced", idp.keys.announced()),
        ("old", idp.keys.old()),
    ];
    let key = |(role, key): (&'static str, Option<&SigningKey>)| {
        key.map(|key| Key { role, sha256: key.certificate().fingerprint() })
    };
    let state = State {
        personality: idp.personality.as_str(),
        entity_id: idp.entity_id.to_string(),
        metadata_url: idp.metadata_url(),
        sign_in_url: idp.sign_in_url(),
        now: format_instant(app.now()),
        clock_offset_seconds: stage.clock_offset.num_seconds(),
        next: stage.next.scenario.map(Scenario::word),
        next_clock_offset_seconds: stage.next.clock.map(|clock| clock.num_seconds()),
        next_delay_seconds: stage.next.delay.map(|delay| delay.as_secs()),
        metadata: stage.metadata,
        metadata_times: stage.metadata_times,
        delay_seconds: stage.delay.as_secs(),
        keys: listed.into_iter().filter_map(key).collect(),
        relying_parties: idp.relying_parties.iter().map(|rp| rp.entity_id.to_string()).collect(),
        people: idp.people.iter().map(|person| person.user_name.clone()).collect(),
    };
    json(StatusCode::OK, &state)
}

async fn state(app: Data<IdpApp>, request: HttpRequest) -> HttpResponse {
    barred(&app, &request).unwrap_or_else(|| describe(&app))
}

async fn log(app: Data<IdpApp>, request: HttpRequest) -> HttpResponse {
    barred(&app, &request).unwrap_or_else(|| {
        let stage = app.stage();
        let entries: Vec<&Entry> = stage.journal.entries().collect();
        json(StatusCode::OK, &entries)
    })
}

#[derive(Serialize)]
struct Listed {
    word: &'static str,
    title: &'static str,
    expected: &'static str,
}

async fn scenarios(app: Data<IdpApp>, request: HttpRequest) -> HttpResponse {
    barred(&app, &request).unwrap_or_else(|| {
        let listed: Vec<Listed> = Scenario::all()
            .map(|scenario| Listed {
                word: scenario.word(),
                title: scenario.title(),
                expected: scenario.expected().word(),
            })
            .collect();
        json(StatusCode::OK, &listed)
    })
}

fn far() -> HttpResponse {
    let message = format!("the clock moves at most {MAX_CLOCK_SECONDS} seconds either way");
    problem(StatusCode::BAD_REQUEST, "clock", message)
}

fn long() -> HttpResponse {
    let message = format!("nobody waits longer than {MAX_DELAY_SECONDS} seconds");
    problem(StatusCode::BAD_REQUEST, "delay", message)
}

/// For the next response only. What is `null` or left out is as usual.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Next {
    scenario: Option<String>,
    clock_offset_seconds: Option<i64>,
    delay_seconds: Option<u64>,
}

async fn next(app: Data<IdpApp>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let next: Next = match read(&app, &request, &body) {
        Ok(next) => next,
        Err(response) => return *response,
    };
    let scenario = match next.scenario.as_deref().map(|word| (word, Scenario::from_word(word))) {
        None => None,
        Some((_, Some(scenario))) => Some(scenario),
        Some((word, None)) => {
            let message = format!("{word:?} is none of /admin/api/scenarios");
            return problem(StatusCode::BAD_REQUEST, "scenario", message);
        }
    };
    let clock = next.clock_offset_seconds.map(clock_of);
    let delay = next.delay_seconds.map(delay_of);
    if clock == Some(None) {
        return far();
    }
    if delay == Some(None) {
        return long();
    }
    let (clock, delay) = (clock.flatten(), delay.flatten());
    app.direct(|stage| stage.next = Twist { scenario, clock, delay });
    describe(&app)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    /// Ahead of the machine's own clock; behind it when negative.
    offset_seconds: i64,
}

async fn clock(app: Data<IdpApp>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let clock: Clock = match read(&app, &request, &body) {
        Ok(clock) => clock,
        Err(response) => return *response,
    };
    let Some(offset) = clock_of(clock.offset_seconds) else { return far() };
    app.direct(|stage| stage.clock_offset = offset);
    describe(&app)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    state: MetadataState,
    /// For so many fetches only.
    times: Option<NonZeroU32>,
}

async fn metadata(app: Data<IdpApp>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let metadata: Metadata = match read(&app, &request, &body) {
        Ok(metadata) => metadata,
        Err(response) => return *response,
    };
    app.direct(|stage| {
        stage.metadata = metadata.state;
        stage.metadata_times = metadata.times.map(NonZeroU32::get);
    });
    describe(&app)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    seconds: u64,
}

async fn delay(app: Data<IdpApp>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let delay: Delay = match read(&app, &request, &body) {
        Ok(delay) => delay,
        Err(response) => return *response,
    };
    let Some(delay) = delay_of(delay.seconds) else { return long() };
    app.direct(|stage| stage.delay = delay);
    describe(&app)
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeyAction {
    Announce,
    Switch,
    Remove,
    Replace,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    action: KeyAction,
}

async fn keys(app: Data<IdpApp>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let Keys { action } = match read(&app, &request, &body) {
        Ok(keys) => keys,
        Err(response) => return *response,
    };
    let failed = |text: String| problem(StatusCode::INTERNAL_SERVER_ERROR, "keys", text);
    let next = if matches!(action, KeyAction::Announce | KeyAction::Replace) {
        let idp = app.idp();
        let now = app.now();
        match web::block(move || idp.keys.make_next(idp.personality, idp.host(), now)).await {
            Ok(Ok(key)) => Some(key),
            Ok(Err(error)) => return failed(error.to_string()),
            Err(error) => return failed(error.to_string()),
        }
    } else {
        None
    };
    let changed = app.change_keys(|keys| match (action, next) {
        (KeyAction::Announce, Some(next)) => {
            keys.announce(next);
            true
        }
        (KeyAction::Replace, Some(next)) => {
            keys.replace(next);
            true
        }
        (KeyAction::Switch, _) => keys.promote(),
        (KeyAction::Remove, _) => keys.retire(),
        (KeyAction::Announce | KeyAction::Replace, None) => false,
    });
    match changed {
        Ok(true) => describe(&app),
        Ok(false) => {
            let message = "There is no such key: announce one before a switch, and switch before \
                           one is removed.";
            problem(StatusCode::CONFLICT, "no_such_key", message)
        }
        Err(error) => failed(error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    /// The XML.
    metadata: Option<String>,
    /// Or where it is.
    metadata_url: Option<String>,
}

async fn register(app: Data<IdpApp>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let register: Register = match read(&app, &request, &body) {
        Ok(register) => register,
        Err(response) => return *response,
    };
    let metadata = match (register.metadata, register.metadata_url) {
        (Some(metadata), None) => metadata.into_bytes(),
        (None, Some(url)) => {
            let fetching = app.clone();
            let fetched = web::block(move || fetching.fetch(&url)).await;
            match fetched.map_err(|error| error.to_string()).flatten() {
                Ok(metadata) => metadata,
                Err(error) => return problem(StatusCode::BAD_GATEWAY, "fetch", error),
            }
        }
        (Some(_), Some(_)) | (None, None) => {
            let message = "Give either metadata or metadata_url.";
            return problem(StatusCode::BAD_REQUEST, "json", message);
        }
    };
    match app.change(|idp| idp.register(&metadata)) {
        Ok(()) => describe(&app),
        Err(error) => problem(StatusCode::BAD_REQUEST, "metadata", error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn reset(app: Data<IdpApp>, request: HttpRequest, body: Bytes) -> HttpResponse {
    match read::<Nothing>(&app, &request, &body) {
        Ok(Nothing {}) => {
            app.reset();
            describe(&app)
        }
        Err(response) => *response,
    }
}
