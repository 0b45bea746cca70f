//! A form that meets no session is kept for its sender, if that is wished.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use actix_web::http::header::{CONTENT_LENGTH, ORIGIN};
use actix_web::test::TestRequest;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use url::form_urlencoded;

use actix_saml::sp::{
    BoxFuture, LiveSession, SessionHandle, SessionState, SessionStore, StoreError,
};
use actix_saml::store::MemorySessions;

use crate::answer::Answer;
use crate::app::{Setup, TestApp};
use crate::browser::{Browser, post};
use crate::jar::From;
use crate::message::between;
use crate::stores::{Fragile, Step};

const KEPT: &str = "It is kept for a while, encrypted.";
const LOST: &str = "What you sent was not used.";

async fn keeping_with(change: impl FnOnce(&mut Setup)) -> TestApp {
    TestApp::with(|setup| {
        setup.saml = Box::new(|saml| saml.keep_forms(true));
        change(setup);
    })
    .await
}

async fn keeping() -> TestApp {
    keeping_with(|_| {}).await
}

fn form(path: &str, body: &str) -> TestRequest {
    post(path, body).insert_header((CONTENT_LENGTH, body.len()))
}

pub async fn send(browser: &Browser<'_>, path: &str, body: &str) -> Answer {
    let request = form(path, body).insert_header(("Sec-Fetch-Site", "same-origin"));
    browser.send(From::SameSite, request).await
}

/// Somebody who was signed in until a moment ago.
async fn late<'a>(app: &'a TestApp, user_name: &str) -> Browser<'a> {
    let browser = app.browser();
    browser.sign_in(user_name).await;
    app.clock.advance(TimeDelta::minutes(31));
    browser
}

/// The sign-in to which the page leads.
async fn sign_in_to_resume(browser: &Browser<'_>, page: &Answer, user_name: &str) -> Answer {
    let login = "/saml/login?return_to=%2Fsaml%2Fresume";
    assert!(page.body.contains(&format!("href=\"{login}\"")), "{}", page.body);
    let begun = browser.begin_at(login).await;
    browser.bring(&browser.app.respond(&begun, user_name)).await
}

/// The address behind a button of the page.
#[track_caller]
fn button(page: &Answer, name: &str) -> String {
    let address = format!("/saml/resume?{name}=");
    let id = between(&page.body, &format!("action=\"{address}"), "\"");
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    address + id
}

/// The fields that stand behind the button that sends, as a browser sends them.
fn fields(page: &Answer) -> String {
    let form = between(&page.body, "action=\"/saml/resume?send=", "</form>");
    let mut fields = form_urlencoded::Serializer::new(String::new());
    for input in form.split("<input type=\"hidden\" ").skip(1) {
        let plain = |text: &str| {
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            text.replace("&#39;", "'").replace("&amp;", "&")
        };
        let name = plain(between(input, "name=\"", "\""));
        fields.append_pair(&name, &plain(between(input, "value=\"", "\"")));
    }
    fields.finish()
}

/// Presses the button that sends. A browser then posts the same to where it is told.
async fn press(browser: &Browser<'_>, page: &Answer) -> Answer {
    browser.submit(&button(page, "send"), &fields(page)).await
}

