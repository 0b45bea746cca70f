//! What is trusted of one identity provider, over time: its metadata as published last, and keys
//! that have gone from it and still count for a while. Pure: time is an argument.

mod change;
mod key;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

pub use change::{Quarantine, TrustChange};
pub use key::{KeyUse, TrackedKey};

use super::service_provider::{Idp, check_idp};
use crate::crypto::{Certificate, sha256};
use crate::saml::EntityId;
use crate::saml::metadata::{IdpMetadata, MetadataAnchor, Reading};

/// More keys that have gone are not kept, however long the grace period: each costs time at every
/// sign-in that fails.
const MAX_GONE: usize = 16;

/// What a document must fulfil to be trusted, and for how long the one before it still counts.
#[derive(Clone, Debug)]
pub struct TrustPolicy {
    /// Whose metadata it must be. `None` before the first document.
    pub entity_id: Option<EntityId>,
    /// Who must have signed it. `None` when trust comes from where it was found: a file of the
    /// operator's, or a TLS connection to a fixed host.
    pub anchor: Option<MetadataAnchor>,
    /// When set, `validUntil` must be there and no further ahead.
    pub max_validity: Option<TimeDelta>,
    /// How long a key counts that has gone from the metadata.
    pub grace: TimeDelta,
    /// See [`Dangerous::accept_sha1_signatures_until`](crate::saml::Dangerous).
    pub sha1_until: Option<DateTime<Utc>>,
    /// What people call the provider.
    pub label: Option<String>,
    /// As [`Builder::dev`](super::Builder::dev).
    pub dev: bool,
}

impl TrustPolicy {
    /// Any entity, no pinned key, a grace period of a day.
    pub fn new() -> Self {
        Self {
            entity_id: None,
            anchor: None,
            max_validity: None,
            grace: TimeDelta::hours(24),
            sha1_until: None,
            label: None,
            dev: false,
        }
    }

    fn read(
        &self,
        document: &[u8],
        entity_id: Option<&EntityId>,
        now: DateTime<Utc>,
    ) -> Result<IdpMetadata, Quarantine> {
        let anchor = self.anchor.as_ref();
        let reading = Reading { entity_id, anchor, max_validity: self.max_validity };
        let mut metadata = IdpMetadata::read_as(document, &reading, now)?;
        check_idp(&metadata, self.dev)?;
        if let Some(end) = self.sha1_until {
            metadata.dangerous().accept_sha1_signatures_until(end);
        }
        Ok(metadata)
    }
}

impl Default for TrustPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// What is trusted of one identity provider. Never changes: a new document makes another one.
#[derive(Clone, Debug)]
pub struct Trust {
    policy: Arc<TrustPolicy>,
    digest: [u8; 32],
    published: IdpMetadata,
    keys: Vec<TrackedKey>,
    idp: Arc<Idp>,
}

