//! Where sign-ins are accepted that begin at the identity provider, each is shown to the person first.

use actix_web::http::Method;
use chrono::TimeDelta;
use futures_util::future::join_all;

use actix_saml::idp::{Claim, ReplyTo};
use actix_saml::saml::EntityId;
use actix_saml::sp::{ReturnTo, UnsolicitedTargets};
use actix_saml::web::{AuditStep, Outcome};

use crate::answer::Answer;
use crate::app::{ACS, Setup, TestApp, test_idp};
use crate::audit::Trail;
use crate::browser::{Browser, navigation};
use crate::foreign_sessions::OwnStore;
use crate::jar::From;
use crate::message::{Form, between, encode};
use crate::population::{ANCHOR, GUID, nhsmail, share};

const UNASKED: &str = "__Host-saml-unasked";
const SESSION: &str = "__Host-saml-session";

pub fn accepts(setup: &mut Setup) {
    let before = std::mem::replace(&mut setup.saml, Box::new(|saml| saml));
    let base = setup.base_url.parse().unwrap();
    let page = move |path: &str| ReturnTo::parse(path, &base).unwrap();
    let targets = UnsolicitedTargets::new(page("/"), vec![page("/rota")]);
    let idp = setup.idps[0].entity_id.clone();
    setup.saml = Box::new(|saml| before(saml).accept_unsolicited(idp, targets));
}

async fn accepting() -> TestApp {
    TestApp::with(accepts).await
}

pub fn unasked(app: &TestApp, user_name: &str, relay_state: &str) -> Form {
    let reply_to = ReplyTo { request_id: None, ..app.reply_to("_none") };
    let xml = app.idp().respond(&reply_to, &app.person(user_name), app.clock.read()).unwrap();
    Form { xml, relay_state: relay_state.to_owned() }
}

