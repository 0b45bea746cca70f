//! Advice is whole, and names only what there is.

use super::*;

const SUB_CODES: [&str; 3] = ["InvalidNameIDPolicy", "NoAuthnContext", "Unheard"];

fn every_kind() -> Vec<Rejection> {
    let at = chrono::DateTime::UNIX_EPOCH;
    let mut kinds = vec![
        Rejection::Base64,
        Rejection::AssertionCount { found: 0 },
        Rejection::AssertionCount { found: 2 },
        Rejection::Destination { expected: String::new(), found: None },
        Rejection::Issuer { role: Role::Response, expected: String::new(), found: None },
        Rejection::Unsigned,
        Rejection::NameId(NameIdFault::Blank),
        Rejection::NoBearer,
        Rejection::AudienceMissing,
        Rejection::AuthnStatementMissing,
        Rejection::AuthnTooOld { required: at, found: at },
        Rejection::NotResponse { found: String::new() },
        Rejection::AuthnContext { requested: Vec::new(), found: None },
    ];
    for role in [Role::Response, Role::Assertion, Role::Confirmation] {
        kinds.push(Rejection::SignatureMissing { role });
    }
    for bound in [TimeBound::SessionNotOnOrAfter, TimeBound::ConditionsNotOnOrAfter] {
        kinds.push(Rejection::Expired { bound, at, now: at, skew_seconds: 0 });
        kinds.push(Rejection::NotYetValid { bound, at, now: at, skew_seconds: 0 });
    }
    for (expected, found) in [(None, Some("a")), (Some("a"), None), (Some("a"), Some("b"))] {
        let (expected, found) = (expected.map(str::to_owned), found.map(str::to_owned));
        kinds.push(Rejection::InResponseTo { role: Role::Response, expected, found });
    }
    for error in [
        DsigError::SignatureMismatch { keys: 1 },
        DsigError::AlgorithmKeyMismatch,
        DsigError::DigestMismatch,
        DsigError::Algorithm { role: AlgorithmRole::Signature, uri: String::new() },
        DsigError::Position,
        DsigError::Crypto(CryptoError::KeyKind),
    ] {
        kinds.push(Rejection::Signature { role: Role::Assertion, error });
    }
    for error in [DecryptError::NoKey, DecryptError::Failed, DecryptError::Budget] {
        kinds.push(error.into());
    }
    for name in SUB_CODES {
        let sub_code = Some(format!("urn:oasis:names:tc:SAML:2.0:status:{name}"));
        kinds.push(Rejection::Status { code: String::new(), sub_code, message: None });
    }
    kinds
}

/// The cmdlets and parameters of Microsoft's documentation that are used here.
const CMDLETS: [&str; 7] = [
    "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -",
    "Get-AdfsRelyingPartyTrust -Name '<trust>'",
    "Update-AdfsRelyingPartyTrust -TargetName '<trust>'",
    "(Get-AdfsProperties).Identifier",
    "Get-AdfsCertificate -CertificateType Token-Signing",
    "Get-WinEvent -LogName 'AD FS/Admin'",
    "New-AdfsSamlEndpoint",
];

#[test]
fn advice_is_whole() {
    for rejection in every_kind() {
        let advice = advise(&rejection);
        for text in [Some(advice.why), advice.adfs, advice.entra, advice.here] {
            let text = text.unwrap_or("x");
            assert!(!text.is_empty() && !text.contains("  "), "{rejection:?}: {text:?}");
            assert!(text.is_ascii(), "{text}");
        }
        if let Some(line) = advice.adfs {
            assert!(CMDLETS.iter().any(|cmdlet| line.starts_with(cmdlet)), "{line}");
            assert_eq!(line.matches('\'').count() % 2, 0, "{line}");
        }
        if let Some(setting) = advice.entra {
            assert!(setting.starts_with("Enterprise apps > the application > "), "{setting}");
        }
    }
}

#[test]
fn keys_that_are_named_exist() {
    let configuration = include_str!("../../../docs/configuration.md");
    for rejection in every_kind() {
        for word in advise(&rejection).here.unwrap_or_default().split([' ', ':', ',', ';']) {
            let word = word.trim_end_matches('.');
            if word.contains('.') && !word.ends_with(".toml") {
                assert!(configuration.contains(&format!("`{word}`")), "{word}");
            }
        }
    }
}

#[test]
fn the_cause_shows_in_the_advice() {
    let advise = |error| advise_on_signature(&error);
    let old = advise(DsigError::SignatureMismatch { keys: 2 });
    assert!(old.why.contains("not in the metadata"));
    assert_ne!(old, advise(DsigError::DigestMismatch));
    let sha1 = DsigError::Algorithm { role: AlgorithmRole::Signature, uri: String::new() };
    assert!(advise(sha1).adfs.is_some_and(|line| line.contains("#rsa-sha256")));
    assert!(advise_on_status(None).why.contains("its own log"));
}
