//! What two identity providers say about the same people while both are in use.
//!
//! Fed with every sign-in, it counts which field came under which claim name, and compares what the
//! providers of a population say about a person who was seen at both. It keeps no personal data:
//! people and values are digests, salted with bytes that nobody else knows and that end with the
//! process. Memory is bounded: see [`DualRun`].

mod finding;
mod report;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use finding::Finding;
pub use report::{
    Comparison, DualRunReport, FieldComparison, FieldReport, PopulationReport, ProviderReport,
};

use super::population::{NoSubjectKey, Population, SubjectRules};
use super::staff::{FIELDS, Staff};
use super::staff_key::KeyScope;
use crate::crypto::sha256;
use crate::saml::EntityId;

/// So many people are compared. Some 500 bytes each.
const MAX_PEOPLE: usize = 10_000;
/// So many providers are told apart, and so many a person may have signed in at.
const MAX_PROVIDERS: usize = 1_000;
const MAX_PROVIDERS_OF_PERSON: usize = 4;
/// So many names of one field are counted. Configuration lists fewer.
const MAX_NAMES: usize = 32;
/// What is compared of a person, of [`FIELDS`]. The others belong to one product, or to one
/// sign-in, and differ as they should.
const COMPARED: [&str; 8] =
    ["mail", "upn", "display_name", "given_name", "surname", "ods_code", "roles", "groups"];

/// Compares what the providers of a population say. One for the whole process; it never blocks for
/// longer than it takes to count.
///
/// It follows the first 10 000 people, and takes some five megabytes for them.
///
/// ```
/// use actix_saml::nhsmail::{SubjectRules, dual_run::DualRun};
///
/// let dual_run = DualRun::new([7; 32], &SubjectRules::default());
/// // dual_run.record(&staff), for every sign-in
/// assert!(dual_run.report().populations.is_empty());
/// ```
pub struct DualRun {
    salt: [u8; 32],
    state: Mutex<State>,
}

impl std::fmt::Debug for DualRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DualRun").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    /// In the order in which they were met: their numbers.
    providers: Vec<Seen>,
    numbers: HashMap<EntityId, usize>,
    people: HashMap<u128, Person>,
    not_followed: u64,
}

/// What was seen of one provider.
struct Seen {
    entity_id: EntityId,
    population: Option<Population>,
    sign_ins: u64,
    refused: BTreeMap<&'static str, u64>,
    subject_claims: BTreeMap<String, u64>,
    /// By the field.
    fields: BTreeMap<&'static str, FieldSeen>,
}

#[derive(Clone, Default)]
struct FieldSeen {
    present: u64,
    names: BTreeMap<String, u64>,
}

/// What each provider, by its number, last said of somebody.
type Person = Vec<(usize, Values)>;
/// The digests of the values, in the order of [`COMPARED`]; `None` where there are none.
type Values = [Option<Value>; COMPARED.len()];

/// Digests of what a field holds: as it is, and in lower case.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Value {
    exact: u64,
    folded: u64,
}

impl DualRun {
    /// Begins to count. `salt` is random and not used for anything else; of `rules` come the
    /// providers, so that the report can tell at which nobody has signed in yet.
    pub fn new(salt: [u8; 32], rules: &SubjectRules) -> Self {
        let mut state = State::default();
        let mut of_populations: Vec<_> = rules.iter().collect();
        of_populations.sort_by_key(|(entity_id, _)| *entity_id);
        for (entity_id, rule) in of_populations {
            state.number_of(entity_id, Some(&rule.population));
        }
        Self { salt, state: Mutex::new(state) }
    }

    /// Counts a sign-in that succeeded.
    pub fn record(&self, staff: &Staff) {
        let population = match &staff.key().scope {
            KeyScope::Population(population) => Some(population),
            KeyScope::Issuer(_) => None,
        };
        let values = COMPARED.map(|field| self.value_of(staff, field));
        let person = population.map(|population| {
            let parts = [population.as_str().as_bytes(), staff.key().value.as_bytes()];
            let digest = self.digest("person", parts.into_iter());
            u128::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
        });

        let mut state = self.lock();
        let Some(number) = state.number_of(&staff.principal().issuer, population) else { return };
        if let Some(seen) = state.providers.get_mut(number) {
            seen.count(staff);
        }
        if let Some(person) = person {
            state.follow(person, number, values);
        }
    }

