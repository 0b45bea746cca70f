//! Files that hold a secret: they are read only if nobody else can read them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// No key and no passphrase is longer.
const LIMIT: u64 = 1 << 20;

/// Why a file with a secret is not read.
#[derive(Debug)]
pub(crate) enum PrivateFileError {
    /// It cannot be read, or is too long.
    Read(std::io::Error),
    /// Others may read it: what is the matter, and the remedy.
    Exposed(String, String),
}

impl std::fmt::Display for PrivateFileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Exposed(problem, remedy) => write!(f, "{problem}; {remedy}"),
        }
    }
}

impl std::error::Error for PrivateFileError {}

/// Reads a file that nobody but us and the system's administrator may read. Links are followed,
/// as Kubernetes mounts secrets behind them; what is checked is the file that is read, even if
/// somebody puts another one in its place meanwhile.
///
/// # Errors
/// A [`PrivateFileError`].
pub(crate) fn read_private(path: &Path) -> Result<Vec<u8>, PrivateFileError> {
    let file = File::open(path).map_err(PrivateFileError::Read)?;
    let about = file.metadata().map_err(PrivateFileError::Read)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let shown = path.display().to_string();
        if let Some((problem, remedy)) = exposure(&shown, about.mode(), about.uid(), own_user()) {
            return Err(PrivateFileError::Exposed(problem, remedy));
        }
    }
    #[cfg(not(unix))]
    let _ = about;
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes).map_err(PrivateFileError::Read)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length < LIMIT) {
        Ok(bytes)
    } else {
        let problem = "longer than any key";
        Err(PrivateFileError::Read(std::io::Error::new(std::io::ErrorKind::FileTooLarge, problem)))
    }
}

/// Who else may read a file with this mode and owner, and what to do about it. `us` is not known
/// on every system.
#[cfg(unix)]
fn exposure(path: &str, mode: u32, owner: u32, us: Option<u32>) -> Option<(String, String)> {
    if mode & 0o077 != 0 {
        let problem = format!("others may read {path} (mode {:o})", mode & 0o777);
        return Some((problem, format!("chmod 600 {path}")));
    }
    let us = us?;
    if owner != 0 && owner != us {
        let problem = format!("{path} belongs to user {owner}, and this is user {us}");
        return Some((problem, format!("chown {us} {path}")));
    }
    None
}

/// The user as whom this process opens files, where Linux tells.
#[cfg(unix)]
fn own_user() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    effective_user(&status)
}

#[cfg(unix)]
fn effective_user(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_may_read_and_the_owner_is_us_or_root() {
        let problem = |mode, owner, us| exposure("k", mode, owner, us).map(|(problem, _)| problem);
        for (mode, owner, us) in [
            (0o100_600, 1000, Some(1000)),
            (0o100_400, 1000, Some(1000)),
            (0o100_400, 0, Some(1000)),
            (0o100_600, 0, Some(0)),
            (0o100_600, 1000, None),
        ] {
            assert_eq!(problem(mode, owner, us), None, "{mode:o} {owner} {us:?}");
        }
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o440, 0o777] {
            let expected = format!("others may read k (mode {mode:o})");
            assert_eq!(problem(0o100_000 | mode, 0, Some(0)), Some(expected.clone()));
            assert_eq!(problem(0o100_000 | mode, 1000, None), Some(expected));
        }
        let foreign = "k belongs to user 1000, and this is user 0".to_owned();
        assert_eq!(problem(0o100_600, 1000, Some(0)), Some(foreign));
    }

    #[test]
    fn the_user_counts_who_opens_files() {
        assert_eq!(effective_user("Name:\tx\nUid:\t1000\t33\t0\t33\nGid:\t1\t2\t3\t4\n"), Some(33));
        assert_eq!(effective_user("Name:\tx\n"), None);
        assert_eq!(effective_user("Uid:\tx\ty\n"), None);
    }

    #[test]
    fn a_link_leads_to_the_file_that_counts() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = std::env::temp_dir().join(format!("actix-saml-link-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let (file, link) = (folder.join("..data"), folder.join("key.pem"));
        std::fs::write(&file, "secret").unwrap();
        symlink(&file, &link).unwrap();
        let mode = |mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(0o600);
        let private = read_private(&link).map_err(|error| error.to_string());
        mode(0o640);
        let exposed = read_private(&link).map_err(|error| error.to_string());
        mode(0o600);
        std::fs::write(&file, vec![b'x'; 1 << 20]).unwrap();
        let long = read_private(&link).map_err(|error| error.to_string());
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(private, Ok(b"secret".to_vec()));
        let link = link.display();
        let expected = format!("others may read {link} (mode 640); chmod 600 {link}");
        assert_eq!(exposed, Err(expected));
        assert_eq!(long, Err("longer than any key".to_owned()));
    }
}
