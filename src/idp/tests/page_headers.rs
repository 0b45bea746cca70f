//! What every page is sent with, and names that are typed.

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::test::{TestRequest, call_service, init_service};
use url::Url;
use url::form_urlencoded::Serializer;

use super::{ACS, IDP, SP, now};
use crate::idp::stage::MetadataState;
use crate::idp::{IdpApp, RelyingParty};
use crate::saml::binding::redirect_url;
use crate::saml::{AuthnRequest, EntityId};
use crate::xml::decode_base64;

fn query() -> String {
    let request = AuthnRequest {
        id: "_1".to_owned(),
        issue_instant: now(),
        destination: IDP.sign_in_url(),
        issuer: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        force_authn: false,
        is_passive: false,
        name_id_format: None,
        class_refs: Vec::new(),
    };
    let endpoint = Url::parse(&IDP.sign_in_url()).unwrap();
    let url = redirect_url(&endpoint, &request.to_xml().unwrap(), "rs", None).unwrap();
    url.query().unwrap().to_owned()
}

fn app() -> IdpApp {
    let mut idp = IDP.clone();
    idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
    IdpApp::new(idp, now)
}

fn get(uri: &str) -> TestRequest {
    TestRequest::get().uri(uri)
}

fn form(uri: &str, fields: &[(&str, &str)]) -> TestRequest {
    TestRequest::post()
        .uri(uri)
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(Serializer::new(String::new()).extend_pairs(fields).finish())
}

#[actix_web::test]
async fn every_page_stays_out_of_frames_caches_and_referrers() {
    let app = app();
    app.direct(|stage| stage.metadata = MetadataState::Down);
    let service = init_service(App::new().configure(app.routes())).await;
    let query = query();
    let metadata = IDP.metadata_url();
    for (request, status, heading) in [
        (get("/"), 200, "Test identity provider"),
        (get("/keys"), 200, "Signing keys"),
        (form("/keys", &[]), 403, "The keys stay as they are"),
        (get("/adfs/ls/idpinitiatedsignon.aspx"), 200, "Begin here"),
        (get(&format!("/adfs/ls/?{query}")), 200, "Choose who signs in"),
        (form("/adfs/ls/", &[("query", &query), ("user_name", "<")]), 400, "Choose who signs in"),
        (
            form("/adfs/ls/", &[("query", &query), ("person", "ward.nurse")]),
            200,
            "Going back to the application",
        ),
        (
            form("/adfs/ls/", &[("query", &query), ("cancel", "cancel")]),
            200,
            "Going back to the application",
        ),
        (get("/adfs/ls/"), 400, "This request was refused"),
        (form("/sign-out", &[]), 403, "The session goes on"),
        (
            form("/sign-out", &[]).insert_header((ORIGIN, IDP.base_url())),
            500,
            "The response could not be made",
        ),
        (get(Url::parse(&metadata).unwrap().path()), 503, "There is no metadata now"),
    ] {
        let response = call_service(&service, request.to_request()).await;
        assert_eq!(response.status(), status, "{heading}");
        let header =
            |name: HeaderName| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header(X_FRAME_OPTIONS), "DENY", "{heading}");
        assert_eq!(header(X_CONTENT_TYPE_OPTIONS), "nosniff", "{heading}");
        assert_eq!(header(REFERRER_POLICY), "strict-origin", "{heading}");
        assert_eq!(header(CACHE_CONTROL), "no-store", "{heading}");
        assert!(header(CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"), "{heading}");
        let body = to_bytes(response.into_body()).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(&format!("<h1>{heading}</h1>")), "{heading}: {body}");
    }
    app.direct(|stage| stage.metadata = MetadataState::Up);
    let request = get(Url::parse(&metadata).unwrap().path());
    let response = call_service(&service, request.to_request()).await;
    assert_eq!(response.headers().get(X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
}

/// Somebody who is listed is found by the name that is on the card, whatever its letters.
#[actix_web::test]
async fn a_name_may_be_typed() {
    let service = init_service(App::new().configure(app().routes())).await;
    let query = query();
    for (typed, name_id) in [
        ("Bryn O'Sample", Some("ward.nurse@nhs.net")),
        ("  bryn o'sample ", Some("ward.nurse@nhs.net")),
        ("DR ZOË MÜLLER-EXAMPLE", Some("locum.doctor@nhs.net")),
        ("ward.nurse", Some("ward.nurse@nhs.net")),
        ("bryn", Some("bryn@nhs.net")),
        ("Bryn Sample", None),
        ("Bryn O'Sample2", None),
    ] {
        let request = form("/adfs/ls/", &[("query", &query), ("user_name", typed)]);
        let response = call_service(&service, request.to_request()).await;
        let body = to_bytes(response.into_body()).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let response = body.split_once("name=\"SAMLResponse\" value=\"");
        let xml = response.map(|(_, rest)| {
            let value = rest.split_once('"').unwrap().0;
            String::from_utf8(decode_base64(value.as_bytes()).unwrap()).unwrap()
        });
        assert_eq!(xml.is_some(), name_id.is_some(), "{typed}");
        if let (Some(xml), Some(name_id)) = (xml, name_id) {
            assert!(xml.contains(&format!(">{name_id}</NameID>")), "{typed}: {xml}");
        }
    }
}
