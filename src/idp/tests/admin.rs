//! The admin interface, and the scenarios over HTTP.

use std::net::SocketAddr;

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use actix_web::test::{TestRequest, call_service, init_service};
use serde_json::{Value, json};
use url::Url;

use super::{ACS, IDP, REQUEST, SP, now};
use crate::idp::{IdSource, IdpApp, RelyingParty, TestIdp};
use crate::saml::binding::redirect_url;
use crate::saml::{AuthnRequest, EntityId};
use crate::xml::decode_base64;

pub(super) fn app() -> IdpApp {
    let mut idp = IDP.clone();
    idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
    IdpApp::new(idp, now)
}

fn own(request: TestRequest) -> TestRequest {
    let peer: SocketAddr = "127.0.0.1:50000".parse().unwrap();
    request.peer_addr(peer).insert_header((HOST, "fs.nhsmail.test"))
}

pub(super) async fn text(app: &IdpApp, request: TestRequest) -> (StatusCode, String) {
    let service = init_service(App::new().configure(app.routes())).await;
    let response = call_service(&service, request.to_request()).await;
    let status = response.status();
    let body = to_bytes(response.into_body()).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn call(app: &IdpApp, request: TestRequest) -> (StatusCode, Value) {
    let (status, body) = text(app, request).await;
    (status, serde_json::from_str(&body).unwrap())
}

pub(super) async fn get(app: &IdpApp, path: &str) -> Value {
    let (status, body) = call(app, own(TestRequest::get().uri(path))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

pub(super) async fn post(app: &IdpApp, path: &str, body: Value) -> (StatusCode, Value) {
    call(app, own(TestRequest::post().uri(path)).set_json(body)).await
}

pub(super) fn query() -> String {
    query_for(ACS)
}

/// A request whose answer goes to this address.
fn query_for(acs_url: &str) -> String {
    let request = AuthnRequest {
        id: REQUEST.to_owned(),
        issue_instant: now(),
        destination: IDP.sign_in_url(),
        issuer: EntityId::new(SP).unwrap(),
        acs_url: acs_url.to_owned(),
        force_authn: false,
        is_passive: false,
        name_id_format: None,
        class_refs: Vec::new(),
    };
    let endpoint = Url::parse(&IDP.sign_in_url()).unwrap();
    let url = redirect_url(&endpoint, &request.to_xml().unwrap(), "rs", None).unwrap();
    url.query().unwrap().to_owned()
}

/// Sends a request and chooses somebody: the XML of the response, or the page.
pub(super) async fn sign_in(app: &IdpApp, more: &str) -> String {
    let query = format!("{}{more}", query());
    let form = [("query", query.as_str()), ("person", "test.consultant")];
    let request = TestRequest::post().uri("/adfs/ls/").set_form(form);
    let (_, page) = text(app, request).await;
    let Some((_, rest)) = page.split_once("name=\"SAMLResponse\" value=\"") else { return page };
    let value = rest.split_once('"').unwrap().0;
    String::from_utf8(decode_base64(value.as_bytes()).unwrap()).unwrap()
}

#[actix_web::test]
async fn state_tells_what_a_test_needs() {
    let state = get(&app(), "/admin/api/state").await;
    assert_eq!(state["personality"], "adfs");
    assert_eq!(state["entity_id"], "http://fs.nhsmail.test/adfs/services/trust");
    assert_eq!(state["now"], "2026-11-22T16:50:01.250Z");
    assert_eq!(state["relying_parties"], json!([SP]));
    assert_eq!(state["next"], Value::Null);
    assert_eq!(state["keys"].as_array().unwrap().len(), 1);
    assert_eq!(get(&app(), "/admin/api/scenarios").await.as_array().unwrap().len(), 37);
}

#[actix_web::test]
async fn only_programs_of_this_machine() {
    let app = app();
    let far: SocketAddr = "192.0.2.7:50000".parse().unwrap();
    let to = |peer: Option<SocketAddr>, host: &'static str| {
        let request = TestRequest::get().uri("/admin/api/state").insert_header((HOST, host));
        match peer {
            Some(peer) => request.peer_addr(peer),
            None => request,
        }
    };
    let near: SocketAddr = "[::1]:50000".parse().unwrap();
    assert_eq!(call(&app, to(Some(near), "fs.nhsmail.test")).await.0, StatusCode::OK);
    for barred in [
        to(Some(far), "fs.nhsmail.test"),
        to(None, "fs.nhsmail.test"),
        // A name of somebody else's that leads to this machine.
        to(Some(near), "rebound.example"),
        to(Some(near), "fs.nhsmail.test").insert_header((ORIGIN, "https://evil.example")),
        to(Some(near), "fs.nhsmail.test").insert_header((ORIGIN, "null")),
        // From anywhere, by way of a proxy at this machine that hands the name on.
        to(Some(near), "fs.nhsmail.test").insert_header(("X-Forwarded-For", "192.0.2.7")),
        to(Some(near), "fs.nhsmail.test").insert_header(("Forwarded", "for=192.0.2.7")),
        to(Some(near), "fs.nhsmail.test").insert_header(("Via", "1.1 edge")),
    ] {
        let (status, body) = call(&app, barred).await;
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("barred")));
    }
    // What a form of another site's page can send.
    let form = own(TestRequest::post().uri("/admin/api/next"))
        .insert_header((CONTENT_TYPE, "text/plain"))
        .set_payload(r#"{"scenario":"usual"}"#);
    let (status, body) = call(&app, form).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(body["code"], "content_type");
    assert_eq!(get(&app, "/admin/api/state").await["next"], Value::Null);
}

#[actix_web::test]
async fn next_counts_for_one_response() {
    let app = app();
    let (status, state) = post(&app, "/admin/api/next", json!({"scenario": "unsigned"})).await;
    assert_eq!((status, &state["next"]), (StatusCode::OK, &json!("unsigned")));
    assert!(!sign_in(&app, "").await.contains("SignatureValue"));
    assert!(sign_in(&app, "").await.contains("SignatureValue"));
    for (body, code) in [
        (json!({"scenario": "xsw-9"}), "scenario"),
        (json!({"scenarios": "usual"}), "json"),
        (json!([]), "json"),
    ] {
        let (status, answer) = post(&app, "/admin/api/next", body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(code)));
    }
}

