//! A process that is killed while it replaces a file leaves the whole of the old or of the new.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use actix_saml::crypto::random_hex;
use actix_saml::web::federation::replace_file;

/// Names the file, for the process that is going to be killed.
const FILE: &str = "REPLACE_UNTIL_KILLED";
const KILLS: u64 = 40;

/// Two documents of different lengths, whose every part tells which it is.
fn documents() -> [Vec<u8>; 2] {
    [b"<old/>\n".repeat(100_000), b"<renewed/>\n".repeat(120_000)]
}

/// What runs in the other process. Alone it is no test.
#[test]
fn replaces_until_killed() {
    let Ok(path) = std::env::var(FILE) else { return };
    for document in documents().iter().cycle() {
        replace_file(Path::new(&path), document).unwrap();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().into_string().unwrap()
    };
    std::fs::read_dir(folder).unwrap().map(name).collect()
}

#[test]
fn md_net_killed_at_any_moment() {
    let folder: PathBuf =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kill-{}", random_hex::<8>().unwrap()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("idp.xml");
    let documents = documents();
    replace_file(&path, &documents[0]).unwrap();
    let mut random: u64 = 0x5eed;
    let mut interrupted = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::replaces_until_killed"])
            .env(FILE, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Knuth's generator: the same moments, as far as two processes have the same ones.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut reads_left = 1 + (random >> 33) % 12;
        let at_first = std::fs::read(&path).unwrap();
        let mut has_begun = false;
        while reads_left > 0 {
            // A reader, too, finds one of them whole.
            let found = std::fs::read(&path).unwrap();
            assert!(documents.contains(&found), "{} bytes before kill {kill}", found.len());
            has_begun |= found != at_first;
            reads_left -= u64::from(has_begun);
            assert!(child.try_wait().unwrap().is_none(), "the process ended by itself");
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        let found = std::fs::read(&path).unwrap();
        assert!(documents.contains(&found), "{} bytes after kill {kill}", found.len());
        let names = names(&folder);
        // What the one before left behind was removed.
        assert!(names.len() <= 2, "{names:?}");
        interrupted += names.len() - 1;
    }
    assert!(interrupted > 0, "no kill came while a file was being written");
    replace_file(&path, &documents[1]).unwrap();
    assert_eq!(names(&folder), ["idp.xml"]);
    assert!(std::fs::read(&path).unwrap() == documents[1]);
    std::fs::remove_dir_all(&folder).unwrap();
}
