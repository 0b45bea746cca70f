//! What the network says, if it is asked: whether browsers and the identity providers' servers can
//! be reached, and whether what comes back is ours.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::finding::{Area, Finding, Level};
use super::scene::{Fault, Provider, Scene, bare};
use crate::cli::metadata::words;
use crate::saml::metadata::{Change, IdpMetadata};
use crate::web::federation::{
    Answer, Fetch as _, FetchError, FetchRequest, Fetched, HttpFetch, InvalidProxy, ProxySettings,
    Validators,
};
use crate::web::{Clock as _, Config, SystemClock};
use crate::xml::Limits;

mod cookies;
mod own_address;
mod trouble;

use trouble::remedy_for;

/// For one address, everything included.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What was learnt by trying.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// What our own addresses answered.
    pub(super) metadata: Result<Answer, FetchError>,
    pub(super) login: Result<Answer, FetchError>,
    /// One for each provider of the scene; nothing for those without an address.
    pub(super) providers: Vec<Option<Tried>>,
}

/// What an identity provider's address answered.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) uses_proxy: bool,
    pub(super) fetched: Result<Result<IdpMetadata, Fault>, FetchError>,
    /// By how much our clock is ahead of the server's, by its `Date`.
    pub(super) clock_offset: Option<TimeDelta>,
}

impl Reach {
    /// Asks the network. It takes its time.
    pub(super) fn gather(scene: &Scene) -> Result<Self, InvalidProxy> {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let proxy = ProxySettings::from_environment(&|name| std::env::var_os(name).map(text))?;
        let client = HttpFetch::new(proxy);
        let own = |path: &str| match own_url(scene, path) {
            Some(url) => client.probe(&request(&scene.config, url)),
            None => Err(FetchError::Address("base_url cannot be joined with a path")),
        };
        let (metadata, login) = (own("metadata"), own("login"));
        let providers = scene.providers.iter().map(|p| try_provider(&client, scene, p)).collect();
        Ok(Self { metadata, login, providers })
    }
}

/// One of our own pages, beside the assertion consumer service.
fn own_url(scene: &Scene, page: &str) -> Option<Url> {
    let acs = Url::parse(scene.own.as_ref()?.acs_url()).ok()?;
    acs.join(page).ok()
}

fn request(config: &Config, url: Url) -> FetchRequest {
    FetchRequest {
        url,
        have: Validators::default(),
        max_bytes: Limits::METADATA.bytes,
        timeout: TIMEOUT,
        authorities: Vec::new(),
        allow_loopback_http: config.dev,
    }
}

fn try_provider(client: &HttpFetch, scene: &Scene, provider: &Provider) -> Option<Tried> {
    let url = provider.source.url.as_ref()?;
    let request = FetchRequest {
        authorities: provider.source.authorities.clone(),
        max_bytes: provider.source.max_bytes,
        ..request(&scene.config, url.clone())
    };
    let fetched = client.fetch(&request).map(|fetched| match fetched {
        Fetched::Document { bytes, .. } => provider.read(&bytes, scene.now),
        Fetched::NotModified => {
            Err(Fault { code: "not_modified", detail: "nothing was asked for".to_owned() })
        }
    });
    let asked = SystemClock.now();
    let answer = fetched.is_ok().then(|| client.probe(&request).ok()).flatten();
    let date = answer.and_then(|answer| read_date(answer.date.as_deref()?));
    Some(Tried {
        uses_proxy: client.uses_proxy(url),
        fetched,
        clock_offset: date.map(|date| asked.signed_duration_since(date)),
    })
}

/// `Date`, to the second (RFC 9110 section 5.6.7).
fn read_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc())
}

fn finding(code: &'static str, level: Level, title: impl Into<String>) -> Finding {
    Finding::new(Area::Network, code, level, title)
}

pub(super) fn look(scene: &Scene) -> Vec<Finding> {
    let reach = match &scene.reach {
        Some(Ok(reach)) => reach,
        Some(Err(error)) => {
            let title = "The network was not tried: the proxy of the environment cannot be used.";
            let remedy = "Mend the variable, or unset it. It is http://host:port.";
            return vec![
                finding("reach", Level::Problem, title)
                    .fact("variable", error.variable)
                    .remedy(remedy),
            ];
        }
        None => {
            let title = "The network was not tried: neither our address nor a metadata_url.";
            let remedy = "Give --reach, on the machine on which the application runs.";
            return vec![finding("reach", Level::Note, title).remedy(remedy)];
        }
    };
    let mut findings = own_address::look(scene, &reach.metadata);
    findings.extend(cookies::look(scene, &reach.login));
    for (provider, tried) in scene.providers.iter().zip(&reach.providers) {
        let Some(tried) = tried else { continue };
        findings.push(provider.concern(look_at(provider, tried)));
        findings.extend(clock(scene, tried).map(|finding| provider.concern(finding)));
    }
    findings
}

