//! A browser in front of a service provider on the network: it keeps cookies as browsers do, says
//! what browsers say of themselves, and runs no scripts.

use std::io::Read as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};
use url::Url;

use super::fence::{Fence, Fenced, bare};
use super::jar::{Attributes, Cause, Jar};
use crate::crypto::Certificate;

const USER_AGENT: &str = concat!("Mozilla/5.0 actix-saml-rehearsal/", env!("CARGO_PKG_VERSION"));
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// So many redirects browsers follow, more or less.
const MAX_REDIRECTS: usize = 20;
/// Of a page, this much is read.
const MAX_PAGE: u64 = 4 * 1024 * 1024;

/// What all browsers of a rehearsal have in common.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) agent: Agent,
    pub(super) fence: Fence,
    pub(super) clock: fn() -> DateTime<Utc>,
}

impl Network {
    /// `authorities` count beside those of the machine. No proxy is used: what is rehearsed is
    /// near.
    pub(super) fn new(
        fence: Fence,
        timeout: Duration,
        authorities: &[Certificate],
        clock: fn() -> DateTime<Utc>,
    ) -> Self {
        let roots = match authorities {
            [] => RootCerts::PlatformVerifier,
            _ => {
                let machine = rustls_native_certs::load_native_certs().certs;
                let all: Vec<_> = machine
                    .iter()
                    .map(|der| der.as_ref())
                    .chain(authorities.iter().map(Certificate::as_der))
                    .map(|der| ureq::tls::Certificate::from_der(der).to_owned())
                    .collect();
                RootCerts::new_with_certs(&all)
            }
        };
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(timeout))
            .user_agent(USER_AGENT)
            .accept_encoding("identity")
            .proxy(None)
            .tls_config(tls)
            .build();
        let resolver = Fenced { fence, lookup: DefaultResolver::default() };
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        Self { agent, fence, clock }
    }

    /// Fetches a document without cookies, and without following redirects.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(super) fn fetch(&self, url: &Url) -> Result<Vec<u8>, String> {
        self.fence.check(url).map_err(|outside| outside.to_string())?;
        let response = self.agent.get(url.as_str()).call().map_err(|error| error.to_string())?;
        if response.status() != 200 {
            return Err(format!("{} answered {}", bare(url), response.status()));
        }
        let mut bytes = Vec::new();
        let mut reader = response.into_body().into_reader().take(MAX_PAGE);
        reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

/// What came back for one request.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// Where it came from.
    pub(super) url: Url,
    /// The status, or 0 when there was no answer.
    pub(super) status: u16,
    /// `Location`, made absolute.
    pub(super) location: Option<Url>,
    /// `Location`, as written.
    pub(super) raw_location: Option<String>,
    /// Names and values.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// Why there was no answer.
    pub(super) silence: Option<Silence>,
}

/// Why a request was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The connection was closed or refused.
    Closed,
    /// It took too long.
    TimedOut,
}

impl Page {
    /// Whether it sends the browser on.
    pub(super) fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status) && self.location.is_some()
    }

    /// Whether a browser looks for markup in it. Without a type it may.
    pub(super) fn is_html(&self) -> bool {
        self.header("content-type").is_none_or(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("html") || value.contains("xml")
        })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// One way of a browser: the pages in order, and a line for each.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) pages: Vec<Page>,
    pub(super) lines: Vec<String>,
}

impl Way {
    pub(super) fn end(&self) -> Option<&Page> {
        self.pages.last()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Browser<'n> {
    network: &'n Network,
    /// Nothing behind this address is fetched: it is the identity provider, which is played here.
    idp: String,
    pub(super) jar: Jar,
}

impl<'n> Browser<'n> {
    pub(super) fn new(network: &'n Network, idp: &str) -> Self {
        Self { network, idp: idp.to_owned(), jar: Jar::default() }
    }

    /// Opens an address, and follows redirects as far as the identity provider or the fence.
    pub(super) fn open(&mut self, url: &Url) -> Way {
        let mut way = Way::default();
        self.follow(Cause::Own, url.clone(), &mut way);
        way
    }

    /// Opens an address, and does not follow where it leads.
    pub(super) fn look(&mut self, url: &Url) -> Way {
        let mut way = Way::default();
        self.ask(Cause::Own, url, None, &mut way);
        way
    }

    /// Comes from the identity provider's page by a link.
    pub(super) fn come_to(&mut self, url: &Url) -> Way {
        let mut way = Way::default();
        self.follow(Cause::OtherSite, url.clone(), &mut way);
        way
    }

