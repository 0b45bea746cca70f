//! Single log-out, from either side and by either binding.

use std::sync::{Arc, LazyLock, Mutex};

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::idp::{
    ErrorStatus, IssuedSession, LogoutBinding, OutgoingLogout, Received, SignOut, TestIdp, Validity,
};
use actix_saml::saml::binding::{Binding, MessageParameter, redirect_message_url};
use actix_saml::saml::logout::LogoutCall;
use actix_saml::saml::{EntityId, NameId};
use actix_saml::sp::{
    BoxFuture, IndexedSession, LogoutIndex, RequestSigning, SessionHandle, SessionIndexKey,
    StoreError, SubjectKey,
};
use actix_saml::store::{MemoryLogoutIndex, MemoryReplay, MemorySessions};
use actix_saml::web::{AuditEvent, AuditSink, AuditStep, Outcome};
use actix_web::cookie::Key;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::answer::Answer;
use crate::app::{Setup, TestApp, test_idp};
use crate::browser::{Browser, navigation, post};
use crate::jar::From;
use crate::message::{between, encode};
use crate::stores::{Fragile, Step};

pub const SLO: &str = "/saml/slo";
const PENDING: &str = "__Host-saml-logout";

static SIGNING: LazyLock<RequestSigning> = LazyLock::new(|| {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let (common_name, organisation, hosts) = ("rota.example.org", None, &[]);
    let request = CertificateRequest { common_name, organisation, hosts, not_before, not_after };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    RequestSigning { key, certificate }
});

/// The application, and its identity provider as it is after registering it.
pub struct Scene {
    pub app: TestApp,
    pub idp: TestIdp,
}

impl Scene {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let app = TestApp::with(|setup| {
            setup.builder = Box::new(|builder| builder.signing = Some(SIGNING.clone()));
            change(setup);
        })
        .await;
        let mut idp = app.idp().clone();
        idp.register(app.saml.metadata().as_bytes()).unwrap();
        Self { app, idp }
    }

    async fn by_post() -> Self {
        Self::with(|setup| {
            setup.builder = Box::new(|builder| {
                builder.signing = Some(SIGNING.clone());
                builder.logout.binding = Binding::HttpPost;
            });
        })
        .await
    }

    pub async fn sign_in(&self, browser: &Browser<'_>, user_name: &str) -> IssuedSession {
        let begun = browser.begin("/rota").await;
        let form = self.app.respond(&begun, user_name);
        assert_eq!(browser.bring(&form).await.status, 303);
        IssuedSession::of_response(&form.xml).unwrap()
    }

    /// The identity provider's wish, by redirect.
    pub fn wish(&self, session: &IssuedSession) -> OutgoingLogout {
        self.wish_by(session, LogoutBinding::Redirect)
    }

    fn wish_by(&self, session: &IssuedSession, binding: LogoutBinding) -> OutgoingLogout {
        self.idp.request_logout(session, Some("a+b/c"), binding, self.app.clock.read()).unwrap()
    }

    /// A wish that is signed, and otherwise as it is told.
    fn wish_of(&self, idp: &TestIdp, name: &str, index: Option<&str>) -> OutgoingLogout {
        let call = LogoutCall {
            id: "_wish".to_owned(),
            issue_instant: self.app.clock.read(),
            destination: format!("https://rota.example.org{SLO}"),
            issuer: idp.entity_id.clone(),
            name_id: NameId {
                value: name.to_owned(),
                format: None,
                name_qualifier: None,
                sp_name_qualifier: None,
                sp_provided_id: None,
            },
            session_index: index.map(str::to_owned),
        };
        let url = Url::parse(&call.destination).unwrap();
        let key = idp.keys.current().private_key();
        let key = Some((key, key.default_algorithm()));
        let (field, xml) = (MessageParameter::Request, call.to_xml().unwrap());
        let url = redirect_message_url(&url, field, &xml, None, key).unwrap().to_string();
        OutgoingLogout::Redirect { url, id: call.id }
    }

    /// The LogoutRequest that a page of ours sends to the identity provider.
    pub fn read_request(&self, page: &Answer) -> SignOut {
        let received = match page.header("Refresh").and_then(|value| value.strip_prefix("0; url="))
        {
            Some(url) => Received::from_query(url.split_once('?').unwrap().1),
            None => {
                let field = between(&page.body, "name=\"SAMLRequest\" value=\"", "\"");
                Received::from_form(field, None)
            }
        };
        self.idp.receive_logout(&received.unwrap()).unwrap()
    }

    pub fn answer(&self, sign_out: &SignOut, binding: LogoutBinding) -> OutgoingLogout {
        self.idp.answer_logout(sign_out, binding, self.app.clock.read()).unwrap()
    }
}

