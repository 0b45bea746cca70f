//! What identity providers do with a request for more than a sign-in.

use crate::saml::EntityId;
use crate::web::access::StepUpSupport;
use crate::web::config::{Config, ConfigError};

impl Config {
    /// What the configuration says of the providers that it says anything of.
    pub(super) fn step_up_support(&self) -> Result<Vec<(EntityId, StepUpSupport)>, ConfigError> {
        let mut support = Vec::new();
        for (index, idp) in self.idp.iter().enumerate() {
            let field = |key: &str| format!("idp[{index}].{key}");
            let key = match (&idp.honours_force_authn, &idp.mfa_contexts) {
                (Some(_), _) => "honours_force_authn",
                (None, Some(_)) => "mfa_contexts",
                (None, None) => continue,
            };
            let Some(name) = &idp.entity_id else {
                let problem = "it must be known of whom this is said";
                let remedy = "name idp.entity_id as well, as it stands in the metadata";
                return Err(self.error(&field(key), problem, remedy));
            };
            let contexts = idp.mfa_contexts.clone().unwrap_or_default();
            if contexts.iter().any(|class| class.trim() != class || class.is_empty()) {
                let remedy = "name AuthnContextClassRefs, each as the provider sends it";
                return Err(self.error(&field("mfa_contexts"), "one is blank or padded", remedy));
            }
            let known = StepUpSupport::known_of(name);
            let force_authn = idp.honours_force_authn.unwrap_or(known.force_authn);
            let said = StepUpSupport { force_authn, mfa_contexts: contexts };
            support.push((name.clone(), said));
        }
        Ok(support)
    }
}
