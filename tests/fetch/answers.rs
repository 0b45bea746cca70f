//! What servers answer.

use std::time::Duration;

use actix_saml::saml::metadata::{IdpMetadata, MetadataError};
use actix_saml::web::federation::{FetchError, Fetched, Validators};
use chrono::DateTime;

use crate::faults::{Answer, Server};
use crate::scene::{MAX_BYTES, SHORT, TIMEOUT, document, fetch, request};

fn answer(why: &str) -> FetchError {
    FetchError::Answer(why.to_owned())
}

/// What becomes of `answer`.
fn fetched(answer: Answer) -> Result<Fetched, FetchError> {
    let server = Server::http(answer);
    fetch(&request(&server.url("/metadata.xml")))
}

fn raw(text: &str) -> Result<Fetched, FetchError> {
    fetched(Answer::Bytes(text.as_bytes().to_vec()))
}

#[test]
fn a_document() {
    let server = Server::http(Answer::ok("<a/>"));
    assert_eq!(fetch(&request(&server.url("/a/b.xml?appid=7#part"))), Ok(document("<a/>")));
    let requests = server.requests();
    let [only] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(only.line, "GET /a/b.xml?appid=7 HTTP/1.1");
    for (field, expected) in [
        ("Host", Some(format!("127.0.0.1:{}", server.port()))),
        ("Accept", Some("application/samlmetadata+xml, application/xml, text/xml".to_owned())),
        ("Accept-Encoding", Some("identity".to_owned())),
        ("User-Agent", Some(concat!("actix-saml/", env!("CARGO_PKG_VERSION")).to_owned())),
        ("If-None-Match", None),
        ("If-Modified-Since", None),
        ("Authorization", None),
        ("Cookie", None),
    ] {
        assert_eq!(only.field(field).map(str::to_owned), expected, "{field}");
    }
    // In other framings.
    assert_eq!(raw("HTTP/1.1 200 OK\r\n\r\n<a/>"), Ok(document("<a/>")));
    assert_eq!(raw("HTTP/1.0 200 OK\r\n\r\n<a/>"), Ok(document("<a/>")));
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n<a\r\n2\r\n/>\r\n0\r\n\r\n";
    assert_eq!(raw(chunked), Ok(document("<a/>")));
    assert_eq!(fetched(Answer::ok("")), Ok(document("")));
    let identity = [("Content-Encoding", "identity")];
    assert_eq!(fetched(Answer::new("200 OK", &identity, "<a/>")), Ok(document("<a/>")));
}

#[test]
fn md_net_a_page_for_people() {
    let Ok(Fetched::Document { bytes, .. }) = fetched(Answer::html()) else { panic!() };
    let page = String::from_utf8(bytes).unwrap();
    // A page may begin as it likes: it is judged by what it is, not by its Content-Type.
    let page = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let error = IdpMetadata::read(page.as_bytes(), DateTime::UNIX_EPOCH).unwrap_err();
    assert_eq!(error, MetadataError::NotEntityDescriptor { found: "html".to_owned() });
}

#[test]
fn md_net_other_statuses() {
    for status in [201, 202, 203, 204, 206, 300, 304, 305, 400, 401, 403, 404, 407, 429, 500, 503] {
        let outcome = fetched(Answer::new(&format!("{status} Status"), &[], ""));
        assert_eq!(outcome, Err(FetchError::Status(status)));
    }
    assert_eq!(fetched(Answer::error()), Err(FetchError::Status(500)));
}

