//! What applications have for their own tests, used as an application uses it.

#![cfg(feature = "idp")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

mod handlers;
mod log_out;

use std::sync::Arc;

use actix_http::Request;
use actix_saml::Saml;
use actix_saml::idp::{
    Expected, IssueError, IssuedSession, LogoutBinding, Person, Personality, Scenario, SigningKey,
    TestIdp, Validity,
};
use actix_saml::nhsmail::Staff;
use actix_saml::saml::binding::Binding;
use actix_saml::sp::{Builder, Principal, RequestSigning};
use actix_saml::testing::{Browser, Stuck, TestStaff, Trail};
use actix_saml::web::{AuditStep, Clock, Outcome, SystemClock};
use actix_saml::xmlenc::DecryptionKey;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::ACCEPT;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpResponse, get, post, web};
use chrono::{DateTime, TimeDelta, Utc};

const ROTA: &str = "https://rota.example.org";

#[get("/rota")]
async fn rota(staff: Staff) -> String {
    format!("Rota of {}", staff.display_name())
}

#[get("/who")]
async fn who(principal: Principal) -> web::Json<Principal> {
    web::Json(principal)
}

#[post("/note")]
async fn note(_: Staff, body: String) -> String {
    format!("Noted: {body}")
}

#[get("/for-everybody")]
async fn for_everybody(staff: Option<Staff>) -> String {
    staff.map_or_else(|| "nobody".to_owned(), |staff| staff.display_name().to_owned())
}

#[get("/fails")]
async fn fails() -> Result<String, Error> {
    Err(actix_web::error::ErrorImATeapot("no"))
}

#[get("/elsewhere")]
async fn elsewhere() -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", "https://elsewhere.example/?a=1")).finish()
}

#[get("/round")]
async fn round() -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", "/round")).finish()
}

async fn serve(
    saml: &Saml,
) -> impl Service<Request, Response = ServiceResponse<BoxBody>, Error = Error> {
    let app = App::new().configure(saml.routes());
    let app = app.service(rota).service(who).service(note).service(for_everybody);
    let app = app.service(fails).service(elsewhere).service(round);
    let app = app.wrap(saml.sessions());
    let app = app.wrap_fn(|request, next| {
        let answer = next.call(request);
        async { Ok(answer.await?.map_into_boxed_body()) }
    });
    init_service(app).await
}

#[actix_web::test]
async fn somebody_signs_in_at_each_personality() -> Result<(), Stuck> {
    for mut idp in [TestIdp::adfs()?, TestIdp::entra()?, TestIdp::plain()?] {
        let saml = idp.saml(ROTA)?;
        let app = serve(&saml).await;
        let nurse = idp.sign_in(&app, "ward.nurse").await?;
        let page = nurse.get("/rota").await?;
        assert_eq!((page.status().as_u16(), page.text()), (200, "Rota of Bryn O'Sample"));
        let principal: Principal = serde_json::from_str(nurse.get("/who").await?.text()).unwrap();
        assert_eq!(principal.issuer, idp.entity_id);
        assert_eq!(nurse.post("/note", &[("a", "1 & 2")]).await?.text(), "Noted: a=1+%26+2");
        assert_eq!(idp.browser(&app)?.get("/for-everybody").await?.text(), "nobody");
    }
    Ok(())
}

#[actix_web::test]
async fn people_are_listed_typed_or_made_up() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let saml = idp.saml(ROTA)?;
    let app = serve(&saml).await;
    let typed = idp.sign_in(&app, "test.user1").await?;
    assert_eq!(typed.get("/rota").await?.text(), "Rota of Test User1");
    let person: Person = idp.person("locum.doctor").unwrap();
    let listed = idp.sign_in(&app, &person).await?;
    assert_eq!(listed.get("/rota").await?.text(), "Rota of Dr Zoë Müller-Example");
    let made_up = idp.sign_in(&app, TestStaff::new("test.user2").named("Una", "Madeup")).await?;
    assert_eq!(made_up.get("/rota").await?.text(), "Rota of Una Madeup");

    let Err(stuck) = idp.sign_in(&app, "not a name").await else { panic!("signed in") };
    assert!(matches!(&stuck, Stuck::UnknownPerson { user_name } if user_name == "not a name"));
    let Err(stuck) = idp.sign_in(&app, TestStaff::new("Capital")).await else { panic!() };
    assert!(matches!(stuck, Stuck::Person(_)), "{stuck}");
    Ok(())
}