/// What the identity provider sends through this browser.
pub async fn carry(browser: &Browser<'_>, message: &OutgoingLogout) -> Answer {
    match message {
        OutgoingLogout::Redirect { url, .. } => {
            let path = url.strip_prefix("https://rota.example.org").unwrap();
            browser.visit_from_elsewhere(path).await
        }
        OutgoingLogout::Post { form, .. } => {
            assert_eq!(form.url, format!("https://rota.example.org{SLO}"));
            let value = form.value();
            let mut fields = vec![(form.field, value.as_str())];
            fields.extend(form.relay_state.as_deref().map(|state| ("RelayState", state)));
            browser.submit_from_elsewhere(SLO, &encode(&fields)).await
        }
    }
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    answer.assert_no(status, code, "logout_refused");
}

#[derive(Clone, Default)]
struct Trail(Arc<Mutex<Vec<AuditEvent>>>);

impl AuditSink for Trail {
    fn record(&self, event: &AuditEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Trail {
    fn last(&self) -> (AuditStep, Outcome, Option<String>) {
        let event = self.0.lock().unwrap().last().unwrap().clone();
        (event.step, event.outcome, event.code)
    }
}

#[actix_web::test]
async fn signing_out_goes_on_to_the_identity_provider() {
    let trail = Trail::default();
    let sink = trail.clone();
    let scene = Scene::with(|setup| {
        setup.saml = Box::new(move |saml| saml.audit(Arc::new(sink)));
    })
    .await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let stolen = scene.app.browser();
    *stolen.jar.borrow_mut() = browser.jar.borrow().clone();

    let page = browser.submit("/saml/logout", "").await;
    assert_eq!(page.status, 200);
    page.assert_page();
    assert!(page.body.contains("You are signed out of this service."), "{}", page.body);
    // Whether or not anybody answers.
    assert!(!browser.is_signed_in().await && !stolen.is_signed_in().await);
    assert_eq!(trail.last(), (AuditStep::LogOut, Outcome::Done, None));
    let cookie = page.set_cookie(PENDING).unwrap();
    for attribute in ["HttpOnly", "SameSite=None", "Secure", "Path=/", "Max-Age=600"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }

    let sign_out = scene.read_request(&page);
    assert!(sign_out.is_participant, "the name is as it was issued");
    assert_eq!(sign_out.session_index, session.session_index);
    let page = carry(&browser, &scene.answer(&sign_out, LogoutBinding::Redirect)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.assert_page();
    assert!(page.body.contains("of this service and of the sign-in service."), "{}", page.body);
    assert!(page.body.contains("<img src=\"/saml/logout/forget\""));
    assert!(page.set_cookie(PENDING).unwrap().contains("Max-Age=0"));
    assert!(!browser.is_signed_in().await);
    assert_eq!(trail.last(), (AuditStep::LogOutAnswer, Outcome::Done, None));
}

/// By HTTP-POST the session cookie does not come along with the answer.
#[actix_web::test]
async fn signing_out_by_post() {
    let scene = Scene::by_post().await;
    let browser = scene.app.browser();
    scene.sign_in(&browser, "ward.nurse").await;
    let page = browser.submit("/saml/logout", "").await;
    page.assert_page();
    assert!(
        page.body.contains("<form method=\"post\" action=\"https://fs-a.nhsmail.test/adfs/ls/\"")
    );
    let sign_out = scene.read_request(&page);
    let page = carry(&browser, &scene.answer(&sign_out, LogoutBinding::Post)).await;
    assert!(page.body.contains("of this service and of the sign-in service."), "{}", page.body);
}

#[actix_web::test]
async fn what_the_identity_provider_could_not_do_is_told() {
    let scene = Scene::start().await;
    for (status, text, event) in [
        (ErrorStatus::partial_logout(), "still be signed in at other services", None),
        (ErrorStatus::requester(), "has not signed you out", Some("logout_declined")),
        (ErrorStatus::responder(), "has not signed you out", Some("logout_declined")),
    ] {
        let browser = scene.app.browser();
        scene.sign_in(&browser, "ward.nurse").await;
        let sign_out = scene.read_request(&browser.submit("/saml/logout", "").await);
        let (binding, now) = (LogoutBinding::Redirect, scene.app.clock.read());
        let answer = scene.idp.answer_logout_with(&sign_out, Some(&status), binding, now);
        let page = carry(&browser, &answer.unwrap()).await;
        assert!(page.body.contains(text), "{}", page.body);
        let alarming = page.events.iter().find(|event| event.is_alarming());
        assert_eq!(alarming.map(|e| e.field("event")), event);
    }
}

/// Nobody answers, or too late: the person is signed out, and can sign in again.
#[actix_web::test]
async fn no_answer_ends_well() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    scene.sign_in(&browser, "ward.nurse").await;
    let sign_out = scene.read_request(&browser.submit("/saml/logout", "").await);
    assert!(!browser.is_signed_in().await);
    scene.sign_in(&browser, "ward.nurse").await;
    assert!(browser.is_signed_in().await);
    browser.keep_cookies_for_ever();
    scene.app.clock.advance(TimeDelta::minutes(10));
    let late = carry(&browser, &scene.answer(&sign_out, LogoutBinding::Redirect)).await;
    refused(&late, 403, "no_pending_logout");
    assert!(browser.is_signed_in().await);
}

/// Where it ends here, the page says so, and nothing is sent.
#[actix_web::test]
async fn where_log_out_stays_here() {
    let settings: [fn(&mut Setup); 3] = [
        |setup| setup.builder = Box::new(|_| {}),
        |setup| {
            setup.builder = Box::new(|builder| {
                builder.signing = Some(SIGNING.clone());
                builder.logout.with_idp = false;
            });
        },
        |setup| setup.idps[0].people.iter_mut().for_each(|person| person.name_id = None),
    ];
    for change in settings {
        let app = TestApp::with(|setup| {
            setup.builder = Box::new(|builder| builder.signing = Some(SIGNING.clone()));
            change(setup);
        })
        .await;
        let browser = app.browser();
        browser.sign_in("ward.nurse").await;
        let page = browser.submit("/saml/logout", "").await;
        assert!(page.body.contains("You may still be signed in at the sign-in service"));
        assert_eq!(page.set_cookie(PENDING), None);
        assert!(!page.body.contains("SAMLRequest"), "{}", page.body);
        assert!(!browser.is_signed_in().await);
    }
}

#[actix_web::test]
async fn slo_nothing_is_sent_from_a_frame_or_by_a_script() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    scene.sign_in(&browser, "ward.nurse").await;
    for target in ["iframe", "frame", "fencedframe", "embed", "object"] {
        let request = post("/saml/logout", "")
            .insert_header(("Sec-Fetch-Site", "same-origin"))
            .insert_header(("Sec-Fetch-Dest", target));
        let answer = browser.send(From::SameSite, request).await;
        assert!(answer.body.contains("Do you want to sign out"), "{}", answer.body);
        assert!(browser.is_signed_in().await, "{target}");
    }
    let request = post("/saml/logout", "")
        .insert_header(("Sec-Fetch-Site", "same-origin"))
        .insert_header(("Sec-Fetch-Dest", "empty"))
        .insert_header(("Sec-Fetch-Mode", "cors"));
    let answer = browser.send(From::SameSite, request).await;
    assert!(answer.body.contains("You may still be signed in at the sign-in service"));
    assert!(!browser.is_signed_in().await);
}

/// A session that has ended by itself is nobody's wish to sign out.
#[actix_web::test]
async fn idleness_is_no_log_out() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    scene.sign_in(&browser, "ward.nurse").await;
    scene.app.clock.advance(TimeDelta::minutes(31));
    let page = browser.submit("/saml/logout", "").await;
    assert_eq!(page.set_cookie(PENDING), None);
    assert!(!page.body.contains("SAMLRequest"), "{}", page.body);
}

