//! Redirects: to the same origin, and not for ever.

use actix_saml::web::federation::FetchError;

use crate::faults::{Answer, Identity, Server};
use crate::scene::{document, fetch, request};

fn refused(location: &str, why: &'static str) -> FetchError {
    FetchError::Redirect { location: location.to_owned(), why }
}

#[test]
fn to_the_same_origin() {
    let server = Server::http(Answer::ok(""));
    let absolute = server.url("/there?x=1");
    for location in [absolute.as_str(), "/there?x=1", "../there?x=1#part", "?x=1"] {
        for status in [301, 302, 303, 307, 308] {
            let location = location.to_owned();
            server.play(move |request| match request.path().ends_with("?x=1") {
                true => Answer::ok("<a/>"),
                false => Answer::redirect(status, &location),
            });
            assert_eq!(fetch(&request(&server.url("/a/b"))), Ok(document("<a/>")));
        }
    }
}

#[test]
fn to_the_same_origin_over_https() {
    let identity = Identity::of(&["localhost", "127.0.0.1"]);
    let server = Server::https(&identity, Answer::ok(""));
    let other = Server::https(&identity, Answer::ok("<b/>"));
    let mut request = request(&server.url("/"));
    request.authorities = vec![identity.certificate.clone()];
    let play = |location: &str| {
        let location = location.to_owned();
        server.play(move |request| match request.path() {
            "/" => Answer::redirect(302, &location),
            _ => Answer::ok("<a/>"),
        });
    };
    play("/there");
    assert_eq!(fetch(&request), Ok(document("<a/>")));
    let http = server.url("/there").replace("https:", "http:");
    play(&http);
    assert_eq!(fetch(&request), Err(refused(&http, "it is not https")));
    for elsewhere in [
        other.url("/there"),
        format!("https://localhost:{}/there", server.port()),
        "https://example.com/".to_owned(),
        "//example.com/".to_owned(),
    ] {
        play(&elsewhere);
        assert_eq!(fetch(&request), Err(refused(&elsewhere, "it leads to another origin")));
    }
    assert_eq!(other.requests(), []);
}

#[test]
fn md_net_elsewhere() {
    let other = Server::http(Answer::ok("<b/>"));
    let to_other = other.url("/");
    for (location, why) in [
        (to_other.as_str(), "it leads to another origin"),
        ("http://example.com/", "it leads to another origin"),
        ("https://127.0.0.1/", "it leads to another origin"),
        ("file:///etc/passwd", "it is not https"),
        ("data:text/xml,<a/>", "it is not https"),
        ("javascript:alert(1)", "it is not https"),
        ("http://", "it is no URL"),
        ("http://[::1", "it is no URL"),
    ] {
        let server = Server::http(Answer::redirect(302, location));
        assert_eq!(fetch(&request(&server.url("/"))), Err(refused(location, why)));
        assert_eq!(server.requests().len(), 1);
    }
    assert_eq!(other.requests(), []);
    let server = Server::http(Answer::new("302 Found", &[], ""));
    assert_eq!(fetch(&request(&server.url("/"))), Err(refused("", "it says nowhere")));
    let location = server.url("/").replace("//", "//user:word@");
    server.answer(Answer::redirect(302, &location));
    let why = "it has a user name or a password in it";
    assert_eq!(fetch(&request(&server.url("/"))), Err(refused(&location, why)));
}

#[test]
fn md_net_at_most_five() {
    let server = Server::http(Answer::redirect(302, "/again"));
    let error = refused("/again", "there were too many before");
    assert_eq!(fetch(&request(&server.url("/"))), Err(error));
    assert_eq!(server.requests().len(), 6);
    let mut left = 5;
    server.play(move |_| match left {
        0 => Answer::ok("<a/>"),
        _ => {
            left -= 1;
            Answer::redirect(302, "/again")
        }
    });
    assert_eq!(fetch(&request(&server.url("/"))), Ok(document("<a/>")));
}

#[test]
fn what_is_shown_is_cut() {
    let location = format!("http://example.com/{}", "x".repeat(5_000));
    let server = Server::http(Answer::redirect(302, &location));
    let error = refused(&format!("{}…", &location[..200]), "it leads to another origin");
    assert_eq!(fetch(&request(&server.url("/"))), Err(error));
}
