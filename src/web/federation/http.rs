//! Fetches metadata over https.

use std::io::Read;
use std::net::ToSocketAddrs as _;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;

use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, Proxy};
use url::{Host, Url};

use super::fetch::{Fetch, FetchError, FetchRequest, Fetched, Validators};
use super::proxy::ProxySettings;
use crate::crypto::Certificate;

/// What is asked for. Servers send what they have.
const ACCEPT: &str = "application/samlmetadata+xml, application/xml, text/xml";
const USER_AGENT: &str = concat!("actix-saml/", env!("CARGO_PKG_VERSION"));
const MAX_REDIRECTS: usize = 5;
/// Status line and header fields together.
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_VALIDATOR_BYTES: usize = 256;
/// Of what a server says, this much is shown.
const MAX_SHOWN: usize = 200;

/// Fetches over https, with the certificate authorities of the machine and those of the request.
///
/// - TLS 1.2 or later; the name in the certificate is that of the URL, with or without a proxy.
/// - Redirects are followed to the same scheme, host and port alone, at most five.
/// - No cookies, no compression, no credentials but those for the proxy.
#[derive(Clone, Debug, Default)]
pub struct HttpFetch {
    proxy: ProxySettings,
}

impl HttpFetch {
    /// Fetches through `proxy`.
    pub fn new(proxy: ProxySettings) -> Self {
        Self { proxy }
    }
}

