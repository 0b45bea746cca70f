//! Walks over the children of an element in the order a schema gives.

use thiserror::Error;

use super::document::{Elements, Node};

/// Where an element departs from the grammar that it should follow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GrammarError {
    /// A child that has no place here: unknown, repeated or out of order.
    #[error("<{found}> has no place here in <{parent}>")]
    UnexpectedElement {
        /// Local name of the parent.
        parent: String,
        /// Local name of the child.
        found: String,
    },
    /// A child that must be here is not.
    #[error("<{parent}> lacks <{expected}>")]
    MissingElement {
        /// Local name of the parent.
        parent: String,
        /// Local name that was expected.
        expected: &'static str,
    },
    /// An attribute that must be here is not.
    #[error("<{parent}> lacks the attribute {expected}")]
    MissingAttribute {
        /// Local name of the element.
        parent: String,
        /// Name of the attribute.
        expected: &'static str,
    },
    /// An attribute that has no place here.
    #[error("<{parent}> has an attribute {found}, which has no place here")]
    UnexpectedAttribute {
        /// Local name of the element.
        parent: String,
        /// Local name of the attribute.
        found: String,
    },
    /// Text between child elements.
    #[error("<{parent}> holds text beside its elements")]
    UnexpectedText {
        /// Local name of the element.
        parent: String,
    },
    /// Markup, a comment included, inside an element whose content is a plain value.
    #[error("<{parent}> holds markup inside its value")]
    MarkupInValue {
        /// Local name of the element.
        parent: String,
    },
    /// A value that is not of the form the schema demands.
    #[error("{what} is not of the right form")]
    InvalidValue {
        /// Which value.
        what: &'static str,
    },
}

impl GrammarError {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnexpectedElement { .. } => "unexpected_element",
            Self::MissingElement { .. } => "missing_element",
            Self::MissingAttribute { .. } => "missing_attribute",
            Self::UnexpectedAttribute { .. } => "unexpected_attribute",
            Self::UnexpectedText { .. } => "unexpected_text",
            Self::MarkupInValue { .. } => "markup_in_value",
            Self::InvalidValue { .. } => "invalid_value",
        }
    }
}

/// The child elements of one element, taken one after the other. Nothing can be skipped: a child
/// that nobody asked for is an error at [`Children::end`] or at the next required one.
pub struct Children<'d> {
    parent: Node<'d>,
    rest: Elements<'d>,
    next: Option<Node<'d>>,
}

impl<'d> Children<'d> {
    /// Starts before the first child of `parent`.
    ///
    /// # Errors
    /// [`GrammarError::UnexpectedText`] when text other than white space stands between the
    /// children.
    pub fn of(parent: Node<'d>) -> Result<Self, GrammarError> {
        if parent.has_own_text() {
            return Err(GrammarError::UnexpectedText { parent: parent.local_name().to_owned() });
        }
        let mut rest = parent.elements();
        let next = rest.next();
        Ok(Self { parent, rest, next })
    }

    /// The next child, without taking it.
    pub fn peek(&self) -> Option<Node<'d>> {
        self.next
    }

    /// Takes the next child, whatever it is.
    pub fn take(&mut self) -> Option<Node<'d>> {
        std::mem::replace(&mut self.next, self.rest.next())
    }

    /// Takes the next child if it has this name.
    pub fn optional(&mut self, namespace: &str, local: &str) -> Option<Node<'d>> {
        if self.next.is_some_and(|n| n.is(namespace, local)) { self.take() } else { None }
    }

    /// Takes the next child, which must have this name.
    ///
    /// # Errors
    /// [`GrammarError::MissingElement`] when there is no further child,
    /// [`GrammarError::UnexpectedElement`] when it is another one.
    pub fn required(
        &mut self,
        namespace: &str,
        local: &'static str,
    ) -> Result<Node<'d>, GrammarError> {
        match self.next {
            Some(node) if node.is(namespace, local) => {
                self.take();
                Ok(node)
            }
            Some(node) => Err(self.unexpected(node)),
            None => Err(GrammarError::MissingElement {
                parent: self.parent.local_name().to_owned(),
                expected: local,
            }),
        }
    }

    /// Demands that nothing is left.
    ///
    /// # Errors
    /// [`GrammarError::UnexpectedElement`] for the first child that is left.
    pub fn end(self) -> Result<(), GrammarError> {
        self.next.map_or(Ok(()), |node| Err(self.unexpected(node)))
    }

    /// The error that says that `found` has no place here.
    pub fn unexpected(&self, found: Node<'_>) -> GrammarError {
        GrammarError::UnexpectedElement {
            parent: self.parent.local_name().to_owned(),
            found: found.local_name().to_owned(),
        }
    }
}

impl<'d> Node<'d> {
    /// The element's text, which must be all it holds.
    ///
    /// # Errors
    /// [`GrammarError::MarkupInValue`] when an element or a comment is inside.
    pub fn value(self) -> Result<&'d str, GrammarError> {
        self.text()
            .ok_or_else(|| GrammarError::MarkupInValue { parent: self.local_name().to_owned() })
    }

    /// The value of an attribute that must be there.
    ///
    /// # Errors
    /// [`GrammarError::MissingAttribute`].
    pub fn required_attribute(self, local: &'static str) -> Result<&'d str, GrammarError> {
        self.attribute(local).ok_or_else(|| GrammarError::MissingAttribute {
            parent: self.local_name().to_owned(),
            expected: local,
        })
    }

    /// Demands that every attribute in no namespace is one of `allowed`. Attributes of foreign
    /// namespaces may stand beside them.
    ///
    /// # Errors
    /// [`GrammarError::UnexpectedAttribute`] for the first other one.
    pub fn allow_attributes(self, allowed: &[&str]) -> Result<(), GrammarError> {
        match self.attributes().find(|a| a.namespace.is_empty() && !allowed.contains(&a.local)) {
            None => Ok(()),
            Some(other) => Err(GrammarError::UnexpectedAttribute {
                parent: self.local_name().to_owned(),
                found: other.local.to_owned(),
            }),
        }
    }
}
