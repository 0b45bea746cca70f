//! The shape that an encrypted element must have, read before a private key is used.

use super::algorithm::KeyTransport;
use super::error::{AlgorithmRole, DecryptError};
use super::{DSIG, DSIG11, ELEMENT_TYPE, ENCRYPTED_KEY_TYPE, XMLENC_NAMESPACE, XMLENC11_NAMESPACE};
use crate::crypto::{CipherAlgorithm, OaepHash};
use crate::xml::{Children, GrammarError, Node, decode_base64};

/// An encrypted element that follows the profile.
pub(super) struct Profile<'d> {
    pub(super) cipher: CipherAlgorithm,
    pub(super) transport: KeyTransport,
    /// Serial number of the certificate that it was encrypted to, if the sender says.
    pub(super) serial: Option<&'d str>,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) encrypted_data: Vec<u8>,
}

impl<'d> Profile<'d> {
    /// Reads `wrapper`, an element of SAML's `EncryptedElementType` (SAML Core section 2.2.4).
    pub(super) fn read(wrapper: Node<'d>) -> Result<Self, DecryptError> {
        wrapper.allow_attributes(&[])?;
        let mut children = Children::of(wrapper)?;
        let data = children.required(XMLENC_NAMESPACE, "EncryptedData")?;
        let mut keys = Keys::default();
        while let Some(key) = children.optional(XMLENC_NAMESPACE, "EncryptedKey") {
            keys.add(key);
        }
        children.end()?;

        data.allow_attributes(&["Id", "Type", "MimeType"])?;
        // SAML wants the type written and lets it be absent. The plaintext is read as one element
        // either way.
        if let Some(found) = data.attribute("Type").filter(|t| *t != ELEMENT_TYPE) {
            return Err(DecryptError::Type { found: found.to_owned() });
        }
        let mut children = Children::of(data)?;
        let method = children.required(XMLENC_NAMESPACE, "EncryptionMethod")?;
        let cipher = read_content_method(method)?;
        let mut retrieval = None;
        if let Some(key_info) = children.optional(DSIG, "KeyInfo") {
            retrieval = read_key_info(key_info, &mut keys)?;
        }
        let cipher_data = children.required(XMLENC_NAMESPACE, "CipherData")?;
        children.end()?;

        let key = match keys {
            Keys { only: Some(key), count: 1 } => key,
            Keys { count, .. } => return Err(DecryptError::EncryptedKeys { found: count }),
        };
        if let Some(retrieval) = retrieval {
            check_retrieval(retrieval, wrapper, key)?;
        }
        let (transport, serial, encrypted_key) = read_encrypted_key(key, data)?;
        let encrypted_data = read_cipher_value(cipher_data)?;
        Ok(Self { cipher, transport, serial, encrypted_key, encrypted_data })
    }
}

/// The `EncryptedKey`s met so far: how many, and one of them.
#[derive(Default)]
struct Keys<'d> {
    only: Option<Node<'d>>,
    count: usize,
}

impl<'d> Keys<'d> {
    fn add(&mut self, key: Node<'d>) {
        self.only = Some(key);
        self.count = self.count.saturating_add(1);
    }
}

fn read_content_method(method: Node<'_>) -> Result<CipherAlgorithm, DecryptError> {
    let uri = algorithm_uri(method)?;
    let cipher =
        CipherAlgorithm::from_uri(uri).ok_or_else(|| refused(AlgorithmRole::Content, uri))?;
    let mut children = Children::of(method)?;
    // XML Encryption 1.1 section 3.2: it must say again what the algorithm already says.
    if let Some(size) = children.optional(XMLENC_NAMESPACE, "KeySize")
        && size.value()?.parse() != Ok(cipher.key_bytes().saturating_mul(8))
    {
        return Err(GrammarError::InvalidValue { what: "KeySize" }.into());
    }
    children.end()?;
    Ok(cipher)
}

/// Reads the `KeyInfo` of `EncryptedData`: adds the keys in it to `keys`, and returns a
/// `RetrievalMethod`.
fn read_key_info<'d>(
    key_info: Node<'d>,
    keys: &mut Keys<'d>,
) -> Result<Option<Node<'d>>, DecryptError> {
    let mut children = Children::of(key_info)?;
    let mut retrieval = None;
    while let Some(child) = children.take() {
        if child.is(XMLENC_NAMESPACE, "EncryptedKey") {
            keys.add(child);
        } else if child.is(DSIG, "RetrievalMethod") && retrieval.is_none() {
            retrieval = Some(child);
        } else {
            refuse_key_sources(key_info, child)?;
        }
    }
    Ok(retrieval)
}

/// Names, certificates and foreign elements say for whom the key is, and are not read. What would
/// lead to another key, at any depth, is refused.
fn refuse_key_sources(key_info: Node<'_>, child: Node<'_>) -> Result<(), GrammarError> {
    let leads_on = |n: &Node<'_>| {
        matches!(n.namespace(), XMLENC_NAMESPACE | XMLENC11_NAMESPACE)
            || n.is(DSIG, "RetrievalMethod")
            || n.is(DSIG11, "KeyInfoReference")
    };
    match child.descendants().find(leads_on) {
        None => Ok(()),
        Some(found) => Err(GrammarError::UnexpectedElement {
            parent: key_info.local_name().to_owned(),
            found: found.local_name().to_owned(),
        }),
    }
}

