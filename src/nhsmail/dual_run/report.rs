use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::{Finding, find};
use super::{COMPARED, Person, Seen, State, Value};
use crate::nhsmail::Population;
use crate::saml::EntityId;

/// What was seen of all identity providers. It names claims, fields and providers, and nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DualRunReport {
    /// Each population, then the providers without one.
    pub populations: Vec<PopulationReport>,
    /// How many people are compared.
    pub people: usize,
    /// How many sign-ins were of people beyond those: they are counted, but not compared.
    pub not_followed: u64,
}

/// The providers of one population, compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PopulationReport {
    /// Its name; `None` for providers that share their people with nobody.
    pub population: Option<Population>,
    /// Each provider by itself.
    pub providers: Vec<ProviderReport>,
    /// Each two providers at which the same people were seen.
    pub comparisons: Vec<Comparison>,
    /// What to look at before one of them goes.
    pub findings: Vec<Finding>,
}

/// What one provider sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderReport {
    /// Its name.
    pub entity_id: EntityId,
    /// How many sign-ins succeeded.
    pub sign_ins: u64,
    /// How many were refused because the assertion did not say who the person is, by the code of
    /// the refusal.
    pub refused: BTreeMap<&'static str, u64>,
    /// From which claim the key was read, and how often.
    pub subject_claims: BTreeMap<String, u64>,
    /// How often each field was there.
    pub fields: BTreeMap<&'static str, FieldReport>,
}

/// How often a field was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldReport {
    /// In so many sign-ins it had a value.
    pub present: u64,
    /// In so many it had none.
    pub absent: u64,
    /// Under which claim name it came, and how often.
    pub names: BTreeMap<String, u64>,
}

/// What two providers say about the people who were seen at both, by what each said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The two.
    pub providers: [EntityId; 2],
    /// How many people.
    pub people: u64,
    /// For how many of them each field is equal or not.
    pub fields: BTreeMap<&'static str, FieldComparison>,
}

/// How many people have which difference in a field. The order of several values does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldComparison {
    /// None.
    pub equal: u64,
    /// In upper and lower case, or spaces around it.
    pub case_only: u64,
    /// Another value.
    pub different: u64,
    /// Only the first provider sends it.
    pub only_first: u64,
    /// Only the second provider sends it.
    pub only_second: u64,
    /// Neither does.
    pub neither: u64,
}

impl FieldComparison {
    fn add(&mut self, first: Option<Value>, second: Option<Value>) {
        let count = match (first, second) {
            (None, None) => &mut self.neither,
            (Some(_), None) => &mut self.only_first,
            (None, Some(_)) => &mut self.only_second,
            (Some(a), Some(b)) if a.exact == b.exact => &mut self.equal,
            (Some(a), Some(b)) if a.folded == b.folded => &mut self.case_only,
            (Some(_), Some(_)) => &mut self.different,
        };
        super::add_one(count);
    }
}

/// Two numbers of providers, the lower one first.
type Pair = (usize, usize);

pub(super) fn write(state: &State) -> DualRunReport {
    let mut compared = compare(state.people.values());
    let mut by_population: BTreeMap<Option<&Population>, Vec<usize>> = BTreeMap::new();
    for (number, seen) in state.providers.iter().enumerate() {
        by_population.entry(seen.population.as_ref()).or_default().push(number);
    }
    // `None` sorts first and is read last.
    let without = by_population.remove(&None).map(|numbers| (None, numbers));
    let all = by_population.into_iter().chain(without);
    let populations = all
        .map(|(population, numbers)| {
            let is_ours = |pair: &Pair| numbers.contains(&pair.0);
            let ours: Vec<Pair> = compared.keys().copied().filter(is_ours).collect();
            let comparisons = ours
                .into_iter()
                .filter_map(|pair| {
                    let (people, fields) = compared.remove(&pair)?;
                    let name = |number: usize| Some(state.providers.get(number)?.entity_id.clone());
                    Some(Comparison { providers: [name(pair.0)?, name(pair.1)?], people, fields })
                })
                .collect();
            let seen = numbers.iter().filter_map(|number| state.providers.get(*number));
            let mut report = PopulationReport {
                population: population.cloned(),
                providers: seen.map(provider).collect(),
                comparisons,
                findings: Vec::new(),
            };
            report.findings = find(&report);
            report
        })
        .collect();
    DualRunReport { populations, people: state.people.len(), not_followed: state.not_followed }
}

fn provider(seen: &Seen) -> ProviderReport {
    let fields = seen.fields.iter().map(|(field, counts)| {
        let report = FieldReport {
            present: counts.present,
            absent: seen.sign_ins.saturating_sub(counts.present),
            names: counts.names.clone(),
        };
        (*field, report)
    });
    ProviderReport {
        entity_id: seen.entity_id.clone(),
        sign_ins: seen.sign_ins,
        refused: seen.refused.clone(),
        subject_claims: seen.subject_claims.clone(),
        fields: fields.collect(),
    }
}

/// For each two providers at which somebody was seen: how many people, and what is equal of them.
fn compare<'p>(
    people: impl Iterator<Item = &'p Person>,
) -> BTreeMap<Pair, (u64, BTreeMap<&'static str, FieldComparison>)> {
    let mut compared: BTreeMap<Pair, (u64, BTreeMap<_, FieldComparison>)> = BTreeMap::new();
    for seen in people {
        for (a, of_a) in seen {
            for (b, of_b) in seen.iter().filter(|(b, _)| a < b) {
                let (people, fields) = compared.entry((*a, *b)).or_default();
                super::add_one(people);
                for ((field, first), second) in COMPARED.into_iter().zip(of_a).zip(of_b) {
                    fields.entry(field).or_default().add(*first, *second);
                }
            }
        }
    }
    compared
}
