//! Sign-ins that begin at the identity provider (Profiles 4.1.5).

use chrono::{DateTime, Utc};

use super::login::Refusal;
use super::principal::Principal;
use super::return_to::ReturnTo;
use super::service_provider::ServiceProvider;
use super::store::ReplayEntry;
use crate::saml::{EntityId, ExpectedRequest, RequestedAuthn};

/// The pages to which a sign-in may lead that begins at the identity provider. There is always one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsolicitedTargets {
    first: ReturnTo,
    others: Vec<ReturnTo>,
}

impl UnsolicitedTargets {
    /// `first` is for whoever names none of them.
    pub fn new(first: ReturnTo, others: Vec<ReturnTo>) -> Self {
        Self { first, others }
    }

    /// The page that `relay_state` is, to the letter; the first one when it is none of them. It comes
    /// from anybody: no other page is ever made of it.
    pub fn choose(&self, relay_state: Option<&str>) -> &ReturnTo {
        let wanted = |page: &&ReturnTo| Some(page.as_str()) == relay_state;
        self.others.iter().find(wanted).unwrap_or(&self.first)
    }
}

/// A sign-in that nobody has asked for, and that is right as far as can be told without memory.
///
/// It says who its assertion is about, and nothing of who sits in front of the browser that brought
/// it: anybody can have their own delivered by somebody else's (login CSRF). Whoever accepts it shows
/// the person as whom they are about to be signed in, and lets them agree by a form of its own.
#[derive(Clone, Debug)]
pub struct Unsolicited {
    /// Who signs in.
    pub principal: Principal,
    /// What it uses up. It counts only if that was not remembered before.
    pub used: ReplayEntry,
    /// Whether a signature with SHA-1 was accepted. It must be logged.
    pub uses_sha1: bool,
    /// Which of the identity provider's certificates has the key that signed, as an index.
    pub signing_key: usize,
    /// `IssueInstant` of the assertion, to compare clocks by.
    pub issue_instant: DateTime<Utc>,
}

impl ServiceProvider {
    /// Decides about a response that answers no request: neither its `Response` nor any of its
    /// `SubjectConfirmationData` may name one. `idp` is the provider from which such responses are
    /// accepted, and whose keys alone count.
    ///
    /// # Errors
    /// A [`Refusal`]. [`Refusal::Replayed`] is for the caller to find out.
    pub fn finish_unsolicited(
        &self,
        idp: &EntityId,
        response: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Unsolicited, Refusal> {
        let authn = RequestedAuthn::default();
        let request = ExpectedRequest::Unsolicited;
        let (assertion, principal) = self.judge(idp, request, authn, response, now)?;
        Ok(Unsolicited {
            principal,
            used: self.use_of(&assertion),
            uses_sha1: assertion.uses_sha1(),
            signing_key: assertion.signing_key(),
            issue_instant: assertion.issue_instant(),
        })
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn idpinit_a_target_is_one_of_the_list_to_the_letter() {
        let base = Url::parse("https://rota.example/").unwrap();
        let page = |path: &str| ReturnTo::parse(path, &base).unwrap();
        let targets = UnsolicitedTargets::new(page("/"), vec![page("/rota"), page("/bank?a=1")]);
        for (relay_state, chosen) in [
            (Some("/rota"), "/rota"),
            (Some("/bank?a=1"), "/bank?a=1"),
            (Some("/"), "/"),
            (None, "/"),
            (Some(""), "/"),
            (Some("/rota/"), "/"),
            (Some("/rota?day=2"), "/"),
            (Some("/ROTA"), "/"),
            (Some(" /rota"), "/"),
            (Some("/other"), "/"),
            (Some("//evil.example/rota"), "/"),
            (Some("https://rota.example/rota"), "/"),
            (Some("https://evil.example/"), "/"),
        ] {
            assert_eq!(targets.choose(relay_state).as_str(), chosen, "{relay_state:?}");
        }
    }
}
