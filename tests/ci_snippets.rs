//! The scripts of docs/testing.md, run as they stand there.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const GUIDE: &str = include_str!("../docs/testing.md");

/// The blocks of code in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let blocks = GUIDE.split(start.as_str()).skip(1);
    blocks.map(|rest| rest.split_once("```").unwrap().0).collect()
}

/// A folder with both scripts and the program, as a project has them.
struct Project {
    folder: PathBuf,
    idp: u16,
    app: u16,
}

impl Project {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ci-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_actix-saml"), folder.join("bin/actix-saml")).unwrap();
        for script in blocks("sh") {
            let Some(comment) = script.strip_prefix("#!/bin/sh\n# ") else { continue };
            let file = folder.join(comment.split(' ').next().unwrap());
            std::fs::write(&file, script).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
        }
        // Both at once, so that they are two.
        let ports = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [idp, app] = ports.map(|listener| listener.local_addr().unwrap().port());
        let project = Self { folder, idp, app };
        let settings = blocks("toml").into_iter().find(|block| block.contains("[[idp]]")).unwrap();
        project.write("saml.toml", &project.at_free_ports(settings));
        project
    }

    fn at_free_ports(&self, text: &str) -> String {
        text.replace("8081", &self.idp.to_string()).replace("8080", &self.app.to_string())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    fn run(&self, start_page: &str, arguments: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new(self.folder.join("with-idp"))
            .args(arguments)
            .current_dir(&self.folder)
            .env("PATH", format!("{}:{path}", self.folder.join("bin").display()))
            .env("IDP", format!("127.0.0.1:{}", self.idp))
            .env("SP_METADATA", format!("http://localhost:{}/saml/metadata", self.app))
            .env("START_PAGE", format!("http://localhost:{}{start_page}", self.app))
            .output()
            .unwrap()
    }

    fn rehearse(&self, start_page: &str) -> Output {
        let listen = format!("127.0.0.1:{}", self.app);
        let serve = ["actix-saml", "serve", "--config", "saml.toml", "--listen", &listen];
        self.run(start_page, &[&["./rehearse-app"], &serve[..]].concat())
    }

    fn assert_nobody_listens(&self) {
        for port in [self.idp, self.app] {
            assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{port} is left over");
        }
    }
}

#[test]
fn a_command_beside_the_identity_provider_gives_its_exit_status() {
    let project = Project::new("status");
    assert_eq!(project.run("/", &["sh", "-c", "exit 7"]).status.code(), Some(7));
    let metadata = project.folder.join("idp-data/idp-metadata.xml");
    let found = project.run("/", &["test", "-s", metadata.to_str().unwrap()]);
    assert_eq!(found.status.code(), Some(0));
    project.assert_nobody_listens();
}

#[test]
fn an_application_is_rehearsed_by_the_scripts_of_the_guide() {
    let project = Project::new("rehearsal");
    let output = project.rehearse("/rota");
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}");
    let junit = std::fs::read_to_string(project.folder.join("rehearsal.xml")).unwrap();
    assert!(junit.contains("<testsuite ") && !junit.contains("<failure"), "{junit}");
    let report = std::fs::read_to_string(project.folder.join("rehearsal.html")).unwrap();
    assert!(report.contains("What to send NHSmail"));
    project.assert_nobody_listens();

    // A page that is open to everybody leads to no identity provider: nothing can be rehearsed.
    assert_eq!(project.rehearse("/").status.code(), Some(2));
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Read by Python's YAML where there is one; without it only what the files name is looked at.
#[test]
fn the_files_for_ci_are_yaml_and_name_the_scripts() {
    let files: Vec<&str> =
        blocks("yaml").into_iter().filter(|file| file.contains("with-idp")).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        for name in ["./with-idp ./rehearse-app ", "rehearsal.xml", "rehearsal.html"] {
            assert!(file.contains(name), "{name} in {file}");
        }
        for name in ["SP_METADATA", "START_PAGE", "--version 0.1.0", "--locked"] {
            assert!(file.contains(name), "{name} in {file}");
        }
        assert!(file.contains(env!("CARGO_PKG_VERSION")));
    }
    let python = Command::new("python3").args(["-c", "import yaml"]).output();
    if !python.is_ok_and(|output| output.status.success()) {
        let _ = writeln!(std::io::stderr(), "skipped: no python3 with yaml");
        return;
    }
    let parse = |file: &str| {
        let code = "import sys, yaml; yaml.safe_load(sys.argv[1])";
        Command::new("python3").args(["-c", code, file]).output().unwrap().status.success()
    };
    for file in blocks("yaml") {
        assert!(parse(file), "{file}");
    }
    assert!(!parse("a: [b"), "the control");
}