impl Trust {
    /// Trusts a provider by its first document.
    ///
    /// # Errors
    /// A [`Quarantine`], never [`Quarantine::NoSharedKey`].
    pub fn first(
        policy: TrustPolicy,
        document: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Self, Quarantine> {
        let published = policy.read(document, policy.entity_id.as_ref(), now)?;
        let keys = published.certificates().iter();
        let keys = keys.map(|c| TrackedKey::new(c.clone(), now, false)).collect();
        Ok(Self::assemble(Arc::new(policy), sha256(document), published, keys))
    }

    /// Trusts a provider that is written in code and has no document.
    pub fn fixed(idp: &Arc<Idp>, now: DateTime<Utc>) -> Self {
        let published = idp.metadata.clone();
        let keys = published.certificates().iter();
        let keys = keys.map(|c| TrackedKey::new(c.clone(), now, false)).collect();
        let policy = Arc::new(TrustPolicy::new());
        Self { policy, digest: [0; 32], published, keys, idp: Arc::clone(idp) }
    }

    /// Takes a newer document, or refuses it. Also tells what has changed.
    ///
    /// # Errors
    /// A [`Quarantine`]: nothing changes then.
    pub fn offer(
        &self,
        document: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(Self, Vec<TrustChange>), Quarantine> {
        let published = self.policy.read(document, Some(self.entity_id()), now)?;
        let current = self.published.certificates();
        let is_current =
            |new: &Certificate| current.iter().any(|c| c.public_key() == new.public_key());
        let mut changes = Vec::new();
        if !published.certificates().iter().any(is_current) {
            if !published.is_vouched_for() {
                let found = published.certificates().len();
                return Err(Quarantine::NoSharedKey { known: current.len(), found });
            }
            changes.push(TrustChange::AllKeysReplaced);
        }
        let keys = self.next_keys(&published, now, &mut changes);
        if !published.locations().eq(self.published.locations()) {
            changes.push(TrustChange::AddressesChanged);
        }
        let policy = Arc::clone(&self.policy);
        Ok((Self::assemble(policy, sha256(document), published, keys), changes))
    }

    /// Without the keys whose grace period is over, or `None` when nothing has changed. A key that
    /// has gone in the future has gone now: the clock was wrong then, and has been set back.
    pub fn age(&self, now: DateTime<Utc>) -> Option<(Self, Vec<TrustChange>)> {
        // Asked every few seconds, and nearly always there is nothing.
        if self.keys.iter().all(|key| key.gone_since.is_none()) {
            return None;
        }
        let is_from_future = |key: &TrackedKey| key.gone_since.is_some_and(|gone| gone > now);
        let was_set_back = self.keys.iter().any(is_from_future);
        let by_now = |key: &TrackedKey| TrackedKey {
            gone_since: key.gone_since.map(|gone| gone.min(now)),
            ..key.clone()
        };
        let counts = |key: &TrackedKey| key.gone_since.is_none_or(|g| now < self.end_of_grace(g));
        let (keys, dropped): (Vec<_>, Vec<_>) = self.keys.iter().map(by_now).partition(counts);
        if dropped.is_empty() && !was_set_back {
            return None;
        }
        let dropped = dropped.iter().map(|key| key.certificate.fingerprint());
        let changes = dropped.map(|fingerprint| TrustChange::KeyDropped { fingerprint }).collect();
        let (policy, published) = (Arc::clone(&self.policy), self.published.clone());
        Some((Self::assemble(policy, self.digest, published, keys), changes))
    }

    /// Those of the document first, in its order; then those that have gone.
    fn next_keys(
        &self,
        published: &IdpMetadata,
        now: DateTime<Utc>,
        changes: &mut Vec<TrustChange>,
    ) -> Vec<TrackedKey> {
        let mut keys = Vec::with_capacity(published.certificates().len());
        for certificate in published.certificates() {
            let fingerprint = certificate.fingerprint();
            let Some(known) = self.keys.iter().find(|key| key.is(certificate)) else {
                changes.push(TrustChange::KeyAnnounced {
                    fingerprint,
                    not_before: certificate.not_before(),
                    not_after: certificate.not_after(),
                });
                keys.push(TrackedKey::new(certificate.clone(), now, true));
                continue;
            };
            if known.gone_since.is_some() {
                changes.push(TrustChange::KeyReturned { fingerprint });
            }
            let certificate = certificate.clone();
            keys.push(TrackedKey { certificate, gone_since: None, ..known.clone() });
        }
        let mut gone = Vec::new();
        for key in &self.keys {
            if published.certificates().iter().any(|certificate| key.is(certificate)) {
                continue;
            }
            let since = key.gone_since.map_or(now, |gone| gone.min(now));
            let (fingerprint, until) = (key.certificate.fingerprint(), self.end_of_grace(since));
            if key.gone_since.is_none() {
                changes.push(TrustChange::KeyGone { fingerprint: fingerprint.clone(), until });
            }
            if now < until {
                gone.push(TrackedKey { gone_since: Some(since), ..key.clone() });
            } else {
                changes.push(TrustChange::KeyDropped { fingerprint });
            }
        }
        // The latest to go are the likeliest to be seen again.
        gone.sort_by_key(|key| std::cmp::Reverse(key.gone_since));
        for key in gone.drain(gone.len().min(MAX_GONE)..) {
            let fingerprint = key.certificate.fingerprint();
            changes.push(TrustChange::KeyDropped { fingerprint });
        }
        keys.append(&mut gone);
        keys
    }

    fn end_of_grace(&self, gone_since: DateTime<Utc>) -> DateTime<Utc> {
        gone_since.checked_add_signed(self.policy.grace).unwrap_or(gone_since)
    }

    fn assemble(
        policy: Arc<TrustPolicy>,
        digest: [u8; 32],
        published: IdpMetadata,
        keys: Vec<TrackedKey>,
    ) -> Self {
        let gone = keys.iter().filter(|key| key.gone_since.is_some());
        let gone: Vec<_> = gone.map(|key| key.certificate.clone()).collect();
        let metadata = published.with_further(&gone);
        let idp = Arc::new(Idp { metadata, label: policy.label.clone() });
        Self { policy, digest, published, keys, idp }
    }

    /// The provider's name, the same for ever.
    pub fn entity_id(&self) -> &EntityId {
        self.published.entity_id()
    }

    /// For a [`ServiceProvider`](super::ServiceProvider): what was published last, with every key
    /// that counts.
    pub fn idp(&self) -> &Arc<Idp> {
        &self.idp
    }

    /// What was published last.
    pub fn published(&self) -> &IdpMetadata {
        &self.published
    }

    /// The keys that count, in the order of the certificates of [`Trust::idp`].
    pub fn keys(&self) -> &[TrackedKey] {
        &self.keys
    }

    /// SHA-256 of the document; zeros when there is none.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Whether the document is past its `validUntil`: then nothing of it counts.
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.published.valid_until().is_some_and(|end| now >= end)
    }
}
