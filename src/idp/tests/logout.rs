//! Log-out as AD FS has it: what is refused, what is answered, and what it asks itself.

use std::sync::LazyLock;

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service};
use url::Url;

use super::{ACS, IDP, SP, now, reply_to};
use crate::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey, PublicKey};
use crate::dsig::{Place, SignatureStyle, sign_enveloped};
use crate::idp::{
    IdpApp, IssueError, IssuedSession, LogoutBinding, NameIdRule, OutgoingLogout, Personality,
    Received, Refusal, SignOut, TestIdp, Validity,
};
use crate::saml::binding::{MessageParameter, RedirectMessage, redirect_message_url};
use crate::saml::logout::{LogoutAnswer, LogoutCall, LogoutStatus};
use crate::saml::metadata::SpMetadata;
use crate::saml::names::ASSERTION;
use crate::saml::{AuthnRequest, EntityId, NameId};
use crate::xml::encode_base64;

const SLO: &str = "https://rota.example.org/saml/slo";
const CALL: &str = "_c0ffee";

static SP_KEY: LazyLock<(PrivateKey, Certificate)> = LazyLock::new(|| {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let (common_name, organisation, hosts) = ("rota.example.org", None, &[]);
    let request = CertificateRequest { common_name, organisation, hosts, not_before, not_after };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    (key, certificate)
});

fn idp() -> TestIdp {
    let metadata = SpMetadata {
        entity_id: &EntityId::new(SP).unwrap(),
        acs_url: ACS,
        logout_url: Some(SLO),
        valid_until: None,
        cache_duration: None,
        is_signable: false,
        signing: std::slice::from_ref(&SP_KEY.1),
        encryption: &[],
        signs_requests: true,
        organisation: None,
        contact: None,
    };
    let mut idp = IDP.clone();
    idp.register(metadata.to_xml().unwrap().as_bytes()).unwrap();
    idp
}

fn session(idp: &TestIdp) -> IssuedSession {
    let nurse = idp.person("ward.nurse").unwrap();
    IssuedSession::of_response(&idp.respond(&reply_to(), &nurse, now()).unwrap()).unwrap()
}

fn call(session: &IssuedSession) -> LogoutCall {
    LogoutCall {
        id: CALL.to_owned(),
        issue_instant: now(),
        destination: IDP.sign_in_url(),
        issuer: EntityId::new(SP).unwrap(),
        name_id: NameId {
            value: session.name_id.clone(),
            format: session.format.clone(),
            name_qualifier: None,
            sp_name_qualifier: None,
            sp_provided_id: None,
        },
        session_index: Some(session.session_index.clone()),
    }
}

fn request_query() -> String {
    let request = AuthnRequest {
        id: "_1".to_owned(),
        issue_instant: now(),
        destination: IDP.sign_in_url(),
        issuer: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        force_authn: false,
        is_passive: false,
        name_id_format: None,
        class_refs: Vec::new(),
    };
    query(MessageParameter::Request, &request.to_xml().unwrap(), true)
}

fn query(parameter: MessageParameter, xml: &str, is_signed: bool) -> String {
    let endpoint = Url::parse(&IDP.sign_in_url()).unwrap();
    let key = is_signed.then(|| (&SP_KEY.0, SP_KEY.0.default_algorithm()));
    let url = redirect_message_url(&endpoint, parameter, xml, Some("r"), key).unwrap();
    url.query().unwrap().to_owned()
}

fn receive(idp: &TestIdp, call: &LogoutCall) -> Result<SignOut, Refusal> {
    let endpoint = Url::parse(&call.destination).unwrap();
    let (key, xml) = ((&SP_KEY.0, SP_KEY.0.default_algorithm()), call.to_xml().unwrap());
    let url =
        redirect_message_url(&endpoint, MessageParameter::Request, &xml, Some("r"), Some(key));
    let url = url.unwrap();
    let query = url.query().unwrap();
    idp.receive_logout(&Received::from_query(query)?)
}

