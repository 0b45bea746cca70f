//! Which identity providers share their people, and how each names them.

use super::{Config, ConfigError};
use crate::nhsmail::{Population, SubjectRule};
use crate::saml::EntityId;

impl Config {
    /// For each identity provider that belongs to a population, how it names its people.
    ///
    /// # Errors
    /// A [`ConfigError`] when a provider has a population and no claim that identifies people in
    /// it, or the other way about, or when it is not named itself.
    pub(super) fn subject_rules(&self) -> Result<Vec<(EntityId, SubjectRule)>, ConfigError> {
        let rules = (0..self.idp.len()).map(|index| self.subject_rule(index).transpose());
        rules.flatten().collect()
    }

    fn subject_rule(&self, index: usize) -> Result<Option<(EntityId, SubjectRule)>, ConfigError> {
        let Some(idp) = self.idp.get(index) else { return Ok(None) };
        let field = |key: &str| format!("idp[{index}].{key}");
        let Some(name) = &idp.population else {
            let stray = match (&idp.subject, idp.subject_form) {
                (Some(_), _) => "subject",
                (None, Some(_)) => "subject_form",
                (None, None) => return Ok(None),
            };
            let problem = "there is no population in which it identifies people";
            let remedy = "name the population; for this provider alone, put the claim first in \
                          claims.immutable_id";
            return Err(self.error(&field(stray), problem, remedy));
        };
        let population = Population::new(name.as_str()).map_err(|error| {
            self.error(&field("population"), error, "choose a short name such as \"nhsmail\"")
        })?;
        let claims = idp.subject.clone().unwrap_or_default();
        if claims.is_empty() || claims.iter().any(|claim| claim.trim().is_empty()) {
            let problem = "no claim identifies people in the population";
            let remedy = "name the claim that holds the same value at each of its providers";
            return Err(self.error(&field("subject"), problem, remedy));
        }
        // Whose people they are must not depend on what a document says.
        let Some(entity_id) = &idp.entity_id else {
            let problem = "a provider that belongs to a population must be named";
            let remedy = "copy the entityID from its metadata";
            return Err(self.error(&field("entity_id"), problem, remedy));
        };
        let form = idp.subject_form.unwrap_or_default();
        Ok(Some((entity_id.clone(), SubjectRule { population, claims, form })))
    }
}