#[actix_web::test]
async fn a_sign_in_ends_where_it_began() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let saml = idp.saml(ROTA)?;
    let app = serve(&saml).await;
    let browser = idp.browser(&app)?;
    assert_eq!(browser.get("/rota").await?.location(), Some("/saml/login?return_to=%2Frota"));
    let page = browser.sign_in(&idp, "/rota", "ward.nurse").await?;
    assert_eq!((page.status().as_u16(), page.text()), (200, "Rota of Bryn O'Sample"));
    assert_eq!(browser.open("/rota").await?.text(), "Rota of Bryn O'Sample");
    Ok(())
}

/// What the value says is what a sign-in of the same person says.
#[actix_web::test]
async fn a_made_up_colleague_is_who_the_handler_gets() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let saml = idp.saml(ROTA)?;
    let app = serve(&saml).await;
    let colleague = TestStaff::new("test.user1")
        .named("Una", "Madeup")
        .role("RotaAdmin")
        .role("Consultant")
        .ods_code("zzt01")
        .group("Ward-7");
    for colleague in [colleague.clone(), colleague.clone().without_mfa()] {
        let browser = idp.sign_in(&app, &colleague).await?;
        let signed_in: Principal = serde_json::from_str(browser.get("/who").await?.text()).unwrap();
        let staff = colleague.staff()?;
        let made_up = staff.principal();
        assert_eq!(made_up.issuer, signed_in.issuer);
        assert_eq!(made_up.name_id, signed_in.name_id);
        assert_eq!(made_up.attributes, signed_in.attributes);
        assert_eq!(made_up.authn_context, signed_in.authn_context);
        let real = Staff::from_principal(signed_in, saml.claims(), saml.subjects())?;
        assert_eq!(staff.key(), real.key());
        assert_eq!(staff.has_mfa_evidence(), real.has_mfa_evidence());
    }
    let staff = colleague.staff()?;
    assert_eq!(staff.display_name(), "Una Madeup");
    assert_eq!(staff.roles(), ["RotaAdmin", "Consultant"]);
    assert_eq!(staff.ods_codes(), ["ZZT01"]);
    assert_eq!(staff.groups().unwrap(), ["Ward-7"]);
    assert_eq!(staff.mail(), Some("test.user1@nhs.net"));
    assert!(staff.has_mfa_evidence());
    assert!(!colleague.without_mfa().staff()?.has_mfa_evidence());
    Ok(())
}

/// What becomes of each scenario, by the code in the audit trail.
#[actix_web::test]
async fn every_scenario_ends_as_it_should() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let trail = Trail::new();
    let saml = idp.saml_builder(ROTA, |_| {})?.audit(trail.clone()).build()?;
    idp.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    let mut seen = Vec::new();
    for scenario in Scenario::all() {
        let browser = idp.browser(&app)?;
        let request = browser.ask(&idp, "/rota").await?;
        let page =
            idp.response_to(&request).for_person("ward.nurse").scenario(scenario).post_to(&browser);
        let (page, code) = (page.await?, trail.last_code());
        // Somebody who was signed in by the first of two answers stays it.
        let is_signed_in = browser.get("/rota").await?.status() == 200;
        let is_one_of_two = scenario == Scenario::TwoResponses;
        assert_eq!(is_signed_in, code.is_none() || is_one_of_two, "{scenario:?}");
        match scenario.expected() {
            Expected::SignedIn => assert_eq!(code, None, "{scenario:?}"),
            // The browser was signed in by the first of the two, and is sent on to its page.
            _ if scenario == Scenario::Replayed => {
                assert_eq!((code.as_deref(), page.location()), (None, Some("/rota")));
            }
            Expected::Failure | Expected::Refusal => assert!(code.is_some(), "{scenario:?}"),
            _ => {}
        }
        let code = code.unwrap_or_else(|| "signed in".to_owned());
        seen.push(format!("{} {} {code}", scenario.word(), page.status().as_u16()));
    }
    assert_eq!(seen.join("\n"), ENDS.trim());
    Ok(())
}

