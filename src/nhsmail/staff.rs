use std::collections::BTreeMap;

use thiserror::Error;

use super::claim_names::ClaimNames;
use crate::saml::{EntityId, NameIdFault};
use crate::sp::Principal;

const MULTIPLE_AUTHN: &str = "http://schemas.microsoft.com/claims/multipleauthn";
const GROUPS_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// What a [`StaffKey`] is made of, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StaffKeyKind {
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

/// Under this an application files what belongs to one person. It is unique within one identity
/// provider, so the provider is part of it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StaffKey {
    /// The identity provider.
    pub issuer: EntityId,
    /// What the value is.
    pub kind: StaffKeyKind,
    /// The value, exact.
    pub value: String,
}

impl std::fmt::Debug for StaffKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Nothing in the assertion says who the person is: no `NameID`, and none of the claims that could
/// stand for it. AD FS sends that when its rules issue neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the assertion holds neither a NameID nor a claim that says who the person is")]
pub struct NoSubjectKey;

/// A member of staff who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct Staff {
    principal: Principal,
    key: StaffKey,
    display_name: String,
    fields: BTreeMap<&'static str, Found>,
    ods_codes: Vec<String>,
}

#[derive(Clone, PartialEq, Eq)]
struct Found {
    name: String,
    values: Vec<String>,
}

impl std::fmt::Debug for Staff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staff").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Staff {
    /// Reads the claims of `principal` by `names`.
    ///
    /// # Errors
    /// [`NoSubjectKey`] when nothing says who the person is.
    pub fn from_principal(principal: Principal, names: &ClaimNames) -> Result<Self, NoSubjectKey> {
        let mut fields = BTreeMap::new();
        for (field, aliases) in [
            ("mail", &names.mail),
            ("upn", &names.upn),
            ("display_name", &names.display_name),
            ("given_name", &names.given_name),
            ("surname", &names.surname),
            ("ods_code", &names.ods_code),
            ("roles", &names.roles),
            ("groups", &names.groups),
            ("immutable_id", &names.immutable_id),
            ("tenant_id", &names.tenant_id),
            ("authn_methods", &names.authn_methods),
        ] {
            if let Some(found) = find(&principal, aliases) {
                fields.insert(field, found);
            }
        }
        let first =
            |field: &str| fields.get(field).and_then(|found: &Found| found.values.first()).cloned();
        let key = choose_key(&principal, &first).ok_or(NoSubjectKey)?;
        let full_name = match (first("given_name"), first("surname")) {
            (Some(given), Some(surname)) => Some(format!("{given} {surname}")),
            (given, surname) => given.or(surname),
        };
        let display_name = first("display_name")
            .or(full_name)
            .or_else(|| first("mail"))
            .unwrap_or_else(|| key.value.clone());
        let ods_codes = fields.get("ods_code").map_or_else(Vec::new, |found| {
            found.values.iter().map(|code| code.trim().to_ascii_uppercase()).collect()
        });
        Ok(Self { principal, key, display_name, fields, ods_codes })
    }

    /// The person in the standard's own words.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Under what to file what belongs to this person.
    pub fn key(&self) -> &StaffKey {
        &self.key
    }

    /// A name to show: the display name, else given name and surname, else the mail address, else
    /// the key. Not for deciding anything.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The mail address.
    pub fn mail(&self) -> Option<&str> {
        self.first("mail")
    }

    /// The user principal name.
    pub fn upn(&self) -> Option<&str> {
        self.first("upn")
    }

    /// The given name.
    pub fn given_name(&self) -> Option<&str> {
        self.first("given_name")
    }

    /// The surname.
    pub fn surname(&self) -> Option<&str> {
        self.first("surname")
    }

    /// The ODS codes of the organisations for which the person signed in, in upper case. Often
    /// none; a locum may have two. They belong to this sign-in, not to the person.
    pub fn ods_codes(&self) -> &[String] {
        &self.ods_codes
    }

    /// All roles.
    pub fn roles(&self) -> &[String] {
        self.all("roles")
    }

    /// Whether the person has this role, compared byte for byte.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().iter().any(|r| r == role)
    }

    /// All groups, or `None` when Entra left them out because there are too many: then nobody can
    /// say which groups the person is in.
    pub fn groups(&self) -> Option<&[String]> {
        let left_out = !self.principal.values(GROUPS_LINK).is_empty();
        (!left_out).then(|| self.all("groups"))
    }

    /// Whether the sign-in says that a second factor was used. `false` is normal on a hospital's
    /// own network, where NHSmail asks for none.
    pub fn has_mfa_evidence(&self) -> bool {
        self.all("authn_methods").iter().any(|method| method == MULTIPLE_AUTHN)
    }

    /// Which claim name each field was read from.
    pub fn matched_names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields.iter().map(|(field, found)| (*field, found.name.as_str()))
    }

    fn first(&self, field: &str) -> Option<&str> {
        self.all(field).first().map(String::as_str)
    }

    fn all(&self, field: &str) -> &[String] {
        self.fields.get(field).map_or(&[], |found| &found.values)
    }
}

/// The first alias that has a value that is not blank.
fn find(principal: &Principal, aliases: &[String]) -> Option<Found> {
    aliases.iter().find_map(|name| {
        let values: Vec<String> = principal
            .values(name)
            .iter()
            .filter(|value| !value.trim().is_empty())
            .cloned()
            .collect();
        (!values.is_empty()).then(|| Found { name: name.clone(), values })
    })
}

fn choose_key(principal: &Principal, first: &dyn Fn(&str) -> Option<String>) -> Option<StaffKey> {
    let immutable = first("immutable_id").map(|id| match first("tenant_id") {
        Some(tenant) => format!("{tenant}/{id}"),
        None => id,
    });
    let name_id = principal.name_id.as_ref();
    let persistent = name_id.filter(|n| n.format.as_deref() == Some(PERSISTENT));
    let candidates = [
        (StaffKeyKind::Immutable, immutable),
        (StaffKeyKind::PersistentNameId, persistent.map(|n| n.value.clone())),
        (StaffKeyKind::NameId, name_id.filter(|n| !is_transient(n)).map(|n| n.value.clone())),
        (StaffKeyKind::Upn, first("upn")),
        (StaffKeyKind::Mail, first("mail")),
    ];
    let (kind, value) = candidates.into_iter().find_map(|(kind, v)| Some((kind, v?)))?;
    // Two keys that look alike could be two people, whichever claim they come from.
    if NameIdFault::of(&value).is_some() {
        return None;
    }
    Some(StaffKey { issuer: principal.issuer.clone(), kind, value })
}

/// A transient `NameID` is another one at each sign-in (Core 8.3.8): no key.
fn is_transient(name_id: &crate::saml::NameId) -> bool {
    name_id.format.as_deref() == Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
}

#[cfg(test)]
mod tests;