#[track_caller]
fn assert_goes_to(answer: &Answer, address: &str) {
    assert_eq!((answer.status, answer.location()), (307, address), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[track_caller]
fn assert_lost(page: &Answer) {
    assert_eq!(page.status, 401);
    assert!(page.body.contains(LOST) && !page.body.contains(KEPT), "{}", page.body);
}

#[actix_web::test]
async fn it_is_sent_by_a_click_of_its_sender_and_only_once() {
    let app = keeping().await;
    // A guard around the scope, and a handler that asks for the person.
    for path in ["/admin?ward=3", "/rota?ward=3"] {
        let browser = late(&app, "ward.nurse").await;
        let page = send(
            &browser,
            path,
            "dose=5+mg&note=%3Cb%3E%22caf%C3%A9&note=2&empty=&csrf_token=f00ba4",
        )
        .await;
        page.assert_page();
        assert_eq!(page.status, 401, "{path}");
        assert!(page.body.contains(KEPT), "{}", page.body);
        assert!(page.body.contains("signed in as <strong>Bryn O&#39;Sample</strong>"));
        assert!(!page.body.contains("5 mg"), "what was sent is not on the page");

        let landed = sign_in_to_resume(&browser, &page, "ward.nurse").await;
        assert_eq!((landed.status, landed.location()), (303, "/saml/resume"), "{}", landed.body);
        let resume = browser.visit("/saml/resume").await;
        resume.assert_page();
        assert_eq!(resume.status, 200);
        assert!(resume.body.contains("<h1>Send what you had filled in?</h1>"));
        for sends in ["submit()", ".requestSubmit", ".click(", "fetch("] {
            assert!(!resume.body.contains(sends), "nothing is sent by itself");
        }
        for field in [
            "name=\"dose\" value=\"5 mg\"",
            "name=\"note\" value=\"&lt;b&gt;&quot;café\"",
            "name=\"note\" value=\"2\"",
            "name=\"empty\" value=\"\"",
        ] {
            assert!(resume.body.contains(field), "{field} in {}", resume.body);
        }
        for shown in [
            "<p><strong>dose</strong>: <strong>5 mg</strong></p>",
            "<p><strong>note</strong>: <strong>&lt;b&gt;&quot;café</strong></p>",
            "<p><strong>csrf_token</strong>: not shown here</p>",
        ] {
            assert!(resume.body.contains(shown), "{shown} in {}", resume.body);
        }
        assert_eq!(resume.body.matches("f00ba4").count(), 1, "sent, and not shown");
        let again = browser.visit("/saml/resume").await;
        assert_eq!(again.body, resume.body, "looking uses nothing up");

        let sent = "dose=5+mg&note=%3Cb%3E%22caf%C3%A9&note=2&empty=&csrf_token=f00ba4";
        assert_eq!(fields(&resume), sent);
        assert_goes_to(&press(&browser, &resume).await, path);
        assert_sent_before(&press(&browser, &again).await, "<strong>5 mg</strong>");
        assert_eq!(browser.visit("/saml/resume").await.location(), "/");
        browser.submit("/saml/logout", "").await;
    }
}

/// Between looking and taking out, others have their turn.
#[derive(Default)]
struct Unhurried(MemorySessions);

impl SessionStore for Unhurried {
    fn load(
        &self,
        session: SessionHandle,
        extend: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<LiveSession>, StoreError>> {
        Box::pin(async move {
            let loaded = self.0.load(session, extend, now).await;
            let mut has_paused = false;
            poll_fn(|context| {
                if std::mem::replace(&mut has_paused, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            loaded
        })
    }

    fn create(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.create(session, state, until, now)
    }

    fn update(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.update(session, state, until, now)
    }

    fn delete(&self, session: SessionHandle) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.delete(session)
    }
}

#[track_caller]
fn assert_sent_before(page: &Answer, holds: &str) {
    page.assert_page();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>This was sent before</h1>"), "{}", page.body);
    assert!(!page.body.contains("<form") && !page.body.contains("f00ba4"), "{}", page.body);
    assert!(page.body.contains(holds), "{}", page.body);
}

/// Links of other sites lead to the page as well: whoever follows one loses nothing by it, and no
/// page of another origin presses a button.
#[actix_web::test]
async fn csrf_another_site_neither_sends_it_nor_destroys_it() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    let page = send(&browser, "/rota", "dose=1").await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    for _ in 0..3 {
        browser.visit_from_elsewhere("/saml/resume").await.assert_page();
    }
    let resume = browser.visit("/saml/resume").await;
    let (send, drop) = (button(&resume, "send"), button(&resume, "drop"));
    for address in [&send, &drop] {
        browser.visit_from_elsewhere(address).await;
        // Not even with the id, which nobody else has.
        browser.submit_from_elsewhere(address, "dose=9").await;
        for site in ["cross-site", "same-site", "nonsense"] {
            let request = form(address, "dose=9").insert_header(("Sec-Fetch-Site", site));
            let answer = browser.send(From::SameSite, request).await;
            assert_eq!((answer.status, answer.location()), (303, "/saml/resume"), "{site}");
        }
        let framed = form(address, "dose=9").insert_header(("Sec-Fetch-Site", "same-origin"));
        let framed = framed.insert_header(("Sec-Fetch-Dest", "iframe"));
        assert_eq!(browser.send(From::SameSite, framed).await.location(), "/saml/resume");
    }
    for guess in ["?send=", "?drop=", "?send=00000000000000000000000000000000", "", "?x=1"] {
        let address = format!("/saml/resume{guess}");
        let answer = browser.submit(&address, "dose=9").await;
        let expected = if guess.starts_with("?drop") { "/" } else { "/saml/resume" };
        assert_eq!((answer.status, answer.location()), (303, expected), "{guess}");
    }
    // The control: it is there still. A browser may not say where a form comes from.
    assert_eq!(browser.visit("/saml/resume").await.body, resume.body);
    let silent = browser.send(From::SameSite, form(&send, "dose=1")).await;
    assert_goes_to(&silent, "/rota");
}

#[actix_web::test]
async fn whoever_does_not_want_it_sent_drops_it() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    let page = send(&browser, "/rota", "dose=1").await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    let resume = browser.visit("/saml/resume").await;
    assert!(resume.body.contains("kept for you until <strong>"), "{}", resume.body);
    for _ in 0..2 {
        let dropped = browser.submit(&button(&resume, "drop"), "").await;
        assert_eq!((dropped.status, dropped.location()), (303, "/"));
    }
    assert_eq!(browser.visit("/saml/resume").await.location(), "/");
    assert_sent_before(&press(&browser, &resume).await, "dose");
}

/// Nothing is used up before there is somebody to send it, and it is all there.
#[actix_web::test]
async fn a_click_after_the_session_has_ended_loses_nothing() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    let page = send(&browser, "/rota", "dose=1").await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    let resume = browser.visit("/saml/resume").await;
    let large = format!("dose={}", "x".repeat(128 * 1024));
    assert_eq!(browser.submit(&button(&resume, "send"), &large).await.status, 413);
    app.clock.advance(TimeDelta::minutes(31));
    let login = "/saml/login?return_to=%2Fsaml%2Fresume";
    let too_late = press(&browser, &resume).await;
    assert_eq!((too_late.status, too_late.location()), (303, login));
    // Nor does anybody else send it who has the page.
    let other = app.browser();
    other.sign_in("test.consultant").await;
    assert_eq!(press(&other, &resume).await.location(), "/saml/resume");
    let begun = browser.begin_at(login).await;
    browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_goes_to(&press(&browser, &browser.visit("/saml/resume").await).await, "/rota");
}

#[actix_web::test]
async fn of_many_who_send_at_once_one_does() {
    let app = keeping_with(|setup| setup.sessions = Some(Arc::new(Unhurried::default()))).await;
    let browser = late(&app, "ward.nurse").await;
    let page = send(&browser, "/rota", "dose=1").await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    let pages = join_all((0..8).map(|_| browser.visit("/saml/resume"))).await;
    assert!(pages.iter().all(|page| page.body.contains("name=\"dose\"")));
    let answers = join_all(pages.iter().map(|page| press(&browser, page))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 307).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 307) {
        assert_sent_before(answer, "dose");
    }

    // The same words once more are another form.
    app.clock.advance(TimeDelta::minutes(31));
    let page = send(&browser, "/rota", "dose=1").await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    assert_goes_to(&press(&browser, &browser.visit("/saml/resume").await).await, "/rota");
}

/// It has been sent by then, and is not to be lost, nor sent twice.
#[actix_web::test]
async fn a_store_that_does_not_delete_does_not_send_it_twice() {
    let sessions = Arc::new(Fragile::default());
    let store = Arc::clone(&sessions);
    let app = keeping_with(|setup| setup.sessions = Some(store)).await;
    let browser = late(&app, "ward.nurse").await;
    let page = send(&browser, "/rota", "dose=1").await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    sessions.break_at(Step::Delete);
    let shown = browser.visit("/saml/resume").await;
    let sent = press(&browser, &shown).await;
    assert_goes_to(&sent, "/rota");
    assert!(sent.events.iter().any(|event| event.field("event") == "form_not_deleted"));
    assert_sent_before(&press(&browser, &shown).await, "dose");
    assert_eq!(browser.visit("/saml/resume").await.location(), "/");
}

#[actix_web::test]
async fn of_a_long_form_the_page_says_that_it_is_longer() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    let fields: Vec<_> = (0..23).map(|number| format!("f{number}=v{number}")).collect();
    let page = send(&browser, "/rota", &fields.join("&")).await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    let resume = browser.visit("/saml/resume").await;
    resume.assert_page();
    assert!(resume.body.contains("<strong>f19</strong>: <strong>v19</strong>"));
    assert!(!resume.body.contains("<strong>f20</strong>"));
    assert!(resume.body.contains("not listed here: <strong>3</strong>"), "{}", resume.body);
    assert!(resume.body.contains("name=\"f22\" value=\"v22\""), "sent all the same");
}

