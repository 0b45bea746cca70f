use std::sync::Arc;

use super::claim_names::ClaimNames;
use super::population::{NoSubjectKey, SubjectRules};
use super::staff_key::{KeyScope, StaffKey, StaffKeyKind};
use crate::saml::{Attribute, NameIdFault};
use crate::sp::Principal;

/// The logical fields, by the names that [`Staff::matched_names`] gives them.
pub(super) const FIELDS: [&str; 11] = [
    "mail",
    "upn",
    "display_name",
    "given_name",
    "surname",
    "ods_code",
    "roles",
    "groups",
    "immutable_id",
    "tenant_id",
    "authn_methods",
];
const MULTIPLE_AUTHN: &str = "http://schemas.microsoft.com/claims/multipleauthn";
const GROUPS_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// A member of staff who is signed in. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Staff(Arc<Read>);

/// What was read of the claims.
#[derive(PartialEq, Eq)]
struct Read {
    principal: Arc<Principal>,
    key: StaffKey,
    earlier_key: Option<StaffKey>,
    subject_claim: Option<String>,
    display_name: String,
    /// Where each of [`FIELDS`] stands.
    fields: [Option<Found>; FIELDS.len()],
    ods_codes: Vec<String>,
}

/// Where a field stands among the attributes. A person is read from the session with each request:
/// nothing is copied that need not be.
#[derive(Clone, PartialEq, Eq)]
struct Found {
    attribute: usize,
    /// The values that are not blank, where some are.
    filled: Option<Vec<String>>,
}

impl Found {
    fn attribute<'p>(&self, principal: &'p Principal) -> Option<&'p Attribute> {
        principal.attributes.get(self.attribute)
    }

    fn values<'s>(&'s self, principal: &'s Principal) -> &'s [String] {
        let all = || self.attribute(principal).map_or(&[][..], |attribute| &attribute.values);
        self.filled.as_deref().unwrap_or_else(all)
    }
}

impl std::fmt::Debug for Staff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staff").field("key", &self.0.key).finish_non_exhaustive()
    }
}

impl Staff {
    /// Reads the claims of `principal` by `names`. Who the person is, is read by the rule that
    /// `subjects` has for the identity provider; without one, by what the provider itself never
    /// gives to two people.
    ///
    /// # Errors
    /// [`NoSubjectKey`] when nothing says who the person is.
    pub fn from_principal(
        principal: impl Into<Arc<Principal>>,
        names: &ClaimNames,
        subjects: &SubjectRules,
    ) -> Result<Self, NoSubjectKey> {
        let principal = principal.into();
        let aliases = [
            &names.mail,
            &names.upn,
            &names.display_name,
            &names.given_name,
            &names.surname,
            &names.ods_code,
            &names.roles,
            &names.groups,
            &names.immutable_id,
            &names.tenant_id,
            &names.authn_methods,
        ];
        let fields = aliases.map(|aliases| find(&principal, aliases));
        let all = |field: &str| values_of(&principal, &fields, field);
        let first = |field: &str| all(field).first().cloned();
        let of_issuer = choose_key(&principal, &first);
        let (key, earlier_key, subject_claim) = match subjects.of(&principal.issuer) {
            None => (of_issuer.ok_or(NoSubjectKey::Nothing)?, None, None),
            Some(rule) => {
                let (value, claim) = rule.identify(&principal)?;
                let scope = KeyScope::Population(rule.population.clone());
                let key = StaffKey { scope, kind: StaffKeyKind::Mapped, value };
                (key, of_issuer, Some(claim))
            }
        };
        let full_name = match (first("given_name"), first("surname")) {
            (Some(given), Some(surname)) => Some(format!("{given} {surname}")),
            (given, surname) => given.or(surname),
        };
        let display_name = first("display_name")
            .or(full_name)
            .or_else(|| first("mail"))
            .unwrap_or_else(|| earlier_key.as_ref().unwrap_or(&key).value.clone());
        let ods_codes =
            all("ods_code").iter().map(|code| code.trim().to_ascii_uppercase()).collect();
        let read =
            Read { principal, key, earlier_key, subject_claim, display_name, fields, ods_codes };
        Ok(Self(Arc::new(read)))
    }

