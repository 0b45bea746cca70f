//! Each rule beside its outcome, the facts that disagree, and what to do.

use serde::Serialize;

use super::facts::Facts;
use super::message::{Assertion, Message};
use super::signature::Signature;
use crate::crypto::Certificate;
use crate::dsig::DsigError;
use crate::nhsmail::{Advice, advise};
use crate::saml::metadata::IdpMetadata;
use crate::saml::{
    ClockSkew, EntityId, Expectations, ExpectedRequest, InvalidEntityId, Outcome, Rejection,
    RequestedAuthn, RequireSigned, Step,
};

/// Stands in for a name that nobody has given and that the message does not have either.
const NOBODY: &str = "-";

/// What the caller has said about the sign-in that the response belongs to.
pub(super) struct Given<'a> {
    pub(super) idp: Option<&'a IdpMetadata>,
    pub(super) sp: Option<&'a EntityId>,
    pub(super) acs_url: Option<&'a str>,
    pub(super) request: Option<ExpectedRequest>,
    pub(super) require_signed: RequireSigned,
    pub(super) clock_skew: ClockSkew,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It holds.
    Held,
    /// It does not.
    Failed,
    /// Another rule would have to hold first.
    Unreached,
    /// An option is missing without which it cannot be decided.
    Unchecked,
}

/// One rule and all there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct RuleLine {
    pub(super) rule: &'static str,
    pub(super) section: &'static str,
    pub(super) summary: &'static str,
    pub(super) state: State,
    pub(super) code: Option<&'static str>,
    pub(super) detail: Option<String>,
    pub(super) expected: Option<String>,
    pub(super) found: Option<String>,
    /// Options that would decide it.
    pub(super) give: Vec<&'static str>,
    /// The rule that would have to hold first.
    pub(super) needs: Option<&'static str>,
    pub(super) why: Option<&'static str>,
    pub(super) adfs: Option<&'static str>,
    pub(super) entra: Option<&'static str>,
    pub(super) here: Option<&'static str>,
}

impl Given<'_> {
    /// What a walk is to expect. Where the caller has said nothing, the message's own word stands
    /// in, so that whatever contradicts itself still shows; [`Given::missing`] then keeps the rule
    /// from counting as held.
    pub(super) fn expectations(
        &self,
        message: &Message,
        assertion: Option<&Assertion>,
    ) -> Result<Expectations, InvalidEntityId> {
        let of_message = |found: Option<&String>| {
            EntityId::new(found.map_or(NOBODY, String::as_str)).or_else(|_| EntityId::new(NOBODY))
        };
        let idp = match self.idp {
            Some(idp) => idp.entity_id().clone(),
            None => {
                let issuers = [message.issuer.as_ref(), assertion.and_then(|a| a.issuer.as_ref())];
                let is_name = |name: &&String| EntityId::new(name.as_str()).is_ok();
                of_message(issuers.into_iter().flatten().find(is_name))?
            }
        };
        let sp = match self.sp {
            Some(sp) => sp.clone(),
            None => of_message(assertion.and_then(own_audience))?,
        };
        let recipient = assertion
            .and_then(|assertion| assertion.confirmations.first())
            .and_then(|confirmation| confirmation.recipient.as_deref());
        let acs_url = self.acs_url.or(message.destination.as_deref()).or(recipient);
        Ok(Expectations {
            idp,
            sp,
            acs_url: acs_url.unwrap_or_default().to_owned(),
            request: self.request.clone().unwrap_or_else(|| match &message.in_response_to {
                Some(id) => ExpectedRequest::Id(id.clone()),
                None => ExpectedRequest::Unsolicited,
            }),
            require_signed: self.require_signed,
            clock_skew: self.clock_skew,
            authn: RequestedAuthn::default(),
        })
    }

    /// The options without which `rule` cannot be decided.
    fn missing(&self, rule: &str, assertion: Option<&Assertion>) -> Vec<&'static str> {
        let idp = self.idp.is_none().then_some("--idp-metadata");
        let sp = self.sp.is_none().then_some("--sp-entity-id");
        let acs_url = self.acs_url.is_none().then_some("--acs-url");
        let request = self.request.is_none().then_some("--request-id or --unsolicited");
        let is_qualified = assertion
            .and_then(|assertion| assertion.name_id.as_ref())
            .is_some_and(|name_id| name_id.sp_name_qualifier.is_some());
        let missing = match rule {
            "destination" => [acs_url, None],
            "response-issuer" | "assertion-issuer" | "signature" => [idp, None],
            "response-in-response-to" => [request, None],
            "bearer-confirmation" => [acs_url, request],
            "subject" => [sp.filter(|_| is_qualified), None],
            "audience" => [sp, None],
            _ => [None, None],
        };
        missing.into_iter().flatten().collect()
    }
}

