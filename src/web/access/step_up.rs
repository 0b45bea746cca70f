//! Signing in again because a page asks for more than there is.
//!
//! What is asked for stands in the address of the sign-in, where anybody may write it: it can only
//! ever ask for more. What came of it is remembered in the session, so that nobody is sent round in
//! circles by an identity provider that gives no evidence.

use actix_session::SessionExt as _;
use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::requirement::{Lack, has_mfa_evidence, is_within};
use super::support::StepUpSupport;
use crate::nhsmail::Staff;
use crate::sp::{LoginOptions, PendingLogin, Principal, SessionHandle, StoreError};
use crate::web::lock;
use crate::web::person::Person;
use crate::web::saml::Shared;

/// Under this name the session holds what its sign-in was asked for.
const ASKED: &str = "actix_saml.step_up";
/// The parameter of the query of `/saml/login`.
pub(in crate::web) const PARAMETER: &str = "step_up";
const FRESH: &str = "fresh";
const MFA: &str = "mfa";

/// What a sign-in is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::web) struct StepUp {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::web) fresh: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::web) mfa: bool,
}

impl StepUp {
    pub(super) fn for_lack(lack: Lack) -> Self {
        Self { fresh: lack.max_age.is_some(), mfa: lack.mfa }
    }

    /// And what the sign-in of `request` was asked for. Guards that stand one within another would
    /// otherwise send people to and fro, each taking away what the other has been given.
    pub(super) fn and_as_before(self, request: &HttpRequest) -> Self {
        let before = request.get_session().get::<Self>(ASKED).ok().flatten().unwrap_or_default();
        Self { fresh: self.fresh || before.fresh, mfa: self.mfa || before.mfa }
    }

    /// As the query has it; `None` when nothing is asked for. Words that are not known ask for
    /// nothing.
    pub(in crate::web) fn read(value: &str) -> Option<Self> {
        let has = |word: &str| value.split(',').any(|part| part == word);
        let asked = Self { fresh: has(FRESH), mfa: has(MFA) };
        (asked != Self::default()).then_some(asked)
    }

    pub(super) fn as_value(self) -> &'static str {
        match (self.fresh, self.mfa) {
            (true, true) => "fresh,mfa",
            (true, false) => FRESH,
            (false, _) => MFA,
        }
    }

    /// What to ask of an identity provider of which this is known. Without anything that it is known
    /// to obey it is a plain sign-in, and what comes back decides.
    pub(in crate::web) fn options(self, support: &StepUpSupport) -> LoginOptions {
        let contexts = if self.mfa { support.mfa_contexts.clone() } else { Vec::new() };
        let needs_password = self.fresh || (self.mfa && contexts.is_empty());
        LoginOptions {
            force_authn: needs_password && support.force_authn,
            wished_class_refs: contexts,
            ..LoginOptions::default()
        }
    }

    /// Remembers in the session of `request` that it came of this.
    pub(in crate::web) fn remember(
        self,
        session: &actix_session::Session,
    ) -> Result<(), actix_session::SessionInsertError> {
        session.insert(ASKED, self)
    }

    /// What came of it: a code when the sign-in has not brought what it was asked for.
    pub(in crate::web) fn outcome(
        self,
        shared: &Shared,
        pending: &PendingLogin,
        staff: &Staff,
    ) -> Option<&'static str> {
        let principal = staff.principal();
        let support = shared.step_up_support(&principal.issuer);
        if self.mfa && !has_mfa_evidence(staff, &support.mfa_contexts) {
            return Some("mfa_missing");
        }
        let skew = shared.settings.clock_skew.as_delta();
        let age = principal.signed_in_at.signed_duration_since(pending.started_at);
        let is_stale = !is_within(principal.authn_instant, principal.signed_in_at, age, skew);
        (self.fresh && is_stale).then_some("not_fresh")
    }

    /// Whether the sign-in of `principal` was asked for what it lacks, and has not brought it.
    pub(super) fn was_in_vain(
        request: &HttpRequest,
        shared: &Shared,
        principal: &Principal,
        lack: Lack,
    ) -> bool {
        let Ok(Some(asked)) = request.get_session().get::<Self>(ASKED) else { return false };
        let skew = shared.settings.clock_skew.as_delta();
        let arrived_stale = lack.max_age.is_some_and(|age| {
            !is_within(principal.authn_instant, principal.signed_in_at, age, skew)
        });
        (lack.mfa && asked.mfa) || (asked.fresh && arrived_stale)
    }
}

/// What the application has put into the session `earlier`, for `person` to go on with. Nothing when
/// it has ended, is locked, or belongs to somebody else.
///
/// # Errors
/// When it cannot be found out.
pub(in crate::web) async fn state_of(
    shared: &Shared,
    earlier: SessionHandle,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<Vec<(String, serde_json::Value)>, StoreError> {
    let live = shared.sessions.load(earlier, None, now).await?;
    Ok(live.map_or_else(Vec::new, |live| lock::state_for(live.state, person, shared)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_for_more_or_for_nothing() {
        let (fresh, mfa) = (StepUp { fresh: true, mfa: false }, StepUp { fresh: false, mfa: true });
        let both = StepUp { fresh: true, mfa: true };
        for (value, asked) in [
            ("fresh", Some(fresh)),
            ("mfa", Some(mfa)),
            ("fresh,mfa", Some(both)),
            ("mfa,fresh,other", Some(both)),
            ("", None),
            ("other", None),
            ("FRESH", None),
        ] {
            assert_eq!(StepUp::read(value), asked, "{value}");
        }
        for asked in [fresh, mfa, both] {
            assert_eq!(StepUp::read(asked.as_value()), Some(asked));
        }
    }

    #[test]
    fn only_what_is_obeyed_is_asked_for() {
        let unknown = StepUpSupport::default();
        let obeys = StepUpSupport { force_authn: true, ..unknown.clone() };
        let has_class = StepUpSupport { mfa_contexts: vec!["urn:mfa".into()], ..obeys.clone() };
        let (fresh, mfa) = (StepUp { fresh: true, mfa: false }, StepUp { fresh: false, mfa: true });
        for (asked, support, forces, classes) in [
            (fresh, &unknown, false, 0),
            (mfa, &unknown, false, 0),
            (fresh, &obeys, true, 0),
            (mfa, &obeys, true, 0),
            (fresh, &has_class, true, 0),
            (mfa, &has_class, false, 1),
            (StepUp { fresh: true, mfa: true }, &has_class, true, 1),
        ] {
            let options = asked.options(support);
            assert_eq!((options.force_authn, options.wished_class_refs.len()), (forces, classes));
            assert_eq!(options.class_refs, Vec::<String>::new());
        }
    }
}
