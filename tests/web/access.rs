//! What pages require of people who are signed in, and how they come to fulfil it.

use actix_web::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use actix_saml::access::StepUpSupport;
use actix_saml::web::{AuditStep, Outcome};

use crate::answer::Answer;
use crate::app::TestApp;
use crate::audit::Trail;
use crate::browser::{Browser, navigation};
use crate::jar::From;
use crate::message::{Begun, Form};

const SESSION: &str = "__Host-saml-session";
const REFEDS: &str = "https://refeds.org/profile/mfa";

impl TestApp {
    /// The identity provider signs somebody in who proved so long ago who they are.
    pub fn respond_late(&self, begun: &Begun, user_name: &str, age: TimeDelta) -> Form {
        let mut idp = self.idp().clone();
        idp.issuance.authn_age = age;
        self.respond_by(&idp, begun, &self.person(user_name))
    }

    /// The identity provider says of the sign-in on the ward that it was of this class, so long ago.
    fn respond_with_class(&self, begun: &Begun, class: &str, age: TimeDelta) -> Form {
        let mut idp = self.idp().clone();
        idp.issuance.authn_age = age;
        let mut reply_to = self.reply_to(&begun.request_id);
        reply_to.class_ref = Some(class.to_owned());
        let xml = idp.respond(&reply_to, &self.person("ward.pc"), self.clock.read()).unwrap();
        Form { xml, relay_state: begun.relay_state.clone() }
    }
}

impl Browser<'_> {
    /// A page asks for more than there is: it leads to a sign-in that comes back to it.
    async fn step_up(&self, page: &str, asked: &str) -> Begun {
        let answer = self.visit(page).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        let login = format!("/saml/login?return_to={}&step_up={asked}", page.replace('/', "%2F"));
        assert_eq!(answer.location(), login);
        self.begin_at(&login).await
    }

    async fn script(&self, page: &str) -> Answer {
        let request = navigation(Method::GET, page).insert_header(("Sec-Fetch-Mode", "cors"));
        self.send(From::SameSite, request).await
    }
}

#[track_caller]
fn assert_forces(begun: &Begun, forces: bool) {
    assert_eq!(begun.xml.contains(" ForceAuthn=\"true\""), forces, "{}", begun.xml);
}

#[track_caller]
fn assert_forbidden(answer: &Answer, trouble: &str) {
    answer.assert_page();
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains(&format!("<h1>{trouble}</h1>")), "{}", answer.body);
    let told: Vec<_> = answer.events.iter().filter(|event| event.is_alarming()).collect();
    assert_eq!(told.len(), 1);
}

#[actix_web::test]
async fn a_role_lets_in_who_has_it_and_nobody_else() {
    let app = TestApp::start().await;
    let nobody = app.browser();
    assert_eq!(nobody.visit("/roster").await.location(), "/saml/login?return_to=%2Froster");

    let consultant = app.browser();
    consultant.sign_in("test.consultant").await;
    let page = consultant.visit("/roster").await;
    assert_eq!((page.status, page.body.as_str()), (200, "roster"));
    assert_eq!(page.header("Cache-Control"), Some("no-store"));

    let nurse = app.browser();
    nurse.sign_in("ward.nurse").await;
    let refused = nurse.visit("/roster").await;
    assert_forbidden(&refused, "You do not have access to this page");
    assert!(refused.body.contains("href=\"/\">Go to the start page"));
    assert!(!refused.body.contains("RotaAdmin"), "what is asked for is the operator's to know");
    let log = refused.events.iter().find(|event| event.is_alarming()).unwrap();
    assert_eq!(log.field("event"), "access_refused");
    assert_eq!(log.field("code"), "forbidden");
    assert!(log.field("detail").contains("RotaAdmin"));
    assert!(refused.body.contains(log.field("reference")));
    assert_eq!(nurse.visit("/rota").await.status, 200, "they are still signed in");

    assert_eq!(nurse.submit("/roster", "a=b").await.status, 403);
    let script = nurse.script("/roster").await;
    let problem: Value = serde_json::from_str(&script.body).unwrap();
    assert_eq!((script.status, &problem["code"]), (403, &json!("forbidden")));
    assert_eq!(problem["title"], "You do not have access to this page");
    assert_eq!(problem.get("login_url"), None, "signing in does not help");
}

#[actix_web::test]
async fn one_of_several_requirements_is_enough_where_that_is_said() {
    let app = TestApp::start().await;
    for (user_name, status) in [("just.moved", 200), ("ward.nurse", 403), ("no.ods", 403)] {
        let browser = app.browser();
        browser.sign_in(user_name).await;
        assert_eq!(browser.visit("/here").await.status, status, "{user_name}");
    }
}

