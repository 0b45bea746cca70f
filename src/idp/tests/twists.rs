//! What is different about one answer: by which clock, how slowly, more than one of them; and
//! metadata that is not to be had.

use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::http::header::ORIGIN;
use actix_web::test::{TestRequest, call_service, init_service};
use serde_json::{Value, json};

use super::admin::{app, get, post, query, sign_in, text};
use super::{IDP, REQUEST};
use crate::idp::{IdpApp, IssuedSession, LogoutBinding, SingleLogoutService};
use crate::xml::decode_base64;

const METADATA: &str = "/FederationMetadata/2007-06/FederationMetadata.xml";

/// Posts the sign-in page with these fields beside the request: the page that comes of it.
async fn submit(app: &IdpApp, query: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let mut form = vec![("query", query), ("person", "test.consultant")];
    form.extend_from_slice(fields);
    text(app, TestRequest::post().uri("/adfs/ls/").set_form(form)).await
}

/// The responses that a page carries.
fn responses(page: &str) -> Vec<String> {
    let values = page.split("name=\"SAMLResponse\" value=\"").skip(1);
    let values = values.map(|rest| rest.split_once('"').unwrap().0);
    values.map(|v| String::from_utf8(decode_base64(v.as_bytes()).unwrap()).unwrap()).collect()
}

fn issued_at(xml: &str) -> &str {
    let (_, rest) = xml.split_once("IssueInstant=\"").unwrap();
    rest.split_once('"').unwrap().0
}

#[actix_web::test]
async fn one_answer_is_given_by_another_clock() {
    let app = app();
    let behind = "2026-11-22T16:40:01.250Z";
    let usual = "2026-11-22T16:50:01.250Z";
    // In the address, on the page, and there it counts more.
    assert_eq!(issued_at(&sign_in(&app, "&clock=-600").await), behind);
    let (_, page) = submit(&app, &query(), &[("clock", "-600"), ("delay", "")]).await;
    assert_eq!(issued_at(&responses(&page)[0]), behind);
    let (_, page) = submit(&app, &format!("{}&clock=5", query()), &[("clock", "-600")]).await;
    assert_eq!(issued_at(&responses(&page)[0]), behind);
    // By a program, once.
    let next = json!({"clock_offset_seconds": -600});
    let (_, state) = post(&app, "/admin/api/next", next).await;
    assert_eq!((&state["next_clock_offset_seconds"], &state["next"]), (&json!(-600), &Value::Null));
    assert_eq!(issued_at(&sign_in(&app, "").await), behind);
    assert_eq!(issued_at(&sign_in(&app, "").await), usual);
    // Together with a scenario, and beside the clock of all answers.
    post(&app, "/admin/api/clock", json!({"offset_seconds": 60})).await;
    let unsigned = sign_in(&app, "&scenario=unsigned&clock=-660").await;
    assert_eq!(issued_at(&unsigned), behind);
    assert!(!unsigned.contains("SignatureValue"));
    // A failure has a time too.
    let address = format!("{}&clock=-660", query());
    let cancel = [("query", address.as_str()), ("cancel", "cancel")];
    let (_, page) = text(&app, TestRequest::post().uri("/adfs/ls/").set_form(cancel)).await;
    assert_eq!(issued_at(&responses(&page)[0]), behind);
}

#[actix_web::test]
async fn what_is_no_number_is_refused() {
    let app = app();
    for words in [
        "&clock=soon",
        "&clock=9223372036854775807",
        "&clock=315360001",
        "&delay=-1",
        "&delay=601",
        "&delay=1.5",
    ] {
        let (status, page) = submit(&app, &format!("{}{words}", query()), &[]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{words}");
        assert!(page.contains("setting"), "{page}");
        assert!(responses(&page).is_empty(), "{words}");
    }
    let (status, page) = submit(&app, &query(), &[("delay", "601")]).await;
    assert_eq!((status, responses(&page).len()), (StatusCode::BAD_REQUEST, 0));
    let twice = [("delay", "1"), ("delay", "2")];
    assert_eq!(submit(&app, &query(), &twice).await.0, StatusCode::BAD_REQUEST);
    for (body, code) in [
        (json!({"clock_offset_seconds": 315_360_001}), "clock"),
        (json!({"delay_seconds": 601}), "delay"),
        (json!({"delay_seconds": -1}), "json"),
        (json!({"delay": 1}), "json"),
    ] {
        let (status, answer) = post(&app, "/admin/api/next", body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(code)));
    }
    let state = get(&app, "/admin/api/state").await;
    assert_eq!(state["next_clock_offset_seconds"], Value::Null, "nothing was taken on");
}

