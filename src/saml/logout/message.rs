//! From a message as it came to a root that is known to be signed.

use chrono::{DateTime, Utc};

use super::rejection::LogoutRejection;
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::binding::{MessageParameter, RedirectMessage};
use crate::saml::keys::Keys;
use crate::saml::names::{ASSERTION, PROTOCOL};
use crate::saml::placement::check_placement;
use crate::saml::rejection::Rejection;
use crate::xml::{Children, Document, Limits, Node};

/// A log-out message as it came, with what its binding says of it.
#[derive(Clone, Copy, Debug)]
pub enum ReceivedLogout<'m> {
    /// By HTTP-Redirect. The signature is over the query.
    Redirect(&'m RedirectMessage),
    /// By HTTP-POST. The signature is in the XML.
    Post {
        /// The field that it came in.
        field: MessageParameter,
        /// The XML.
        xml: &'m [u8],
    },
}

impl<'m> ReceivedLogout<'m> {
    /// The XML.
    pub fn xml(self) -> &'m [u8] {
        match self {
            Self::Redirect(message) => message.xml(),
            Self::Post { xml, .. } => xml,
        }
    }

    /// The parameter or field that it came in.
    pub fn parameter(self) -> MessageParameter {
        match self {
            Self::Redirect(message) => message.parameter(),
            Self::Post { field, .. } => field,
        }
    }
}

/// What a log-out message says of its issuer, before anything is verified: good for choosing whose
/// keys to try, and for nothing else.
///
/// # Errors
/// [`LogoutRejection::Xml`] when it is no XML, [`LogoutRejection::OtherMessage`] when it is no
/// log-out message.
pub fn peek_logout_issuer(xml: &[u8]) -> Result<Option<String>, LogoutRejection> {
    let document = Document::parse(xml, &Limits::MESSAGE)?;
    let root = document.root();
    if !root.is(PROTOCOL, "LogoutRequest") && !root.is(PROTOCOL, "LogoutResponse") {
        let found = root.local_name().to_owned();
        return Err(LogoutRejection::OtherMessage { expected: "LogoutRequest", found });
    }
    let issuer = root.elements().next().filter(|n| n.is(ASSERTION, "Issuer"));
    Ok(issuer.and_then(Node::text).map(str::to_owned))
}

/// A message and the tree of its bytes.
pub(super) struct Opened<'m> {
    message: ReceivedLogout<'m>,
    document: Document<'m>,
}

/// The root of a message, of which a signature covers all.
#[derive(Clone, Copy)]
pub(super) struct SignedRoot<'d> {
    root: Node<'d>,
    key: usize,
    uses_sha1: bool,
}

impl<'m> Opened<'m> {
    pub(super) fn parse(message: ReceivedLogout<'m>) -> Result<Self, LogoutRejection> {
        Ok(Self { message, document: Document::parse(message.xml(), &Limits::MESSAGE)? })
    }

    /// The root, if it is of this name, came in the parameter for it, and is signed by one of
    /// `keys`.
    pub(super) fn signed_root(
        &self,
        parameter: MessageParameter,
        expected: &'static str,
        keys: &Keys,
        now: DateTime<Utc>,
    ) -> Result<SignedRoot<'_>, LogoutRejection> {
        let root = self.document.root();
        if !root.is(PROTOCOL, expected) || self.message.parameter() != parameter {
            let found = root.local_name().to_owned();
            return Err(LogoutRejection::OtherMessage { expected, found });
        }
        match check_placement(&self.document) {
            Ok(0) => {}
            Err(Rejection::Misplaced { element }) => {
                return Err(LogoutRejection::Misplaced { element });
            }
            Ok(_) | Err(_) => {
                return Err(LogoutRejection::Misplaced { element: "Assertion".to_owned() });
            }
        }
        // A signature that stands elsewhere is refused when the rest of the grammar is read.
        let mut children = Children::of(root)?;
        children.optional(ASSERTION, "Issuer");
        let inside = children.optional(DSIG_NAMESPACE, "Signature");
        let (key, uses_sha1) = match (self.message, inside) {
            (ReceivedLogout::Post { .. }, Some(signature)) => {
                let signed = keys.verify(root, signature, now);
                let signed = signed.map_err(LogoutRejection::Signature)?;
                (signed.key(), signed.uses_sha1())
            }
            (ReceivedLogout::Redirect(message), None) => {
                let signature = message.signature().ok_or(LogoutRejection::Unsigned)?;
                keys.verify_query(signature, now).map_err(LogoutRejection::Signature)?
            }
            (ReceivedLogout::Redirect(_), Some(_)) => return Err(LogoutRejection::SignatureInside),
            (ReceivedLogout::Post { .. }, None) => return Err(LogoutRejection::Unsigned),
        };
        Ok(SignedRoot { root, key, uses_sha1 })
    }
}

impl<'d> SignedRoot<'d> {
    pub(super) fn root(&self) -> Node<'d> {
        self.root
    }

    pub(super) fn key(&self) -> usize {
        self.key
    }

    pub(super) fn uses_sha1(&self) -> bool {
        self.uses_sha1
    }

    /// What stands behind issuer, signature and extensions.
    pub(super) fn contents(
        &self,
        attributes: &[&'static str],
    ) -> Result<Children<'d>, LogoutRejection> {
        self.root.allow_attributes(attributes)?;
        let mut children = Children::of(self.root)?;
        children.required(ASSERTION, "Issuer")?;
        children.optional(DSIG_NAMESPACE, "Signature");
        children.optional(PROTOCOL, "Extensions");
        Ok(children)
    }
}
