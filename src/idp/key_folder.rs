//! Keys that outlive the process, so that a service provider need not be set up anew each time.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::keys::{KeyError, SigningKey, TestKeys, Validity};

const SIGNING: [&str; 2] = ["idp-signing-key.pem", "idp-signing-cert.pem"];
const ENCRYPTION: [&str; 2] = ["idp-encryption-key.pem", "idp-encryption-cert.pem"];

impl TestKeys {
    /// Reads the keys in `folder`, or makes new ones there that are valid for three years from
    /// `now`. Only the owner can read the files (where the system knows owners). Expired keys are
    /// read like others: trust does not depend on dates.
    ///
    /// # Errors
    /// [`KeyError::File`] when a file cannot be read or written, [`KeyError::Incomplete`] when some
    /// of the four files are there and some are not, and the errors of [`SigningKey::from_pem`].
    pub fn load_or_generate(
        folder: &Path,
        host: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, KeyError> {
        let files: Vec<&str> = SIGNING.into_iter().chain(ENCRYPTION).collect();
        let (there, missing): (Vec<&str>, Vec<&str>) =
            files.into_iter().partition(|name| folder.join(name).exists());
        match (there.as_slice(), missing.as_slice()) {
            (_, []) => Ok(Self::new(load(folder, SIGNING)?, load(folder, ENCRYPTION)?)),
            ([], _) => {
                let keys = Self::generate(host, Validity::three_years(now))?;
                create_folder(folder).map_err(|error| file_error(folder, error))?;
                save(folder, SIGNING, keys.current())?;
                save(folder, ENCRYPTION, keys.encryption())?;
                Ok(keys)
            }
            (_, [missing, ..]) => {
                Err(KeyError::Incomplete { path: folder.join(missing).display().to_string() })
            }
        }
    }
}

fn load(folder: &Path, [key, certificate]: [&str; 2]) -> Result<SigningKey, KeyError> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).map_err(|error| file_error(&path, error))
    };
    SigningKey::from_pem(&read(key)?, &read(certificate)?)
}

fn save(folder: &Path, names: [&str; 2], key: &SigningKey) -> Result<(), KeyError> {
    let texts = [key.private_key().to_pem()?, key.certificate().to_pem()?];
    for (name, text) in names.into_iter().zip(texts) {
        let path = folder.join(name);
        create_file(&path, text.as_bytes()).map_err(|error| file_error(&path, error))?;
    }
    Ok(())
}

fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Never overwrites, and never follows a link that somebody else has put there.
fn create_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

fn file_error(path: &Path, error: std::io::Error) -> KeyError {
    KeyError::File { path: path.display().to_string(), error }
}
