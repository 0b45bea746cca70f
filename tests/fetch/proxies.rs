//! Leaving through a proxy.

use std::time::Duration;

use actix_saml::web::federation::{FetchError, FetchRequest};

use crate::faults::{Answer, Identity, Proxy, Server, Tunnel};
use crate::scene::{SHORT, TIMEOUT, document, fetch_with, request};

const HOST: &str = "fs.nhsmail.test";

/// A server that is reached through a proxy alone: its name is nowhere known.
fn behind() -> (Server, FetchRequest) {
    let identity = Identity::of(&[HOST]);
    let server = Server::https(&identity, Answer::ok("<a/>"));
    let mut request = request(&format!("https://{HOST}/metadata.xml"));
    request.authorities = vec![identity.certificate.clone()];
    (server, request)
}

fn refused(why: &str) -> FetchError {
    FetchError::Proxy(why.to_owned())
}

#[test]
fn through_a_proxy() {
    let (server, request) = behind();
    let proxy = Proxy::start(Tunnel::To(server.port()));
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        assert_eq!(fetch_with(&[(variable, &proxy.url(""))], &request), Ok(document("<a/>")));
    }
    let [connect, ..] = &proxy.requests()[..] else { panic!() };
    assert_eq!(connect.line, format!("CONNECT {HOST}:443 HTTP/1.1"));
    assert_eq!(connect.field("Proxy-Authorization"), None);
    // The server never sees the proxy's side.
    let seen = server.requests().pop().unwrap();
    assert_eq!(seen.line, "GET /metadata.xml HTTP/1.1");
    assert_eq!(seen.field("Host"), Some(HOST));
}

#[test]
fn with_credentials() {
    let (server, request) = behind();
    let proxy = Proxy::start(Tunnel::To(server.port()));
    let url = proxy.url("user:s%40cret@");
    assert_eq!(fetch_with(&[("HTTPS_PROXY", &url)], &request), Ok(document("<a/>")));
    let connect = proxy.requests().pop().unwrap();
    // user:s@cret
    assert_eq!(connect.field("Proxy-Authorization"), Some("Basic dXNlcjpzQGNyZXQ="));
    let seen = server.requests().pop().unwrap();
    assert_eq!(seen.field("Proxy-Authorization"), None);
    assert_eq!(seen.field("Authorization"), None);
}

#[test]
fn md_net_the_proxy_is_not_the_server() {
    let (_, mut request) = behind();
    // A proxy that answers for the server is found out by its certificate.
    let other = Identity::of(&[HOST]);
    let impostor = Server::https(&other, Answer::ok("<b/>"));
    let proxy = Proxy::start(Tunnel::To(impostor.port()));
    let outcome = fetch_with(&[("HTTPS_PROXY", &proxy.url(""))], &request);
    assert_eq!(outcome.unwrap_err().code(), "fetch_tls");
    assert_eq!(impostor.requests(), []);
    // And by its name.
    let elsewhere = Identity::of(&["127.0.0.1", "localhost", "proxy.test"]);
    let server = Server::https(&elsewhere, Answer::ok("<b/>"));
    let proxy = Proxy::start(Tunnel::To(server.port()));
    request.authorities = vec![elsewhere.certificate.clone()];
    let outcome = fetch_with(&[("HTTPS_PROXY", &proxy.url(""))], &request);
    assert_eq!(outcome, Err(FetchError::Tls("hostname mismatch".to_owned())));
    assert_eq!(server.requests(), []);
}

#[test]
fn round_the_proxy() {
    let identity = Identity::of(&["127.0.0.1"]);
    let server = Server::https(&identity, Answer::ok("<a/>"));
    let mut request = request(&server.url("/"));
    request.authorities = vec![identity.certificate.clone()];
    let proxy = Proxy::start(Tunnel::Open);
    let url = proxy.url("");
    for (direct, through) in [("127.0.0.1", 0), ("127.0.0.0/8", 0), ("idp.test", 1), ("", 2)] {
        let variables = [("HTTPS_PROXY", url.as_str()), ("NO_PROXY", direct)];
        assert_eq!(fetch_with(&variables, &request), Ok(document("<a/>")));
        assert_eq!(proxy.requests().len(), through, "{direct}");
    }
    // http to this machine goes to this machine.
    let server = Server::http(Answer::ok("<a/>"));
    let request = crate::scene::request(&server.url("/"));
    assert_eq!(fetch_with(&[("HTTPS_PROXY", &url)], &request), Ok(document("<a/>")));
    assert_eq!(proxy.requests().len(), 2);
}

#[test]
fn proxies_that_refuse() {
    let (_, request) = behind();
    for (answer, expected) in [
        (Answer::new("407 Proxy Authentication Required", &[], ""), "it answered with status 407"),
        (Answer::new("503 Service Unavailable", &[], ""), "it answered with status 503"),
        (Answer::new("302 Found", &[("Location", "/")], ""), "it answered with status 302"),
        (Answer::Bytes(Vec::new()), "it did not answer"),
        (
            Answer::Endless { head: b"HTTP/1.1 200 OK\r\nX: ".to_vec(), again: vec![b'x'; 999] },
            "it did not answer",
        ),
    ] {
        let proxy = Proxy::start(Tunnel::Answer(answer));
        let url = proxy.url("user:secret@");
        let error = fetch_with(&[("HTTPS_PROXY", &url)], &request).unwrap_err();
        assert_eq!(error, refused(expected));
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}

#[test]
fn md_net_slow_proxies() {
    let (_, mut request) = behind();
    request.timeout = SHORT;
    for answer in [Answer::silence(), Answer::drip("", Duration::from_millis(50))] {
        let proxy = Proxy::start(Tunnel::Answer(answer.clone()));
        let error = fetch_with(&[("HTTPS_PROXY", &proxy.url(""))], &request).unwrap_err();
        assert_eq!(error, TIMEOUT, "{answer:?}");
    }
}

#[test]
fn no_proxy_there() {
    let (_, request) = behind();
    let url = "http://user:secret@127.0.0.1:1";
    let error = fetch_with(&[("HTTPS_PROXY", url)], &request).unwrap_err();
    assert_eq!(error, refused("connection refused"));
    let url = "http://user:secret@proxy.invalid:3128";
    let error = fetch_with(&[("HTTPS_PROXY", url)], &request).unwrap_err();
    assert_eq!(error, refused("its name cannot be resolved"));
}