/// An answer to nothing, to another's request, or forged, changes nothing.
#[actix_web::test]
async fn slo_unsolicited() {
    let scene = Scene::start().await;
    let (one, other) = (scene.app.browser(), scene.app.browser());
    scene.sign_in(&one, "ward.nurse").await;
    let sign_out = scene.read_request(&one.submit("/saml/logout", "").await);
    scene.sign_in(&other, "locum.doctor").await;
    for binding in [LogoutBinding::Redirect, LogoutBinding::Post] {
        let answer = carry(&other, &scene.answer(&sign_out, binding)).await;
        refused(&answer, 403, "no_pending_logout");
        assert!(other.is_signed_in().await);
    }
    // Two at once: the first one's answer is not the second one's.
    let second = scene.app.browser();
    scene.sign_in(&second, "ward.nurse").await;
    second.submit("/saml/logout", "").await;
    let page = carry(&second, &scene.answer(&sign_out, LogoutBinding::Redirect)).await;
    page.assert_no(200, "in_response_to", "logout_refused");
    assert!(page.body.contains("could not be used"), "{}", page.body);
    assert_eq!(page.set_cookie(PENDING), None, "the right answer may still come");
    let cookie = second.jar.borrow().value(PENDING).unwrap();
    second.jar.borrow_mut().put(PENDING, &format!("{cookie}A"));
    let page = carry(&second, &scene.answer(&sign_out, LogoutBinding::Redirect)).await;
    refused(&page, 403, "no_pending_logout");
}

