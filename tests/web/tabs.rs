//! Several tabs, the back button, and sign-ins that are finished late or twice.

use actix_saml::sp::SessionLimits;
use actix_web::http::Method;
use chrono::TimeDelta;

use crate::answer::Answer;
use crate::app::{ACS, TestApp};
use crate::browser::{Browser, navigation};
use crate::foreign_sessions::OwnStore;
use crate::jar::From;
use crate::message::Form;

const SESSION: &str = "__Host-saml-session";
const PENDING: &str = "__Host-saml-pending-";

/// Signs in, and returns what the back button posts once more.
async fn arrive(browser: &Browser<'_>, page: &str, user_name: &str) -> Form {
    let begun = browser.begin(page).await;
    let form = browser.app.respond(&begun, user_name);
    let landed = browser.bring(&form).await;
    assert_eq!((landed.status, landed.location()), (303, page), "{}", landed.body);
    form
}

#[track_caller]
fn assert_sent_on(answer: &Answer, page: &str) {
    assert_eq!((answer.status, answer.location()), (303, page), "{}", answer.body);
    assert_eq!(answer.header("Set-Cookie"), None);
    let told: Vec<_> = answer.events.iter().map(|event| event.field("event")).collect();
    assert_eq!(told, ["signed_in_already"]);
}

#[track_caller]
fn assert_over(answer: &Answer, login: &str) {
    answer.assert_refused(403, "replayed");
    assert!(answer.body.contains("<h1>You are no longer signed in</h1>"), "{}", answer.body);
    assert!(answer.body.contains(&format!("href=\"{login}\">Sign in again")), "{}", answer.body);
}

#[actix_web::test]
async fn whoever_goes_back_is_sent_on() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let form = arrive(&browser, "/rota?day=2", "ward.nurse").await;
    let session = browser.jar.borrow().value(SESSION);
    for _ in 0..3 {
        assert_sent_on(&browser.bring(&form).await, "/rota?day=2");
    }
    assert_eq!(browser.jar.borrow().value(SESSION), session);
    assert_eq!(browser.visit("/rota?day=2").await.status, 200);
}

/// It is looked at, and not used: whoever goes back and forth does not keep a session alive.
#[actix_web::test]
async fn going_back_does_not_prolong_a_session() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let form = arrive(&browser, "/rota", "ward.nurse").await;
    app.clock.advance(TimeDelta::minutes(29));
    assert_sent_on(&browser.bring(&form).await, "/rota");
    app.clock.advance(TimeDelta::minutes(1));
    assert_over(&browser.bring(&form).await, "/saml/login?return_to=%2Frota");
}

#[actix_web::test]
async fn after_signing_out_going_back_signs_nobody_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let form = arrive(&browser, "/rota?day=2", "ward.nurse").await;
    assert_eq!(browser.submit("/saml/logout", "").await.status, 200);
    assert_over(&browser.bring(&form).await, "/saml/login?return_to=%2Frota%3Fday%3D2");
    assert!(!browser.is_signed_in().await);
    assert_eq!(browser.jar.borrow().value(SESSION), None);
}

/// It is not the one's business that the other is signed in.
#[actix_web::test]
async fn going_back_does_not_lead_into_somebody_elses_session() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let form = arrive(&browser, "/rota?day=2", "ward.nurse").await;
    browser.submit("/saml/logout", "").await;
    arrive(&browser, "/rota", "test.consultant").await;
    assert_over(&browser.bring(&form).await, "/saml/login?return_to=%2Frota%3Fday%3D2");
    assert!(browser.is_signed_in().await);
}

#[actix_web::test]
async fn a_tab_whose_session_another_tab_has_renewed_is_sent_on() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let one = browser.begin("/rota/1").await;
    let other = browser.begin("/rota/2").await;
    let form = app.respond(&one, "ward.nurse");
    assert_eq!(browser.bring(&form).await.location(), "/rota/1");
    assert_eq!(browser.bring(&app.respond(&other, "ward.nurse")).await.location(), "/rota/2");
    assert_sent_on(&browser.bring(&form).await, "/rota/1");
}

