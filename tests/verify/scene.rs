//! A test identity provider, files, and calls of the program.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use actix_saml::crypto::random_hex;
use actix_saml::idp::{
    Claim, Ids, Issuance, Person, ReplyTo, SignedParts, TestIdp, TestKeys, Validity,
};
use actix_saml::saml::parse_instant;
use chrono::{DateTime, Utc};
use serde_json::Value;

pub const SP: &str = "https://rota.example.nhs.uk/saml/metadata";
pub const ACS: &str = "https://rota.example.nhs.uk/saml/acs";
pub const REQUEST_ID: &str = "_0123456789abcdef0123456789abcdef01234567";
pub const ASSERTION_ID: &str = "_0c9d1e77-4be2-47f0-8f10-2d6c3b9a7e02";
pub const ISSUER: &str = "http://fs.nhsmail.test/adfs/services/trust";
pub const OTHER_ISSUER: &str = "http://fs.hospital.test/adfs/services/trust";
pub const ISSUED: &str = "2026-11-22T16:50:01.250Z";
/// Five seconds later, on a clock of another zone.
pub const NOW: &str = "2026-11-22T17:50:06.250+01:00";
pub const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// The identity provider whose metadata is in `idp.xml`.
pub static IDP: LazyLock<TestIdp> = LazyLock::new(|| TestIdp::adfs().unwrap());
/// Another one, with keys of its own, in `other.xml`.
pub static OTHER: LazyLock<TestIdp> = LazyLock::new(|| {
    let host = "fs.hospital.test";
    let keys = TestKeys::generate(host, Validity::of_tests()).unwrap();
    TestIdp::adfs_at(&format!("https://{host}"), keys).unwrap()
});

pub fn issued() -> DateTime<Utc> {
    parse_instant(ISSUED).unwrap()
}

/// An invented nurse, with one role in each of two `Attribute` elements.
pub fn nurse() -> Person {
    Person {
        user_name: "test.nurse1".to_owned(),
        name_id: Some("test.nurse1@nhs.net".to_owned()),
        claims: vec![
            Claim::new(ROLE, ["nurse", "ward 7"]),
            Claim::new("ODS", Vec::<String>::new()),
            Claim::new(ROLE, ["bank"]).from_issuer(OTHER_ISSUER),
        ],
        ..Person::default()
    }
}

/// What is answered unless a test says otherwise.
pub fn reply_to() -> ReplyTo {
    ReplyTo {
        request_id: Some(REQUEST_ID.to_owned()),
        acs_url: ACS.to_owned(),
        audience: SP.to_owned(),
        class_ref: None,
    }
}

/// The response in which `idp` signs `person` in.
pub fn respond(idp: &TestIdp, signed: SignedParts, reply_to: &ReplyTo, person: &Person) -> String {
    let mut idp = idp.clone();
    idp.issuance = Issuance { signed, ..Issuance::default() };
    let response = format!("_{}", random_hex::<16>().unwrap());
    let ids = Ids { response, assertion: ASSERTION_ID.to_owned() };
    let draft = idp.issue(reply_to, &ids, issued()).draft(person).unwrap();
    draft.sign(idp.keys.current()).unwrap()
}

/// The honest response of the first identity provider.
pub fn honest() -> String {
    respond(&IDP, SignedParts::AssertionOnly, &reply_to(), &nurse())
}

/// A folder of our own, gone when the test ends.
pub struct Scene(PathBuf);

impl Scene {
    pub fn new() -> Self {
        let name = format!("verify-{}", random_hex::<8>().unwrap());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let scene = Self(folder);
        scene.file("idp.xml", IDP.metadata().unwrap());
        scene
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A file that nobody else may read.
    pub fn secret(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name, content);
        set_mode(&path, 0o600);
        path
    }