const ENDS: &str = "
usual 303 signed in
mfa-missing 303 signed in
old-sign-in 303 signed in
clock-minute-ahead 303 signed in
clock-minute-behind 303 signed in
slow-sign-in 303 signed in
logout-other-session 303 signed in
refused-by-idp 403 status
user-cancels 403 status
unsolicited 403 in_response_to
other-request 403 in_response_to
wrong-audience 403 audience
wrong-recipient 403 recipient
wrong-destination 403 destination
wrong-issuer 403 issuer
expired 403 expired
not-yet-valid 403 not_yet_valid
replayed 303 signed in
two-responses 403 no_pending_login
unsigned 403 unsigned
unknown-key 403 signature_mismatch
next-key 403 signature_mismatch
changed 403 digest_mismatch
comment-in-name-id 403 markup_in_value
document-type 400 xml_doctype
oversized 413 body_too_large
two-assertions 403 assertion_count
both-kinds 403 assertion_count
wrong-encryption-key 403 decryption_no_key
xsw-1 403 misplaced_element
xsw-2 403 unexpected_element
xsw-3 403 assertion_count
xsw-4 403 assertion_count
xsw-5 403 assertion_count
xsw-6 403 misplaced_element
xsw-7 403 misplaced_element
xsw-8 403 misplaced_element
";

#[actix_web::test]
async fn the_words_for_scenarios_mean_them() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let trail = Trail::new();
    let saml = idp.saml_builder(ROTA, |_| {})?.audit(trail.clone()).build()?;
    idp.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    let browser = idp.browser(&app)?;
    let request = browser.ask(&idp, "/rota").await?;
    let reply = || idp.response_to(&request);
    for (reply, code) in [
        (reply().expired(), "expired"),
        (reply().wrong_audience(), "audience"),
        (reply().unsigned(), "unsigned"),
        (reply().changed_after_signing(), "digest_mismatch"),
        (reply().cancelled(), "status"),
        (reply().unsigned().expired(), "expired"),
    ] {
        reply.post_to(&browser).await?;
        assert_eq!(trail.last_code().as_deref(), Some(code));
    }
    assert_eq!(reply().without_mfa().post_to(&browser).await?.location(), Some("/rota"));
    let event = trail.events().pop().unwrap();
    assert_eq!((event.step, event.outcome), (AuditStep::SignIn, Outcome::Done));
    assert_eq!(event.mfa, Some(false));
    let first = idp.people.first().unwrap().display_name.clone();
    assert_eq!(browser.get("/rota").await?.text(), format!("Rota of {first}"));
    Ok(())
}

/// Whoever has got hold of a response that was used.
#[actix_web::test]
async fn a_used_response_signs_nobody_else_in() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let trail = Trail::new();
    let saml = idp.saml_builder(ROTA, |_| {})?.audit(trail.clone()).build()?;
    idp.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    let browser = idp.browser(&app)?;
    let request = browser.ask(&idp, "/rota").await?;
    let form = idp.answer(&request, &idp.person("ward.nurse").unwrap(), SystemClock.now())?;
    let response = form.saml_response();
    let relay_state = form.relay_state.as_deref().unwrap_or_default();
    let fields = [("SAMLResponse", response.as_str()), ("RelayState", relay_state)];
    assert_eq!(browser.post("/saml/acs", &fields).await?.location(), Some("/rota"));

    let other = idp.browser(&app)?;
    assert_eq!(other.post("/saml/acs", &fields).await?.status(), 403);
    assert_eq!(trail.last_code().as_deref(), Some("replayed"));
    assert_eq!(other.get("/for-everybody").await?.text(), "nobody");
    Ok(())
}

/// Two answers to one request: a back button, or somebody who has kept the first.
#[actix_web::test]
async fn a_request_is_answered_once() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let trail = Trail::new();
    let saml = idp.saml_builder(ROTA, |_| {})?.audit(trail.clone()).build()?;
    idp.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    let browser = idp.browser(&app)?;
    let request = browser.ask(&idp, "/rota").await?;
    let answer = |user_name: &str| idp.response_to(&request).for_person(user_name);
    assert_eq!(answer("ward.nurse").post_to(&browser).await?.location(), Some("/rota"));
    assert_eq!(answer("locum.doctor").post_to(&browser).await?.status(), 403);
    assert_eq!(trail.last_code().as_deref(), Some("no_pending_login"));
    assert_eq!(browser.get("/rota").await?.text(), "Rota of Bryn O'Sample");
    Ok(())
}

