use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::saml::{Assertion, Attribute, EntityId, NameId};

/// Somebody who is signed in, in the standard's own words: what the session keeps of the assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The identity provider that vouched.
    pub issuer: EntityId,
    /// The `NameID` with everything it was written with.
    pub name_id: Option<NameId>,
    /// `SessionIndex`, for log-out.
    pub session_index: Option<String>,
    /// When the person last proved who they are; it may be hours before the sign-in here.
    pub authn_instant: DateTime<Utc>,
    /// `AuthnContextClassRef`
    pub authn_context: Option<String>,
    /// All attributes, each with all its values.
    pub attributes: Vec<Attribute>,
    /// `ID` of the assertion.
    pub assertion_id: String,
    /// When the person signed in here.
    pub signed_in_at: DateTime<Utc>,
    /// When this sign-in ends at the latest.
    pub expires_at: DateTime<Utc>,
}

impl Principal {
    /// Keeps what a session needs. The sign-in ends at `latest`, or at `SessionNotOnOrAfter` when
    /// that is earlier.
    pub(super) fn new(assertion: &Assertion, now: DateTime<Utc>, latest: DateTime<Utc>) -> Self {
        let authn = assertion.authn();
        Self {
            issuer: assertion.issuer().clone(),
            name_id: assertion.name_id().cloned(),
            session_index: authn.session_index.clone(),
            authn_instant: authn.authn_instant,
            authn_context: authn.class_ref.clone(),
            attributes: assertion.attributes().to_vec(),
            assertion_id: assertion.id().to_owned(),
            signed_in_at: now,
            expires_at: authn.session_not_on_or_after.map_or(latest, |end| end.min(latest)),
        }
    }

    /// All values of the attribute of this exact `Name`, empty when there is none.
    pub fn values(&self, name: &str) -> &[String] {
        self.attributes.iter().find(|a| a.name == name).map_or(&[], |a| &a.values)
    }

    /// Whether the sign-in has ended.
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        now >= self.expires_at
    }
}