#[test]
fn conditional_requests() {
    let server = Server::http(Answer::ok(""));
    server.play(|request| match request.field("If-None-Match") {
        Some("\"seven\"") => Answer::Bytes(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()),
        _ => {
            let fields =
                [("ETag", "\"seven\""), ("Last-Modified", "Sun, 22 Nov 2026 16:50:01 GMT")];
            Answer::new("200 OK", &fields, "<a/>")
        }
    });
    let mut request = request(&server.url("/"));
    let Ok(Fetched::Document { bytes, validators }) = fetch(&request) else { panic!() };
    assert_eq!(bytes, b"<a/>");
    let expected = Validators {
        etag: Some("\"seven\"".to_owned()),
        last_modified: Some("Sun, 22 Nov 2026 16:50:01 GMT".to_owned()),
    };
    assert_eq!(validators, expected);
    request.have = validators;
    assert_eq!(fetch(&request), Ok(Fetched::NotModified));
    let last = server.requests().pop().unwrap();
    assert_eq!(last.field("If-Modified-Since"), Some("Sun, 22 Nov 2026 16:50:01 GMT"));
    request.have.etag = Some("\"six\"".to_owned());
    assert!(matches!(fetch(&request), Ok(Fetched::Document { .. })));
}

#[test]
fn unusable_validators() {
    let long = "x".repeat(257);
    for value in [long.as_str(), "\"\u{e9}\"", "\"a\tb\"", ""] {
        let fields = [("ETag", value), ("Last-Modified", value)];
        let outcome = fetched(Answer::new("200 OK", &fields, "<a/>"));
        assert_eq!(outcome, Ok(document("<a/>")), "{value:?}");
        // Nor is one sent that came from elsewhere.
        let server = Server::http(Answer::ok("<a/>"));
        let mut request = request(&server.url("/"));
        request.have =
            Validators { etag: Some(value.to_owned()), last_modified: Some(value.to_owned()) };
        assert_eq!(fetch(&request), Ok(document("<a/>")), "{value:?}");
        let sent = server.requests().pop().unwrap();
        assert_eq!((sent.field("If-None-Match"), sent.field("If-Modified-Since")), (None, None));
        // So that nothing is left to be "not modified".
        server.answer(Answer::Bytes(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()));
        assert_eq!(fetch(&request), Err(FetchError::Status(304)), "{value:?}");
    }
    let longest = "x".repeat(256);
    let outcome = fetched(Answer::new("200 OK", &[("ETag", &longest)], "<a/>"));
    let validators = Validators { etag: Some(longest), last_modified: None };
    assert_eq!(outcome, Ok(Fetched::Document { bytes: b"<a/>".to_vec(), validators }));
}

#[test]
fn md_net_truncated() {
    let short = "it ends before its end";
    assert_eq!(fetched(Answer::truncated("<a></a>")), Err(answer(short)));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(raw(&format!("{chunked}4\r\n<a/>\r\n")), Err(answer(short)));
    assert_eq!(raw(&format!("{chunked}4\r\n<a")), Err(answer(short)));
    // What comes behind the announced end is not read.
    let more = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<a/><b/>";
    assert_eq!(raw(more), Ok(document("<a/>")));
}

#[test]
fn md_net_no_answer() {
    let closed = FetchError::Connection("it was closed without an answer".to_owned());
    assert_eq!(raw(""), Err(closed.clone()));
    assert_eq!(raw("HTTP/1.1 200 OK\r\nContent-Le"), Err(closed));
    for garbage in ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "<html></html>\r\n\r\n", "\0\0\0\0\r\n\r\n"] {
        let error = raw(garbage).unwrap_err();
        assert_eq!(error.code(), "fetch_answer", "{garbage:?}: {error}");
    }
}

#[test]
fn md_net_too_slow() {
    for answer in [
        Answer::silence(),
        Answer::Stall(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Answer::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<a".to_vec()),
        Answer::drip("<a/>", Duration::from_millis(50)),
        // Each byte comes in time; all of them do not.
        Answer::Drip {
            bytes: [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 10_000]].concat(),
            pause: Duration::from_millis(5),
        },
    ] {
        let server = Server::http(answer.clone());
        let mut request = request(&server.url("/"));
        request.timeout = SHORT;
        assert_eq!(fetch(&request), Err(TIMEOUT), "{answer:?}");
    }
    // Slowness alone is no fault.
    assert_eq!(fetched(Answer::drip("<a/>", Duration::from_millis(1))), Ok(document("<a/>")));
}