    /// Posts a form of the identity provider's page, and follows redirects.
    pub(super) fn post(&mut self, url: &Url, content_type: &str, body: &[u8]) -> Way {
        let mut way = Way::default();
        let next = self.ask(Cause::OtherSitePost, url, Some((content_type, body)), &mut way);
        if let Some(next) = next {
            self.follow(Cause::OtherSite, next, &mut way);
        }
        way
    }

    fn follow(&mut self, cause: Cause, url: Url, way: &mut Way) {
        let mut next = Some(url);
        for _ in 0..MAX_REDIRECTS {
            let Some(url) = next else { return };
            next = self.ask(cause, &url, None, way);
        }
        way.lines.push("stopped: it redirects for ever".to_owned());
    }

    /// Sends one request; gives the address to go on to.
    fn ask(
        &mut self,
        cause: Cause,
        url: &Url,
        form: Option<(&str, &[u8])>,
        way: &mut Way,
    ) -> Option<Url> {
        let method = if form.is_some() { "POST" } else { "GET" };
        if let Err(outside) = self.network.fence.check(url) {
            way.lines.push(format!("{method} {} was not sent: {outside}", bare(url)));
            return None;
        }
        let page = self.send(cause, url, form);
        let leads = match (&page.location, page.silence) {
            (_, Some(Silence::Closed)) => "closed the connection".to_owned(),
            (_, Some(Silence::TimedOut)) => "did not answer in time".to_owned(),
            (Some(location), None) => format!("{} to {}", page.status, bare(location)),
            (None, None) => page.status.to_string(),
        };
        way.lines.push(format!("{method} {} - {leads}", bare(url)));
        let is_redirect = page.is_redirect();
        let next = page.location.clone().filter(|_| is_redirect);
        way.pages.push(page);
        next.filter(|next| !next.as_str().starts_with(&self.idp))
            .filter(|next| self.network.fence.check(next).is_ok())
    }

    fn send(&mut self, cause: Cause, url: &Url, form: Option<(&str, &[u8])>) -> Page {
        let site = if cause == Cause::Own { "none" } else { "cross-site" };
        let cookies = self.jar.header(cause, url, (self.network.clock)());
        let mut plain = url.clone();
        plain.set_fragment(None);
        let navigation = [
            ("Accept", HTML),
            ("Sec-Fetch-Site", site),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document"),
        ];
        let agent = &self.network.agent;
        let answer = match form {
            None => {
                let mut request = agent.get(plain.as_str());
                for (name, value) in navigation {
                    request = request.header(name, value);
                }
                if let Some(cookies) = cookies {
                    request = request.header("Cookie", cookies);
                }
                request.call()
            }
            Some((content_type, body)) => {
                let mut request = agent.post(plain.as_str()).header("Content-Type", content_type);
                for (name, value) in navigation {
                    request = request.header(name, value);
                }
                if let Some(cookies) = cookies {
                    request = request.header("Cookie", cookies);
                }
                request.header("Origin", origin(&self.idp)).send(body)
            }
        };
        match answer {
            Ok(response) => self.read(url, response),
            Err(error) => silent(url, &error),
        }
    }

    fn read(&mut self, url: &Url, response: Response<Body>) -> Page {
        let now = (self.network.clock)();
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        for (_, value) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            self.jar.take(value, url, now);
        }
        let raw_location =
            headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        let mut reader = response.into_body().into_reader().take(MAX_PAGE);
        // A page that breaks off is judged by its beginning.
        let _ = reader.read_to_end(&mut bytes);
        Page {
            url: url.clone(),
            status,
            location: raw_location.as_deref().and_then(|location| url.join(location).ok()),
            raw_location,
            headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
            silence: None,
        }
    }

    /// How the cookies were set that are new since `before`.
    pub(super) fn new_cookies(&self, before: &Jar) -> Vec<Attributes> {
        self.jar.new_since(before)
    }
}

fn origin(idp: &str) -> String {
    Url::parse(idp).map_or_else(|_| "null".to_owned(), |url| url.origin().ascii_serialization())
}

fn silent(url: &Url, error: &ureq::Error) -> Page {
    let silence = match error {
        ureq::Error::Timeout(_) => Silence::TimedOut,
        _ => Silence::Closed,
    };
    Page {
        url: url.clone(),
        status: 0,
        location: None,
        raw_location: None,
        headers: Vec::new(),
        body: String::new(),
        silence: Some(silence),
    }
}

#[cfg(test)]
mod tests;
