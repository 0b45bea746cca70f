//! What the program `xmlsec1` says of one signature.

use std::fs;
use std::process::{Command, Stdio};

use crate::Trouble;

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A child of the root.
    InRoot,
    /// A child of the assertion that is a child of the root.
    InAssertion,
}

impl Place {
    fn xpath(self) -> &'static str {
        match self {
            Self::InRoot => "/*/*[local-name()='Signature']",
            Self::InAssertion => "/*/*[local-name()='Assertion']/*[local-name()='Signature']",
        }
    }
}

const WITH_IDS: [&str; 4] = [
    "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
    "urn:oasis:names:tc:SAML:2.0:protocol:Response",
    "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest",
    "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor",
];

/// Whether the first signature at `place` is good, with the key of the certificate given. What is
/// written in `KeyInfo` is not looked at.
///
/// # Errors
/// When the program is not there (Debian: `xmlsec1`), or `xml` cannot be written to a file.
pub fn verify(xml: &str, certificate_pem: &str, place: Place) -> Result<bool, Trouble> {
    let folder = tempfile::tempdir()?;
    let (document, certificate) = (folder.path().join("document"), folder.path().join("key.pem"));
    fs::write(&document, xml)?;
    fs::write(&certificate, certificate_pem)?;
    let mut command = Command::new("xmlsec1");
    command.arg("--verify").arg("--pubkey-cert-pem").arg(&certificate);
    command.args(["--enabled-key-data", "key-name,rsa,ecdsa", "--node-xpath", place.xpath()]);
    for element in WITH_IDS {
        command.args(["--id-attr:ID", element]);
    }
    command.arg(&document).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().map_err(|e| format!("xmlsec1 cannot be run: {e}"))?;
    Ok(status.success())
}
