use std::fmt;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::report::{Comparison, FieldReport, PopulationReport, ProviderReport};
use crate::saml::EntityId;

/// More are not told: who has so many looks at the first ones first.
const MAX_FINDINGS: usize = 100;

/// Something to look at before a provider goes. Its [`Display`](fmt::Display) is a sentence; as JSON
/// it is that sentence and a code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Nobody has signed in at this provider.
    Nobody {
        /// The provider.
        at: EntityId,
    },
    /// People sign in at both, and none of them at both.
    NobodyAtBoth {
        /// The two.
        providers: [EntityId; 2],
    },
    /// Sign-ins were refused because the assertion did not say who the person is.
    Refused {
        /// The provider.
        at: EntityId,
        /// The code of the refusal.
        code: &'static str,
        /// How many.
        refused: u64,
    },
    /// People are identified by several claims at one provider.
    SeveralSubjectClaims {
        /// The provider.
        at: EntityId,
        /// How many claims.
        claims: usize,
    },
    /// A field is absent more often than at another provider.
    Absent {
        /// The field.
        field: &'static str,
        /// The provider.
        at: EntityId,
        /// In so many sign-ins.
        absent: u64,
        /// Of so many.
        sign_ins: u64,
    },
    /// A field is read from other claims at the one than at the other.
    OtherClaims {
        /// The field.
        field: &'static str,
        /// The two.
        providers: [EntityId; 2],
        /// The claims, the provider's with a comma between.
        claims: [String; 2],
    },
    /// People have another value at the one than at the other.
    Different {
        /// The field.
        field: &'static str,
        /// The two.
        providers: [EntityId; 2],
        /// So many people.
        different: u64,
        /// Of so many who were seen at both.
        people: u64,
    },
    /// As [`Finding::Different`], and only in upper and lower case or spaces around the value.
    CaseOnly {
        /// The field.
        field: &'static str,
        /// The two.
        providers: [EntityId; 2],
        /// So many people.
        different: u64,
        /// Of so many who were seen at both.
        people: u64,
    },
    /// People have a value at the one and none at the other.
    Lost {
        /// The field.
        field: &'static str,
        /// Where it is.
        at: EntityId,
        /// Where it is not.
        not_at: EntityId,
        /// So many people.
        lost: u64,
        /// Of so many who were seen at both.
        people: u64,
    },
}

impl Finding {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nobody { .. } => "nobody",
            Self::NobodyAtBoth { .. } => "nobody_at_both",
            Self::Refused { .. } => "refused",
            Self::SeveralSubjectClaims { .. } => "several_subject_claims",
            Self::Absent { .. } => "absent",
            Self::OtherClaims { .. } => "other_claims",
            Self::Different { .. } => "different",
            Self::CaseOnly { .. } => "case_only",
            Self::Lost { .. } => "lost",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody { at } => write!(f, "nobody has signed in at {at} yet"),
            Self::NobodyAtBoth { providers: [a, b] } => write!(
                f,
                "no person has been seen at both {a} and {b}: are the subject claims the same \
                 identifier?"
            ),
            Self::Refused { at, code, refused } => write!(
                f,
                "{refused} {} refused because the assertion does not say who the person is ({code})",
                if *refused == 1 {
                    format!("sign-in at {at} was")
                } else {
                    format!("sign-ins at {at} were")
                },
            ),
            Self::SeveralSubjectClaims { at, claims } => write!(
                f,
                "people are identified by {claims} different claims at {at}: somebody for whom \
                 the first is missing at times has two keys"
            ),
            Self::Absent { field, at, absent, sign_ins } => {
                write!(f, "{field} is absent at {at} for {absent} of {sign_ins} sign-ins")
            }
            Self::OtherClaims { field, providers: [a, b], claims: [of_a, of_b] } => {
                write!(f, "{field} is read from {of_a} at {a}, and from {of_b} at {b}")
            }
            Self::Different { field, providers: [a, b], different, people } => write!(
                f,
                "{field} differs for {different} of {people} people seen at both {a} and {b}"
            ),
            Self::CaseOnly { field, providers: [a, b], different, people } => write!(
                f,
                "{field} differs in upper and lower case or spaces for {different} of {people} \
                 people seen at both {a} and {b}"
            ),
            Self::Lost { field, at, not_at, lost, people } => write!(
                f,
                "{field} is there at {at} and absent at {not_at} for {lost} of {people} people \
                 seen at both"
            ),
        }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("Finding", 2)?;
        finding.serialize_field("code", self.code())?;
        finding.serialize_field("text", &self.to_string())?;
        finding.end()
    }
}