/// What a server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Location`
    pub location: Option<String>,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Date`
    pub date: Option<String>,
    /// Each `Set-Cookie`.
    pub set_cookies: Vec<String>,
    /// The body, or its beginning.
    pub body: Vec<u8>,
}

impl Fetch for HttpFetch {
    fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        self.exchange(request, Exchange::run)
    }
}

impl HttpFetch {
    /// Sends one request and tells what came back, whatever it is: redirects are not followed, no
    /// status is an error, and a longer body is cut. For looking at a server, not for trusting it.
    ///
    /// # Errors
    /// A [`FetchError`], when there is no answer.
    pub fn probe(&self, request: &FetchRequest) -> Result<Answer, FetchError> {
        self.exchange(request, Exchange::probe)
    }

    /// Whether a proxy leads to `url`.
    pub fn uses_proxy(&self, url: &Url) -> bool {
        self.proxy.towards(url).is_some()
    }

    fn exchange<T: Send + 'static>(
        &self,
        request: &FetchRequest,
        run: fn(&Exchange) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        check_address(&request.url, request.allow_loopback_http)?;
        let proxy = self.proxy.towards(&request.url).cloned();
        let agent = agent(request, proxy.as_ref())?;
        let exchange = Exchange { agent: agent.clone(), request: request.clone(), proxy };
        let (sender, receiver) = sync_channel(1);
        // Whatever the network does, and however often it sends a byte, the limit holds: it does
        // not depend on each step's keeping it.
        let worker = thread::Builder::new().name("saml-fetch".to_owned());
        worker
            .spawn(move || {
                let _ = sender.send(run(&exchange));
            })
            .map_err(|error| FetchError::Connection(error.kind().to_string()))?;
        receiver.recv_timeout(request.timeout).unwrap_or_else(|error| {
            agent.shutdown();
            Err(match error {
                RecvTimeoutError::Timeout => timed_out(request),
                RecvTimeoutError::Disconnected => {
                    FetchError::Connection("the fetch broke off".to_owned())
                }
            })
        })
    }
}

fn timed_out(request: &FetchRequest) -> FetchError {
    let part = u64::from(request.timeout.subsec_nanos() > 0);
    FetchError::Timeout { seconds: request.timeout.as_secs().saturating_add(part) }
}

fn check_address(url: &Url, allow_loopback_http: bool) -> Result<(), FetchError> {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if allow_loopback_http && is_loopback => {}
        _ => return Err(FetchError::Insecure { url: bare(url) }),
    }
    if !(url.username().is_empty() && url.password().is_none()) {
        return Err(FetchError::Address("it has a user name or a password in it"));
    }
    Ok(())
}

/// The URL for people to read: without credentials, query and fragment.
fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Impossible for URLs without a host, which have no credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    cut(url.as_str())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.split_at(end).0),
        None => text.to_owned(),
    }
}

fn agent(request: &FetchRequest, proxy: Option<&Url>) -> Result<Agent, FetchError> {
    let proxy = proxy.map(|url| Proxy::new(url.as_str())).transpose();
    let proxy = proxy.map_err(|_| FetchError::Proxy("its address cannot be used".to_owned()))?;
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(root_certificates(&request.authorities))
        .build();
    let config = Agent::config_builder()
        .https_only(request.url.scheme() == "https")
        .http_status_as_error(false)
        .max_redirects(0)
        .max_response_header_size(MAX_HEADER_BYTES)
        .max_idle_connections(0)
        .timeout_global(Some(request.timeout))
        .user_agent(USER_AGENT)
        .accept(ACCEPT)
        .accept_encoding("identity")
        .proxy(proxy)
        .tls_config(tls)
        .build();
    Ok(config.new_agent())
}

/// The machine's certificate authorities and `authorities`.
fn root_certificates(authorities: &[Certificate]) -> RootCerts {
    if authorities.is_empty() {
        return RootCerts::PlatformVerifier;
    }
    // Certificates that cannot be read are no reason to trust less in the others.
    let machine = rustls_native_certs::load_native_certs().certs;
    let machine = machine.iter().map(|der| der.as_ref());
    let all: Vec<_> = machine
        .chain(authorities.iter().map(Certificate::as_der))
        .map(|der| ureq::tls::Certificate::from_der(der).to_owned())
        .collect();
    RootCerts::new_with_certs(&all)
}

/// One fetch, on a thread of its own.
struct Exchange {
    agent: Agent,
    request: FetchRequest,
    proxy: Option<Url>,
}

impl Exchange {
    fn run(&self) -> Result<Fetched, FetchError> {
        self.resolve()?;
        let mut url = self.request.url.clone();
        url.set_fragment(None);
        let mut location = String::new();
        for _ in 0..=MAX_REDIRECTS {
            let (response, is_conditional) = self.ask(&url)?;
            match response.status().as_u16() {
                200 => return self.document(response),
                304 if is_conditional => return Ok(Fetched::NotModified),
                301 | 302 | 303 | 307 | 308 => {
                    (url, location) = redirected(&url, response.headers())?;
                }
                status => return Err(FetchError::Status(status)),
            }
        }
        Err(FetchError::Redirect { location, why: "there were too many before" })
    }

    fn probe(&self) -> Result<Answer, FetchError> {
        self.resolve()?;
        let (response, _) = self.ask(&self.request.url)?;
        let text = |field: &str| {
            let value = response.headers().get(field)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let cookies = response.headers().get_all("Set-Cookie");
        let mut answer = Answer {
            status: response.status().as_u16(),
            location: text("Location"),
            content_type: text("Content-Type"),
            date: text("Date"),
            set_cookies: cookies
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .collect(),
            body: Vec::new(),
        };
        let limit = u64::try_from(self.request.max_bytes).unwrap_or(u64::MAX);
        let mut body = response.into_body();
        let mut reader = body.as_reader().take(limit);
        reader
            .read_to_end(&mut answer.body)
            .map_err(|error| self.name(ureq::Error::from(error), Phase::Body))?;
        Ok(answer)
    }

    /// Looks the name up, to tell a name without an address from a connection that fails.
    fn resolve(&self) -> Result<(), FetchError> {
        let first = self.proxy.as_ref().unwrap_or(&self.request.url);
        let found = match (first.host(), first.port_or_known_default()) {
            (Some(Host::Domain(name)), Some(port)) => {
                (name, port).to_socket_addrs().is_ok_and(|mut all| all.next().is_some())
            }
            (Some(Host::Ipv4(_) | Host::Ipv6(_)), _) => true,
            _ => false,
        };
        match (found, self.proxy.is_some()) {
            (true, _) => Ok(()),
            (false, true) => Err(FetchError::Proxy("its name cannot be resolved".to_owned())),
            (false, false) => {
                Err(FetchError::Dns { host: cut(first.host_str().unwrap_or_default()) })
            }
        }
    }

    /// Sends the request. The answer's body has not been read yet.
    fn ask(&self, url: &Url) -> Result<(Response<Body>, bool), FetchError> {
        let have = &self.request.have;
        let mut request = self.agent.get(url.as_str());
        let mut is_conditional = false;
        for (field, value) in
            [("If-None-Match", &have.etag), ("If-Modified-Since", &have.last_modified)]
        {
            if let Some(value) = value.as_deref().filter(|value| is_validator(value)) {
                request = request.header(field, value);
                is_conditional = true;
            }
        }
        let response = request.call().map_err(|error| self.name(error, Phase::Head))?;
        Ok((response, is_conditional))
    }

    fn document(&self, response: Response<Body>) -> Result<Fetched, FetchError> {
        let headers = response.headers();
        for (field, plain) in [("Content-Encoding", "identity"), ("Transfer-Encoding", "chunked")] {
            for value in headers.get_all(field) {
                if !value.as_bytes().eq_ignore_ascii_case(plain.as_bytes()) {
                    let value = cut(&String::from_utf8_lossy(value.as_bytes()));
                    let why = format!("its {field} is {value:?}, which was not asked for");
                    return Err(FetchError::Answer(why));
                }
            }
        }
        let validators = Validators {
            etag: validator(headers, "ETag"),
            last_modified: validator(headers, "Last-Modified"),
        };
        let max_bytes = self.request.max_bytes;
        let too_large = FetchError::TooLarge { limit: max_bytes };
        let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX);
        let mut body = response.into_body();
        if body.content_length().is_some_and(|length| length > limit) {
            return Err(too_large);
        }
        // What the server says of the length is no reason to reserve memory.
        let mut bytes = Vec::new();
        let mut reader = body.as_reader().take(limit.saturating_add(1));
        reader
            .read_to_end(&mut bytes)
            .map_err(|error| self.name(ureq::Error::from(error), Phase::Body))?;
        match bytes.len() > max_bytes {
            true => Err(too_large),
            false => Ok(Fetched::Document { bytes, validators }),
        }
    }

    /// What went wrong, in the words of [`FetchError`].
    fn name(&self, error: ureq::Error, phase: Phase) -> FetchError {
        use std::io::ErrorKind;
        match error {
            ureq::Error::Timeout(_) => timed_out(&self.request),
            ureq::Error::Io(error) => match (error.kind(), phase) {
                (ErrorKind::UnexpectedEof, Phase::Body) => {
                    FetchError::Answer("it ends before its end".to_owned())
                }
                (ErrorKind::UnexpectedEof, Phase::Head) => {
                    FetchError::Connection("it was closed without an answer".to_owned())
                }
                // The one connection that was asked for is that to the proxy.
                (kind @ ErrorKind::ConnectionRefused, _) if self.proxy.is_some() => {
                    FetchError::Proxy(kind.to_string())
                }
                (ErrorKind::Other, _) => FetchError::Connection(cut(&error.to_string())),
                (kind, _) => FetchError::Connection(kind.to_string()),
            },
            ureq::Error::HostNotFound => {
                FetchError::Dns { host: cut(self.request.url.host_str().unwrap_or_default()) }
            }
            ureq::Error::ConnectionFailed => FetchError::Connection("it failed".to_owned()),
            ureq::Error::NativeTls(error) => FetchError::Tls(reason(&error.to_string())),
            ureq::Error::Tls(error) => FetchError::Tls(error.to_owned()),
            ureq::Error::TlsRequired => FetchError::Tls("there is none".to_owned()),
            ureq::Error::ConnectProxyFailed(why) => FetchError::Proxy(proxy_answer(&why)),
            ureq::Error::InvalidProxyUrl => {
                FetchError::Proxy("its address cannot be used".to_owned())
            }
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                FetchError::Address("it cannot be written into a request")
            }
            ureq::Error::LargeResponseHeader(..) => {
                FetchError::Answer("its header is too large".to_owned())
            }
            other => FetchError::Answer(cut(&other.to_string())),
        }
    }
}

/// What was being read.
#[derive(Clone, Copy)]
enum Phase {
    Head,
    Body,
}

/// Of OpenSSL's account of a failed handshake, what is said of the certificate.
fn reason(text: &str) -> String {
    let in_brackets = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    cut(in_brackets.map_or(text, |(_, inside)| inside))
}

fn proxy_answer(text: &str) -> String {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    match text.split_once("responded ").map(|(_, rest)| digits(rest)) {
        Some(status) => format!("it answered with status {status}"),
        None => "it did not answer".to_owned(),
    }
}

/// Where a redirect leads, if it may.
fn redirected(from: &Url, headers: &HeaderMap) -> Result<(Url, String), FetchError> {
    let refuse = |location: &str, why| FetchError::Redirect { location: cut(location), why };
    let Some(location) = headers.get("Location") else {
        return Err(refuse("", "it says nowhere"));
    };
    let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
    let Ok(mut to) = from.join(&location) else {
        return Err(refuse(&location, "it is no URL"));
    };
    to.set_fragment(None);
    let why = if to.scheme() != "https" && to.scheme() != from.scheme() {
        Some("it is not https")
    } else if to.origin() != from.origin() {
        Some("it leads to another origin")
    } else if !(to.username().is_empty() && to.password().is_none()) {
        Some("it has a user name or a password in it")
    } else {
        None
    };
    match why {
        Some(why) => Err(refuse(&location, why)),
        None => Ok((to, cut(&location))),
    }
}

/// Visible characters and blanks, and not too many: it is kept and sent back.
fn is_validator(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= MAX_VALIDATOR_BYTES
        && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
}

fn validator(headers: &HeaderMap, field: &str) -> Option<String> {
    let value = headers.get(field)?.to_str().ok()?;
    is_validator(value).then(|| value.to_owned())
}
