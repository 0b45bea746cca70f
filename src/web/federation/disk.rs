//! The last known good on disk: replaced as a whole, and watched for change.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

use crate::crypto::{random_hex, sha256};

/// A file that cannot be read or replaced.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DiskError {
    /// It cannot be read: it is missing, perhaps, or not ours to read.
    #[error("{}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::ErrorKind,
    },
    /// It is a folder, a pipe or a device.
    #[error("{}: it is no regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// It is too large.
    #[error("{}: it is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// It cannot be replaced, and is what it was.
    #[error("{}: it cannot be replaced: {step}: {cause}", path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// What failed.
        step: &'static str,
        /// Why.
        cause: io::ErrorKind,
    },
}

impl DiskError {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "disk_read",
            Self::NotAFile { .. } => "disk_not_a_file",
            Self::TooLarge { .. } => "disk_too_large",
            Self::Replace { .. } => "disk_replace",
        }
    }
}

/// In the names of files that are not whole yet, behind the name that they will have.
const UNFINISHED: &str = ".saml-unfinished";
/// A folder with more entries is not searched further for what an interrupted run left.
const MAX_ENTRIES: usize = 100_000;

/// Writes `bytes` to `path` so that whoever reads it, at any moment and after any crash, finds the
/// whole of the old or the whole of the new: they go to a file beside it, to the disk, and then
/// under its name. For what is public, as metadata is.
///
/// A symbolic link stays, and what it points to is replaced. An existing file's permissions, owner
/// and group stay; a new file is for everybody to read whom the system lets. Where the system does
/// not let us keep owner or group, the file is replaced only if those who could read it still can.
/// What an interrupted run left behind is removed.
///
/// # Errors
/// [`DiskError::Replace`]; the file is what it was. [`DiskError::NotAFile`] when there is something
/// else under that name.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let failed = |(step, error): Failure| DiskError::Replace {
        path: path.to_owned(),
        step,
        cause: error.kind(),
    };
    let target = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            fs::canonicalize(path).map_err(at("following the link")).map_err(failed)?
        }
        _ => path.to_owned(),
    };
    let old = match fs::metadata(&target) {
        Ok(metadata) if metadata.is_file() => Some(metadata),
        Ok(_) => return Err(DiskError::NotAFile { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(("looking at the old file", error))),
    };
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Some(name) = target.file_name().and_then(|name| name.to_str()) else {
        return Err(failed(("reading its name", io::ErrorKind::InvalidFilename.into())));
    };
    let prefix = format!(".{name}{UNFINISHED}-");
    remove_leftovers(folder, &prefix);
    let replace = || {
        let random = random_hex::<8>()
            .map_err(|_| ("choosing a name", io::Error::other("no randomness")))?;
        replace_by(&folder.join(prefix.clone() + &random), &target, bytes, old.as_ref())
    };
    let replaced = match replace() {
        // Before it could be locked, another process took it for a leftover.
        Err((RENAMING, error)) if error.kind() == io::ErrorKind::NotFound => replace(),
        other => other,
    };
    replaced.map_err(failed)?;
    // The new name has to reach the disk too. The file is whole either way.
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at("writing the folder to the disk"))
        .map_err(failed)?;
    Ok(())
}

/// The step that failed, and why.
type Failure = (&'static str, io::Error);

const RENAMING: &str = "renaming";

fn at(step: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| (step, error)
}

/// Writes the file `unfinished`, and renames it to `target`.
fn replace_by(
    unfinished: &Path,
    target: &Path,
    bytes: &[u8],
    old: Option<&Metadata>,
) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Until it has the permissions of the old one.
        options.mode(if old.is_some() { 0o600 } else { 0o644 });
    }
    let mut file = options.open(unfinished).map_err(at("creating a file beside it"))?;
    // Says that we live, to others who look for leftovers. Not every file system can.
    let _ = file.try_lock();
    let write = |file: &mut File| {
        file.write_all(bytes).map_err(at("writing"))?;
        if let Some(old) = old {
            file.set_permissions(old.permissions()).map_err(at("setting permissions"))?;
            #[cfg(unix)]
            keep_owner(file, old).map_err(at("keeping owner and group"))?;
        }
        file.sync_all().map_err(at("writing to the disk"))?;
        fs::rename(unfinished, target).map_err(at(RENAMING))
    };
    write(&mut file).inspect_err(|_| drop(fs::remove_file(unfinished)))
}

/// Gives a new file the owner and the group of the old one. Where that is not allowed, nobody may
/// lose what they could read: an administrator's command must not take the file from the service.
#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    let kept_group = match new.gid() == old.gid() {
        true => Ok(()),
        false => fchown(file, None, Some(old.gid())),
    };
    let kept_owner = match new.uid() == old.uid() {
        true => Ok(()),
        false => fchown(file, Some(old.uid()), None),
    };
    let (owner_counts, group_counts) = readers(old.mode(), old.uid());
    kept_group.or_else(|error| if group_counts { Err(error) } else { Ok(()) })?;
    kept_owner.or_else(|error| if owner_counts { Err(error) } else { Ok(()) })
}

