//! The pages and the forms, over HTTP.

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::test::{TestRequest, call_service, init_service};
use url::Url;
use url::form_urlencoded::Serializer;

use super::{ACS, IDP, REQUEST, SP, now};
use crate::idp::{IdpApp, RelyingParty, TestIdp};
use crate::saml::binding::redirect_url;
use crate::saml::{AuthnRequest, EntityId};
use crate::xml::{decode_base64, encode_base64};

const RELAY_STATE: &str = "a\"><script>alert('1')</script>&b";

fn idp() -> TestIdp {
    let mut idp = IDP.clone();
    idp.relying_parties = vec![RelyingParty::new(EntityId::new(SP).unwrap(), ACS).unwrap()];
    idp
}

fn request_xml() -> String {
    AuthnRequest {
        id: REQUEST.to_owned(),
        issue_instant: now(),
        destination: IDP.sign_in_url(),
        issuer: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        force_authn: false,
        is_passive: false,
        name_id_format: None,
        class_refs: Vec::new(),
    }
    .to_xml()
    .unwrap()
}

fn query() -> String {
    let endpoint = Url::parse(&IDP.sign_in_url()).unwrap();
    redirect_url(&endpoint, &request_xml(), RELAY_STATE, None).unwrap().query().unwrap().to_owned()
}

struct Page {
    status: StatusCode,
    policy: String,
    content_type: String,
    body: String,
}

impl Page {
    async fn of(response: ServiceResponse) -> Self {
        let header = |name| {
            let value = response.headers().get(name);
            value.map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        Self {
            status: response.status(),
            policy: header(CONTENT_SECURITY_POLICY),
            content_type: header(CONTENT_TYPE),
            body: String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec())
                .unwrap(),
        }
    }

    /// The value of the first field of this name, unescaped.
    fn field(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\" value=\""))?;
        let (value, _) = rest.split_once('"')?;
        let pairs =
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&amp;", "&")];
        Some(pairs.iter().fold(value.to_owned(), |v, (from, to)| v.replace(from, to)))
    }

    fn response(&self) -> String {
        let xml = decode_base64(self.field("SAMLResponse").unwrap().as_bytes()).unwrap();
        String::from_utf8(xml).unwrap()
    }
}

async fn send(idp: TestIdp, request: TestRequest) -> Page {
    let app = IdpApp::new(idp, now);
    let service = init_service(App::new().configure(app.routes())).await;
    Page::of(call_service(&service, request.to_request()).await).await
}

async fn post(fields: &[(&str, &str)]) -> Page {
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = TestRequest::post()
        .uri("/adfs/ls/")
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(body);
    send(idp(), request).await
}

#[actix_web::test]
async fn metadata_is_served_where_adfs_serves_it() {
    let path = "/FederationMetadata/2007-06/FederationMetadata.xml";
    let page = send(idp(), TestRequest::get().uri(path)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.content_type, "application/samlmetadata+xml");
    assert_eq!(page.body, IDP.metadata().unwrap());
}

#[actix_web::test]
async fn redirect_then_choice() {
    let query = query();
    for path in ["/adfs/ls/", "/adfs/ls"] {
        let uri = format!("{path}?{query}");
        let page = send(idp(), TestRequest::get().uri(&uri)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.policy.contains("form-action 'self'") && !page.policy.contains("script"));
        assert!(!page.body.contains("<script"), "{}", page.body);
        assert!(page.body.contains(SP) && page.body.contains("Dr Amara Testwell"));
        assert_eq!(page.field("query").as_deref(), Some(query.as_str()));
    }
    let page = post(&[("query", &query), ("person", "ward.nurse")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&format!("method=\"post\" action=\"{ACS}\"")));
    assert_eq!(page.field("RelayState").as_deref(), Some(RELAY_STATE));
    assert_eq!(page.body.matches("<script>").count(), 1, "nothing else got in");
    assert!(page.body.contains("<button type=\"submit\""), "works without a script");
    assert!(page.policy.contains("script-src 'sha256-"), "{}", page.policy);
    let xml = page.response();
    assert!(xml.contains(&format!("InResponseTo=\"{REQUEST}\"")));
    assert!(xml.contains(">ward.nurse@nhs.net</NameID>"), "{xml}");
}

#[actix_web::test]
async fn policy_allows_exactly_the_script_and_the_style() {
    let page = post(&[("query", &query()), ("person", "ward.nurse")]).await;
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let (_, rest) = page.body.split_once(&format!("<{tag}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{tag}>")).unwrap();
        let hash = encode_base64(&crate::crypto::sha256(text.as_bytes()));
        assert!(page.policy.contains(&format!("{directive} 'sha256-{hash}'")), "{}", page.policy);
    }
    assert!(!page.body.contains(" style=") && !page.body.contains(" onclick="));
}

#[actix_web::test]
async fn post_binding_then_choice() {
    let message = encode_base64(request_xml().as_bytes());
    let page = post(&[("SAMLRequest", &message), ("RelayState", RELAY_STATE)]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.field("SAMLRequest").as_deref(), Some(message.as_str()));
    assert_eq!(page.field("RelayState").as_deref(), Some(RELAY_STATE));
    let fields =
        [("SAMLRequest", &*message), ("RelayState", RELAY_STATE), ("user_name", "sam.sample")];
    let page = post(&fields).await;
    assert!(page.response().contains(">sam.sample@nhs.net</NameID>"));
    assert_eq!(page.field("RelayState").as_deref(), Some(RELAY_STATE));
}

