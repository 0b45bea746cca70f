//! Our own keys: one follows another, and some are under a passphrase.

use super::*;
use crate::crypto::{KeyUse, Passphrase};
use crate::sp::{KeyPurpose, KeyStage};

const FILE: &str = "saml.toml";

static NEXT: LazyLock<(PrivateKey, Certificate)> = LazyLock::new(|| pair("rota, next"));

/// With a second key and its certificate.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("next-cert.pem", &NEXT.1.to_pem().unwrap());
    folder.write_key("next-key.pem", &NEXT.0.to_pem().unwrap(), 0o600);
    folder
}

fn with(keys: &str) -> String {
    format!("{START}{IDP}[keys]\n{keys}\n")
}

const CURRENT: &str = "signing_key = \"key.pem\"\nsigning_cert = \"cert.pem\"\n";
const NEXT_KEY: &str = "next_signing_key = \"next-key.pem\"\n";
const NEXT_CERT: &str = "next_signing_cert = \"next-cert.pem\"\n";
const DECRYPTING: &str =
    "decryption_keys = [\"key.pem\", \"next-key.pem\"]\nencryption_cert = \"cert.pem\"\n";
const NEXT_ENCRYPTION: &str = "next_encryption_cert = \"next-cert.pem\"\n";

fn stages(folder: &Folder, text: &str, now: &str) -> Vec<(KeyPurpose, KeyStage, String)> {
    let saml = folder.load(text, &[]).unwrap_or_else(|error| panic!("{error}"));
    let keys = saml.service_provider().own_keys(now.parse().unwrap());
    keys.into_iter().map(|key| (key.purpose, key.stage, key.fingerprint)).collect()
}

#[test]
fn the_next_keys_take_over_on_their_day() {
    let folder = folder();
    let text = with(&format!(
        "{CURRENT}{NEXT_KEY}{NEXT_CERT}next_signing_from = 2027-03-31\n\
         {DECRYPTING}{NEXT_ENCRYPTION}next_encryption_from = \"2027-04-30T12:00:00+01:00\"\n"
    ));
    let (old, new) = (KEY.1.fingerprint(), NEXT.1.fingerprint());
    let key = |purpose, stage, fingerprint: &str| (purpose, stage, fingerprint.to_owned());
    let (signing, encryption) = (KeyPurpose::Signing, KeyPurpose::Encryption);
    let before =
        |purpose| [key(purpose, KeyStage::Current, &old), key(purpose, KeyStage::Next, &new)];
    let after =
        |purpose| [key(purpose, KeyStage::Current, &new), key(purpose, KeyStage::Retiring, &old)];
    for (now, expected) in [
        ("2027-03-30T23:59:59Z", [before(signing), before(encryption)]),
        ("2027-03-31T00:00:00Z", [after(signing), before(encryption)]),
        ("2027-04-30T10:59:59Z", [after(signing), before(encryption)]),
        ("2027-04-30T11:00:00Z", [after(signing), after(encryption)]),
    ] {
        assert_eq!(stages(&folder, &text, now), expected.concat(), "{now}");
    }
}

#[test]
fn without_a_day_nothing_takes_over() {
    let folder = folder();
    let text = with(&format!("{CURRENT}{NEXT_KEY}{NEXT_CERT}{DECRYPTING}{NEXT_ENCRYPTION}"));
    let stages: Vec<_> =
        stages(&folder, &text, "2099-01-01T00:00:00Z").into_iter().map(|key| key.1).collect();
    assert_eq!(stages, [KeyStage::Current, KeyStage::Next, KeyStage::Current, KeyStage::Next]);
}

