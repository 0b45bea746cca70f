//! Whose metadata it is, and whose sessions count, while somebody else's is missing.

use std::sync::{Arc, Mutex};

use actix_saml::store::{MemoryReplay, MemorySessions};
use actix_saml::web::federation::{
    Fetch, FetchError, FetchRequest, Fetched, IdpSource, Validators,
};
use actix_web::cookie::Key;
use chrono::TimeDelta;

use super::scene::{Folder, Publisher, app_of, app_with, idp, metadata, settings, source};
use crate::app::{Setup, TestApp};

/// One address that is up, whatever it says, and one that is not.
struct Hosts(Mutex<bool>);

impl Fetch for Hosts {
    fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let document = match request.url.host_str() {
            Some("good.test") if *self.0.lock().unwrap() => metadata(0, None),
            Some("good.test") => return Err(FetchError::Status(503)),
            _ => metadata(2, None),
        };
        Ok(Fetched::Document { bytes: document.into_bytes(), validators: Validators::default() })
    }
}

#[actix_web::test]
async fn crossidp_a_name_that_is_given_to_one_is_not_for_another_to_take() {
    let good = source(|source| {
        source.url = Some("https://good.test/m.xml".parse().unwrap());
        source.policy.entity_id = Some(idp(0, None).entity_id);
    });
    let other = source(|source| source.url = Some("https://other.test/m.xml".parse().unwrap()));
    let hosts = Arc::new(Hosts(Mutex::new(false)));
    struct Shared(Arc<Hosts>);
    impl Fetch for Shared {
        fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
            self.0.fetch(request)
        }
    }
    let app = app_of(vec![good, other], settings(Shared(Arc::clone(&hosts)))).await;
    app.saml.refresh_due();
    assert!(!app.saml.is_ready());
    let problem = app.saml.status().idps[1].fetch_problem.clone().unwrap();
    assert_eq!((problem.code, problem.quarantined), ("metadata_unacceptable", true));
    *hosts.0.lock().unwrap() = true;
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    let name = idp(0, None).entity_id.to_string();
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    for (key, status) in [(2, 403), (0, 303)] {
        let browser = app.browser();
        let begun = browser.begin_at(&format!("/saml/login?return_to=%2Frota&idp={name}")).await;
        let form = app.respond_by(&idp(key, None), &begun, &app.person("ward.nurse"));
        assert_eq!(browser.bring(&form).await.status, status, "{key}");
    }
}

#[actix_web::test]
async fn who_is_signed_in_outlives_a_start_without_metadata() {
    let key = Key::generate();
    let replay = Arc::new(MemoryReplay::default());
    let sessions = Arc::new(MemorySessions::default());
    let start = async |publisher: Publisher, name: Option<&str>| {
        let (key, replay, sessions) = (key.clone(), replay.clone(), sessions.clone());
        let named = source(|source| {
            source.policy.entity_id = name.map(|name| name.parse().unwrap());
        });
        app_with(named, settings(publisher), |setup| {
            let saml = std::mem::replace(&mut setup.saml, Box::new(|saml| saml));
            setup.replay = Some(replay);
            setup.sessions = Some(sessions);
            setup.saml = Box::new(move |builder| saml(builder.cookie_keys(key)));
        })
        .await
    };
    let name = idp(0, None).entity_id.to_string();
    let before = start(Publisher::of(metadata(0, None)), None).await;
    let browser = before.browser();
    assert_eq!(browser.sign_in_by(0).await.status, 303);
    let jar = browser.jar.borrow().clone();
    for (name, is_there) in [(None, true), (Some(name.as_str()), true), (Some("urn:other"), false)]
    {
        let after = start(Publisher::failing(FetchError::Status(503)), name).await;
        assert!(!after.saml.is_ready());
        let again = after.browser();
        *again.jar.borrow_mut() = jar.clone();
        let status = again.visit("/rota").await.status;
        assert_eq!(status, if is_there { 200 } else { 503 }, "{name:?}");
    }
}

/// Of several providers one that nobody has named vouches for nobody before it is there.
#[actix_web::test]
async fn crossidp_a_session_of_a_provider_that_is_gone_ends_whatever_else_is_missing() {
    let folder = Folder::new();
    let key = Key::generate();
    let sessions = Arc::new(MemorySessions::default());
    let start = async |sources: Vec<IdpSource>, publisher: Publisher| {
        let (key, sessions) = (key.clone(), sessions.clone());
        let refresh = settings(publisher);
        let app = TestApp::with(|setup: &mut Setup| {
            setup.idps = vec![idp(0, None)];
            setup.sessions = Some(sessions);
            setup.builder = Box::new(|builder| {
                builder.idps.clear();
                builder.awaits_idps = true;
            });
            setup.saml = Box::new(move |saml| saml.cookie_keys(key).sources(sources, refresh));
        })
        .await;
        app.saml.refresh_due();
        app
    };
    let before = start(vec![source(|_| {})], Publisher::of(metadata(0, None))).await;
    let browser = before.browser();
    assert_eq!(browser.sign_in_by(0).await.status, 303);
    let jar = browser.jar.borrow().clone();

    let named = |name: &str| source(|source| source.policy.entity_id = Some(name.parse().unwrap()));
    let missing = source(|source| {
        source.url = None;
        source.file = Some(folder.path("missing.xml"));
    });
    let own = idp(0, None).entity_id.to_string();
    for (name, is_there) in [("urn:other", false), (own.as_str(), true)] {
        let failing = Publisher::failing(FetchError::Status(503));
        let after = start(vec![named(name), missing.clone()], failing).await;
        let again = after.browser();
        *again.jar.borrow_mut() = jar.clone();
        let status = again.visit("/rota").await.status;
        assert_eq!(status, if is_there { 200 } else { 503 }, "{name}");
    }
}
