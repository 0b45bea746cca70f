//! Says no: a fixed page outside, the reason in the log, one reference on both.

use actix_web::HttpResponse;

use super::chooser;
use super::heavy_work::HeavyWorkError;
use super::pages::{self, Trouble};
use super::saml::Shared;
use crate::crypto::random_hex;
use crate::saml::Rejection;
use crate::sp::{Refusal, ReturnTo};

/// A reason is cut here: an attacker must not fill the log.
const MAX_DETAIL: usize = 600;

/// What the operator reads.
pub(super) struct Reason {
    code: &'static str,
    detail: String,
    trouble: Trouble,
    return_to: Option<ReturnTo>,
}

impl Reason {
    pub(super) fn new(code: &'static str, trouble: Trouble, detail: impl ToString) -> Self {
        Self { code, detail: detail.to_string(), trouble, return_to: None }
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

    /// Logs the reason and makes the page, both with one reference.
    pub(super) fn into_response(self, shared: &Shared) -> HttpResponse {
        let reference = self.log();
        let login_url = shared.login_url(self.return_to.as_ref());
        let chooser_url = chooser::url(shared, self.return_to.as_ref());
        pages::trouble(self.trouble, &reference, &login_url, chooser_url.as_deref())
    }

    /// The same for a script, which has no use for a page.
    pub(super) fn into_problem(self) -> HttpResponse {
        let reference = self.log();
        pages::problem(self.trouble.status(), self.trouble.title(), &[("reference", &reference)])
    }

    fn log(&self) -> String {
        // Without randomness there is no sign-in either; a fixed reference then is no loss.
        let reference = random_hex::<5>().unwrap_or_else(|_| "0000000000".to_owned());
        let (code, detail) = (self.code, self.detail.chars().take(MAX_DETAIL).collect::<String>());
        match self.trouble {
            Trouble::Unavailable => {
                tracing::error!(event = "unavailable", code, reference, detail = ?detail);
            }
            Trouble::Busy => tracing::warn!(event = "busy", code, reference, detail = ?detail),
            Trouble::NotReady => {
                tracing::warn!(event = "not_ready", code, reference, detail = ?detail);
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
        Self::new(refusal.code(), trouble, &refusal)
    }
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
