//! One process of the program.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::browser::Browser;
use crate::site::{HOST, OLD, Site};

/// Longer than anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Machine {
    process: Child,
    pub port: u16,
    audit: PathBuf,
    log: PathBuf,
}

impl Machine {
    pub fn start(site: &Site, store: &str) -> Self {
        Self::with(site, store, &[OLD], 2_000)
    }

    /// With the keys in these files for its cookies, and this limit for its store.
    pub fn with(site: &Site, store: &str, cookie_keys: &[&str], timeout_ms: u32) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (config, audit) = (format!("{port}.toml"), format!("{port}.jsonl"));
        let text = format!(
            "base_url = \"https://{HOST}\"\n\
             entity_id = \"https://{HOST}/saml/metadata\"\n\
             listen = \"127.0.0.1:{port}\"\n\
             dev = true\n\
             [[idp]]\n\
             metadata = \"idp.xml\"\n\
             [keys]\n\
             signing_key = \"signing.key\"\n\
             signing_cert = \"signing.pem\"\n\
             cookie_keys = {cookie_keys:?}\n\
             [store]\n\
             url = \"{store}\"\n\
             timeout_ms = {timeout_ms}\n\
             [audit]\n\
             file = \"{audit}\"\n"
        );
        site.write(&config, &text);
        let (audit, log) = (site.folder.join(audit), site.folder.join(format!("{port}.log")));
        let process = Command::new(env!("CARGO_BIN_EXE_actix-saml"))
            .args(["serve", "--config"])
            .arg(site.folder.join(&config))
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut machine = Self { process, port, audit, log };
        wait("the machine to listen", || {
            let ended = machine.process.try_wait().unwrap();
            assert_eq!(ended, None, "{}", fs::read_to_string(&machine.log).unwrap());
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        wait("its metadata", || Browser::default().visit(&machine, "/health/ready").status == 200);
        machine
    }

    /// What the audit trail says so far, to the last event: one of a sign-in that is begun now comes
    /// after all that was before it, and is left out.
    pub fn audit(&self) -> Vec<Value> {
        let request_id = Browser::default().begin(self).request_id;
        let mut events = Vec::new();
        wait("the audit trail", || {
            let text = fs::read_to_string(&self.audit).unwrap();
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            events = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let end = events.iter().position(|e: &Value| e["request_id"] == request_id.as_str());
            end.is_some_and(|end| {
                events.truncate(end);
                true
            })
        });
        events
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            eprintln!("{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// Waits until it is so. A test that waits too long has failed.
pub fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited for {what}");
        thread::yield_now();
    }
}
