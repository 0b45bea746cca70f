//! What stands in metadata and is not used.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::dsig::DSIG_NAMESPACE;
use crate::saml::binding::Binding;
use crate::saml::metadata::{Chosen, Fingerprint, Reading, entities, x509_certificates};
use crate::saml::names::{METADATA, XSI};
use crate::xml::{Document, Limits, Node, decode_base64};

/// Certificates that are named. Who wrote the file chose them.
const MAX_CLAIMED: usize = 8;

/// A kind of thing that is there and not used.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Ignored {
    pub(super) what: String,
    pub(super) count: usize,
}

/// What was not looked at in metadata that was read.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// Fingerprints of the certificates beside a signature on the root that nobody verified. They
    /// are whatever the signer, or anybody later, wrote there.
    pub(super) claimed_signers: Vec<String>,
    /// Everything that a person might think is used.
    pub(super) ignored: Vec<Ignored>,
}

impl Unread {
    pub(super) fn find(bytes: &[u8], reading: &Reading<'_>, now: DateTime<Utc>) -> Self {
        let Ok(document) = Document::parse(bytes, &Limits::METADATA) else {
            return Self::default();
        };
        let Ok(chosen) = Chosen::find(&document, reading, now) else { return Self::default() };
        let signature = document.root().elements().find(|n| n.is(DSIG_NAMESPACE, "Signature"));
        let unverified = signature.filter(|_| reading.anchor.is_none());
        Self {
            claimed_signers: unverified.map(claimed_signers).unwrap_or_default(),
            ignored: Ignored::list(document.root(), &chosen, unverified.is_some()),
        }
    }
}

impl Ignored {
    fn list(root: Node<'_>, chosen: &Chosen<'_>, unverified: bool) -> Vec<Self> {
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        let mut count = |what: String| {
            let number = kinds.entry(what).or_default();
            *number = number.saturating_add(1);
        };
        if unverified {
            count("signature: no key is pinned".to_owned());
        }
        for _ in entities(root).filter(|n| *n != chosen.entity) {
            count("other entity".to_owned());
        }
        let roles = chosen.entity.elements().filter(|n| *n != chosen.role);
        for role in roles.filter(|n| n.namespace() == METADATA) {
            let name = role.local_name();
            if name.ends_with("Descriptor") {
                count(format!("other role: {name}{}", kind(role)));
            }
        }
        for child in chosen.role.elements().filter(|n| n.namespace() == METADATA) {
            if let Some(what) = unused(child) {
                count(what);
            }
        }
        kinds.into_iter().map(|(what, count)| Self { what, count }).collect()
    }
}

fn unused(child: Node<'_>) -> Option<String> {
    let name = child.local_name();
    if name == "KeyDescriptor" {
        return match child.attribute("use") {
            None | Some("signing") if x509_certificates(child).next().is_some() => None,
            None | Some("signing") => Some("signing key without a certificate".to_owned()),
            Some(usage) => Some(format!("key for {usage}")),
        };
    }
    if matches!(name, "SingleSignOnService" | "SingleLogoutService") {
        let uri = child.attribute("Binding").unwrap_or("");
        if Binding::from_uri(uri).is_some() {
            return None;
        }
        return Some(format!("{name} by {}", uri.rsplit(':').next().unwrap_or(uri)));
    }
    name.ends_with("Service").then(|| name.to_owned())
}

/// The local part of `xsi:type`.
fn kind(role: Node<'_>) -> String {
    let kind = role.attributes().find(|a| a.namespace == XSI && a.local == "type");
    let local = kind.map(|a| a.value.rsplit(':').next().unwrap_or(a.value));
    local.map(|local| format!(" {local}")).unwrap_or_default()
}

fn claimed_signers(signature: Node<'_>) -> Vec<String> {
    let der = x509_certificates(signature)
        .take(MAX_CLAIMED)
        .filter_map(|node| decode_base64(node.text()?.as_bytes()));
    der.map(|der| Fingerprint::of_der(&der).to_string()).collect()
}
