use crate::saml::EntityId;

/// What an identity provider is known to do with a request that asks for more than a sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUpSupport {
    /// Whether it obeys `ForceAuthn` (Core 3.4.1). Where it does, a page that asks for a fresh
    /// sign-in gets one, and a response that is not fresh is refused.
    pub force_authn: bool,
    /// The `AuthnContextClassRef`s that mean a second factor here. They are asked for by
    /// `RequestedAuthnContext` (Core 3.3.2.2.1), and count as evidence.
    pub mfa_contexts: Vec<String>,
}

impl StepUpSupport {
    /// What is known of AD FS and Entra, by their names: both obey `ForceAuthn`, and neither takes a
    /// `RequestedAuthnContext` well. Of others nothing is known.
    pub fn known_of(entity_id: &EntityId) -> Self {
        let name = entity_id.as_str();
        let is_microsoft =
            name.ends_with("/adfs/services/trust") || name.starts_with("https://sts.windows.net/");
        Self { force_authn: is_microsoft, mfa_contexts: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_stranger_nothing_is_known() {
        for (name, obeys) in [
            ("http://fs.nhs.net/adfs/services/trust", true),
            ("https://sts.windows.net/37c354b2/", true),
            ("https://idp.example.org/metadata", false),
            ("https://idp.example.org/?https://sts.windows.net/", false),
        ] {
            let known = StepUpSupport::known_of(&EntityId::new(name).unwrap());
            let expected = StepUpSupport { force_authn: obeys, mfa_contexts: Vec::new() };
            assert_eq!(known, expected, "{name}");
        }
    }
}
