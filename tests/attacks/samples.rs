//! Real files of Microsoft's products, which are not part of this repository: the tests look for
//! them in the folder that `SAML_SAMPLES_DIR` names.

use std::path::PathBuf;

use actix_saml::crypto::CryptoError;
use actix_saml::dsig::{DsigError, verify};
use actix_saml::saml::binding::Binding;
use actix_saml::saml::metadata::{
    Fingerprint, IdpMetadata, MetadataAnchor, MetadataError, Reading, UiInfo,
};
use actix_saml::saml::{Keys, Rejection, validate};
use actix_saml::xml::decode_base64;
use actix_saml::xml::{Document, Limits};

use crate::fixture::{expectations, now, skipped};
use crate::keys_of_tests::IDP_KEY;
use crate::surgery::element;

/// The file's bytes, or nothing when there are no samples here.
fn sample(name: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("SAML_SAMPLES_DIR") else {
        skipped(&format!("SAML_SAMPLES_DIR is not set, so {name} was not tried"));
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    Some(std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// What our verifier says of the signature on the metadata itself.
fn own_signature(bytes: &[u8], keys: &Keys) -> Result<usize, DsigError> {
    let document = Document::parse(bytes, &Limits::METADATA).unwrap();
    let root = document.root();
    let signature = root.elements().next().unwrap();
    verify(root, signature, keys.signing()).map(|signed| signed.key())
}

/// What comes of it when the certificate beside the signature is pinned by its fingerprint.
fn pinned(bytes: &[u8]) -> Result<IdpMetadata, MetadataError> {
    let document = Document::parse(bytes, &Limits::METADATA).unwrap();
    let signature = document.root().elements().next().unwrap();
    let beside = signature.descendants().find(|n| n.local_name() == "X509Certificate").unwrap();
    let der = decode_base64(beside.text().unwrap().as_bytes()).unwrap();
    let anchor = MetadataAnchor::new(Vec::new(), vec![Fingerprint::of_der(&der)]).unwrap();
    let reading = Reading { anchor: Some(&anchor), ..Reading::default() };
    IdpMetadata::read_as(bytes, &reading, now())
}

/// Microsoft's products write none of this.
fn says_nothing_more(metadata: &IdpMetadata) {
    assert!(!metadata.is_vouched_for());
    assert_eq!((metadata.valid_until(), metadata.cache_duration()), (None, None));
    assert_eq!((metadata.ui_info(), metadata.scopes()), (&UiInfo::default(), &[][..]));
    assert!(metadata.certificates().iter().all(|c| c.not_after().is_some()));
}

#[test]
fn adfs_with_one_key() {
    let Some(bytes) = sample("adfs-v2-federationmetadata.xml") else { return };
    let metadata = IdpMetadata::read(&bytes, now()).unwrap();
    assert_eq!(metadata.keys().signing().len(), 1);
    // The first key of the role is for encryption, and is not among them.
    let role = element(std::str::from_utf8(&bytes).unwrap(), "IDPSSODescriptor", 0);
    let first = element(&role, "KeyDescriptor", 0);
    assert!(first.starts_with("<KeyDescriptor use=\"encryption\">"));
    let encryption = element(&first, "X509Certificate", 0);
    let text = encryption.split(['<', '>']).nth(2).unwrap();
    let der = decode_base64(text.as_bytes()).unwrap();
    assert!(metadata.certificates().iter().all(|c| c.as_der() != der));
    for binding in [Binding::HttpRedirect, Binding::HttpPost] {
        assert!(metadata.single_sign_on(binding).unwrap().location.path().ends_with("/adfs/ls/"));
    }
    assert_eq!(own_signature(&bytes, metadata.keys()), Ok(0));
    says_nothing_more(&metadata);
    let signer = pinned(&bytes).unwrap();
    assert_eq!(signer.vouched_by().unwrap().as_der(), metadata.certificates()[0].as_der());
    assert_eq!(signer.keys().signing(), metadata.keys().signing());
}

#[test]
fn adfs_during_rollover() {
    let Some(bytes) = sample("adfs-rollover-federationmetadata.xml") else { return };
    let metadata = IdpMetadata::read(&bytes, now()).unwrap();
    assert_eq!(metadata.keys().signing().len(), 2);
    // The file was edited after it was signed. Nobody asked for that signature.
    assert_eq!(own_signature(&bytes, metadata.keys()), Err(DsigError::DigestMismatch));
    says_nothing_more(&metadata);
    // Nor can the certificate beside it be read, pinned or not.
    let error = pinned(&bytes).unwrap_err();
    let unreadable = CryptoError::Certificate;
    assert!(
        matches!(&error, MetadataError::SignerCertificate { error, .. } if *error == unreadable),
        "{error:?}"
    );
    let anchor = MetadataAnchor::new(metadata.certificates().to_vec(), Vec::new()).unwrap();
    let reading = Reading { anchor: Some(&anchor), ..Reading::default() };
    let verdict = IdpMetadata::read_as(&bytes, &reading, now()).map(|_| ());
    assert_eq!(verdict, Err(MetadataError::Signature(DsigError::DigestMismatch)));
}

#[test]
fn entra_with_two_keys() {
    let Some(bytes) = sample("entra-federationmetadata-tenant-multikey.xml") else { return };
    assert!(bytes.starts_with(b"\xef\xbb\xbf<?xml"));
    let metadata = IdpMetadata::read(&bytes, now()).unwrap();
    assert_eq!(metadata.keys().signing().len(), 2);
    assert!(metadata.entity_id().as_str().starts_with("https://sts.windows.net/"));
    // The second one signed: their order means nothing.
    assert_eq!(own_signature(&bytes, metadata.keys()), Ok(1));
    says_nothing_more(&metadata);
    let signer = pinned(&bytes).unwrap();
    assert_eq!(signer.vouched_by().unwrap().as_der(), metadata.certificates()[1].as_der());
    assert_eq!(signer.keys().signing(), metadata.keys().signing());
}

#[test]
fn adfs_error() {
    let Some(bytes) = sample("adfs-error-response-responder.xml") else { return };
    let verdict = validate(&bytes, &expectations(), &IDP_KEY.alone(), now());
    // It has no assertion, another destination and another issuer: the status says most.
    let code = "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned();
    assert_eq!(verdict, Err(Rejection::Status { code, sub_code: None, message: None }));
}
