//! What is read from files and from standard input. Nothing is read beyond its limit.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Problem;
use super::options::Judging;
use crate::crypto::{Certificate, CryptoError, Passphrase, PrivateKey};
use crate::saml::metadata::IdpMetadata;
use crate::web::config::PASSPHRASE;
use crate::web::config::private_file::read_private;
use crate::xml::Limits;
use crate::xmlenc::DecryptionKey;

/// Base64 of the largest message, and some line ends.
pub(super) const MAX_FILE: usize = 4 * 1024 * 1024;
/// The largest certificate, with room for what people write around it.
const MAX_CERTIFICATE: usize = 64 * 1024;
/// Certificate authorities in one file: a machine's has some 200 kB.
const MAX_BUNDLE: usize = 1024 * 1024;

pub(super) fn read_metadata(
    paths: &[PathBuf],
    now: DateTime<Utc>,
) -> Result<Vec<IdpMetadata>, Problem> {
    let mut idps: Vec<IdpMetadata> = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read(path, Limits::METADATA.bytes)?;
        let idp = IdpMetadata::read(&bytes, now).map_err(|error| in_file(path, &error))?;
        // Which of the two has the keys that count would be a guess.
        if idps.iter().any(|other| other.entity_id() == idp.entity_id()) {
            let problem = format!("the identity provider {:?} is there twice", idp.entity_id());
            return Err(in_file(path, &problem));
        }
        idps.push(idp);
    }
    Ok(idps)
}

/// The keys that decrypt assertions.
pub(super) fn read_decryption_keys(judging: &Judging) -> Result<Vec<DecryptionKey>, Problem> {
    if judging.sp_key.is_empty() {
        return Ok(Vec::new());
    }
    let passphrase = match &judging.passphrase_file {
        Some(path) => Some(read_passphrase_file(path)?),
        None => read_passphrase_variable()?,
    };
    let read_key = |path: &PathBuf| {
        let pem = read_private(path).map_err(|error| in_file(path, &error))?;
        let key = match &passphrase {
            Some(passphrase) if PrivateKey::is_encrypted_pem(&pem) => {
                PrivateKey::from_encrypted_pem(&pem, passphrase)
            }
            _ => PrivateKey::from_pem(&pem),
        };
        let key = key.map_err(|error| match error {
            CryptoError::PassphraseMissing => {
                let problem = format!("{error}; give --passphrase-file, or set {PASSPHRASE}");
                in_file(path, &problem)
            }
            error => in_file(path, &error),
        })?;
        DecryptionKey::new(key)
            .map_err(|_| in_file(path, &"assertions are encrypted to RSA keys, and this is none"))
    };
    judging.sp_key.iter().map(read_key).collect()
}

fn read_passphrase_variable() -> Result<Option<Passphrase>, Problem> {
    let Some(text) = std::env::var_os(PASSPHRASE) else { return Ok(None) };
    let text = text.to_str().ok_or_else(|| format!("{PASSPHRASE} is not set to a text"))?;
    let passphrase = Passphrase::new(text.as_bytes());
    Ok(Some(passphrase.map_err(|error| format!("{PASSPHRASE}: {error}"))?))
}

/// The passphrase in a file that nobody else may read.
pub(super) fn read_passphrase_file(path: &Path) -> Result<Passphrase, Problem> {
    let contents = read_private(path).map_err(|error| in_file(path, &error))?;
    Passphrase::from_file(&contents).map_err(|error| in_file(path, &error))
}

/// Certificates in PEM or DER form, one in each file.
pub(super) fn read_certificates(paths: &[PathBuf]) -> Result<Vec<Certificate>, Problem> {
    let read_certificate = |path: &PathBuf| {
        let bytes = read(path, MAX_CERTIFICATE)?;
        let is_pem = bytes.windows(10).any(|w| w == b"-----BEGIN");
        let certificate = match is_pem {
            true => Certificate::from_pem(&bytes),
            false => Certificate::from_der(&bytes),
        };
        certificate.map_err(|error| in_file(path, &error))
    };
    paths.iter().map(read_certificate).collect()
}

/// Certificate authorities in PEM form, one or more in each file.
pub(super) fn read_authorities(paths: &[PathBuf]) -> Result<Vec<Certificate>, Problem> {
    let mut all = Vec::new();
    for path in paths {
        let bytes = read(path, MAX_BUNDLE)?;
        let some = Certificate::all_from_pem(&bytes).map_err(|error| in_file(path, &error))?;
        all.extend(some);
    }
    Ok(all)
}

pub(super) fn read_message(path: &Path) -> Result<Vec<u8>, Problem> {
    read_whole(path, MAX_FILE)
}

/// A file, or standard input for `-`. It ends one byte behind `limit`, so that whoever reads on
/// sees that it is too long.
pub(super) fn read_whole(path: &Path, limit: usize) -> Result<Vec<u8>, Problem> {
    if path == Path::new("-") {
        return Ok(read_up_to(std::io::stdin().lock(), limit)
            .map_err(|error| format!("standard input: {error}"))?);
    }
    read(path, limit)
}

/// A file, which ends one byte behind `limit`.
pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Problem> {
    let file = std::fs::File::open(path);
    file.and_then(|file| read_up_to(file, limit)).map_err(|error| in_file(path, &error))
}

/// Reads one byte more than `limit` at most: enough to refuse it.
fn read_up_to(source: impl std::io::Read, limit: usize) -> std::io::Result<Vec<u8>> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    source.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn in_file(path: &Path, problem: &dyn std::fmt::Display) -> Problem {
    format!("{}: {problem}", path.display()).into()
}

/// XML begins with `<`, behind white space or a byte order mark; base64 never does.
pub(super) fn looks_like_xml(message: &[u8]) -> bool {
    let message = message.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(message);
    message.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<')
}
