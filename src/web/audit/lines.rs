//! The trail as lines of JSON, in a file or on standard output.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{AuditEvent, AuditSink, AuditStep, Outcome};
use crate::web::clock::{Clock, SystemClock};

/// So many events wait at most. A worker never waits for a disk: what finds no place is counted.
const PLACES: usize = 4096;
/// So long the end of the process waits for what has not been written.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where the lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// Standard output.
    Stdout,
    /// To the end of this file. It is made when it is not there, for its owner alone.
    File(PathBuf),
}

/// Writes every event as one line of JSON, from a thread of its own.
///
/// When the file is renamed or removed, as log rotation does, the next event goes to a new one.
/// When events come faster than they can be written, or cannot be written, they are counted, and
/// the trail itself says how many are missing.
pub struct AuditLog {
    lines: Mutex<Option<SyncSender<String>>>,
    ended: Mutex<Receiver<()>>,
    lost: Arc<AtomicU64>,
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditLog")
    }
}

impl AuditLog {
    /// Opens the file and starts the thread.
    ///
    /// # Errors
    /// When the file cannot be opened for writing, or is no regular file.
    pub fn open(target: AuditTarget) -> io::Result<Self> {
        let output = match target {
            AuditTarget::Stdout => Output::Stdout,
            AuditTarget::File(path) => Output::File(AuditFile::open(path)?),
        };
        Self::start(output, PLACES, Arc::new(SystemClock))
    }

    fn start(output: Output, places: usize, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(places);
        let (end, ended) = sync_channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let mut writer =
            Writer { output, lost: Arc::clone(&lost), told: 0, is_failing: false, clock };
        let work = move || {
            writer.write_all(&waiting);
            let _ = end.try_send(());
        };
        thread::Builder::new().name("saml-audit".to_owned()).spawn(work)?;
        Ok(Self { lines: Mutex::new(Some(lines)), ended: Mutex::new(ended), lost })
    }
}

impl AuditSink for AuditLog {
    fn record(&self, event: &AuditEvent) {
        let sent = line(event).and_then(|line| {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            match lines.as_ref().map(|lines| lines.try_send(line)) {
                Some(Ok(())) => Some(()),
                Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => None,
            }
        });
        if sent.is_none() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        // Without a sender the thread ends when everything is written.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(LAST_WORDS);
    }
}

/// JSON leaves no control character as it is: an event is one line, whatever it holds.
fn line(event: &AuditEvent) -> Option<String> {
    let mut line = serde_json::to_string(event).ok()?;
    // Those that are none to JSON and are to a terminal, or to whoever splits lines by Unicode.
    if line.contains(needs_escape) {
        line = line.chars().fold(String::with_capacity(line.len()), |mut escaped, c| {
            if needs_escape(c) {
                // All of them are within the first plane.
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
            } else {
                escaped.push(c);
            }
            escaped
        });
    }
    line.push('\n');
    Some(line)
}

/// DEL and C1 controls, and what separates lines or turns their direction.
fn needs_escape(c: char) -> bool {
    matches!(
        c,
        '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

struct Writer {
    output: Output,
    lost: Arc<AtomicU64>,
    /// How many lost events the trail has told of.
    told: u64,
    /// Whether the last line could not be written.
    is_failing: bool,
    clock: Arc<dyn Clock>,
}

impl Writer {
    fn write_all(&mut self, waiting: &Receiver<String>) {
        while let Ok(first) = waiting.recv() {
            self.output.look_for_rotation();
            self.write(&first);
            for line in waiting.try_iter().take(PLACES) {
                self.write(&line);
            }
            self.tell_of_lost();
            self.flush();
        }
        self.tell_of_lost();
        self.flush();
    }

    fn flush(&mut self) {
        // A flush that works proves nothing: there may have been nothing to write.
        if let Err(error) = self.output.flush() {
            self.note(Err(error));
        }
    }

    fn write(&mut self, line: &str) {
        let written = self.output.write(line);
        if written.is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.note(written);
    }

    /// Says once that it does not work, and once that it works again.
    fn note(&mut self, result: io::Result<()>) {
        match result {
            Ok(()) if self.is_failing => {
                tracing::info!(event = "audit_recovered");
            }
            Err(error) if !self.is_failing => {
                tracing::error!(event = "audit_failed", detail = ?error.to_string());
                self.is_failing = true;
                return;
            }
            _ => return,
        }
        self.is_failing = false;
    }

    fn tell_of_lost(&mut self) {
        let lost = self.lost.load(Ordering::Relaxed);
        let since = lost.saturating_sub(self.told);
        if since == 0 || self.is_failing {
            return;
        }
        let event = AuditEvent {
            code: Some("events_lost".to_owned()),
            count: Some(since),
            ..AuditEvent::new(self.clock.now(), AuditStep::Audit, Outcome::Failed)
        };
        if line(&event).is_some_and(|line| self.output.write(&line).is_ok()) {
            self.told = lost;
            tracing::error!(event = "audit_events_lost", count = since);
        }
    }
}

enum Output {
    Stdout,
    File(AuditFile),
    #[cfg(test)]
    Test(Box<dyn Write + Send>),
}

impl Output {
    fn write(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().write_all(line.as_bytes()),
            // In one call: with O_APPEND, lines of several processes do not mix.
            Self::File(file) => file.file.write_all(line.as_bytes()),
            #[cfg(test)]
            Self::Test(output) => output.write_all(line.as_bytes()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().flush(),
            Self::File(file) => file.file.flush(),
            #[cfg(test)]
            Self::Test(output) => output.flush(),
        }
    }

    fn look_for_rotation(&mut self) {
        if let Self::File(file) = self {
            file.reopen_if_moved();
        }
    }
}

struct AuditFile {
    path: PathBuf,
    file: File,
}

impl AuditFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = open(&path)?;
        Ok(Self { path, file })
    }

    /// A file that cannot be opened now is tried again with the next event; meanwhile lines go to
    /// the old one, which nobody but us may hold any more, but which is better than nowhere.
    fn reopen_if_moved(&mut self) {
        if is_same(&self.path, &self.file) {
            return;
        }
        match open(&self.path) {
            Ok(file) => self.file = file,
            Err(error) => {
                tracing::error!(event = "audit_not_reopened", detail = ?error.to_string());
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    // To open a pipe could wait for ever.
    if path.metadata().is_ok_and(|about| !about.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(unix)]
fn is_same(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (path.metadata(), file.metadata()) {
        (Ok(there), Ok(here)) => (there.dev(), there.ino()) == (here.dev(), here.ino()),
        _ => false,
    }
}

/// Where files have no number, one that is open cannot be renamed either.
#[cfg(not(unix))]
fn is_same(path: &Path, _: &File) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests;