#[actix_web::test]
async fn evidence_of_a_second_factor_opens_the_page() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("test.consultant").await;
    assert_eq!(browser.visit("/factor").await.body, "factor");
    assert_eq!(browser.visit("/careful").await.body, "careful");
}

#[actix_web::test]
async fn who_has_none_signs_in_again_once_and_is_then_told() {
    let trail = Trail::default();
    let app = TestApp::with(|setup| trail.clone().into_setup(setup)).await;
    let browser = app.browser();
    browser.sign_in("ward.pc").await;
    browser.visit("/note").await;
    let before = browser.jar.borrow().value(SESSION);
    trail.take();

    let begun = browser.step_up("/factor", "mfa").await;
    assert_forces(&begun, true);
    assert!(!begun.xml.contains("RequestedAuthnContext"), "AD FS answers that with an error");
    let landed = browser.bring(&app.respond(&begun, "ward.pc")).await;
    assert_eq!((landed.status, landed.location()), (303, "/factor"));
    assert_ne!(browser.jar.borrow().value(SESSION), before, "a new session id");
    let expected = [
        (AuditStep::RequestSent, Outcome::Done, Some("step_up".to_owned())),
        (AuditStep::StepUp, Outcome::Refused, Some("mfa_missing".to_owned())),
        (AuditStep::SignIn, Outcome::Done, None),
    ];
    assert_eq!(trail.steps(), expected);

    for _ in 0..3 {
        let told = browser.visit("/factor").await;
        assert_forbidden(&told, "This page needs a second factor");
        let again = "/saml/login?return_to=%2Ffactor&amp;step_up=mfa";
        assert!(told.body.contains(again), "{}", told.body);
    }
    let refused = (AuditStep::StepUp, Outcome::Refused, Some("mfa_missing".to_owned()));
    assert_eq!(trail.steps(), vec![refused; 3]);
    let script = browser.script("/factor").await;
    let problem: Value = serde_json::from_str(&script.body).unwrap();
    assert_eq!((script.status, &problem["code"]), (403, &json!("mfa_missing")));
    assert_eq!(problem["login_url"], "/saml/login?step_up=mfa");
    assert_eq!(browser.visit("/rota").await.status, 200, "other pages are as they were");
    assert_eq!(browser.visit("/notes").await.body, "mine", "and so is what was begun");

    // Somebody may decide to try once more, and then it counts.
    let begun = browser.begin_at("/saml/login?return_to=%2Ffactor&step_up=mfa").await;
    trail.take();
    let mut phone = app.person("ward.pc");
    phone.claims = app.person("test.consultant").claims;
    let name = |claim: &&mut actix_saml::idp::Claim| claim.name.ends_with("emailaddress");
    let own = app.person("ward.pc");
    for claim in phone.claims.iter_mut().filter(name) {
        claim.values = own.claims.iter().find(|c| c.name == claim.name).unwrap().values.clone();
    }
    let landed = browser.bring(&app.respond_by(app.idp(), &begun, &phone)).await;
    assert_eq!(landed.status, 303, "{}", landed.body);
    assert_eq!(trail.steps()[0], (AuditStep::StepUp, Outcome::Done, None));
    assert_eq!(browser.visit("/factor").await.body, "factor");
}

#[actix_web::test]
async fn a_named_location_is_for_the_application_to_accept() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.pc").await;
    let on_ward = navigation(Method::GET, "/ward").insert_header(("X-Ward", "1"));
    assert_eq!(browser.send(From::SameSite, on_ward).await.body, "ward");
    browser.step_up("/ward", "mfa").await;
}

#[actix_web::test]
async fn a_page_that_wants_a_fresh_sign_in_gets_one_and_leads_back() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    assert_forces(&begun, false);
    let late = app.respond_late(&begun, "ward.nurse", TimeDelta::days(81));
    assert_eq!(browser.bring(&late).await.location(), "/rota", "nothing limits it by itself");
    browser.visit("/note").await;
    assert_eq!(browser.visit("/rota").await.status, 200);

    let begun = browser.step_up("/fresh", "fresh").await;
    assert_forces(&begun, true);
    assert_eq!(browser.bring(&app.respond(&begun, "ward.nurse")).await.location(), "/fresh");
    assert_eq!(browser.visit("/fresh").await.body, "fresh");
    assert_eq!(browser.visit("/notes").await.body, "mine", "what was begun is there");

    // It lasts as long as it lasts, and then it is asked for again: that is no circle.
    app.clock.advance(TimeDelta::minutes(15));
    assert_eq!(browser.visit("/fresh").await.body, "fresh");
    app.clock.advance(TimeDelta::minutes(4));
    let begun = browser.step_up("/fresh", "fresh").await;
    assert_eq!(browser.bring(&app.respond(&begun, "ward.nurse")).await.location(), "/fresh");
    assert_eq!(browser.visit("/fresh").await.body, "fresh");
}

