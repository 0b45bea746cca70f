//! Our own keys, and how one takes the place of another: announced first, used at a chosen time,
//! removed by hand when nobody needs it any more. Which key counts is a question of the time alone.

use chrono::{DateTime, Utc};

use super::expiry::{ExpiryThreshold, due_warning};
use super::service_provider::{BuildError, Builder, RequestSigning, ServiceProvider};
use crate::crypto::{Certificate, PrivateKey, SignatureAlgorithm};

/// The key that is to sign our requests after the current one.
#[derive(Clone, Debug)]
pub struct NextSigning {
    /// The key, with its certificate, which is published at once beside the current one.
    pub signing: RequestSigning,
    /// When it takes over. Never by itself when absent.
    pub from: Option<DateTime<Utc>>,
}

/// The certificate that identity providers are to encrypt to after the current one. Its key must
/// decrypt from the beginning.
#[derive(Clone, Debug)]
pub struct NextEncryption {
    /// The certificate.
    pub certificate: Certificate,
    /// When it takes the place of the current one in our metadata. Never by itself when absent.
    pub from: Option<DateTime<Utc>>,
    /// Whether to publish both, before and after that time. AD FS refuses metadata with two
    /// encryption certificates (MSIS7508), so this is for providers that are known to take them.
    pub beside: bool,
}

/// What a key of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Signing requests and metadata.
    Signing,
    /// Being encrypted to.
    Encryption,
}

impl KeyPurpose {
    /// As metadata writes it (Metadata 2.4.1.1).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Encryption => "encryption",
        }
    }
}

/// How far a key of ours has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyStage {
    /// In use.
    Current,
    /// Takes over from the current one.
    Next,
    /// Another has taken over from it. Still there for those who have not noticed.
    Retiring,
}

impl KeyStage {
    /// A stable, machine-readable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Retiring => "retiring",
        }
    }
}

/// What is known of one key of ours by its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnKey {
    /// What it is for.
    pub purpose: KeyPurpose,
    /// How far it has come.
    pub stage: KeyStage,
    /// SHA-256 of the certificate, in lower-case hexadecimal digits.
    pub fingerprint: String,
    /// First second of the certificate's validity.
    pub not_before: Option<DateTime<Utc>>,
    /// Last second of the certificate's validity.
    pub not_after: Option<DateTime<Utc>>,
}

impl OwnKey {
    fn new(purpose: KeyPurpose, stage: KeyStage, certificate: &Certificate) -> Self {
        Self {
            purpose,
            stage,
            fingerprint: certificate.fingerprint(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
        }
    }

    /// The warning about its end that is due now; see [`due_warning`]. None for a key that another
    /// has taken over from: nobody has to do anything about its end.
    pub fn due_warning(
        &self,
        now: DateTime<Utc>,
        warned: Option<ExpiryThreshold>,
    ) -> Option<ExpiryThreshold> {
        match self.stage {
            KeyStage::Current | KeyStage::Next => due_warning(self.not_after?, now, warned),
            KeyStage::Retiring => None,
        }
    }
}

fn has_come(from: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    from.is_some_and(|from| from <= now)
}

impl Builder {
    /// Checks that our keys fit their certificates and one another.
    pub(super) fn check_own_keys(&self) -> Result<(), BuildError> {
        let belong = |signing: &RequestSigning| signing.certificate.belongs_to(&signing.key);
        if self.signing.as_ref().is_some_and(|current| !belong(current)) {
            return Err(BuildError::CertificateMismatch);
        }
        if let Some(next) = &self.next_signing {
            let Some(current) = &self.signing else { return Err(BuildError::NextWithoutCurrent) };
            if !belong(&next.signing) {
                return Err(BuildError::NextCertificateMismatch);
            }
            let certificate = &next.signing.certificate;
            if certificate.as_der() == current.certificate.as_der() {
                return Err(BuildError::NextIsCurrent(KeyPurpose::Signing));
            }
            check_start(KeyPurpose::Signing, certificate, next.from)?;
        }
        if let Some(next) = &self.next_encryption {
            let certificate = &next.certificate;
            if self.encryption.is_empty() {
                return Err(BuildError::NextEncryptionWithoutCurrent);
            }
            if self.encryption.iter().any(|c| c.as_der() == certificate.as_der()) {
                return Err(BuildError::NextIsCurrent(KeyPurpose::Encryption));
            }
            check_start(KeyPurpose::Encryption, certificate, next.from)?;
        }
        let mut published =
            self.encryption.iter().chain(self.next_encryption.iter().map(|next| &next.certificate));
        let can_open = |c: &Certificate| self.decryption.iter().any(|key| key.opens(c));
        if !published.all(can_open) {
            return Err(BuildError::EncryptionWithoutKey);
        }
        Ok(())
    }
}

/// Products that look at dates refuse what is not valid yet, too.
fn check_start(
    purpose: KeyPurpose,
    certificate: &Certificate,
    from: Option<DateTime<Utc>>,
) -> Result<(), BuildError> {
    match (from, certificate.not_before()) {
        (Some(from), Some(not_before)) if from < not_before => {
            Err(BuildError::NextNotValidYet { purpose, from, not_before })
        }
        _ => Ok(()),
    }
}

impl ServiceProvider {
    /// The key that signs our requests now, with its certificate, if we sign at all.
    pub fn signing(&self, now: DateTime<Utc>) -> Option<&RequestSigning> {
        match &self.settings.next_signing {
            Some(next) if has_come(next.from, now) => Some(&next.signing),
            _ => self.settings.signing.as_ref(),
        }
    }

