//! What metadata says: roles, keys, endpoints.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::message::child;
use super::moment::Moment;
use crate::crypto::{Certificate, KeyKind};
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::metadata::IdpMetadata;
use crate::saml::names::{METADATA, XSI};
use crate::xml::{Node, decode_base64};

/// Entities of an aggregate that are shown.
const MAX_ENTITIES: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Metadata {
    pub(super) entities: Vec<Entity>,
    /// How many there are, shown or not.
    pub(super) count: usize,
    /// Whether an identity provider of it can be used here; `None` when it describes none.
    pub(super) usable: Option<Usable>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Usable {
    pub(super) usable: bool,
    pub(super) code: Option<&'static str>,
    pub(super) detail: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Entity {
    pub(super) entity_id: Option<String>,
    pub(super) valid_until: Option<Moment>,
    pub(super) cache_duration: Option<String>,
    pub(super) roles: Vec<Role>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Role {
    /// Local name: `IDPSSODescriptor`, `SPSSODescriptor`, …
    pub(super) role: String,
    /// The local part of `xsi:type`.
    pub(super) kind: Option<String>,
    pub(super) protocols: Option<String>,
    pub(super) valid_until: Option<Moment>,
    pub(super) keys: Vec<Key>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) name_id_formats: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Key {
    /// `signing`, `encryption`, or nothing, which means both.
    #[serde(rename = "use")]
    pub(super) purpose: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) sha256: Option<String>,
    pub(super) common_name: Option<String>,
    pub(super) not_before: Option<Moment>,
    pub(super) not_after: Option<Moment>,
    /// Why it cannot be used.
    pub(super) problem: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Endpoint {
    pub(super) service: String,
    pub(super) binding: Option<String>,
    pub(super) location: Option<String>,
    pub(super) index: Option<String>,
    pub(super) is_default: Option<String>,
}

fn owned(node: Node<'_>, attribute: &str) -> Option<String> {
    node.attribute(attribute).map(str::to_owned)
}

fn moment(node: Node<'_>, attribute: &str, now: DateTime<Utc>) -> Option<Moment> {
    node.attribute(attribute).map(|text| Moment::read(text, now))
}

impl Metadata {
    /// Whether this is the root of metadata.
    pub(super) fn is_root(root: Node<'_>) -> bool {
        root.is(METADATA, "EntityDescriptor") || root.is(METADATA, "EntitiesDescriptor")
    }

    pub(super) fn read(root: Node<'_>, bytes: &[u8], now: DateTime<Utc>) -> Self {
        let entities = || root.descendants().filter(|n| n.is(METADATA, "EntityDescriptor"));
        let is_provider = root.elements().any(|n| n.is(METADATA, "IDPSSODescriptor"));
        let usable = is_provider.then(|| match IdpMetadata::read(bytes, now) {
            Ok(_) => Usable { usable: true, code: None, detail: None },
            Err(error) => {
                Usable { usable: false, code: Some(error.code()), detail: Some(error.to_string()) }
            }
        });
        Self {
            entities: entities().take(MAX_ENTITIES).map(|n| Entity::read(n, now)).collect(),
            count: entities().count(),
            usable,
        }
    }
}

impl Entity {
    fn read(entity: Node<'_>, now: DateTime<Utc>) -> Self {
        let is_role =
            |n: &Node<'_>| n.namespace() == METADATA && n.local_name().ends_with("Descriptor");
        Self {
            entity_id: owned(entity, "entityID"),
            valid_until: moment(entity, "validUntil", now),
            cache_duration: owned(entity, "cacheDuration"),
            roles: entity.elements().filter(is_role).map(|n| Role::read(n, now)).collect(),
        }
    }
}

impl Role {
    fn read(role: Node<'_>, now: DateTime<Utc>) -> Self {
        let children = || role.elements().filter(|n| n.namespace() == METADATA);
        let endpoints = children().filter(|n| n.local_name().ends_with("Service"));
        Self {
            role: role.local_name().to_owned(),
            kind: role
                .attributes()
                .find(|a| a.namespace == XSI && a.local == "type")
                .map(|a| a.value.rsplit(':').next().unwrap_or(a.value).to_owned()),
            protocols: owned(role, "protocolSupportEnumeration"),
            valid_until: moment(role, "validUntil", now),
            keys: children()
                .filter(|n| n.local_name() == "KeyDescriptor")
                .map(|n| Key::read(n, now))
                .collect(),
            endpoints: endpoints
                .map(|n| Endpoint {
                    service: n.local_name().to_owned(),
                    binding: owned(n, "Binding"),
                    location: owned(n, "Location"),
                    index: owned(n, "index"),
                    is_default: owned(n, "isDefault"),
                })
                .collect(),
            name_id_formats: children()
                .filter(|n| n.local_name() == "NameIDFormat")
                .filter_map(|n| n.text().map(str::to_owned))
                .collect(),
        }
    }
}

impl Key {
    fn read(descriptor: Node<'_>, now: DateTime<Utc>) -> Self {
        let mut key = Self {
            purpose: owned(descriptor, "use"),
            kind: None,
            sha256: None,
            common_name: None,
            not_before: None,
            not_after: None,
            problem: None,
        };
        let text = child(descriptor, DSIG_NAMESPACE, "KeyInfo")
            .and_then(|n| child(n, DSIG_NAMESPACE, "X509Data"))
            .and_then(|n| child(n, DSIG_NAMESPACE, "X509Certificate"))
            .and_then(Node::text);
        let Some(text) = text else {
            key.problem = Some("there is no certificate".to_owned());
            return key;
        };
        let Some(der) = decode_base64(text.as_bytes()) else {
            key.problem = Some("the certificate is not base64".to_owned());
            return key;
        };
        match Certificate::from_der(&der) {
            Err(error) => key.problem = Some(error.to_string()),
            Ok(certificate) => {
                key.kind = Some(match certificate.public_key().kind() {
                    KeyKind::Rsa(bits) => format!("RSA {bits}"),
                    KeyKind::P256 => "P-256".to_owned(),
                    KeyKind::P384 => "P-384".to_owned(),
                    KeyKind::P521 => "P-521".to_owned(),
                });
                key.sha256 = Some(certificate.fingerprint());
                key.common_name = certificate.common_name();
                key.not_before = certificate.not_before().map(|at| Moment::of(at, now));
                key.not_after = certificate.not_after().map(|at| Moment::of(at, now));
            }
        }
        key
    }
}
