//! Name and looks of the application on our pages.

use std::fmt;

/// What our pages show of the application. All of it may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branding {
    /// What people call the application: at the top of each page, and in its title.
    pub service_name: Option<String>,
    /// Whom people are to ask, on pages that say that something went wrong. Plain text.
    pub help_desk: Option<String>,
    /// A style sheet of the application's own, after ours.
    pub stylesheet: Option<OwnPath>,
    /// A picture beside the name of the service. Screen readers read the name, not the picture.
    pub logo: Option<OwnPath>,
}

/// A path of the application itself. Nothing on our pages is asked for from anywhere else.
///
/// ```
/// use actix_saml::web::OwnPath;
///
/// assert!(OwnPath::parse("/static/pages.css?v=2").is_ok());
/// assert!(OwnPath::parse("https://cdn.example.org/pages.css").is_err());
/// assert!(OwnPath::parse("//cdn.example.org/pages.css").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPath(String);

/// Not a path of the application itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a path of this application, such as /static/pages.css")]
pub struct OwnPathError(pub String);

impl OwnPath {
    /// Takes what starts with one slash, and holds nothing that a browser reads in another way:
    /// no backslash, no white space, nothing but ASCII.
    ///
    /// # Errors
    /// [`OwnPathError`] for anything else.
    pub fn parse(path: &str) -> Result<Self, OwnPathError> {
        let is_plain = path.chars().all(|c| c.is_ascii_graphic() && c != '\\');
        if path.starts_with('/') && !path.starts_with("//") && is_plain {
            Ok(Self(path.to_owned()))
        } else {
            Err(OwnPathError(path.to_owned()))
        }
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OwnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_elsewhere() {
        for path in ["/a.css", "/", "/a/b?c=d", "/%2F%2Fevil.example"] {
            assert_eq!(OwnPath::parse(path).unwrap().as_str(), path);
        }
        for path in [
            "",
            "a.css",
            "//evil.example/a.css",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/a b",
            "https://evil.example/a.css",
            "data:text/css,a",
            "/\u{e9}",
        ] {
            assert_eq!(OwnPath::parse(path), Err(OwnPathError(path.to_owned())));
        }
    }
}