/// Whether somebody reads a file of this mode and owner because they are its owner, and whether
/// somebody does because they are in its group.
#[cfg(unix)]
fn readers(mode: u32, owner: u32) -> (bool, bool) {
    let everybody = mode & 0o004 != 0;
    // Root reads everything.
    (!everybody && mode & 0o400 != 0 && owner != 0, !everybody && mode & 0o040 != 0)
}

/// Removes unfinished files that nobody is writing any more: the lock of a process ends with it.
fn remove_leftovers(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.take(MAX_ENTRIES).flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix));
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            let Ok(leftover) = File::open(&path) else { continue };
            if leftover.try_lock().is_ok() {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Reads a file when it has changed.
///
/// A link on the way to it may be turned to another file, as Kubernetes does with mounted
/// configuration: what counts is what stands under the name.
#[derive(Debug)]
pub struct FileWatch {
    path: PathBuf,
    limit: usize,
    last: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    sha256: [u8; 32],
    /// A file written again within one tick of the file system's clock keeps its stamp. So a stamp
    /// is believed only when the content behind it was read again at a later look.
    is_settled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device, number and the time of the last change to either name or content.
    inode: Option<[i64; 4]>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt as _;
            let number = |n: u64| i64::from_ne_bytes(n.to_ne_bytes());
            Some([
                number(metadata.dev()),
                number(metadata.ino()),
                metadata.ctime(),
                metadata.ctime_nsec(),
            ])
        };
        #[cfg(not(unix))]
        let inode = None;
        Self { length: metadata.len(), modified: metadata.modified().ok(), inode }
    }
}

impl FileWatch {
    /// Watches `path`, which may not exist yet. A file of more than `limit` bytes is refused.
    pub fn new(path: impl Into<PathBuf>, limit: usize) -> Self {
        Self { path: path.into(), limit, last: None }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file if its content is another than at the last reading, or if there was none.
    /// Made to be called every few seconds: as a rule it looks at the file's metadata alone.
    ///
    /// # Errors
    /// A [`DiskError`]. What was read last stays remembered.
    pub fn read_changed(&mut self) -> Result<Option<Vec<u8>>, DiskError> {
        let failed =
            |error: io::Error| DiskError::Read { path: self.path.clone(), cause: error.kind() };
        // Before it is opened: opening a pipe would wait for somebody who writes.
        let metadata = fs::metadata(&self.path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(DiskError::NotAFile { path: self.path.clone() });
        }
        let is_known = |seen: &Seen| seen.is_settled && seen.stamp == Stamp::of(&metadata);
        if self.last.as_ref().is_some_and(is_known) {
            return Ok(None);
        }
        let too_large = || DiskError::TooLarge { path: self.path.clone(), limit: self.limit };
        let limit = u64::try_from(self.limit).unwrap_or(u64::MAX);
        let file = File::open(&self.path).map_err(failed)?;
        // Of the file that was opened, and from before it is read: a change in between shows.
        let stamp = Stamp::of(&file.metadata().map_err(failed)?);
        if stamp.length > limit {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > self.limit {
            return Err(too_large());
        }
        let sha256 = sha256(&bytes);
        let is_same = self.last.as_ref().is_some_and(|seen| seen.sha256 == sha256);
        let is_settled = is_same && self.last.as_ref().is_some_and(|seen| seen.stamp == stamp);
        self.last = Some(Seen { stamp, sha256, is_settled });
        Ok((!is_same).then_some(bytes))
    }

    /// Remembers `bytes` as read: we have just written them.
    pub fn remember(&mut self, bytes: &[u8]) {
        // Length and times are not known, so the next look reads, and finds nothing new.
        let stamp = Stamp { length: 0, modified: None, inode: None };
        self.last = Some(Seen { stamp, sha256: sha256(bytes), is_settled: false });
    }

    /// Forgets what was read, so that the next look reads again.
    pub fn forget(&mut self) {
        self.last = None;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::readers;

    #[test]
    fn who_reads_by_being_owner_or_in_the_group() {
        for (mode, owner, expected) in [
            (0o100_600, 1000, (true, false)),
            (0o100_640, 1000, (true, true)),
            (0o100_640, 0, (false, true)),
            (0o100_600, 0, (false, false)),
            (0o100_644, 1000, (false, false)),
            (0o100_604, 1000, (false, false)),
            (0o100_040, 1000, (false, true)),
            (0o100_200, 1000, (false, false)),
        ] {
            assert_eq!(readers(mode, owner), expected, "{mode:o} {owner}");
        }
    }
}
