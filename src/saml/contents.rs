//! The grammar of an assertion (Core 2.3.3 to 2.7). An `Assertion` is made of [`SignedContents`],
//! which are read from a signed element and from nothing else.

use chrono::{DateTime, Utc};

use super::envelope::check_root_attributes;
use super::name_id::NameIdView;
use super::names::{ASSERTION, BEARER, XSI};
use super::plaintext::{Inside, Plaintext};
use super::rejection::{Rejection, Role, TimeBound};
use super::time::parse_instant;
use crate::dsig::{DSIG_NAMESPACE, Signed};
use crate::xml::{Children, GrammarError, Node};
use crate::xmlenc::DecryptionKey;

/// Contents that a signature covers.
pub(super) struct SignedContents<'d> {
    contents: Contents<'d>,
    signed: Signed<'d>,
}

impl<'d> SignedContents<'d> {
    /// Reads the element that was signed.
    pub(super) fn read(
        signed: Signed<'d>,
        plaintext: &'d Plaintext<'d>,
        keys: &[DecryptionKey],
    ) -> Result<Self, Rejection> {
        Ok(Self { contents: Contents::read(&plaintext.inside(signed, keys))?, signed })
    }

    pub(super) fn contents(&self) -> &Contents<'d> {
        &self.contents
    }

    /// Which of the keys signed them.
    pub(super) fn key(&self) -> usize {
        self.signed.key()
    }
}

/// An assertion as it stands in the document: grammar checked, meaning not yet. By itself it
/// proves nothing.
pub(super) struct Contents<'d> {
    pub(super) assertion: Node<'d>,
    pub(super) issuer: Node<'d>,
    pub(super) name_id: Option<NameIdView<'d>>,
    /// The bearer confirmations; others are of no use to us.
    pub(super) bearers: Vec<Confirmation<'d>>,
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) not_on_or_after: Option<DateTime<Utc>>,
    /// One list for each `AudienceRestriction`.
    pub(super) audiences: Vec<Vec<&'d str>>,
    pub(super) one_time_use: bool,
    pub(super) authn: Vec<Authn<'d>>,
    /// Name and value of each attribute, in document order over all statements.
    pub(super) attributes: Vec<AttributeView<'d>>,
}

pub(super) struct Confirmation<'d> {
    /// Who may present the assertion, when it says so.
    pub(super) name_id: Option<NameIdView<'d>>,
    pub(super) recipient: Option<&'d str>,
    pub(super) in_response_to: Option<&'d str>,
    pub(super) not_on_or_after: Option<DateTime<Utc>>,
    pub(super) has_not_before: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Authn<'d> {
    pub(super) instant: DateTime<Utc>,
    pub(super) session_index: Option<&'d str>,
    pub(super) session_not_on_or_after: Option<DateTime<Utc>>,
    pub(super) class_ref: Option<&'d str>,
}

pub(super) struct AttributeView<'d> {
    pub(super) name: &'d str,
    pub(super) node: Node<'d>,
    pub(super) values: Vec<&'d str>,
}

impl<'d> Contents<'d> {
    /// Reads an assertion that nothing vouches for: for a walk, and for nothing else.
    pub(super) fn read_unsigned(
        assertion: Node<'d>,
        plaintext: &'d Plaintext<'d>,
        keys: &[DecryptionKey],
    ) -> Result<Self, Rejection> {
        Self::read(&plaintext.inside_unsigned(assertion, keys))
    }

    /// Reads an assertion; what is encrypted inside it is decrypted on the way.
    fn read(inside: &Inside<'d, '_>) -> Result<Self, Rejection> {
        let assertion = inside.assertion();
        if !assertion.is(ASSERTION, "Assertion") {
            return Err(Rejection::NotResponse { found: assertion.local_name().to_owned() });
        }
        check_root_attributes(assertion, Role::Assertion)?;
        assertion.allow_attributes(&["ID", "Version", "IssueInstant"])?;
        let mut children = Children::of(assertion)?;
        let issuer = children.required(ASSERTION, "Issuer")?;
        children.optional(DSIG_NAMESPACE, "Signature");
        let subject = children.required(ASSERTION, "Subject")?;
        let conditions = children.required(ASSERTION, "Conditions")?;
        children.optional(ASSERTION, "Advice");
        let mut contents = Self {
            assertion,
            issuer,
            name_id: None,
            bearers: Vec::new(),
            not_before: None,
            not_on_or_after: None,
            audiences: Vec::new(),
            one_time_use: false,
            authn: Vec::new(),
            attributes: Vec::with_capacity(16),
        };
        contents.read_subject(subject, inside)?;
        contents.read_conditions(conditions)?;
        while let Some(statement) = children.take() {
            if statement.is(ASSERTION, "AuthnStatement") {
                contents.authn.push(read_authn_statement(statement)?);
            } else if statement.is(ASSERTION, "AttributeStatement") {
                contents.read_attribute_statement(statement, inside)?;
            } else {
                return Err(children.unexpected(statement).into());
            }
        }
        Ok(contents)
    }

