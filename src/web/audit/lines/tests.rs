use std::sync::mpsc::{Sender, channel};

use serde_json::Value;

use super::*;
use crate::saml::EntityId;

fn event(code: &str) -> AuditEvent {
    let code = Some(code.to_owned());
    AuditEvent { code, ..AuditEvent::new(SystemClock.now(), AuditStep::SignIn, Outcome::Refused) }
}

fn codes(text: &str) -> Vec<String> {
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    text.lines().map(|line| read(line)["code"].as_str().unwrap().to_owned()).collect()
}

/// Values that could end a line, a string or a terminal's patience.
const HOSTILE: [&str; 7] = [
    "a\nb\r\nc",
    "\u{1b}[2J\u{1b}]0;x\u{7}",
    "\"},{\"step\":\"sign_in\",\"outcome\":\"done\"}",
    "\\\" \\u0022 \\",
    "\u{85}\u{9b}31m\u{7f}\u{0}",
    "\u{2028}\u{2029}\u{202e}\u{2066}",
    "</script><!--",
];

#[test]
fn log_1_no_value_ends_its_line_or_becomes_another_field() {
    for hostile in HOSTILE {
        let value = || Some(hostile.to_owned());
        let written = line(&AuditEvent {
            code: value(),
            reference: value(),
            idp: EntityId::new(hostile).ok(),
            subject: value(),
            assertion_id: value(),
            request_id: value(),
            fingerprint: value(),
            ..event("")
        })
        .unwrap();
        let text = written.strip_suffix('\n').unwrap();
        assert!(!text.contains(|c: char| c.is_control() || needs_escape(c)), "{text:?}");
        let read: Value = serde_json::from_str(text).unwrap();
        for field in ["code", "reference", "subject", "assertion_id", "request_id", "fingerprint"] {
            assert_eq!(read[field], hostile, "as it was, once it is read");
        }
        assert_eq!((&read["step"], &read["outcome"]), (&"sign_in".into(), &"refused".into()));
    }
}

/// Takes one line whenever the test lets it.
struct Slow {
    turns: Receiver<()>,
    written: Sender<String>,
}

impl Write for Slow {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.turns.recv().map_err(io::Error::other)?;
        self.written.send(String::from_utf8(line.to_vec()).unwrap()).map_err(io::Error::other)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_disk_holds_up_nobody_and_what_is_lost_is_counted() {
    let (turn, turns) = channel();
    let (written, lines) = channel();
    let output = Output::Test(Box::new(Slow { turns, written }));
    let log = AuditLog::start(output, 2, Arc::new(SystemClock)).unwrap();
    // The thread holds one, or will; two wait; none of the others has a place.
    for number in 0..10 {
        log.record(&event(&number.to_string()));
    }
    assert!((7..=8).contains(&log.lost()), "{}", log.lost());
    let lost = log.lost();
    for _ in 0..11 {
        turn.send(()).unwrap();
    }
    drop(log);
    let text: String = lines.try_iter().collect();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["step"], &last["code"]), (&"audit".into(), &"events_lost".into()));
    assert_eq!(last["count"], lost);
    assert_eq!(text.lines().count() as u64, 10 - lost + 1, "{text}");
}

/// Fails until it is mended.
struct Broken(Arc<std::sync::atomic::AtomicBool>, Sender<String>);

impl Write for Broken {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.load(Ordering::SeqCst) {
            return Err(io::Error::other("no space left"));
        }
        self.1.send(String::from_utf8(line.to_vec()).unwrap()).map_err(io::Error::other)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_could_not_be_written_is_told_once_it_can() {
    let is_broken = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let (written, lines) = channel();
    let output = Output::Test(Box::new(Broken(Arc::clone(&is_broken), written)));
    let log = AuditLog::start(output, 16, Arc::new(SystemClock)).unwrap();
    log.record(&event("first"));
    log.record(&event("second"));
    while log.lost() < 2 {
        thread::yield_now();
    }
    is_broken.store(false, Ordering::SeqCst);
    log.record(&event("third"));
    drop(log);
    let text: String = lines.try_iter().collect();
    assert_eq!(codes(&text), ["third", "events_lost"]);
}

#[cfg(unix)]
#[test]
fn a_file_is_private_is_appended_to_and_is_followed_when_it_is_rotated() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::env::temp_dir().join(format!("actix-saml-audit-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let (path, rotated) = (folder.join("audit.jsonl"), folder.join("audit.jsonl.1"));
    let open = || AuditLog::open(AuditTarget::File(path.clone())).unwrap();
    let log = open();
    log.record(&event("first"));
    drop(log);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    let log = open();
    log.record(&event("second"));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    while !read(&path).contains("second") {
        thread::yield_now();
    }
    std::fs::rename(&path, &rotated).unwrap();
    log.record(&event("third"));
    drop(log);
    let (old, new) = (read(&rotated), read(&path));
    let refused = AuditLog::open(AuditTarget::File(folder.clone()));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(codes(&old), ["first", "second"]);
    assert_eq!(codes(&new), ["third"]);
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}
