//! What a message says, read with patience: whatever is there is shown, right or wrong. Nothing is
//! ever decided by this reading; that is the affair of the rules.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::moment::Moment;
use crate::saml::names::{ASSERTION, PROTOCOL};
use crate::xml::Node;

/// The outer element of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Message {
    /// Local name of the root element: `Response`, `AuthnRequest`, `LogoutRequest`, …
    pub(super) kind: String,
    pub(super) id: Option<String>,
    pub(super) version: Option<String>,
    pub(super) issue_instant: Option<Moment>,
    pub(super) issuer: Option<String>,
    pub(super) destination: Option<String>,
    pub(super) in_response_to: Option<String>,
    pub(super) status: Option<Status>,
    /// Of an AuthnRequest.
    pub(super) authn_request: Option<AuthnRequest>,
    /// Of a LogoutRequest.
    pub(super) logout: Option<Logout>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Status {
    /// The codes, the outermost first.
    pub(super) codes: Vec<String>,
    pub(super) message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AuthnRequest {
    pub(super) acs_url: Option<String>,
    pub(super) acs_index: Option<String>,
    pub(super) protocol_binding: Option<String>,
    pub(super) force_authn: Option<String>,
    pub(super) is_passive: Option<String>,
    pub(super) name_id_format: Option<String>,
    pub(super) requested_class_refs: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Logout {
    pub(super) name_id: Option<NameId>,
    pub(super) session_indexes: Vec<String>,
    pub(super) reason: Option<String>,
    pub(super) not_on_or_after: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct NameId {
    pub(super) value: String,
    pub(super) format: Option<String>,
    pub(super) sp_name_qualifier: Option<String>,
}

/// An assertion. Whether anything vouches for it stands elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Assertion {
    pub(super) id: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) name_id: Option<NameId>,
    pub(super) confirmations: Vec<Confirmation>,
    pub(super) not_before: Option<Moment>,
    pub(super) not_on_or_after: Option<Moment>,
    /// One list for each restriction. All of them must name the service provider.
    pub(super) audiences: Vec<Vec<String>>,
    pub(super) authn_instant: Option<Moment>,
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<Moment>,
    pub(super) class_ref: Option<String>,
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Confirmation {
    pub(super) method: Option<String>,
    pub(super) recipient: Option<String>,
    pub(super) in_response_to: Option<String>,
    pub(super) not_on_or_after: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// The first child of this name.
pub(super) fn child<'d>(node: Node<'d>, namespace: &str, local: &str) -> Option<Node<'d>> {
    node.elements().find(|n| n.is(namespace, local))
}

/// Text as it stands; of a value that is something else, what it is.
fn text(node: Node<'_>) -> String {
    let is_encrypted = node.local_name().starts_with("Encrypted");
    node.text().unwrap_or(if is_encrypted { "(encrypted)" } else { "(markup)" }).to_owned()
}

fn owned(node: Node<'_>, attribute: &str) -> Option<String> {
    node.attribute(attribute).map(str::to_owned)
}

fn moment(node: Node<'_>, attribute: &str, now: DateTime<Utc>) -> Option<Moment> {
    node.attribute(attribute).map(|text| Moment::read(text, now))
}

fn issuer(node: Node<'_>) -> Option<String> {
    child(node, ASSERTION, "Issuer").map(text)
}

fn name_id(node: Node<'_>) -> Option<NameId> {
    let Some(name_id) = child(node, ASSERTION, "NameID") else {
        let encrypted = child(node, ASSERTION, "EncryptedID")?;
        return Some(NameId { value: text(encrypted), format: None, sp_name_qualifier: None });
    };
    Some(NameId {
        value: text(name_id),
        format: owned(name_id, "Format"),
        sp_name_qualifier: owned(name_id, "SPNameQualifier"),
    })
}

impl Message {
    pub(super) fn read(root: Node<'_>, now: DateTime<Utc>) -> Self {
        let is = |local| root.is(PROTOCOL, local);
        Self {
            kind: root.local_name().to_owned(),
            id: owned(root, "ID"),
            version: owned(root, "Version"),
            issue_instant: moment(root, "IssueInstant", now),
            issuer: issuer(root),
            destination: owned(root, "Destination"),
            in_response_to: owned(root, "InResponseTo"),
            status: child(root, PROTOCOL, "Status").map(Status::read),
            authn_request: is("AuthnRequest").then(|| AuthnRequest::read(root)),
            logout: is("LogoutRequest").then(|| Logout::read(root, now)),
        }
    }
}

impl Status {
    fn read(status: Node<'_>) -> Self {
        let mut codes = Vec::new();
        let mut next = child(status, PROTOCOL, "StatusCode");
        while let Some(code) = next {
            codes.push(owned(code, "Value").unwrap_or_default());
            next = child(code, PROTOCOL, "StatusCode");
        }
        Self { codes, message: child(status, PROTOCOL, "StatusMessage").map(text) }
    }
}

impl AuthnRequest {
    fn read(root: Node<'_>) -> Self {
        let policy = child(root, PROTOCOL, "NameIDPolicy");
        let requested = child(root, PROTOCOL, "RequestedAuthnContext");
        Self {
            acs_url: owned(root, "AssertionConsumerServiceURL"),
            acs_index: owned(root, "AssertionConsumerServiceIndex"),
            protocol_binding: owned(root, "ProtocolBinding"),
            force_authn: owned(root, "ForceAuthn"),
            is_passive: owned(root, "IsPassive"),
            name_id_format: policy.and_then(|policy| owned(policy, "Format")),
            requested_class_refs: requested
                .into_iter()
                .flat_map(Node::elements)
                .filter(|n| n.is(ASSERTION, "AuthnContextClassRef"))
                .map(text)
                .collect(),
        }
    }
}

impl Logout {
    fn read(root: Node<'_>, now: DateTime<Utc>) -> Self {
        let indexes = root.elements().filter(|n| n.is(PROTOCOL, "SessionIndex"));
        Self {
            name_id: name_id(root),
            session_indexes: indexes.map(text).collect(),
            reason: owned(root, "Reason"),
            not_on_or_after: moment(root, "NotOnOrAfter", now),
        }
    }
}

impl Assertion {
    pub(super) fn read(root: Node<'_>, now: DateTime<Utc>) -> Self {
        let mut assertion = Self { id: owned(root, "ID"), issuer: issuer(root), ..Self::default() };
        for node in root.elements().filter(|n| n.namespace() == ASSERTION) {
            match node.local_name() {
                "Subject" => assertion.read_subject(node, now),
                "Conditions" => assertion.read_conditions(node, now),
                "AuthnStatement" => {
                    assertion.authn_instant = moment(node, "AuthnInstant", now);
                    assertion.session_index = owned(node, "SessionIndex");
                    assertion.session_not_on_or_after = moment(node, "SessionNotOnOrAfter", now);
                    assertion.class_ref = child(node, ASSERTION, "AuthnContext")
                        .and_then(|n| child(n, ASSERTION, "AuthnContextClassRef"))
                        .map(text);
                }
                "AttributeStatement" => {
                    let attributes = node.elements().filter(|n| n.is(ASSERTION, "Attribute"));
                    assertion.attributes.extend(attributes.map(|attribute| {
                        Attribute {
                            name: owned(attribute, "Name").unwrap_or_default(),
                            values: attribute
                                .elements()
                                .filter(|n| n.is(ASSERTION, "AttributeValue"))
                                .map(text)
                                .collect(),
                        }
                    }));
                }
                _ => {}
            }
        }
        assertion
    }

    fn read_subject(&mut self, subject: Node<'_>, now: DateTime<Utc>) {
        self.name_id = name_id(subject);
        let confirmations = subject.elements().filter(|n| n.is(ASSERTION, "SubjectConfirmation"));
        self.confirmations.extend(confirmations.map(|confirmation| {
            let data = child(confirmation, ASSERTION, "SubjectConfirmationData");
            Confirmation {
                method: owned(confirmation, "Method"),
                recipient: data.and_then(|n| owned(n, "Recipient")),
                in_response_to: data.and_then(|n| owned(n, "InResponseTo")),
                not_on_or_after: data.and_then(|n| moment(n, "NotOnOrAfter", now)),
            }
        }));
    }

    fn read_conditions(&mut self, conditions: Node<'_>, now: DateTime<Utc>) {
        self.not_before = moment(conditions, "NotBefore", now);
        self.not_on_or_after = moment(conditions, "NotOnOrAfter", now);
        let restrictions = conditions.elements().filter(|n| n.is(ASSERTION, "AudienceRestriction"));
        self.audiences.extend(restrictions.map(|restriction| {
            let audiences = restriction.elements().filter(|n| n.is(ASSERTION, "Audience"));
            audiences.map(text).collect()
        }));
    }
}
