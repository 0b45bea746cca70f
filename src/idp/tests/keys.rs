use std::path::PathBuf;

use super::{IDP, now};
use crate::crypto::{Certificate, CertificateRequest, SignatureAlgorithm, random_hex};
use crate::idp::{KeyError, Personality, SigningKey, TestKeys, Validity};
use crate::saml::metadata::TEST_KEY_MARK;

/// A folder that is gone when the test is over.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let name = format!("actix-saml-test-{}", random_hex::<8>().unwrap());
        Self(std::env::temp_dir().join(name).join("keys"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(parent) = self.0.parent() {
            let _ = std::fs::remove_dir_all(parent);
        }
    }
}

#[test]
fn keys_are_made_once_and_read_again() {
    let folder = Folder::new();
    let load = || TestKeys::load_or_generate(&folder.0, Personality::Adfs, "127.0.0.1", now());
    let fingerprints = |keys: &TestKeys| {
        [keys.current(), keys.encryption()].map(|key| key.certificate().fingerprint())
    };
    let made = load().unwrap();
    assert_ne!(fingerprints(&made)[0], fingerprints(&made)[1]);
    assert_eq!(fingerprints(&load().unwrap()), fingerprints(&made));
    let not_after = made.current().certificate().not_after().unwrap();
    assert_eq!((not_after - now()).num_days(), 3 * 365 - 1, "whole seconds only");

    let missing = folder.0.join("idp-signing-key.pem");
    std::fs::remove_file(&missing).unwrap();
    let error = load().unwrap_err();
    assert!(
        matches!(&error, KeyError::Incomplete { path } if *path == missing.display().to_string()),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_keys() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    TestKeys::load_or_generate(&folder.0, Personality::Adfs, "127.0.0.1", now()).unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    for entry in std::fs::read_dir(&folder.0).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn keys_without_the_mark_are_not_used() {
    let key = IDP.keys.current().private_key();
    let Validity { not_before, not_after } = Validity::of_tests();
    let common_name = "ADFS Signing - fs.nhsmail.test";
    let request =
        CertificateRequest { common_name, organisation: None, hosts: &[], not_before, not_after };
    let certificate = Certificate::self_signed(key, &request).unwrap();
    let error = SigningKey::new(key.clone(), certificate).unwrap_err();
    assert!(
        matches!(&error, KeyError::NotTestKey { found } if found.as_deref() == Some(common_name)),
        "{error}"
    );
    let other = IDP.keys.encryption().certificate().clone();
    let error = SigningKey::new(key.clone(), other).unwrap_err();
    assert!(matches!(error, KeyError::Mismatch), "{error}");
    let certificate = IDP.keys.current().certificate().clone();
    assert!(SigningKey::new(key.clone(), certificate).is_ok());
}

#[test]
fn certificates_are_named_as_each_personality_names_them() {
    let host = "fs.nhsmail.test";
    for (personality, names) in [
        (
            Personality::Adfs,
            ["ADFS Signing - fs.nhsmail.test", "ADFS Encryption - fs.nhsmail.test"],
        ),
        (Personality::Entra, ["Azure Federated SSO", "Azure tenant"]),
        (Personality::Plain, ["Signing - fs.nhsmail.test", "Encryption - fs.nhsmail.test"]),
    ] {
        let keys = TestKeys::generate_as(personality, host, Validity::of_tests()).unwrap();
        let found =
            [keys.current(), keys.encryption()].map(|key| key.certificate().common_name().unwrap());
        // Where there is no room for the host the mark stays.
        let expected = names.map(|name| {
            let full = format!("{name} ({TEST_KEY_MARK})");
            let short = || name.split(" - ").next().map(|name| format!("{name} ({TEST_KEY_MARK})"));
            if full.len() <= 64 { full } else { short().unwrap() }
        });
        assert_eq!(found, expected);
        assert!(found.iter().all(|name| name.len() <= 64 && name.contains(TEST_KEY_MARK)));
    }
}

#[test]
fn what_follows_from_a_seed_is_the_same_on_every_machine() {
    let make = |seed| TestKeys::seeded(seed, Personality::Adfs, "127.0.0.1").unwrap();
    let fingerprint = |key: &SigningKey| key.certificate().fingerprint();
    let (one, two, other) = (make("ward"), make("ward"), make("theatre"));
    assert!(one.are_seeded() && !IDP.keys.are_seeded());
    assert_eq!(fingerprint(one.current()), fingerprint(two.current()));
    assert_eq!(fingerprint(one.encryption()), fingerprint(two.encryption()));
    assert_ne!(fingerprint(one.current()), fingerprint(one.encryption()));
    assert_ne!(fingerprint(one.current()), fingerprint(other.current()));
    assert!(one.current().certificate().common_name().unwrap().contains(TEST_KEY_MARK));
    // On any day, and the next key as well; no key comes twice, not from a copy either.
    let later = now() + chrono::TimeDelta::days(900);
    let next = |keys: &TestKeys, when| {
        fingerprint(&keys.make_next(Personality::Adfs, "127.0.0.1", when).unwrap())
    };
    let first = next(&one, now());
    assert_eq!(first, next(&two, later));
    assert_ne!(first, next(&one.clone(), now()));
    assert_ne!(first, fingerprint(one.current()));
    // An identity provider with other habits has other keys.
    let entra = TestKeys::seeded("ward", Personality::Entra, "127.0.0.1").unwrap();
    let signed = |keys: &TestKeys| {
        keys.current().private_key().sign(SignatureAlgorithm::RsaSha256, b"text").unwrap()
    };
    assert_eq!(signed(&one), signed(&two));
    assert_ne!(signed(&entra), signed(&one));
}
