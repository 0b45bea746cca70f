use std::io::{Write as _, copy};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::server::Listener;
use super::{Answer, Request};

/// What the proxy does with a CONNECT.
#[derive(Clone, Debug)]
pub enum Tunnel {
    /// It connects, to whatever is asked for.
    Open,
    /// It connects to this port of this machine, whatever is asked for.
    To(u16),
    /// It answers itself.
    Answer(Answer),
}

/// A proxy on a port of 127.0.0.1.
pub struct Proxy {
    listener: Listener,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Proxy {
    pub fn start(tunnel: Tunnel) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let to_keep = requests.clone();
        let listener = Listener::start(move |stream| serve(stream, &tunnel, &to_keep));
        Self { listener, requests }
    }

    /// For `HTTPS_PROXY`.
    pub fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}127.0.0.1:{}", self.listener.address.port())
    }

    /// What came so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, tunnel: &Tunnel, requests: &Mutex<Vec<Request>>) {
    let Some(request) = Request::read(&mut stream) else { return };
    requests.lock().unwrap().push(request.clone());
    let target = match tunnel {
        Tunnel::Open => request.path().to_owned(),
        Tunnel::To(port) => format!("127.0.0.1:{port}"),
        Tunnel::Answer(answer) => return answer.send(&mut stream),
    };
    let Ok(target) = TcpStream::connect(target) else {
        return Answer::new("502 Bad Gateway", &[], "").send(&mut stream);
    };
    if stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_err() {
        return;
    }
    let (mut from, mut to) = (stream.try_clone().unwrap(), target.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (target, stream);
    let _ = copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
