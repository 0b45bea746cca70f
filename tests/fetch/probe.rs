//! Looking at an answer, whatever it is.

use actix_saml::web::federation::{Answer as Found, FetchError, HttpFetch};

use crate::faults::{Answer, Identity, Server};
use crate::scene::{MAX_BYTES, SHORT, TIMEOUT, request};

fn probe(server: &Server) -> Result<Found, FetchError> {
    HttpFetch::default().probe(&request(&server.url("/")))
}

#[test]
fn every_status_is_an_answer() {
    let fields = [
        ("Content-Type", "text/html"),
        ("Date", "Sun, 22 Nov 2026 16:50:06 GMT"),
        ("Set-Cookie", "a=1; Secure"),
        ("Set-Cookie", "b=2"),
    ];
    for (line, status) in [("200 OK", 200), ("404 Not Found", 404), ("503 Busy", 503)] {
        let server = Server::http(Answer::new(line, &fields, "<p>x"));
        let expected = Found {
            status,
            location: None,
            content_type: Some("text/html".to_owned()),
            date: Some("Sun, 22 Nov 2026 16:50:06 GMT".to_owned()),
            set_cookies: vec!["a=1; Secure".to_owned(), "b=2".to_owned()],
            body: b"<p>x".to_vec(),
        };
        assert_eq!(probe(&server), Ok(expected));
    }
}

#[test]
fn redirects_are_not_followed() {
    let server = Server::http(Answer::redirect(302, "https://elsewhere.example/"));
    let found = probe(&server).unwrap();
    assert_eq!(found.status, 302);
    assert_eq!(found.location.as_deref(), Some("https://elsewhere.example/"));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_long_answer_is_cut() {
    for answer in [Answer::large(10 * MAX_BYTES), Answer::endless()] {
        assert_eq!(probe(&Server::http(answer)).unwrap().body.len(), MAX_BYTES);
    }
}

#[test]
fn what_is_no_answer() {
    let silent = Server::http(Answer::silence());
    let mut hasty = request(&silent.url("/"));
    hasty.timeout = SHORT;
    assert_eq!(HttpFetch::default().probe(&hasty), Err(TIMEOUT));
    // Its authority is not known here.
    let server = Server::https(&Identity::of(&["localhost", "127.0.0.1"]), Answer::ok(""));
    let error = probe(&server).unwrap_err();
    assert_eq!(error.code(), "fetch_tls", "{error}");
    let mut open = request("http://elsewhere.example/");
    open.allow_loopback_http = false;
    let error = HttpFetch::default().probe(&open).unwrap_err();
    assert_eq!(error, FetchError::Insecure { url: "http://elsewhere.example/".to_owned() });
}
