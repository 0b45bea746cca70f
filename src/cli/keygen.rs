//! `actix-saml keygen`: keys of our own, with their certificates.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};

use super::files::{FileError, NewFile, Readers, create_all, is_same, replace_all};
use super::sources::read_passphrase_file;
use super::{Problem, print};
use crate::crypto::{
    Certificate, CertificateRequest, KeyKind, KeyShape, KeyUse, Passphrase, PrivateKey,
    random_bytes,
};
use crate::saml::format_instant;
use crate::web::{Clock as _, SystemClock};
use crate::xml::encode_base64;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What the key is for; `both` makes two keys.
    #[arg(long, value_enum, default_value = "signing")]
    purpose: Purpose,
    /// The folder for the files, whose names say purpose and day.
    #[arg(long, value_name = "DIR", default_value = "keys")]
    out: PathBuf,
    /// The file for the key, in place of `--out`.
    #[arg(long, value_name = "FILE", requires = "cert", conflicts_with = "out")]
    key: Option<PathBuf>,
    /// The file for the certificate, in place of `--out`.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "out")]
    cert: Option<PathBuf>,
    /// The common name in the certificate: the application's host, for instance.
    #[arg(long, value_name = "CN", default_value = "SAML service provider", value_parser = parse_name)]
    name: String,
    /// What sort of key.
    #[arg(long = "type", value_enum, default_value = "rsa3072")]
    shape: Shape,
    /// For how many days the certificate is valid.
    #[arg(long, value_name = "DAYS", default_value = "1095", value_parser = clap::value_parser!(u16).range(1..=3660))]
    days: u16,
    /// Put the key under the passphrase in this file.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_env")]
    passphrase_file: Option<PathBuf>,
    /// Put the key under the passphrase in this variable of the environment.
    #[arg(long, value_name = "NAME")]
    passphrase_env: Option<String>,
    /// Replace files that are there already.
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Purpose {
    Signing,
    Encryption,
    Both,
    /// What seals cookies. It has no certificate.
    Cookies,
}

impl Purpose {
    fn uses(self) -> &'static [KeyUse] {
        match self {
            Self::Signing => &[KeyUse::Signing],
            Self::Encryption => &[KeyUse::Encryption],
            Self::Both => &[KeyUse::Signing, KeyUse::Encryption],
            Self::Cookies => &[],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
}

impl From<Shape> for KeyShape {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Rsa2048 => Self::Rsa2048,
            Shape::Rsa3072 => Self::Rsa3072,
            Shape::Rsa4096 => Self::Rsa4096,
            Shape::P256 => Self::P256,
        }
    }
}

/// A shorter passphrase is guessed however slowly it is tried.
const MIN_PASSPHRASE: usize = 12;
/// Clocks differ, and the certificate is to count at once everywhere.
const HEAD_START: TimeDelta = TimeDelta::hours(1);
/// So long identity providers may take to notice the next key, if nobody knows better.
const OVERLAP: TimeDelta = TimeDelta::days(14);

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    make(arguments, SystemClock.now())?;
    Ok(ExitCode::SUCCESS)
}

