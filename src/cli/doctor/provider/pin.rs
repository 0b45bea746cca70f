//! Whether a pinned key is one that lasts.

use super::{Finding, Level, Provider, finding};
use crate::crypto::Certificate;
use crate::saml::metadata::{Fingerprint, IdpMetadata, MetadataAnchor};

/// What to do about a pin by which a provider's next key cannot be told of.
pub(super) const UNPIN: &str = "Remove pin_cert and pin_sha256, and have the metadata fetched by \
                                https from the provider's own host. A pin is for the key with \
                                which a federation signs metadata and nothing else.";

/// AD FS and Entra sign metadata with the key that signs responses. Who pins that one knows the
/// next key when it is announced, and nothing from the day on which the metadata is signed by it.
pub(super) fn is_own_key(provider: &Provider, document: &IdpMetadata) -> Option<Finding> {
    let code = "idp_pin";
    let anchor = provider.policy.anchor.as_ref()?;
    let own: Vec<String> = document
        .certificates()
        .iter()
        .filter(|certificate| is_pinned(certificate, anchor, document))
        .map(Certificate::fingerprint)
        .collect();
    if own.is_empty() {
        return Some(finding(code, Level::Ok, "The pinned key is none that signs responses."));
    }
    let title = "A pinned key is one that signs responses: it changes, and the pin does not.";
    let remedy = format!(
        "After the next change of keys no metadata is accepted any more, and after the one that \
         follows nobody can sign in. {UNPIN}"
    );
    Some(finding(code, Level::Warning, title).key().facts("SHA-256", &own).remedy(remedy))
}

/// Whether the key of `own`, a signing certificate in `document`, is pinned: by a certificate, by
/// its fingerprint, or by that of another certificate with the same key, which signed the document.
fn is_pinned(own: &Certificate, anchor: &MetadataAnchor, document: &IdpMetadata) -> bool {
    let pinned = anchor.certificates().iter().chain(document.vouched_by());
    anchor.fingerprints().contains(&Fingerprint::of_der(own.as_der()))
        || pinned.into_iter().any(|certificate| certificate.public_key() == own.public_key())
}