    /// Core 2.4.1
    fn read_subject(
        &mut self,
        subject: Node<'d>,
        inside: &Inside<'d, '_>,
    ) -> Result<(), Rejection> {
        let mut children = Children::of(subject)?;
        if let Some(name_id) = take_name_id(&mut children) {
            self.name_id = Some(read_name_id(name_id, inside)?);
        }
        while let Some(confirmation) = children.optional(ASSERTION, "SubjectConfirmation") {
            if let Some(bearer) = read_confirmation(confirmation, inside)? {
                self.bearers.push(bearer);
            }
        }
        Ok(children.end()?)
    }

    /// Core 2.5.1
    fn read_conditions(&mut self, conditions: Node<'d>) -> Result<(), Rejection> {
        self.not_before = instant(conditions, "NotBefore", TimeBound::ConditionsNotBefore)?;
        self.not_on_or_after =
            instant(conditions, "NotOnOrAfter", TimeBound::ConditionsNotOnOrAfter)?;
        let mut proxy = false;
        let mut children = Children::of(conditions)?;
        while let Some(condition) = children.take() {
            if condition.is(ASSERTION, "AudienceRestriction") {
                self.audiences.push(read_audiences(condition)?);
            } else if condition.is(ASSERTION, "OneTimeUse") && !self.one_time_use {
                Children::of(condition)?.end()?;
                self.one_time_use = true;
            } else if condition.is(ASSERTION, "ProxyRestriction") && !proxy {
                // It limits what we may issue in turn (Core 2.5.1.6), and we issue nothing.
                read_optional_audiences(condition)?;
                proxy = true;
            } else {
                let found = condition.local_name().to_owned();
                return Err(Rejection::UnknownCondition { found });
            }
        }
        Ok(())
    }

    /// Core 2.7.3
    fn read_attribute_statement(
        &mut self,
        statement: Node<'d>,
        inside: &Inside<'d, '_>,
    ) -> Result<(), Rejection> {
        let mut children = Children::of(statement)?;
        if children.peek().is_none() {
            children.required(ASSERTION, "Attribute")?;
        }
        while let Some(attribute) = children.take() {
            let attribute = if attribute.is(ASSERTION, "EncryptedAttribute") {
                inside.open_attribute(attribute)?
            } else if attribute.is(ASSERTION, "Attribute") {
                attribute
            } else {
                return Err(children.unexpected(attribute).into());
            };
            self.attributes.push(read_attribute(attribute)?);
        }
        Ok(())
    }
}

/// The one identifier that a subject or a confirmation may begin with.
fn take_name_id<'d>(children: &mut Children<'d>) -> Option<Node<'d>> {
    let plain = children.optional(ASSERTION, "NameID");
    plain.or_else(|| children.optional(ASSERTION, "EncryptedID"))
}

fn read_name_id<'d>(node: Node<'d>, inside: &Inside<'d, '_>) -> Result<NameIdView<'d>, Rejection> {
    let is_plain = node.is(ASSERTION, "NameID");
    Ok(NameIdView::read(if is_plain { node } else { inside.open_name_id(node)? })?)
}

/// Core 2.4.1.1; `None` when the method is not bearer.
fn read_confirmation<'d>(
    confirmation: Node<'d>,
    inside: &Inside<'d, '_>,
) -> Result<Option<Confirmation<'d>>, Rejection> {
    let method = confirmation.required_attribute("Method")?;
    let mut children = Children::of(confirmation)?;
    let name_id = take_name_id(&mut children);
    let data = children.optional(ASSERTION, "SubjectConfirmationData");
    children.end()?;
    if method != BEARER {
        // Not even decrypted: nobody will ask for it.
        return Ok(None);
    }
    let name_id = name_id.map(|node| read_name_id(node, inside)).transpose()?;
    let Some(data) = data else {
        return Ok(Some(Confirmation {
            name_id,
            recipient: None,
            in_response_to: None,
            not_on_or_after: None,
            has_not_before: false,
        }));
    };
    // Nothing in the bearer profile gives its content a meaning (Profiles 4.1.4.2).
    Children::of(data)?.end()?;
    Ok(Some(Confirmation {
        name_id,
        recipient: data.attribute("Recipient"),
        in_response_to: data.attribute("InResponseTo"),
        not_on_or_after: instant(data, "NotOnOrAfter", TimeBound::ConfirmationNotOnOrAfter)?,
        has_not_before: data.attribute("NotBefore").is_some(),
    }))
}

