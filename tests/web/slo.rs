//! Single log-out, from either side and by either binding.

#[path = "slo_by_idp.rs"]
mod by_idp;

use std::sync::{Arc, LazyLock, Mutex};

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::idp::{
    ErrorStatus, IssuedSession, LogoutBinding, OutgoingLogout, Personality, Received, SignOut,
    TestIdp, Validity,
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
use crate::app::{Setup, TestApp, test_idp, test_keys};
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

/// From either side, whoever the identity provider behaves like: at Entra the answer's Issuer is
/// another than the assertion's.
#[actix_web::test]
async fn signing_out_at_each_personality() {
    for personality in Personality::ALL {
        let idp = TestIdp::at(personality, "https://fs-a.nhsmail.test", test_keys(0)).unwrap();
        let scene = Scene::with(|setup| setup.idps = vec![idp]).await;
        for binding in [LogoutBinding::Redirect, LogoutBinding::Post] {
            let browser = scene.app.browser();
            let session = scene.sign_in(&browser, "ward.nurse").await;
            assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
            let sign_out = scene.read_request(&browser.submit("/saml/logout", "").await);
            assert!(sign_out.is_participant, "{personality:?}: the name is as it was issued");
            assert_eq!(sign_out.session_index, session.session_index, "{personality:?}");
            assert!(!browser.is_signed_in().await);
            let page = carry(&browser, &scene.answer(&sign_out, binding)).await;
            assert!(page.body.contains("and of the sign-in service."), "{}", page.body);

            let session = scene.sign_in(&browser, "ward.nurse").await;
            let kept = scene.app.browser();
            scene.sign_in(&kept, "ward.nurse").await;
            carry(&browser, &scene.wish_by(&session, binding)).await;
            assert!(!browser.is_signed_in().await, "{personality:?} {binding:?}");
            assert!(kept.is_signed_in().await, "another session of theirs");
        }
    }
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