#[actix_web::test]
async fn a_tab_that_finishes_late_leaves_no_session_behind() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let late = browser.begin("/rota/late").await;
    arrive(&browser, "/rota/1", "ward.nurse").await;
    let first = browser.jar.borrow().clone();
    app.clock.advance(TimeDelta::minutes(20));
    let landed = browser.bring(&app.respond(&late, "ward.nurse")).await;
    assert_eq!(landed.location(), "/rota/late");
    assert_ne!(browser.jar.borrow().value(SESSION), first.value(SESSION), "a new id");
    assert_eq!(browser.visit("/rota/late").await.status, 200);
    // Whoever has copied the first session has nothing.
    *browser.jar.borrow_mut() = first;
    assert!(!browser.is_signed_in().await);
}

/// The sign-in in another tab was dropped, and sign-ins that came after it know its session.
#[actix_web::test]
async fn a_late_tab_finds_the_session_by_way_of_other_sign_ins() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let late = browser.begin("/rota/late").await;
    arrive(&browser, "/rota/1", "ward.nurse").await;
    let first = browser.jar.borrow().clone();
    for number in 2..9 {
        browser.begin(&format!("/rota/{number}")).await;
    }
    let landed = browser.bring(&app.respond(&late, "ward.nurse")).await;
    assert_eq!(landed.location(), "/rota/late");
    *browser.jar.borrow_mut() = first;
    assert!(!browser.is_signed_in().await);
}

/// The session cookie goes with the window, the session does not.
#[actix_web::test]
async fn after_closing_the_browser_no_session_is_left_behind() {
    let app = TestApp::start().await;
    let browser = app.browser();
    arrive(&browser, "/rota", "ward.nurse").await;
    let before = browser.jar.borrow().clone();
    browser.jar.borrow_mut().0.retain(|stored| stored.expires.is_some());
    assert_eq!(browser.jar.borrow().value(SESSION), None);
    arrive(&browser, "/", "test.consultant").await;
    *browser.jar.borrow_mut() = before;
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn two_tabs_of_one_person_lose_nothing_to_each_other() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let late = browser.begin("/rota/late").await;
    arrive(&browser, "/rota/1", "ward.nurse").await;
    browser.visit("/note").await;
    browser.bring(&app.respond(&late, "ward.nurse")).await;
    assert_eq!(browser.visit("/notes").await.body, "mine");
}

#[actix_web::test]
async fn two_people_in_two_tabs_inherit_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let late = browser.begin("/rota/late").await;
    arrive(&browser, "/rota/1", "ward.nurse").await;
    browser.visit("/note").await;
    let landed = browser.bring(&app.respond(&late, "test.consultant")).await;
    assert_eq!(landed.location(), "/rota/late");
    assert_eq!(browser.visit("/notes").await.body, "");
}

/// A sign-in that nobody forced may be the answer of somebody's open session at the provider: it is
/// no way into what is locked, or about to be.
#[actix_web::test]
async fn a_late_tab_does_not_open_what_is_due_to_be_locked() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            let lock = Some(TimeDelta::minutes(10));
            builder.session = SessionLimits { lock, ..SessionLimits::default() };
        });
    })
    .await;
    for (minutes, note) in [(9, "mine"), (10, "")] {
        let browser = app.browser();
        let late = browser.begin("/rota/late").await;
        arrive(&browser, "/rota/1", "ward.nurse").await;
        browser.visit("/note").await;
        app.clock.advance(TimeDelta::minutes(minutes));
        let landed = browser.bring(&app.respond(&late, "ward.nurse")).await;
        assert_eq!(landed.location(), "/rota/late");
        assert_eq!(browser.visit("/notes").await.body, note, "after {minutes} minutes");
    }
}

/// The question whether to go on with somebody else's page is asked again.
#[actix_web::test]
async fn going_back_does_not_skip_the_handover() {
    let app = TestApp::start().await;
    let browser = app.browser();
    arrive(&browser, "/rota", "ward.nurse").await;
    app.clock.advance(TimeDelta::minutes(30));
    let begun = browser.begin("/rota?day=2").await;
    let form = app.respond(&begun, "test.consultant");
    assert_eq!(browser.bring(&form).await.location(), "/saml/handover");
    assert_sent_on(&browser.bring(&form).await, "/saml/handover");
}