#[actix_web::test]
async fn an_identity_provider_that_ignores_force_authn_is_noticed_and_that_is_said() {
    let trail = Trail::default();
    let app = TestApp::with(|setup| trail.clone().into_setup(setup)).await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    app.clock.advance(TimeDelta::minutes(19));
    let begun = browser.step_up("/fresh", "fresh").await;
    trail.take();
    let ignored = app.respond_late(&begun, "ward.nurse", TimeDelta::minutes(19));
    let told = browser.bring(&ignored).await;
    told.assert_refused(403, "authn_too_old");
    assert!(told.body.contains("<h1>You were not asked to sign in again</h1>"));
    assert!(told.body.contains("return_to=%2Ffresh&amp;step_up=fresh"), "{}", told.body);
    let expected = (AuditStep::StepUp, Outcome::Refused, Some("authn_too_old".to_owned()));
    assert_eq!(trail.steps(), [expected]);
    assert_eq!(browser.visit("/rota").await.status, 200, "the session is as it was");
}

/// What is not known to be obeyed is not asked for, and what comes back decides.
#[actix_web::test]
async fn a_provider_of_which_nothing_is_known_is_asked_for_a_plain_sign_in() {
    let app = TestApp::with(|setup| {
        let name = setup.idps[0].entity_id.clone();
        setup.saml = Box::new(|saml| saml.step_up(name, StepUpSupport::default()));
    })
    .await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    app.clock.advance(TimeDelta::minutes(19));
    let begun = browser.step_up("/fresh", "fresh").await;
    assert_forces(&begun, false);
    let stale = app.respond_late(&begun, "ward.nurse", TimeDelta::minutes(19));
    assert_eq!(browser.bring(&stale).await.location(), "/fresh");
    let told = browser.visit("/fresh").await;
    assert_forbidden(&told, "You were not asked to sign in again");
    let log = told.events.iter().find(|event| event.is_alarming()).unwrap();
    assert_eq!(log.field("code"), "not_fresh");
    assert!(log.field("detail").contains("idp.honours_force_authn"));

    let begun = browser.begin_at("/saml/login?return_to=%2Ffresh&step_up=fresh").await;
    assert_eq!(browser.bring(&app.respond(&begun, "ward.nurse")).await.location(), "/fresh");
    assert_eq!(browser.visit("/fresh").await.body, "fresh");
}

#[actix_web::test]
async fn a_class_that_means_a_second_factor_is_asked_for_and_counts() {
    let app = TestApp::with(|setup| {
        let name = setup.idps[0].entity_id.clone();
        let support = StepUpSupport { force_authn: true, mfa_contexts: vec![REFEDS.to_owned()] };
        setup.saml = Box::new(|saml| saml.step_up(name, support));
    })
    .await;
    let browser = app.browser();
    browser.sign_in("ward.pc").await;
    let begun = browser.step_up("/factor", "mfa").await;
    assert_forces(&begun, false);
    assert!(begun.xml.contains("RequestedAuthnContext Comparison=\"exact\""), "{}", begun.xml);
    assert!(begun.xml.contains(&format!(">{REFEDS}<")), "{}", begun.xml);
    let form = app.respond_with_class(&begun, REFEDS, TimeDelta::zero());
    assert_eq!(browser.bring(&form).await.location(), "/factor");
    assert_eq!(browser.visit("/factor").await.body, "factor");
}

/// The address of a sign-in is anybody's to write.
#[actix_web::test]
async fn an_address_can_only_ask_for_more() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for (query, forces) in [
        ("step_up=fresh", true),
        ("step_up=mfa", true),
        ("step_up=none", false),
        ("step_up=", false),
        ("step_up=fresh&step_up=mfa", false),
    ] {
        assert_forces(&browser.begin_at(&format!("/saml/login?{query}")).await, forces);
    }
    // What was not asked for is not believed to have been in vain.
    browser.sign_in("ward.pc").await;
    browser.step_up("/factor", "mfa").await;
}

#[actix_web::test]
async fn what_was_sent_is_not_lost_without_a_word() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.pc").await;
    let page = browser.submit("/factor", "dose=1").await;
    page.assert_page();
    assert_eq!(page.status, 401);
    assert!(page.body.contains("<h1>Please sign in again</h1>"));
    assert!(page.body.contains("What you sent was not used."));
    assert!(page.body.contains("href=\"/saml/login?step_up=mfa\""), "{}", page.body);
}

