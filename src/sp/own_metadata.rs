//! Our own metadata: what identity providers are told of us.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::service_provider::{BuildError, Builder, ServiceProvider};
use crate::saml::metadata::{SpMetadata, WriteMetadataError};

/// How our metadata is published. Neither signed nor limited in time by default, which is what
/// AD FS and Entra expect of an application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetadataOptions {
    /// Sign it with the key that signs requests.
    pub sign: bool,
    /// How long it is valid from the hour in which it is asked for.
    pub valid_for: Option<TimeDelta>,
    /// After how long readers are asked to look again.
    pub cache_duration: Option<TimeDelta>,
}

impl Builder {
    /// Checks what our metadata is to say against what there is.
    pub(super) fn check_metadata(&self) -> Result<(), BuildError> {
        let MetadataOptions { sign, valid_for, cache_duration } = self.metadata;
        if sign && self.signing.is_none() {
            return Err(BuildError::MetadataWithoutKey);
        }
        let (day, ten_years) = (TimeDelta::days(1), TimeDelta::days(3_660));
        let is_positive = |duration: TimeDelta| duration >= TimeDelta::seconds(1);
        let has_sense = valid_for.is_none_or(|valid| valid >= day && valid <= ten_years)
            && cache_duration.is_none_or(|cache| is_positive(cache) && cache <= ten_years)
            && !matches!((valid_for, cache_duration), (Some(valid), Some(cache)) if cache > valid);
        if has_sense { Ok(()) } else { Err(BuildError::MetadataTimes) }
    }
}

impl ServiceProvider {
    /// Our metadata as it is now, to be registered at the identity provider; signed if the
    /// settings say so.
    ///
    /// # Errors
    /// [`WriteMetadataError`] when a setting holds characters that XML does not allow, or the key
    /// cannot sign.
    pub fn metadata(&self, now: DateTime<Utc>) -> Result<String, WriteMetadataError> {
        self.sign_metadata(self.unsigned_metadata(now)?, now)
    }

    /// As [`ServiceProvider::metadata`], before it is signed. It changes at most once an hour,
    /// and when one of our keys takes over from another: whoever keeps the signed document needs
    /// to sign again only then.
    ///
    /// # Errors
    /// [`WriteMetadataError::Write`] when a setting holds characters that XML does not allow.
    pub fn unsigned_metadata(&self, now: DateTime<Utc>) -> Result<String, WriteMetadataError> {
        self.describe(now, |metadata| metadata.to_xml())
    }

    /// Signs what [`ServiceProvider::unsigned_metadata`] has given, if the settings say so.
    ///
    /// # Errors
    /// [`WriteMetadataError::Sign`] when the key cannot sign.
    pub fn sign_metadata(
        &self,
        unsigned: String,
        now: DateTime<Utc>,
    ) -> Result<String, WriteMetadataError> {
        match self.signing(now) {
            Some(signing) if self.settings.metadata.sign => self.describe(now, |metadata| {
                metadata.sign(&unsigned, &signing.key, &signing.certificate)
            }),
            _ => Ok(unsigned),
        }
    }

    fn describe<T>(&self, now: DateTime<Utc>, then: impl FnOnce(&SpMetadata<'_>) -> T) -> T {
        let settings = &self.settings;
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        then(&SpMetadata {
            entity_id: &settings.entity_id,
            acs_url: &self.acs_url,
            logout_url: self.shares_logout(now).then_some(&*self.slo_url),
            valid_until: settings.metadata.valid_for.and_then(|by| hour.checked_add_signed(by)),
            cache_duration: settings.metadata.cache_duration,
            is_signable: settings.metadata.sign,
            signing: &self.published_signing(now),
            encryption: &self.published_encryption(now),
            signs_requests: settings.signing.is_some(),
            organisation: settings.organisation.as_ref(),
            contact: settings.contact.as_ref(),
        })
    }
}