#[actix_web::test]
async fn scenario_in_the_address() {
    let app = app();
    assert!(!sign_in(&app, "&scenario=unsigned").await.contains("SignatureValue"));
    assert!(sign_in(&app, "").await.contains("SignatureValue"));
    // A slip of the pen must not pass for the usual.
    assert!(!sign_in(&app, "&scenario=unsinged").await.contains("samlp:Response"));
}

#[actix_web::test]
async fn replay_sends_the_same_once_more() {
    let app = app();
    let first = sign_in(&app, "").await;
    assert_eq!(sign_in(&app, "&scenario=replayed").await, first);
    assert_ne!(sign_in(&app, "").await, first);
}

#[actix_web::test]
async fn clock_moves() {
    let app = app();
    let (_, state) = post(&app, "/admin/api/clock", json!({"offset_seconds": -3600})).await;
    assert_eq!(state["now"], "2026-11-22T15:50:01.250Z");
    assert!(sign_in(&app, "").await.contains("IssueInstant=\"2026-11-22T15:50:01.250Z\""));
    let far = json!({"offset_seconds": i64::MAX});
    let (status, body) = post(&app, "/admin/api/clock", far).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("clock")));
}

#[actix_web::test]
async fn metadata_goes_down_and_wrong() {
    let app = app();
    let path = "/FederationMetadata/2007-06/FederationMetadata.xml";
    let fetch = || TestRequest::get().uri(path);
    let honest = text(&app, fetch()).await;
    assert_eq!(honest, (StatusCode::OK, IDP.metadata().unwrap()));
    post(&app, "/admin/api/metadata", json!({"state": "down"})).await;
    assert_eq!(text(&app, fetch()).await.0, StatusCode::SERVICE_UNAVAILABLE);
    post(&app, "/admin/api/metadata", json!({"state": "tampered"})).await;
    let tampered = text(&app, fetch()).await;
    assert_eq!(tampered.0, StatusCode::OK);
    assert_ne!(tampered.1, honest.1);
    post(&app, "/admin/api/metadata", json!({"state": "up"})).await;
    assert_eq!(text(&app, fetch()).await, honest);
}