/// Time stands still here but for who waits.
#[actix_web::test]
async fn one_sign_in_is_slow() {
    tokio::time::pause();
    let app = app();
    let began = tokio::time::Instant::now();
    let mut seconds = 0;
    for (words, waits) in [
        ("", 0),
        ("&delay=40", 40),
        ("&scenario=slow-sign-in", 30),
        ("&scenario=slow-sign-in&delay=7", 7),
        ("&scenario=unsigned&delay=0", 0),
    ] {
        assert!(sign_in(&app, words).await.starts_with("<samlp:Response"), "{words}");
        seconds += waits;
        assert_eq!(began.elapsed().as_secs(), seconds, "{words}");
    }
    // The page with the people is there at once: it is the person who is slow.
    let uri = format!("/adfs/ls/?{}&delay=40", query());
    let (_, page) = text(&app, TestRequest::get().uri(&uri)).await;
    assert_eq!(page.matches("name=\"delay\" value=\"40\"").count(), 2, "{page}");
    assert_eq!(began.elapsed().as_secs(), seconds);
    // By a program, once.
    let (_, state) = post(&app, "/admin/api/next", json!({"delay_seconds": 20})).await;
    assert_eq!(state["next_delay_seconds"], 20);
    for _ in 0..2 {
        sign_in(&app, "").await;
        assert_eq!(began.elapsed().as_secs(), seconds + 20);
    }
}

/// Whoever asks for something keeps what a program has chosen for the next.
#[actix_web::test]
async fn what_a_sign_in_asks_for_leaves_the_next_alone() {
    let app = app();
    post(&app, "/admin/api/next", json!({"scenario": "unsigned"})).await;
    assert!(sign_in(&app, "&clock=1").await.contains("SignatureValue"));
    assert!(!sign_in(&app, "").await.contains("SignatureValue"));
    post(&app, "/admin/api/next", json!({"scenario": "unsigned", "delay_seconds": 600})).await;
    let (_, state) = post(&app, "/admin/api/next", json!({"scenario": null})).await;
    assert_eq!((&state["next"], &state["next_delay_seconds"]), (&Value::Null, &Value::Null));
}