/// The browser that carries the wish need not be the one with the session.
#[actix_web::test]
async fn the_identity_provider_ends_a_session_without_our_cookie() {
    let trail = Trail::default();
    let sink = trail.clone();
    let scene = Scene::with(|setup| {
        setup.saml = Box::new(move |saml| saml.audit(Arc::new(sink)));
    })
    .await;
    for binding in [LogoutBinding::Redirect, LogoutBinding::Post] {
        let browser = scene.app.browser();
        let session = scene.sign_in(&browser, "ward.nurse").await;
        let courier = scene.app.browser();
        let answer = carry(&courier, &scene.wish_by(&session, binding)).await;
        assert!(!browser.is_signed_in().await, "{binding:?}");
        assert_eq!(trail.last(), (AuditStep::Revocation, Outcome::Done, None));
        let received = match binding {
            LogoutBinding::Redirect => {
                assert_eq!(answer.status, 303);
                let (address, query) = answer.location().split_once('?').unwrap();
                assert_eq!(address, scene.idp.sign_in_url());
                Received::from_response_query(query).unwrap()
            }
            LogoutBinding::Post => {
                answer.assert_page();
                let message = between(&answer.body, "name=\"SAMLResponse\" value=\"", "\"");
                let state = between(&answer.body, "name=\"RelayState\" value=\"", "\"");
                Received::from_form(message, Some(state)).unwrap()
            }
        };
        let answered = scene.idp.receive_logout_response(&received).unwrap();
        assert!(answered.is_success);
        assert_eq!(answered.relay_state.as_deref(), Some("a+b/c"));
    }
}

/// The browser that has the session loses its cookie with it.
#[actix_web::test]
async fn the_identity_provider_ends_the_session_of_this_browser() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let answer = carry(&browser, &scene.wish(&session)).await;
    assert_eq!(answer.status, 303);
    assert!(answer.set_cookie("__Host-saml-session").unwrap().contains("Max-Age=0"));
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn one_session_ends_or_all_of_one_person() {
    let scene = Scene::start().await;
    let (one, two, other) = (scene.app.browser(), scene.app.browser(), scene.app.browser());
    let session = scene.sign_in(&one, "ward.nurse").await;
    scene.sign_in(&two, "ward.nurse").await;
    scene.sign_in(&other, "locum.doctor").await;
    carry(&scene.app.browser(), &scene.wish(&session)).await;
    assert!(!one.is_signed_in().await);
    assert!(two.is_signed_in().await && other.is_signed_in().await);

    let three = scene.app.browser();
    scene.sign_in(&three, "ward.nurse").await;
    let all = scene.wish_of(&scene.idp, &session.name_id, None);
    let answer = carry(&scene.app.browser(), &all).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let ended = answer.events.iter().find(|event| event.field("event") == "sessions_ended");
    assert_eq!(ended.unwrap().field("sessions"), "2");
    assert!(!two.is_signed_in().await && !three.is_signed_in().await);
    assert!(other.is_signed_in().await);
}

