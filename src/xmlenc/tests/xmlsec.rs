//! A second opinion from the program `xmlsec1`, where it is installed.

use std::path::PathBuf;
use std::process::Command;

use super::*;
use crate::crypto::{CipherAlgorithm, OaepHash, random_hex};
use crate::xml::{C14n, Node, canonicalise};

/// All that version 1.2 of the program knows of OAEP.
const TRANSPORT: KeyTransport = KeyTransport::OaepMgf1p { digest: OaepHash::Sha1 };

/// A folder of our own that goes away with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("actix-saml-xmlenc-{}", random_hex::<8>().unwrap());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[allow(clippy::print_stderr, reason = "says what was not tested")]
fn is_installed() -> bool {
    let found = Command::new("xmlsec1").arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("SKIPPED: xmlsec1 is not installed (Debian: apt-get install xmlsec1)");
    }
    found
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn xmlsec_decrypts_what_we_encrypt() {
    if !is_installed() {
        return;
    }
    let folder = Folder::new();
    let key = folder.file("key.pem", &OURS.private.to_pem().unwrap());
    for shape in [EncryptionShape::AdFs, EncryptionShape::Inside, EncryptionShape::Retrieved] {
        for cipher in CipherAlgorithm::ALL {
            let xml = message(&EncryptionStyle { shape, cipher, transport: TRANSPORT });
            let file = folder.file("message.xml", &xml);
            let mut xmlsec = Command::new("xmlsec1");
            xmlsec.arg("decrypt").arg("--privkey-pem").arg(&key);
            for name in ["EncryptedKey", "EncryptedData"] {
                xmlsec.arg("--id-attr:Id").arg(format!("{XMLENC_NAMESPACE}:{name}"));
            }
            let plain = run(xmlsec.arg(&file));
            // It writes characters as references: only the canonical forms can be compared.
            let plain = Document::parse(plain.as_bytes(), &Limits::MESSAGE).unwrap();
            let found = plain.root().elements().next().unwrap();
            assert_eq!(canonical(found), ASSERTION, "{shape:?} {cipher:?}");
        }
    }
}

fn canonical(node: Node<'_>) -> String {
    let mut out = Vec::new();
    canonicalise(node, C14n::Exclusive, &[], None, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn we_decrypt_what_xmlsec_encrypts() {
    if !is_installed() {
        return;
    }
    let folder = Folder::new();
    let certificate = folder.file("certificate.pem", &OURS.certificate.to_pem().unwrap());
    let assertion = folder.file("assertion.xml", ASSERTION);
    for cipher in CipherAlgorithm::ALL {
        let xml = message(&EncryptionStyle { cipher, ..EncryptionStyle::MODERN });
        let empty =
            emptied(xml.strip_prefix(&format!("<EncryptedAssertion xmlns=\"{SAML}\">")).unwrap());
        let template =
            folder.file("template.xml", empty.strip_suffix("</EncryptedAssertion>").unwrap());
        let mut xmlsec = Command::new("xmlsec1");
        xmlsec.arg("encrypt").arg("--pubkey-cert-pem").arg(&certificate);
        xmlsec.arg("--session-key").arg(format!("aes-{}", cipher.key_bytes() * 8));
        xmlsec.arg("--xml-data").arg(&assertion).arg(&template);
        let encrypted = run(&mut xmlsec);
        let (_, element) = encrypted.split_once("?>").unwrap();
        assert_eq!(open(&wrap(element)), Ok(ASSERTION.into()), "{cipher:?}");
    }
}

/// A message without its cipher texts.
fn emptied(xml: &str) -> String {
    let mut parts = xml.split("<xenc:CipherValue>");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        out.push_str("<xenc:CipherValue>");
        out.push_str("</");
        out.push_str(part.split_once("</").unwrap().1);
    }
    out
}
