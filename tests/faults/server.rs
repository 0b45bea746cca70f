use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{Answer, Identity};

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET /path HTTP/1.1`
    pub line: String,
    fields: Vec<(String, String)>,
}

impl Request {
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Reads to the empty line.
    pub(super) fn read(stream: &mut impl Read) -> Option<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > 65_536 || stream.read(&mut byte).ok()? == 0 {
                return None;
            }
            head.push(byte[0]);
        }
        let text = String::from_utf8(head).ok()?;
        let mut lines = text.split("\r\n");
        let line = lines.next()?.to_owned();
        let field =
            |line: &str| line.split_once(':').map(|(n, v)| (n.to_owned(), v.trim().to_owned()));
        Some(Self { line, fields: lines.filter_map(field).collect() })
    }
}

/// Accepts connections until it is dropped, each on a thread of its own.
pub(super) struct Listener {
    pub address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Listener {
    pub fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (is_over, serve) = (over.clone(), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let serve = serve.clone();
                if let Ok(stream) = stream {
                    thread::spawn(move || serve(stream));
                }
            }
        });
        Self { address, over }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

type Script = Arc<Mutex<Box<dyn FnMut(&Request) -> Answer + Send>>>;

/// A server for http or https on a port of 127.0.0.1.
pub struct Server {
    listener: Listener,
    scheme: &'static str,
    script: Script,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Speaks http.
    pub fn http(answer: Answer) -> Self {
        Self::start(None, answer)
    }

    /// Speaks https.
    pub fn https(identity: &Identity, answer: Answer) -> Self {
        Self::start(Some(identity.clone()), answer)
    }

    fn start(identity: Option<Identity>, answer: Answer) -> Self {
        let script: Script = Arc::new(Mutex::new(Box::new(move |_| answer.clone())));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let scheme = if identity.is_some() { "https" } else { "http" };
        let (to_play, to_keep) = (script.clone(), requests.clone());
        let listener = Listener::start(move |stream| match &identity {
            None => serve(stream, &to_play, &to_keep),
            Some(identity) => {
                if let Ok(stream) = identity.acceptor().accept(stream) {
                    serve(stream, &to_play, &to_keep);
                }
            }
        });
        Self { listener, scheme, script, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://127.0.0.1:{}{path}", self.scheme, self.port())
    }

    pub fn port(&self) -> u16 {
        self.listener.address.port()
    }

    /// From now on.
    pub fn answer(&self, answer: Answer) {
        self.play(move |_| answer.clone());
    }

    /// From now on, by request.
    pub fn play(&self, script: impl FnMut(&Request) -> Answer + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// What came so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: impl Read + Write, script: &Script, requests: &Mutex<Vec<Request>>) {
    if let Some(request) = Request::read(&mut stream) {
        requests.lock().unwrap().push(request.clone());
        let answer = (script.lock().unwrap())(&request);
        answer.send(&mut stream);
    }
}