/// A wish counts once: what is carried again ends no session that began since.
#[actix_web::test]
async fn slo_replay() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let all = scene.wish_of(&scene.idp, &session.name_id, None);
    assert_eq!(carry(&scene.app.browser(), &all).await.status, 303);
    assert!(!browser.is_signed_in().await);
    scene.sign_in(&browser, "ward.nurse").await;
    for minutes in [0, 5] {
        scene.app.clock.advance(TimeDelta::minutes(minutes));
        refused(&carry(&scene.app.browser(), &all).await, 403, "replayed");
        assert!(browser.is_signed_in().await);
    }
    // Until it is too old by itself, whichever is first.
    scene.app.clock.advance(TimeDelta::minutes(3));
    refused(&carry(&scene.app.browser(), &all).await, 403, "expired");
    assert!(browser.is_signed_in().await);
}

/// A wish for somebody who is not here is fulfilled already, and ends nothing.
#[actix_web::test]
async fn slo_unmatched() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let upper = session.name_id.to_uppercase();
    for (name, index) in [
        ("nobody@nhs.net", Some(session.session_index.as_str())),
        (upper.as_str(), None),
        (session.name_id.as_str(), Some("_another")),
    ] {
        // Each is a request of its own: what was remembered is forgotten by then.
        scene.app.clock.advance(TimeDelta::minutes(9));
        let wish = scene.wish_of(&scene.idp, name, index);
        let answer = carry(&scene.app.browser(), &wish).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let query = answer.location().split_once('?').unwrap().1;
        let received = Received::from_response_query(query).unwrap();
        assert!(scene.idp.receive_logout_response(&received).unwrap().is_success);
        assert!(browser.is_signed_in().await, "{name} {index:?}");
    }
}

/// Nobody but the identity provider that signed somebody in ends their session.
#[actix_web::test]
async fn slo_forged_or_foreign_ends_nothing() {
    let scene = Scene::with(|setup| setup.idps.push(test_idp(1))).await;
    let browser = scene.app.browser();
    let session = {
        let begun = browser.begin_at(&format!("/saml/login?idp={}", encode_id(&scene.idp))).await;
        let form = scene.app.respond(&begun, "ward.nurse");
        assert_eq!(browser.bring(&form).await.status, 303);
        IssuedSession::of_response(&form.xml).unwrap()
    };
    let courier = scene.app.browser();
    // Another one that is trusted, in its own name: its people are others.
    let other = test_idp(1);
    let foreign = scene.wish_of(&other, &session.name_id, Some(&session.session_index));
    assert_eq!(carry(&courier, &foreign).await.status, 303);
    assert!(browser.is_signed_in().await);
    // The same in the name of the first.
    let mut liar = other.clone();
    liar.entity_id = scene.idp.entity_id.clone();
    let lie = scene.wish_of(&liar, &session.name_id, None);
    refused(&carry(&courier, &lie).await, 403, "signature_mismatch");
    // Nobody that is trusted.
    let mut stranger = other;
    stranger.entity_id = EntityId::new("urn:stranger").unwrap();
    let strange = scene.wish_of(&stranger, &session.name_id, None);
    refused(&carry(&courier, &strange).await, 403, "unknown_issuer");
    // Without its signature.
    let OutgoingLogout::Redirect { url, .. } = scene.wish(&session) else { panic!() };
    let path = url.strip_prefix("https://rota.example.org").unwrap();
    let (unsigned, _) = path.split_once("&SigAlg=").unwrap();
    refused(&courier.visit_from_elsewhere(unsigned).await, 403, "unsigned");
    let swapped = path.replace("&RelayState=a%2bb%2fc&", "&RelayState=x&");
    assert_ne!(swapped, path);
    refused(&courier.visit_from_elsewhere(&swapped).await, 403, "signature_mismatch");
    let doubled = format!("{path}&RelayState=x");
    refused(&courier.visit_from_elsewhere(&doubled).await, 400, "redirect_repeated_parameter");
    assert!(browser.is_signed_in().await);
    // The control: all that was wrong was what was changed.
    assert_eq!(courier.visit_from_elsewhere(path).await.status, 303);
    assert!(!browser.is_signed_in().await);
}