/// The form of the page, as a click on its button sends it.
fn agreed(page: &Answer) -> String {
    let field =
        |name: &str| between(&page.body, &format!("name=\"{name}\" value=\""), "\"").to_owned();
    let names = ["SAMLResponse", "RelayState", "saml_go_on"];
    let fields: Vec<_> = names.iter().map(|name| (*name, field(name))).collect();
    encode(&fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
}

#[track_caller]
fn assert_asks(page: &Answer, name: &str) {
    page.assert_page();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>Sign in?</h1>"), "{}", page.body);
    assert!(page.body.contains(&format!("signed in as <strong>{name}</strong>")));
    for sends in ["submit()", ".requestSubmit", ".click(", "fetch("] {
        assert!(!page.body.contains(sends), "nothing goes on by itself");
    }
    assert_eq!(page.body.matches("<form").count(), 1);
    assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    assert!(!page.body.contains("autofocus"), "a key that is held down agrees to nothing");
    let cookie = page.set_cookie(UNASKED).unwrap();
    let expected = format!("{UNASKED}; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=3600");
    assert_eq!(cookie, expected);
}

#[actix_web::test]
async fn idpinit_2_nobody_is_signed_in_before_they_have_seen_as_whom() {
    let trail = Trail::default();
    let app = TestApp::with(|setup| {
        accepts(setup);
        trail.clone().into_setup(setup);
    })
    .await;
    let browser = app.browser();
    for (relay_state, page) in [
        ("/rota", "/rota"),
        ("", "/"),
        ("https://evil.test/", "/"),
        ("\"'><script>alert(1)</script><form action=\"//evil.test\">", "/"),
    ] {
        let form = unasked(&app, "ward.nurse", relay_state);
        let shown = browser.bring(&form).await;
        assert_asks(&shown, "Bryn O&#39;Sample");
        assert!(!shown.body.contains("evil.test"), "nothing of others comes back");
        assert!(!browser.is_signed_in().await);
        assert_eq!(trail.steps(), [], "nothing has happened yet");

        let landed = browser.submit(ACS, &agreed(&shown)).await;
        assert_eq!((landed.status, landed.location()), (303, page), "{}", landed.body);
        assert!(browser.is_signed_in().await);
        assert_eq!(trail.steps(), [(AuditStep::SignIn, Outcome::Done, None)]);
        browser.submit("/saml/logout", "").await;
        trail.take();

        // Each counts once, and is shown again before that is found out.
        let again = browser.bring(&form).await;
        assert_asks(&again, "Bryn O&#39;Sample");
        let again = browser.submit(ACS, &agreed(&again)).await;
        again.assert_refused(403, "replayed");
        assert!(!browser.is_signed_in().await);
        trail.take();
    }
}

/// What an attacker can have somebody else's browser do.
#[actix_web::test]
async fn idpinit_2_another_site_cannot_agree_for_the_person() {
    let app = accepting().await;
    let theirs = unasked(&app, "test.consultant", "/");
    let attacker = app.browser();
    let known = agreed(&attacker.bring(&theirs).await);

    let victim = app.browser();
    // With a value from a page of the attacker's own; the cookie is not theirs to give.
    assert_asks(&victim.submit_from_elsewhere(ACS, &known).await, "Dr Amara Testwell");
    assert_asks(&victim.submit_from_elsewhere(ACS, &known).await, "Dr Amara Testwell");
    assert!(!victim.is_signed_in().await);
    // The page of the victim has another value, and its cookie stays at home.
    let shown = victim.bring(&theirs).await;
    assert_asks(&victim.submit_from_elsewhere(ACS, &agreed(&shown)).await, "Dr Amara Testwell");
    assert!(!victim.is_signed_in().await);
    // A reload brings the cookie along, and no value.
    let reloaded = victim.submit(ACS, &theirs.encode()).await;
    assert_asks(&reloaded, "Dr Amara Testwell");
    assert!(!victim.is_signed_in().await);
}

#[actix_web::test]
async fn idpinit_2_what_was_shown_is_what_counts() {
    let app = accepting().await;
    let browser = app.browser();
    let shown = browser.bring(&unasked(&app, "ward.nurse", "/")).await;
    let go_on = between(&shown.body, "name=\"saml_go_on\" value=\"", "\"").to_owned();
    let other = unasked(&app, "test.consultant", "/");
    let swapped =
        encode(&[("SAMLResponse", &other.base64()), ("RelayState", "/"), ("saml_go_on", &go_on)]);
    assert_asks(&browser.submit(ACS, &swapped).await, "Dr Amara Testwell");
    assert!(!browser.is_signed_in().await);

    // Nor for ever.
    let shown = browser.bring(&unasked(&app, "ward.nurse", "/")).await;
    app.clock.advance(TimeDelta::hours(2));
    browser.submit(ACS, &agreed(&shown)).await.assert_refused(403, "expired");
}

#[actix_web::test]
async fn idpinit_1_an_answer_is_not_taken_for_one_that_nobody_asked_for() {
    let app = accepting().await;
    let begun = app.browser().begin("/rota").await;
    let answer = app.respond(&begun, "ward.nurse");
    let stripped = answer.replace(&format!(" InResponseTo=\"{}\"", begun.request_id), "");
    for (form, code) in [(answer, "no_pending_login"), (stripped, "digest_mismatch")] {
        let page = app.browser().bring(&form).await;
        assert_eq!(page.status, 403);
        let told = page.events.iter().find(|event| event.is_alarming()).unwrap();
        assert!([code, "no_pending_login"].contains(&told.field("code")), "{told:?}");
    }
}

#[actix_web::test]
async fn idpinit_1_it_is_accepted_from_whom_it_was_said_and_nobody_else() {
    let app = TestApp::with(|setup| {
        setup.idps = vec![test_idp(0), test_idp(1)];
        accepts(setup);
    })
    .await;
    let reply_to = ReplyTo { request_id: None, ..app.reply_to("_none") };
    let person = app.person("ward.nurse");
    let xml = app.idps[1].respond(&reply_to, &person, app.clock.read()).unwrap();
    let other = Form { xml, relay_state: "/".to_owned() };
    app.browser().bring(&other).await.assert_refused(403, "no_pending_login");

    // Nor by its name alone.
    let name = |index: usize| app.idps[index].entity_id.as_str().to_owned();
    let renamed = other.replace(&name(1), &name(0));
    let refused = app.browser().bring(&renamed).await;
    assert_eq!(refused.status, 403);
    assert!(refused.events.iter().any(|event| event.is_alarming()));
    let unknown = EntityId::new("urn:stranger").unwrap();
    let renamed = other.replace(&name(1), unknown.as_str());
    app.browser().bring(&renamed).await.assert_refused(403, "no_pending_login");
}

#[actix_web::test]
async fn idpinit_2_a_session_of_somebody_else_ends_and_a_locked_one_stays_locked() {
    let app = TestApp::with(|setup| {
        accepts(setup);
        setup.builder = Box::new(|builder| builder.session.lock = Some(TimeDelta::minutes(10)));
    })
    .await;
    let browser = app.browser();
    browser.sign_in("test.consultant").await;
    browser.visit("/note").await;
    let before = browser.jar.borrow().clone();
    let shown = browser.bring(&unasked(&app, "ward.nurse", "/rota")).await;
    assert!(browser.visit("/rota").await.body.contains("Amara"), "until they agree");
    assert_eq!(browser.submit(ACS, &agreed(&shown)).await.location(), "/rota");
    assert!(browser.visit("/rota").await.body.contains("Bryn"));
    assert_eq!(browser.visit("/notes").await.body, "");
    let after = std::mem::replace(&mut *browser.jar.borrow_mut(), before);
    assert!(!browser.is_signed_in().await, "the first session has ended");
    *browser.jar.borrow_mut() = after;

    app.clock.advance(TimeDelta::minutes(10));
    for user_name in ["test.consultant", "ward.nurse"] {
        let shown = browser.bring(&unasked(&app, user_name, "/rota")).await;
        let locked = browser.submit(ACS, &agreed(&shown)).await;
        assert_eq!(locked.status, 401);
        assert!(locked.body.contains("<h1>Locked</h1>"), "{}", locked.body);
        assert_eq!(browser.visit("/rota").await.status, 401);
    }
}

#[actix_web::test]
async fn idpinit_1_who_goes_back_and_agrees_again_stays_signed_in_and_nobody_else_gets_in() {
    let trail = Trail::default();
    let app = TestApp::with(|setup| {
        accepts(setup);
        trail.clone().into_setup(setup);
    })
    .await;
    let browser = app.browser();
    let form = unasked(&app, "ward.nurse", "/rota");
    let shown = browser.bring(&form).await;
    assert_eq!(browser.submit(ACS, &agreed(&shown)).await.location(), "/rota");
    trail.take();
    let again = browser.bring(&form).await;
    assert_asks(&again, "Bryn O&#39;Sample");
    let again = browser.submit(ACS, &agreed(&again)).await;
    assert_eq!((again.status, again.location()), (303, "/rota"), "{}", again.body);
    assert_eq!(trail.steps(), [], "no second sign-in, and no alarm");
    assert!(browser.is_signed_in().await);

    // The same person by another sign-in, and somebody else.
    for user_name in ["ward.nurse", "test.consultant"] {
        let other = app.browser();
        other.sign_in(user_name).await;
        let again = other.bring(&form).await;
        other.submit(ACS, &agreed(&again)).await.assert_refused(403, "replayed");
        assert!(other.is_signed_in().await, "as before");
    }
}

/// A double click sends the form twice with the same cookies, and the browser shows the second answer.
#[actix_web::test]
async fn u_replay_race_agreeing_at_once_makes_one_sign_in_and_no_alarm() {
    let trail = Trail::default();
    let app = TestApp::with(|setup| {
        accepts(setup);
        trail.clone().into_setup(setup);
    })
    .await;
    let browser = app.browser();
    let unasked = unasked(&app, "ward.nurse", "/rota");
    let shown = browser.bring(&unasked).await;
    let form = agreed(&shown);
    let clicks: Vec<_> = (0..8).map(|_| app.browser()).collect();
    clicks.iter().for_each(|click| *click.jar.borrow_mut() = browser.jar.borrow().clone());
    let answers = join_all(clicks.iter().map(|click| click.submit(ACS, &form))).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.location()), (303, "/rota"), "{}", answer.body);
        assert!(!answer.events.iter().any(|event| event.is_alarming()));
    }
    let begun = answers.iter().filter(|answer| answer.set_cookie(SESSION).is_some()).count();
    assert_eq!(begun, 1);
    // The second click may come when the browser has taken the first answer in, cookies and all.
    for (click, answer) in clicks.iter().zip(&answers) {
        if answer.set_cookie(SESSION).is_some() {
            assert_eq!(click.jar.borrow().value(UNASKED), None);
            let late = click.submit(ACS, &form).await;
            assert_eq!((late.status, late.location()), (303, "/rota"), "{}", late.body);
            // Without the value of a page it is no click.
            assert_asks(&click.submit(ACS, &unasked.encode()).await, "Bryn O&#39;Sample");
        }
    }
    assert_eq!(trail.steps(), [(AuditStep::SignIn, Outcome::Done, None)]);
    trail.take();

    // Without the cookie of this browser it is what it was.
    let other = app.browser();
    other.jar.borrow_mut().put(UNASKED, "made-up");
    assert_asks(&other.submit(ACS, &form).await, "Bryn O&#39;Sample");
    let asked = other.bring(&unasked).await;
    other.submit(ACS, &agreed(&asked)).await.assert_refused(403, "replayed");
    // And a double click is over in a moment.
    app.clock.advance(TimeDelta::seconds(9));
    assert_eq!(browser.submit(ACS, &form).await.status, 303);
    assert!(!browser.is_signed_in().await, "it signs nobody in");
    app.clock.advance(TimeDelta::seconds(1));
    browser.submit(ACS, &form).await.assert_refused(403, "replayed");
}