/// An audience that every restriction names, or else the first.
fn own_audience(assertion: &Assertion) -> Option<&String> {
    let everywhere = |audience: &&String| {
        assertion.audiences.iter().all(|restriction| restriction.contains(audience))
    };
    let first = assertion.audiences.first()?;
    let qualifier = assertion.name_id.as_ref().and_then(|n| n.sp_name_qualifier.as_ref());
    qualifier.filter(everywhere).or_else(|| first.iter().find(everywhere)).or_else(|| first.first())
}

/// What the message has for a rule that nobody can decide.
fn found(rule: &str, message: &Message, assertion: Option<&Assertion>) -> Option<String> {
    match rule {
        "destination" => message.destination.clone(),
        "response-issuer" => message.issuer.clone(),
        "response-in-response-to" => message.in_response_to.clone(),
        "assertion-issuer" => assertion?.issuer.clone(),
        "bearer-confirmation" => assertion?.confirmations.first()?.recipient.clone(),
        "subject" => assertion?.name_id.as_ref()?.sp_name_qualifier.clone(),
        "audience" => Some(assertion?.audiences.concat().join(", ")),
        _ => None,
    }
}

/// Everything that is known about the response.
pub(super) struct Scene<'a> {
    pub(super) given: &'a Given<'a>,
    pub(super) message: &'a Message,
    pub(super) assertion: Option<&'a Assertion>,
    pub(super) signatures: &'a [Signature],
}

impl Scene<'_> {
    pub(super) fn line(&self, step: &Step) -> RuleLine {
        let mut line = RuleLine {
            rule: step.rule,
            section: step.section,
            summary: step.summary,
            state: State::Held,
            code: None,
            detail: None,
            expected: None,
            found: None,
            give: Vec::new(),
            needs: None,
            why: None,
            adfs: None,
            entra: None,
            here: None,
        };
        match &step.outcome {
            Outcome::Held | Outcome::NoKeys => {
                line.give = self.given.missing(step.rule, self.assertion);
                if !line.give.is_empty() || step.outcome == Outcome::NoKeys {
                    line.state = State::Unchecked;
                    line.found = found(step.rule, self.message, self.assertion);
                }
            }
            Outcome::Unreached { needs } => {
                line.state = State::Unreached;
                line.needs = Some(needs);
            }
            Outcome::Failed(rejection) => {
                line.state = State::Failed;
                line.give = self.given.missing(step.rule, self.assertion);
                line.code = Some(rejection.code());
                line.detail = Some(rejection.to_string());
                let facts = self.facts(rejection);
                line.expected = facts.expected.filter(|expected| expected != NOBODY);
                line.found = facts.found;
                let Advice { why, adfs, entra, here } = advise(rejection);
                line.why = Some(why);
                (line.adfs, line.entra, line.here) = (adfs, entra, here);
            }
        }
        line
    }

    /// The facts of a rejection; of a signature by an unknown key, the certificates.
    fn facts(&self, rejection: &Rejection) -> Facts {
        let Rejection::Signature { role, error: DsigError::SignatureMismatch { .. } } = rejection
        else {
            return Facts::of(rejection);
        };
        let known = self.given.idp.map(IdpMetadata::certificates).unwrap_or_default();
        let known: Vec<String> = known.iter().map(Certificate::fingerprint).collect();
        let role = role.to_string();
        let enclosed =
            self.signatures.iter().find(|s| s.of == role).and_then(|s| s.enclosed.as_ref());
        Facts {
            expected: Some(known.join(", ")),
            found: enclosed.map(|enclosed| enclosed.sha256.clone()),
        }
    }
}
