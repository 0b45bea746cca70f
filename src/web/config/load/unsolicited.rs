//! Sign-ins that begin at an identity provider.

use crate::saml::EntityId;
use crate::sp::{ReturnTo, UnsolicitedTargets};
use crate::web::config::{Config, ConfigError};

impl Config {
    /// From whom sign-ins are accepted that nobody has asked for, and where they lead.
    pub(super) fn unsolicited(&self) -> Result<Vec<(EntityId, UnsolicitedTargets)>, ConfigError> {
        let mut accepted = Vec::new();
        for (index, idp) in self.idp.iter().enumerate() {
            let Some(pages) = &idp.unsolicited_targets else { continue };
            let field = format!("idp[{index}].unsolicited_targets");
            let Some(name) = &idp.entity_id else {
                let problem = "it must be known from whom such sign-ins are accepted";
                let remedy = "name idp.entity_id as well, as it stands in the metadata";
                return Err(self.error(&field, problem, remedy));
            };
            let page = |path: &String| {
                ReturnTo::parse(path, &self.base_url).ok_or_else(|| {
                    let problem = format!("{path:?} is no page of this application");
                    self.error(&field, problem, "name paths, such as \"/\" and \"/rota\"")
                })
            };
            let mut pages = pages.iter().map(page);
            let Some(first) = pages.next() else {
                let remedy = "name a page, or remove the key to accept no such sign-ins";
                return Err(self.error(&field, "such sign-ins would lead nowhere", remedy));
            };
            let targets = UnsolicitedTargets::new(first?, pages.collect::<Result<_, _>>()?);
            accepted.push((name.clone(), targets));
        }
        Ok(accepted)
    }
}