/// A key that signs, in `folder`, in the place of the one of the last time: for a trial.
pub(super) fn replace_signing(
    folder: &Path,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(PathBuf, PathBuf), Problem> {
    let (key, cert) = (folder.join("sp-signing-key.pem"), folder.join("sp-signing-cert.pem"));
    let arguments = Arguments {
        purpose: Purpose::Signing,
        out: folder.to_owned(),
        key: Some(key.clone()),
        cert: Some(cert.clone()),
        name: name.to_owned(),
        shape: Shape::Rsa2048,
        days: 30,
        passphrase_file: None,
        passphrase_env: None,
        force: true,
    };
    write(&[MadeKey::new(&arguments, KeyUse::Signing, now)?], None, true)?;
    Ok((key, cert))
}

fn make(arguments: &Arguments, now: DateTime<Utc>) -> Result<(), Problem> {
    if arguments.purpose == Purpose::Cookies {
        return make_cookie_key(arguments, now);
    }
    let uses = arguments.purpose.uses();
    if arguments.shape == Shape::P256 && uses.contains(&KeyUse::Encryption) {
        return Err("nothing can be encrypted to an elliptic curve key here; use RSA".into());
    }
    if arguments.key.is_some() && uses.len() > 1 {
        return Err("--purpose both makes two keys: use --out".into());
    }
    if let (Some(key), Some(cert)) = (&arguments.key, &arguments.cert)
        && is_same(key, cert)
    {
        return Err("--key and --cert are the same file".into());
    }
    let passphrase = read_passphrase(arguments)?;
    let mut made = Vec::with_capacity(uses.len());
    for key_use in uses {
        made.push(MadeKey::new(arguments, *key_use, now)?);
    }
    if !arguments.force {
        // Before anything is written, so that nothing half done is left behind.
        for path in made.iter().flat_map(|made| [&made.key_path, &made.cert_path]) {
            if path.symlink_metadata().is_ok() {
                return Err(there_already(path));
            }
        }
    }
    if arguments.key.is_none() {
        create_folder(&arguments.out)
            .map_err(|error| format!("{}: {error}", arguments.out.display()))?;
    }
    write(&made, passphrase.as_ref(), arguments.force)?;
    for made in &made {
        print(&made.describe(passphrase.is_some(), now));
    }
    print(&advice(arguments, passphrase.is_some(), &made));
    Ok(())
}

/// Half of it encrypts.
const COOKIE_KEY: usize = 64;

fn make_cookie_key(arguments: &Arguments, now: DateTime<Utc>) -> Result<(), Problem> {
    if arguments.key.is_some() {
        return Err("a key for cookies has no certificate: use --out".into());
    }
    if read_passphrase(arguments)?.is_some() {
        return Err("a key for cookies cannot be under a passphrase".into());
    }
    create_folder(&arguments.out)
        .map_err(|error| format!("{}: {error}", arguments.out.display()))?;
    let path = arguments.out.join(format!("cookies-{}.key", now.format("%Y-%m-%d")));
    let text = format!("{}\n", encode_base64(&random_bytes::<COOKIE_KEY>()?));
    let file = NewFile { path: &path, text: &text, readers: Readers::Owner };
    let write = if arguments.force { replace_all } else { create_all };
    write(&[file]).map_err(|failure: FileError| match failure.error.kind() {
        io::ErrorKind::AlreadyExists => there_already(&failure.path),
        _ => failure.into(),
    })?;
    let key = quoted(&path);
    print(&format!(
        "A key for cookies\n  key          {} (only for its owner to read)\n\n\
         Give it to every machine. In saml.toml, if it is the first one:\n\n\
         [keys]\ncookie_keys = [{key}]\n\n\
         If another one is in use, first add the new one behind it on every machine, then put it in \
         front on every machine, and take the old one out a day later:\n\n\
         [keys]\ncookie_keys = [\"the key in use\", {key}]\n\n\
         Paths in saml.toml are relative to it. See docs/stores.md.",
        path.display()
    ));
    Ok(())
}

struct MadeKey {
    key_use: KeyUse,
    key: PrivateKey,
    certificate: Certificate,
    key_path: PathBuf,
    cert_path: PathBuf,
}

impl MadeKey {
    fn new(arguments: &Arguments, key_use: KeyUse, now: DateTime<Utc>) -> Result<Self, Problem> {
        let key = PrivateKey::generate(arguments.shape.into())?;
        let not_after = now.checked_add_signed(TimeDelta::days(arguments.days.into()));
        let request = CertificateRequest {
            common_name: &arguments.name,
            organisation: None,
            hosts: &[],
            not_before: now.checked_sub_signed(HEAD_START).ok_or("the clock is wrong")?,
            not_after: not_after.ok_or("the clock is wrong")?,
        };
        let certificate = Certificate::self_signed_for(&key, &request, key_use)?;
        let file = |part: &str| {
            let (purpose, day) = (word(key_use), now.format("%Y-%m-%d"));
            arguments.out.join(format!("{purpose}-{day}-{part}.pem"))
        };
        Ok(Self {
            key_use,
            key,
            certificate,
            key_path: arguments.key.clone().unwrap_or_else(|| file("key")),
            cert_path: arguments.cert.clone().unwrap_or_else(|| file("cert")),
        })
    }

    fn describe(&self, is_under_passphrase: bool, now: DateTime<Utc>) -> String {
        let kind = match self.key.kind() {
            KeyKind::Rsa(bits) => format!("RSA of {bits} bits"),
            kind => format!("{kind:?}"),
        };
        let protection = match is_under_passphrase {
            true => "under the passphrase, and only for its owner to read",
            false => "only for its owner to read",
        };
        let time = |time: Option<DateTime<Utc>>| time.map(format_instant).unwrap_or_default();
        let (key, cert) = (self.key_path.display(), self.cert_path.display());
        let (from, to) = (self.certificate.not_before(), self.certificate.not_after());
        format!(
            "A key for {}: {kind}\n  key          {key} ({protection})\n  certificate  {cert}\n  \
             fingerprint  {} (SHA-256)\n  valid        {} to {}\n\n{}",
            word(self.key_use),
            self.certificate.fingerprint(),
            time(from),
            time(to),
            self.settings(now),
        )
    }

    /// What to write into the configuration.
    fn settings(&self, now: DateTime<Utc>) -> String {
        let (key, cert) = (quoted(&self.key_path), quoted(&self.cert_path));
        let from = now.checked_add_signed(OVERLAP).unwrap_or(now).format("%Y-%m-%d");
        let (first, next) = match self.key_use {
            KeyUse::Signing => (
                format!("signing_key = {key}\nsigning_cert = {cert}"),
                format!(
                    "next_signing_key = {key}\nnext_signing_cert = {cert}\n\
                     next_signing_from = \"{from}\""
                ),
            ),
            KeyUse::Encryption => (
                format!("decryption_keys = [{key}]\nencryption_cert = {cert}"),
                format!(
                    "decryption_keys = [\"the key in use\", {key}]\nnext_encryption_cert = {cert}\n\
                     next_encryption_from = \"{from}\""
                ),
            ),
        };
        format!(
            "In saml.toml, if it is the first one:\n\n[keys]\n{first}\n\n\
             If another one is in use, leave that where it is, and add:\n\n[keys]\n{next}\n"
        )
    }
}

/// All of the files, or none.
fn write(made: &[MadeKey], passphrase: Option<&Passphrase>, force: bool) -> Result<(), Problem> {
    let mut texts = Vec::with_capacity(made.len());
    for made in made {
        let key = match passphrase {
            Some(passphrase) => made.key.to_encrypted_pem(passphrase)?,
            None => made.key.to_pem()?,
        };
        texts.push((key, made.certificate.to_pem()?));
    }
    let files = made.iter().zip(&texts).flat_map(|(made, (key, certificate))| {
        [
            NewFile { path: &made.key_path, text: key, readers: Readers::Owner },
            NewFile { path: &made.cert_path, text: certificate, readers: Readers::Everybody },
        ]
    });
    let files: Vec<_> = files.collect();
    let write = if force { replace_all } else { create_all };
    write(&files).map_err(|failure: FileError| match failure.error.kind() {
        io::ErrorKind::AlreadyExists => there_already(&failure.path),
        _ => failure.into(),
    })
}

fn advice(arguments: &Arguments, is_under_passphrase: bool, made: &[MadeKey]) -> String {
    let mut lines = vec!["Paths in saml.toml are relative to it.".to_owned()];
    if is_under_passphrase {
        lines.push(
            "The passphrase goes into a file that keys.passphrase_file names, or into the variable \
             SAML_KEYS_PASSPHRASE."
                .to_owned(),
        );
    }
    if arguments.shape == Shape::P256 {
        lines.push(
            "AD FS and Entra take RSA signatures only: ask the identity provider before using this \
             key."
                .to_owned(),
        );
    }
    if let Some(folder) = made.first().and_then(|made| work_tree(&made.key_path)) {
        let folder = folder.display();
        lines.push(format!("{folder} is under version control: the key must not come into it."));
    }
    lines.push(
        "Then: actix-saml metadata sp --config saml.toml shows the metadata to register. See \
         docs/keys.md."
            .to_owned(),
    );
    lines.join("\n")
}

fn word(key_use: KeyUse) -> &'static str {
    match key_use {
        KeyUse::Signing => "signing",
        KeyUse::Encryption => "encryption",
    }
}

fn read_passphrase(arguments: &Arguments) -> Result<Option<Passphrase>, Problem> {
    let passphrase = match (&arguments.passphrase_file, &arguments.passphrase_env) {
        (Some(path), _) => read_passphrase_file(path)?,
        (None, Some(name)) => {
            let value = std::env::var(name);
            Passphrase::new(value.map_err(|_| format!("{name} is not set to a text"))?.as_bytes())?
        }
        (None, None) => return Ok(None),
    };
    if passphrase.len() < MIN_PASSPHRASE {
        return Err(format!("a passphrase of less than {MIN_PASSPHRASE} bytes is guessed").into());
    }
    Ok(Some(passphrase))
}

/// RFC 5280 appendix A.1: a common name has at most 64 characters.
fn parse_name(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=64 if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        1..=64 => Err("control characters".to_owned()),
        0 => Err("empty".to_owned()),
        _ => Err("more than 64 characters".to_owned()),
    }
}

fn there_already(path: &Path) -> Problem {
    format!("{} is there already; --force replaces it", path.display()).into()
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The folder under version control that holds `path`, if one does.
fn work_tree(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    path.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

/// As a basic string of TOML.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
