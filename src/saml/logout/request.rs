use chrono::{DateTime, Utc};

use super::expectations::{LogoutExpectations, instant};
use super::message::{Opened, ReceivedLogout, SignedRoot};
use super::rejection::{LogoutRejection, LogoutTime};
use crate::saml::binding::MessageParameter;
use crate::saml::entity_id::EntityId;
use crate::saml::keys::Keys;
use crate::saml::name_id::{NameId, NameIdView};
use crate::saml::names::{ASSERTION, PROTOCOL};
use crate::saml::plaintext::Plaintext;
use crate::xml::{GrammarError, Node};
use crate::xmlenc::DecryptionKey;

/// As many sessions of one person may be named at once.
pub const MAX_SESSION_INDEXES: usize = 64;

/// A `LogoutRequest` that was accepted: every value in it was signed by the identity provider. Only
/// [`validate_logout_request`] makes one.
///
/// ```compile_fail
/// use actix_saml::saml::logout::LogoutRequest;
/// fn forge(accepted: LogoutRequest) -> LogoutRequest {
///     LogoutRequest { id: String::new(), ..accepted }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    id: String,
    issuer: EntityId,
    name_id: NameId,
    session_indexes: Vec<String>,
    usable_until: DateTime<Utc>,
    signing_key: usize,
    uses_sha1: bool,
}

impl LogoutRequest {
    /// `ID`: with the issuer, the key under which a replay is noticed.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The identity provider, by the name that its metadata has for it.
    pub fn issuer(&self) -> &EntityId {
        &self.issuer
    }

    /// Whose sessions are to end.
    pub fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// Which of them; all of them when it is empty.
    pub fn session_indexes(&self) -> &[String] {
        &self.session_indexes
    }

    /// The time from which on this request is too old, tolerance for clocks not included: until then
    /// it must be remembered.
    pub fn usable_until(&self) -> DateTime<Utc> {
        self.usable_until
    }

    /// Which of the identity provider's keys signed, as an index into the keys given.
    pub fn signing_key(&self) -> usize {
        self.signing_key
    }

    /// Whether the signature uses SHA-1, as the configuration allows for a while.
    pub fn uses_sha1(&self) -> bool {
        self.uses_sha1
    }
}

/// Decides about one `LogoutRequest` (Core 3.7.1, Profiles 4.4.4.1). Pure, as
/// [`validate`](crate::saml::validate()) is. What it cannot decide is whether the request came
/// before: keep its [`id`](LogoutRequest::id) until [`usable_until`](LogoutRequest::usable_until).
///
/// # Errors
/// A [`LogoutRejection`].
pub fn validate_logout_request(
    message: ReceivedLogout<'_>,
    expect: &LogoutExpectations,
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<LogoutRequest, LogoutRejection> {
    let opened = Opened::parse(message)?;
    let signed = opened.signed_root(MessageParameter::Request, "LogoutRequest", keys, now)?;
    let root = signed.root();
    let mut children = signed.contents(&[
        "ID",
        "Version",
        "IssueInstant",
        "Destination",
        "Consent",
        "Reason",
        "NotOnOrAfter",
    ])?;
    expect.check_root(root)?;
    let oldest = expect.check_age(root, now)?;
    let usable_until = check_not_on_or_after(root, expect, oldest, now)?;

    if children.optional(ASSERTION, "BaseID").is_some() {
        return Err(LogoutRejection::BaseId);
    }
    let encrypted = children.optional(ASSERTION, "EncryptedID");
    let name_id = match encrypted {
        Some(encrypted) => open_name_id(&signed, encrypted, keys.decryption())?,
        None => read_name_id(children.required(ASSERTION, "NameID")?)?,
    };
    let mut session_indexes = Vec::new();
    while let Some(index) = children.optional(PROTOCOL, "SessionIndex") {
        if session_indexes.len() >= MAX_SESSION_INDEXES {
            return Err(LogoutRejection::SessionIndexes { limit: MAX_SESSION_INDEXES });
        }
        index.allow_attributes(&[])?;
        let value = index.value()?;
        // An empty list stands for all sessions: one that holds nothing must not look like it.
        if value.trim().is_empty() {
            return Err(GrammarError::InvalidValue { what: "SessionIndex" }.into());
        }
        session_indexes.push(value.to_owned());
    }
    children.end()?;
    Ok(LogoutRequest {
        id: root.attribute("ID").ok_or(LogoutRejection::Id)?.to_owned(),
        issuer: expect.idp.clone(),
        name_id,
        session_indexes,
        usable_until,
        signing_key: signed.key(),
        uses_sha1: signed.uses_sha1(),
    })
}

fn check_not_on_or_after(
    root: Node<'_>,
    expect: &LogoutExpectations,
    oldest: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, LogoutRejection> {
    let bound = LogoutTime::NotOnOrAfter;
    let Some(at) = instant(root, "NotOnOrAfter", bound)? else { return Ok(oldest) };
    if expect.clock_skew.is_too_late(now, at) {
        let skew_seconds = expect.clock_skew.as_delta().num_seconds();
        return Err(LogoutRejection::Expired { bound, at, now, skew_seconds });
    }
    Ok(at.min(oldest))
}

/// What is encrypted inside a message that is signed: whoever signed the cipher text has signed
/// what it stands for.
fn open_name_id(
    signed: &SignedRoot<'_>,
    encrypted: Node<'_>,
    keys: &[DecryptionKey],
) -> Result<NameId, LogoutRejection> {
    let plaintext = Plaintext::default();
    let inside = plaintext.inside_unsigned(signed.root(), keys);
    read_name_id(inside.open_name_id(encrypted)?)
}

fn read_name_id(node: Node<'_>) -> Result<NameId, LogoutRejection> {
    let view = NameIdView::read(node)?;
    match view.fault() {
        Some(fault) => Err(LogoutRejection::NameId(fault)),
        None => Ok(view.to_name_id()),
    }
}
