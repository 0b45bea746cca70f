//! How two texts differ that must be the same byte for byte.

/// In words, or `None` when they are the same.
pub(super) fn difference(ours: &str, theirs: &str) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let kind = if ours.trim() == theirs.trim() {
        "white space at the beginning or end"
    } else if ours.trim_end_matches('/') == theirs.trim_end_matches('/') {
        "only by a slash at the end"
    } else if ours.eq_ignore_ascii_case(theirs) {
        "only by upper and lower case"
    } else if strip_scheme(ours) == strip_scheme(theirs) {
        "only by http and https"
    } else if without_port(ours) == without_port(theirs) {
        "only by the port"
    } else {
        "by more than a detail"
    };
    let same = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let here = |text: &str| {
        let rest: String = text.chars().skip(same).take(24).collect();
        if rest.is_empty() { "it ends".to_owned() } else { format!("{rest:?}") }
    };
    let place = same.saturating_add(1);
    Some(format!("{kind}; at character {place}: {} here, {} there", here(ours), here(theirs)))
}

fn strip_scheme(url: &str) -> &str {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url)
}

/// The URL without a port, whichever it is.
fn without_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at_checked(at)?,
        None => (rest, ""),
    };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    Some(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_and_the_place() {
        let ours = "https://rota.example.nhs.uk/saml/acs";
        assert_eq!(difference(ours, ours), None);
        for (theirs, expected) in [
            (
                "https://rota.example.nhs.uk/saml/acs/",
                "only by a slash at the end; at character 37: it ends here, \"/\" there",
            ),
            (
                "https://rota.example.nhs.uk/SAML/acs",
                "only by upper and lower case; at character 29: \"saml/acs\" here, \"SAML/acs\" there",
            ),
            (
                "http://rota.example.nhs.uk/saml/acs",
                "only by http and https; at character 5: \"s://rota.example.nhs.uk/\" here, \
                 \"://rota.example.nhs.uk/s\" there",
            ),
            (
                "https://rota.example.nhs.uk:443/saml/acs",
                "only by the port; at character 28: \"/saml/acs\" here, \":443/saml/acs\" there",
            ),
            (
                "https://rota.example.nhs.uk/saml/acs ",
                "white space at the beginning or end; at character 37: it ends here, \" \" there",
            ),
            (
                "urn:x",
                "by more than a detail; at character 1: \"https://rota.example.nhs\" here, \"urn:x\" there",
            ),
        ] {
            assert_eq!(difference(ours, theirs).as_deref(), Some(expected), "{theirs}");
        }
    }
}