fn encode_id(idp: &TestIdp) -> String {
    url::form_urlencoded::byte_serialize(idp.entity_id.as_str().as_bytes()).collect()
}

#[actix_web::test]
async fn slo_expired() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let wish = scene.wish(&session);
    scene.app.clock.advance(TimeDelta::minutes(8));
    refused(&carry(&scene.app.browser(), &wish).await, 403, "expired");
    assert!(browser.is_signed_in().await);
}

/// Two machines that share their stores.
#[actix_web::test]
async fn what_one_machine_ends_has_ended_on_the_other() {
    let key = Key::generate();
    let stores = (
        Arc::new(MemoryReplay::default()),
        Arc::new(MemorySessions::default()),
        Arc::new(MemoryLogoutIndex::default()),
    );
    let machine = || {
        let (key, (replay, sessions, index)) = (key.clone(), stores.clone());
        Scene::with(move |setup| {
            setup.saml = Box::new(move |saml| saml.cookie_keys(key).logout_index(index));
            setup.replay = Some(replay);
            setup.sessions = Some(sessions);
        })
    };
    let (one, other) = (machine().await, machine().await);
    let browser = one.app.browser();
    let session = one.sign_in(&browser, "ward.nurse").await;
    let wish = other.wish(&session);
    assert_eq!(carry(&other.app.browser(), &wish).await.status, 303);
    assert!(!browser.is_signed_in().await);
    // What is logged goes to the machine that was started last.
    let again = carry(&one.app.browser(), &wish).await;
    assert_eq!(again.status, 403, "{}", again.body);

    // And what a person ends.
    one.sign_in(&browser, "ward.nurse").await;
    let at_other = other.app.browser();
    *at_other.jar.borrow_mut() = browser.jar.borrow().clone();
    let page = at_other.submit("/saml/logout", "").await;
    assert!(page.body.contains("You are signed out of this service."));
    assert!(!browser.is_signed_in().await);
}

/// An index that does not work.
struct NoIndex;