/// What is to be said of a population. Nothing of providers without one, which are not compared.
pub(super) fn find(population: &PopulationReport) -> Vec<Finding> {
    let mut findings = Vec::new();
    if population.population.is_none() {
        return findings;
    }
    for provider in &population.providers {
        let at = || provider.entity_id.clone();
        if provider.sign_ins == 0 {
            findings.push(Finding::Nobody { at: at() });
        }
        for (code, refused) in &provider.refused {
            findings.push(Finding::Refused { at: at(), code, refused: *refused });
        }
        let claims = provider.subject_claims.len();
        if claims > 1 {
            findings.push(Finding::SeveralSubjectClaims { at: at(), claims });
        }
    }
    for (index, first) in population.providers.iter().enumerate() {
        for second in population.providers.iter().skip(index.saturating_add(1)) {
            if findings.len() >= MAX_FINDINGS {
                break;
            }
            compare(population, first, second, &mut findings);
        }
    }
    findings.truncate(MAX_FINDINGS);
    findings
}

fn compare(
    population: &PopulationReport,
    first: &ProviderReport,
    second: &ProviderReport,
    findings: &mut Vec<Finding>,
) {
    if first.sign_ins == 0 || second.sign_ins == 0 {
        return;
    }
    let providers = [first.entity_id.clone(), second.entity_id.clone()];
    match population.comparisons.iter().find(|c| c.providers == providers) {
        None => findings.push(Finding::NobodyAtBoth { providers: providers.clone() }),
        Some(comparison) => compare_people(comparison, findings),
    }
    for (field, of_first) in &first.fields {
        let Some(of_second) = second.fields.get(field) else { continue };
        for (one, report, other) in [(first, of_first, of_second), (second, of_second, of_first)] {
            if is_rarer(report, other) {
                let (absent, sign_ins) = (report.absent, one.sign_ins);
                let finding =
                    Finding::Absent { field, at: one.entity_id.clone(), absent, sign_ins };
                // It may be rarer than at several others.
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
        let (of_first, of_second) = (&of_first.names, &of_second.names);
        let in_common = of_first.keys().any(|name| of_second.contains_key(name));
        if !in_common && !of_first.is_empty() && !of_second.is_empty() {
            let claims = [of_first, of_second]
                .map(|names| names.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
            findings.push(Finding::OtherClaims { field, providers: providers.clone(), claims });
        }
    }
}

/// Whether a smaller part of the sign-ins has the field.
fn is_rarer(one: &FieldReport, other: &FieldReport) -> bool {
    let part = |a: u64, b: u64| u128::from(a).saturating_mul(u128::from(b));
    part(one.present, other.absent) < part(other.present, one.absent)
}

fn compare_people(comparison: &Comparison, findings: &mut Vec<Finding>) {
    let people = comparison.people;
    let [first, second] = &comparison.providers;
    let providers = || comparison.providers.clone();
    for (field, counts) in &comparison.fields {
        if counts.different > 0 {
            let different = counts.different;
            findings.push(Finding::Different { field, providers: providers(), different, people });
        }
        if counts.case_only > 0 {
            let different = counts.case_only;
            findings.push(Finding::CaseOnly { field, providers: providers(), different, people });
        }
        for (lost, at, not_at) in
            [(counts.only_first, first, second), (counts.only_second, second, first)]
        {
            if lost > 0 {
                let (at, not_at) = (at.clone(), not_at.clone());
                findings.push(Finding::Lost { field, at, not_at, lost, people });
            }
        }
    }
}
