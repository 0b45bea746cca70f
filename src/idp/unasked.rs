//! Sign-in that begins here, without any request: the page from which AD FS lets people choose an
//! application. Service providers do well to refuse what comes of it.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::app::{IdpApp, refuse};
use super::asked::choose;
use super::entra;
use super::form::{Choice, Form};
use super::html::{Behaviour, escape, page};
use super::issue::ReplyTo;
use super::pages::Chooser;
use super::personality::Personality;
use super::refusal::Refusal;
use super::sign_in::{SignIn, acs_url_of};
use super::test_idp::TestIdp;
use super::twist::{Twist, Words};

impl TestIdp {
    /// What is to be answered when somebody begins here, at the application that is registered as
    /// `entity_id`: a response to no request.
    ///
    /// # Errors
    /// [`Refusal::UnknownIssuer`] when there is no such application.
    pub fn begin_unasked(
        &self,
        entity_id: &str,
        relay_state: Option<&str>,
    ) -> Result<SignIn, Refusal> {
        let relying_party = self
            .relying_party_named(entity_id)
            .ok_or_else(|| Refusal::UnknownIssuer { found: entity_id.to_owned() })?;
        let audience = match self.personality {
            Personality::Entra => entra::audience(entity_id),
            Personality::Adfs | Personality::Plain => entity_id.to_owned(),
        };
        let acs_url = acs_url_of(relying_party, None, None)?;
        Ok(SignIn {
            relying_party: relying_party.entity_id.clone(),
            reply_to: ReplyTo { request_id: None, acs_url, audience, class_ref: None },
            relay_state: relay_state.map(str::to_owned),
            force_authn: false,
            name_id_format: None,
            failure: None,
        })
    }
}

pub(super) fn routes(personality: Personality, config: &mut ServiceConfig) {
    let paths: Vec<String> =
        personality.start_paths().iter().map(|path| (*path).to_owned()).collect();
    config.service(web::resource(paths).route(web::get().to(show)).route(web::post().to(receive)));
}

/// Where somebody wants to go, and what is to be given back there.
struct Wish {
    relying_party: String,
    relay_state: Option<String>,
}

impl Wish {
    /// `loginToRp`, with `RelayState`; or both in a `RelayState` that is a query of its own:
    /// `RPID=…&RelayState=…`, escaped.
    fn read(query: &str) -> Option<Self> {
        let value = |query: &str, name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
        };
        let relay_state = value(query, "RelayState");
        if let Some(relying_party) = value(query, "loginToRp") {
            return Some(Self { relying_party, relay_state });
        }
        let nested = relay_state?;
        let relying_party = value(&nested, "RPID")?;
        Some(Self { relying_party, relay_state: value(&nested, "RelayState") })
    }
}

async fn show(app: Data<IdpApp>, request: HttpRequest) -> HttpResponse {
    match Wish::read(request.query_string()) {
        None => list(&app.idp()),
        Some(wish) => {
            respond(&app, &wish, request.query_string(), Choice::None, Words::default()).await
        }
    }
}

async fn receive(app: Data<IdpApp>, body: Bytes) -> HttpResponse {
    let form = match Form::read(&body) {
        Ok(form) => form,
        Err(refusal) => return refuse(&app, &refusal),
    };
    let query = form.query.as_deref().unwrap_or_default();
    match Wish::read(query) {
        None => list(&app.idp()),
        Some(wish) => respond(&app, &wish, query, form.choice(), form.words()).await,
    }
}

async fn respond(
    app: &IdpApp,
    wish: &Wish,
    query: &str,
    choice: Choice<'_>,
    words: Words<'_>,
) -> HttpResponse {
    let idp = app.idp();
    let carried = [("query", query)];
    let twist = match Twist::chosen(words, &carried) {
        Ok(twist) => twist,
        Err(refusal) => return refuse(app, &refusal),
    };
    let sign_in = match idp.begin_unasked(&wish.relying_party, wish.relay_state.as_deref()) {
        Ok(sign_in) => sign_in,
        Err(refusal) => return refuse(app, &refusal),
    };
    let [action, ..] = idp.personality.start_paths();
    let carried = &carried;
    let page = Chooser { idp: &idp, sign_in: &sign_in, action, carried, twist };
    choose(app, &page, choice).await
}

/// The applications to choose from.
fn list(idp: &TestIdp) -> HttpResponse {
    let [path, ..] = idp.personality.start_paths();
    let mut body = String::from(
        "<p>Nobody has asked for what is sent from here. An application that takes it lets others \
         choose who is signed in.</p><ul>",
    );
    for relying_party in &idp.relying_parties {
        let entity_id = relying_party.entity_id.as_str();
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("loginToRp", entity_id)
            .finish();
        let _ = write!(
            body,
            "<li><a href=\"{path}?{}\">{}</a></li>",
            escape(&query),
            escape(entity_id)
        );
    }
    body.push_str("</ul>");
    if idp.relying_parties.is_empty() {
        body.push_str("<p>No application is registered.</p>");
    }
    page(StatusCode::OK, "Begin here", &body, Behaviour::Waits)
}