#[test]
fn a_signed_request_is_answered() {
    let idp = idp();
    let session = session(&idp);
    let sign_out = receive(&idp, &call(&session)).unwrap();
    let expected = SignOut {
        relying_party: SP.to_owned(),
        request_id: CALL.to_owned(),
        relay_state: Some("r".to_owned()),
        name_id: session.name_id.clone(),
        session_index: session.session_index.clone(),
        is_participant: true,
    };
    assert_eq!(sign_out, expected);
    // By HTTP-POST as well.
    let place = Place::After { namespace: ASSERTION, local: "Issuer" };
    let xml = call(&session).to_xml().unwrap();
    let (key, certificate) = &*SP_KEY;
    let (algorithm, style) = (key.default_algorithm(), SignatureStyle::default());
    let signed =
        sign_enveloped(&xml, CALL, place, key, algorithm, Some(certificate), &style).unwrap();
    let received = Received::from_form(&encode_base64(signed.as_bytes()), Some("r")).unwrap();
    assert_eq!(idp.receive_logout(&received), Ok(sign_out.clone()));

    let OutgoingLogout::Redirect { url, .. } =
        idp.answer_logout(&sign_out, LogoutBinding::Redirect, now()).unwrap()
    else {
        panic!("not a redirect")
    };
    let (address, query) = url.split_once('?').unwrap();
    assert_eq!(address, SLO);
    assert!(query.contains("%2f") && !query.contains("%2F"), "{query}");
    let message = RedirectMessage::read(query).unwrap();
    assert_eq!(message.parameter(), MessageParameter::Response);
    assert_eq!(message.relay_state(), Some("r"));
    let keys: Vec<PublicKey> = vec![idp.keys.current().certificate().public_key().clone()];
    assert_eq!(message.signature().unwrap().verify(&keys), Ok(0));
    let xml = String::from_utf8(message.xml().to_vec()).unwrap();
    assert!(xml.contains("InResponseTo=\"_c0ffee\"") && xml.contains(":Success\""), "{xml}");
}

/// AD FS compares the name with what it has issued, to the letter.
#[test]
fn a_name_that_was_not_issued_so_is_nobodys() {
    let idp = idp();
    let session = session(&idp);
    let known = |change: &dyn Fn(&mut NameId)| {
        let mut call = call(&session);
        change(&mut call.name_id);
        receive(&idp, &call).unwrap().is_participant
    };
    assert!(known(&|_| {}));
    assert!(!known(&|name| name.format = None));
    assert!(!known(&|name| name.format = Some("urn:other".to_owned())));
    assert!(!known(&|name| name.sp_name_qualifier = Some(SP.to_owned())));
    assert!(!known(&|name| name.value = "nobody@example.org".to_owned()));
    let mut without = idp.clone();
    without.issuance.name_id = NameIdRule::Issued { format: None };
    assert!(!receive(&without, &call(&session)).unwrap().is_participant);
}

/// Entra does not look at the name; `plain` knows the names that it issues.
#[test]
fn names_at_the_other_personalities() {
    for personality in [Personality::Entra, Personality::Plain] {
        let mut idp =
            TestIdp::at(personality, "https://fs.nhsmail.test", IDP.keys.clone()).unwrap();
        idp.relying_parties = self::idp().relying_parties;
        let session = session(&idp);
        let known = |change: &dyn Fn(&mut NameId)| {
            let mut call = call(&session);
            call.destination = idp.sign_in_url();
            change(&mut call.name_id);
            receive(&idp, &call).unwrap().is_participant
        };
        assert!(known(&|_| {}), "{personality:?}");
        let is_entra = personality == Personality::Entra;
        for value in ["nobody@example.org", "ward.nurse@nhs.net", "", &"-".repeat(36)] {
            assert_eq!(known(&|name| name.value = value.to_owned()), is_entra, "{value}");
        }
        assert_eq!(known(&|name| name.format = None), is_entra);
        let qualified = known(&|name| name.sp_name_qualifier = Some(SP.to_owned()));
        assert_eq!(qualified, is_entra);
    }
}

#[test]
fn refusals() {
    let idp = idp();
    let session = session(&idp);
    let call = call(&session);
    let xml = call.to_xml().unwrap();
    let unsigned = Received::from_query(&query(MessageParameter::Request, &xml, false)).unwrap();
    let refusal = idp.receive_logout(&unsigned).unwrap_err();
    assert_eq!(refusal, Refusal::LogoutUnsigned { entity_id: SP.to_owned() });
    assert_eq!(refusal.msis(), Some("MSIS7084"));
    assert!(!refusal.remedy().is_empty());

    let no_index = LogoutCall { session_index: None, ..call.clone() };
    assert_eq!(receive(&idp, &no_index), Err(Refusal::NoSessionIndex));
    let elsewhere = LogoutCall { destination: SLO.to_owned(), ..call.clone() };
    assert_eq!(receive(&idp, &elsewhere).unwrap_err().code(), "destination");
    let unknown = LogoutCall { issuer: EntityId::new("urn:x").unwrap(), ..call.clone() };
    assert_eq!(receive(&idp, &unknown).unwrap_err().code(), "unknown_issuer");
    let tampered =
        query(MessageParameter::Request, &xml, true).replace("RelayState=r", "RelayState=s");
    let received = Received::from_query(&tampered).unwrap();
    assert_eq!(idp.receive_logout(&received).unwrap_err().code(), "signature_mismatch");
    let found = "LogoutRequest".to_owned();
    let received = Received::from_query(&query(MessageParameter::Request, &xml, true)).unwrap();
    assert_eq!(idp.receive_logout_response(&received), Err(Refusal::NotLogout { found }));
}

