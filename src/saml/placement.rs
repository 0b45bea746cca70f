//! Nothing of SAML may hide where the schemas allow anything.
//!
//! Signature wrapping moves a signed element to a place that the reader does not look at:
//! `Extensions`, `StatusDetail`, `Advice`, a value, `ds:Object`. One walk over the whole document
//! refuses that: an element of a namespace that matters must stand inside an element of such a
//! namespace, and not in one of the places made for foreign content. The grammar of each element
//! then says which children it may have.

use super::names::{ASSERTION, METADATA, PROTOCOL, XMLENC};
use super::rejection::Rejection;
use crate::dsig::DSIG_NAMESPACE;
use crate::xml::{Document, Node};

/// Elements of SAML whose content is free.
const FOREIGN_CONTENT: [&str; 6] = [
    "Extensions",
    "StatusDetail",
    "Advice",
    "AttributeValue",
    "SubjectConfirmationData",
    "AuthnContextDecl",
];

/// Refuses what stands where it has no place, and counts the assertions of any kind.
pub(super) fn check_placement(document: &Document<'_>) -> Result<usize, Rejection> {
    let mut assertions = 0_usize;
    for node in document.elements() {
        let namespace = node.namespace();
        let is_saml = namespace == ASSERTION || namespace == PROTOCOL;
        if is_saml && matches!(node.local_name(), "Assertion" | "EncryptedAssertion") {
            assertions = assertions.saturating_add(1);
        }
        let guarded = is_saml || is_guarded(namespace);
        let in_place = !guarded || node.parent().is_none_or(|parent| has_place(parent, node));
        // SAML's own attributes have no prefix. One that has is there to mislead.
        let stray = node.attributes().any(|a| {
            !a.namespace.is_empty()
                && (a.namespace == ASSERTION || a.namespace == PROTOCOL || is_guarded(a.namespace))
        });
        if !in_place || stray {
            return Err(Rejection::Misplaced { element: node.local_name().to_owned() });
        }
    }
    Ok(assertions)
}

fn is_guarded(namespace: &str) -> bool {
    matches!(namespace, DSIG_NAMESPACE | XMLENC | METADATA)
}

fn has_place(parent: Node<'_>, node: Node<'_>) -> bool {
    let parent_namespace = parent.namespace();
    let parent_is_saml = parent_namespace == ASSERTION || parent_namespace == PROTOCOL;
    if parent_is_saml && FOREIGN_CONTENT.contains(&parent.local_name()) {
        return false;
    }
    match node.namespace() {
        ASSERTION | PROTOCOL => parent_is_saml,
        // Response and Assertion alone: a signature elsewhere would be one that nobody verifies.
        DSIG_NAMESPACE if node.local_name() == "Signature" => {
            parent.is(PROTOCOL, "Response") || parent.is(ASSERTION, "Assertion")
        }
        // KeyInfo in EncryptedData and EncryptedKey; DigestMethod in EncryptionMethod.
        DSIG_NAMESPACE => parent_namespace == DSIG_NAMESPACE || parent_namespace == XMLENC,
        // EncryptedData in its wrapper, EncryptedKey beside it or in KeyInfo.
        XMLENC => {
            (parent_is_saml && parent.local_name().starts_with("Encrypted"))
                || parent_namespace == XMLENC
                || parent.is(DSIG_NAMESPACE, "KeyInfo")
        }
        _ => false,
    }
}
