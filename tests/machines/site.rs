//! One site: its keys, its identity provider, and the folder that all its machines read.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey, random_hex};
use actix_saml::idp::{ReplyTo, TestIdp, TestKeys, Validity};
use actix_web::cookie::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use crate::browser::{Begun, Browser};
use crate::machine::Machine;

pub const HOST: &str = "rota.example.org";
/// Names of files with keys for cookies.
pub const OLD: &str = "old.key";
pub const NEW: &str = "new.key";

/// The machines read the clock of the system, and so does their identity provider.
pub fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

pub struct Site {
    pub folder: PathBuf,
    idp: TestIdp,
}

impl Site {
    pub fn new() -> Self {
        let name = format!("saml-machines-{}", random_hex::<8>().unwrap());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let host = "fs.nhsmail.test";
        let keys = TestKeys::generate(host, Validity::of_tests()).unwrap();
        let idp = TestIdp::adfs_at(&format!("https://{host}"), keys).unwrap();
        let site = Self { folder, idp };
        site.write("idp.xml", &site.idp.metadata().unwrap());
        let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let Validity { not_before, not_after } = Validity::of_tests();
        let (common_name, organisation, hosts) = (HOST, None, &[]);
        let request =
            CertificateRequest { common_name, organisation, hosts, not_before, not_after };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        site.write("signing.key", &key.to_pem().unwrap());
        site.write("signing.pem", &certificate.to_pem().unwrap());
        for name in [OLD, NEW] {
            site.write(name, &STANDARD.encode(Key::generate().master()));
        }
        site
    }

    /// For its owner alone to read.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
        std::io::Write::write_all(&mut file.unwrap(), text.as_bytes()).unwrap();
    }

    /// The identity provider signs somebody in.
    pub fn respond(&self, begun: &Begun, user_name: &str) -> String {
        let reply_to = ReplyTo {
            request_id: Some(begun.request_id.clone()),
            acs_url: format!("https://{HOST}/saml/acs"),
            audience: format!("https://{HOST}/saml/metadata"),
            class_ref: None,
        };
        let person = self.idp.person(user_name).unwrap();
        self.idp.respond(&reply_to, &person, now()).unwrap()
    }

    /// The identity provider as it is after registering what this machine publishes.
    pub fn registered(&self, machine: &Machine) -> TestIdp {
        let metadata = Browser::default().visit(machine, "/saml/metadata");
        let mut idp = self.idp.clone();
        idp.register(metadata.body.as_bytes()).unwrap();
        idp
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
