//! Which entity of a document is meant, who vouches for it, and for how long it counts.

use chrono::{DateTime, TimeDelta, Utc};

use super::anchor::MetadataAnchor;
use super::duration::parse_duration;
use super::error::MetadataError;
use crate::crypto::Certificate;
use crate::saml::entity_id::EntityId;
use crate::saml::names::{METADATA, PROTOCOL};
use crate::saml::time::parse_instant;
use crate::xml::{Document, Node};

/// What metadata is expected to be. The default expects nothing: any one identity provider, signed
/// or not, for as long as it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'r> {
    /// The provider's name, exactly. It chooses among the entities of an aggregate.
    pub entity_id: Option<&'r EntityId>,
    /// Who must have signed the document, at its root. Without an anchor a signature is not looked
    /// at, and whoever handed the document over vouches for it.
    pub anchor: Option<&'r MetadataAnchor>,
    /// How far ahead `validUntil` may be. With it, a document that does not end is refused: old
    /// metadata with a good signature would be good for ever, and so would be the keys in it.
    pub max_validity: Option<TimeDelta>,
}

/// The one entity that is meant, and its role as an identity provider.
#[derive(Debug)]
pub(crate) struct Chosen<'d> {
    pub(crate) entity: Node<'d>,
    pub(crate) role: Node<'d>,
    /// The pinned certificate whose key signed.
    pub(crate) vouched_by: Option<Certificate>,
    pub(crate) lifetime: Lifetime,
}

/// For how long a document counts: the earliest end and the shortest time of all levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) valid_until: Option<DateTime<Utc>>,
    pub(crate) cache_duration: Option<TimeDelta>,
}

impl<'d> Chosen<'d> {
    pub(crate) fn find(
        document: &'d Document<'d>,
        reading: &Reading<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, MetadataError> {
        let root = document.root();
        if !is_entity(root) && !is_group(root) {
            let found = root.local_name().to_owned();
            return Err(MetadataError::NotEntityDescriptor { found });
        }
        // What is read from here on is what was verified.
        let (root, signed, vouched_by) = match reading.anchor {
            None => (root, None, None),
            Some(anchor) => {
                let (signed, signer) = anchor.verify(root)?;
                (signed.element(), Some(signed), Some(signer))
            }
        };
        let entity = choose(root, reading.entity_id)?;
        let entity = match signed {
            None => entity,
            Some(signed) => signed.descend(entity).ok_or(MetadataError::NotSigned)?.element(),
        };

        let mut lifetime = Lifetime::default();
        for node in std::iter::successors(Some(entity), |node| node.parent()) {
            lifetime.restrict(node, now)?;
        }
        lifetime.check(reading.max_validity, now)?;

        let mut roles = entity.elements().filter(is_provider_role);
        let (Some(role), None) = (roles.next(), roles.next()) else {
            let found = entity.elements().filter(is_provider_role).count();
            return Err(MetadataError::Role { found });
        };
        lifetime.restrict(role, now)?;
        Ok(Self { entity, role, vouched_by, lifetime })
    }
}

impl Lifetime {
    /// Takes the limits into account that stand on `node`.
    fn restrict(&mut self, node: Node<'_>, now: DateTime<Utc>) -> Result<(), MetadataError> {
        if let Some(text) = node.attribute("validUntil") {
            let until = parse_instant(text)
                .filter(|until| now < *until)
                .ok_or_else(|| MetadataError::Expired { valid_until: text.to_owned(), now })?;
            self.valid_until = Some(self.valid_until.map_or(until, |earliest| earliest.min(until)));
        }
        if let Some(text) = node.attribute("cacheDuration") {
            let length = parse_duration(text)
                .ok_or_else(|| MetadataError::CacheDuration { found: text.to_owned() })?;
            self.cache_duration =
                Some(self.cache_duration.map_or(length, |shortest| shortest.min(length)));
        }
        Ok(())
    }

    fn check(&self, max: Option<TimeDelta>, now: DateTime<Utc>) -> Result<(), MetadataError> {
        let Some(max) = max else { return Ok(()) };
        let valid_until = self.valid_until.ok_or(MetadataError::NoValidUntil)?;
        match now.checked_add_signed(max) {
            Some(latest) if valid_until > latest => {
                Err(MetadataError::ValidTooLong { valid_until, latest })
            }
            // A limit beyond the end of all times is none.
            _ => Ok(()),
        }
    }
}

fn is_entity(node: Node<'_>) -> bool {
    node.is(METADATA, "EntityDescriptor")
}

fn is_group(node: Node<'_>) -> bool {
    node.is(METADATA, "EntitiesDescriptor")
}

fn is_provider_role(node: &Node<'_>) -> bool {
    node.is(METADATA, "IDPSSODescriptor")
        && node
            .attribute("protocolSupportEnumeration")
            .is_some_and(|list| list.split_ascii_whitespace().any(|p| p == PROTOCOL))
}

/// Every entity below `root`, in no order. Entities are found step by step, as children of groups:
/// what stands in extensions or in a signature's `KeyInfo`, which no signature covers, is none.
pub(crate) fn entities(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut open = vec![root];
    std::iter::from_fn(move || {
        loop {
            let node = open.pop()?;
            if is_entity(node) {
                return Some(node);
            }
            if is_group(node) {
                open.extend(node.elements().filter(|n| is_entity(*n) || is_group(*n)));
            }
        }
    })
}

/// The one entity of the name `wanted`; without one, the only identity provider that there is.
fn choose<'d>(root: Node<'d>, wanted: Option<&EntityId>) -> Result<Node<'d>, MetadataError> {
    if is_entity(root) {
        let found = EntityId::new(root.attribute("entityID").unwrap_or(""))?;
        return match wanted {
            Some(expected) if *expected != found => {
                Err(MetadataError::OtherEntity { expected: expected.clone(), found })
            }
            _ => Ok(root),
        };
    }
    let chosen = match wanted {
        Some(expected) => expected.clone(),
        None => {
            let mut providers =
                entities(root).filter(|n| n.elements().any(|n| is_provider_role(&n)));
            let (Some(only), None) = (providers.next(), providers.next()) else {
                let providers =
                    entities(root).filter(|n| n.elements().any(|n| is_provider_role(&n))).count();
                return Err(MetadataError::Aggregate { providers });
            };
            EntityId::new(only.attribute("entityID").unwrap_or(""))?
        }
    };
    let is_chosen = |n: &Node<'_>| n.attribute("entityID") == Some(chosen.as_str());
    let mut matching = entities(root).filter(is_chosen);
    match (matching.next(), matching.next()) {
        (Some(entity), None) => Ok(entity),
        (None, _) => {
            let entities = entities(root).count();
            Err(MetadataError::NoSuchEntity { expected: chosen, entities })
        }
        (Some(_), Some(_)) => {
            let found = entities(root).filter(is_chosen).count();
            Err(MetadataError::SeveralEntities { entity_id: chosen, found })
        }
    }
}