/// Whether a provider's address has what the file has.
fn look_at(provider: &Provider, tried: &Tried) -> Finding {
    let code = "reach_idp";
    let known = match &provider.document {
        Some(Ok(document)) if provider.is_on_disk => Some(document),
        _ => None,
    };
    let level = if known.is_some() { Level::Warning } else { Level::Problem };
    let url = provider.source.url.as_ref().map(bare).unwrap_or_default();
    let by = if tried.uses_proxy { "through the proxy" } else { "directly" };
    let finding =
        |level, title: &str| finding(code, level, title).fact("URL", &url).fact("reached", by);
    let fresh = match &tried.fetched {
        Err(error) => {
            return finding(level, "Its metadata cannot be fetched.")
                .fact("reason", error.code())
                .fact("problem", error)
                .remedy(remedy_for(error, tried.uses_proxy));
        }
        Ok(Err(fault)) => {
            return finding(level, "What its address has cannot be used.")
                .fact("reason", fault.code)
                .fact("problem", &fault.detail)
                .remedy(
                    "Look at it with actix-saml metadata fetch. An HTML page is a proxy's, or that \
                     of another address.",
                );
        }
        Ok(Ok(fresh)) => fresh,
    };
    let Some(known) = known else {
        return finding(Level::Ok, "Its metadata can be fetched and used.");
    };
    if known.entity_id() != fresh.entity_id() {
        return finding(Level::Problem, "Its address has metadata of somebody else.")
            .fact("file", known.entity_id())
            .fact("address", fresh.entity_id())
            .remedy("Such a document is not applied. Check metadata_url, or remove the old file.");
    }
    let changes = fresh.changes_since(known);
    let (level, title, remedy) = match (changes.is_empty(), fresh.shares_key_with(known)) {
        (true, _) => return finding(Level::Ok, "Its address has what the file has."),
        (false, true) => (
            Level::Note,
            "Its address has something newer than the file.",
            "A running application takes it by itself. Otherwise replace the file.",
        ),
        (false, false) => (
            Level::Warning,
            "Its address has none of the keys that the file has.",
            "It is not applied by itself unless a pinned key vouches for it. Compare the new \
             fingerprints with the administrator by another way, save it with actix-saml metadata \
             fetch --output FILE --replace-all-keys, and restart the application. Pin none of \
             these keys: they change again.",
        ),
    };
    let shares_key = fresh.shares_key_with(known);
    let new = changes.iter().filter_map(|change| match change {
        Change::SigningKeyAdded { certificate } => Some(certificate.fingerprint()),
        _ => None,
    });
    let new: Vec<String> = new.collect();
    let changes: Vec<String> = changes.iter().map(|change| words(change, shares_key)).collect();
    finding(level, title)
        .facts("new key", &new)
        .facts("change", &changes)
        .remedy(remedy)
        .adfs("Get-AdfsCertificate -CertificateType Token-Signing")
        .entra(
            "Enterprise apps > the application > Single sign-on > SAML Certificates > Token \
             signing certificate",
        )
}

/// Our clock against the server's.
fn clock(scene: &Scene, tried: &Tried) -> Option<Finding> {
    let offset = tried.clock_offset?;
    let seconds = offset.num_seconds();
    let tolerated = i64::from(scene.config.policy.clock_skew_seconds);
    let level = match seconds.saturating_abs() {
        // A second of it is that of the header, and another the way.
        far if far > tolerated.saturating_add(2) => Level::Problem,
        far if far > tolerated.checked_div(2).unwrap_or(0).saturating_add(2) => Level::Warning,
        _ => Level::Ok,
    };
    let which = if seconds < 0 { "behind" } else { "ahead of" };
    let title = match level {
        Level::Ok => "Our clock agrees with its server's.".to_owned(),
        _ => format!("Our clock is {} seconds {which} its server's.", seconds.saturating_abs()),
    };
    let finding = finding("clock", level, title)
        .fact("offset", format!("{seconds} s"))
        .fact("tolerated", format!("{tolerated} s"));
    Some(match level {
        Level::Ok => finding,
        _ => finding
            .remedy(
                "Synchronise this machine by NTP (timedatectl, chronyc tracking). More tolerance \
                 hides it for a while only.",
            )
            .adfs("w32tm /query /status"),
    })
}
