//! Says no: a fixed page outside, the reason in the log, one reference on both.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};

use super::access::{StepUp, with_step_up};
use super::audit::{AuditEvent, AuditStep, Outcome};
use super::chooser;
use super::client::Client;
use super::diagnosis::Diagnosis;
use super::heavy_work::HeavyWorkError;
use super::pages::{self, Told, Trouble};
use super::saml::Shared;
use crate::crypto::random_hex;
use crate::saml::Rejection;
use crate::saml::logout::LogoutRejection;
use crate::sp::{LogoutRefusal, Refusal, ReturnTo};

/// A reason is cut here: an attacker must not fill the log.
const MAX_DETAIL: usize = 600;

/// What the operator reads.
pub(super) struct Reason {
    code: &'static str,
    detail: String,
    trouble: Trouble,
    return_to: Option<ReturnTo>,
    /// What another sign-in is to be asked for.
    step_up: Option<StepUp>,
    /// What is known for the audit trail; `None` when the trail learns of it in another way.
    about: Option<Box<AuditEvent>>,
    /// What the administrators of the identity provider may be told.
    diagnosis: Option<Box<Diagnosis>>,
}

impl Reason {
    pub(super) fn new(code: &'static str, trouble: Trouble, detail: impl ToString) -> Self {
        // Time, outcome and the rest are entered when it is told.
        let about = AuditEvent::new(DateTime::<Utc>::MIN_UTC, AuditStep::SignIn, Outcome::Refused);
        Self {
            code,
            detail: detail.to_string(),
            trouble,
            return_to: None,
            step_up: None,
            about: Some(Box::new(about)),
            diagnosis: None,
        }
    }

    /// Which step was refused, when it is not a sign-in, and whom it is about.
    pub(super) fn about(mut self, event: AuditEvent) -> Self {
        self.about = Some(Box::new(event));
        self
    }

    /// Nothing that anybody has done has failed: not for the trail.
    pub(super) fn untold(mut self) -> Self {
        self.about = None;
        self
    }

    /// Who asked, if that is to be told.
    pub(super) fn asked_by(mut self, request: &HttpRequest, shared: &Shared) -> Self {
        if let Some(about) = &mut self.about {
            about.client_address = shared.client_address(request);
        }
        self
    }

    /// Nobody can sign in at the moment, for want of metadata. Why is told when it happens, not
    /// each time that somebody asks.
    pub(super) fn not_ready() -> Self {
        Self::new("no_metadata", Trouble::NotReady, "there is no usable metadata")
    }

    /// The page that was asked for first, for whoever tries again.
    pub(super) fn returning_to(mut self, page: &ReturnTo) -> Self {
        self.return_to = Some(page.clone());
        self
    }

    /// What was asked for, for whoever tries again.
    pub(super) fn stepping_up(mut self, asked: impl Into<Option<StepUp>>) -> Self {
        self.step_up = asked.into();
        self
    }

    fn login_url(&self, shared: &Shared) -> String {
        let plain = shared.login_url(self.return_to.as_ref());
        match self.step_up {
            Some(asked) => with_step_up(plain, asked),
            None => plain,
        }
    }

    /// Logs the reason and makes the page, both with one reference.
    pub(super) fn into_response(self, shared: &Shared) -> HttpResponse {
        let reference = self.tell(shared);
        let facts = self.facts(shared, &reference);
        let login_url = self.login_url(shared);
        let chooser_url = chooser::url(shared, self.return_to.as_ref());
        let told = Told {
            reference: &reference,
            login_url: &login_url,
            chooser_url: chooser_url.as_deref(),
            facts: &facts,
        };
        shared.pages.trouble(self.trouble, &told)
    }

    /// What the page tells the administrators of the identity provider. Only who we are, whom we
    /// asked and fixed words: what a message says may come from anybody.
    fn facts(&self, shared: &Shared, reference: &str) -> Vec<(&'static str, String)> {
        let Some(diagnosis) = &self.diagnosis else { return Vec::new() };
        let time = shared.clock.now().format("%Y-%m-%d %H:%M:%S UTC");
        let mut facts = vec![
            ("Time", time.to_string()),
            ("Reference", reference.to_owned()),
            ("Application", shared.settings.entity_id.to_string()),
        ];
        // Of the sign-in that we began, not of what arrived.
        let idp = self.about.as_ref().and_then(|about| about.idp.as_ref());
        facts.extend(idp.map(|idp| ("Identity provider", idp.to_string())));
        facts.extend(diagnosis.facts());
        facts
    }

    /// A page for whom a page is shown to, and for all others what a script gets.
    pub(super) fn into_answer(self, client: Client, shared: &Shared) -> HttpResponse {
        if client.shows_pages() { self.into_response(shared) } else { self.into_problem(shared) }
    }