#[actix_web::test]
async fn what_nobody_asked_for_is_refused() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let trail = Trail::new();
    let saml = idp.saml_builder(ROTA, |_| {})?.audit(trail.clone()).build()?;
    idp.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    let browser = idp.browser(&app)?;
    let unasked = idp.begin_unasked("https://rota.example.org/saml/metadata", Some("/rota"))?;
    let answer = idp.response_to(&unasked).for_person("ward.nurse").post_to(&browser).await?;
    assert_eq!(answer.status(), 403);
    assert_eq!(trail.last_code().as_deref(), Some("no_pending_login"));
    assert_eq!(browser.get("/for-everybody").await?.text(), "nobody");
    Ok(())
}

fn signing() -> RequestSigning {
    let key = SigningKey::generate("rota.example.org", Validity::of_tests()).unwrap();
    let (key, certificate) = (key.private_key().clone(), key.certificate().clone());
    RequestSigning { key, certificate }
}

/// What is made once is the same in every test, and not the same for everybody.
#[test]
fn keys_are_made_once() -> Result<(), Stuck> {
    let certificate = |idp: TestIdp| idp.keys.current().certificate().fingerprint();
    assert_eq!(certificate(TestIdp::adfs()?), certificate(TestIdp::adfs()?));
    assert_ne!(certificate(TestIdp::adfs()?), certificate(TestIdp::entra()?));
    assert_ne!(certificate(TestIdp::entra()?), certificate(TestIdp::plain()?));
    Ok(())
}

/// Where there are several, the browser takes the link to the right one.
#[actix_web::test]
async fn there_may_be_several_identity_providers() -> Result<(), Stuck> {
    let (mut one, mut other) = (TestIdp::adfs()?, TestIdp::plain()?);
    let trusted = other.trusted()?;
    let saml = one.saml_builder(ROTA, |settings| settings.idps.push(trusted))?.build()?;
    one.register(saml.metadata().as_bytes())?;
    other.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    for idp in [&one, &other] {
        let browser = idp.sign_in(&app, "ward.nurse").await?;
        let principal: Principal = serde_json::from_str(browser.get("/who").await?.text()).unwrap();
        assert_eq!(principal.issuer, idp.entity_id);
    }
    Ok(())
}

#[actix_web::test]
async fn requests_may_be_posted_and_assertions_encrypted() -> Result<(), Stuck> {
    for mut idp in [TestIdp::adfs()?, TestIdp::entra()?, TestIdp::plain()?] {
        // At Entra somebody has to say so.
        assert_eq!(idp.issuance.encrypts, idp.personality != Personality::Entra);
        idp.issuance.encrypts = true;
        sign_in_encrypted(idp).await?;
    }
    Ok(())
}

async fn sign_in_encrypted(mut idp: TestIdp) -> Result<(), Stuck> {
    let key =
        SigningKey::generate_for_encryption("rota.example.org", Validity::of_tests()).unwrap();
    let saml = idp.saml_builder(ROTA, |settings| {
        settings.request_binding = Binding::HttpPost;
        settings.encryption = vec![key.certificate().clone()];
        settings.decryption = vec![DecryptionKey::new(key.private_key().clone()).unwrap()];
    })?;
    let saml = saml.build()?;
    idp.register(saml.metadata().as_bytes())?;
    assert!(idp.relying_parties.last().unwrap().encryption.is_some());
    let app = serve(&saml).await;
    let nurse = idp.sign_in(&app, "ward.nurse").await?;
    assert_eq!(nurse.get("/rota").await?.text(), "Rota of Bryn O'Sample");

    let browser = idp.browser(&app)?;
    let request = browser.ask(&idp, "/rota").await?;
    let nurse = idp.person("ward.nurse").unwrap();
    let sealed = idp.answer(&request, &nurse, SystemClock.now())?.response;
    assert!(sealed.contains("EncryptedAssertion") && !sealed.contains("NameID"), "{sealed}");
    idp.issuance.encrypts = false;
    assert!(idp.answer(&request, &nurse, SystemClock.now())?.response.contains("NameID"));
    Ok(())
}

struct Standing(DateTime<Utc>);

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

