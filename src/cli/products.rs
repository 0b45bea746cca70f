//! What AD FS and Entra call what is set here.

use crate::web::config::RequireSignedConfig;

/// A text of PowerShell that is taken as it is. PowerShell takes the curly quotes for straight
/// ones.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::from("'");
    for c in value.chars() {
        match c {
            '\'' | '\u{2018}'..='\u{201B}' => text.extend([c, c]),
            c if c.is_control() => text.push('\u{FFFD}'),
            c => text.push(c),
        }
    }
    text.push('\'');
    text
}

/// What the relying party trust must be set to for the signatures that we insist on.
pub(super) fn response_signature(required: RequireSignedConfig) -> &'static str {
    match required {
        RequireSignedConfig::Either | RequireSignedConfig::Assertion => "AssertionOnly",
        RequireSignedConfig::Response => "MessageOnly",
        RequireSignedConfig::Both => "MessageAndAssertion",
    }
}

/// The signing option of an enterprise application for the signatures that we insist on.
pub(super) fn signing_option(required: RequireSignedConfig) -> &'static str {
    match required {
        RequireSignedConfig::Either | RequireSignedConfig::Assertion => "Sign SAML assertion",
        RequireSignedConfig::Response => "Sign SAML response",
        RequireSignedConfig::Both => "Sign SAML response and assertion",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_quoted_text() {
        assert_eq!(quoted("Ward's ‘rota’\n"), "'Ward''s ‘‘rota’’\u{FFFD}'");
        assert_eq!(quoted("$(Remove-Item C:\\)`n\""), "'$(Remove-Item C:\\)`n\"'");
    }

    #[test]
    fn each_demand_has_its_setting() {
        use RequireSignedConfig::{Assertion, Both, Either, Response};
        for (required, adfs, entra) in [
            (Either, "AssertionOnly", "Sign SAML assertion"),
            (Assertion, "AssertionOnly", "Sign SAML assertion"),
            (Response, "MessageOnly", "Sign SAML response"),
            (Both, "MessageAndAssertion", "Sign SAML response and assertion"),
        ] {
            assert_eq!((response_signature(required), signing_option(required)), (adfs, entra));
        }
    }
}
