//! Whom the connection leads to.

use std::io::Write as _;
use std::net::TcpListener;

use actix_saml::web::federation::{FetchError, FetchRequest};

use crate::faults::{Answer, Identity, Server};
use crate::scene::{SHORT, TIMEOUT, document, fetch, request};

/// What OpenSSL says of the certificate; in words that differ by its version.
fn tls(request: &FetchRequest) -> String {
    match fetch(request) {
        Err(FetchError::Tls(why)) => why.to_lowercase().replace('-', " "),
        other => panic!("{other:?}"),
    }
}

#[test]
fn md_net_certificates() {
    let here = Identity::of(&["127.0.0.1"]);
    let server = Server::https(&here, Answer::ok("<a/>"));
    let mut request = request(&server.url("/"));
    // Nobody has vouched for it.
    assert_eq!(tls(&request), "self signed certificate");
    let other = Identity::of(&["127.0.0.1"]);
    request.authorities = vec![other.certificate.clone()];
    assert!(tls(&request).starts_with("self signed certificate"), "{}", tls(&request));
    assert_eq!(server.requests(), []);
    request.authorities.push(here.certificate.clone());
    assert_eq!(fetch(&request), Ok(document("<a/>")));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn md_net_the_name_in_the_certificate() {
    let elsewhere = Identity::of(&["fs.nhsmail.test", "127.0.0.2"]);
    let server = Server::https(&elsewhere, Answer::ok("<a/>"));
    let mut request = request(&server.url("/"));
    request.authorities = vec![elsewhere.certificate.clone()];
    assert_eq!(tls(&request), "ip address mismatch");
    request.url = server.url("/").replace("127.0.0.1", "localhost").parse().unwrap();
    assert_eq!(tls(&request), "hostname mismatch");
    assert_eq!(server.requests(), []);
}

#[test]
fn the_time_of_the_certificate() {
    let expired = Identity::expired(&["127.0.0.1"]);
    let server = Server::https(&expired, Answer::ok("<a/>"));
    let mut request = request(&server.url("/"));
    request.authorities = vec![expired.certificate.clone()];
    assert_eq!(tls(&request), "certificate has expired");
}

#[test]
fn old_versions() {
    let old = Identity::old(&["127.0.0.1"]);
    let server = Server::https(&old, Answer::ok("<a/>"));
    let mut request = request(&server.url("/"));
    request.authorities = vec![old.certificate.clone()];
    let why = tls(&request);
    assert!(why.contains("version"), "{why}");
    assert_eq!(server.requests(), []);
}

#[test]
fn no_tls_at_all() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", server.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut stream = server.accept().unwrap().0;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        std::io::copy(&mut stream, &mut std::io::sink())
    });
    assert_eq!(fetch(&request(&url)).unwrap_err().code(), "fetch_tls");
    // Or nothing at all.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut request = request(&format!("https://{}/", server.local_addr().unwrap()));
    request.timeout = SHORT;
    assert_eq!(fetch(&request), Err(TIMEOUT));
}

#[test]
fn slow_over_tls() {
    let here = Identity::of(&["127.0.0.1"]);
    let server = Server::https(&here, Answer::drip("<a/>", std::time::Duration::from_millis(20)));
    let mut request = request(&server.url("/"));
    request.authorities = vec![here.certificate.clone()];
    request.timeout = SHORT;
    assert_eq!(fetch(&request), Err(TIMEOUT));
}
