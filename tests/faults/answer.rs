use std::io::{Read, Write};
use std::time::Duration;

const METADATA: [(&str, &str); 1] = [("Content-Type", "application/samlmetadata+xml")];

/// What is sent when a request was read.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These bytes, and then the end.
    Bytes(Vec<u8>),
    /// These bytes, and then some others until the peer goes away.
    Endless { head: Vec<u8>, again: Vec<u8> },
    /// These bytes, one after the other, with a pause before each.
    Drip { bytes: Vec<u8>, pause: Duration },
    /// These bytes, and then nothing while the peer waits.
    Stall(Vec<u8>),
}

impl Answer {
    /// A status line, header fields, and a body of the length that it says.
    pub fn new(status: &str, fields: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        Self::Bytes(whole(status, fields, body.as_ref()))
    }

    /// The document.
    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::new("200 OK", &METADATA, body)
    }

    /// A page for people, with status 200.
    pub fn html() -> Self {
        let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body/></html>";
        Self::new("200 OK", &[("Content-Type", "text/html")], page)
    }

    pub fn error() -> Self {
        Self::new("500 Internal Server Error", &[], "it broke")
    }

    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(&format!("{status} Elsewhere"), &[("Location", location)], "")
    }

    /// Half of the document, with the length of the whole.
    pub fn truncated(body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = body.len().to_string();
        let mut bytes = head("200 OK", &[("Content-Length", &length)]);
        bytes.extend(&body[..body.len() / 2]);
        Self::Bytes(bytes)
    }

    /// Never anything.
    pub fn silence() -> Self {
        Self::Stall(Vec::new())
    }

    /// The document, a byte at a time.
    pub fn drip(body: impl AsRef<[u8]>, pause: Duration) -> Self {
        Self::Drip { bytes: whole("200 OK", &METADATA, body.as_ref()), pause }
    }

    /// So many bytes, which the header announces.
    pub fn large(length: usize) -> Self {
        let head = head("200 OK", &[("Content-Length", &length.to_string())]);
        Self::Endless { head, again: vec![b' '; 65_536] }
    }

    /// Chunks without end.
    pub fn endless() -> Self {
        let head = head("200 OK", &[("Transfer-Encoding", "chunked")]);
        let again = [b"10000\r\n".to_vec(), vec![b' '; 0x10000], b"\r\n".to_vec()].concat();
        Self::Endless { head, again }
    }

    /// Sends it. A peer who goes away ends it, which is no fault of ours.
    pub fn send(&self, stream: &mut (impl Read + Write)) {
        match self {
            Self::Bytes(bytes) => _ = stream.write_all(bytes),
            Self::Endless { head, again } => {
                let mut sent = stream.write_all(head);
                while sent.is_ok() {
                    sent = stream.write_all(again).and_then(|()| stream.flush());
                }
            }
            Self::Drip { bytes, pause } => {
                for byte in bytes {
                    // The fault itself. Nobody waits for it to pass.
                    std::thread::sleep(*pause);
                    if stream.write_all(&[*byte]).and_then(|()| stream.flush()).is_err() {
                        return;
                    }
                }
            }
            Self::Stall(bytes) => {
                let _ = stream.write_all(bytes).and_then(|()| stream.flush());
                let _ = stream.read(&mut [0]);
            }
        }
    }
}

/// Head and body, and the length of the body in the head.
fn whole(status: &str, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let mut bytes = head(status, &[fields, &[("Content-Length", &length)]].concat());
    bytes.extend(body);
    bytes
}

/// A status line and header fields.
pub fn head(status: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    (text + "\r\n").into_bytes()
}
