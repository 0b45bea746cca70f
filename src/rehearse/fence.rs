//! Where a rehearsal may send requests: this machine and private networks, unless told otherwise.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};

use thiserror::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
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
    /// The host has an address at which clouds hand out credentials to whatever runs in them.
    #[error("{host} is at {address}, where clouds hand out credentials: nobody signs in there")]
    Credentials {
        /// The host.
        host: String,
        /// The address.
        address: IpAddr,
    },
}

/// Which addresses are allowed: not that of a live service by a slip of the hand, nor wherever else
/// somebody's redirect leads. A name is looked up once more when the request is sent, and what is
/// found then is held against the fence as well, by `Fenced`.
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
        if let Some(&address) = addresses.iter().find(|address| gives_credentials(**address)) {
            return Err(Outside::Credentials { host, address });
        }
        match addresses.into_iter().find(|address| !self.allows(*address)) {
            Some(address) => Err(Outside::Public { host, address }),
            None => Ok(()),
        }
    }

    fn allows(self, address: IpAddr) -> bool {
        !gives_credentials(address) && (self.allow_public || is_private(address))
    }
}

/// Looks up names for what sends the requests. A name that led inside when it was checked, and leads
/// outside a moment later, leads nowhere.
#[derive(Debug)]
pub(super) struct Fenced<R> {
    pub(super) fence: Fence,
    pub(super) lookup: R,
}

impl<R: Resolver> Resolver for Fenced<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.lookup.resolve(uri, config, timeout)?;
        let are_inside = found.iter().all(|socket| self.fence.allows(socket.ip()));
        if are_inside { Ok(found) } else { Err(ureq::Error::HostNotFound) }
    }
}

/// An address without what may be secret in it.
pub(super) fn bare(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

/// Of Amazon's, Google's, Microsoft's and Alibaba's clouds. All but the last are in private networks.
fn gives_credentials(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            [[169, 254, 169, 254], [169, 254, 170, 2], [100, 100, 100, 200]].contains(&v4.octets())
        }
        IpAddr::V6(v6) => v6.segments() == [0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254],
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
            // Ways to write what leads to this machine, or seems to.
            ("http://0.0.0.0/", "0.0.0.0"),
            ("http://[::]/", "::"),
            ("http://[::127.0.0.1]/", "::127.0.0.1"),
            ("http://[64:ff9b::c000:207]/", "64:ff9b::c000:207"),
            ("http://3221225991/", "192.0.2.7"),
            ("http://0xC0.0.2.7/", "192.0.2.7"),
            ("http://127.0.0.1@192.0.2.7/", "192.0.2.7"),
        ] {
            let Err(Outside::Public { address: found, .. }) = check(Fence::default(), url) else {
                panic!("{url}");
            };
            assert_eq!(found, address.parse::<IpAddr>().unwrap());
            assert_eq!(check(Fence { allow_public: true }, url), Ok(()));
        }
    }

    #[test]
    fn nobody_is_led_to_the_credentials_of_a_cloud() {
        for url in [
            "http://169.254.169.254/latest/meta-data/",
            "http://[::ffff:169.254.169.254]/",
            "http://2852039166/",
            "http://169.254.170.2/v2/credentials",
            "http://100.100.100.200/",
            "http://[fd00:ec2::254]/",
        ] {
            for allow_public in [false, true] {
                let refused = check(Fence { allow_public }, url);
                assert!(matches!(refused, Err(Outside::Credentials { .. })), "{url}");
            }
        }
    }

    /// Finds these addresses, whatever the name.
    #[derive(Debug)]
    struct Finds(&'static [&'static str]);

    impl Resolver for Finds {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut found = self.empty();
            self.0.iter().for_each(|address| found.push(format!("{address}:80").parse().unwrap()));
            Ok(found)
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_the_second_time_leads_nowhere() {
        for (found, allow_public, is_inside) in [
            (&["127.0.0.1"][..], false, true),
            (&["10.0.0.1", "[::1]"], false, true),
            (&["192.0.2.7"], false, false),
            (&["192.0.2.7"], true, true),
            (&["127.0.0.1", "192.0.2.7"], false, false),
            (&["127.0.0.1", "[2001:db8::1]"], false, false),
            (&["169.254.169.254"], true, false),
        ] {
            let fenced = Fenced { fence: Fence { allow_public }, lookup: Finds(found) };
            let uri = Uri::from_static("http://rebound.example/");
            let timeout = NextTimeout {
                after: ureq::unversioned::transport::time::Duration::NotHappening,
                reason: ureq::Timeout::Global,
                per_read: None,
                per_write: None,
            };
            let resolved = fenced.resolve(&uri, &Config::default(), timeout);
            assert_eq!(resolved.is_ok(), is_inside, "{found:?} {allow_public}");
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
