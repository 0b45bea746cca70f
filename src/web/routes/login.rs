use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use crate::crypto::random_bytes;
use crate::sp::{
    Entropy, Idp, LoginMessage, LoginOptions, ReturnTo, ServiceProvider, StartLoginError,
};
use crate::web::access::{self, StepUp};
use crate::web::attempts::{self, Another};
use crate::web::audit::{AuditEvent, AuditStep, Outcome};
use crate::web::chooser::{self, Wish};
use crate::web::client::Client;
use crate::web::lock;
use crate::web::pages::{self, Trouble};
use crate::web::pending::{Pending, PendingCookies};
use crate::web::person;
use crate::web::refusal::Reason;
use crate::web::saml::Shared;
use crate::web::session;
use crate::web::trips::{self, Trips};

/// Sends the browser to the identity provider.
pub(super) async fn start(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    shared.host_watch.look_at(&request, &shared.settings.base_url);
    if let Some(response) = without_person(&request, &shared) {
        return response;
    }
    let query = Query::read(request.query_string());
    let return_to = query
        .return_to
        .as_deref()
        .and_then(|target| ReturnTo::parse(target, &shared.settings.base_url))
        .filter(|target| target.as_str() == shared.paths.resume || !is_own_page(target, &shared))
        .unwrap_or_else(ReturnTo::root);
    let snapshot = shared.snapshot();
    if !snapshot.is_ready(shared.clock.now()) {
        let reason = Reason::not_ready().returning_to(&return_to);
        return reason.asked_by(&request, &shared).into_response(&shared);
    }
    let sp = &snapshot.sp;
    let idps = sp.idps();
    let signed_in = session::signed_in(&request, &shared).await.ok().flatten();
    // Whoever is signed in may sign in as often as they like: nothing is lost.
    let is_signed_in = signed_in.is_some();
    let remembered = chooser::remembered(&request, &shared, &snapshot);
    let is_first = !attempts::is_another(&request, &shared, &return_to, shared.clock.now());
    let direct = remembered.filter(|_| is_first);
    // More than there is can be asked only of the provider that gave what there is.
    let same = signed_in.filter(|_| query.step_up.is_some());
    let same =
        same.and_then(|who| idps.iter().find(|idp| *idp.entity_id() == who.principal.issuer));
    let chosen = || chooser::select(&shared, &query.wish(), idps, direct);
    let Some(idp) = same.or_else(chosen) else {
        return chooser::page(&shared, idps, remembered, &return_to);
    };
    send(&request, &shared, sp, idp, return_to, is_signed_in, query.step_up)
        .unwrap_or_else(|reason| reason.asked_by(&request, &shared).into_response(&shared))
}

/// The answer to whoever is no person in front of a window: nobody could sign in there.
fn without_person(request: &HttpRequest, shared: &Shared) -> Option<HttpResponse> {
    let login_url = || {
        let here = request.uri().path_and_query();
        here.map_or_else(|| shared.paths.login.clone(), ToString::to_string)
    };
    match Client::of(request) {
        Client::Visit | Client::Form => None,
        Client::Frame | Client::FormInFrame => {
            Some(shared.pages.break_out(&login_url(), None, false))
        }
        Client::Ahead => Some(pages::nothing_ahead()),
        Client::Script => Some(pages::problem(
            StatusCode::UNAUTHORIZED,
            "Sign-in needed",
            &[("login_url", &login_url())],
        )),
    }
}

/// Signing in must not end at the sign-in itself.
fn is_own_page(target: &ReturnTo, shared: &Shared) -> bool {
    let path = target.as_str().split('?').next().unwrap_or("");
    // As the router reads it: `%6C` is an `l`.
    let decoded = form_urlencoded::parse(path.as_bytes()).next();
    shared.paths.has(decoded.as_ref().map_or("", |(path, _)| path))
}

