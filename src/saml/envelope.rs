//! The `Response` around the assertion (Core 3.2.2, 3.3.3). Unless it is signed itself, nothing in
//! here is trusted: it must agree with what is expected, and it is never used instead.

use super::names::{ASSERTION, PROTOCOL, SUCCESS, VERSION};
use super::rejection::{Rejection, Role, TimeBound};
use super::time::parse_instant;
use crate::dsig::DSIG_NAMESPACE;
use crate::xml::{Children, Document, GrammarError, Node, is_ncname};

pub(super) struct Envelope<'d> {
    pub(super) response: Node<'d>,
    pub(super) issuer: Option<Node<'d>>,
    pub(super) signature: Option<Node<'d>>,
    pub(super) status: Status<'d>,
    /// What stands where assertions stand; nothing in a response that reports a failure.
    pub(super) assertion: Option<Node<'d>>,
}

pub(super) struct Status<'d> {
    pub(super) code: &'d str,
    pub(super) sub_code: Option<&'d str>,
    pub(super) message: Option<&'d str>,
}

impl Status<'_> {
    pub(super) fn is_success(&self) -> bool {
        self.code == SUCCESS
    }
}

impl<'d> Envelope<'d> {
    pub(super) fn read(document: &'d Document<'d>) -> Result<Self, Rejection> {
        let response = document.root();
        if !response.is(PROTOCOL, "Response") {
            return Err(Rejection::NotResponse { found: response.local_name().to_owned() });
        }
        check_root_attributes(response, Role::Response)?;
        response.allow_attributes(&[
            "ID",
            "Version",
            "IssueInstant",
            "Destination",
            "Consent",
            "InResponseTo",
        ])?;
        let mut children = Children::of(response)?;
        let issuer = children.optional(ASSERTION, "Issuer");
        let signature = children.optional(DSIG_NAMESPACE, "Signature");
        children.optional(PROTOCOL, "Extensions");
        let status = read_status(children.required(PROTOCOL, "Status")?)?;
        let assertion = children
            .optional(ASSERTION, "Assertion")
            .or_else(|| children.optional(ASSERTION, "EncryptedAssertion"));
        // A second assertion is counted by another rule, which says so in plainer words.
        while children.optional(ASSERTION, "Assertion").is_some()
            || children.optional(ASSERTION, "EncryptedAssertion").is_some()
        {}
        children.end()?;
        Ok(Self { response, issuer, signature, status, assertion })
    }
}

/// What `Response` and `Assertion` share: `ID`, `Version` and `IssueInstant` (Core 2.3.3, 3.2.2).
pub(super) fn check_root_attributes(node: Node<'_>, role: Role) -> Result<(), Rejection> {
    if !node.attribute("ID").is_some_and(is_ncname) {
        return Err(Rejection::Id { role });
    }
    let version = node.required_attribute("Version")?;
    if version != VERSION {
        return Err(Rejection::Version { role, found: version.to_owned() });
    }
    let issued = node.required_attribute("IssueInstant")?;
    let bound = TimeBound::IssueInstant;
    match parse_instant(issued) {
        Some(_) => Ok(()),
        None => Err(Rejection::Time { bound, found: issued.to_owned() }),
    }
}

pub(super) fn read_status(status: Node<'_>) -> Result<Status<'_>, GrammarError> {
    let mut children = Children::of(status)?;
    let top = children.required(PROTOCOL, "StatusCode")?;
    let message = children.optional(PROTOCOL, "StatusMessage").map(Node::value).transpose()?;
    children.optional(PROTOCOL, "StatusDetail");
    children.end()?;

    let code = top.required_attribute("Value")?;
    let mut children = Children::of(top)?;
    let second = children.optional(PROTOCOL, "StatusCode");
    children.end()?;
    let sub_code = second.map(|n| n.required_attribute("Value")).transpose()?;
    // Deeper ones say nothing to us; the parser's depth is their limit.
    let mut next = second;
    while let Some(code) = next {
        code.required_attribute("Value")?;
        let mut children = Children::of(code)?;
        next = children.optional(PROTOCOL, "StatusCode");
        children.end()?;
    }
    Ok(Status { code, sub_code, message })
}
