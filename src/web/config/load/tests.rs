//! Every mistake is told with file, field and remedy; every variable counts.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};

use super::*;
use crate::crypto::{Certificate, CertificateRequest, CryptoError, KeyShape, PrivateKey};
use crate::saml::metadata::TEST_KEY_MARK;
use crate::web::SystemClock;
use crate::web::config::environment::VARIABLES;
use crate::web::federation::{EventLevel, TrustBasis};
use crate::xml::encode_base64;

mod documentation;
mod file;
mod keys;
mod pages;
mod step_up;
mod stores;
mod subjects;
mod unsolicited;
mod variables;

const START: &str = "base_url = \"https://rota.example.org\"\nentity_id = \"urn:rota\"\n";
const IDP: &str = "[[idp]]\nmetadata = \"idp.xml\"\n";

/// A folder of files that goes when the test has ended.
struct Folder(PathBuf);

impl Folder {
    /// With the metadata of an identity provider, and keys of our own that belong together.
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("actix-saml-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir(&folder.0).unwrap();
        let (key, certificate) = &*KEY;
        folder.write("idp.xml", &metadata("idp", certificate));
        folder.write("cert.pem", &certificate.to_pem().unwrap());
        folder.write_key("key.pem", &key.to_pem().unwrap(), 0o600);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn write_key(&self, name: &str, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(name, text);
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.0.join(name), permissions).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// Loads this text as `saml.toml`, with these variables.
    fn load(&self, text: &str, set: &[(&str, &str)]) -> Result<Saml, ConfigError> {
        self.write("saml.toml", text);
        let set: HashMap<String, String> =
            set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(&self.0.join("saml.toml"), &|name| set.get(name).cloned())?.into_saml()
    }

    /// The mistake that stops it: file, field, and a part of what is said of it; with a remedy.
    #[track_caller]
    fn assert_refused(
        &self,
        text: &str,
        set: &[(&str, &str)],
        (file, field, problem): (&str, &str, &str),
    ) {
        let Err(error) = self.load(text, set) else { panic!("accepted: {text}{set:?}") };
        let file = if file == ENVIRONMENT { file.to_owned() } else { self.path(file) };
        assert_eq!((error.file.as_str(), error.field.as_str()), (file.as_str(), field), "{error}");
        assert!(error.problem.contains(problem), "{error}");
        assert!(!error.remedy.is_empty());
        let shown = error.to_string();
        for part in [&error.file, &error.field, &error.problem, &error.remedy] {
            assert!(shown.contains(part), "{shown}");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pair(common_name: &str) -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let request = CertificateRequest {
        common_name,
        organisation: None,
        hosts: &[],
        not_before: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        not_after: DateTime::from_timestamp(4_000_000_000, 0).unwrap(),
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    (key, certificate)
}

static KEY: LazyLock<(PrivateKey, Certificate)> = LazyLock::new(|| pair("rota"));
static TEST_KEY: LazyLock<(PrivateKey, Certificate)> = LazyLock::new(|| pair(TEST_KEY_MARK));

/// An identity provider `urn:NAME` at `https://NAME.example.org`.
fn metadata(name: &str, certificate: &Certificate) -> String {
    let der = encode_base64(certificate.as_der());
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"urn:{name}\">\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <X509Data><X509Certificate>{der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://{name}.example.org/sso\"/></IDPSSODescriptor></EntityDescriptor>"
    )
}
