//! Signs again what a mutation has changed, with the identity provider's own key: what lies behind
//! the signature is then reached, as if the provider itself were malicious or careless.

use actix_saml::crypto::{Digest, DigestAlgorithm, SignatureAlgorithm};
use actix_saml::dsig::DSIG_NAMESPACE;
use actix_saml::xml::{C14n, Document, Limits, Node, canonicalise_within, encode_base64};

use crate::keys::signer;

/// No more signatures than this are made anew.
const MOST: usize = 3;
const LARGEST: usize = 4 << 20;

/// `xml` with digest and value of every signature made anew, the inner ones first. A signature that
/// is too far from the grammar stays as it is.
pub fn re_sign(xml: &str) -> String {
    let mut xml = xml.to_owned();
    for n in 0..MOST {
        let digested = with_digest(&xml, n);
        let xml_with_digest = digested.as_deref().unwrap_or(&xml);
        match with_value(xml_with_digest, n) {
            Some(signed) => xml = signed,
            None => return xml,
        }
    }
    xml
}

fn with_digest(xml: &str, n: usize) -> Option<String> {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).ok()?;
    let signature = nth_from_the_end(&document, n)?;
    let reference = child(child(signature, "SignedInfo")?, "Reference")?;
    let transform = child(reference, "Transforms")?.elements().last()?;
    let method = match C14n::from_uri(transform.attribute("Algorithm")?)? {
        C14n::Exclusive | C14n::ExclusiveWithComments => C14n::Exclusive,
        C14n::Inclusive | C14n::InclusiveWithComments => C14n::Inclusive,
    };
    let canonical = canonical(signature.parent()?, method, transform, Some(signature))?;
    let algorithm = child(reference, "DigestMethod")?.attribute("Algorithm")?;
    let digest = Digest::of(DigestAlgorithm::from_uri(algorithm)?, &canonical);
    replace_text(xml, child(reference, "DigestValue")?, &encode_base64(digest.as_bytes()))
}

fn with_value(xml: &str, n: usize) -> Option<String> {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).ok()?;
    let signature = nth_from_the_end(&document, n)?;
    let info = child(signature, "SignedInfo")?;
    let c14n = child(info, "CanonicalizationMethod")?;
    let canonical = canonical(info, C14n::from_uri(c14n.attribute("Algorithm")?)?, c14n, None)?;
    let algorithm = child(info, "SignatureMethod")?.attribute("Algorithm")?;
    let algorithm = SignatureAlgorithm::from_uri(algorithm)?;
    let value = signer(algorithm).key.sign(algorithm, &canonical).ok()?;
    replace_text(xml, child(signature, "SignatureValue")?, &encode_base64(&value))
}

fn canonical(
    node: Node<'_>,
    method: C14n,
    parameters: Node<'_>,
    omit: Option<Node<'_>>,
) -> Option<Vec<u8>> {
    let list = parameters.elements().next().and_then(|n| n.attribute("PrefixList")).unwrap_or("");
    let prefixes: Vec<&str> = list.split_ascii_whitespace().collect();
    let mut out = Vec::new();
    canonicalise_within(LARGEST, node, method, &prefixes, omit, &mut out).ok()?;
    Some(out)
}

/// Inner signatures come later in a document than outer ones.
fn nth_from_the_end<'d>(document: &'d Document<'_>, n: usize) -> Option<Node<'d>> {
    let mut all: Vec<_> =
        document.elements().filter(|e| e.is(DSIG_NAMESPACE, "Signature")).take(16).collect();
    all.reverse();
    all.get(n).copied()
}

fn child<'d>(node: Node<'d>, local: &str) -> Option<Node<'d>> {
    node.elements().find(|n| n.is(DSIG_NAMESPACE, local))
}

fn replace_text(xml: &str, node: Node<'_>, text: &str) -> Option<String> {
    let span = node.span();
    let source = xml.get(span.clone())?;
    let (open, close) = (source.find('>')? + 1, source.rfind("</")?);
    let (before, after) = (xml.get(..span.start + open)?, xml.get(span.start + close..)?);
    Some([before, text, after].concat())
}
