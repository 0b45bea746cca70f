//! Sign-in that nobody has asked for.

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use url::form_urlencoded::{Serializer, parse};

use super::{ACS, IDP, SP, now};
use crate::idp::{IdpApp, Personality, Refusal, RelyingParty, TestIdp};
use crate::saml::EntityId;
use crate::xml::decode_base64;

const PATH: &str = "/adfs/ls/idpinitiatedsignon.aspx";

fn idp() -> TestIdp {
    let mut idp = IDP.clone();
    idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
    idp
}

async fn send(request: TestRequest) -> (StatusCode, String) {
    let app = IdpApp::new(idp(), now);
    let service = init_service(App::new().configure(app.routes())).await;
    let response = call_service(&service, request.to_request()).await;
    let status = response.status();
    let body = to_bytes(response.into_body()).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn query(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn field(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    Some(rest.split_once('"')?.0.replace("&amp;", "&"))
}

#[actix_web::test]
async fn the_page_lists_who_is_registered() {
    for path in [PATH, "/adfs/ls/IdpInitiatedSignOn.aspx"] {
        let (status, page) = send(TestRequest::get().uri(path)).await;
        assert_eq!(status, StatusCode::OK);
        let link = format!("<a href=\"{PATH}?{}\">{SP}</a>", query(&[("loginToRp", SP)]));
        assert!(page.contains(&link), "{page}");
    }
}

#[actix_web::test]
async fn a_choice_is_answered_without_a_request() {
    let both = query(&[("RPID", SP), ("RelayState", "/rota?day=1&ward=a")]);
    for (query, relay_state) in [
        (query(&[("loginToRp", SP)]), None),
        (query(&[("logintorp", SP), ("RelayState", "/rota")]), Some("/rota")),
        (query(&[("RelayState", &both)]), Some("/rota?day=1&ward=a")),
    ] {
        let (status, page) = send(TestRequest::get().uri(&format!("{PATH}?{query}"))).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(&format!("<form method=\"post\" action=\"{PATH}\">")), "{page}");
        let carried = field(&page, "query").unwrap();
        let pairs = |query: &str| parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
        assert_eq!(pairs(&carried), pairs(&query));

        let form = [("query", carried.as_str()), ("person", "ward.nurse")];
        let (status, page) = send(TestRequest::post().uri(PATH).set_form(form)).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(field(&page, "RelayState").as_deref(), relay_state);
        assert!(page.contains(&format!("action=\"{ACS}\"")));
        let xml = decode_base64(field(&page, "SAMLResponse").unwrap().as_bytes()).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        assert!(!xml.contains("InResponseTo") && xml.contains("ward.nurse@nhs.net"), "{xml}");
        assert!(xml.contains(&format!("<Audience>{SP}</Audience>")));
    }
}

#[actix_web::test]
async fn nobody_is_sent_to_an_application_that_is_not_registered() {
    let query = query(&[("loginToRp", "https://elsewhere.example/saml/metadata")]);
    let (status, page) = send(TestRequest::get().uri(&format!("{PATH}?{query}"))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("MSIS7007"), "{page}");
    let refusal = idp().begin_unasked("urn:nobody", None).unwrap_err();
    assert_eq!(refusal, Refusal::UnknownIssuer { found: "urn:nobody".to_owned() });
    // Also when requests of strangers are taken on: here is no request that names an address.
    let mut idp = idp();
    idp.accept_unknown = true;
    assert!(idp.begin_unasked("urn:nobody", None).is_err());
}

#[test]
fn each_personality_has_the_page() {
    for personality in Personality::ALL {
        let mut idp =
            TestIdp::at(personality, "https://idp.nhsmail.test", IDP.keys.clone()).unwrap();
        idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
        let sign_in = idp.begin_unasked(SP, Some("/rota")).unwrap();
        assert_eq!(sign_in.reply_to.request_id, None);
        assert_eq!(sign_in.reply_to.audience, SP);
        assert_eq!(
            (sign_in.reply_to.acs_url.as_str(), sign_in.relay_state.as_deref()),
            (ACS, Some("/rota"))
        );
    }
}
