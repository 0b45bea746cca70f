//! Browsers that are not asked twice.

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use chrono::TimeDelta;
use url::Url;

use super::{ACS, IDP, SP, now};
use crate::idp::{IdpApp, RelyingParty};
use crate::saml::binding::redirect_url;
use crate::saml::{AuthnRequest, EntityId, format_instant};
use crate::xml::decode_base64;

const COOKIE: &str = "test-idp-person";

fn app(remembers: bool, hours: i64) -> IdpApp {
    let mut idp = IDP.clone();
    idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
    idp.remembers = remembers;
    IdpApp::new(idp, move || now() + TimeDelta::hours(hours))
}

fn query(force_authn: bool, is_passive: bool) -> String {
    let request = AuthnRequest {
        id: "_1".to_owned(),
        issue_instant: now(),
        destination: IDP.sign_in_url(),
        issuer: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        force_authn,
        is_passive,
        name_id_format: None,
        class_refs: Vec::new(),
    };
    let endpoint = Url::parse(&IDP.sign_in_url()).unwrap();
    let url = redirect_url(&endpoint, &request.to_xml().unwrap(), "rs", None).unwrap();
    url.query().unwrap().to_owned()
}

/// The page, and the cookie that came with it.
async fn send(app: &IdpApp, request: TestRequest) -> (String, Option<Cookie<'static>>) {
    let service = init_service(App::new().configure(app.routes())).await;
    let response = call_service(&service, request.to_request()).await;
    assert!(response.status() == StatusCode::OK || response.status() == StatusCode::SEE_OTHER);
    let cookie = response.response().cookies().find(|cookie| cookie.name() == COOKIE);
    let cookie = cookie.map(Cookie::into_owned);
    let body = to_bytes(response.into_body()).await.unwrap();
    (String::from_utf8(body.to_vec()).unwrap(), cookie)
}

fn ask(query: &str, cookie: Option<&Cookie<'static>>) -> TestRequest {
    let request = TestRequest::get().uri(&format!("/adfs/ls/?{query}"));
    match cookie {
        Some(cookie) => request.cookie(cookie.clone()),
        None => request,
    }
}

fn response(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("name=\"SAMLResponse\" value=\"")?;
    let xml = decode_base64(rest.split_once('"')?.0.as_bytes())?;
    String::from_utf8(xml).ok()
}

async fn sign_in(app: &IdpApp) -> Option<Cookie<'static>> {
    let form = [("query", query(false, false)), ("person", "ward.nurse".to_owned())];
    send(app, TestRequest::post().uri("/adfs/ls/").set_form(form)).await.1
}

#[actix_web::test]
async fn who_has_signed_in_is_not_asked_again() {
    let cookie = sign_in(&app(true, 0)).await.unwrap();
    assert!(cookie.http_only() == Some(true) && cookie.max_age().is_none());
    for is_passive in [false, true] {
        let request = ask(&query(false, is_passive), Some(&cookie));
        let (page, renewed) = send(&app(true, 7), request).await;
        let xml = response(&page).unwrap();
        assert!(xml.contains("ward.nurse@nhs.net") && xml.contains("status:Success"), "{xml}");
        // When the person was asked, to the second.
        let asked = format_instant(now() - TimeDelta::milliseconds(250));
        assert!(xml.contains(&format!("AuthnInstant=\"{asked}\"")), "{xml}");
        assert_eq!(renewed, None);
    }
}

#[actix_web::test]
async fn others_are_asked() {
    let cookie = sign_in(&app(true, 0)).await.unwrap();
    let strange = |value: &'static str| Cookie::new(COOKIE, value);
    let asked = query(false, false);
    for (app, query, cookie, why) in [
        (app(true, 0), &asked, None, "nobody has signed in"),
        (app(true, 8), &asked, Some(&cookie), "too long ago"),
        (app(true, -1), &asked, Some(&cookie), "not yet"),
        (app(true, 0), &query(true, false), Some(&cookie), "the application wants it"),
        (app(false, 0), &asked, Some(&cookie), "nothing is remembered here"),
        (app(true, 0), &asked, Some(&strange("ward.nurse")), "no time"),
        (app(true, 0), &asked, Some(&strange("<b>|1795366201")), "no user name"),
    ] {
        let (page, _) = send(&app, ask(query, cookie)).await;
        assert_eq!(response(&page), None, "{why}");
        assert!(page.contains("Choose somebody"), "{why}: {page}");
    }
    // Without anybody to remember a passive request fails as before.
    let (page, _) = send(&app(true, 0), ask(&query(false, true), None)).await;
    assert!(response(&page).unwrap().contains("status:NoPassive"));
}

#[actix_web::test]
async fn a_browser_forgets() {
    assert_eq!(sign_in(&app(false, 0)).await, None, "unless it is asked to remember");
    let (page, _) = send(&app(true, 0), TestRequest::get().uri("/")).await;
    assert!(page.contains("action=\"/forget\""));
    let (_, cookie) = send(&app(true, 0), TestRequest::post().uri("/forget")).await;
    let cookie = cookie.unwrap();
    assert_eq!((cookie.value(), cookie.max_age().map(|age| age.whole_seconds())), ("", Some(0)));
}