    /// Counts a sign-in that was refused because the assertion does not say who the person is.
    pub fn record_refusal(&self, issuer: &EntityId, error: &NoSubjectKey) {
        let mut state = self.lock();
        let Some(number) = state.number_of(issuer, None) else { return };
        if let Some(seen) = state.providers.get_mut(number) {
            add_one(seen.refused.entry(error.code()).or_default());
        }
    }

    /// What was seen so far.
    pub fn report(&self) -> DualRunReport {
        report::write(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counting cannot panic; whatever it was, half a count does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn value_of(&self, staff: &Staff, field: &'static str) -> Option<Value> {
        let mut values: Vec<&str> = match field {
            "ods_code" => staff.ods_codes().iter().map(String::as_str).collect(),
            // Left out is not the same as none, but neither can be compared.
            "groups" => staff.groups()?.iter().map(String::as_str).collect(),
            field => staff.values(field).iter().map(String::as_str).collect(),
        };
        if values.is_empty() {
            return None;
        }
        let mut folded: Vec<String> = values.iter().map(|v| v.trim().to_lowercase()).collect();
        values.sort_unstable();
        values.dedup();
        folded.sort_unstable();
        folded.dedup();
        let short = |digest: [u8; 32]| {
            u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
        };
        Some(Value {
            exact: short(self.digest(field, values.iter().map(|v| v.as_bytes()))),
            folded: short(self.digest(field, folded.iter().map(|v| v.as_bytes()))),
        })
    }

    /// The salted digest of `parts`, each with its length, so that no two lists look alike.
    fn digest<'p>(&self, purpose: &'p str, parts: impl Iterator<Item = &'p [u8]>) -> [u8; 32] {
        let mut text = self.salt.to_vec();
        for part in std::iter::once(purpose.as_bytes()).chain(parts) {
            text.extend_from_slice(&part.len().to_be_bytes());
            text.extend_from_slice(part);
        }
        sha256(&text)
    }
}

impl State {
    /// The number of this provider; a new one if there is room.
    fn number_of(
        &mut self,
        entity_id: &EntityId,
        population: Option<&Population>,
    ) -> Option<usize> {
        if let Some(number) = self.numbers.get(entity_id) {
            return Some(*number);
        }
        let number = self.providers.len();
        if number >= MAX_PROVIDERS {
            return None;
        }
        self.numbers.insert(entity_id.clone(), number);
        self.providers.push(Seen {
            entity_id: entity_id.clone(),
            population: population.cloned(),
            sign_ins: 0,
            refused: BTreeMap::new(),
            subject_claims: BTreeMap::new(),
            fields: FIELDS.into_iter().map(|field| (field, FieldSeen::default())).collect(),
        });
        Some(number)
    }

    fn follow(&mut self, person: u128, provider: usize, values: Values) {
        let is_full = self.people.len() >= MAX_PEOPLE;
        let seen = match self.people.get_mut(&person) {
            Some(seen) => seen,
            None if is_full => return add_one(&mut self.not_followed),
            None => self.people.entry(person).or_default(),
        };
        let has_room = seen.len() < MAX_PROVIDERS_OF_PERSON;
        match seen.iter_mut().find(|(number, _)| *number == provider) {
            Some((_, earlier)) => *earlier = values,
            None if has_room => {
                // Nearly everybody has one, later two: no room for more than that.
                seen.reserve_exact(1);
                seen.push((provider, values));
            }
            None => {}
        }
    }
}

impl Seen {
    fn count(&mut self, staff: &Staff) {
        add_one(&mut self.sign_ins);
        if let Some(claim) = staff.subject_claim() {
            count_name(&mut self.subject_claims, claim);
        }
        for (field, name) in staff.matched_names() {
            if let Some(seen) = self.fields.get_mut(field) {
                add_one(&mut seen.present);
                count_name(&mut seen.names, name);
            }
        }
    }
}

fn count_name(names: &mut BTreeMap<String, u64>, name: &str) {
    let has_room = names.len() < MAX_NAMES;
    match names.get_mut(name) {
        Some(count) => add_one(count),
        None if has_room => _ = names.insert(name.to_owned(), 1),
        None => {}
    }
}

fn add_one(count: &mut u64) {
    *count = count.saturating_add(1);
}

#[cfg(test)]
mod tests;