    /// The person in the standard's own words.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// Under what to file what belongs to this person.
    pub fn key(&self) -> &StaffKey {
        &self.0.key
    }

    /// The key that the person has, or had, while the identity provider belonged to no population.
    /// An application that filed people under it moves what it finds there to [`Staff::key`].
    /// `None` without a population, and when the assertion holds no such key.
    ///
    /// It is a key of *this* provider: what was filed after signing in at another one is not found
    /// by it.
    pub fn earlier_key(&self) -> Option<&StaffKey> {
        self.0.earlier_key.as_ref()
    }

    /// [`Staff::key`], then [`Staff::earlier_key`] if there is one.
    pub fn keys(&self) -> impl Iterator<Item = &StaffKey> {
        std::iter::once(&self.0.key).chain(&self.0.earlier_key)
    }

    /// The claim that the key of a population was read from.
    pub fn subject_claim(&self) -> Option<&str> {
        self.0.subject_claim.as_deref()
    }

    /// A name to show: the display name, else given name and surname, else the mail address, else
    /// the key of this
    /// provider. Not for deciding anything.
    pub fn display_name(&self) -> &str {
        &self.0.display_name
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
        &self.0.ods_codes
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
        let left_out = !self.0.principal.values(GROUPS_LINK).is_empty();
        (!left_out).then(|| self.all("groups"))
    }

    /// Whether the sign-in says that a second factor was used. `false` is normal on a hospital's
    /// own network, where NHSmail asks for none.
    pub fn has_mfa_evidence(&self) -> bool {
        self.all("authn_methods").iter().any(|method| method == MULTIPLE_AUTHN)
    }

    /// Which claim name each field was read from.
    pub fn matched_names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        FIELDS.into_iter().zip(&self.0.fields).filter_map(|(field, found)| {
            let attribute = found.as_ref()?.attribute(&self.0.principal)?;
            Some((field, attribute.name.as_str()))
        })
    }

    fn first(&self, field: &str) -> Option<&str> {
        self.all(field).first().map(String::as_str)
    }

    /// What a field of [`FIELDS`] holds.
    pub(super) fn values(&self, field: &str) -> &[String] {
        self.all(field)
    }

    fn all(&self, field: &str) -> &[String] {
        values_of(&self.0.principal, &self.0.fields, field)
    }
}

/// What a field of [`FIELDS`] holds.
fn values_of<'s>(
    principal: &'s Principal,
    fields: &'s [Option<Found>; FIELDS.len()],
    field: &str,
) -> &'s [String] {
    let mut named = FIELDS.into_iter().zip(fields).filter(|(name, _)| *name == field);
    let found = named.next().and_then(|(_, found)| found.as_ref());
    found.map_or(&[], |found| found.values(principal))
}

/// The first alias that has a value that is not blank.
fn find(principal: &Principal, aliases: &[String]) -> Option<Found> {
    aliases.iter().find_map(|name| {
        let (attribute, values) = principal
            .attributes
            .iter()
            .enumerate()
            .find_map(|(index, a)| (a.name == *name).then_some((index, &a.values)))?;
        let is_blank = |value: &&String| value.trim().is_empty();
        let blank = values.iter().filter(is_blank).count();
        if blank == values.len() {
            return None;
        }
        let filled =
            (blank > 0).then(|| values.iter().filter(|value| !is_blank(value)).cloned().collect());
        Some(Found { attribute, filled })
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
    Some(StaffKey { scope: KeyScope::Issuer(principal.issuer.clone()), kind, value })
}

/// A transient `NameID` is another one at each sign-in (Core 8.3.8): no key.
fn is_transient(name_id: &crate::saml::NameId) -> bool {
    name_id.format.as_deref() == Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
}

#[cfg(test)]
mod tests;
