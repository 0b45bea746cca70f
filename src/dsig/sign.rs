//! Signs what we send: requests, metadata, and the test identity provider's messages.

use thiserror::Error;

use super::{DSIG_NAMESPACE, ENVELOPED, of_reference};
use crate::crypto::{Certificate, CryptoError, Digest, PrivateKey, SignatureAlgorithm};
use crate::xml::{
    C14n, Document, EmptyTag, Limits, Node, WriteError, Writer, XmlError, canonicalise,
    encode_base64,
};

/// Where the signature goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'p> {
    /// Before every other child: metadata.
    First,
    /// Behind the first child if it has this name: SAML messages, behind their `Issuer`.
    After {
        /// Namespace name of the child.
        namespace: &'p str,
        /// Local name of the child.
        local: &'p str,
    },
}

/// How `KeyInfo` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyInfoStyle {
    /// With the same prefix as the rest of the signature.
    Plain,
    /// `KeyInfo` without a prefix, its children with: AD FS responses.
    OuterUnprefixed,
    /// `KeyInfo` and its children without a prefix: AD FS metadata.
    Unprefixed,
}

/// How a signature is written. All styles say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureStyle {
    /// Prefix of the signature's elements, empty for none.
    pub prefix: &'static str,
    /// How `KeyInfo` is written.
    pub key_info: KeyInfoStyle,
    /// How empty elements are closed.
    pub empty: EmptyTag,
    /// Canonicalisation of the content and of `SignedInfo`.
    pub c14n: C14n,
}

impl Default for SignatureStyle {
    fn default() -> Self {
        Self {
            prefix: "ds",
            key_info: KeyInfoStyle::Plain,
            empty: EmptyTag::Tight,
            c14n: C14n::Exclusive,
        }
    }
}

/// Why a document cannot be signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The document cannot be read back.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The signature cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The key cannot sign.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// No element has the ID, or the place for the signature is not there.
    #[error("there is no element with the ID, or no place in it for a signature")]
    Place,
}

const PLACEHOLDER: &str = "signature-value-goes-here";

/// Puts an enveloped signature into the element of `xml` whose `ID` is `id`.
///
/// `certificate`, when given, is written into `KeyInfo`. Returns the signed document.
///
/// # Errors
/// A [`SignError`].
pub fn sign_enveloped(
    xml: &str,
    id: &str,
    place: Place<'_>,
    key: &PrivateKey,
    algorithm: SignatureAlgorithm,
    certificate: Option<&Certificate>,
    style: &SignatureStyle,
) -> Result<String, SignError> {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA)?;
    let target = find(&document, id)?;
    let at = insertion_point(xml, target, place)?;
    let mut canonical = Vec::new();
    canonicalise(target, of_reference(style.c14n), &[], None, &mut canonical);
    let digest = encode_base64(Digest::of(algorithm.digest(), &canonical).as_bytes());
    let signature = write_signature(id, algorithm, &digest, certificate, style)?;

    let (before, after) = xml.split_at_checked(at).ok_or(SignError::Place)?;
    let unsigned = [before, &signature, after].concat();

    // SignedInfo is canonicalised where it will stand: its namespaces depend on the place.
    let document = Document::parse(unsigned.as_bytes(), &Limits::METADATA)?;
    let signed_info = find(&document, id)?
        .elements()
        .find(|n| n.is(DSIG_NAMESPACE, "Signature"))
        .and_then(|n| n.elements().next())
        .ok_or(SignError::Place)?;
    canonical.clear();
    canonicalise(signed_info, style.c14n, &[], None, &mut canonical);
    let value = encode_base64(&key.sign(algorithm, &canonical)?);
    // Only behind the insertion point: what stands before it may say anything.
    let (before, after) = unsigned.split_at_checked(at).ok_or(SignError::Place)?;
    Ok([before, &after.replacen(PLACEHOLDER, &value, 1)].concat())
}

fn find<'d>(document: &'d Document<'d>, id: &str) -> Result<Node<'d>, SignError> {
    document.elements().find(|n| n.attribute("ID") == Some(id)).ok_or(SignError::Place)
}

