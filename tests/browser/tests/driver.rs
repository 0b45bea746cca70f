//! Chromium's driver as a process, and where the programs are.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

/// A driver that answers no more is not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a port is looked for.
const ATTEMPTS: usize = 10;

/// The programs that a test needs.
pub(crate) struct Programs {
    pub(crate) browser: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Programs {
    /// Where they are. `None`, and a line on standard error, when one is missing.
    ///
    /// # Panics
    /// When one is missing and `REQUIRE_BROWSER` is `1`.
    pub(crate) fn find() -> Option<Self> {
        let browser = find_program(&["chromium", "chromium-browser", "google-chrome"]);
        let driver = find_program(&["chromedriver"]);
        let missing = match (browser, driver) {
            (Some(browser), Some(driver)) => return Some(Self { browser, driver }),
            (None, _) => "chromium",
            (_, None) => "chromedriver",
        };
        let line = format!("no {missing} in PATH (Debian: chromium chromium-driver)");
        assert!(
            std::env::var("REQUIRE_BROWSER").as_deref() != Ok("1"),
            "{line}, and REQUIRE_BROWSER is 1"
        );
        static ONCE: Once = Once::new();
        // Not by the macro: the test runner would keep it to itself.
        ONCE.call_once(|| _ = writeln!(std::io::stderr(), "skipped: {line}"));
        None
    }
}

fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

/// A driver on a port of its own choice. It ends with this value.
pub(crate) struct Driver {
    process: Child,
    port: u16,
    // The driver must be able to go on writing to it.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts it, with `scratch` for its temporary files and the browser's.
    pub(crate) fn start(programs: &Programs, scratch: &Path) -> Self {
        // It takes a port of IPv6 and then wants the same one of IPv4, which may be taken.
        let started = (0..ATTEMPTS).find_map(|_| Self::try_start(programs, scratch));
        started.unwrap_or_else(|| panic!("{} finds no port", programs.driver.display()))
    }

    fn try_start(programs: &Programs, scratch: &Path) -> Option<Self> {
        let mut process = Command::new(&programs.driver)
            .arg("--port=0")
            .env("TMPDIR", scratch)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut said = String::new();
        while output.read_line(&mut said).unwrap() > 0 {
            if let Some(port) = port_in(&said) {
                return Some(Self { process, port, _output: output });
            }
        }
        let status = process.wait().unwrap();
        assert!(said.contains("port not available"), "the driver ended with {status}: {said}");
        None
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends a session and with it the browser, which would outlive the driver. Blocking, so that it
    /// works while a failed test is unwound.
    pub(crate) fn end_session(&self, id: &str) -> std::io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "DELETE /session/{id} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        )?;
        // The first byte of the answer is written when the browser has ended.
        stream.read_exact(&mut [0])
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn port_in(said: &str) -> Option<u16> {
    let (_, rest) = said.split_once("started successfully on port ")?;
    rest.split_once('.')?.0.parse().ok()
}
