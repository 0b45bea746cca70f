//! Replacing a file, and watching one.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use actix_saml::crypto::random_hex;
use actix_saml::web::federation::{DiskError, FileWatch, replace_file};

/// A folder of our own, gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("disk-{}", random_hex::<8>().unwrap());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn new_and_old_files() {
    let folder = Folder::new();
    let path = folder.path("idp.xml");
    replace_file(&path, b"one").unwrap();
    assert_eq!(read(&path), "one");
    replace_file(&path, b"two").unwrap();
    assert_eq!(read(&path), "two");
    assert_eq!(folder.names(), ["idp.xml"]);
}

#[cfg(unix)]
#[test]
fn permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let path = folder.path("idp.xml");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    replace_file(&path, b"one").unwrap();
    // Whatever the umask of those who try it is: the same as of any other new file.
    let usual = fs::metadata(folder.file("other", "")).unwrap().permissions().mode();
    assert_eq!(mode(), usual & 0o644);
    for kept in [0o644, 0o640, 0o444, 0o600] {
        fs::set_permissions(&path, fs::Permissions::from_mode(kept)).unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!(mode(), kept);
    }
}

/// An administrator's command does not take the file from the service.
#[cfg(unix)]
#[test]
fn owner_and_group() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let folder = Folder::new();
    let path = folder.file("idp.xml", "one");
    // Nobody but root can give files away.
    if chown(&path, Some(12_345), Some(54_321)).is_err() {
        return;
    }
    for mode in [0o600, 0o640, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        replace_file(&path, b"two").unwrap();
        let about = fs::metadata(&path).unwrap();
        assert_eq!((about.uid(), about.gid(), about.mode() & 0o777), (12_345, 54_321, mode));
    }
    let new = folder.path("new.xml");
    replace_file(&new, b"one").unwrap();
    let usual = fs::metadata(folder.file("other", "")).unwrap();
    let about = fs::metadata(&new).unwrap();
    assert_eq!((about.uid(), about.gid()), (usual.uid(), usual.gid()));
}