#[test]
fn both_encryption_certificates_are_published_only_on_demand() {
    let folder = folder();
    let count = |more: &str| {
        let text = with(&format!("{DECRYPTING}{NEXT_ENCRYPTION}{more}"));
        folder.load(&text, &[]).unwrap().metadata().matches("use=\"encryption\"").count()
    };
    assert_eq!(count(""), 1);
    assert_eq!(count("next_encryption_from = 2024-01-01\n"), 1);
    assert_eq!(count("publish_both_encryption_certs = true\n"), 2);
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = folder();
    folder.write("other-cert.pem", &TEST_KEY.1.to_pem().unwrap());
    let other = "next_signing_cert = \"other-cert.pem\"\n";
    let again = "next_signing_key = \"key.pem\"\nnext_signing_cert = \"cert.pem\"\n";
    let lone = "there is a time to change over, and nothing to change over to";
    for (keys, field, problem) in [
        (
            format!("{CURRENT}{NEXT_KEY}"),
            "next_signing_cert",
            "there is a next signing key without its certificate",
        ),
        (
            format!("{CURRENT}{NEXT_CERT}"),
            "next_signing_key",
            "there is a next signing certificate without its key",
        ),
        (
            format!("{CURRENT}{NEXT_KEY}{other}"),
            "next_signing_cert",
            "the next signing certificate does not belong to the next signing key",
        ),
        (
            format!("{NEXT_KEY}{NEXT_CERT}"),
            "signing_key",
            "there is a next signing key, and no signing key that it comes after",
        ),
        (
            format!("{CURRENT}{again}"),
            "next_signing_cert",
            "the next signing certificate is the current one",
        ),
        (
            format!("{CURRENT}{NEXT_KEY}{NEXT_CERT}next_signing_from = 2001-02-03\n"),
            "next_signing_from",
            "the next signing certificate is to be used from 2001-02-03 00:00:00 UTC, and is valid \
             from 2023-11-14 22:13:20 UTC",
        ),
        (format!("{CURRENT}next_signing_from = 2027-01-01\n"), "next_signing_key", lone),
        (format!("{DECRYPTING}next_encryption_from = 2027-01-01\n"), "next_encryption_cert", lone),
        (
            format!("decryption_keys = [\"next-key.pem\"]\n{NEXT_ENCRYPTION}"),
            "encryption_cert",
            "there is a next encryption certificate, and no certificate that it comes after",
        ),
        (
            format!("{DECRYPTING}next_encryption_cert = \"cert.pem\"\n"),
            "next_encryption_cert",
            "the next encryption certificate is the current one",
        ),
        (
            format!("{DECRYPTING}{NEXT_ENCRYPTION}next_encryption_from = 2001-02-03\n"),
            "next_encryption_from",
            "the next encryption certificate is to be used from 2001-02-03 00:00:00 UTC, and is \
             valid from 2023-11-14 22:13:20 UTC",
        ),
        (
            format!("{}{NEXT_ENCRYPTION}", DECRYPTING.replace(", \"next-key.pem\"", "")),
            "decryption_keys",
            "an encryption certificate is published without its key among those that decrypt",
        ),
        (
            format!("{CURRENT}next_signing_from = \"soon\"\n"),
            "next_signing_from",
            "\"soon\" is neither a day such as 2027-03-31 nor a time with its offset",
        ),
    ] {
        let field = format!("keys.{field}");
        folder.assert_refused(&with(&keys), &[], (FILE, &field, problem));
    }
}

#[test]
fn no_file_with_a_secret_may_be_open_to_others() {
    let folder = folder();
    let signing = format!("{CURRENT}{NEXT_KEY}{NEXT_CERT}");
    for (keys, field, file) in [
        (&signing, "keys.signing_key", "key.pem"),
        (&signing, "keys.next_signing_key", "next-key.pem"),
        (&DECRYPTING.to_owned(), "keys.decryption_keys", "next-key.pem"),
        (&"passphrase_file = \"pass\"\n".to_owned(), "keys.passphrase_file", "pass"),
    ] {
        folder.write_key("pass", "a passphrase\n", 0o600);
        folder.load(&with(keys), &[]).unwrap();
        let text = std::fs::read_to_string(folder.0.join(file)).unwrap();
        for mode in [0o640, 0o440, 0o604] {
            folder.write_key(file, &text, mode);
            let problem = format!("others may read {} (mode {mode:o})", folder.path(file));
            folder.assert_refused(&with(keys), &[], (FILE, field, &problem));
        }
        folder.write_key(file, &text, 0o600);
    }
}

const SECRET: &str = "never to be shown anywhere";

/// The first key is under a passphrase.
fn sealed() -> Folder {
    static SEALED: LazyLock<String> = LazyLock::new(|| {
        KEY.0.to_encrypted_pem(&Passphrase::new(SECRET.as_bytes()).unwrap()).unwrap()
    });
    let folder = folder();
    folder.write_key("key.pem", &SEALED, 0o600);
    folder
}

#[test]
fn a_passphrase_comes_from_a_file_or_a_variable() {
    let folder = sealed();
    folder.write_key("pass", &format!("{SECRET}\n"), 0o600);
    let named = with(&format!("{CURRENT}passphrase_file = \"pass\"\n"));
    let variable = ("SAML_KEYS_PASSPHRASE", SECRET);
    folder.load(&named, &[]).unwrap();
    folder.load(&with(CURRENT), &[variable]).unwrap();
    folder.load(&with(CURRENT), &[("SAML_KEYS_PASSPHRASE_FILE", "pass")]).unwrap();
    folder.write_key("pass", "another one", 0o600);
    folder.load(&named, &[variable]).unwrap();
    // Keys without one are used beside it.
    let mixed = with(&format!("{CURRENT}{NEXT_KEY}{NEXT_CERT}"));
    folder.load(&mixed, &[variable]).unwrap();
}

