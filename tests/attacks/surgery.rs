//! Cuts elements out of messages and sews them in elsewhere, and signs again what was changed.

use actix_saml::crypto::{Digest, PrivateKey, SignatureAlgorithm};
use actix_saml::dsig::DSIG_NAMESPACE;
use actix_saml::xml::encode_base64;
use actix_saml::xml::{C14n, Document, Limits, Node, canonicalise};

use crate::fixture::{ADMIN, ASSERTION_ID, Message, NURSE};
use crate::keys_of_tests::IDP_KEY;

pub const EVIL_ID: &str = "_0000e411-0000-4000-8000-00000000e411";

/// The source text of the `n`th element of this local name.
#[track_caller]
pub fn element(xml: &str, local: &str, n: usize) -> String {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
    let node = document.elements().filter(|e| e.local_name() == local).nth(n);
    xml[node.unwrap_or_else(|| panic!("no {local}")).span()].to_owned()
}

/// `xml` without the first element of this local name.
#[track_caller]
pub fn without(xml: &str, local: &str) -> String {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
    let span = document.elements().find(|e| e.local_name() == local).unwrap().span();
    [&xml[..span.start], &xml[span.end..]].concat()
}

impl Message {
    pub fn element(&self, local: &str) -> String {
        element(&self.0, local, 0)
    }

    /// The assertion as it was signed.
    pub fn assertion(&self) -> String {
        self.element("Assertion")
    }

    /// Signed anew by the identity provider's own key: see [`re_sign`].
    pub fn re_signed(&self) -> Self {
        Self(re_sign(&self.0, &IDP_KEY.key, SignatureAlgorithm::RsaSha256))
    }

    /// Replaces the assertion.
    pub fn with_assertion(&self, xml: &str) -> Self {
        self.clone().edit(&self.assertion(), xml)
    }
}

/// The attacker's version of an assertion: another ID, another person, no signature.
pub fn forged(assertion: &str) -> String {
    let mut xml = assertion.to_owned();
    if xml.contains(":Signature") || xml.contains("<Signature") {
        xml = without(&xml, "Signature");
    }
    xml.replace(&format!("ID=\"{ASSERTION_ID}\" "), &format!("ID=\"{EVIL_ID}\" "))
        .replace(NURSE, ADMIN)
}

/// An `Extensions` element around `content`, to stand before `Status`.
pub fn extensions(content: &str) -> String {
    format!("<samlp:Extensions>{content}</samlp:Extensions><samlp:Status>")
}

fn find<'d>(document: &'d Document<'d>, local: &str) -> Node<'d> {
    document.elements().find(|n| n.is(DSIG_NAMESPACE, local)).unwrap()
}

fn canonical(node: Node<'_>, omit: Option<Node<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    canonicalise(node, C14n::Exclusive, &[], omit, &mut out);
    out
}

/// Computes the first signature's value anew: as if the identity provider itself had signed this
/// `SignedInfo`, so that nothing but its shape is left to object to.
pub fn re_sign(xml: &str, key: &PrivateKey, algorithm: SignatureAlgorithm) -> String {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
    let value = key.sign(algorithm, &canonical(find(&document, "SignedInfo"), None)).unwrap();
    replace_text(xml, find(&document, "SignatureValue"), &encode_base64(&value))
}

/// Makes the first signature refer to the element of this ID, digest and value included.
pub fn refer_to(xml: &str, id: &str, key: &PrivateKey) -> String {
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
    let target = document.elements().find(|n| n.attribute("ID") == Some(id)).unwrap();
    let signature = find(&document, "Signature");
    let algorithm = SignatureAlgorithm::RsaSha256;
    let digest = Digest::of(algorithm.digest(), &canonical(target, Some(signature)));
    let old = find(&document, "Reference").attribute("URI").unwrap();
    let at = find(&document, "Reference").span().start;
    let digested =
        replace_text(xml, find(&document, "DigestValue"), &encode_base64(digest.as_bytes()));
    let (before, after) = digested.split_at(at);
    let uri = after.replacen(&format!("URI=\"{old}\""), &format!("URI=\"#{id}\""), 1);
    re_sign(&[before, &uri].concat(), key, algorithm)
}

fn replace_text(xml: &str, node: Node<'_>, text: &str) -> String {
    let span = node.span();
    let source = &xml[span.clone()];
    let open = source.find('>').unwrap() + 1;
    let close = source.rfind("</").unwrap();
    [&xml[..span.start + open], text, &xml[span.start + close..]].concat()
}
