use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::*;

/// Behind the fence stands another one: what sends requests knows no way out either.
#[test]
fn nothing_that_is_sent_leaves_the_fence() {
    let ask = |allow_public, timeout| {
        let fence = Fence { allow_public };
        let network = Network::new(fence, timeout, &[], || DateTime::<Utc>::UNIX_EPOCH);
        network.agent.get("http://192.0.2.7/").call()
    };
    let refused = ask(false, Duration::from_secs(10));
    assert!(matches!(refused, Err(ureq::Error::HostNotFound)), "{refused:?}");
    let beyond = ask(true, Duration::from_millis(50));
    assert!(!matches!(beyond, Ok(_) | Err(ureq::Error::HostNotFound)), "control: {beyond:?}");
}

/// The address of a service provider that answers every request in this way.
fn hostile(answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/start", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // Whoever asks may have gone by then.
            let _ = stream.read(&mut [0; 4096]).and_then(|_| answer(&mut stream));
        }
    });
    Url::parse(&url).unwrap()
}

fn redirect(to: &'static str) -> Url {
    hostile(move |stream| {
        write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    })
}

fn open(url: &Url) -> Way {
    let timeout = Duration::from_secs(5);
    let network = Network::new(Fence::default(), timeout, &[], || DateTime::<Utc>::UNIX_EPOCH);
    Browser::new(&network, "http://idp.example").open(url)
}

#[test]
fn of_a_page_without_end_the_beginning_is_read() {
    let url = hostile(|stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")?;
        loop {
            stream.write_all(&[b'&'; 65_536])?;
        }
    });
    let way = open(&url);
    let page = way.end().unwrap();
    assert_eq!((page.status, page.body.len() as u64), (200, MAX_PAGE));
}

#[test]
fn headers_without_end_are_no_answer() {
    let url = hostile(|stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n")?;
        loop {
            write!(stream, "Set-Cookie: a=b; Path=/\r\n")?;
        }
    });
    let way = open(&url);
    let page = way.end().unwrap();
    assert_eq!((page.status, page.silence), (0, Some(Silence::Closed)));
}

#[test]
fn redirects_without_end_are_left() {
    let way = open(&redirect("/start"));
    assert_eq!(way.pages.len(), MAX_REDIRECTS);
    assert_eq!(way.lines.last().unwrap(), "stopped: it redirects for ever");
}

#[test]
fn a_redirect_out_of_the_fence_is_seen_and_not_followed() {
    for to in [
        "http://192.0.2.7/",
        "//192.0.2.7/",
        "http://127.0.0.1@192.0.2.7/",
        "http://[64:ff9b::c000:207]/",
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://[::ffff:a9fe:a9fe]/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://0.0.0.0/",
    ] {
        let way = open(&redirect(to));
        assert_eq!((way.pages.len(), way.lines.len()), (1, 1), "{to}: {:?}", way.lines);
        assert_eq!(way.end().unwrap().raw_location.as_deref(), Some(to));
    }
}

#[test]
fn what_is_said_of_a_redirect_steers_no_terminal() {
    let way = open(&redirect("http://192.0.2.7/\u{1b}[2J\u{9b}2J\u{202e}?secret"));
    let lines = way.lines.concat();
    assert!(!lines.contains("secret") && lines.is_ascii(), "{lines:?}");
    assert!(!lines.contains('\u{1b}'));
}
