//! Which proxy leads to a host, as the environment says.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

/// Where the address of the proxy is looked for, the first one that is set first.
const PROXY: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxy that https leaves through, and the hosts that are reached without it.
#[derive(Clone, Default)]
pub struct ProxySettings {
    proxy: Option<Url>,
    direct: Vec<Exemption>,
}

/// The environment names a proxy that cannot be used. Going round it instead could break a rule of
/// the network, so nothing is fetched. What it says is left out: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the variable {variable} is not the address of an http or https proxy")]
pub struct InvalidProxy {
    /// The variable.
    pub variable: &'static str,
}

/// One entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exemption {
    Everything,
    /// A name and, unless `below` alone is meant, the host itself.
    Name {
        name: String,
        below_only: bool,
        port: Option<u16>,
    },
    Network {
        address: IpAddr,
        bits: u32,
        port: Option<u16>,
    },
}

/// Without credentials.
impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = self.proxy.as_ref();
        f.debug_struct("ProxySettings")
            .field("host", &proxy.and_then(Url::host_str))
            .field("port", &proxy.and_then(Url::port_or_known_default))
            .field("direct", &self.direct)
            .finish()
    }
}

impl ProxySettings {
    /// No proxy.
    pub fn direct() -> Self {
        Self::default()
    }

    /// Reads `HTTPS_PROXY` or `ALL_PROXY`, and `NO_PROXY`, or the same in small letters.
    ///
    /// `HTTPS_PROXY` is `http://host:port` or `https://host:port`, with `user:password@` before the
    /// host if the proxy asks for them, and `http://` if nothing stands there. `NO_PROXY` is a list
    /// with commas: `*`, a name (which stands for the hosts below it too), a name with a dot before
    /// it (which stands for those alone), an address, or a network like `10.0.0.0/8`, each with
    /// `:port` if only that is meant.
    ///
    /// # Errors
    /// [`InvalidProxy`].
    pub fn from_environment(
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidProxy> {
        let set = |name: &&'static str| -> Option<(&'static str, String)> {
            let value = environment(name)?;
            let value = value.trim();
            (!value.is_empty()).then(|| (*name, value.to_owned()))
        };
        let proxy = match PROXY.iter().find_map(set) {
            None => None,
            Some((variable, value)) => Some(parse_proxy(&value).ok_or(InvalidProxy { variable })?),
        };
        let direct = NO_PROXY.iter().find_map(set).map(|(_, value)| value).unwrap_or_default();
        let direct = direct.split(',').filter_map(|entry| Exemption::parse(entry.trim())).collect();
        Ok(Self { proxy, direct })
    }

    /// The proxy that leads to `url`, with its credentials. http goes directly: it is for servers
    /// on this machine.
    pub(super) fn towards(&self, url: &Url) -> Option<&Url> {
        let proxy = self.proxy.as_ref()?;
        let is_exempt = self.direct.iter().any(|exemption| exemption.covers(url));
        (url.scheme() == "https" && !is_exempt).then_some(proxy)
    }
}

fn parse_proxy(text: &str) -> Option<Url> {
    let url = match text.contains("://") {
        true => Url::parse(text),
        false => Url::parse(&format!("http://{text}")),
    };
    let url = url.ok()?;
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare).then_some(url)
}

impl Exemption {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        if text == "*" {
            return Some(Self::Everything);
        }
        if let Some(network) = Self::parse_network(text, None) {
            return Some(network);
        }
        let (text, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let text = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        if let Some(network) = Self::parse_network(text, port) {
            return Some(network);
        }
        let name = text.strip_prefix("*.").or_else(|| text.strip_prefix('.'));
        let below_only = name.is_some();
        let name = name.unwrap_or(text).trim_end_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(Self::Name { name, below_only, port })
    }

    /// An address with or without the length of a prefix.
    fn parse_network(text: &str, port: Option<u16>) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(longest);
        (bits <= longest).then_some(Self::Network { address, bits, port })
    }

    fn covers(&self, url: &Url) -> bool {
        let is_port =
            |port: &Option<u16>| port.is_none_or(|port| url.port_or_known_default() == Some(port));
        match (self, url.host()) {
            (Self::Everything, _) => true,
            (Self::Name { name, below_only, port }, Some(Host::Domain(host))) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                let is_host = !below_only && host == *name;
                let is_below = host.strip_suffix(name.as_str()).is_some_and(|h| h.ends_with('.'));
                is_port(port) && (is_host || is_below)
            }
            (Self::Network { address, bits, port }, Some(Host::Ipv4(host))) => {
                is_port(port) && is_within(IpAddr::V4(host), *address, *bits)
            }
            (Self::Network { address, bits, port }, Some(Host::Ipv6(host))) => {
                is_port(port) && is_within(IpAddr::V6(host), *address, *bits)
            }
            _ => false,
        }
    }
}

