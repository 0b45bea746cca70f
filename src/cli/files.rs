//! Files that only their owner may read, and the public ones beside them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::crypto::random_hex;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Its owner.
    Owner,
    /// Whoever the system lets.
    Everybody,
}

/// Writes a new file. What is there already stays, a link that leads elsewhere as well.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when there is something of this name.
pub(super) fn create(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let mut file = open_new(path, readers)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| drop(std::fs::remove_file(path)))
}

/// Puts a new file in place of whatever has this name. A link is replaced, not followed: somebody
/// could have put it there to have the secret elsewhere, or something else overwritten.
pub(super) fn replace(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let random = random_hex::<8>().map_err(io::Error::other)?;
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
    name.push(format!(".{random}"));
    let unfinished = path.with_file_name(name);
    create(&unfinished, text, readers)?;
    std::fs::rename(&unfinished, path).inspect_err(|_| drop(std::fs::remove_file(&unfinished)))
}

fn open_new(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    options.open(path)
}
