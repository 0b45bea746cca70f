//! Short forms of the rejections that many tests expect.

use actix_saml::dsig::DsigError;
use actix_saml::saml::{Rejection, Role};
use actix_saml::xml::{GrammarError, XmlError};

pub fn misplaced(element: &str) -> Rejection {
    Rejection::Misplaced { element: element.to_owned() }
}

pub fn count(found: usize) -> Rejection {
    Rejection::AssertionCount { found }
}

pub fn not_response(found: &str) -> Rejection {
    Rejection::NotResponse { found: found.to_owned() }
}

/// `found` has no place in `parent`.
pub fn unexpected(parent: &str, found: &str) -> GrammarError {
    GrammarError::UnexpectedElement { parent: parent.to_owned(), found: found.to_owned() }
}

pub fn missing(parent: &str, expected: &'static str) -> GrammarError {
    GrammarError::MissingElement { parent: parent.to_owned(), expected }
}

pub fn missing_attribute(parent: &str, expected: &'static str) -> GrammarError {
    GrammarError::MissingAttribute { parent: parent.to_owned(), expected }
}

pub fn unexpected_attribute(parent: &str, found: &str) -> GrammarError {
    GrammarError::UnexpectedAttribute { parent: parent.to_owned(), found: found.to_owned() }
}

pub fn text_in(parent: &str) -> GrammarError {
    GrammarError::UnexpectedText { parent: parent.to_owned() }
}

pub fn markup_in(parent: &str) -> GrammarError {
    GrammarError::MarkupInValue { parent: parent.to_owned() }
}

/// The assertion's signature is refused.
pub fn bad_signature(error: impl Into<DsigError>) -> Rejection {
    Rejection::Signature { role: Role::Assertion, error: error.into() }
}

/// The response's signature is refused.
pub fn bad_response_signature(error: impl Into<DsigError>) -> Rejection {
    Rejection::Signature { role: Role::Response, error: error.into() }
}

/// The reference is to `found` instead of the element of this ID.
pub fn reference(expected_id: &str, found: &str) -> DsigError {
    DsigError::Reference { expected: format!("#{expected_id}"), found: found.to_owned() }
}

/// Which rule of XML is broken, without the place where it was noticed.
#[track_caller]
pub fn malformed(verdict: Result<actix_saml::saml::Assertion, Rejection>) -> &'static str {
    match verdict {
        Err(Rejection::Xml(
            XmlError::Malformed { what, .. } | XmlError::Namespace { what, .. },
        )) => what,
        other => panic!("not refused as malformed: {other:?}"),
    }
}
