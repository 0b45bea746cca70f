use serde::{Deserialize, Serialize};
use url::Url;

/// A page of this application, as path and query. It is the only thing that a sign-in ever
/// redirects to, and it cannot name another origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// A longer target would not fit into a cookie.
    pub const MAX_BYTES: usize = 1024;

    /// The start page.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// Takes `target` if it is a path of `base`'s origin: it starts with one slash, holds no
    /// backslash, control character or white space, and a browser that resolves it against `base`
    /// stays at that origin.
    pub fn parse(target: &str, base: &Url) -> Option<Self> {
        let rest = target.strip_prefix('/')?;
        let suspicious =
            |c: char| c == '\\' || c.is_control() || c.is_whitespace() || !c.is_ascii();
        if rest.starts_with('/') || target.len() > Self::MAX_BYTES || target.chars().any(suspicious)
        {
            return None;
        }
        let resolved = base.join(target).ok()?;
        if resolved.origin() != base.origin() || !resolved.username().is_empty() {
            return None;
        }
        // What the browser would ask for: `/a/..//evil` is resolved before it is judged.
        let path = resolved.path();
        if path.starts_with("//") {
            return None;
        }
        let kept = match resolved.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        // Escaping may have made it longer.
        (kept.len() <= Self::MAX_BYTES).then_some(Self(kept))
    }

    /// Path and query.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(target: &str) -> Option<String> {
        let base = Url::parse("https://rota.example/").unwrap();
        ReturnTo::parse(target, &base).map(|r| r.0)
    }

    #[test]
    fn own_pages() {
        for (target, kept) in [
            ("/", "/"),
            ("/rota", "/rota"),
            ("/rota?day=1&x=%2F%2Fevil", "/rota?day=1&x=%2F%2Fevil"),
            ("/a/../b", "/b"),
            ("/a#fragment", "/a"),
            ("/a@b:c", "/a@b:c"),
            ("/https://evil.example/", "/https://evil.example/"),
        ] {
            assert_eq!(parse(target).as_deref(), Some(kept), "{target}");
        }
    }

    #[test]
    fn relay_open_redirect() {
        for target in [
            "",
            "rota",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example/",
            "http:evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " /rota",
            "/ro ta",
            "/a/..//evil.example",
            "/.//evil.example",
            "/%2e%2e//evil.example",
            "/\u{2f}\u{ff0f}evil",
            "/ü",
        ] {
            assert_eq!(parse(target), None, "{target:?}");
        }
    }

    #[test]
    fn no_longer_than_fits_into_a_cookie() {
        let path = |letter: &str, times| format!("/{}", letter.repeat(times));
        assert_eq!(parse(&path("a", 1023)), Some(path("a", 1023)));
        assert_eq!(parse(&path("a", 1024)), None);
        // Each becomes three characters.
        assert_eq!(parse(&path("\"", 341)), Some(path("%22", 341)));
        assert_eq!(parse(&path("\"", 342)), None);
    }
}
