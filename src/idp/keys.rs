use chrono::{DateTime, NaiveDate, Utc};
use thiserror::Error;

use super::key_source::KeySource;
use super::personality::Personality;
use crate::crypto::{Certificate, CertificateRequest, CryptoError, KeyShape, PrivateKey};
use crate::saml::metadata::TEST_KEY_MARK;

/// Why keys cannot be used by the test identity provider.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A key or certificate cannot be made or read.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// A certificate whose subject does not say that it is for tests. It may be a real one.
    #[error("the certificate's common name {found:?} does not contain {TEST_KEY_MARK:?}")]
    NotTestKey {
        /// The subject's common name.
        found: Option<String>,
    },
    /// A certificate that belongs to another key.
    #[error("the certificate does not belong to the private key")]
    Mismatch,
    /// Some of the files are there, and this one is not.
    #[error("{path} is missing beside the others; remove them all to have new keys made")]
    Incomplete {
        /// The first that is missing.
        path: String,
    },
    /// The file that says which key is which is not of our making.
    #[error("{path} does not say which key is which; remove it and all keys to have new ones made")]
    Order {
        /// Which file.
        path: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
}

/// From when until when a certificate says that it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First second.
    pub not_before: DateTime<Utc>,
    /// Last second.
    pub not_after: DateTime<Utc>,
}

impl Validity {
    /// 2026 to 2099, for keys that live no longer than a test.
    pub fn of_tests() -> Self {
        let new_year =
            |year| NaiveDate::from_yo_opt(year, 1).unwrap_or_default().and_time(Default::default());
        Self { not_before: new_year(2026).and_utc(), not_after: new_year(2100).and_utc() }
    }

    /// Three years from `now`, as many an AD FS has it.
    pub fn three_years(now: DateTime<Utc>) -> Self {
        let not_after = now.checked_add_days(chrono::Days::new(3 * 365)).unwrap_or(now);
        Self { not_before: now, not_after }
    }
}

/// A private key with its certificate.
#[derive(Clone, Debug)]
pub struct SigningKey {
    private_key: PrivateKey,
    certificate: Certificate,
}

impl SigningKey {
    /// Makes an RSA key of 2048 bits and its certificate `CN=ADFS Signing - HOST (TEST KEY …)`.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when OpenSSL has no entropy.
    pub fn generate(host: &str, validity: Validity) -> Result<Self, KeyError> {
        Self::generate_as(Personality::Adfs, host, validity)
    }

    /// The same, named as this personality names its certificate for signing, as far as the mark
    /// leaves room: `CN=Azure Federated SSO (TEST KEY …)` for Entra, whose has no host in it.
    ///
    /// # Errors
    /// As [`SigningKey::generate`].
    pub fn generate_as(
        personality: Personality,
        host: &str,
        validity: Validity,
    ) -> Result<Self, KeyError> {
        Self::make_signing(personality, host, validity, &KeySource::default())
    }

    /// Makes the key that a relying party would encrypt to.
    ///
    /// # Errors
    /// As [`SigningKey::generate`].
    pub fn generate_for_encryption(host: &str, validity: Validity) -> Result<Self, KeyError> {
        Self::make("ADFS Encryption", Some(host), validity, &KeySource::default())
    }

    fn make_signing(
        personality: Personality,
        host: &str,
        validity: Validity,
        source: &KeySource,
    ) -> Result<Self, KeyError> {
        match personality {
            Personality::Adfs => Self::make("ADFS Signing", Some(host), validity, source),
            Personality::Entra => Self::make("Azure Federated SSO", None, validity, source),
            Personality::Plain => Self::make("Signing", Some(host), validity, source),
        }
    }

