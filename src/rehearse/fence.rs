//! Where a rehearsal may send requests: this machine and private networks, unless told otherwise.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};

use thiserror::Error;
use url::{Host, Url};

/// Why a request is not sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Outside {
    /// Neither http nor https, or without a host.
    #[error("{url} is no http or https address")]
    NoAddress {
        /// The address, without its query.
        url: String,
    },
    /// The name cannot be looked up.
    #[error("the name {host} cannot be looked up")]
    Unknown {
        /// The host.
        host: String,
    },
    /// The host has an address that the whole Internet can reach.
    #[error("{host} is at {address}, which is neither this machine nor a private network")]
    Public {
        /// The host.
        host: String,
        /// The first address that is public.
        address: IpAddr,
    },
}

/// Which addresses are allowed. It guards against slips of the hand, such as the address of a live
/// service: the name is looked up once more when the request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// Whether addresses of the Internet are allowed.
    pub allow_public: bool,
}

impl Fence {
    /// Says whether a request may go to `url`.
    ///
    /// # Errors
    /// An [`Outside`].
    pub fn check(self, url: &Url) -> Result<(), Outside> {
        let host = match (url.scheme(), url.host()) {
            ("http" | "https", Some(host)) => host,
            _ => return Err(Outside::NoAddress { url: bare(url) }),
        };
        let addresses: Vec<IpAddr> = match host {
            Host::Ipv4(address) => vec![IpAddr::V4(address)],
            Host::Ipv6(address) => vec![IpAddr::V6(address)],
            Host::Domain(name) => (name, url.port_or_known_default().unwrap_or(80))
                .to_socket_addrs()
                .map(|found| found.map(|socket| socket.ip()).collect())
                .unwrap_or_default(),
        };
        let host = host.to_string();
        if addresses.is_empty() {
            return Err(Outside::Unknown { host });
        }
        match addresses.into_iter().find(|address| !is_private(*address)) {
            Some(address) if !self.allow_public => Err(Outside::Public { host, address }),
            _ => Ok(()),
        }
    }
}

/// An address without what may be secret in it.
pub(super) fn bare(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_private_v4(v4),
            None => is_private_v6(v6),
        },
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local()
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fence: Fence, url: &str) -> Result<(), Outside> {
        fence.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn this_machine_and_private_networks_are_inside() {
        for url in [
            "http://127.0.0.1:8080/rota",
            "https://127.8.9.10/",
            "http://[::1]:8080/",
            "http://10.1.2.3/",
            "https://172.31.0.1/",
            "http://192.168.1.1/",
            "http://169.254.1.1/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            assert_eq!(check(Fence::default(), url), Ok(()), "{url}");
        }
    }

    #[test]
    fn the_internet_is_outside_unless_allowed() {
        for (url, address) in [
            ("https://192.0.2.7/saml/acs?secret", "192.0.2.7"),
            ("http://172.32.0.1/", "172.32.0.1"),
            ("http://[2001:db8::1]/", "2001:db8::1"),
            ("http://[::ffff:192.0.2.7]/", "::ffff:192.0.2.7"),
        ] {
            let Err(Outside::Public { address: found, .. }) = check(Fence::default(), url) else {
                panic!("{url}");
            };
            assert_eq!(found, address.parse::<IpAddr>().unwrap());
            assert_eq!(check(Fence { allow_public: true }, url), Ok(()));
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused_in_any_case() {
        for url in ["file:///etc/passwd", "ftp://127.0.0.1/", "data:text/plain,x"] {
            for allow_public in [false, true] {
                let refused = check(Fence { allow_public }, url);
                assert!(matches!(refused, Err(Outside::NoAddress { .. })), "{url}");
            }
        }
        let unknown = check(Fence::default(), "http://nowhere.invalid/");
        assert_eq!(unknown, Err(Outside::Unknown { host: "nowhere.invalid".to_owned() }));
    }
}
