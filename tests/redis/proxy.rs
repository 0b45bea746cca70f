//! Stands before a server, and does with what is sent as it is told.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What becomes of bytes that come, from either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Through,
    /// They come late by so much.
    Late(Duration),
    /// They are swallowed, and the connection that they came by stays dead.
    Nowhere,
}

pub struct Proxy {
    port: u16,
    way: Arc<Mutex<Way>>,
}

impl Proxy {
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = Arc::new(Mutex::new(Way::Through));
        let told = Arc::clone(&way);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let pairs = [
                    (client.try_clone().unwrap(), upstream.try_clone().unwrap()),
                    (upstream, client),
                ];
                for (from, to) in pairs {
                    let told = Arc::clone(&told);
                    thread::spawn(move || pump(from, to, &told));
                }
            }
        });
        Self { port, way }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on.
    pub fn go(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, told: &Mutex<Way>) {
    let mut buffer = [0; 4096];
    let mut dead = false;
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let way = *told.lock().unwrap();
        match way {
            Way::Through => {}
            // The fault itself. Nobody waits for it to pass.
            Way::Late(by) => thread::sleep(by),
            Way::Nowhere => dead = true,
        }
        if !dead && to.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
