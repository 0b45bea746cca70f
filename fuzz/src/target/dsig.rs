use std::collections::HashSet;
use std::sync::LazyLock;

use actix_saml::crypto::{DigestAlgorithm, SignatureAlgorithm, sha256};
use actix_saml::dsig::{DSIG_NAMESPACE, DsigError, ENVELOPED, verify};
use actix_saml::xml::{C14n, Document, Limits, Node, canonicalise};

use super::choice;
use crate::message::{HONEST, KEYS};
use crate::re_sign::re_sign;

/// Digests of everything that the identity provider ever signed.
static SIGNED: LazyLock<HashSet<[u8; 32]>> = LazyLock::new(|| {
    let mut signed = HashSet::new();
    for xml in HONEST.iter() {
        let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).expect("a seed");
        for signature in document.elements().filter(|n| n.is(DSIG_NAMESPACE, "Signature")) {
            signed.insert(digest(signature.parent().expect("an element"), signature));
        }
    }
    signed
});

/// A signature that verifies is over something that was signed: nothing can be forged. An even
/// first byte has the document as it is; an odd one has it signed again, and what verifies must
/// then keep to the profile. Returns how many signatures verify.
pub fn dsig(data: &[u8]) -> usize {
    let (mode, xml) = choice(data);
    let signed_again = mode % 2 == 1;
    let xml = match std::str::from_utf8(xml) {
        Ok(xml) if signed_again => re_sign(xml).into_bytes(),
        _ => xml.to_vec(),
    };
    let Ok(document) = Document::parse(&xml, &Limits::MESSAGE) else { return 0 };
    let mut good = 0;
    let is_signature = |n: &Node<'_>| n.is(DSIG_NAMESPACE, "Signature");
    for signature in document.elements().filter(is_signature).take(8) {
        let Some(element) = signature.parent() else { continue };
        if let Some(above) = element.parent() {
            let stray = verify(above, signature, KEYS.signing()).map(|_| ());
            assert_eq!(stray, Err(DsigError::Position));
        }
        let Ok(signed) = verify(element, signature, KEYS.signing()) else { continue };
        assert!(signed.element() == element && !signed.uses_sha1());
        assert!(signed.covers(element) && !signed.covers(signature));
        assert!(!element.parent().is_some_and(|above| signed.covers(above)));
        assert_eq!(signed.algorithm().uri(), keeps_to_the_profile(element, signature));
        if !signed_again {
            assert!(SIGNED.contains(&digest(element, signature)), "a forgery");
        }
        good += 1;
    }
    good
}

fn digest(element: Node<'_>, signature: Node<'_>) -> [u8; 32] {
    let mut out = Vec::new();
    canonicalise(element, C14n::Exclusive, &[], Some(signature), &mut out);
    sha256(&out)
}

/// Goes over the signature by itself, by position, and returns the algorithm.
fn keeps_to_the_profile<'d>(element: Node<'d>, signature: Node<'d>) -> &'d str {
    let names = |node: Node<'d>| -> Vec<&str> {
        assert!(node.elements().all(|n| !n.has_own_text() || n.text().is_some()));
        node.elements().map(|n| n.local_name()).collect()
    };
    let nth = |node: Node<'d>, n| node.elements().nth(n).expect("a child");
    let algorithm = |node: Node<'d>| node.attribute("Algorithm").expect("an Algorithm");
    let outline = names(signature);
    assert!(matches!(
        outline[..],
        ["SignedInfo", "SignatureValue"] | ["SignedInfo", "SignatureValue", "KeyInfo"]
    ));
    let info = nth(signature, 0);
    assert_eq!(names(info), ["CanonicalizationMethod", "SignatureMethod", "Reference"]);
    let reference = nth(info, 2);
    assert_eq!(names(reference), ["Transforms", "DigestMethod", "DigestValue"]);
    let id = element.attribute("ID").expect("an ID");
    assert_eq!(reference.attribute("URI"), Some(&*format!("#{id}")));
    let same = element.parent().into_iter().flat_map(top).flat_map(Node::descendants);
    assert!(same.filter(|n| n.attribute("ID") == Some(id)).all(|n| n == element));
    let transforms = nth(reference, 0);
    assert_eq!(names(transforms), ["Transform", "Transform"]);
    assert_eq!(algorithm(nth(transforms, 0)), ENVELOPED);
    assert!(C14n::from_uri(algorithm(nth(transforms, 1))).is_some());
    assert!(C14n::from_uri(algorithm(nth(info, 0))).is_some());
    assert!(DigestAlgorithm::from_uri(algorithm(nth(reference, 1))).is_some());
    let method = algorithm(nth(info, 1));
    assert!(SignatureAlgorithm::from_uri(method).is_some());
    method
}

fn top(node: Node<'_>) -> Option<Node<'_>> {
    std::iter::successors(Some(node), |n| n.parent()).last()
}
