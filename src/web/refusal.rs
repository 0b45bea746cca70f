//! Says no: a fixed page outside, the reason in the log, one reference on both.

use actix_web::HttpResponse;

use super::pages::{self, Trouble};
use super::saml::Shared;
use crate::crypto::random_hex;
use crate::saml::Rejection;
use crate::sp::Refusal;

/// A reason is cut here: an attacker must not fill the log.
const MAX_DETAIL: usize = 600;

/// What the operator reads.
pub(super) struct Reason {
    pub(super) code: &'static str,
    pub(super) detail: String,
    pub(super) trouble: Trouble,
}

impl Reason {
    pub(super) fn new(code: &'static str, trouble: Trouble, detail: impl ToString) -> Self {
        Self { code, detail: detail.to_string(), trouble }
    }

    /// Logs the reason and makes the page, both with one reference.
    pub(super) fn into_response(self, shared: &Shared) -> HttpResponse {
        // Without randomness there is no sign-in either; a fixed reference then is no loss.
        let reference = random_hex::<5>().unwrap_or_else(|_| "0000000000".to_owned());
        let detail: String = self.detail.chars().take(MAX_DETAIL).collect();
        tracing::warn!(
            event = "sign_in_refused",
            code = self.code,
            reference,
            detail = ?detail,
        );
        pages::trouble(self.trouble, &reference, &shared.paths.login)
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        let trouble = match &refusal {
            Refusal::NoPendingLogin | Refusal::PendingExpired { .. } => Trouble::NoPendingLogin,
            Refusal::Replayed => Trouble::Replayed,
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

impl From<Rejection> for Reason {
    fn from(rejection: Rejection) -> Self {
        Refusal::from(rejection).into()
    }
}
