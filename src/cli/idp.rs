//! `actix-saml idp`: the test identity provider alone, for any service provider.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use actix_web::{App, HttpServer};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use url::Url;

use super::{Problem, complain, log_to_stderr, print};
use crate::idp::{IdSource, IdpApp, Personality, TestIdp, TestKeys, people_from_toml};
use crate::saml::parse_instant;
use crate::web::federation::{
    Fetch as _, FetchRequest, Fetched, HttpFetch, ProxySettings, Validators, replace_file,
};
use crate::web::{Clock as _, SystemClock};

/// The identity provider's metadata, in the folder of its keys.
pub(super) const METADATA: &str = "idp-metadata.xml";

/// As much as the admin interface takes.
const MAX_METADATA: usize = 1_048_576;

const SEEDED: &str = "  Its keys follow from --seed: whoever knows the word has them.\n";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// The address that browsers use, when it is another one than `--listen`.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The folder for generated keys and metadata.
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data: PathBuf,
    /// Whose habits it has: adfs, entra or plain.
    #[arg(long, value_name = "WORD", default_value = "adfs", value_parser = parse_personality)]
    personality: Personality,
    /// The people who can sign in, in a file as docs/test-idp.md describes it.
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// The time that it tells when it starts, as in 2026-11-22T09:00:00Z. It goes on from there.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    now: Option<DateTime<Utc>>,
    /// Do not ask people again who have signed in with the same browser within eight hours, unless
    /// the application wants it.
    #[arg(long)]
    remember: bool,
    /// Encrypt assertions to applications that publish a key for it, as an administrator has Entra do
    /// it. AD FS and plain do so without being told.
    #[arg(long)]
    encrypt: bool,
    /// The clock stands still, at --now or at the start, until it is moved.
    #[arg(long)]
    stopped_clock: bool,
    /// Keys and the IDs of messages follow from this word: the same on every machine, in the same
    /// order each time. Whoever knows it has the keys. Those in --data are left alone.
    #[arg(long, value_name = "WORD")]
    seed: Option<String>,
    /// Metadata of a service provider to register: a file, or an address that begins with http://
    /// on this machine or with https://. May be given more than once. Without any, whoever asks is
    /// registered.
    #[arg(long, value_name = "FILE|URL")]
    sp_metadata: Vec<String>,
}

fn parse_now(text: &str) -> Result<DateTime<Utc>, String> {
    parse_instant(text).ok_or_else(|| "it is no time as in 2026-11-22T09:00:00Z".to_owned())
}

fn parse_personality(word: &str) -> Result<Personality, String> {
    Personality::from_word(word).ok_or_else(|| {
        let words = Personality::ALL.map(Personality::as_str).join(", ");
        format!("it is none of {words}")
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    log_to_stderr();
    let listen = arguments.listen;
    if !IpAddr::is_loopback(&listen.ip()) {
        complain(&format!(
            "WARNING: {listen} can be reached from other machines. Whoever reaches it signs in as \
             anybody at every service that trusts it."
        ));
    }
    let base_url = arguments.base_url.clone().unwrap_or_else(|| format!("http://{listen}"));
    std::fs::create_dir_all(&arguments.data)
        .map_err(|error| format!("{}: {error}", arguments.data.display()))?;
    let host = listen.ip().to_string();
    let keys = match &arguments.seed {
        Some(seed) => TestKeys::seeded(seed, arguments.personality, &host)?,
        None => TestKeys::load_or_generate(
            &arguments.data,
            arguments.personality,
            &host,
            SystemClock.now(),
        )?,
    };
    let is_seeded = keys.are_seeded();
    let mut idp = TestIdp::at(arguments.personality, &base_url, keys)?;
    let in_file = |path: &Path, problem: String| format!("{}: {problem}", path.display());
    if let Some(path) = &arguments.people {
        let text = std::fs::read_to_string(path).map_err(|e| in_file(path, e.to_string()))?;
        idp.people = people_from_toml(&text).map_err(|e| in_file(path, e.to_string()))?;
    }
    for place in &arguments.sp_metadata {
        let named = |problem: String| format!("{place}: {problem}");
        let xml = if place.starts_with("http://") || place.starts_with("https://") {
            fetch(place).map_err(named)?
        } else {
            std::fs::read(place).map_err(|error| named(error.to_string()))?
        };
        idp.register(&xml).map_err(|error| named(error.to_string()))?;
    }
    if let Some(seed) = &arguments.seed {
        idp.ids = IdSource::seeded(seed);
    }
    idp.accept_unknown = arguments.sp_metadata.is_empty();
    idp.remembers = arguments.remember;
    idp.issuance.encrypts |= arguments.encrypt;
    let metadata = arguments.data.join(METADATA);
    std::fs::write(&metadata, idp.metadata()?)?;
    let (entity_id, metadata_url) = (idp.entity_id.clone(), idp.metadata_url());
    let personality = arguments.personality;
    let started = SystemClock.now();
    let now = arguments.now.unwrap_or(started);
    let app = if arguments.stopped_clock {
        keeping(idp, arguments.data.clone(), TimeDelta::zero(), move || now)
    } else {
        let offset = now.signed_duration_since(started);
        keeping(idp, arguments.data.clone(), offset, || SystemClock.now())
    };
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || App::new().configure(app.routes()))
            .workers(1)
            .bind(listen)
            .map_err(|error| format!("cannot listen at {listen}: {error}"))?;
        print(&format!(
            "\n  Test identity provider {entity_id}, like {}\n  Metadata: {metadata_url}\n  and in {}\n\
             {seed}  Stop with Ctrl-C.\n",
            personality.name(),
            metadata.display(),
            seed = if is_seeded { SEEDED } else { "" }
        ));
        server.run().await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Serves `idp`. When its keys are changed on the page for it, they and its metadata are kept in
/// `folder`.
pub(super) fn keeping(
    idp: TestIdp,
    folder: PathBuf,
    offset: TimeDelta,
    clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
) -> IdpApp {
    let keep = move |idp: &TestIdp| {
        if !idp.keys.are_seeded() {
            idp.keys.save(&folder)?;
        }
        Ok(replace_file(&folder.join(METADATA), idp.metadata()?.as_bytes())?)
    };
    IdpApp::with_clock_offset(idp, offset, clock, keep).fetching(fetch)
}

/// A service provider's metadata. By http from this machine only: a test identity provider and
/// what it is to be tried with often run side by side.
fn fetch(url: &str) -> Result<Vec<u8>, String> {
    let request = FetchRequest {
        url: Url::parse(url).map_err(|error| error.to_string())?,
        have: Validators::default(),
        max_bytes: MAX_METADATA,
        timeout: Duration::from_secs(10),
        authorities: Vec::new(),
        allow_loopback_http: true,
    };
    let proxy = ProxySettings::from_environment(&|name| std::env::var(name).ok())
        .map_err(|error| error.to_string())?;
    match HttpFetch::new(proxy).fetch(&request) {
        Ok(Fetched::Document { bytes, .. }) => Ok(bytes),
        Ok(Fetched::NotModified) => Err("the server sends nothing".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
