//! Pinned trust: whose signature on metadata counts.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::error::MetadataError;
use crate::crypto::{Certificate, hex, sha256};
use crate::dsig::{self, DSIG_NAMESPACE, Signed};
use crate::xml::{Node, decode_base64};

/// Certificates in a signature's `KeyInfo` that are compared with pinned fingerprints. A chain has
/// three or four.
const MAX_CANDIDATES: usize = 16;

/// The SHA-256 of a certificate in DER form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// A text that is no [`Fingerprint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a SHA-256 fingerprint is 64 hexadecimal digits, with or without colons between bytes")]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// The fingerprint of a certificate in DER form.
    pub fn of_der(der: &[u8]) -> Self {
        Self(sha256(der))
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    /// Reads hexadecimal digits, upper or lower case: all in a row, or with a colon between every
    /// two bytes, as OpenSSL prints them.
    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let mut bytes = [0; 32];
        let mut digits = text.as_bytes();
        let colons = text.contains(':');
        for (place, byte) in bytes.iter_mut().enumerate() {
            if colons && place > 0 {
                digits = digits.strip_prefix(b":").ok_or(InvalidFingerprint)?;
            }
            let [high, low, rest @ ..] = digits else { return Err(InvalidFingerprint) };
            let (high, low) = (digit(*high), digit(*low));
            let (high, low) = high.zip(low).ok_or(InvalidFingerprint)?;
            *byte = (high << 4) | low;
            digits = rest;
        }
        if digits.is_empty() { Ok(Self(bytes)) } else { Err(InvalidFingerprint) }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The keys of which one must have signed metadata, known from somewhere else than that metadata.
///
/// They are written as certificates or as fingerprints of certificates. Only a certificate's key
/// counts, never its dates: federations sign for decades with a certificate that has expired.
#[derive(Clone, Debug)]
pub struct MetadataAnchor {
    certificates: Vec<Certificate>,
    fingerprints: Vec<Fingerprint>,
}

/// An anchor without any pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("pinned trust needs at least one certificate or fingerprint")]
pub struct NoPins;

impl MetadataAnchor {
    /// An anchor for the keys of `certificates` and of the certificates that have `fingerprints`.
    ///
    /// # Errors
    /// [`NoPins`] when there are neither: no pins must never mean that no signature is needed.
    pub fn new(
        certificates: Vec<Certificate>,
        fingerprints: Vec<Fingerprint>,
    ) -> Result<Self, NoPins> {
        if certificates.is_empty() && fingerprints.is_empty() {
            return Err(NoPins);
        }
        Ok(Self { certificates, fingerprints })
    }

    /// The pinned certificates.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The pinned fingerprints.
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// Verifies the signature on `root`, and says whose key made it.
    ///
    /// Only the root's own signature counts. One on an `EntityDescriptor` inside would vouch for
    /// that entity and not for the `validUntil` around it, nor for there being no second one.
    pub(super) fn verify<'d>(
        &self,
        root: Node<'d>,
    ) -> Result<(Signed<'d>, Certificate), MetadataError> {
        let mut signatures = root.elements().filter(|n| n.is(DSIG_NAMESPACE, "Signature"));
        let signature = signatures.next().ok_or(MetadataError::NotSigned)?;
        // The schema has it first and once (Metadata 2.3.1, 2.3.2).
        if root.elements().next() != Some(signature) || signatures.next().is_some() {
            return Err(MetadataError::SignaturePlace);
        }
        let signers = self.signers(signature)?;
        let keys: Vec<_> = signers.iter().map(|c| c.public_key().clone()).collect();
        let signed = dsig::verify(root, signature, &keys).map_err(MetadataError::Signature)?;
        let signer = signers.into_iter().nth(signed.key());
        signer.map(|signer| (signed, signer)).ok_or(MetadataError::NotSigned)
    }

    /// The certificates whose keys may have made `signature`: the pinned ones, and those beside it
    /// whose fingerprint is pinned. What else is beside it is not even parsed.
    fn signers(&self, signature: Node<'_>) -> Result<Vec<Certificate>, MetadataError> {
        let mut signers = self.certificates.clone();
        if self.fingerprints.is_empty() {
            return Ok(signers);
        }
        let mut found = Vec::new();
        for node in x509_certificates(signature).take(MAX_CANDIDATES) {
            let Some(der) = node.text().and_then(|text| decode_base64(text.as_bytes())) else {
                continue;
            };
            let fingerprint = Fingerprint::of_der(&der);
            found.push(fingerprint);
            if self.fingerprints.contains(&fingerprint) {
                let signer = Certificate::from_der(&der)
                    .map_err(|error| MetadataError::SignerCertificate { fingerprint, error })?;
                signers.push(signer);
            }
        }
        if signers.is_empty() {
            return Err(MetadataError::SignerNotPinned { found });
        }
        Ok(signers)
    }
}

/// The `X509Certificate` elements of the `KeyInfo` in `node`, a signature or a `KeyDescriptor`.
pub(crate) fn x509_certificates(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    children(node, "KeyInfo")
        .flat_map(|n| children(n, "X509Data"))
        .flat_map(|n| children(n, "X509Certificate"))
}

fn children<'d>(node: Node<'d>, local: &'static str) -> impl Iterator<Item = Node<'d>> {
    node.elements().filter(move |n| n.is(DSIG_NAMESPACE, local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_tools_print_them() {
        let plain = "00178c64196cb5005a702a4574f75fb9311fd405c8ae586231a93a92d36c2eff";
        let fingerprint: Fingerprint = plain.parse().unwrap();
        assert_eq!(fingerprint.to_string(), plain);
        assert_eq!(format!("{fingerprint:?}"), plain);
        let pairs: Vec<_> =
            plain.as_bytes().chunks(2).map(|c| std::str::from_utf8(c).unwrap()).collect();
        for same in [plain.to_uppercase(), pairs.join(":"), pairs.join(":").to_uppercase()] {
            assert_eq!(same.parse(), Ok(fingerprint), "{same}");
        }
        for bad in [
            String::new(),
            plain.replacen("00", "", 1),
            format!("{plain}0"),
            format!("{plain}00"),
            plain.replacen("00", "0g", 1),
            plain.replacen("00", "+0", 1),
            format!(" {plain}"),
            format!("{plain}:"),
            pairs.join(" "),
            pairs.join("::"),
            pairs.join(":").replacen(':', "", 1),
            format!("sha256:{plain}"),
        ] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(InvalidFingerprint), "{bad}");
        }
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Fingerprint::of_der(b"abc").to_string(), abc);
    }

    #[test]
    fn an_anchor_has_a_pin() {
        assert_eq!(MetadataAnchor::new(Vec::new(), Vec::new()).map(|_| ()), Err(NoPins));
        MetadataAnchor::new(Vec::new(), vec![Fingerprint::of_der(b"")]).unwrap();
    }
}