    /// The key that signs requests now, with its algorithm.
    pub(super) fn signer(&self, now: DateTime<Utc>) -> Option<(&PrivateKey, SignatureAlgorithm)> {
        let signing = self.signing(now)?;
        Some((&signing.key, signing.key.default_algorithm()))
    }

    /// Our keys of which there is a certificate. Those in use come first, for each purpose.
    pub fn own_keys(&self, now: DateTime<Utc>) -> Vec<OwnKey> {
        let settings = &self.settings;
        let signing = staged(
            settings.signing.iter().map(|signing| &signing.certificate),
            settings.next_signing.as_ref().map(|next| (&next.signing.certificate, next.from)),
            now,
        );
        let encryption = staged(
            settings.encryption.iter(),
            settings.next_encryption.as_ref().map(|next| (&next.certificate, next.from)),
            now,
        );
        let described = |purpose| {
            move |(stage, certificate): (KeyStage, &Certificate)| {
                OwnKey::new(purpose, stage, certificate)
            }
        };
        let signing = signing.into_iter().map(described(KeyPurpose::Signing));
        signing.chain(encryption.into_iter().map(described(KeyPurpose::Encryption))).collect()
    }

    /// The signing certificates to publish. The one in use comes first, for those who read no
    /// further; the one that was in use stays until it is taken out of the settings.
    pub(super) fn published_signing(&self, now: DateTime<Utc>) -> Vec<Certificate> {
        let settings = &self.settings;
        let current = settings.signing.iter().map(|signing| &signing.certificate);
        let next = settings.next_signing.as_ref();
        let next = next.map(|next| (&next.signing.certificate, next.from));
        staged(current, next, now).into_iter().map(|(_, certificate)| certificate.clone()).collect()
    }

    /// The encryption certificates to publish: the one in use, and the other one only if the
    /// settings want both.
    pub(super) fn published_encryption(&self, now: DateTime<Utc>) -> Vec<Certificate> {
        let settings = &self.settings;
        let next = settings.next_encryption.as_ref();
        let beside = next.is_some_and(|next| next.beside);
        staged(settings.encryption.iter(), next.map(|next| (&next.certificate, next.from)), now)
            .into_iter()
            .filter(|(stage, _)| beside || *stage == KeyStage::Current)
            .map(|(_, certificate)| certificate.clone())
            .collect()
    }
}

/// Certificates with their stages, those in use first.
fn staged<'c>(
    current: impl Iterator<Item = &'c Certificate>,
    next: Option<(&'c Certificate, Option<DateTime<Utc>>)>,
    now: DateTime<Utc>,
) -> Vec<(KeyStage, &'c Certificate)> {
    match next {
        Some((next, from)) if has_come(from, now) => std::iter::once((KeyStage::Current, next))
            .chain(current.map(|certificate| (KeyStage::Retiring, certificate)))
            .collect(),
        next => current
            .map(|certificate| (KeyStage::Current, certificate))
            .chain(next.map(|(certificate, _)| (KeyStage::Next, certificate)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::parse_instant;
    use chrono::TimeDelta;

    #[test]
    fn nobody_is_warned_of_a_key_that_is_no_longer_in_use() {
        let end = parse_instant("2027-03-31T00:00:00Z").unwrap();
        let key = |stage, not_after| OwnKey {
            purpose: KeyPurpose::Signing,
            stage,
            fingerprint: String::new(),
            not_before: None,
            not_after,
        };
        let now = end - TimeDelta::days(7);
        let week = ExpiryThreshold::SevenDays;
        for (stage, expected) in [
            (KeyStage::Current, Some(week)),
            (KeyStage::Next, Some(week)),
            (KeyStage::Retiring, None),
        ] {
            assert_eq!(key(stage, Some(end)).due_warning(now, None), expected, "{stage:?}");
            assert_eq!(key(stage, Some(end)).due_warning(now, Some(week)), None);
            assert_eq!(key(stage, None).due_warning(now, None), None);
        }
    }
}