    /// A call of `verify` that accepts [`honest`] and prints JSON.
    pub fn verify(&self) -> Call<'_> {
        let call = Call { scene: self, arguments: vec!["verify".into()] };
        call.and("--idp-metadata", "idp.xml")
            .and("--sp-entity-id", SP)
            .and("--acs-url", ACS)
            .and("--now", NOW)
            .and("--request-id", REQUEST_ID)
            .and("--format", "json")
    }

    /// A call of any command.
    pub fn call(&self, arguments: &[&str]) -> Call<'_> {
        let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
        Call { scene: self, arguments }
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A call of the program, in the folder of its scene.
#[derive(Clone)]
pub struct Call<'s> {
    scene: &'s Scene,
    arguments: Vec<String>,
}

impl Call<'_> {
    /// With one more option.
    pub fn and(mut self, option: &str, value: &str) -> Self {
        self.arguments.extend([option.to_owned(), value.to_owned()]);
        self
    }

    /// With one more argument.
    pub fn flag(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// With more arguments.
    pub fn flags(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Without an option and its value.
    pub fn without(mut self, option: &str) -> Self {
        let at = self.arguments.iter().position(|a| a == option);
        let at = at.unwrap_or_else(|| panic!("no {option}"));
        self.arguments.drain(at..at + 2);
        self
    }

    /// With another value of an option.
    pub fn with(self, option: &str, value: &str) -> Self {
        self.without(option).and(option, value)
    }

    /// Runs it on a file of this content.
    pub fn on(self, content: impl AsRef<[u8]>) -> Outcome {
        self.scene.file("response", content);
        self.flag("response").run(b"")
    }

    /// Runs it on standard input of this content.
    pub fn on_stdin(self, content: impl AsRef<[u8]>) -> Outcome {
        self.flag("-").run(content.as_ref())
    }

    /// Runs it as it is.
    pub fn run(self, stdin: &[u8]) -> Outcome {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The program may refuse before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        Outcome {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The command with its arguments, and without variables that would configure it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actix-saml"));
        command.args(&self.arguments).current_dir(&self.scene.0);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SAML_") {
                command.env_remove(name);
            }
        }
        command
    }
}

/// What a call came to.
#[derive(Debug)]
pub struct Outcome {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// The JSON that was printed, and nothing else.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.stderr, "");
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Accepted: exit status 0.
    #[track_caller]
    pub fn accepted(&self) -> Value {
        assert_eq!(self.status, 0, "{self:?}");
        let json = self.json();
        assert_eq!(json["accepted"], true);
        json
    }

    /// Rejected with this code by this rule: exit status 1, and four members.
    #[track_caller]
    pub fn rejected(&self, code: &str, rule: &str) -> String {
        assert_eq!(self.status, 1, "{self:?}");
        let json = self.json();
        let detail = json["detail"].as_str().unwrap().to_owned();
        let expected = serde_json::json!({
            "accepted": false, "code": code, "rule": rule, "detail": detail,
        });
        assert_eq!(json, expected);
        assert!(!detail.is_empty());
        detail
    }

    /// Not decided at all: exit status 2, nothing on standard output.
    #[track_caller]
    pub fn unusable(&self, complaint: &str) {
        assert_eq!((self.status, &self.stdout[..]), (2, ""), "{self:?}");
        assert!(self.stderr.contains(complaint), "{complaint:?} is not in {}", self.stderr);
    }
}

/// The paths of all members, `[]` for those of an array.
pub fn members(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                into.insert(path.clone());
                members(value, &path, into);
            }
        }
        Value::Array(items) => {
            for item in items {
                members(item, &format!("{path}[]"), into);
            }
        }
        _ => {}
    }
}

/// The members in the tables of a page.
pub fn documented_members(page: &str) -> BTreeSet<String> {
    let mut documented = BTreeSet::new();
    for line in page.lines() {
        if !line.starts_with("| `") || line.starts_with("| `--") {
            continue;
        }
        let cell = line.split('|').nth(1).unwrap();
        // Members of one parent stand in one cell: `a.b`, `.c`
        let mut parent = String::new();
        for name in cell.split(',').map(|name| name.trim().trim_matches('`')) {
            let name = match name.strip_prefix('.') {
                Some(last) => format!("{parent}.{last}"),
                None => name.to_owned(),
            };
            parent = name.rsplit_once('.').map_or(String::new(), |(parent, _)| parent.to_owned());
            documented.insert(name);
        }
    }
    documented
}