#[test]
fn md_net_too_large() {
    let too_large = FetchError::TooLarge { limit: MAX_BYTES };
    assert_eq!(fetched(Answer::large(50_000_000)), Err(too_large.clone()));
    assert_eq!(fetched(Answer::large(usize::MAX)), Err(too_large.clone()));
    assert_eq!(fetched(Answer::endless()), Err(too_large.clone()));
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let without_length = Answer::Endless { head, again: vec![b' '; 4096] };
    assert_eq!(fetched(without_length), Err(too_large.clone()));
    let just = vec![b' '; MAX_BYTES];
    assert_eq!(fetched(Answer::ok(&just)), Ok(document(&just)));
    assert_eq!(fetched(Answer::ok(vec![b' '; MAX_BYTES + 1])), Err(too_large));
}

#[test]
fn md_net_too_much_header() {
    let large = answer("its header is too large");
    let field = |length| "x".repeat(length);
    let outcome = fetched(Answer::new("200 OK", &[("X-Bomb", &field(20_000))], ""));
    assert_eq!(outcome, Err(large.clone()));
    let bomb = Answer::Endless { head: b"HTTP/1.1 200 OK\r\nX: ".to_vec(), again: vec![b'x'; 999] };
    assert_eq!(fetched(bomb), Err(large.clone()));
    let again = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
    assert_eq!(fetched(Answer::Endless { head: Vec::new(), again }), Err(large));
    let many = "X-Bomb: x\r\n".repeat(1_000);
    let error = raw(&format!("HTTP/1.1 200 OK\r\n{many}\r\n<a/>")).unwrap_err();
    assert_eq!(error.code(), "fetch_answer", "{error}");
    let outcome = fetched(Answer::new("200 OK", &[("X", &field(10_000))], "<a/>"));
    assert_eq!(outcome, Ok(document("<a/>")));
}

#[test]
fn md_net_compressed() {
    // 1 MB of blanks in 1 kB: whoever unpacks it has lost.
    for (field, value) in [
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "identity, br"),
        ("Content-Encoding", "x\"\u{1b}[31m"),
        ("Transfer-Encoding", "gzip, chunked"),
    ] {
        let outcome = fetched(Answer::new("200 OK", &[(field, value)], [0x1f, 0x8b]));
        let Err(FetchError::Answer(why)) = outcome else { panic!("{value}: {outcome:?}") };
        assert!(!why.contains('\u{1b}'), "{why:?}");
        if !value.contains('\u{1b}') {
            assert_eq!(why, format!("its {field} is {value:?}, which was not asked for"));
        }
    }
}

#[test]
fn no_server() {
    // Nothing listens on the port of a protocol that nobody uses any more.
    let refused = FetchError::Connection("connection refused".to_owned());
    assert_eq!(fetch(&request("http://127.0.0.1:1/")), Err(refused));
}

#[test]
fn md_net_no_such_name() {
    let dns = FetchError::Dns { host: "fs.nhsmail.invalid".to_owned() };
    assert_eq!(fetch(&request("https://fs.nhsmail.invalid/metadata.xml")), Err(dns));
}

#[test]
fn addresses_that_are_not_fetched() {
    let server = Server::http(Answer::ok("<a/>"));
    let here = server.url("/a?secret=1#b");
    let mut request = request(&here);
    request.allow_loopback_http = false;
    let insecure = |url: &str| FetchError::Insecure { url: url.to_owned() };
    assert_eq!(fetch(&request), Err(insecure(&server.url("/a"))));
    request.allow_loopback_http = true;
    assert_eq!(fetch(&request), Ok(document("<a/>")));
    for url in ["http://192.0.2.1/a", "http://idp.test/a", "ftp://127.0.0.1/a", "file:///a"] {
        request.url = url.parse().unwrap();
        assert_eq!(fetch(&request), Err(insecure(url)));
    }
    request.url = here.replace("//", "//user:secret@").parse().unwrap();
    let error = FetchError::Address("it has a user name or a password in it");
    assert_eq!(fetch(&request), Err(error));
    assert_eq!(server.requests().len(), 1);
}