#[actix_web::test]
async fn typed_names() {
    let query = query();
    let page = post(&[("query", &query), ("user_name", "Ward.Nurse@nhs.net")]).await;
    assert!(page.response().contains("Staff Nurse"), "a listed person keeps their claims");
    let page = post(&[("query", &query), ("user_name", "<b> \"x\"")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("aria-invalid") && page.body.contains("value=\"&lt;b&gt; &quot;x"));
    assert!(!page.body.contains("<b> "));
}

#[actix_web::test]
async fn cancel_sends_a_bare_responder() {
    let page = post(&[("query", &query()), ("cancel", "cancel")]).await;
    let xml = page.response();
    assert!(xml.contains(
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\" /></samlp:Status>"
    ));
    assert!(!xml.contains("<Assertion"));
    assert_eq!(page.field("RelayState").as_deref(), Some(RELAY_STATE));
}

#[actix_web::test]
async fn failures_known_beforehand_are_answered_at_once() {
    let xml = request_xml().replace(" ProtocolBinding", " IsPassive=\"true\" ProtocolBinding");
    let page = post(&[("SAMLRequest", &encode_base64(xml.as_bytes()))]).await;
    assert!(page.response().contains("status:NoPassive\" />"));
    assert_eq!(page.field("RelayState"), None);
}

#[actix_web::test]
async fn refusals_are_pages_of_our_own() {
    let page = send(idp(), TestRequest::get().uri("/adfs/ls/")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("<dd>no_request</dd>"));

    let mut nobody = idp();
    nobody.relying_parties.clear();
    let uri = format!("/adfs/ls/?{}", query());
    let page = send(nobody, TestRequest::get().uri(&uri)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("MSIS7007") && !page.body.contains(ACS), "{}", page.body);

    let query = query();
    let twice = post(&[("query", &query), ("query", &query), ("person", "ward.nurse")]).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    assert!(twice.body.contains("<dd>repeated_parameter</dd>"));
    let none = post(&[("person", "ward.nurse")]).await;
    assert!(none.body.contains("<dd>no_request</dd>"));
}

#[actix_web::test]
async fn found_values_are_escaped() {
    let xml = request_xml().replace(&format!(">{SP}<"), ">&lt;script&gt;&quot;<");
    let page = post(&[("SAMLRequest", &encode_base64(xml.as_bytes()))]).await;
    assert!(page.body.contains("&lt;script&gt;") && !page.body.contains("<script"));
}

#[actix_web::test]
async fn front_page_and_changes_while_running() {
    let app = IdpApp::new(idp(), now);
    let service = init_service(App::new().configure(app.routes())).await;
    let front = || TestRequest::get().uri("/").to_request();
    let page = Page::of(call_service(&service, front()).await).await;
    assert!(page.body.contains(IDP.entity_id.as_str()) && page.body.contains(SP));
    app.change(|idp| idp.relying_parties.clear());
    let page = Page::of(call_service(&service, front()).await).await;
    assert!(page.body.contains("<p>None.</p>") && !page.body.contains(SP));
    assert!(app.idp().relying_parties.is_empty());
}

/// Whatever a person, an application or a request is called, no page has markup of it.
#[actix_web::test]
async fn nothing_that_is_named_becomes_markup() {
    const NASTY: &str = "\"'></option></select><img src=x onerror=alert(1)>&lt;b";
    let mut idp = idp();
    let mut person = idp.people[0].clone();
    person.display_name = NASTY.to_owned();
    person.description = NASTY.to_owned();
    person.name_id = Some(NASTY.to_owned());
    let user_name = person.user_name.clone();
    idp.people = vec![person];
    let entity_id = EntityId::new("urn:sp:\"'><img/src=x/onerror=alert(1)>").unwrap();
    let acs = format!("{ACS}?a=\"'><img src=x onerror=alert(1)>");
    idp.relying_parties = vec![RelyingParty::new(entity_id.clone(), &acs).unwrap()];
    idp.remembers = true;
    let app = IdpApp::new(idp, now);
    let service = init_service(App::new().configure(app.routes())).await;
    let start = "/adfs/ls/idpinitiatedsignon.aspx";
    let wish = Serializer::new(String::new())
        .append_pair("loginToRp", entity_id.as_str())
        .append_pair("RelayState", NASTY)
        .finish();
    let unknown = Serializer::new(String::new()).append_pair("loginToRp", NASTY).finish();
    let form = |fields: &[(&str, &str)]| {
        TestRequest::post()
            .uri(start)
            .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
            .set_payload(Serializer::new(String::new()).extend_pairs(fields).finish())
    };
    let get = |uri: &str| TestRequest::get().uri(uri);
    for (request, names_it) in [
        (get(start), true),
        (get(&format!("{start}?{wish}")), true),
        (get(&format!("{start}?{unknown}")), true),
        (get(&format!("{start}?{wish}&scenario=%3Cimg%20src%3D")), true),
        (form(&[("query", &wish), ("user_name", NASTY)]), true),
        (form(&[("query", &wish), ("person", &user_name)]), true),
        // The session that has begun is listed.
        (get("/"), true),
        (get("/keys"), false),
    ] {
        let page = Page::of(call_service(&service, request.to_request()).await).await;
        assert_eq!(page.body.contains("&lt;img"), names_it, "{}", page.body);
        assert!(!page.body.contains("<img") && !page.body.contains("onerror=\""), "{}", page.body);
        assert!(page.policy.starts_with("default-src 'none'; "), "{}", page.policy);
        assert!(!page.policy.contains("unsafe"));
    }
}
