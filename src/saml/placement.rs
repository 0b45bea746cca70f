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

/// Messages that are signed as roots of their own.
const LOGOUT: [&str; 2] = ["LogoutRequest", "LogoutResponse"];

/// Whose namespace an element is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    Saml,
    Signature,
    Encryption,
    Metadata,
    Foreign,
}

impl Space {
    fn of(namespace: &str) -> Self {
        match namespace {
            ASSERTION | PROTOCOL => Self::Saml,
            DSIG_NAMESPACE => Self::Signature,
            XMLENC => Self::Encryption,
            METADATA => Self::Metadata,
            _ => Self::Foreign,
        }
    }
}

/// Refuses what stands where it has no place, and counts the assertions of any kind.
pub(super) fn check_placement(document: &Document<'_>) -> Result<usize, Rejection> {
    let mut assertions = 0_usize;
    for node in document.elements() {
        let space = Space::of(node.namespace());
        if space == Space::Saml && matches!(node.local_name(), "Assertion" | "EncryptedAssertion") {
            assertions = assertions.saturating_add(1);
        }
        let in_place = space == Space::Foreign
            || node.parent().is_none_or(|parent| has_place(parent, space, node));
        // SAML's own attributes have no prefix. One that has is there to mislead.
        let stray = node
            .attributes()
            .any(|a| !a.namespace.is_empty() && Space::of(a.namespace) != Space::Foreign);
        if !in_place || stray {
            return Err(Rejection::Misplaced { element: node.local_name().to_owned() });
        }
    }
    Ok(assertions)
}

fn has_place(parent: Node<'_>, space: Space, node: Node<'_>) -> bool {
    let outer = Space::of(parent.namespace());
    if outer == Space::Saml && FOREIGN_CONTENT.contains(&parent.local_name()) {
        return false;
    }
    match space {
        Space::Saml => outer == Space::Saml,
        // Response, Assertion and log-out messages alone: a signature elsewhere would be one that
        // nobody verifies.
        Space::Signature if node.local_name() == "Signature" => {
            let is_logout = || LOGOUT.iter().any(|local| parent.is(PROTOCOL, local));
            parent.is(PROTOCOL, "Response")
                || parent.is(ASSERTION, "Assertion")
                || (parent.parent().is_none() && is_logout())
        }
        // KeyInfo in EncryptedData and EncryptedKey; DigestMethod in EncryptionMethod.
        Space::Signature => matches!(outer, Space::Signature | Space::Encryption),
        // EncryptedData in its wrapper, EncryptedKey beside it or in KeyInfo.
        Space::Encryption => {
            (outer == Space::Saml && parent.local_name().starts_with("Encrypted"))
                || outer == Space::Encryption
                || parent.is(DSIG_NAMESPACE, "KeyInfo")
        }
        Space::Metadata | Space::Foreign => false,
    }
}