#[actix_web::test]
async fn keys_turn_over() {
    let app = app();
    let turn = async |action: &str| {
        let (status, state) = post(&app, "/admin/api/keys", json!({"action": action})).await;
        let roles = state["keys"].as_array().cloned().unwrap_or_default();
        let roles: Vec<Value> = roles.iter().map(|key| key["role"].clone()).collect();
        (status, roles)
    };
    assert_eq!(turn("switch").await.0, StatusCode::CONFLICT);
    let (_, roles) = turn("announce").await;
    assert_eq!(roles, ["current", "announced"]);
    assert_eq!(turn("switch").await.1, ["current", "old"]);
    assert_eq!(turn("remove").await.1, ["current"]);
    assert_eq!(turn("burn").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(turn("remove").await.0, StatusCode::CONFLICT);
    let signs = || app.idp().keys.current().certificate().fingerprint();
    let before = signs();
    assert_eq!(turn("replace").await, (StatusCode::OK, vec![json!("current")]));
    assert_ne!(signs(), before);
    let (_, body) = post(&app, "/admin/api/keys", json!({"action": "switch"})).await;
    assert_eq!(body["code"], "no_such_key");
    let (_, body) = post(&app, "/admin/api/keys", json!({"action": "burn"})).await;
    assert_eq!(body["code"], "json");
}

/// What cannot be written down does not happen.
#[actix_web::test]
async fn keys_that_cannot_be_kept_do_not_turn_over() {
    let full = |_: &TestIdp| Err("no space left".into());
    let app = IdpApp::keeping(IDP.clone(), now, full);
    let before = get(&app, "/admin/api/state").await["keys"].clone();
    for action in ["announce", "replace"] {
        let (status, body) = post(&app, "/admin/api/keys", json!({ "action": action })).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!((&body["code"], &body["message"]), (&json!("keys"), &json!("no space left")));
    }
    assert_eq!(get(&app, "/admin/api/state").await["keys"], before);
}

/// Every change is barred to the same callers, and wants JSON that says what it is.
#[actix_web::test]
async fn every_change_has_the_same_bars() {
    let app = app();
    let state = get(&app, "/admin/api/state").await;
    for path in ["next", "clock", "metadata", "delay", "keys", "relying-parties", "reset"] {
        let path = format!("/admin/api/{path}");
        let change = || TestRequest::post().uri(&path);
        let far: SocketAddr = "192.0.2.7:50000".parse().unwrap();
        let from_far = own(change()).peer_addr(far).set_json(json!({}));
        let (status, body) = call(&app, from_far).await;
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("barred")), "{path}");
        let form = own(change()).set_form([("a", "b")]);
        let (status, body) = call(&app, form).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
        assert_eq!(body["code"], "content_type");
        let (status, body) = post(&app, &path, json!({"unheard": "of"})).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("json")), "{path}");
        // A page cannot be made to change anything by a mere address.
        let (status, _) = text(&app, own(TestRequest::get().uri(&path))).await;
        assert!(matches!(status.as_u16(), 404 | 405), "{path} {status}");
    }
    for path in ["state", "log", "scenarios"] {
        let request = TestRequest::get().uri(&format!("/admin/api/{path}"));
        let (status, body) = call(&app, request).await;
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("barred")), "{path}");
    }
    assert_eq!(get(&app, "/admin/api/state").await, state);
}

/// Whoever asks is registered, if that is allowed, until its metadata says more.
#[actix_web::test]
async fn applications_register_themselves() {
    let strict = IdpApp::new(IDP.clone(), now);
    assert!(!sign_in(&strict, "").await.contains("samlp:Response"));
    assert_eq!(get(&strict, "/admin/api/state").await["relying_parties"], json!([]));

    let mut idp = IDP.clone();
    idp.accept_unknown = true;
    let app = IdpApp::new(idp, now);
    for _ in 0..2 {
        assert!(sign_in(&app, "").await.starts_with("<samlp:Response"));
        assert_eq!(get(&app, "/admin/api/state").await["relying_parties"], json!([SP]));
    }
    // It may move to another address, as it could before.
    let elsewhere = query_for("https://rota.example.org/moved");
    let form = [("query", elsewhere.as_str()), ("person", "test.consultant")];
    let moved = || TestRequest::post().uri("/adfs/ls/").set_form(form);
    let (_, page) = text(&app, moved()).await;
    assert!(page.contains("action=\"https://rota.example.org/moved\""), "{page}");
    // Not any more when somebody has said what its addresses are.
    let xml = std::fs::read_to_string("metadata/sp-metadata.xml").unwrap();
    let xml = xml.replace("AuthnRequestsSigned=\"true\"", "AuthnRequestsSigned=\"false\"");
    let (status, state) =
        post(&app, "/admin/api/relying-parties", json!({ "metadata": xml })).await;
    assert_eq!((status, &state["relying_parties"]), (StatusCode::OK, &json!([SP])));
    let (status, page) = text(&app, moved()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("MSIS3200"), "{page}");
    let (_, state) = post(&app, "/admin/api/reset", json!({})).await;
    assert_eq!(state["relying_parties"], json!([]));
}

#[actix_web::test]
async fn applications_are_registered() {
    let app = app();
    let xml = std::fs::read_to_string("metadata/sp-metadata.xml").unwrap();
    let xml = xml.replace(SP, "urn:other");
    let (status, state) =
        post(&app, "/admin/api/relying-parties", json!({ "metadata": xml })).await;
    assert_eq!((status, &state["relying_parties"]), (StatusCode::OK, &json!([SP, "urn:other"])));
    let (status, body) =
        post(&app, "/admin/api/relying-parties", json!({"metadata": "<x/>"})).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("metadata")));
}