/// Where two providers are compared, these sign-ins are as good as others: once for each.
#[actix_web::test]
async fn it_counts_where_providers_are_compared() {
    let app = TestApp::with(|setup| {
        share(setup, nhsmail());
        accepts(setup);
    })
    .await;
    let reply_to = ReplyTo { request_id: None, ..app.reply_to("_none") };
    let whom = |claims: &[&str]| {
        let person = app.idps[0].person("ward.nurse").unwrap();
        let person = person.with_claim(Claim::new(ANCHOR, claims.iter().copied()));
        let xml = app.idps[0].respond(&reply_to, &person, app.clock.read()).unwrap();
        Form { xml, relay_state: "/rota".to_owned() }
    };
    let browser = app.browser();
    let shown = browser.bring(&whom(&[GUID])).await;
    assert_eq!(app.saml.status().dual_run.unwrap().people, 0, "nobody has agreed");
    assert_eq!(browser.submit(ACS, &agreed(&shown)).await.location(), "/rota");
    app.browser().bring(&whom(&[])).await.assert_refused(403, "subject_missing");
    let report = app.saml.status().dual_run.unwrap();
    assert_eq!(report.people, 1);
    let findings: Vec<_> = report.populations[0].findings.iter().map(ToString::to_string).collect();
    let refused = |finding: &String| finding.contains("was refused") && finding.starts_with("1 ");
    assert!(findings.iter().any(refused), "{findings:#?}");
}