/// Others remove what nobody has locked; between making a file and locking it, it is that.
#[cfg(unix)]
#[test]
fn a_file_that_is_taken_for_a_leftover() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = Folder::new();
    let path = folder.file("idp.xml", "old");
    let is_over = AtomicBool::new(false);
    let remove = |times: usize| {
        let mut left = times;
        while left > 0 && !is_over.load(Ordering::Relaxed) {
            for name in folder.names() {
                if name.starts_with(".idp.xml.saml-unfinished-")
                    && fs::remove_file(folder.path(&name)).is_ok()
                {
                    left = left.saturating_sub(1);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..50 {
            let remover = scope.spawn(|| remove(1));
            assert_eq!(replace_file(&path, b"new"), Ok(()));
            is_over.store(true, Ordering::Relaxed);
            remover.join().unwrap();
            is_over.store(false, Ordering::Relaxed);
        }
        // Somebody who never leaves off is not waited for.
        fs::write(&path, "old").unwrap();
        let remover = scope.spawn(|| remove(usize::MAX));
        let lost =
            DiskError::Replace { path: path.clone(), step: "renaming", cause: ErrorKind::NotFound };
        let outcomes: Vec<_> = (0..50).map(|_| replace_file(&path, b"new")).collect();
        is_over.store(true, Ordering::Relaxed);
        remover.join().unwrap();
        assert!(
            outcomes
                .iter()
                .all(|outcome| matches!(outcome, Ok(())) || *outcome == Err(lost.clone())),
            "{outcomes:?}"
        );
        let is_new = outcomes.contains(&Ok(()));
        assert_eq!(read(&path), if is_new { "new" } else { "old" });
        assert_eq!(folder.names(), ["idp.xml"]);
    });
}

#[cfg(unix)]
#[test]
fn links_stay() {
    let folder = Folder::new();
    fs::create_dir(folder.path("below")).unwrap();
    let target = folder.file("below/real.xml", "one");
    let link = folder.path("idp.xml");
    std::os::unix::fs::symlink("below/real.xml", &link).unwrap();
    replace_file(&link, b"two").unwrap();
    assert_eq!(read(&target), "two");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(folder.names(), ["below", "idp.xml"]);
    let nowhere = folder.path("nowhere.xml");
    std::os::unix::fs::symlink("missing.xml", &nowhere).unwrap();
    let error = DiskError::Replace {
        path: nowhere.clone(),
        step: "following the link",
        cause: ErrorKind::NotFound,
    };
    assert_eq!(replace_file(&nowhere, b"two"), Err(error));
}

#[test]
fn what_was_left_behind() {
    let folder = Folder::new();
    let path = folder.file("idp.xml", "one");
    let dead = folder.file(".idp.xml.saml-unfinished-0123", "t");
    let alive = folder.file(".idp.xml.saml-unfinished-4567", "t");
    let others = folder.file(".other.xml.saml-unfinished-89ab", "t");
    // Somebody is writing it.
    let writing = File::options().write(true).open(&alive).unwrap();
    writing.lock().unwrap();
    replace_file(&path, b"two").unwrap();
    assert_eq!((dead.exists(), alive.exists(), others.exists()), (false, true, true));
    drop(writing);
    replace_file(&path, b"three").unwrap();
    assert_eq!((alive.exists(), others.exists()), (false, true));
    assert_eq!(read(&path), "three");
}

#[test]
fn what_cannot_be_replaced() {
    let folder = Folder::new();
    fs::create_dir(folder.path("idp.xml")).unwrap();
    let path = folder.path("idp.xml");
    assert_eq!(replace_file(&path, b"two"), Err(DiskError::NotAFile { path }));
    let path = folder.path("missing/idp.xml");
    let error = DiskError::Replace {
        path: path.clone(),
        step: "creating a file beside it",
        cause: ErrorKind::NotFound,
    };
    assert_eq!(error.code(), "disk_replace");
    assert_eq!(replace_file(&path, b"two"), Err(error));
    assert_eq!(folder.names(), ["idp.xml"]);
}

#[test]
fn watching() {
    let folder = Folder::new();
    let path = folder.path("idp.xml");
    let mut watch = FileWatch::new(&path, 10);
    let missing = Err(DiskError::Read { path: path.clone(), cause: ErrorKind::NotFound });
    assert_eq!(watch.read_changed(), missing);
    folder.file("idp.xml", "one");
    assert_eq!(watch.read_changed(), Ok(Some(b"one".to_vec())));
    for _ in 0..3 {
        assert_eq!(watch.read_changed(), Ok(None));
    }
    folder.file("idp.xml", "three");
    assert_eq!(watch.read_changed(), Ok(Some(b"three".to_vec())));
    // The same content, written again.
    folder.file("idp.xml", "three");
    assert_eq!(watch.read_changed(), Ok(None));
    // It vanishes, and comes back as it was.
    fs::remove_file(&path).unwrap();
    assert_eq!(watch.read_changed(), missing);
    folder.file("idp.xml", "three");
    assert_eq!(watch.read_changed(), Ok(None));
    watch.forget();
    assert_eq!(watch.read_changed(), Ok(Some(b"three".to_vec())));
    // What we have written ourselves is no news.
    replace_file(&path, b"four").unwrap();
    watch.remember(b"four");
    for _ in 0..3 {
        assert_eq!(watch.read_changed(), Ok(None));
    }
    replace_file(&path, b"five").unwrap();
    assert_eq!(watch.read_changed(), Ok(Some(b"five".to_vec())));
}

/// Written within one tick of the file system's clock, as many of these are, and as long as before.
#[test]
fn at_the_same_moment() {
    let folder = Folder::new();
    let mut watch = FileWatch::new(folder.path("idp.xml"), 10);
    for _ in 0..1_000 {
        for content in ["one", "two"] {
            folder.file("idp.xml", content);
            assert_eq!(watch.read_changed(), Ok(Some(content.as_bytes().to_vec())));
        }
    }
}

#[test]
fn too_large_or_no_file() {
    let folder = Folder::new();
    let path = folder.file("idp.xml", "0123456789");
    let mut watch = FileWatch::new(&path, 10);
    assert_eq!(watch.read_changed(), Ok(Some(b"0123456789".to_vec())));
    folder.file("idp.xml", "0123456789a");
    let too_large = DiskError::TooLarge { path: path.clone(), limit: 10 };
    assert_eq!(watch.read_changed(), Err(too_large));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(watch.read_changed(), Err(DiskError::NotAFile { path }));
    // A device has no length, and no end.
    let mut watch = FileWatch::new("/dev/zero", 10);
    let error = if cfg!(unix) {
        DiskError::NotAFile { path: "/dev/zero".into() }
    } else {
        DiskError::Read { path: "/dev/zero".into(), cause: ErrorKind::NotFound }
    };
    assert_eq!(watch.read_changed(), Err(error));
}

/// A mounted configuration: the file is a link through a link to a folder, and that one is swapped.
#[cfg(unix)]
#[test]
fn a_swapped_link() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    for (version, content) in [("..1", "one"), ("..2", "two")] {
        fs::create_dir(folder.path(version)).unwrap();
        folder.file(&format!("{version}/idp.xml"), content);
    }
    symlink("..1", folder.path("..data")).unwrap();
    symlink("..data/idp.xml", folder.path("idp.xml")).unwrap();
    let mut watch = FileWatch::new(folder.path("idp.xml"), 10);
    assert_eq!(watch.read_changed(), Ok(Some(b"one".to_vec())));
    for _ in 0..3 {
        assert_eq!(watch.read_changed(), Ok(None));
    }
    symlink("..2", folder.path("..new")).unwrap();
    fs::rename(folder.path("..new"), folder.path("..data")).unwrap();
    assert_eq!(watch.read_changed(), Ok(Some(b"two".to_vec())));
    assert_eq!(watch.read_changed(), Ok(None));
}