#[actix_web::test]
async fn nobody_else_gets_it() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    let page = send(&browser, "/rota", "dose=1").await;
    let landed = sign_in_to_resume(&browser, &page, "test.consultant").await;
    // Told whose page it was, as after every sign-in of somebody else.
    assert_eq!(landed.location(), "/saml/handover");
    assert_eq!(browser.visit("/saml/resume").await.location(), "/");
    // Nor does anybody without a session.
    let stranger = app.browser().visit("/saml/resume").await;
    assert_eq!(stranger.location(), "/saml/login?return_to=%2Fsaml%2Fresume");
}

#[actix_web::test]
async fn it_is_not_kept_longer_than_was_said() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    let page = send(&browser, "/rota", "dose=1").await;
    app.clock.advance(TimeDelta::minutes(60));
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    assert_eq!(browser.visit("/saml/resume").await.location(), "/");
}

#[actix_web::test]
async fn the_last_one_of_a_person_counts_and_signing_out_forgets_it() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    send(&browser, "/rota", "dose=1").await;
    let page = send(&browser, "/rota", "dose=2").await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    let resume = browser.visit("/saml/resume").await;
    assert!(resume.body.contains("value=\"2\""));
    // Of the first one the page is of no use any more.
    let first = resume.body.replace(between(&resume.body, "?send=", "\""), &"0".repeat(32));
    let first = Answer { body: first, ..resume };
    assert_eq!(press(&browser, &first).await.location(), "/saml/resume");
    assert!(browser.visit("/saml/resume").await.body.contains("value=\"2\""));

    app.clock.advance(TimeDelta::minutes(31));
    send(&browser, "/rota", "dose=3").await;
    browser.sign_in("ward.nurse").await;
    browser.submit("/saml/logout", "").await;
    browser.sign_in("ward.nurse").await;
    assert_eq!(browser.visit("/saml/resume").await.location(), "/");
}

