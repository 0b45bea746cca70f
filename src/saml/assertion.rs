use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::contents::{AttributeView, Contents, SignedContents};
use super::entity_id::EntityId;
use super::name_id::NameId;
use super::time::parse_instant;

/// Which signatures stood on the message. All of them verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignedPart {
    /// The assertion alone.
    Assertion,
    /// The response alone, which covers the assertion.
    Response,
    /// Both.
    Both,
}

impl SignedPart {
    /// The word for it: `assertion`, `response` or `both`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Response => "response",
            Self::Both => "both",
        }
    }
}

/// An attribute with all its values, in document order. Two `Attribute` elements of one `Name` are
/// one attribute: AD FS writes them when claims come from several providers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// `Name`, compared byte for byte.
    pub name: String,
    /// `NameFormat` of the first element of this name.
    pub name_format: Option<String>,
    /// `FriendlyName` of the first element: for people to read, never to decide by.
    pub friendly_name: Option<String>,
    /// The values, exactly as signed.
    pub values: Vec<String>,
}

impl std::fmt::Debug for Attribute {
    // Values are personal data and stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attribute")
            .field("name", &self.name)
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

/// How and when the person signed in (Core 2.7.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthnStatement {
    /// `AuthnInstant`
    pub authn_instant: DateTime<Utc>,
    /// `SessionIndex`, absent when the identity provider gave none.
    pub session_index: Option<String>,
    /// `SessionNotOnOrAfter`
    pub session_not_on_or_after: Option<DateTime<Utc>>,
    /// `AuthnContextClassRef`
    pub class_ref: Option<String>,
}

/// An assertion that was accepted: every value in it was signed by the identity provider, and
/// every rule held. Only [`validate`](super::validate()) makes one.
///
/// ```compile_fail
/// use actix_saml::saml::Assertion;
/// fn forge(accepted: Assertion) -> Assertion {
///     Assertion { id: String::new(), ..accepted }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    issuer: EntityId,
    id: String,
    issue_instant: DateTime<Utc>,
    name_id: Option<NameId>,
    authn: AuthnStatement,
    attributes: Vec<Attribute>,
    usable_until: DateTime<Utc>,
    one_time_use: bool,
    in_response_to: Option<String>,
    signed: SignedPart,
    signing_key: usize,
    uses_sha1: bool,
}

impl Assertion {
    /// Puts together what the rules have accepted. `None` cannot happen after they ran: it says
    /// that a part is missing that they demand.
    pub(super) fn accept(
        signed_contents: &SignedContents<'_>,
        bearer: usize,
        issuer: &EntityId,
        signed: SignedPart,
        uses_sha1: bool,
    ) -> Option<Self> {
        let contents = signed_contents.contents();
        let bearer = contents.bearers.get(bearer)?;
        let authn = contents.authn.first()?;
        // Another confirmation than the one that was used could let the assertion in again.
        let ends = contents.bearers.iter().filter_map(|b| b.not_on_or_after);
        let usable_until = ends.chain(contents.not_on_or_after).max()?;
        Some(Self {
            issuer: issuer.clone(),
            id: contents.assertion.attribute("ID")?.to_owned(),
            issue_instant: parse_instant(contents.assertion.attribute("IssueInstant")?)?,
            name_id: contents.name_id.map(super::name_id::NameIdView::to_name_id),
            authn: AuthnStatement {
                authn_instant: authn.instant,
                session_index: authn.session_index.map(str::to_owned),
                session_not_on_or_after: authn.session_not_on_or_after,
                class_ref: authn.class_ref.map(str::to_owned),
            },
            attributes: join_attributes(contents),
            usable_until,
            one_time_use: contents.one_time_use,
            in_response_to: bearer.in_response_to.map(str::to_owned),
            signed,
            signing_key: signed_contents.key(),
            uses_sha1,
        })
    }

    /// The identity provider.
    pub fn issuer(&self) -> &EntityId {
        &self.issuer
    }

    /// `ID`: with the issuer, the key under which a replay is noticed.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `IssueInstant`: what the identity provider's clock said when it made the assertion.
    pub fn issue_instant(&self) -> DateTime<Utc> {
        self.issue_instant
    }

    /// The subject's `NameID`. AD FS leaves it out when its rules issue none.
    pub fn name_id(&self) -> Option<&NameId> {
        self.name_id.as_ref()
    }

    /// How and when the person signed in.
    pub fn authn(&self) -> &AuthnStatement {
        &self.authn
    }

    /// All attributes, in the order in which their names first appear.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// All values of the attribute of this exact `Name`, empty when there is none.
    pub fn values(&self, name: &str) -> &[String] {
        self.attributes.iter().find(|a| a.name == name).map_or(&[], |a| &a.values)
    }

    /// The time from which no rule would accept this assertion again, tolerance for clocks not
    /// included: until then it must be remembered.
    pub fn usable_until(&self) -> DateTime<Utc> {
        self.usable_until
    }

    /// Whether `OneTimeUse` was asked for. Every assertion is used once here, asked or not.
    pub fn one_time_use(&self) -> bool {
        self.one_time_use
    }

    /// The request that it answers, from the signed confirmation.
    pub fn in_response_to(&self) -> Option<&str> {
        self.in_response_to.as_deref()
    }

    /// Which signatures stood on the message.
    pub fn signed(&self) -> SignedPart {
        self.signed
    }

    /// Which of the identity provider's keys signed, as an index into the keys given.
    pub fn signing_key(&self) -> usize {
        self.signing_key
    }

    /// Whether one of the signatures uses SHA-1, so that it counted only by
    /// [`Dangerous::accept_sha1_signatures_until`](super::Dangerous::accept_sha1_signatures_until).
    pub fn uses_sha1(&self) -> bool {
        self.uses_sha1
    }
}

/// Those of one name become one, where the first of them stood, with all values in document order.
fn join_attributes(contents: &Contents<'_>) -> Vec<Attribute> {
    let mut by_name: Vec<(usize, &AttributeView<'_>)> =
        contents.attributes.iter().enumerate().collect();
    // Stable: those of one name stay in document order.
    by_name.sort_by_key(|(_, view)| view.name);
    let mut groups: Vec<_> = by_name.chunk_by(|(_, a), (_, b)| a.name == b.name).collect();
    groups.sort_unstable_by_key(|group| group.first().map(|(place, _)| *place));
    let mut joined = Vec::with_capacity(groups.len());
    for group in groups {
        let Some((_, first)) = group.first() else { continue };
        let mut values = Vec::with_capacity(group.iter().map(|(_, view)| view.values.len()).sum());
        values.extend(group.iter().flat_map(|(_, view)| &view.values).map(|v| (*v).to_owned()));
        joined.push(Attribute {
            name: first.name.to_owned(),
            name_format: first.node.attribute("NameFormat").map(str::to_owned),
            friendly_name: first.node.attribute("FriendlyName").map(str::to_owned),
            values,
        });
    }
    joined
}