    fn make(
        purpose: &str,
        host: Option<&str>,
        validity: Validity,
        source: &KeySource,
    ) -> Result<Self, KeyError> {
        // X.520 gives a common name 64 characters: the mark stays, the host yields.
        let short = format!("{purpose} ({TEST_KEY_MARK})");
        let full = host.map(|host| format!("{purpose} - {host} ({TEST_KEY_MARK})"));
        let full = full.filter(|full| full.chars().count() <= 64);
        let organisation: Option<String> =
            host.filter(|_| full.is_none()).map(|host| host.chars().take(64).collect());
        let request = CertificateRequest {
            common_name: full.as_ref().unwrap_or(&short),
            organisation: organisation.as_deref(),
            hosts: &[],
            not_before: validity.not_before,
            not_after: validity.not_after,
        };
        if let Some(word) = source.next_word(purpose) {
            let private_key = PrivateKey::from_word(&word)?;
            let certificate = Certificate::self_signed_by_word(&private_key, &request, &word)?;
            return Self::new(private_key, certificate);
        }
        let private_key = PrivateKey::generate(KeyShape::Rsa2048)?;
        let certificate = Certificate::self_signed(&private_key, &request)?;
        Self::new(private_key, certificate)
    }

    /// Takes a key and its certificate.
    ///
    /// # Errors
    /// [`KeyError::NotTestKey`] when the certificate is not marked as one for tests,
    /// [`KeyError::Mismatch`] when it belongs to another key.
    pub fn new(private_key: PrivateKey, certificate: Certificate) -> Result<Self, KeyError> {
        let found = certificate.common_name();
        if !found.as_deref().is_some_and(|name| name.contains(TEST_KEY_MARK)) {
            return Err(KeyError::NotTestKey { found });
        }
        if !certificate.belongs_to(&private_key) {
            return Err(KeyError::Mismatch);
        }
        Ok(Self { private_key, certificate })
    }

    /// Reads both in PEM form.
    ///
    /// # Errors
    /// As [`SigningKey::new`], and [`KeyError::Crypto`] when either is not PEM.
    pub fn from_pem(private_key: &[u8], certificate: &[u8]) -> Result<Self, KeyError> {
        Self::new(PrivateKey::from_pem(private_key)?, Certificate::from_pem(certificate)?)
    }