#[actix_web::test]
async fn log_shows_what_came_and_went_until_reset() {
    let app = app();
    let response = sign_in(&app, "&scenario=expired").await;
    let log = get(&app, "/admin/api/log").await;
    let log = log.as_array().unwrap();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0]["direction"], "received");
    assert!(log[0]["xml"].as_str().unwrap().contains(REQUEST));
    assert_eq!(log[1]["direction"], "sent");
    assert_eq!((&log[1]["scenario"], &log[1]["xml"]), (&json!("expired"), &json!(response)));

    post(&app, "/admin/api/clock", json!({"offset_seconds": 60})).await;
    let (status, state) = post(&app, "/admin/api/reset", json!({})).await;
    assert_eq!((status, &state["clock_offset_seconds"]), (StatusCode::OK, &json!(0)));
    assert_eq!(get(&app, "/admin/api/log").await, json!([]));
}

#[actix_web::test]
async fn the_sign_in_page_offers_scenarios() {
    let app = app();
    let uri = format!("/adfs/ls/?{}&scenario=expired", query());
    let (status, page) = text(&app, TestRequest::get().uri(&uri)).await;
    assert_eq!(status, StatusCode::OK);
    for id in ["scenario_of_card", "scenario_of_name"] {
        assert!(page.contains(&format!("<label for=\"{id}\">")), "{page}");
        assert!(page.contains(&format!("<select id=\"{id}\" name=\"scenario\">")), "{page}");
    }
    assert_eq!(page.matches("<option value=\"expired\" selected>").count(), 2);
}

/// What an application publishes, by its address.
#[actix_web::test]
async fn an_application_is_registered_by_the_address_of_its_metadata() {
    let other = include_bytes!("../../../metadata/sp-metadata.xml");
    let place = "http://localhost:8080/saml/metadata";
    let app = IdpApp::new(IDP.clone(), now).fetching(move |url| {
        if url == place { Ok(other.to_vec()) } else { Err("nothing is there".to_owned()) }
    });
    let register = |url: &str| json!({ "metadata_url": url });
    let (status, body) = post(&app, "/admin/api/relying-parties", register(place)).await;
    assert_eq!((status, &body["relying_parties"]), (StatusCode::OK, &json!([SP])));

    let path = "/admin/api/relying-parties";
    let (status, body) = post(&app, path, register("http://localhost:8081/")).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_GATEWAY, &json!("fetch")));
    assert_eq!(body["message"], "nothing is there");
    for body in [json!({}), json!({ "metadata": "<a/>", "metadata_url": place })] {
        let (status, body) = post(&app, path, body).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("json")));
    }
    // Nobody has said how to fetch.
    let (status, body) = post(&IdpApp::new(IDP.clone(), now), path, register(place)).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert_eq!(body["message"], "there is no way to fetch metadata here");
}

/// With a seed and a clock that stands still everything is the same again, signatures included.
#[actix_web::test]
async fn what_follows_from_a_seed_is_the_same_each_time() {
    let seeded = |seed: &str| {
        let mut idp = IDP.clone();
        idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
        idp.ids = IdSource::seeded(seed);
        IdpApp::new(idp, now)
    };
    let app = seeded("ward");
    let (first, second) = (sign_in(&app, "").await, sign_in(&app, "").await);
    assert_ne!(first, second, "each message has IDs of its own");
    let other = seeded("ward");
    assert_eq!(sign_in(&other, "").await, first);
    assert_eq!(sign_in(&other, "").await, second);
    assert_eq!(post(&other, "/admin/api/reset", json!({})).await.0, StatusCode::OK);
    assert_eq!(sign_in(&other, "").await, first);
    assert_ne!(sign_in(&seeded("theatre"), "").await, first);
    assert!(first.starts_with("<samlp:Response ID=\"_"), "{first}");
}

/// Time stands still here but for who waits.
#[actix_web::test]
async fn people_wait_as_long_as_a_test_has_asked_for() {
    tokio::time::pause();
    let app = app();
    let began = tokio::time::Instant::now();
    assert!(sign_in(&app, "").await.starts_with("<samlp:Response"));
    assert_eq!(began.elapsed().as_secs(), 0);

    let (status, state) = post(&app, "/admin/api/delay", json!({ "seconds": 40 })).await;
    assert_eq!((status, &state["delay_seconds"]), (StatusCode::OK, &json!(40)));
    assert!(sign_in(&app, "").await.starts_with("<samlp:Response"));
    assert_eq!(began.elapsed().as_secs(), 40);
    let metadata = TestRequest::get().uri("/FederationMetadata/2007-06/FederationMetadata.xml");
    assert_eq!(text(&app, metadata).await.0, StatusCode::OK);
    assert_eq!(began.elapsed().as_secs(), 80);

    let (status, body) = post(&app, "/admin/api/delay", json!({ "seconds": 601 })).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("delay")));
    assert_eq!(post(&app, "/admin/api/reset", json!({})).await.1["delay_seconds"], 0);
}