/// Two ways at once in one browser: the one that ends last takes the place of the other, and leaves
/// no session behind that nobody could sign out of.
#[actix_web::test]
async fn idpinit_2_a_sign_in_under_way_leaves_no_session_behind() {
    let app = accepting().await;
    let browser = app.browser();
    let copy = || {
        let copy = app.browser();
        *copy.jar.borrow_mut() = browser.jar.borrow().clone();
        copy
    };
    let agree = async |user_name: &str| {
        let shown = browser.bring(&unasked(&app, user_name, "/rota")).await;
        assert_eq!(browser.submit(ACS, &agreed(&shown)).await.location(), "/rota");
    };
    let begun = browser.begin("/rota").await;
    agree("ward.nurse").await;
    let first = copy();
    assert!(first.is_signed_in().await, "control");
    assert_eq!(browser.bring(&app.respond(&begun, "ward.nurse")).await.status, 303);
    assert!(browser.is_signed_in().await);
    assert!(!first.is_signed_in().await, "what began unasked has ended");

    // And the other way round, where the cookie of a session got lost on the way.
    let second = copy();
    browser.jar.borrow_mut().0.retain(|stored| !stored.cookie.name().contains("session"));
    agree("ward.nurse").await;
    assert!(!second.is_signed_in().await, "what this browser had before has ended");
    assert!(browser.is_signed_in().await);
}

/// With sessions that are not ours: one that ends is remembered to have ended.
#[actix_web::test]
async fn idpinit_2_it_takes_the_place_of_a_foreign_session() {
    let app = TestApp::with(|setup| {
        accepts(setup);
        setup.own_store = Some(OwnStore::default());
    })
    .await;
    let browser = app.browser();
    browser.sign_in("test.consultant").await;
    let copy = app.browser();
    *copy.jar.borrow_mut() = browser.jar.borrow().clone();
    assert!(copy.is_signed_in().await, "control");
    let shown = browser.bring(&unasked(&app, "ward.nurse", "/rota")).await;
    assert_eq!(browser.submit(ACS, &agreed(&shown)).await.location(), "/rota");
    assert!(browser.visit("/rota").await.body.contains("Bryn"));
    assert!(!copy.is_signed_in().await);
}

/// A second use is the alarm here as it is elsewhere.
#[actix_web::test]
async fn idpinit_1_a_used_answer_in_another_browser_is_the_alarm() {
    let app = accepting().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    assert_eq!(browser.bring(&form).await.location(), "/rota");
    app.browser().bring(&form).await.assert_refused(403, "replayed");
}

/// Ordinary sign-ins are as they were.
#[actix_web::test]
async fn what_was_asked_for_needs_no_click() {
    let app = accepting().await;
    let browser: Browser<'_> = app.browser();
    browser.sign_in("ward.nurse").await;
    let page = browser.send(From::SameSite, navigation(Method::GET, "/rota")).await;
    assert_eq!(page.status, 200);
}
