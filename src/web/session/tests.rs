//! Who is no longer signed in is no longer in memory.

use std::collections::HashMap;

use actix_session::SessionMiddleware;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, Key};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use chrono::TimeDelta;
use url::Url;

use super::*;
use crate::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use crate::nhsmail::Staff;
use crate::saml::EntityId;
use crate::saml::metadata::IdpMetadata;
use crate::sp::{Builder, Idp};
use crate::web::{Clock, Saml};
use crate::xml::encode_base64;

/// It stands still.
struct Stopped(DateTime<Utc>);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn idp() -> Arc<Idp> {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let year = TimeDelta::days(365);
    let request = CertificateRequest {
        common_name: "idp.example.org",
        organisation: None,
        hosts: &[],
        not_before: start() - year,
        not_after: start() + year,
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    let der = encode_base64(certificate.as_der());
    let xml = format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"urn:idp\">\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <X509Data><X509Certificate>{der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.example.org/sso\"/></IDPSSODescriptor></EntityDescriptor>"
    );
    let metadata = IdpMetadata::read(xml.as_bytes(), start()).unwrap();
    Arc::new(Idp { metadata, label: None })
}

fn saml() -> Saml {
    let base_url = Url::parse("https://rota.example.org").unwrap();
    let mut builder = Builder::new(EntityId::new("urn:rota").unwrap(), base_url);
    builder.idps.push(idp());
    Saml::builder(builder.build().unwrap()).clock(Arc::new(Stopped(start()))).build().unwrap()
}

fn principal(expires_at: DateTime<Utc>) -> Principal {
    let json = serde_json::json!({
        "issuer": "urn:idp",
        "name_id": null,
        "session_index": null,
        "authn_instant": start(),
        "authn_context": null,
        "attributes": [{
            "name": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "name_format": null,
            "friendly_name": null,
            "values": ["test.user1@nhs.net"],
        }],
        "assertion_id": "_a",
        "signed_in_at": start(),
        "expires_at": expires_at,
    });
    serde_json::from_value(json).unwrap()
}

/// Puts somebody into the session, as a sign-in does.
async fn enter(session: Session, hours: web::Path<i64>) -> HttpResponse {
    let ends = start() + TimeDelta::hours(hours.into_inner());
    session.insert(PRINCIPAL, principal(ends)).unwrap();
    HttpResponse::NoContent().finish()
}

async fn who(staff: Option<Staff>) -> HttpResponse {
    if staff.is_some() { HttpResponse::Ok() } else { HttpResponse::NotFound() }.finish()
}

fn mount(config: &mut web::ServiceConfig) {
    config.route("/enter/{hours}", web::get().to(enter)).route("/who", web::get().to(who));
}

/// The answer to a request with the cookies of an earlier answer.
macro_rules! ask {
    ($app:expr, $request:expr, $cookies:expr) => {{
        let with = |request: TestRequest, cookie: &Cookie<'static>| request.cookie(cookie.clone());
        call_service($app, $cookies.iter().fold($request, with).to_request()).await
    }};
}

fn cookies<B>(response: &ServiceResponse<B>) -> Vec<Cookie<'static>> {
    response.response().cookies().map(Cookie::into_owned).collect()
}

const NONE: [Cookie<'static>; 0] = [];

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

/// A store of the application's own, which goes on holding what has ended, as cookies do.
#[derive(Default)]
struct Unforgetting(RefCell<HashMap<String, HashMap<String, String>>>);

impl SessionStore for Unforgetting {
    async fn load(&self, key: &SessionKey) -> Result<Option<HashMap<String, String>>, LoadError> {
        Ok(self.0.borrow().get(key.as_ref()).cloned())
    }

    async fn save(
        &self,
        state: HashMap<String, String>,
        _ttl: &Duration,
    ) -> Result<SessionKey, SaveError> {
        let key = format!("{:064}", self.0.borrow().len());
        self.0.borrow_mut().insert(key.clone(), state);
        Ok(key.try_into().unwrap())
    }

    async fn update(
        &self,
        key: SessionKey,
        _state: HashMap<String, String>,
        _ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        Ok(key)
    }

    async fn update_ttl(&self, _key: &SessionKey, _ttl: &Duration) -> anyhow::Result<()> {
        Ok(())
    }

    async fn delete(&self, _key: &SessionKey) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Enters, and leaves by the form of the page for it.
macro_rules! comes_and_goes {
    ($saml:expr, $app:expr) => {{
        let (saml, app) = (&$saml, &$app);
        let entered = ask!(app, get("/enter/8"), NONE);
        let cookies = cookies(&entered);
        assert_eq!(ask!(app, get("/who"), cookies).status(), StatusCode::OK);
        assert_eq!(saml.known_people(), 1, "control");
        let leave = TestRequest::post().uri("/saml/logout");
        assert_eq!(ask!(app, leave, cookies).status(), StatusCode::OK);
        assert_eq!(saml.known_people(), 0);
        // Whoever brings the cookie once more is nobody, and leaves nothing behind.
        assert_eq!(ask!(app, get("/who"), cookies).status(), StatusCode::NOT_FOUND);
        assert_eq!(saml.known_people(), 0);
    }};
}

#[actix_web::test]
async fn whoever_signs_out_is_forgotten() {
    let saml = saml();
    let app = App::new().configure(saml.routes()).configure(mount).wrap(saml.sessions());
    comes_and_goes!(saml, init_service(app).await);
}

#[actix_web::test]
async fn so_is_whoever_signs_out_of_a_session_of_the_applications_own() {
    let saml = saml();
    let own = SessionMiddleware::new(Unforgetting::default(), Key::from(&[7; 64]));
    let app = App::new().configure(saml.routes()).configure(mount).wrap(own);
    comes_and_goes!(saml, init_service(app).await);
}

#[actix_web::test]
async fn so_is_whoever_was_signed_in_for_long_enough() {
    let saml = saml();
    let app = App::new().configure(saml.routes()).configure(mount).wrap(saml.sessions());
    let app = init_service(app).await;
    for (hours, status, count) in [(0, StatusCode::NOT_FOUND, 0), (8, StatusCode::OK, 1)] {
        let entered = ask!(&app, get(&format!("/enter/{hours}")), NONE);
        let cookies = cookies(&entered);
        assert_eq!(ask!(&app, get("/who"), cookies).status(), status);
        assert_eq!(saml.known_people(), count);
    }
}
