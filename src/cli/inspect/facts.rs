//! The two facts that disagree in a rejection.

use crate::crypto::SignatureAlgorithm;
use crate::dsig::{AlgorithmRole, DsigError};
use crate::saml::names::SUCCESS;
use crate::saml::{Rejection, format_instant};
use crate::xmlenc::DecryptError;

/// What was expected and what was found. Where one is `None` and the other is not, there was
/// nothing; where both are, the rejection's own sentence says all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) expected: Option<String>,
    pub(super) found: Option<String>,
}

fn facts(expected: impl Into<String>, found: impl Into<String>) -> Facts {
    Facts { expected: Some(expected.into()), found: Some(found.into()) }
}

impl Facts {
    pub(super) fn of(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::Destination { expected, found }
            | Rejection::Recipient { expected, found }
            | Rejection::Issuer { expected, found, .. } => {
                Self { expected: Some(expected.clone()), found: found.clone() }
            }
            Rejection::SpNameQualifier { expected, found } => facts(expected, found),
            Rejection::InResponseTo { expected, found, .. } => {
                Self { expected: expected.clone(), found: found.clone() }
            }
            Rejection::Audience { expected, found } => facts(expected, found.join(", ")),
            Rejection::AudienceMissing => {
                Self { expected: Some("an AudienceRestriction".to_owned()), found: None }
            }
            Rejection::UnknownIssuer { found } => Self { expected: None, found: found.clone() },
            Rejection::NotResponse { found } => facts("Response", found),
            Rejection::AssertionCount { found } => facts("1", found.to_string()),
            Rejection::Version { found, .. } => facts("2.0", found),
            Rejection::Time { found, .. } => facts("YYYY-MM-DDThh:mm:ssZ", found),
            Rejection::Status { code, sub_code, message } => {
                let parts = [Some(code), sub_code.as_ref(), message.as_ref()];
                let found: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
                facts(SUCCESS, found.join("; "))
            }
            Rejection::Expired { at, now, skew_seconds, .. } => facts(
                format!("before {} plus {skew_seconds} s", format_instant(*at)),
                format!("{} here", format_instant(*now)),
            ),
            Rejection::NotYetValid { at, now, skew_seconds, .. } => facts(
                format!("not before {} less {skew_seconds} s", format_instant(*at)),
                format!("{} here", format_instant(*now)),
            ),
            Rejection::Inverted { not_before, not_on_or_after } => facts(
                format!("NotOnOrAfter behind {}", format_instant(*not_before)),
                format_instant(*not_on_or_after),
            ),
            Rejection::AuthnContext { requested, found } => {
                Self { expected: Some(requested.join(", ")), found: found.clone() }
            }
            Rejection::AuthnTooOld { required, found } => {
                facts(format!("{} or later", format_instant(*required)), format_instant(*found))
            }
            Rejection::SignatureMissing { role } => {
                Self { expected: Some(format!("a signature of the {role}")), found: None }
            }
            Rejection::Unsigned => Self { expected: Some("a signature".to_owned()), found: None },
            Rejection::Signature { error, .. } => Self::of_signature(error),
            Rejection::Decryption(DecryptError::Type { found }) => {
                facts(crate::xmlenc::ELEMENT_TYPE, found)
            }
            Rejection::Decryption(DecryptError::Reference { expected, found }) => {
                facts(expected, found)
            }
            Rejection::Decryption(DecryptError::EncryptedKeys { found }) => {
                facts("1", found.to_string())
            }
            _ => Self::default(),
        }
    }

    fn of_signature(error: &DsigError) -> Self {
        match error {
            DsigError::Reference { expected, found } => facts(expected, found),
            DsigError::Algorithm { role: AlgorithmRole::Signature, uri } => {
                let names = SignatureAlgorithm::ALL.map(|a| super::signature::short_name(a.uri()));
                facts(names.join(", "), uri)
            }
            _ => Self::default(),
        }
    }
}