fn insertion_point(xml: &str, target: Node<'_>, place: Place<'_>) -> Result<usize, SignError> {
    let first = target.elements().next().ok_or(SignError::Place)?;
    let span = first.span();
    let at = match place {
        Place::First => span.start,
        Place::After { namespace, local } if first.is(namespace, local) => span.end,
        Place::After { .. } => return Err(SignError::Place),
    };
    if xml.is_char_boundary(at) { Ok(at) } else { Err(SignError::Place) }
}

fn write_signature(
    id: &str,
    algorithm: SignatureAlgorithm,
    digest: &str,
    certificate: Option<&Certificate>,
    style: &SignatureStyle,
) -> Result<String, WriteError> {
    let prefixed = |local: &str| match style.prefix {
        "" => local.to_owned(),
        prefix => format!("{prefix}:{local}"),
    };
    let declaration = match style.prefix {
        "" => "xmlns".to_owned(),
        prefix => format!("xmlns:{prefix}"),
    };
    let mut w = Writer::new(style.empty);
    let method = |w: &mut Writer, name: &str, uri: &str| {
        w.open(&prefixed(name)).attribute("Algorithm", uri).close();
    };
    w.open(&prefixed("Signature")).attribute(&declaration, DSIG_NAMESPACE);
    w.open(&prefixed("SignedInfo"));
    method(&mut w, "CanonicalizationMethod", style.c14n.uri());
    method(&mut w, "SignatureMethod", algorithm.uri());
    w.open(&prefixed("Reference")).attribute("URI", &format!("#{id}"));
    w.open(&prefixed("Transforms"));
    method(&mut w, "Transform", ENVELOPED);
    method(&mut w, "Transform", style.c14n.uri());
    w.close();
    method(&mut w, "DigestMethod", algorithm.digest().uri());
    w.leaf(&prefixed("DigestValue"), digest).close().close();
    w.leaf(&prefixed("SignatureValue"), PLACEHOLDER);
    if let Some(certificate) = certificate {
        let (outer, inner) = match style.key_info {
            KeyInfoStyle::Plain => (style.prefix, style.prefix),
            KeyInfoStyle::OuterUnprefixed => ("", style.prefix),
            KeyInfoStyle::Unprefixed => ("", ""),
        };
        let name = |prefix: &str, local: &str| match prefix {
            "" => local.to_owned(),
            prefix => format!("{prefix}:{local}"),
        };
        w.open(&name(outer, "KeyInfo"));
        if outer != style.prefix {
            w.attribute("xmlns", DSIG_NAMESPACE);
        }
        w.open(&name(inner, "X509Data"));
        w.leaf(&name(inner, "X509Certificate"), &encode_base64(certificate.as_der()));
        w.close().close();
    }
    w.close();
    w.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::KeyShape;

    fn sign(xml: &str, id: &str, place: Place<'_>) -> Result<String, SignError> {
        let key = PrivateKey::generate(KeyShape::P256).unwrap();
        let algorithm = key.default_algorithm();
        sign_enveloped(xml, id, place, &key, algorithm, None, &SignatureStyle::default())
    }

    #[test]
    fn the_signature_goes_where_it_was_asked_for() {
        let xml = "<a ID=\"_a\"><b xmlns=\"urn:b\"/><c/></a>";
        let behind_b = Place::After { namespace: "urn:b", local: "b" };
        for (place, before, after) in [
            (Place::First, "<a ID=\"_a\">", "<b xmlns=\"urn:b\"/><c/></a>"),
            (behind_b, "<a ID=\"_a\"><b xmlns=\"urn:b\"/>", "<c/></a>"),
        ] {
            let signed = sign(xml, "_a", place).unwrap();
            assert!(signed.starts_with(&format!("{before}<ds:Signature ")), "{signed}");
            assert!(signed.ends_with(&format!("</ds:Signature>{after}")), "{signed}");
        }
    }

    #[test]
    fn there_must_be_a_place() {
        let xml = "<a ID=\"_a\"><b xmlns=\"urn:b\"/><c/></a>";
        let refused = |xml, id, place| matches!(sign(xml, id, place), Err(SignError::Place));
        assert!(refused(xml, "_b", Place::First));
        assert!(refused("<a ID=\"_a\"/>", "_a", Place::First));
        for (namespace, local) in [("urn:b", "c"), ("", "b"), ("", "c")] {
            assert!(refused(xml, "_a", Place::After { namespace, local }), "{namespace} {local}");
        }
    }
}