fn send(
    request: &HttpRequest,
    shared: &Shared,
    sp: &ServiceProvider,
    idp: &Idp,
    return_to: ReturnTo,
    is_signed_in: bool,
    step_up: Option<StepUp>,
) -> Result<HttpResponse, Reason> {
    let unavailable = |detail: String| Reason::new("start_login", Trouble::Unavailable, detail);
    let now = shared.clock.now();
    let trips = Trips::made(request, shared, &return_to, now);
    if !is_signed_in && trips.as_ref().is_some_and(Trips::is_loop) {
        let (trouble, detail) = trips::diagnose(request, shared);
        let reason = Reason::new("login_loop", trouble, detail);
        let reason = reason.returning_to(&return_to).asked_by(request, shared);
        let mut response = reason.into_response(shared);
        let forgotten = trips::forget(shared);
        response.add_cookie(&forgotten).map_err(|error| unavailable(error.to_string()))?;
        return Ok(response);
    }
    let counted = attempts::count(request, shared, &return_to, now)
        .map_err(|error| unavailable(error.to_string()))?;
    let counted = match counted {
        Another::GoOn(cookie) => cookie,
        Another::Stop(cookie) => {
            let detail = "this browser was sent to the identity provider again and again";
            let reason = Reason::new("login_loop", Trouble::Repeating, detail);
            let reason = reason.returning_to(&return_to).asked_by(request, shared);
            let mut response = reason.into_response(shared);
            response.add_cookie(&cookie).map_err(|error| unavailable(error.to_string()))?;
            return Ok(response);
        }
    };
    let random = |e: crate::crypto::CryptoError| unavailable(e.to_string());
    let entropy = Entropy {
        request_id: random_bytes().map_err(random)?,
        relay_state: random_bytes().map_err(random)?,
    };
    // The identity provider may still know the person, and somebody else may sit there now.
    let unlocks = lock::owner(request, shared).is_some();
    let support = shared.step_up_support(idp.entity_id());
    let asked = step_up.map_or_else(LoginOptions::default, |asked| asked.options(&support));
    let options = LoginOptions { force_authn: unlocks || asked.force_authn, ..asked };
    let started =
        sp.start_login(idp, return_to, &options, now, &entropy).map_err(|error| match error {
            StartLoginError::MetadataExpired { .. } => Reason::not_ready(),
            other => unavailable(other.to_string()),
        })?;
    let pending = Pending {
        login: started.pending,
        earlier: session::at_hand(request, shared),
        owner: person::last_seen(request, shared),
        unlocks,
        step_up,
        trips,
    };
    let mut cookies = PendingCookies::of(shared)
        .seal(request, &pending)
        .map_err(|error| unavailable(error.to_string()))?;
    cookies.push(counted);
    let mut response = match &started.message {
        LoginMessage::Redirect(url) => HttpResponse::SeeOther()
            .insert_header((LOCATION, url.as_str()))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        LoginMessage::Post { action, saml_request, relay_state } => {
            shared.pages.post_request(action, saml_request, relay_state)
        }
    };
    for cookie in &cookies {
        response.add_cookie(cookie).map_err(|error| unavailable(error.to_string()))?;
    }
    shared.audit.record(&AuditEvent {
        idp: Some(pending.login.idp.clone()),
        request_id: Some(pending.login.request_id.clone()),
        client_address: shared.client_address(request),
        code: step_up.map(|_| access::PARAMETER.to_owned()),
        ..AuditEvent::new(now, AuditStep::RequestSent, Outcome::Done)
    });
    tracing::debug!(event = "request_sent", request_id = pending.login.request_id);
    Ok(response)
}

#[derive(Default)]
struct Query {
    return_to: Option<String>,
    idp: Option<String>,
    chooses: bool,
    step_up: Option<StepUp>,
}

impl Query {
    /// A name that comes twice is as good as absent: nobody can say which one counts. Two
    /// providers are a wish to choose.
    fn read(query: &str) -> Self {
        let values = |name: &'static str| {
            form_urlencoded::parse(query.as_bytes()).filter(move |(n, _)| n == name).map(|(_, v)| v)
        };
        let only = |name: &'static str| {
            let mut values = values(name);
            match (values.next(), values.next()) {
                (Some(value), None) => Some(value.into_owned()),
                _ => None,
            }
        };
        let chooses = values("choose").next().is_some() || values("idp").count() > 1;
        let step_up = only(access::PARAMETER).and_then(|value| StepUp::read(&value));
        Self { return_to: only("return_to"), idp: only("idp"), chooses, step_up }
    }

    fn wish(&self) -> Wish<'_> {
        match &self.idp {
            _ if self.chooses => Wish::Choose,
            Some(name) => Wish::At(name),
            None => Wish::None,
        }
    }
}
