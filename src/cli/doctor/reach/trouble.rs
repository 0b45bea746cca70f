//! What to do when an address cannot be fetched.

use crate::web::federation::FetchError;

/// In words for whoever runs the machine.
pub(super) fn remedy_for(error: &FetchError, uses_proxy: bool) -> &'static str {
    match error {
        FetchError::Insecure { .. } | FetchError::Address(_) => {
            "Use an https address without a user name in it."
        }
        FetchError::Dns { .. } => {
            "Check the name and this machine's resolver. Within HSCN names of the internet are \
             often known to the proxy alone: set HTTPS_PROXY=http://host:port."
        }
        FetchError::Connection(_) | FetchError::Timeout { .. } if uses_proxy => {
            "The proxy is there, and what is behind it does not answer: ask for the address to be \
             allowed."
        }
        FetchError::Connection(_) | FetchError::Timeout { .. } => {
            "A firewall is in between, or a proxy is needed: set HTTPS_PROXY=http://host:port, and \
             NO_PROXY for what is reached without it. Otherwise use a file that somebody renews."
        }
        FetchError::Tls(_) => {
            "Networks that look into TLS, as some of HSCN do, show a certificate of their own: add \
             their authority as ca under [[idp]], or have the address exempted. If there is no \
             such network, do not go on: somebody may be in between."
        }
        FetchError::Proxy(_) => {
            "Check HTTPS_PROXY: host, port, user name and password. Ask whoever runs the proxy to \
             allow the address."
        }
        FetchError::TooLarge { .. } => {
            "It is not one provider's metadata. For a federation ask for the address of one entity."
        }
        FetchError::Status(403 | 407) => {
            "Something refuses: the proxy, or the server to whoever comes from here."
        }
        FetchError::Status(404) => "Check the path of the address: nothing is there.",
        FetchError::Status(_) => "The server is in trouble, or it is another server: try later.",
        FetchError::Redirect { .. } => {
            "Set the address to where it leads, if that is right. Trust is in the host of the \
             address, so that another is not followed."
        }
        FetchError::Answer(_) => "Something in between changes or cuts the answer: look at it.",
    }
}