    /// The private key.
    pub fn private_key(&self) -> &PrivateKey {
        &self.private_key
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// The keys of one test identity provider. Cheap to copy from one test to the next: making them
/// takes longer than everything else.
#[derive(Clone, Debug)]
pub struct TestKeys {
    current: SigningKey,
    /// AD FS has two signing keys at most.
    other: Option<Other>,
    encryption: SigningKey,
    source: KeySource,
}

/// The second signing key.
#[derive(Clone, Debug)]
enum Other {
    /// It will sign.
    Announced(SigningKey),
    /// It has signed.
    Old(SigningKey),
}

impl TestKeys {
    /// Makes one signing key and one encryption key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when OpenSSL has no entropy.
    pub fn generate(host: &str, validity: Validity) -> Result<Self, KeyError> {
        Self::generate_as(Personality::Adfs, host, validity)
    }

    /// The same with the names that this personality has for its certificates. Entra has no key to
    /// encrypt to: in that place stands the tenant's.
    ///
    /// # Errors
    /// As [`TestKeys::generate`].
    pub fn generate_as(
        personality: Personality,
        host: &str,
        validity: Validity,
    ) -> Result<Self, KeyError> {
        Self::make(personality, host, validity, KeySource::default())
    }

    /// Makes keys that follow from `seed`: the same on every machine and on every day, and so are
    /// their certificates, which say that they are valid from 2026 to 2099. Those that come after
    /// them follow as well. Whoever knows the seed has the keys, and signs in as anybody where they
    /// are trusted.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when OpenSSL has no memory.
    pub fn seeded(seed: &str, personality: Personality, host: &str) -> Result<Self, KeyError> {
        Self::make(personality, host, Validity::of_tests(), KeySource::seeded(seed))
    }

    fn make(
        personality: Personality,
        host: &str,
        validity: Validity,
        source: KeySource,
    ) -> Result<Self, KeyError> {
        let current = SigningKey::make_signing(personality, host, validity, &source)?;
        let make = |purpose, host| SigningKey::make(purpose, host, validity, &source);
        let encryption = match personality {
            Personality::Adfs => make("ADFS Encryption", Some(host))?,
            Personality::Entra => make("Azure tenant", None)?,
            Personality::Plain => make("Encryption", Some(host))?,
        };
        Ok(Self { source, ..Self::new(current, encryption) })
    }

    /// Takes the key that signs and the key to encrypt to.
    pub fn new(current: SigningKey, encryption: SigningKey) -> Self {
        Self { current, other: None, encryption, source: KeySource::default() }
    }

    /// Whether they follow from a seed: then there is no need to keep them.
    pub fn are_seeded(&self) -> bool {
        self.source.is_seeded()
    }

    /// Makes the key that is to sign one day, valid for three years from `now`, to be
    /// [announced](TestKeys::announce). Where the keys follow from a seed, the next of them.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when OpenSSL has no entropy.
    pub fn make_next(
        &self,
        personality: Personality,
        host: &str,
        now: DateTime<Utc>,
    ) -> Result<SigningKey, KeyError> {
        let seeded = self.source.is_seeded();
        let validity = if seeded { Validity::of_tests() } else { Validity::three_years(now) };
        SigningKey::make_signing(personality, host, validity, &self.source)
    }

    /// Makes a key that is in nobody's metadata.
    ///
    /// # Errors
    /// As [`TestKeys::make_next`].
    pub(super) fn make_strange(&self) -> Result<SigningKey, KeyError> {
        SigningKey::make("ADFS Signing", Some("nobody.test"), Validity::of_tests(), &self.source)
    }

    /// The key that signs.
    pub fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The key that is in the metadata and will sign, if one is announced.
    pub fn announced(&self) -> Option<&SigningKey> {
        match &self.other {
            Some(Other::Announced(key)) => Some(key),
            _ => None,
        }
    }

    /// The key that no longer signs and is still in the metadata, if there is one.
    pub fn old(&self) -> Option<&SigningKey> {
        match &self.other {
            Some(Other::Old(key)) => Some(key),
            _ => None,
        }
    }

    /// The signing keys in the metadata: the one in use, then the one announced, or the old one.
    pub fn signing(&self) -> impl Iterator<Item = &SigningKey> {
        let other = self.other.as_ref().map(|other| match other {
            Other::Announced(key) | Other::Old(key) => key,
        });
        std::iter::once(&self.current).chain(other)
    }

    /// The key that relying parties would encrypt to.
    pub fn encryption(&self) -> &SigningKey {
        &self.encryption
    }

    /// Announces the next signing key, as AD FS does twenty days before the current one ends.
    /// Takes the place of one announced before, or of the old one.
    pub fn announce(&mut self, next: SigningKey) {
        self.other = Some(Other::Announced(next));
    }

    /// Makes the announced key the one in use, as AD FS does five days later. The old one stays in
    /// the metadata. Does nothing, and says so with `false`, when none is announced.
    pub fn promote(&mut self) -> bool {
        match self.other.take() {
            Some(Other::Announced(next)) => {
                self.other = Some(Other::Old(std::mem::replace(&mut self.current, next)));
                true
            }
            other => {
                self.other = other;
                false
            }
        }
    }

    /// Takes the old key out of the metadata. Does nothing, and says so with `false`, when there is
    /// none.
    pub fn retire(&mut self) -> bool {
        let has_old = self.old().is_some();
        if has_old {
            self.other = None;
        }
        has_old
    }

    /// Signs with `next` from now on, and takes every other key out of the metadata: what an
    /// administrator does when a key has got into wrong hands
    /// (`Update-AdfsCertificate -Urgent`). Nobody was told before.
    pub fn replace(&mut self, next: SigningKey) {
        self.current = next;
        self.other = None;
    }

    pub(super) fn with_announced(mut self, key: SigningKey) -> Self {
        self.other = Some(Other::Announced(key));
        self
    }

    pub(super) fn with_old(mut self, key: SigningKey) -> Self {
        self.other = Some(Other::Old(key));
        self
    }
}