#[actix_web::test]
async fn scripts_are_told_what_is_lacking_and_where_to_get_it() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.pc").await;
    let answer = browser.script("/factor").await;
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
    let expected = json!({
        "type": "about:blank",
        "title": "A stronger or fresher sign-in is needed",
        "status": 401,
        "code": "step_up",
        "step_up": "mfa",
        "login_url": "/saml/login?step_up=mfa",
    });
    assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), expected);
    assert_eq!(answer.status, 401);
    assert!(answer.header("Vary").unwrap().contains("Sec-Fetch-Dest"));

    let frame = navigation(Method::GET, "/factor").insert_header(("Sec-Fetch-Dest", "iframe"));
    let framed = browser.send(From::SameSite, frame).await;
    assert_eq!(framed.status, 401);
    assert!(
        framed
            .body
            .contains("<a class=\"button\" href=\"/saml/login?step_up=mfa\" target=\"_top\"")
    );
    let ahead = navigation(Method::GET, "/factor").insert_header(("Sec-Purpose", "prefetch"));
    assert_eq!(browser.send(From::SameSite, ahead).await.status, 401);
}

/// Somebody else comes back from the step-up: they get their own session, nothing of the first
/// person's, and are told whose page it was.
#[actix_web::test]
async fn somebody_else_does_not_go_on_with_what_the_first_had_begun() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ward.pc").await;
    browser.visit("/note").await;
    let begun = browser.step_up("/factor", "mfa").await;
    let landed = browser.bring(&app.respond(&begun, "test.consultant")).await;
    assert_eq!(landed.location(), "/saml/handover");
    assert_eq!(browser.visit("/notes").await.body, "");
    assert!(browser.visit("/rota").await.body.contains("Rota of"));
}

/// Fresher sign-ins are asked of the provider that gave the first one, and a lock stays a lock.
#[actix_web::test]
async fn a_step_up_does_not_open_a_locked_session_for_somebody_else() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| builder.session.lock = Some(TimeDelta::minutes(10)));
    })
    .await;
    let browser = app.browser();
    browser.sign_in("ward.pc").await;
    browser.visit("/note").await;
    app.clock.advance(TimeDelta::minutes(10));
    let begun = browser.begin_at("/saml/login?return_to=%2Ffactor&step_up=mfa").await;
    let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    assert_eq!(landed.status, 403);
    assert!(landed.body.contains("<h1>Locked by somebody else</h1>"), "{}", landed.body);
}

#[actix_web::test]
async fn several_guards_each_ask_for_their_own() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("test.consultant").await;
    assert_eq!(browser.visit("/roster/fresh").await.body, "both");
    app.clock.advance(TimeDelta::minutes(19));
    assert_eq!(browser.visit("/roster").await.body, "roster");
    browser.step_up("/roster/fresh", "fresh").await;
}

/// What one guard asks for takes nothing away that another one has been given: people would be sent
/// to and fro.
#[actix_web::test]
async fn several_guards_do_not_send_people_in_circles() {
    let app = TestApp::with(|setup| {
        let name = setup.idps[0].entity_id.clone();
        let support = StepUpSupport { force_authn: true, mfa_contexts: vec![REFEDS.to_owned()] };
        setup.saml = Box::new(|saml| saml.step_up(name, support));
    })
    .await;
    let (page, old) = ("/factor-and-fresh", TimeDelta::minutes(20));
    for brings_factor in [true, false] {
        let browser = app.browser();
        browser.sign_in("ward.pc").await;
        // A second factor, of a while ago.
        let begun = browser.step_up(page, "mfa").await;
        assert_forces(&begun, false);
        let form = app.respond_with_class(&begun, REFEDS, old);
        assert_eq!(browser.bring(&form).await.location(), page);
        // A fresh sign-in, and the second factor still.
        let begun = browser.step_up(page, "fresh,mfa").await;
        assert_forces(&begun, true);
        assert!(begun.xml.contains(&format!(">{REFEDS}<")), "{}", begun.xml);
        let form = match brings_factor {
            true => app.respond_with_class(&begun, REFEDS, TimeDelta::zero()),
            false => app.respond(&begun, "ward.pc"),
        };
        assert_eq!(browser.bring(&form).await.location(), page);
        match brings_factor {
            true => assert_eq!(browser.visit(page).await.body, "both"),
            false => {
                assert_forbidden(&browser.visit(page).await, "This page needs a second factor");
            }
        }
    }
}