#[actix_web::test]
async fn only_forms_of_our_own_pages_are_kept() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    for (site, origin, is_kept) in [
        (Some("same-origin"), None, true),
        (Some("same-site"), None, false),
        (Some("cross-site"), None, false),
        (Some("none"), None, false),
        (Some("cross-site"), Some("https://rota.example.org"), false),
        (None, Some("https://rota.example.org"), true),
        (None, Some("https://rota.example.org.evil.test"), false),
        (None, Some("null"), false),
        (None, None, false),
    ] {
        let mut request = form("/rota", "dose=1");
        for (name, value) in [("Sec-Fetch-Site", site), (ORIGIN.as_str(), origin)] {
            if let Some(value) = value {
                request = request.insert_header((name, value));
            }
        }
        let page = browser.send(From::SameSite, request).await;
        assert_eq!(page.status, 401);
        assert_eq!(page.body.contains(KEPT), is_kept, "{site:?} {origin:?}");
    }
}

#[actix_web::test]
async fn what_is_too_large_or_no_form_is_lost_and_that_is_said() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    let of = |length: usize| format!("a={}", "x".repeat(length - 2));
    let kept = send(&browser, "/rota", &of(32 * 1024)).await;
    assert!(kept.body.contains(KEPT));
    assert_lost(&send(&browser, "/rota", &of(32 * 1024 + 1)).await);
    assert!(send(&browser, "/rota", &vec!["a=1"; 500].join("&")).await.body.contains(KEPT));
    assert_lost(&send(&browser, "/rota", &vec!["a=1"; 501].join("&")).await);

    let other =
        form("/rota", "x").insert_header(("Content-Type", "multipart/form-data; boundary=x"));
    let other = other.insert_header(("Sec-Fetch-Site", "same-origin"));
    assert_lost(&browser.send(From::SameSite, other).await);
}