#[test]
fn it_asks_by_either_binding() {
    let idp = idp();
    let session = session(&idp);
    let ask = |binding| idp.request_logout(&session, Some("x y"), binding, now()).unwrap();
    let OutgoingLogout::Redirect { url, id } = ask(LogoutBinding::Redirect) else { panic!() };
    let message = RedirectMessage::read(url.split_once('?').unwrap().1).unwrap();
    assert_eq!(message.relay_state(), Some("x y"));
    let xml = String::from_utf8(message.xml().to_vec()).unwrap();
    assert!(xml.contains(&id) && xml.contains(&session.session_index), "{xml}");
    let OutgoingLogout::Post { form, .. } = ask(LogoutBinding::Post) else { panic!() };
    assert_eq!((form.url.as_str(), form.field), (SLO, "SAMLRequest"));
    assert!(form.xml.contains("<ds:Signature") && !form.value().is_empty());

    let mut nowhere = idp.clone();
    nowhere.relying_parties[0].logout.clear();
    let asked = nowhere.request_logout(&session, None, LogoutBinding::Post, now());
    assert!(matches!(asked, Err(IssueError::NoLogoutService)));
    let nurse = idp.person("ward.nurse").unwrap().without_name_id();
    let response = idp.respond(&reply_to(), &nurse, now()).unwrap();
    assert_eq!(IssuedSession::of_response(&response), None);
}

#[test]
fn an_answer_must_be_signed() {
    let idp = idp();
    for (status, is_success) in [(LogoutStatus::Success, true), (LogoutStatus::Failed, false)] {
        let answer = LogoutAnswer {
            id: "_a".to_owned(),
            issue_instant: now(),
            destination: IDP.sign_in_url(),
            issuer: EntityId::new(SP).unwrap(),
            in_response_to: "_q".to_owned(),
            status,
        };
        let xml = answer.to_xml().unwrap();
        let query = |is_signed| query(MessageParameter::Response, &xml, is_signed);
        let received = Received::from_response_query(&query(true)).unwrap();
        let answered = idp.receive_logout_response(&received).unwrap();
        assert_eq!(
            (answered.is_success, answered.in_response_to.as_deref()),
            (is_success, Some("_q"))
        );
        let unsigned = Received::from_response_query(&query(false)).unwrap();
        assert_eq!(idp.receive_logout_response(&unsigned).unwrap_err().code(), "logout_unsigned");
    }
}

/// The front page signs people out of the session that was begun, or of one that was not.
#[actix_web::test]
async fn the_front_page_names_the_session_or_another() {
    for (names_other, remaining) in [(true, 1), (false, 0)] {
        let app = IdpApp::new(idp(), now);
        let service = init_service(App::new().configure(app.routes())).await;
        let nurse = [("query", request_query()), ("person", "ward.nurse".to_owned())];
        let sign_in = TestRequest::post().uri("/adfs/ls/").set_form(nurse).to_request();
        assert_eq!(call_service(&service, sign_in).await.status(), 200);
        let sessions = app.sessions();
        let [session] = sessions.as_slice() else { panic!("{sessions:?}") };

        let mut form = vec![("session", session.session_index.as_str()), ("binding", "redirect")];
        form.extend(names_other.then_some(("other_session", "yes")));
        let base = app.idp().base_url().to_owned();
        let press = |origin: &str, site: Option<&'static str>| {
            let request = TestRequest::post().uri("/sign-out").set_form(&form);
            let request = request.insert_header(("Origin", origin));
            site.into_iter().fold(request, |r, site| r.insert_header(("Sec-Fetch-Site", site)))
        };
        let suffixed = format!("{base}.evil.example");
        for request in [
            TestRequest::post().uri("/sign-out").set_form(&form),
            press("https://evil.example", None),
            press("https://evil.example", Some("same-origin")),
            press("null", None),
            press(&suffixed, None),
            press(&base, Some("cross-site")),
            press(&base, Some("same-site")),
        ] {
            let response = call_service(&service, request.to_request()).await;
            assert_eq!(response.status(), 403);
            assert_eq!(app.sessions().len(), 1, "it goes on");
        }
        let request = press(&base, Some("same-origin")).to_request();
        let response = call_service(&service, request).await;
        assert_eq!(response.status(), 303);
        let location = response.headers().get("Location").unwrap().to_str().unwrap();
        let query = location.split_once('?').unwrap().1;
        let message = RedirectMessage::read(query).unwrap();
        let xml = String::from_utf8(message.xml().to_vec()).unwrap();
        assert!(xml.contains(&format!(">{}</NameID>", session.name_id)), "{xml}");
        let index = format!("SessionIndex>{}</", session.session_index);
        assert_eq!(xml.contains(&index), !names_other, "{xml}");
        assert!(xml.contains("SessionIndex>_"));
        assert_eq!(app.sessions().len(), remaining);
    }
}
