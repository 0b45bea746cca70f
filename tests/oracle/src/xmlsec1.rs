//! What the program `xmlsec1` says of one signature.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Trouble;

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A child of the root.
    InRoot,
    /// A child of the assertion that is a child of the root.
    InAssertion,
    /// A child of the assertion that came encrypted, where it was.
    InDecrypted,
}

impl Place {
    fn xpath(self) -> &'static str {
        match self {
            Self::InRoot => "/*/*[local-name()='Signature']",
            Self::InDecrypted => {
                "/*/*[local-name()='EncryptedAssertion']/*[local-name()='Assertion']\
                 /*[local-name()='Signature']"
            }
            Self::InAssertion => "/*/*[local-name()='Assertion']/*[local-name()='Signature']",
        }
    }
}

const WITH_IDS: [&str; 6] = [
    "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
    "urn:oasis:names:tc:SAML:2.0:protocol:Response",
    "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest",
    "urn:oasis:names:tc:SAML:2.0:protocol:LogoutRequest",
    "urn:oasis:names:tc:SAML:2.0:protocol:LogoutResponse",
    "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor",
];

/// What `xmlsec1` is called with to verify the first signature at `place`, with the key of the
/// certificate in a file. What is written in `KeyInfo` is not looked at.
pub fn arguments(document: &Path, certificate: &Path, place: Place) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["--verify".into(), "--pubkey-cert-pem".into()];
    arguments.push(certificate.into());
    arguments.extend(["--enabled-key-data", "key-name,rsa,ecdsa"].map(OsString::from));
    arguments.extend(["--node-xpath", place.xpath()].map(OsString::from));
    for element in WITH_IDS {
        arguments.extend(["--id-attr:ID", element].map(OsString::from));
    }
    arguments.push(document.into());
    arguments
}

/// A template that `xmlsec1` has filled in with this key.
///
/// # Errors
/// When the program is not there, or does not sign.
pub fn sign(template: &str, key_pem: &str) -> Result<String, Trouble> {
    let folder = tempfile::tempdir()?;
    let (document, key) = (folder.path().join("document"), folder.path().join("key.pem"));
    fs::write(&document, template)?;
    fs::write(&key, key_pem)?;
    let mut command = Command::new("xmlsec1");
    command.args(["--sign", "--privkey-pem"]).arg(&key);
    for element in WITH_IDS {
        command.args(["--id-attr:ID", element]);
    }
    let output = command.arg(&document).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// What `xmlsec1` makes of the first `EncryptedData` with this key: the document with the plaintext in
/// its place.
///
/// # Errors
/// When the program is not there, or does not decrypt.
pub fn decrypt(xml: &str, key_pem: &str) -> Result<String, Trouble> {
    let folder = tempfile::tempdir()?;
    let (document, key) = (folder.path().join("document"), folder.path().join("key.pem"));
    fs::write(&document, xml)?;
    fs::write(&key, key_pem)?;
    let mut command = Command::new("xmlsec1");
    command.args(["--decrypt", "--privkey-pem"]).arg(&key).arg(&document);
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether the first signature at `place` is good, with the key of the certificate given.
///
/// # Errors
/// When the program is not there (Debian: `xmlsec1`), or `xml` cannot be written to a file.
pub fn verify(xml: &str, certificate_pem: &str, place: Place) -> Result<bool, Trouble> {
    let folder = tempfile::tempdir()?;
    let (document, certificate) = (folder.path().join("document"), folder.path().join("key.pem"));
    fs::write(&document, xml)?;
    fs::write(&certificate, certificate_pem)?;
    // Some of what it is shown is made to take for ever.
    let mut command = Command::new("timeout");
    command.args(["20", "xmlsec1"]).args(arguments(&document, &certificate, place));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status()?.code() {
        // What `timeout` says when there is no such program.
        Some(126 | 127) => Err("xmlsec1 cannot be run".into()),
        code => Ok(code == Some(0)),
    }
}