impl LogoutIndex for NoIndex {
    fn enter(
        &self,
        _: IndexedSession,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn end_subject<'a>(
        &'a self,
        _: SubjectKey,
        _: &'a [SessionIndexKey],
        _: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Vec<SessionHandle>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("gone".to_owned()))))
    }

    fn end(
        &self,
        _: SessionHandle,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("gone".to_owned()))))
    }

    fn has_ended(
        &self,
        _: SessionHandle,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

/// Nobody is told that they are signed out when they are not.
#[actix_web::test]
async fn a_store_that_fails_is_told() {
    let trail = Trail::default();
    let sink = trail.clone();
    let scene = Scene::with(|setup| {
        setup.saml =
            Box::new(move |saml| saml.logout_index(Arc::new(NoIndex)).audit(Arc::new(sink)));
    })
    .await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let answer = carry(&scene.app.browser(), &scene.wish(&session)).await;
    let code = Some("logout_index".to_owned());
    assert_eq!(trail.last(), (AuditStep::Revocation, Outcome::Failed, code));
    let query = answer.location().split_once('?').unwrap().1;
    let received = Received::from_response_query(query).unwrap();
    assert!(!scene.idp.receive_logout_response(&received).unwrap().is_success);

    let page = browser.submit("/saml/logout", "").await;
    page.assert_no(503, "session_store", "unavailable");
    assert!(browser.is_signed_in().await);
}

/// The session is marked, and then the store fails before it is deleted.
#[actix_web::test]
async fn a_session_that_could_not_be_deleted_counts_no_more() {
    let store = Arc::new(Fragile::default());
    let sessions = Arc::clone(&store);
    let scene = Scene::with(|setup| setup.sessions = Some(sessions)).await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let ask = async || {
        let answer = carry(&scene.app.browser(), &scene.wish(&session)).await;
        let query = answer.location().split_once('?').unwrap().1;
        let received = Received::from_response_query(query).unwrap();
        scene.idp.receive_logout_response(&received).unwrap().is_success
    };
    store.break_at(Step::Delete);
    assert!(!ask().await, "the control: it is not there yet");
    // It is still in the store, and cannot be deleted.
    browser.visit("/whoami").await.assert_unavailable("session_store");
    store.break_at(None);
    // Asked again, there is nothing that has not been marked. It is dead.
    assert!(ask().await);
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn slo_messages_in_other_forms() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let OutgoingLogout::Post { form, .. } = scene.wish_by(&session, LogoutBinding::Post) else {
        panic!()
    };
    let value = form.value();
    let field = ("SAMLRequest", value.as_str());
    let courier = scene.app.browser();
    for (fields, code) in [
        (vec![field, field], "form"),
        (vec![field, ("SAMLResponse", "x")], "form"),
        (vec![field, ("SAMLart", "x")], "form"),
        (vec![field, ("RelayState", "a"), ("RelayState", "a")], "form"),
        (vec![("RelayState", "a")], "form"),
        (vec![("SAMLRequest", "!")], "base64"),
        (vec![("SAMLRequest", "PGE+")], "xml_malformed"),
        (vec![("SAMLRequest", "PGEvPg==")], "not_the_logout_message"),
        // Right in itself, in the field of the other.
        (vec![("SAMLResponse", value.as_str())], "no_pending_logout"),
    ] {
        let answer = courier.submit_from_elsewhere(SLO, &encode(&fields)).await;
        let alarming = answer.events.iter().find(|event| event.is_alarming()).unwrap();
        assert_eq!((alarming.field("event"), alarming.field("code")), ("logout_refused", code));
        assert!(matches!(answer.status, 400 | 403), "{}", answer.status);
    }
    let in_query = format!("{SLO}?SAMLRequest=x");
    let answer = courier.submit_from_elsewhere(&in_query, &encode(&[field])).await;
    refused(&answer, 400, "form");
    let long = encode(&[("SAMLRequest", &"A".repeat(300_000))]);
    let answer = courier.submit_from_elsewhere(SLO, &long).await;
    assert_eq!(answer.status, 413);
    let text = post(SLO, &encode(&[field])).insert_header((CONTENT_TYPE, "text/plain"));
    assert_eq!(courier.send(From::OtherSitePost, text).await.status, 415);
    assert_eq!(courier.visit(SLO).await.status, 400);
    let put = courier.send(From::SameSite, navigation(Method::PUT, SLO)).await;
    assert_eq!((put.status, put.header("Allow")), (405, Some("GET, POST")));
    assert!(browser.is_signed_in().await);
    let honest = courier.submit_from_elsewhere(SLO, &encode(&[field])).await;
    assert_eq!(honest.status, 200, "{}", honest.body);
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn the_metadata_names_the_address_only_with_a_key() {
    let mark = "SingleLogoutService";
    let scene = Scene::start().await;
    let metadata = scene.app.saml.metadata();
    assert_eq!(metadata.matches(mark).count(), 2, "{metadata}");
    assert!(metadata.contains("Location=\"https://rota.example.org/saml/slo\""), "{metadata}");
    let bare = TestApp::start().await;
    assert!(!bare.saml.metadata().contains(mark));
}

/// Without a key we cannot answer. What the identity provider wants is done all the same.
#[actix_web::test]
async fn without_a_key_a_wish_is_obeyed_and_not_answered() {
    let app = TestApp::start().await;
    let scene = Scene { idp: app.idp().clone(), app };
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let wish = scene.wish_of(&scene.idp, &session.name_id, Some(&session.session_index));
    let page = carry(&scene.app.browser(), &wish).await;
    assert_eq!(page.status, 200);
    page.assert_page();
    assert!(page.body.contains("as the sign-in service has asked"), "{}", page.body);
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn where_it_is_switched_off_nobody_ends_anything() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            builder.signing = Some(SIGNING.clone());
            builder.logout.with_idp = false;
        });
    })
    .await;
    assert!(!app.saml.metadata().contains("SingleLogoutService"));
    let scene = Scene { idp: app.idp().clone(), app };
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let wish = scene.wish_of(&scene.idp, &session.name_id, None);
    refused(&carry(&scene.app.browser(), &wish).await, 403, "logout_switched_off");
    assert!(browser.is_signed_in().await);
}