/// Core 2.5.1.4: at least one audience.
fn read_audiences(restriction: Node<'_>) -> Result<Vec<&str>, GrammarError> {
    let audiences = read_optional_audiences(restriction)?;
    if audiences.is_empty() {
        let parent = restriction.local_name().to_owned();
        return Err(GrammarError::MissingElement { parent, expected: "Audience" });
    }
    Ok(audiences)
}

fn read_optional_audiences(restriction: Node<'_>) -> Result<Vec<&str>, GrammarError> {
    let mut children = Children::of(restriction)?;
    let mut audiences = Vec::new();
    while let Some(audience) = children.optional(ASSERTION, "Audience") {
        audiences.push(audience.value()?);
    }
    children.end()?;
    Ok(audiences)
}

/// Core 2.7.2
fn read_authn_statement(statement: Node<'_>) -> Result<Authn<'_>, Rejection> {
    let bound = TimeBound::AuthnInstant;
    statement.required_attribute("AuthnInstant")?;
    let authn_instant = instant(statement, "AuthnInstant", bound)?
        .ok_or(GrammarError::InvalidValue { what: "AuthnInstant" })?;
    let mut children = Children::of(statement)?;
    if let Some(locality) = children.optional(ASSERTION, "SubjectLocality") {
        Children::of(locality)?.end()?;
    }
    let context = children.required(ASSERTION, "AuthnContext")?;
    children.end()?;
    let mut children = Children::of(context)?;
    let class_ref =
        children.optional(ASSERTION, "AuthnContextClassRef").map(Node::value).transpose()?;
    let declaration =
        children.optional(ASSERTION, "AuthnContextDeclRef").map(Node::value).transpose()?;
    if class_ref.is_none() && declaration.is_none() {
        // A context that names none (Core 2.7.2.2).
        children.required(ASSERTION, "AuthnContextClassRef")?;
    }
    while let Some(authority) = children.optional(ASSERTION, "AuthenticatingAuthority") {
        authority.value()?;
    }
    children.end()?;
    let bound = TimeBound::SessionNotOnOrAfter;
    Ok(Authn {
        instant: authn_instant,
        session_index: statement.attribute("SessionIndex").filter(|index| !index.is_empty()),
        session_not_on_or_after: instant(statement, "SessionNotOnOrAfter", bound)?,
        class_ref,
    })
}

/// Core 2.7.3.1
fn read_attribute(attribute: Node<'_>) -> Result<AttributeView<'_>, GrammarError> {
    let name = attribute.required_attribute("Name")?;
    if name.trim().is_empty() {
        return Err(GrammarError::InvalidValue { what: "the Name of an Attribute" });
    }
    let mut children = Children::of(attribute)?;
    // Nearly every attribute has one value.
    let mut values = Vec::with_capacity(1);
    while let Some(value) = children.optional(ASSERTION, "AttributeValue") {
        let text = value.value()?;
        let is_nil = value
            .attributes()
            .any(|a| a.namespace == XSI && a.local == "nil" && matches!(a.value, "true" | "1"));
        match (is_nil, text) {
            (false, text) => values.push(text),
            // A nil value is no value (Core 2.7.3.1.1).
            (true, "") => {}
            (true, _) => return Err(GrammarError::InvalidValue { what: "a nil AttributeValue" }),
        }
    }
    children.end()?;
    Ok(AttributeView { name, node: attribute, values })
}

fn instant(
    node: Node<'_>,
    name: &str,
    bound: TimeBound,
) -> Result<Option<DateTime<Utc>>, Rejection> {
    match node.attribute(name) {
        None => Ok(None),
        Some(text) => match parse_instant(text) {
            Some(instant) => Ok(Some(instant)),
            None => Err(Rejection::Time { bound, found: text.to_owned() }),
        },
    }
}