#[actix_web::test]
async fn finished_sign_ins_make_room_first() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let waiting = browser.begin("/rota/waiting").await;
    for number in 0..4 {
        app.clock.advance(TimeDelta::seconds(1));
        arrive(&browser, &format!("/rota/{number}"), "ward.nurse").await;
    }
    let mut begun = Vec::new();
    for number in 4..11 {
        app.clock.advance(TimeDelta::seconds(1));
        begun.push(browser.begin(&format!("/rota/{number}")).await);
        assert!(browser.jar.borrow().names(PENDING).len() <= 8);
    }
    for begun in std::iter::once(&waiting).chain(&begun) {
        let landed = browser.bring(&app.respond(begun, "ward.nurse")).await;
        assert_eq!(landed.status, 303, "{}", landed.body);
    }
}

#[actix_web::test]
async fn what_is_finished_is_forgotten_after_an_hour() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let form = arrive(&browser, "/rota", "ward.nurse").await;
    browser.keep_cookies_for_ever();
    for _ in 0..4 {
        app.clock.advance(TimeDelta::minutes(15) - TimeDelta::milliseconds(1));
        assert_eq!(browser.visit("/rota").await.status, 200);
    }
    assert_sent_on(&browser.bring(&form).await, "/rota");
    app.clock.advance(TimeDelta::milliseconds(4));
    browser.bring(&form).await.assert_refused(403, "replayed");
}

#[actix_web::test]
async fn an_address_without_a_response_leads_back_where_it_is_known() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let visited = |answer: Answer, login: &str| {
        answer.assert_no(405, "method", "sign_in_refused");
        assert_eq!(answer.header("Allow"), Some("POST"));
        assert!(answer.body.contains(&format!("href=\"{login}\"")), "{}", answer.body);
    };
    visited(browser.visit(ACS).await, "/saml/login");
    browser.begin("/rota?day=2").await;
    visited(browser.visit(ACS).await, "/saml/login?return_to=%2Frota%3Fday%3D2");
    browser.begin("/rota?day=3").await;
    visited(browser.visit(ACS).await, "/saml/login");
    let other = navigation(Method::PUT, ACS);
    assert_eq!(browser.send(From::SameSite, other).await.status, 405);
}

/// In a store of the application's own nothing can be looked up: whoever goes back is sent on when
/// the session comes along, and told to sign in again when it does not.
#[actix_web::test]
async fn with_sessions_of_its_own_an_application_sends_on_whom_it_sees() {
    let app = TestApp::with(|setup| setup.own_store = Some(OwnStore::default())).await;
    let browser = app.browser();
    let form = arrive(&browser, "/rota?day=2", "ward.nurse").await;
    assert_eq!(browser.visit("/rota?day=2").await.status, 200);
    assert_over(&browser.bring(&form).await, "/saml/login?return_to=%2Frota%3Fday%3D2");
    // The cookie is SameSite=None there, or the browser does not keep to it.
    assert_sent_on(&browser.submit(ACS, &form.encode()).await, "/rota?day=2");
    browser.submit("/saml/logout", "").await;
    assert_over(
        &browser.submit(ACS, &form.encode()).await,
        "/saml/login?return_to=%2Frota%3Fday%3D2",
    );
}

#[actix_web::test]
async fn with_sessions_of_its_own_a_late_tab_leaves_none_behind() {
    let app = TestApp::with(|setup| setup.own_store = Some(OwnStore::default())).await;
    let browser = app.browser();
    let late = browser.begin("/rota/late").await;
    arrive(&browser, "/rota/1", "ward.nurse").await;
    let first = browser.jar.borrow().clone();
    let landed = browser.bring(&app.respond(&late, "ward.nurse")).await;
    assert_eq!(landed.location(), "/rota/late");
    assert!(browser.is_signed_in().await);
    *browser.jar.borrow_mut() = first;
    assert!(!browser.is_signed_in().await);
}

/// Whoever posts a response that was used raises the alarm, whatever browser it comes from; one that
/// was not used yet is only astray.
#[actix_web::test]
async fn replay_1_a_used_response_in_another_browser_is_the_alarm() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    app.browser().bring(&form).await.assert_refused(403, "no_pending_login");
    assert_eq!(browser.bring(&form).await.location(), "/rota");
    for _ in 0..2 {
        let stranger = app.browser();
        stranger.bring(&form).await.assert_refused(403, "replayed");
        assert!(!stranger.is_signed_in().await);
    }
    assert!(browser.is_signed_in().await);
    // Of a provider that is not trusted nothing is known.
    let other = form.replace(app.idp().entity_id.as_str(), "urn:other");
    app.browser().bring(&other).await.assert_refused(403, "no_pending_login");
}
