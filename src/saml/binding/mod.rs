//! How messages travel (Bindings).

mod redirect;
mod redirect_message;

pub use redirect::{RedirectError, redirect_message_url, redirect_url};
#[cfg(feature = "cli")]
pub(crate) use redirect_message::inflate;
pub use redirect_message::{MessageParameter, QuerySignature, RedirectFault, RedirectMessage};

/// A binding that this crate speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// HTTP-Redirect (Bindings 3.4).
    HttpRedirect,
    /// HTTP-POST (Bindings 3.5).
    HttpPost,
}

impl Binding {
    /// The binding that a URI names.
    pub fn from_uri(uri: &str) -> Option<Self> {
        [Self::HttpRedirect, Self::HttpPost].into_iter().find(|b| b.uri() == uri)
    }

    /// The binding's identifier.
    pub fn uri(self) -> &'static str {
        match self {
            Self::HttpRedirect => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
            Self::HttpPost => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        for binding in [Binding::HttpRedirect, Binding::HttpPost] {
            assert_eq!(Binding::from_uri(binding.uri()), Some(binding));
        }
        for other in ["", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST ", "HTTP-POST"] {
            assert_eq!(Binding::from_uri(other), None, "{other}");
        }
    }
}
