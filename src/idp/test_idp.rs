use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use thiserror::Error;
use url::{Host, Url};

use super::id_source::IdSource;
use super::issue::{Draft, Ids, Issuance, Issue, IssueError, ReplyTo};
use super::keys::{KeyError, TestKeys, Validity};
use super::metadata::FederationMetadata;
use super::person::Person;
use super::personality::{Personality, TEST_APPLICATION};
use super::relying_party::{RegisterError, RelyingParty};
use super::staff::staff;
use super::status::ErrorStatus;
use crate::saml::{EntityId, InvalidEntityId};

/// Why a test identity provider cannot be set up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdpError {
    /// The address is not of the form `http(s)://host[:port]`.
    #[error("{found:?} is not an address of the form http(s)://host[:port]")]
    BaseUrl {
        /// What was given.
        found: String,
    },
    /// No entityID can be made of the address.
    #[error(transparent)]
    EntityId(#[from] InvalidEntityId),
    /// The keys cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A test identity provider without HTTP: what it publishes and what it answers.
///
/// It is plain data. Copy it and change what a test is about.
#[derive(Clone, Debug)]
pub struct TestIdp {
    /// Whose habits it has.
    pub personality: Personality,
    /// Its name, and the `Issuer` of what it sends.
    pub entity_id: EntityId,
    /// Its keys.
    pub keys: TestKeys,
    /// How it issues responses.
    pub issuance: Issuance,
    /// Who can sign in.
    pub people: Vec<Person>,
    /// The service providers that are registered.
    pub relying_parties: Vec<RelyingParty>,
    /// Whether requests of service providers that are not registered are taken on, and answered to
    /// the address that they name. AD FS never does; it saves a step in development.
    pub accept_unknown: bool,
    /// Whether people who have signed in with a browser are asked again there. Over HTTP only; by
    /// default they are, so that each test begins anew.
    pub remembers: bool,
    /// Where the IDs of messages come from.
    pub ids: IdSource,
    base_url: String,
    host: String,
}

impl TestIdp {
    /// An AD FS at `https://fs.nhsmail.test`. Making keys takes a tenth of a second or more: they
    /// are made once in each process, and every call gives the same. For a stranger of the same
    /// name, [`replace`](TestKeys::replace) its key.
    ///
    /// # Errors
    /// [`IdpError::Key`] when OpenSSL has no entropy.
    pub fn adfs() -> Result<Self, IdpError> {
        static KEYS: OnceLock<TestKeys> = OnceLock::new();
        Self::new_at(Personality::Adfs, "fs.nhsmail.test", &KEYS)
    }

    /// An Entra ID at `https://login.nhsmail.test`. Its keys are made once in each process.
    ///
    /// # Errors
    /// As [`TestIdp::adfs`].
    pub fn entra() -> Result<Self, IdpError> {
        static KEYS: OnceLock<TestKeys> = OnceLock::new();
        Self::new_at(Personality::Entra, "login.nhsmail.test", &KEYS)
    }

    /// An identity provider that follows the standard and nobody's habits, at
    /// `https://idp.nhsmail.test`. Its keys are made once in each process.
    ///
    /// # Errors
    /// As [`TestIdp::adfs`].
    pub fn plain() -> Result<Self, IdpError> {
        static KEYS: OnceLock<TestKeys> = OnceLock::new();
        Self::new_at(Personality::Plain, "idp.nhsmail.test", &KEYS)
    }

    fn new_at(
        personality: Personality,
        host: &str,
        made: &OnceLock<TestKeys>,
    ) -> Result<Self, IdpError> {
        let keys = match made.get() {
            Some(keys) => keys.clone(),
            None => {
                let keys = TestKeys::generate_as(personality, host, Validity::of_tests())?;
                made.get_or_init(|| keys).clone()
            }
        };
        Self::at(personality, &format!("https://{host}"), keys)
    }

    /// An AD FS at `base_url`: scheme, host and port. Its entityID is the usual one,
    /// `http://HOST/adfs/services/trust`, with http even where the address has https.
    ///
    /// # Errors
    /// [`IdpError::BaseUrl`] when `base_url` has another form.
    pub fn adfs_at(base_url: &str, keys: TestKeys) -> Result<Self, IdpError> {
        Self::at(Personality::Adfs, base_url, keys)
    }

    /// An identity provider of this personality at `base_url`: scheme, host and port.
    ///
    /// # Errors
    /// [`IdpError::BaseUrl`] when `base_url` has another form.
    pub fn at(personality: Personality, base_url: &str, keys: TestKeys) -> Result<Self, IdpError> {
        let refused = || IdpError::BaseUrl { found: base_url.to_owned() };
        let url = Url::parse(base_url).map_err(|_| refused())?;
        let origin = url.origin().ascii_serialization();
        let is_origin = base_url.strip_suffix('/').unwrap_or(base_url) == origin;
        if !is_origin || !matches!(url.scheme(), "http" | "https") {
            return Err(refused());
        }
        let (_, authority) = origin.split_once("://").ok_or_else(refused)?;
        Ok(Self {
            personality,
            entity_id: EntityId::new(personality.entity_id(&origin, authority))?,
            keys,
            issuance: Issuance::of(personality),
            people: staff(),
            relying_parties: Vec::new(),
            accept_unknown: false,
            remembers: false,
            ids: IdSource::default(),
            host: url.host().map(|host: Host<&str>| host.to_string()).ok_or_else(refused)?,
            base_url: origin,
        })
    }

    /// The same identity provider at another address. Its entityID becomes that of the address, if it
    /// was the usual one of the old.
    ///
    /// # Errors
    /// As [`TestIdp::at`].
    pub fn moved_to(self, base_url: &str) -> Result<Self, IdpError> {
        let usual = Self::at(self.personality, &self.base_url, self.keys.clone())?.entity_id;
        let there = Self::at(self.personality, base_url, self.keys.clone())?;
        let entity_id =
            if self.entity_id == usual { there.entity_id } else { self.entity_id.clone() };
        Ok(Self { entity_id, host: there.host, base_url: there.base_url, ..self })
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The host name alone.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where AuthnRequests go, by either binding.
    pub fn sign_in_url(&self) -> String {
        format!("{}{}", self.base_url, self.personality.browser_path())
    }

    /// Where the metadata is. Entra's address names the application: without it the metadata lists
    /// the tenant's keys, with which no assertion is ever signed.
    pub fn metadata_url(&self) -> String {
        let path = self.personality.metadata_path();
        let query = match self.personality {
            Personality::Entra => format!("?appid={TEST_APPLICATION}"),
            Personality::Adfs | Personality::Plain => String::new(),
        };
        format!("{}{path}{query}", self.base_url)
    }

    /// The metadata, signed. It holds no time: Microsoft's products write neither `validUntil` nor
    /// `cacheDuration`.
    ///
    /// # Errors
    /// [`IssueError::Sign`] when the key cannot sign.
    pub fn metadata(&self) -> Result<String, IssueError> {
        self.metadata_of(&self.keys)
    }

    /// The metadata that Entra shows to those who forget to name the application: it is of the same
    /// shape, and its key is the tenant's, with which no assertion is signed. The test identity
    /// provider takes its key for encryption for it, which Entra does not have.
    ///
    /// # Errors
    /// As [`TestIdp::metadata`].
    pub fn tenant_metadata(&self) -> Result<String, IssueError> {
        let key = self.keys.encryption().clone();
        self.metadata_of(&TestKeys::new(key.clone(), key))
    }

    fn metadata_of(&self, keys: &TestKeys) -> Result<String, IssueError> {
        FederationMetadata {
            personality: self.personality,
            entity_id: &self.entity_id,
            base_url: &self.base_url,
            display_name: &self.host,
            keys,
        }
        .to_xml()
    }

    /// Registers a service provider by its metadata, in the place of one of the same entityID.
    ///
    /// # Errors
    /// A [`RegisterError`].
    pub fn register(&mut self, metadata: &[u8]) -> Result<(), RegisterError> {
        let relying_party = RelyingParty::from_metadata(metadata)?;
        self.relying_parties.retain(|other| other.entity_id != relying_party.entity_id);
        self.relying_parties.push(relying_party);
        Ok(())
    }

    /// The relying party of this identifier.
    pub(super) fn relying_party_named(&self, entity_id: &str) -> Option<&RelyingParty> {
        self.relying_parties.iter().find(|rp| rp.entity_id.as_str() == entity_id)
    }

    /// The person of this user name.
    pub fn person(&self, user_name: &str) -> Option<Person> {
        self.people.iter().find(|person| person.user_name == user_name).cloned()
    }

    /// The person of this user name, or of this display name in whatever letters.
    pub(super) fn person_called(&self, name: &str) -> Option<Person> {
        let wanted = name.trim().to_lowercase();
        let is_called = |person: &&Person| person.display_name.to_lowercase() == wanted;
        self.person(name).or_else(|| self.people.iter().find(is_called).cloned())
    }

    /// Signs `person` in: the XML of the response, with new IDs.
    ///
    /// # Errors
    /// An [`IssueError`].
    pub fn respond(
        &self,
        reply_to: &ReplyTo,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<String, IssueError> {
        self.draft(reply_to, person, now)?.sign(self.keys.current())
    }

    /// The same response before it is signed, to be changed first. Sign it with
    /// [`Draft::sign`] and [`TestKeys::current`].
    ///
    /// # Errors
    /// An [`IssueError`].
    pub fn draft(
        &self,
        reply_to: &ReplyTo,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<Draft, IssueError> {
        self.issue(reply_to, &self.ids.pair()?, now).draft(person)
    }

    /// The XML of a response that reports a failure, unsigned as AD FS leaves it.
    ///
    /// # Errors
    /// An [`IssueError`].
    pub fn refuse(
        &self,
        reply_to: &ReplyTo,
        status: &ErrorStatus,
        now: DateTime<Utc>,
    ) -> Result<String, IssueError> {
        self.issue(reply_to, &self.ids.pair()?, now).error(status)
    }

    /// The pure step with IDs of the caller's choice.
    pub fn issue<'i>(
        &'i self,
        reply_to: &'i ReplyTo,
        ids: &'i Ids,
        now: DateTime<Utc>,
    ) -> Issue<'i> {
        Issue {
            personality: self.personality,
            issuer: &self.entity_id,
            issuance: &self.issuance,
            reply_to,
            ids,
            now,
        }
    }
}
