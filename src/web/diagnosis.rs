//! What a page may tell the administrators of the identity provider about a refusal.
//!
//! The person passes it on, and anybody who can post a response reads it. So it is made of fixed
//! words alone: which rule does not hold, status codes and error numbers that are known, and the
//! advice for them. Nothing of the message is in it, whoever wrote that. Everything that can be
//! wrong with an encrypted assertion is one and the same.

use crate::nhsmail::{Advice, ErrorNumber, advise};
use crate::saml::Rejection;
use crate::sp::Refusal;
use crate::xmlenc::DecryptError;

const PREFIX: &str = "urn:oasis:names:tc:SAML:2.0:status:";
/// The status codes of the standard (Core 3.2.2.2). Others are told to be others.
const STATUS_CODES: &[&str] = &[
    "Requester",
    "Responder",
    "VersionMismatch",
    "AuthnFailed",
    "InvalidAttrNameOrValue",
    "InvalidNameIDPolicy",
    "NoAuthnContext",
    "NoAvailableIDP",
    "NoPassive",
    "NoSupportedIDP",
    "PartialLogout",
    "ProxyCountExceeded",
    "RequestDenied",
    "RequestUnsupported",
    "RequestVersionDeprecated",
    "RequestVersionTooHigh",
    "RequestVersionTooLow",
    "ResourceNotRecognized",
    "TooManyResponses",
    "UnknownAttrProfile",
    "UnknownPrincipal",
    "UnsupportedBinding",
];
const OTHER: &str = "(another)";

/// The safe part of a refusal.
pub(super) struct Diagnosis {
    code: &'static str,
    status: Option<(&'static str, Option<&'static str>)>,
    number: Option<&'static ErrorNumber>,
    advice: Option<Advice>,
}

impl Diagnosis {
    pub(super) fn of(refusal: &Refusal) -> Self {
        let Refusal::Rejected(rejection) = refusal else {
            return Self { code: refusal.code(), status: None, number: None, advice: None };
        };
        let one = Rejection::Decryption(DecryptError::Failed);
        let rejection =
            if matches!(rejection, Rejection::Decryption(_)) { &one } else { rejection };
        let (status, number) = match rejection {
            Rejection::Status { code, sub_code, message } => (
                Some((known(code), sub_code.as_deref().map(known))),
                message.as_deref().and_then(ErrorNumber::find),
            ),
            _ => (None, None),
        };
        Self { code: rejection.code(), status, number, advice: Some(advise(rejection)) }
    }

    /// Name and value of each fact, in the order in which they are read.
    pub(super) fn facts(&self) -> impl Iterator<Item = (&'static str, String)> {
        let status = self.status.map(|(code, sub_code)| match sub_code {
            Some(sub_code) => format!("{code} / {sub_code}"),
            None => code.to_owned(),
        });
        let number = self.number.map(|known| format!("{}: {}", known.number, known.meaning));
        let advice = |part: fn(&Advice) -> Option<&'static str>| {
            self.advice.as_ref().and_then(part).map(str::to_owned)
        };
        [
            ("Code", Some(self.code.to_owned())),
            ("SAML status", status),
            ("Microsoft error", number),
            ("Usual cause", advice(|advice| Some(advice.why))),
            ("AD FS", advice(|advice| advice.adfs)),
            ("Entra", advice(|advice| advice.entra)),
            ("Application's side", advice(|advice| advice.here)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

fn known(code: &str) -> &'static str {
    let name = code.strip_prefix(PREFIX).unwrap_or_default();
    STATUS_CODES.iter().find(|known| **known == name).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rejection: Rejection) -> String {
        let diagnosis = Diagnosis::of(&Refusal::Rejected(rejection));
        diagnosis.facts().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    #[test]
    fn a_known_status_and_number_are_told_in_our_words() {
        let told = told(Rejection::Status {
            code: format!("{PREFIX}Responder"),
            sub_code: Some(format!("{PREFIX}NoAuthnContext")),
            message: Some("MSIS7102: ward.nurse <b>".to_owned()),
        });
        assert!(told.contains("SAML status: Responder / NoAuthnContext\n"), "{told}");
        assert!(told.contains("Microsoft error: MSIS7102: The request asked"), "{told}");
        assert!(!told.contains("ward.nurse") && !told.contains('<'), "{told}");
    }

    #[test]
    fn an_unknown_status_is_not_repeated() {
        let hostile = || "<script>evil-marker</script>".to_owned();
        let told = told(Rejection::Status {
            code: hostile(),
            sub_code: Some(format!("{PREFIX}{}", hostile())),
            message: Some(hostile()),
        });
        assert!(told.contains("SAML status: (another) / (another)\n"), "{told}");
        assert!(!told.contains("evil-marker"), "{told}");
    }

    #[test]
    fn every_failure_of_decryption_is_told_alike() {
        let failed = told(Rejection::Decryption(DecryptError::Failed));
        for error in [DecryptError::NoKey, DecryptError::Budget] {
            assert_eq!(told(Rejection::Decryption(error)), failed);
        }
    }
}