#[actix_web::test]
async fn the_application_may_have_a_clock_of_its_own() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let now: DateTime<Utc> = "2026-11-22T09:00:00Z".parse().unwrap();
    let clock = Arc::new(Standing(now));
    let saml = idp.saml_builder(ROTA, |_| {})?.clock(clock.clone()).build()?;
    idp.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    let browser = idp.browser(&app)?.with_clock(clock);
    browser.sign_in(&idp, "/rota", "ward.nurse").await?;
    let principal: Principal = serde_json::from_str(browser.get("/who").await?.text()).unwrap();
    assert_eq!(principal.signed_in_at, now);

    let late = idp.browser(&app)?.with_clock(Arc::new(Standing(now + TimeDelta::days(1))));
    let Err(stuck) = late.sign_in(&idp, "/rota", "ward.nurse").await else { panic!("signed in") };
    assert!(matches!(stuck, Stuck::NotSignedIn(answer) if answer.status == 403));
    Ok(())
}

#[actix_web::test]
async fn a_script_gets_what_scripts_get() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let saml = idp.saml(ROTA)?;
    let app = serve(&saml).await;
    let script = || TestRequest::post().uri("/note").insert_header((ACCEPT, "application/json"));
    let refused = idp.browser(&app)?.send(script().set_payload("x")).await?;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let nurse = idp.sign_in(&app, "ward.nurse").await?;
    assert_eq!(nurse.send(script().set_payload("x")).await?.text(), "Noted: x");
    Ok(())
}

#[actix_web::test]
async fn a_handler_that_fails_answers_as_the_server_answers() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let saml = idp.saml(ROTA)?;
    let app = serve(&saml).await;
    let page = idp.browser(&app)?.get("/fails").await?;
    assert_eq!((page.status().as_u16(), page.text()), (418, "no"));
    assert_eq!(page.bytes(), b"no");
    Ok(())
}

/// A test that got stuck says in words why.
#[actix_web::test]
async fn who_gets_stuck_is_told_why() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let saml = idp.saml_builder(ROTA, |_| {})?.build()?;
    let app = serve(&saml).await;
    let said = |stuck: Option<Stuck>| format!("{:?}", stuck.unwrap());

    assert_eq!(
        said(idp.sign_in(&app, "ward.nurse").await.err()),
        "no application is registered at the test identity provider: make its Saml with \
         idp.saml(…), or register yours by idp.register(saml.metadata().as_bytes())"
    );
    let unregistered = Browser::new(&app, ROTA)?;
    let stuck = unregistered.ask(&idp, "/rota").await.err().unwrap();
    assert!(matches!(stuck, Stuck::Refused(_)), "{stuck}");

    idp.register(saml.metadata().as_bytes())?;
    let browser = idp.browser(&app)?;
    assert_eq!(
        said(browser.ask(&idp, "/for-everybody").await.err()),
        "/for-everybody does not lead to the sign-in, but was answered 200 OK: nobody"
    );
    assert_eq!(
        said(browser.ask(&idp, "/elsewhere").await.err()),
        "the browser was sent to https://elsewhere.example/, and not to the identity provider at \
         https://fs.nhsmail.test/adfs/ls/"
    );
    assert_eq!(said(browser.open("/round").await.err()), "/round redirects for ever");
    assert_eq!(
        said(Browser::new(&app, "rota.example.org").err()),
        "\"rota.example.org\" is not an address of the form http(s)://host[:port]"
    );
    assert_eq!(
        said(idp.saml("https://rota.example.org/path").err()),
        "the settings make no service provider: the base URL https://rota.example.org/path must \
         be scheme, host and port only"
    );

    // A stranger of the same name.
    let mut stranger = TestIdp::adfs()?;
    stranger.register(saml.metadata().as_bytes())?;
    stranger.keys.replace(SigningKey::generate("fs.nhsmail.test", Validity::of_tests()).unwrap());
    let told = said(stranger.sign_in(&app, "ward.nurse").await.err());
    let start = "the application does not sign the person in, but answers 403 Forbidden: ";
    assert!(told.starts_with(start) && told.ends_with("Its log says why"), "{told}");
    assert!(!told.contains('<') && !told.contains('{'), "no markup: {told}");

    // An application that runs at another address than the browser thinks.
    let lost = Browser::new(&app, "https://other.example.org")?;
    let request = lost.ask(&idp, "/rota").await?;
    let stuck = idp.response_to(&request).post_to(&lost).await.err();
    assert_eq!(
        said(stuck),
        "the response goes to https://rota.example.org/saml/acs, and the browser is at \
         other.example.org"
    );
    Ok(())
}
