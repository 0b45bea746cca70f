use serde::{Deserialize, Serialize};

use super::population::Population;
use crate::saml::EntityId;

/// What a [`StaffKey`] is made of, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StaffKeyKind {
    /// The attribute that identifies a person at every provider of a population.
    Mapped,
    /// An identifier that never changes, together with the Entra tenant if there is one.
    Immutable,
    /// A persistent `NameID`.
    PersistentNameId,
    /// The `NameID`, whatever it is: often a UPN, which changes when a name does.
    NameId,
    /// The user principal name.
    Upn,
    /// The mail address, which can be given to somebody else later.
    Mail,
}

/// Within what a [`StaffKey`] is unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// One identity provider. Another one may give the same name to somebody else.
    Issuer(EntityId),
    /// All identity providers of a population.
    Population(Population),
}

/// Under this an application files what belongs to one person. Scope, kind and value count
/// together: the key of an issuer never equals that of a population, nor a `NameID` a mail address.
///
/// It can be written and read with serde, as `{"scope":{"issuer":"…"},"kind":"immutable","value":
/// "…"}` or `{"scope":{"population":"…"},"kind":"mapped","value":"…"}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StaffKey {
    /// Within what it is unique.
    pub scope: KeyScope,
    /// What the value is.
    pub kind: StaffKeyKind,
    /// The value, exact.
    pub value: String,
}

impl std::fmt::Debug for StaffKey {
    // The value is personal data and stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}