    /// The same for a script, which has no use for a page.
    pub(super) fn into_problem(self, shared: &Shared) -> HttpResponse {
        let reference = self.tell(shared);
        let (status, title) = (self.trouble.status(), self.trouble.title());
        let login_url = self.step_up.map(|_| self.login_url(shared));
        let mut more = vec![("reference", reference.as_str())];
        if matches!(self.trouble, Trouble::Forbidden | Trouble::MfaMissing | Trouble::NotFresh) {
            more.push(("code", self.code));
        }
        more.extend(login_url.as_deref().map(|url| ("login_url", url)));
        pages::problem(status, title, &more)
    }

    /// Enters the reason in the log and in the trail.
    pub(super) fn tell(&self, shared: &Shared) -> String {
        let reference = self.log();
        if let Some(about) = &self.about {
            let outcome = match self.trouble {
                Trouble::Unavailable | Trouble::Busy | Trouble::NotReady => Outcome::Failed,
                _ => Outcome::Refused,
            };
            shared.audit.record(&AuditEvent {
                time: shared.clock.now(),
                outcome,
                code: Some(self.code.to_owned()),
                reference: Some(reference.clone()),
                ..AuditEvent::clone(about)
            });
        }
        reference
    }

    fn log(&self) -> String {
        // Without randomness there is no sign-in either; a fixed reference then is no loss.
        let reference = random_hex::<5>().unwrap_or_else(|_| "0000000000".to_owned());
        let reference = grouped(&reference);
        let (code, detail) = (self.code, self.detail.chars().take(MAX_DETAIL).collect::<String>());
        match self.trouble {
            Trouble::Unavailable => {
                tracing::error!(event = "unavailable", code, reference, detail = ?detail);
            }
            Trouble::Busy => tracing::warn!(event = "busy", code, reference, detail = ?detail),
            Trouble::NotReady => {
                tracing::warn!(event = "not_ready", code, reference, detail = ?detail);
            }
            _ if matches!(code, "forbidden" | "mfa_missing" | "not_fresh") => {
                tracing::warn!(event = "access_refused", code, reference, detail = ?detail);
            }
            Trouble::NotALogout | Trouble::LogoutRefused | Trouble::NoPendingLogout => {
                tracing::warn!(event = "logout_refused", code, reference, detail = ?detail);
            }
            _ => tracing::warn!(event = "sign_in_refused", code, reference, detail = ?detail),
        }
        reference
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        let trouble = match &refusal {
            Refusal::NoPendingLogin | Refusal::PendingExpired { .. } => Trouble::NoPendingLogin,
            Refusal::Replayed => Trouble::Replayed,
            Refusal::Rejected(Rejection::AuthnTooOld { .. }) => Trouble::NotFresh,
            Refusal::MetadataExpired { .. } => Trouble::NotReady,
            Refusal::Rejected(Rejection::Status { .. }) => Trouble::IdpSaidNo,
            Refusal::Rejected(
                Rejection::Base64 | Rejection::Xml(_) | Rejection::NotResponse { .. },
            ) => Trouble::NotAMessage,
            _ => Trouble::Refused,
        };
        if let Refusal::Rejected(Rejection::Status { message: Some(message), .. }) = &refusal {
            // It may name the person: not for the ordinary log.
            tracing::debug!(event = "status_message", message = ?message);
        }
        let diagnosis = Box::new(Diagnosis::of(&refusal));
        Self { diagnosis: Some(diagnosis), ..Self::new(refusal.code(), trouble, &refusal) }
    }
}

impl From<LogoutRefusal> for Reason {
    fn from(refusal: LogoutRefusal) -> Self {
        let trouble = match &refusal {
            LogoutRefusal::NoPendingLogout => Trouble::NoPendingLogout,
            LogoutRefusal::Rejected(
                LogoutRejection::Xml(_) | LogoutRejection::OtherMessage { .. },
            ) => Trouble::NotALogout,
            _ => Trouble::LogoutRefused,
        };
        Self::new(refusal.code(), trouble, &refusal)
    }
}

/// In two groups, so that it can be read out over the telephone.
fn grouped(reference: &str) -> String {
    reference
        .split_at_checked(5)
        .map_or_else(|| reference.to_owned(), |(first, second)| format!("{first}-{second}"))
}

impl From<HeavyWorkError> for Reason {
    fn from(error: HeavyWorkError) -> Self {
        match error {
            HeavyWorkError::Busy => Self::new("busy", Trouble::Busy, error),
            HeavyWorkError::Stopped(_) => Self::new("heavy_work", Trouble::Unavailable, error),
        }
    }
}

impl From<Rejection> for Reason {
    fn from(rejection: Rejection) -> Self {
        Refusal::from(rejection).into()
    }
}
