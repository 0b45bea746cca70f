//! Each finding as it should be, and as it should not.

mod application;
mod network;
mod operation;
mod own_keys;
mod provider;
mod registration;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use super::finding::{Finding, Level};
use super::scene::{Registered, Scene};
use super::{look, report};
use crate::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use crate::saml::parse_instant;
use crate::web::Config;
use crate::xml::encode_base64;

pub(super) const NOW: &str = "2026-11-22T10:00:00Z";
pub(super) const ISSUER: &str = "http://fs.nhsmail.test/adfs/services/trust";

pub(super) fn now() -> DateTime<Utc> {
    parse_instant(NOW).unwrap()
}

/// Who we are, all of it right.
pub(super) const START: &str = "\
base_url = \"https://rota.example.nhs.uk\"
entity_id = \"https://rota.example.nhs.uk/saml/metadata\"

[organisation]
name = \"Example Wards NHS Trust\"
url = \"https://www.example.nhs.uk\"

[contact]
email = \"rota.team@example.nhs.uk\"
";
/// Our identity provider.
pub(super) const IDP: &str = "\n[[idp]]\nmetadata = \"idp.xml\"\nlabel = \"NHSmail\"\n";
/// Keys of our own.
pub(super) const KEYS: &str = "\n[keys]\nsigning_key = \"key.pem\"\nsigning_cert = \"cert.pem\"\n";

/// A key, and a certificate that ends on New Year's Day of 2029.
pub(super) static KEY: LazyLock<(PrivateKey, Certificate)> =
    LazyLock::new(|| pair(KeyShape::Rsa2048, "2029-01-01T00:00:00Z"));

pub(super) fn pair(shape: KeyShape, until: &str) -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(shape).unwrap();
    let certificate = certificate(&key, "rota.example.nhs.uk", "2026-01-01T00:00:00Z", until);
    (key, certificate)
}

pub(super) fn certificate(key: &PrivateKey, name: &str, from: &str, until: &str) -> Certificate {
    let request = CertificateRequest {
        common_name: name,
        organisation: None,
        hosts: &[],
        not_before: parse_instant(from).unwrap(),
        not_after: parse_instant(until).unwrap(),
    };
    Certificate::self_signed(key, &request).unwrap()
}

/// Metadata of an identity provider with these signing certificates.
pub(super) fn idp_metadata(entity_id: &str, attributes: &str, keys: &[&Certificate]) -> String {
    let keys: String = keys
        .iter()
        .map(|certificate| {
            format!(
                "<KeyDescriptor use=\"signing\"><KeyInfo \
                 xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>{}\
                 </X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
                encode_base64(certificate.as_der())
            )
        })
        .collect();
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         entityID=\"{entity_id}\"{attributes}><IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://fs.nhsmail.test/adfs/ls/\"/></IDPSSODescriptor></EntityDescriptor>"
    )
}

/// A folder of files that goes when the test has ended.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// With metadata of an identity provider, and keys of our own that belong together.
    pub(super) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("actix-saml-doctor-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir(&folder.0).unwrap();
        folder.write("idp.xml", &idp_metadata(ISSUER, "", &[&KEY.1]));
        folder.write("cert.pem", &KEY.1.to_pem().unwrap());
        folder.write_key("key.pem", &KEY.0, 0o600);
        folder
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified((now() - TimeDelta::hours(5)).into()).unwrap();
    }

    pub(super) fn write_key(&self, name: &str, key: &PrivateKey, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(name, &key.to_pem().unwrap());
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.0.join(name), permissions).unwrap();
    }

    /// What is found in this configuration.
    pub(super) fn scene(&self, text: &str) -> Scene {
        let config = Config::read(text, "saml.toml", self.0.clone(), &|_| None).unwrap();
        let mut scene = Scene::gather(config, Registered::default(), now());
        // Those of whoever runs the test are none of its affairs.
        scene.unknown_variables.clear();
        scene
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The scene of this configuration, with the usual files.
pub(super) fn scene(text: &str) -> Scene {
    Folder::new().scene(text)
}

/// All findings of this name.
pub(super) fn all(scene: &Scene, code: &str) -> Vec<Finding> {
    look(scene).into_iter().filter(|finding| finding.code == code).collect()
}

/// The one finding of this name.
#[track_caller]
pub(super) fn one(scene: &Scene, code: &str) -> Finding {
    let mut found = all(scene, code);
    assert_eq!(found.len(), 1, "{code}: {found:#?}");
    found.remove(0)
}

/// That the one finding of this name has this level; and that everything but what is right has
/// something to do about it.
#[track_caller]
pub(super) fn assert_level(scene: &Scene, code: &str, level: Level) -> Finding {
    let finding = one(scene, code);
    assert_eq!(finding.level, level, "{finding:#?}");
    if level >= Level::Warning {
        assert!(finding.remedy.is_some(), "{finding:#?}");
    }
    finding
}

#[test]
fn what_is_right_is_right_all_over() {
    let mut scene = scene(&format!("{START}{IDP}{KEYS}"));
    scene.registered.entity_id = Some(scene.config.entity_id.as_str().to_owned());
    let report = report::Report::new(look(&scene), now());
    let worse: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.level > Level::Note)
        .map(|finding| finding.code)
        .collect();
    assert_eq!(worse, ["idp_source"], "a file that somebody renews is all that is to be said");
    assert_eq!(report.verdict, Level::Warning);
}