/// A `RetrievalMethod` may lead only to the `EncryptedKey` beside the `EncryptedData`. Nothing is
/// looked up: the key was found by its place, and the reference must agree.
fn check_retrieval(
    retrieval: Node<'_>,
    wrapper: Node<'_>,
    key: Node<'_>,
) -> Result<(), DecryptError> {
    retrieval.allow_attributes(&["URI", "Type"])?;
    Children::of(retrieval)?.end()?;
    if retrieval.attribute("Type").is_some_and(|t| t != ENCRYPTED_KEY_TYPE) {
        return Err(GrammarError::InvalidValue { what: "RetrievalMethod Type" }.into());
    }
    if key.parent() != Some(wrapper) {
        // The key is inside the same KeyInfo: then there are two ways to it, and one is wrong.
        return Err(GrammarError::UnexpectedElement {
            parent: "KeyInfo".to_owned(),
            found: "RetrievalMethod".to_owned(),
        }
        .into());
    }
    check_reference(retrieval, key)
}

fn check_reference(reference: Node<'_>, target: Node<'_>) -> Result<(), DecryptError> {
    let found = reference.attribute("URI").unwrap_or("");
    let id = target.attribute("Id").filter(|id| !id.is_empty());
    if id.is_some() && found.strip_prefix('#') == id {
        return Ok(());
    }
    Err(DecryptError::Reference {
        expected: id.map(|id| format!("#{id}")).unwrap_or_default(),
        found: found.to_owned(),
    })
}

type EncryptedKey<'d> = (KeyTransport, Option<&'d str>, Vec<u8>);

fn read_encrypted_key<'d>(key: Node<'d>, data: Node<'_>) -> Result<EncryptedKey<'d>, DecryptError> {
    // Recipient is not compared: a key that opens with ours was made for us, and products write
    // different things there.
    key.allow_attributes(&["Id", "Recipient"])?;
    let mut children = Children::of(key)?;
    let method = children.required(XMLENC_NAMESPACE, "EncryptionMethod")?;
    let transport = read_transport_method(method)?;
    let mut serial = None;
    if let Some(key_info) = children.optional(DSIG, "KeyInfo") {
        let mut inside = Children::of(key_info)?;
        while let Some(child) = inside.take() {
            refuse_key_sources(key_info, child)?;
        }
        serial = key_info.descendants().find(|n| n.is(DSIG, "X509SerialNumber"));
    }
    let cipher_data = children.required(XMLENC_NAMESPACE, "CipherData")?;
    if let Some(list) = children.optional(XMLENC_NAMESPACE, "ReferenceList") {
        let mut references = Children::of(list)?;
        let reference = references.required(XMLENC_NAMESPACE, "DataReference")?;
        references.end()?;
        Children::of(reference)?.end()?;
        check_reference(reference, data)?;
    }
    children.optional(XMLENC_NAMESPACE, "CarriedKeyName");
    children.end()?;
    Ok((transport, serial.and_then(Node::text), read_cipher_value(cipher_data)?))
}

fn read_transport_method(method: Node<'_>) -> Result<KeyTransport, DecryptError> {
    let uri = algorithm_uri(method)?;
    let mut transport =
        KeyTransport::from_uri(uri).ok_or_else(|| refused(AlgorithmRole::KeyTransport, uri))?;
    let mut children = Children::of(method)?;
    let (mut digest_seen, mut mgf_seen) = (false, false);
    // The schema fixes no order for these two. OAEPparams and KeySize have no place: identity
    // providers write neither.
    while let Some(child) = children.take() {
        match &mut transport {
            KeyTransport::OaepMgf1p { digest } | KeyTransport::Oaep { digest, .. }
                if child.is(DSIG, "DigestMethod") && !digest_seen =>
            {
                let uri = algorithm_uri(child)?;
                *digest = OaepHash::from_digest_uri(uri)
                    .ok_or_else(|| refused(AlgorithmRole::Digest, uri))?;
                digest_seen = true;
            }
            KeyTransport::Oaep { mgf1, .. } if child.is(XMLENC11_NAMESPACE, "MGF") && !mgf_seen => {
                let uri = algorithm_uri(child)?;
                *mgf1 = OaepHash::from_mgf1_uri(uri)
                    .ok_or_else(|| refused(AlgorithmRole::MaskGeneration, uri))?;
                mgf_seen = true;
            }
            _ => return Err(children.unexpected(child).into()),
        }
        Children::of(child)?.end()?;
    }
    Ok(transport)
}

fn read_cipher_value(cipher_data: Node<'_>) -> Result<Vec<u8>, DecryptError> {
    let mut children = Children::of(cipher_data)?;
    let value = children.required(XMLENC_NAMESPACE, "CipherValue")?;
    children.end()?;
    decode_base64(value.value()?.as_bytes()).ok_or(DecryptError::Base64("CipherValue"))
}

fn algorithm_uri(method: Node<'_>) -> Result<&str, GrammarError> {
    method.allow_attributes(&["Algorithm"])?;
    method.required_attribute("Algorithm")
}

fn refused(role: AlgorithmRole, uri: &str) -> DecryptError {
    DecryptError::Algorithm { role, uri: uri.to_owned() }
}