/// Anybody could fill the store otherwise.
#[actix_web::test]
async fn of_whom_nothing_is_known_nothing_is_kept() {
    let app = keeping().await;
    assert_lost(&send(&app.browser(), "/rota", "dose=1").await);
    let browser = late(&app, "ward.nurse").await;
    browser.jar.borrow_mut().put("__Host-saml-person", "made-up");
    assert_lost(&send(&browser, "/rota", "dose=1").await);
}

/// One place for each person, however often they send.
#[actix_web::test]
async fn a_person_fills_one_place() {
    let app = keeping_with(|setup| setup.sessions = Some(Arc::new(MemorySessions::new(2)))).await;
    let browser = late(&app, "ward.nurse").await;
    for _ in 0..5 {
        assert!(send(&browser, "/rota", "dose=1").await.body.contains(KEPT));
    }
    app.browser().sign_in("test.consultant").await;
}

#[actix_web::test]
async fn a_store_that_is_full_keeps_nothing_and_that_is_said() {
    let app = keeping_with(|setup| setup.sessions = Some(Arc::new(MemorySessions::new(2)))).await;
    let browser = late(&app, "ward.nurse").await;
    app.browser().sign_in("test.consultant").await;
    app.browser().sign_in("ward.pc").await;
    let page = send(&browser, "/rota", "dose=1").await;
    assert_lost(&page);
    assert!(page.events.iter().any(|event| event.field("event") == "form_not_kept"));
}

#[actix_web::test]
async fn it_is_not_the_default() {
    let app = TestApp::start().await;
    let browser = late(&app, "ward.nurse").await;
    assert_lost(&send(&browser, "/rota", "dose=1").await);
}

#[actix_web::test]
async fn a_form_that_is_let_through_arrives_as_it_was_sent() {
    let app = keeping().await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let answer = send(&browser, "/echo", "dose=5+mg&note=caf%C3%A9").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "dose=5+mg&note=caf%C3%A9"));
}

#[actix_web::test]
async fn it_is_kept_over_a_lock_and_a_step_up_too() {
    let app = keeping_with(|setup| {
        setup.builder = Box::new(|builder| builder.session.lock = Some(TimeDelta::minutes(10)));
    })
    .await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    app.clock.advance(TimeDelta::minutes(10));
    let locked = send(&browser, "/rota", "dose=1").await;
    assert!(locked.body.contains(KEPT), "{}", locked.body);
    assert_eq!(sign_in_to_resume(&browser, &locked, "ward.nurse").await.status, 303);
    assert!(browser.visit("/saml/resume").await.body.contains("name=\"dose\""));

    for _ in 0..3 {
        app.clock.advance(TimeDelta::minutes(9));
        browser.visit("/rota").await;
    }
    let stale = send(&browser, "/fresh", "sign=1").await;
    assert!(stale.body.contains(KEPT), "{}", stale.body);
    let login = "/saml/login?return_to=%2Fsaml%2Fresume&step_up=fresh";
    assert!(stale.body.contains(&login.replace('&', "&amp;")), "{}", stale.body);
    let begun = browser.begin_at(login).await;
    assert_eq!(browser.bring(&app.respond(&begun, "ward.nurse")).await.location(), "/saml/resume");
    assert_goes_to(&press(&browser, &browser.visit("/saml/resume").await).await, "/fresh");
    assert_eq!(send(&browser, "/fresh", "sign=1").await.body, "fresh");
}

/// A browser that runs ahead must not use up what a person is to see.
#[actix_web::test]
async fn looking_ahead_takes_nothing_out() {
    let app = keeping().await;
    let browser = late(&app, "ward.nurse").await;
    let page = send(&browser, "/rota", "dose=1").await;
    sign_in_to_resume(&browser, &page, "ward.nurse").await;
    let ahead = crate::browser::navigation(actix_web::http::Method::GET, "/saml/resume");
    let ahead = ahead.insert_header(("Sec-Purpose", "prefetch"));
    assert_eq!(browser.send(From::SameSite, ahead).await.status, 503);
    assert!(browser.visit("/saml/resume").await.body.contains("name=\"dose\""));
}