/// Whether the first `bits` of both addresses are the same.
fn is_within(host: IpAddr, network: IpAddr, bits: u32) -> bool {
    let differing = match (host, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(proxy: &str, direct: &str) -> Result<ProxySettings, InvalidProxy> {
        ProxySettings::from_environment(&|name| match name {
            "HTTPS_PROXY" => Some(proxy.to_owned()),
            "NO_PROXY" => Some(direct.to_owned()),
            _ => None,
        })
    }

    fn leads_to(settings: &ProxySettings, url: &str) -> Option<String> {
        settings.towards(&Url::parse(url).unwrap()).map(Url::to_string)
    }

    #[test]
    fn which_variable_counts() {
        let all = [
            ("HTTPS_PROXY", "http://a.test:1"),
            ("https_proxy", "b.test:2"),
            ("ALL_PROXY", "https://user:secret@c.test"),
            ("all_proxy", "http://d.test/"),
        ];
        for (first, expected) in [
            (0, Some("http://a.test:1/")),
            (1, Some("http://b.test:2/")),
            (2, Some("https://user:secret@c.test/")),
            (3, Some("http://d.test/")),
            (4, None),
        ] {
            let settings = ProxySettings::from_environment(&|name| {
                all[first..].iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
            });
            let proxy = leads_to(&settings.unwrap(), "https://idp.test/");
            assert_eq!(proxy.as_deref(), expected);
        }
        // What is empty is not set.
        let settings = ProxySettings::from_environment(&|name| match name {
            "HTTPS_PROXY" => Some(" ".to_owned()),
            "https_proxy" => Some("b.test".to_owned()),
            _ => None,
        });
        let proxy = leads_to(&settings.unwrap(), "https://idp.test/");
        assert_eq!(proxy.as_deref(), Some("http://b.test/"));
        assert_eq!(leads_to(&ProxySettings::direct(), "https://idp.test/"), None);
    }

    #[test]
    fn http_goes_directly() {
        let settings = settings("http://p.test", "").unwrap();
        assert_eq!(leads_to(&settings, "http://127.0.0.1/"), None);
        assert_eq!(leads_to(&settings, "https://127.0.0.1/").as_deref(), Some("http://p.test/"));
    }

    #[test]
    fn unusable_proxies() {
        for text in [
            "socks5://p.test:1080",
            "ftp://p.test",
            "http://",
            "http://p.test:99999",
            "http://p.test/path",
            "http://p.test/?query",
            "two words",
            ":3128",
        ] {
            let error = settings(text, "").unwrap_err();
            assert_eq!(error, InvalidProxy { variable: "HTTPS_PROXY" }, "{text}");
        }
        let error = settings("socks5://user:secret@p.test", "").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
        assert!(settings("http://p.test", "").is_ok());
    }

    #[test]
    fn credentials_are_not_shown() {
        let settings = settings("http://user:secret@p.test:3128", ".test").unwrap();
        let shown = format!("{settings:?}");
        assert!(shown.contains("p.test") && shown.contains("3128"), "{shown}");
        assert!(!shown.contains("secret") && !shown.contains("user"), "{shown}");
    }

    #[test]
    fn exemptions() {
        let both = ["https://idp.test/", "https://fs.idp.test:444/"];
        for (direct, expected) in [
            ("", [false, false]),
            (",, ,", [false, false]),
            ("*", [true, true]),
            ("idp.test", [true, true]),
            ("IDP.Test.", [true, true]),
            ("other.test, idp.test", [true, true]),
            (".idp.test", [false, true]),
            ("*.idp.test", [false, true]),
            ("idp.test:443", [true, false]),
            ("idp.test:444", [false, true]),
            ("idp.test:port", [false, false]),
            ("p.test", [false, false]),
            ("test", [true, true]),
            (".", [false, false]),
            ("10.0.0.0/8", [false, false]),
        ] {
            let settings = settings("http://p.test", direct).unwrap();
            let found = both.map(|url| leads_to(&settings, url).is_none());
            assert_eq!(found, expected, "{direct}");
        }
        let both = ["https://10.1.2.3/", "https://[2001:db8::7]:444/"];
        for (direct, expected) in [
            ("10.1.2.3", [true, false]),
            ("10.1.2.3:443", [true, false]),
            ("10.1.2.3:444", [false, false]),
            ("10.1.2.4", [false, false]),
            ("10.0.0.0/8", [true, false]),
            ("10.1.2.0/23", [true, false]),
            ("10.1.0.0/23", [false, false]),
            ("11.0.0.0/0", [true, false]),
            ("10.1.2.3/33", [false, false]),
            ("10.1.2.3/x", [false, false]),
            ("2.3", [false, false]),
            ("2001:db8::7", [false, true]),
            ("[2001:db8::7]:444", [false, true]),
            ("[2001:db8::7]:443", [false, false]),
            ("2001:db8::/32", [false, true]),
            ("2001:db9::/32", [false, false]),
            ("::/0", [false, true]),
            ("2001:db8::7/129", [false, false]),
        ] {
            let settings = settings("http://p.test", direct).unwrap();
            let found = both.map(|url| leads_to(&settings, url).is_none());
            assert_eq!(found, expected, "{direct}");
        }
    }
}