#[test]
fn a_passphrase_that_is_missing_or_wrong_is_told_and_not_shown() {
    let folder = sealed();
    let text = with(CURRENT);
    let missing = "the private key is under a passphrase, and none is given";
    folder.assert_refused(&text, &[], (FILE, "keys.signing_key", missing));
    let wrong = "the passphrase does not open the private key";
    let not_it = "not the passphrase, and secret too";
    let set = [("SAML_KEYS_PASSPHRASE", not_it)];
    folder.assert_refused(&text, &set, (FILE, "keys.signing_key", wrong));
    folder.write_key("pass", not_it, 0o600);
    let named = with(&format!("{CURRENT}passphrase_file = \"pass\"\n"));
    folder.assert_refused(&named, &[], (FILE, "keys.signing_key", wrong));
    for error in [folder.load(&text, &set), folder.load(&named, &[])].map(Result::unwrap_err) {
        assert!(!format!("{error}{error:?}").contains("secret too"), "{error}");
    }

    let unusable = "a passphrase has 1 to 1023 bytes, and no zero byte";
    for bad in ["", "hid\0den"] {
        let set = [("SAML_KEYS_PASSPHRASE", bad)];
        folder.assert_refused(&text, &set, (ENVIRONMENT, "SAML_KEYS_PASSPHRASE", unusable));
        let error = folder.load(&text, &set).unwrap_err();
        assert!(!format!("{error}{error:?}").contains("hid"), "{error}");
    }
    folder.write_key("pass", "\n", 0o600);
    folder.assert_refused(&named, &[], (FILE, "keys.passphrase_file", unusable));
    let absent = with(&format!("{CURRENT}passphrase_file = \"absent\"\n"));
    folder.assert_refused(&absent, &[], (FILE, "keys.passphrase_file", "No such file"));
}

#[test]
fn a_passphrase_in_the_file_is_refused_and_not_shown() {
    let folder = sealed();
    for value in [format!("\"{SECRET}\""), "7355608".to_owned()] {
        let text = with(&format!("{CURRENT}passphrase = {value}\n"));
        folder.assert_refused(&text, &[], (FILE, "keys.passphrase", "unknown field `passphrase`"));
        let error = folder.load(&text, &[]).unwrap_err();
        assert!(error.remedy.contains("keys.passphrase_file"), "{error}");
        assert!(!format!("{error:?}").contains(value.trim_matches('"')), "{error}");
    }
}

#[test]
fn the_configuration_does_not_show_the_passphrase() {
    let set = |name: &str| (name == "SAML_KEYS_PASSPHRASE").then(|| SECRET.to_owned());
    let config = Config::read(&with(CURRENT), "saml.toml", PathBuf::new(), &set).unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("passphrase: Some(Passphrase)"), "{shown}");
    assert!(!shown.contains(SECRET));
}

#[test]
fn metadata_is_signed_and_limited_as_the_file_says() {
    let folder = folder();
    let text = |more: &str| format!("{}[metadata]\n{more}", with(CURRENT));
    let plain = folder.load(&text(""), &[]).unwrap().metadata();
    for absent in ["Signature", " ID=", "validUntil", "cacheDuration"] {
        assert!(!plain.contains(absent), "{plain}");
    }
    let all = text("sign = true\nvalid_days = 7\ncache_hours = 24\n");
    let metadata = folder.load(&all, &[]).unwrap().metadata();
    for present in ["<ds:Signature ", " ID=\"_", " validUntil=\"2", " cacheDuration=\"PT24H\""] {
        assert!(metadata.contains(present), "{metadata}");
    }
    let times = "the metadata must be valid for between a day and ten years";
    for (more, field, problem) in [
        ("valid_days = 0", "metadata", times),
        ("valid_days = 3661", "metadata", times),
        ("cache_hours = 0", "metadata", times),
        ("valid_days = 1\ncache_hours = 25", "metadata", times),
        ("cache_hours = 87841", "metadata", times),
        ("sign = \"yes\"", "metadata.sign", "invalid type"),
    ] {
        folder.assert_refused(&text(more), &[], (FILE, field, problem));
    }
    folder.load(&text("valid_days = 1\ncache_hours = 24"), &[]).unwrap();
    folder.load(&text("valid_days = 3660"), &[]).unwrap();
    let unsigned = format!("{START}{IDP}[metadata]\nsign = true\n");
    let problem = "the metadata is to be signed, and there is no signing key";
    folder.assert_refused(&unsigned, &[], (FILE, "metadata.sign", problem));
}

#[test]
fn keys_that_the_program_makes_can_be_used() {
    let folder = folder();
    let request = CertificateRequest {
        common_name: "rota",
        organisation: None,
        hosts: &[],
        not_before: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        not_after: DateTime::from_timestamp(4_000_000_000, 0).unwrap(),
    };
    let certificate = Certificate::self_signed_for(&KEY.0, &request, KeyUse::Encryption).unwrap();
    folder.write("cert.pem", &certificate.to_pem().unwrap());
    folder.load(&with(DECRYPTING), &[]).unwrap();
}
