//! `actix-saml keygen`, and what is made with it in use.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

use actix_saml::crypto::{Certificate, CryptoError, KeyKind, Passphrase, PrivateKey};
use actix_saml::web::{Clock as _, SystemClock};
use chrono::TimeDelta;

use crate::scene::Scene;

/// The files in a folder, by name.
fn files(scene: &Scene, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(scene.path(folder)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: PathBuf) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

fn key_of(scene: &Scene, name: &str) -> PrivateKey {
    PrivateKey::from_pem(&fs::read(scene.path(name)).unwrap()).unwrap()
}

fn certificate_of(scene: &Scene, name: &str) -> Certificate {
    Certificate::from_pem(&fs::read(scene.path(name)).unwrap()).unwrap()
}

/// A call that makes a small key in `k.pem` and `c.pem`.
macro_rules! small {
    ($scene:expr) => {
        $scene.call(&["keygen", "--type", "p256"]).and("--key", "k.pem").and("--cert", "c.pem")
    };
}

#[::core::prelude::v1::test]
fn without_options_there_is_one_key_for_signing() {
    let scene = Scene::new();
    let now = SystemClock.now();
    let outcome = scene.call(&["keygen"]).run(b"");
    assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
    let names = files(&scene, "keys");
    let [cert, key] = names.as_slice() else { panic!("{names:?}") };
    let day = now.format("%Y-%m-%d");
    assert_eq!(*cert, format!("signing-{day}-cert.pem"));
    assert_eq!(*key, format!("signing-{day}-key.pem"));
    let (cert_path, key_path) = (format!("keys/{cert}"), format!("keys/{key}"));
    assert_eq!(mode(scene.path("keys")), 0o700);
    assert_eq!(mode(scene.path(&key_path)), 0o600);

    let pem = fs::read_to_string(scene.path(&key_path)).unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let key = key_of(&scene, &key_path);
    assert_eq!(key.kind(), KeyKind::Rsa(3072));
    let certificate = certificate_of(&scene, &cert_path);
    assert!(certificate.belongs_to(&key));
    let (from, to) = (certificate.not_before().unwrap(), certificate.not_after().unwrap());
    assert_eq!(to - from, TimeDelta::days(1095) + TimeDelta::hours(1));
    assert!((now - from).abs() < TimeDelta::hours(1) + TimeDelta::minutes(5), "{from}");
    assert_eq!(certificate.common_name().as_deref(), Some("SAML service provider"));
    for expected in [
        "A key for signing: RSA of 3072 bits\n",
        &certificate.fingerprint(),
        &format!("[keys]\nsigning_key = \"{key_path}\"\nsigning_cert = \"{cert_path}\"\n"),
        &format!(
            "[keys]\nnext_signing_key = \"{key_path}\"\nnext_signing_cert = \"{cert_path}\"\n"
        ),
        "next_signing_from = \"",
        "metadata sp",
    ] {
        assert!(outcome.stdout.contains(expected), "{expected}: {}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("PRIVATE KEY"));
}

#[::core::prelude::v1::test]
fn every_option_counts() {
    let scene = Scene::new();
    let call = scene.call(&["keygen", "--purpose", "both", "--type", "rsa2048", "--out", "a/b"]);
    let outcome = call.and("--name", "rota.example.nhs.uk").and("--days", "10").run(b"");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let names = files(&scene, "a/b");
    assert_eq!(names.len(), 4, "{names:?}");
    for (pair, text) in names.chunks(2).zip(["Key Encipherment", "Digital Signature"]) {
        let (cert, key) = (format!("a/b/{}", pair[0]), format!("a/b/{}", pair[1]));
        let certificate = certificate_of(&scene, &cert);
        assert_eq!(key_of(&scene, &key).kind(), KeyKind::Rsa(2048));
        assert_eq!(certificate.common_name().as_deref(), Some("rota.example.nhs.uk"));
        let days = certificate.not_after().unwrap() - certificate.not_before().unwrap();
        assert_eq!(days, TimeDelta::days(10) + TimeDelta::hours(1));
        let x509 = openssl::x509::X509::from_der(certificate.as_der()).unwrap();
        let shown = String::from_utf8(x509.to_text().unwrap()).unwrap();
        assert!(shown.contains(text), "{shown}");
    }
    assert!(outcome.stdout.contains("decryption_keys = [\"a/b/encryption-"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("next_encryption_cert = "));
    let outcome = small!(scene).run(b"");
    assert_eq!(key_of(&scene, "k.pem").kind(), KeyKind::P256);
    assert!(outcome.stdout.contains("AD FS and Entra take RSA signatures only"));
}

#[::core::prelude::v1::test]
fn what_is_there_stays_unless_it_is_told_to_go() {
    let scene = Scene::new();
    for (taken, free) in [("k.pem", "c.pem"), ("c.pem", "k.pem")] {
        scene.file(taken, "mine");
        let outcome = small!(scene).run(b"");
        outcome.unusable(&format!("{taken} is there already; --force replaces it"));
        assert_eq!(fs::read(scene.path(taken)).unwrap(), b"mine");
        assert!(!scene.path(free).exists(), "nothing half done is left");
        fs::remove_file(scene.path(taken)).unwrap();
    }
    for (name, elsewhere) in [("k.pem", "one"), ("c.pem", "two")] {
        symlink(scene.file(elsewhere, "not yours"), scene.path(name)).unwrap();
    }
    small!(scene).run(b"").unusable("k.pem is there already");
    // A link goes, and what it leads to stays.
    let outcome = small!(scene).flag("--force").run(b"");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    for elsewhere in ["one", "two"] {
        assert_eq!(fs::read(scene.path(elsewhere)).unwrap(), b"not yours");
    }
    assert_eq!(mode(scene.path("k.pem")), 0o600);
    assert!(certificate_of(&scene, "c.pem").belongs_to(&key_of(&scene, "k.pem")));
    // So does a file that others may read: the new one is not put into it.
    fs::set_permissions(scene.path("k.pem"), Permissions::from_mode(0o666)).unwrap();
    assert_eq!(small!(scene).flag("--force").run(b"").status, 0);
    assert_eq!(mode(scene.path("k.pem")), 0o600);
    assert_eq!(files(&scene, "."), ["c.pem", "idp.xml", "k.pem", "one", "two"]);
}

#[::core::prelude::v1::test]
fn a_key_is_not_lost_when_its_certificate_has_no_place() {
    let scene = Scene::new();
    assert_eq!(small!(scene).run(b"").status, 0);
    let read = || ["k.pem", "c.pem"].map(|name| fs::read(scene.path(name)).unwrap());
    let before = read();
    fs::create_dir(scene.path("d")).unwrap();
    symlink("k.pem", scene.path("link.pem")).unwrap();
    symlink(".", scene.path("here")).unwrap();
    let forced = |key: &str, cert: &str| {
        let call = scene.call(&["keygen", "--type", "p256", "--force"]);
        call.and("--key", key).and("--cert", cert).run(b"")
    };
    for (cert, complaint) in [
        ("d", "d: it is no regular file"),
        ("no/c.pem", "no/c.pem: No such file"),
        ("k.pem", "--key and --cert are the same file"),
        ("./d/../k.pem", "--key and --cert are the same file"),
        ("here/k.pem", "--key and --cert are the same file"),
        ("link.pem", "--key and --cert are the same file"),
    ] {
        forced("k.pem", cert).unusable(complaint);
        assert_eq!(read(), before, "{cert}");
    }
    forced("d", "c.pem").unusable("d: it is no regular file");
    forced("new.pem", "here/new.pem").unusable("--key and --cert are the same file");
    assert_eq!(read(), before);
    assert_eq!(files(&scene, "."), ["c.pem", "d", "here", "idp.xml", "k.pem", "link.pem"]);
    assert_eq!(files(&scene, "d"), [""; 0]);
    // With places for both, both are new.
    assert_eq!(forced("k.pem", "c.pem").status, 0);
    let after = read();
    assert!(before.iter().zip(&after).all(|(old, new)| old != new));
    assert!(certificate_of(&scene, "c.pem").belongs_to(&key_of(&scene, "k.pem")));
    assert_eq!(files(&scene, "."), ["c.pem", "d", "here", "idp.xml", "k.pem", "link.pem"]);
}

#[::core::prelude::v1::test]
fn calls_that_make_no_sense() {
    let scene = Scene::new();
    for (arguments, complaint) in [
        (&["--type", "p256", "--purpose", "encryption"][..], "use RSA"),
        (&["--type", "p256", "--purpose", "both"], "use RSA"),
        (&["--purpose", "both", "--key", "k", "--cert", "c"], "use --out"),
        (&["--key", "k"], "--cert <FILE>"),
        (&["--cert", "c"], "--key <FILE>"),
        (&["--key", "k", "--cert", "c", "--out", "d"], "cannot be used with"),
        (&["--days", "0"], "not in 1..=3660"),
        (&["--days", "3661"], "not in 1..=3660"),
        (&["--name", ""], "invalid value '' for '--name <CN>': empty"),
        (&["--name", &"x".repeat(65)], "more than 64 characters"),
        (&["--name", "a\tb"], "control characters"),
        (&["--type", "rsa1024"], "invalid value 'rsa1024'"),
        (&["--passphrase-file", "a", "--passphrase-env", "B"], "cannot be used with"),
        (&["--out", "idp.xml"], "idp.xml: File exists"),
        (&["--key", "k", "--cert", "./k"], "--key and --cert are the same file"),
        (&["--key", "no/k", "--cert", "c", "--type", "p256"], "no/k: No such file"),
    ] {
        let outcome = scene.call(&["keygen"]).flags(arguments).run(b"");
        outcome.unusable(complaint);
    }
    assert_eq!(files(&scene, "."), ["idp.xml"]);
}

#[::core::prelude::v1::test]
fn a_key_can_be_under_a_passphrase() {
    let scene = Scene::new();
    let secret = "a passphrase of some length";
    let opens = |text: &str| {
        let pem = fs::read(scene.path("k.pem")).unwrap();
        let passphrase = Passphrase::new(text.as_bytes()).unwrap();
        let key = PrivateKey::from_encrypted_pem(&pem, &passphrase)?;
        assert!(certificate_of(&scene, "c.pem").belongs_to(&key));
        Ok::<_, CryptoError>(())
    };
    let pass = scene.file("pass", format!("{secret}\n"));
    let from_file = || small!(scene).and("--passphrase-file", "pass").flag("--force");
    fs::set_permissions(&pass, Permissions::from_mode(0o644)).unwrap();
    from_file().run(b"").unusable("pass: others may read pass (mode 644); chmod 600 pass");
    fs::set_permissions(&pass, Permissions::from_mode(0o600)).unwrap();
    let outcome = from_file().run(b"");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("SAML_KEYS_PASSPHRASE"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains(secret));
    assert_eq!(opens(secret), Ok(()));
    assert_eq!(opens("another one"), Err(CryptoError::WrongPassphrase));
    assert_eq!(mode(scene.path("k.pem")), 0o600);

    let named = small!(scene).and("--passphrase-env", "ROTA_PASS").flag("--force");
    named.clone().run(b"").unusable("ROTA_PASS is not set to a text");
    let output = named.command().env("ROTA_PASS", "from the environment").output().unwrap();
    assert!(output.status.success());
    assert_eq!(opens("from the environment"), Ok(()));
    let output = named.command().env("ROTA_PASS", "elevenbytes").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("a passphrase of less than 12 bytes"), "{complaint}");
    assert!(!complaint.contains("elevenbytes"));
    let output = named.command().env("ROTA_PASS", "").output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("a passphrase has 1 to 1023 bytes"), "{complaint}");
}

#[::core::prelude::v1::test]
fn the_lines_that_are_printed_work() {
    let scene = Scene::new();
    let outcome = scene.call(&["keygen", "--purpose", "both"]).and("--type", "rsa2048").run(b"");
    let start = "base_url = \"https://rota.example.nhs.uk\"\nentity_id = \"urn:rota\"\ndev = true\n\
                 [[idp]]\nmetadata = \"idp.xml\"\n";
    // The first of the two proposals for each key.
    let proposals: Vec<&str> = outcome.stdout.split("[keys]\n").skip(1).step_by(2).collect();
    let lines: Vec<&str> = proposals
        .iter()
        .flat_map(|text| text.lines().take_while(|line| !line.is_empty()))
        .collect();
    assert_eq!(lines.len(), 4, "{}", outcome.stdout);
    scene.file("saml.toml", format!("{start}[keys]\n{}\n", lines.join("\n")));
    let outcome = scene.call(&["metadata", "sp", "--sign"]).run(b"");
    assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
    for expected in ["use=\"signing\"", "use=\"encryption\"", "<ds:SignatureValue>"] {
        assert!(outcome.stdout.contains(expected), "{}", outcome.stdout);
    }
}

#[::core::prelude::v1::test]
fn a_key_for_cookies_is_64_random_bytes_for_its_owner() {
    let scene = Scene::new();
    let day = SystemClock.now().format("%Y-%m-%d").to_string();
    let outcome = scene.call(&["keygen", "--purpose", "cookies"]).run(b"");
    assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
    let name = format!("cookies-{day}.key");
    assert_eq!(files(&scene, "keys"), [name.as_str()]);
    let path = scene.path(&format!("keys/{name}"));
    assert_eq!(mode(path.clone()), 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim_end().len(), 88, "64 bytes in base64");
    assert!(outcome.stdout.contains(&format!("cookie_keys = [\"keys/{name}\"]")), "{outcome:?}");
    let again = scene.call(&["keygen", "--purpose", "cookies"]).run(b"");
    assert_eq!(again.status, 2);
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "it is not replaced");
    let forced = scene.call(&["keygen", "--purpose", "cookies", "--force"]).run(b"");
    assert_eq!(forced.status, 0, "{forced:?}");
    assert_ne!(fs::read_to_string(&path).unwrap(), text);
}
