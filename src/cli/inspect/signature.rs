//! The signatures of a message: what each covers, and whether a key of the metadata made it.

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::listing::{Cover, Mark};
use super::message::child;
use super::moment::Moment;
use crate::crypto::Certificate;
use crate::dsig::{self, DSIG_NAMESPACE, DsigError};
use crate::saml::binding::QuerySignature;
use crate::saml::metadata::IdpMetadata;
use crate::xml::{Document, Node, decode_base64};

/// Signatures beyond these are not looked at: each costs a public-key operation for each key.
const MAX_SIGNATURES: usize = 8;

/// What became of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// A key of the metadata made it.
    Verified,
    /// It is refused.
    Failed,
    /// No metadata was given.
    Unchecked,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Signature {
    /// What is signed: local name of an element, or `query`.
    pub(super) of: String,
    pub(super) state: State,
    /// What the message says it was made with.
    pub(super) algorithm: Option<String>,
    pub(super) digest: Option<String>,
    /// SHA-256 of the certificate in the metadata whose key made it.
    pub(super) made_by: Option<String>,
    /// Why it is refused, or what is known without metadata.
    pub(super) code: Option<&'static str>,
    pub(super) detail: Option<String>,
    /// The certificate in the message, which proves nothing: anybody can put any there.
    pub(super) enclosed: Option<Enclosed>,
}

/// A certificate that came with the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Enclosed {
    pub(super) sha256: String,
    pub(super) common_name: Option<String>,
    pub(super) not_after: Option<Moment>,
    /// Whether the metadata has its key; `None` when there is no metadata.
    pub(super) in_metadata: Option<bool>,
}

/// A signature, and the bytes that it covers.
pub(super) struct Found {
    pub(super) signature: Signature,
    pub(super) cover: Cover,
}

/// The signatures of a document, in order. `trusted` is the sender.
pub(super) fn signatures(
    document: &Document<'_>,
    trusted: Option<&IdpMetadata>,
    now: DateTime<Utc>,
) -> Vec<Found> {
    let signatures = document.elements().filter(|n| n.is(DSIG_NAMESPACE, "Signature"));
    let parents = signatures.filter_map(|signature| Some((signature.parent()?, signature)));
    parents.take(MAX_SIGNATURES).map(|(parent, node)| judge(parent, node, trusted, now)).collect()
}

fn judge(
    parent: Node<'_>,
    node: Node<'_>,
    trusted: Option<&IdpMetadata>,
    now: DateTime<Utc>,
) -> Found {
    let info = child(node, DSIG_NAMESPACE, "SignedInfo");
    let enclosed = enclosed_certificate(node);
    let verdict = match (trusted, &enclosed) {
        (Some(trusted), _) => trusted.keys().verify(parent, node, now),
        (None, Some(enclosed)) => dsig::verify(parent, node, &[enclosed.public_key().clone()]),
        (None, None) => dsig::verify(parent, node, &[]),
    };
    let verdict = verdict.map(|signed| signed.key());
    let mut signature = Signature {
        of: parent.local_name().to_owned(),
        algorithm: info.and_then(|n| algorithm(n, "SignatureMethod")),
        digest: info
            .and_then(|n| child(n, DSIG_NAMESPACE, "Reference"))
            .and_then(|n| algorithm(n, "DigestMethod")),
        ..Signature::judged(verdict, trusted, enclosed.is_some())
    };
    signature.enclosed = enclosed.map(|certificate| Enclosed {
        sha256: certificate.fingerprint(),
        common_name: certificate.common_name(),
        not_after: certificate.not_after().map(|at| Moment::of(at, now)),
        in_metadata: trusted.map(|idp| idp.keys().signing().contains(certificate.public_key())),
    });
    let (element, except) = (parent.span(), Some(node.span()));
    let cover = Cover { element, except, mark: signature.mark() };
    Found { signature, cover }
}

/// The signature over a query.
pub(super) fn query_signature(
    signature: &QuerySignature,
    trusted: Option<&IdpMetadata>,
) -> Signature {
    let keys = trusted.map(|idp| idp.keys().signing()).unwrap_or_default();
    Signature {
        of: "query".to_owned(),
        algorithm: Some(signature.algorithm().to_owned()),
        ..Signature::judged(signature.verify(keys), trusted, false)
    }
}

impl Signature {
    /// The mark of what it covers.
    pub(super) fn mark(&self) -> Mark {
        match self.state {
            State::Verified => Mark::Verified,
            State::Failed | State::Unchecked => Mark::Unverified,
        }
    }

    fn judged(
        verdict: Result<usize, DsigError>,
        trusted: Option<&IdpMetadata>,
        has_enclosed: bool,
    ) -> Self {
        let mut signature = Self {
            of: String::new(),
            state: State::Unchecked,
            algorithm: None,
            digest: None,
            made_by: None,
            code: None,
            detail: None,
            enclosed: None,
        };
        match (trusted, verdict) {
            (Some(trusted), Ok(key)) => {
                signature.state = State::Verified;
                signature.made_by = trusted.certificates().get(key).map(Certificate::fingerprint);
            }
            (None, Ok(_)) => {
                let known = "made by the key in the message itself, which proves nothing";
                signature.detail = Some(known.to_owned());
            }
            // Without the sender's keys, these say nothing against the message.
            (None, Err(DsigError::AlgorithmKeyMismatch | DsigError::SignatureMismatch { .. })) => {
                if has_enclosed {
                    let known = "not made by the key of the certificate in the message";
                    signature.detail = Some(known.to_owned());
                }
            }
            (_, Err(error)) => {
                signature.state = State::Failed;
                signature.code = Some(error.code());
                signature.detail = Some(error.to_string());
            }
        }
        signature
    }
}

fn algorithm(node: Node<'_>, local: &str) -> Option<String> {
    child(node, DSIG_NAMESPACE, local)?.attribute("Algorithm").map(str::to_owned)
}

fn enclosed_certificate(signature: Node<'_>) -> Option<Certificate> {
    let info = child(signature, DSIG_NAMESPACE, "KeyInfo")?;
    let data = child(info, DSIG_NAMESPACE, "X509Data")?;
    let text = child(data, DSIG_NAMESPACE, "X509Certificate")?.text()?;
    Certificate::from_der(&decode_base64(text.as_bytes())?).ok()
}

/// The last part of an algorithm's identifier.
pub(super) fn short_name(uri: &str) -> &str {
    uri.rsplit(['#', '/']).next().unwrap_or(uri)
}

/// Everything, when all of a document is covered by a signature outside it.
pub(super) fn whole(length: usize, mark: Mark) -> Cover {
    Cover { element: Range { start: 0, end: length }, except: None, mark }
}
