//! Files that only their owner may read, and the public ones beside them.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::crypto::random_hex;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Its owner.
    Owner,
    /// Whoever the system lets.
    Everybody,
}

/// A file that is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewFile<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) readers: Readers,
}

/// Which file cannot be written, and why.
#[derive(Debug)]
pub(super) struct FileError {
    pub(super) path: PathBuf,
    pub(super) error: io::Error,
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for FileError {}

fn failed(path: &Path) -> impl Fn(io::Error) -> FileError {
    move |error| FileError { path: path.to_owned(), error }
}

/// Writes new files: all of them, or none. What is there already stays, a link that leads elsewhere
/// as well.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when there is something of one of the names.
pub(super) fn create_all(files: &[NewFile<'_>]) -> Result<(), FileError> {
    for (index, file) in files.iter().enumerate() {
        if let Err(error) = create(file) {
            // They were not there before, so that nothing of anybody's goes with them.
            for made in files.iter().take(index) {
                let _ = fs::remove_file(made.path);
            }
            return Err(failed(file.path)(error));
        }
    }
    Ok(())
}

/// Puts new files in place of whatever regular files and links have these names: all of them, or
/// none. A link is replaced, not followed: somebody could have put it there to have the secret
/// elsewhere, or something else overwritten.
///
/// The old ones go when all of the new ones are in their places. A process that dies in between
/// leaves them beside those, under names that begin alike.
///
/// # Errors
/// The files are then what they were.
pub(super) fn replace_all(files: &[NewFile<'_>]) -> Result<(), FileError> {
    for file in files {
        let replaceable = match fs::symlink_metadata(file.path) {
            Ok(about) => about.is_file() || about.is_symlink(),
            Err(_) => true,
        };
        if !replaceable {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
            return Err(failed(file.path)(error));
        }
    }
    let mut staged = Vec::with_capacity(files.len());
    let placed = files
        .iter()
        .try_for_each(|file| Staged::new(file).map(|made| staged.push(made)))
        .and_then(|()| place(&mut staged));
    let is_kept = placed.is_ok();
    let lost: Vec<_> = staged.iter_mut().filter_map(|made| made.tidy(is_kept)).collect();
    placed.map_err(|FileError { path, error }| match lost.as_slice() {
        [] => FileError { path, error },
        lost => {
            let error = format!("{error}; what was there is kept as {lost:?}");
            FileError { path, error: io::Error::other(error) }
        }
    })
}

fn place(staged: &mut [Staged]) -> Result<(), FileError> {
    for made in &mut *staged {
        made.place()?;
    }
    // The new names have to reach the disk before the old files go. Not every system can.
    for made in staged {
        let _ = File::open(folder_of(&made.path)).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

/// A new file beside its place.
#[derive(Debug)]
struct Staged {
    path: PathBuf,
    unfinished: PathBuf,
    /// Where what it replaces is kept.
    aside: Option<PathBuf>,
    is_placed: bool,
}

impl Staged {
    fn new(file: &NewFile<'_>) -> Result<Self, FileError> {
        let unfinished = beside(file.path, "new").map_err(failed(file.path))?;
        create(&NewFile { path: &unfinished, ..*file }).map_err(failed(file.path))?;
        Ok(Self { path: file.path.to_owned(), unfinished, aside: None, is_placed: false })
    }

    fn place(&mut self) -> Result<(), FileError> {
        let failed = failed(&self.path);
        if self.path.symlink_metadata().is_ok() {
            let aside = beside(&self.path, "old").map_err(&failed)?;
            // A second name, so that the first is never without a file; where there are no second
            // names, another one.
            let kept =
                fs::hard_link(&self.path, &aside).or_else(|_| fs::rename(&self.path, &aside));
            kept.map_err(&failed)?;
            self.aside = Some(aside);
        }
        fs::rename(&self.unfinished, &self.path).map_err(&failed)?;
        self.is_placed = true;
        Ok(())
    }

    /// Leaves either the new file or the old one, if there was one, and nothing beside it. Tells
    /// where the old one is if it cannot go back: it may be the only key.
    fn tidy(&mut self, is_kept: bool) -> Option<PathBuf> {
        if !self.is_placed {
            let _ = fs::remove_file(&self.unfinished);
        }
        match &self.aside {
            Some(aside) if !is_kept && fs::rename(aside, &self.path).is_err() => {
                return Some(aside.clone());
            }
            // Nothing is renamed when both are names of one file.
            Some(aside) => drop(fs::remove_file(aside)),
            None if self.is_placed && !is_kept => drop(fs::remove_file(&self.path)),
            None => {}
        }
        None
    }
}

/// Whether two paths lead to one file, or would once it is there.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        path.canonicalize().or_else(|_| {
            let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
            Ok::<_, io::Error>(folder_of(path).canonicalize()?.join(name))
        })
    };
    match (place(one), place(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name that nothing has, in the same folder.
fn beside(path: &Path, role: &str) -> io::Result<PathBuf> {
    let random = random_hex::<8>().map_err(io::Error::other)?;
    let mut name: OsString = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
    name.push(format!(".{role}-{random}"));
    Ok(path.with_file_name(name))
}

fn create(new: &NewFile<'_>) -> io::Result<()> {
    let mut file = open_new(new.path, new.readers)?;
    let written = file.write_all(new.text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| drop(fs::remove_file(new.path)))
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// A folder that goes when the test has ended.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("actix-saml-files-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn files<'a>(key: &'a Path, cert: &'a Path) -> [NewFile<'a>; 2] {
        [
            NewFile { path: key, text: "new key", readers: Readers::Owner },
            NewFile { path: cert, text: "new cert", readers: Readers::Everybody },
        ]
    }

    #[test]
    fn both_are_replaced_or_neither() {
        let folder = Folder::new("both");
        let (key, cert) = (folder.0.join("k"), folder.0.join("c"));
        fs::write(&key, "old key").unwrap();
        fs::write(&cert, "old cert").unwrap();
        let stage = || files(&key, &cert).map(|file| Staged::new(&file).unwrap());
        let read = || [&key, &cert].map(|path| fs::read_to_string(path).unwrap());
        for (lost, victim) in [(0, &key), (1, &cert)] {
            let mut staged = stage();
            fs::remove_file(&staged[lost].unfinished).unwrap();
            let error = place(&mut staged).unwrap_err();
            assert_eq!((&error.path, error.error.kind()), (victim, io::ErrorKind::NotFound));
            assert!(staged.iter_mut().all(|made| made.tidy(false).is_none()));
            assert_eq!(read(), ["old key", "old cert"]);
            assert_eq!(folder.names(), ["c", "k"]);
        }
        replace_all(&files(&key, &cert)).unwrap();
        assert_eq!(read(), ["new key", "new cert"]);
        assert_eq!(folder.names(), ["c", "k"]);
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_failure_leaves_what_was_not_there_away_and_links_as_they_were() {
        let folder = Folder::new("links");
        let (key, cert) = (folder.0.join("k"), folder.0.join("c"));
        let mut staged = files(&key, &cert).map(|file| Staged::new(&file).unwrap());
        fs::remove_file(&staged[1].unfinished).unwrap();
        place(&mut staged).unwrap_err();
        assert!(staged.iter_mut().all(|made| made.tidy(false).is_none()));
        assert_eq!(folder.names(), [""; 0]);

        symlink("nowhere", &key).unwrap();
        let mut staged = files(&key, &cert).map(|file| Staged::new(&file).unwrap());
        fs::remove_file(&staged[1].unfinished).unwrap();
        place(&mut staged).unwrap_err();
        assert!(staged.iter_mut().all(|made| made.tidy(false).is_none()));
        assert_eq!(fs::read_link(&key).unwrap(), Path::new("nowhere"));
        assert_eq!(folder.names(), ["k"]);
    }

    #[test]
    fn an_old_key_that_cannot_go_back_is_kept() {
        let folder = Folder::new("kept");
        let (key, cert) = (folder.0.join("k"), folder.0.join("c"));
        fs::write(&key, "old key").unwrap();
        let mut staged = files(&key, &cert).map(|file| Staged::new(&file).unwrap());
        staged[0].place().unwrap();
        fs::remove_file(&key).unwrap();
        fs::create_dir(&key).unwrap();
        let kept: Vec<_> = staged.iter_mut().map(|made| made.tidy(false)).collect();
        let [Some(aside), None] = kept.as_slice() else { panic!("{kept:?}") };
        assert_eq!(fs::read(aside).unwrap(), b"old key");
        assert_eq!(folder.names().len(), 2);
    }

    #[test]
    fn new_files_are_all_written_or_none() {
        let folder = Folder::new("new");
        let (key, cert) = (folder.0.join("k"), folder.0.join("c"));
        fs::write(&cert, "mine").unwrap();
        let error = create_all(&files(&key, &cert)).unwrap_err();
        assert_eq!((&error.path, error.error.kind()), (&cert, io::ErrorKind::AlreadyExists));
        assert_eq!(folder.names(), ["c"]);
        assert_eq!(fs::read(&cert).unwrap(), b"mine");
        fs::remove_file(&cert).unwrap();
        create_all(&files(&key, &cert)).unwrap();
        assert_eq!(folder.names(), ["c", "k"]);
    }

    #[test]
    fn one_file_has_many_paths() {
        let folder = Folder::new("same");
        let path = |name: &str| folder.0.join(name);
        fs::create_dir(path("d")).unwrap();
        symlink("d", path("link")).unwrap();
        for (one, other, expected) in [
            ("x", "x", true),
            ("x", "./x", true),
            ("x", "d/../x", true),
            ("d/x", "link/x", true),
            ("no/x", "no/x", true),
            ("x", "y", false),
            ("d/x", "x", false),
            ("no/x", "x", false),
        ] {
            assert_eq!(is_same(&path(one), &path(other)), expected, "{one} {other}");
        }
        fs::write(path("x"), "").unwrap();
        symlink("x", path("y")).unwrap();
        symlink("elsewhere", path("z")).unwrap();
        assert!(is_same(&path("x"), &path("y")));
        assert!(!is_same(&path("x"), &path("z")));
    }
}