#[actix_web::test]
async fn two_answers_to_one_request() {
    let app = app();
    let (status, page) = submit(&app, &query(), &[("scenario", "two-responses")]).await;
    assert_eq!(status, StatusCode::OK);
    let found = responses(&page);
    let [first, second] = found.as_slice() else { panic!("{page}") };
    for xml in [first, second] {
        assert_eq!(xml.matches(&format!("InResponseTo=\"{REQUEST}\"")).count(), 2, "{xml}");
        assert_eq!(xml.matches("<ds:SignatureValue>").count(), 1);
    }
    let id = |xml: &str| xml.split("ID=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_ne!(id(first), id(second));
    // Somebody sends them: one by one, and by hand.
    assert!(!page.contains("<script>"), "{page}");
    assert!(page.contains("id=\"response\" target=\"_blank\" rel=\"noopener\">"), "{page}");
    assert!(page.contains("id=\"response-2\">"), "{page}");
    assert_eq!(page.matches("name=\"RelayState\" value=\"rs\"").count(), 2);
    // Both are in the log, and `replayed` is the second.
    let log = get(&app, "/admin/api/log").await;
    assert_eq!((&log[1]["xml"], &log[2]["xml"]), (&json!(first), &json!(second)));
    assert_eq!(sign_in(&app, "&scenario=replayed").await, *second);
    assert_eq!(responses(&submit(&app, &query(), &[]).await.1).len(), 1);
}

/// The `SessionIndex` of the log-out that the front page's button sends.
async fn logged_out(app: &IdpApp, session: &IssuedSession) -> Option<String> {
    let service = init_service(App::new().configure(app.routes())).await;
    let form = [("session", session.session_index.as_str()), ("binding", "post")];
    let request = TestRequest::post()
        .uri("/sign-out")
        .set_form(form)
        .insert_header((ORIGIN, app.idp().base_url().to_owned()));
    let response = call_service(&service, request.to_request()).await;
    let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
    let page = String::from_utf8(body.to_vec()).unwrap();
    let value = page.split("name=\"SAMLRequest\" value=\"").nth(1)?.split('"').next()?;
    let xml = String::from_utf8(decode_base64(value.as_bytes()).unwrap()).unwrap();
    let index = xml.split("<samlp:SessionIndex>").nth(1)?.split('<').next()?;
    Some(index.to_owned())
}

#[actix_web::test]
async fn a_log_out_names_another_session_once() {
    let app = app();
    app.change(|idp| {
        let service = SingleLogoutService {
            binding: LogoutBinding::Post,
            url: "https://rota.example.org/saml/slo".to_owned(),
            response_url: None,
        };
        idp.relying_parties.first_mut().unwrap().logout = vec![service];
    });
    for by_program in [false, true] {
        let words = if by_program {
            post(&app, "/admin/api/next", json!({"scenario": "logout-other-session"})).await;
            ""
        } else {
            "&scenario=logout-other-session"
        };
        let session = IssuedSession::of_response(&sign_in(&app, words).await).unwrap();
        let named = logged_out(&app, &session).await.unwrap();
        assert_ne!(named, session.session_index);
        // It goes on, and its own log-out ends it.
        assert_eq!(app.sessions(), std::slice::from_ref(&session));
        assert_eq!(logged_out(&app, &session).await.as_ref(), Some(&session.session_index));
        assert_eq!(app.sessions(), []);
    }
    let usual = IssuedSession::of_response(&sign_in(&app, "").await).unwrap();
    assert_eq!(logged_out(&app, &usual).await.as_ref(), Some(&usual.session_index));
}

#[actix_web::test]
async fn metadata_is_down_for_one_fetch_or_by_its_address() {
    let app = app();
    let fetch =
        async |query: &str| text(&app, TestRequest::get().uri(&format!("{METADATA}{query}"))).await;
    let honest = (StatusCode::OK, IDP.metadata().unwrap());
    let outage = StatusCode::SERVICE_UNAVAILABLE;
    // An address that always fails, and one that always lies.
    assert_eq!(fetch("?metadata=down").await.0, outage);
    let tampered = fetch("?metadata=tampered").await;
    assert_eq!(tampered.0, StatusCode::OK);
    assert_ne!(tampered.1, honest.1);
    assert_eq!(fetch("?metadata=dwon").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(fetch("").await, honest);
    // So many fetches.
    let twice = json!({"state": "down", "times": 2});
    let (_, state) = post(&app, "/admin/api/metadata", twice).await;
    assert_eq!((&state["metadata"], &state["metadata_times"]), (&json!("down"), &json!(2)));
    assert_eq!(fetch("?metadata=tampered").await, tampered, "it is not counted");
    assert_eq!(fetch("").await.0, outage);
    assert_eq!(get(&app, "/admin/api/state").await["metadata_times"], 1);
    assert_eq!(fetch("").await.0, outage);
    assert_eq!(fetch("").await, honest);
    let state = get(&app, "/admin/api/state").await;
    assert_eq!((&state["metadata"], &state["metadata_times"]), (&json!("up"), &Value::Null));
    // Until it is changed.
    post(&app, "/admin/api/metadata", json!({"state": "tampered"})).await;
    assert_eq!(fetch("").await, tampered);
    assert_eq!(fetch("").await, tampered);
    for body in [json!({"state": "down", "times": 0}), json!({"state": "away"})] {
        let (status, answer) = post(&app, "/admin/api/metadata", body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!("json")));
    }
}
