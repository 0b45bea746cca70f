//! What arrives by HTTP-Redirect (Bindings 3.4.4.1).
//!
//! A query signature covers octets, not parameters: software that verifies one thing and reads
//! another has been fooled by a second parameter of the same name, by an order of its own, and by
//! percent-encoding that it wrote again in other letters. Here each parameter may come once, under
//! whatever spelling, and what is verified are the very octets that are then decoded.

use flate2::{Decompress, FlushDecompress, Status};
use thiserror::Error;
use url::form_urlencoded;

use crate::crypto::{CryptoError, PublicKey, SignatureAlgorithm};
use crate::dsig::{AlgorithmRole, DsigError};
use crate::xml::decode_base64;

/// The longest query that is looked at.
const MAX_QUERY: usize = 131_072;
/// The longest message after decompression. AuthnRequests and log-out messages are a few kilobytes.
const MAX_MESSAGE: usize = 65_536;
/// How many times longer than its compressed form a message may be. XML of this kind shrinks to a
/// third; DEFLATE could make a thousand bytes of one.
const MAX_RATIO: usize = 64;
/// The one encoding, and the default when none is named (Bindings 3.4.4.1).
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// The parameter that carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageParameter {
    /// `SAMLRequest`
    Request,
    /// `SAMLResponse`
    Response,
}

impl MessageParameter {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// Why a query is no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedirectFault {
    /// The query is too long to be looked at.
    #[error("the query is longer than {limit} bytes")]
    QueryLength {
        /// The limit.
        limit: usize,
    },
    /// There is neither a request nor a response.
    #[error("the query has neither SAMLRequest nor SAMLResponse")]
    NoMessage,
    /// There are a request and a response.
    #[error("the query has both SAMLRequest and SAMLResponse")]
    TwoMessages,
    /// A parameter comes more than once.
    #[error("the query has {name} more than once")]
    Repeated {
        /// The parameter.
        name: &'static str,
    },
    /// One half of a signature without the other.
    #[error("the query has no {name}, which belongs to the rest of its signature")]
    HalfSignature {
        /// The parameter that is missing.
        name: &'static str,
    },
    /// `SAMLEncoding` is not DEFLATE.
    #[error("SAMLEncoding is {found:?}, not DEFLATE")]
    Encoding {
        /// What it says.
        found: String,
    },
    /// A value is not base64.
    #[error("{name} is not base64")]
    Base64 {
        /// The parameter.
        name: &'static str,
    },
    /// The message is not one whole DEFLATE stream with nothing behind it.
    #[error("the message is not one complete DEFLATE stream")]
    Deflate,
    /// The message is too long after decompression, or grows out of all proportion.
    #[error("the message is longer than {limit} bytes after decompression")]
    MessageLength {
        /// The limit for this message.
        limit: usize,
    },
}

impl RedirectFault {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::QueryLength { .. } => "redirect_query_length",
            Self::NoMessage => "redirect_no_message",
            Self::TwoMessages => "redirect_two_messages",
            Self::Repeated { .. } => "redirect_repeated_parameter",
            Self::HalfSignature { .. } => "redirect_half_signature",
            Self::Encoding { .. } => "redirect_encoding",
            Self::Base64 { .. } => "redirect_base64",
            Self::Deflate => "redirect_deflate",
            Self::MessageLength { .. } => "redirect_message_length",
        }
    }
}

/// A message as it came by HTTP-Redirect, decoded. Nothing of it is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectMessage {
    parameter: MessageParameter,
    xml: Vec<u8>,
    relay_state: Option<String>,
    signature: Option<QuerySignature>,
}

impl RedirectMessage {
    /// Reads a query exactly as it was sent: what stands between `?` and `#`, not decoded.
    /// Parameters that are not of this binding are left alone, and no signature covers them.
    ///
    /// # Errors
    /// A [`RedirectFault`].
    pub fn read(query: &str) -> Result<Self, RedirectFault> {
        if query.len() > MAX_QUERY {
            return Err(RedirectFault::QueryLength { limit: MAX_QUERY });
        }
        let request = raw_parameter(query, "SAMLRequest")?;
        let response = raw_parameter(query, "SAMLResponse")?;
        let (parameter, message) = match (request, response) {
            (Some(message), None) => (MessageParameter::Request, message),
            (None, Some(message)) => (MessageParameter::Response, message),
            (Some(_), Some(_)) => return Err(RedirectFault::TwoMessages),
            (None, None) => return Err(RedirectFault::NoMessage),
        };
        let relay_state = raw_parameter(query, "RelayState")?;
        let algorithm = raw_parameter(query, "SigAlg")?;
        let value = raw_parameter(query, "Signature")?;
        if let Some(encoding) = raw_parameter(query, "SAMLEncoding")?
            && decode(encoding) != DEFLATE
        {
            return Err(RedirectFault::Encoding { found: decode(encoding) });
        }
        let signature = match (algorithm, value) {
            (None, None) => None,
            (Some(_), None) => return Err(RedirectFault::HalfSignature { name: "Signature" }),
            (None, Some(_)) => return Err(RedirectFault::HalfSignature { name: "SigAlg" }),
            (Some(algorithm), Some(value)) => {
                let mut octets = format!("{}={message}", parameter.as_str());
                for (name, raw) in [("RelayState", relay_state), ("SigAlg", Some(algorithm))] {
                    if let Some(raw) = raw {
                        octets.push('&');
                        octets.push_str(name);
                        octets.push('=');
                        octets.push_str(raw);
                    }
                }
                Some(QuerySignature {
                    octets,
                    algorithm: decode(algorithm),
                    value: decode_value("Signature", value)?,
                })
            }
        };
        Ok(Self {
            parameter,
            xml: inflate(&decode_value(parameter.as_str(), message)?)?,
            relay_state: relay_state.map(decode),
            signature,
        })
    }

    /// The parameter that it came in.
    pub fn parameter(&self) -> MessageParameter {
        self.parameter
    }

    /// The XML.
    pub fn xml(&self) -> &[u8] {
        &self.xml
    }

    /// `RelayState`, decoded.
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    /// The signature over the query, if there is one. It has not been verified.
    pub fn signature(&self) -> Option<&QuerySignature> {
        self.signature.as_ref()
    }
}

/// A signature over a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuerySignature {
    octets: String,
    algorithm: String,
    value: Vec<u8>,
}

impl QuerySignature {
    /// `SigAlg`, which may be anything.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// Verifies the octets that came with one of `keys`, and returns which.
    ///
    /// # Errors
    /// [`DsigError::Algorithm`] for one that is not on the list, [`DsigError::AlgorithmKeyMismatch`]
    /// when it fits no key, [`DsigError::SignatureMismatch`].
    pub fn verify(&self, keys: &[PublicKey]) -> Result<usize, DsigError> {
        let algorithm = SignatureAlgorithm::from_uri(&self.algorithm).ok_or_else(|| {
            DsigError::Algorithm { role: AlgorithmRole::Signature, uri: self.algorithm.clone() }
        })?;
        self.verify_by(algorithm, keys)
    }

    /// Whether it is an RSA PKCS#1 v1.5 signature with SHA-1.
    pub(crate) fn uses_sha1(&self) -> bool {
        self.algorithm == SignatureAlgorithm::RsaSha1.uri()
    }

    /// As [`QuerySignature::verify`], with SHA-1 whatever `SigAlg` says.
    pub(crate) fn verify_by_sha1(&self, keys: &[PublicKey]) -> Result<usize, DsigError> {
        self.verify_by(SignatureAlgorithm::RsaSha1, keys)
    }

    fn verify_by(
        &self,
        algorithm: SignatureAlgorithm,
        keys: &[PublicKey],
    ) -> Result<usize, DsigError> {
        let mut tried = 0_usize;
        for (index, key) in keys.iter().enumerate() {
            match key.verify(algorithm, self.octets.as_bytes(), &self.value) {
                Ok(()) => return Ok(index),
                Err(CryptoError::AlgorithmMismatch) => {}
                Err(CryptoError::SignatureMismatch) => tried = tried.saturating_add(1),
                Err(other) => return Err(other.into()),
            }
        }
        match tried {
            0 => Err(DsigError::AlgorithmKeyMismatch),
            keys => Err(DsigError::SignatureMismatch { keys }),
        }
    }
}

/// The value of a parameter as it stands in the query. Its name counts however it is spelt:
/// another reader would take `SAML%52equest` for the same.
fn raw_parameter<'q>(query: &'q str, name: &'static str) -> Result<Option<&'q str>, RedirectFault> {
    let mut values = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then_some(value)
    });
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(RedirectFault::Repeated { name }),
    }
}

fn decode(raw: &str) -> String {
    // "=" keeps a value without "=" of its own from being taken for a name.
    let pair = format!("={raw}");
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default()
}

fn decode_value(name: &'static str, raw: &str) -> Result<Vec<u8>, RedirectFault> {
    decode_base64(decode(raw).as_bytes()).ok_or(RedirectFault::Base64 { name })
}

/// Inflates within what the compressed form may honestly stand for: the limit is known before the
/// first byte is made, and nothing beyond it is.
pub(crate) fn inflate(deflated: &[u8]) -> Result<Vec<u8>, RedirectFault> {
    let limit = deflated.len().saturating_mul(MAX_RATIO).min(MAX_MESSAGE);
    let mut xml = Vec::with_capacity(limit.saturating_add(1));
    let mut stream = Decompress::new(false);
    let status = stream
        .decompress_vec(deflated, &mut xml, FlushDecompress::Finish)
        .map_err(|_| RedirectFault::Deflate)?;
    if xml.len() > limit {
        return Err(RedirectFault::MessageLength { limit });
    }
    let read = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
    match status {
        Status::StreamEnd if read == deflated.len() => Ok(xml),
        _ => Err(RedirectFault::Deflate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for (fault, code) in [
            (RedirectFault::NoMessage, "redirect_no_message"),
            (RedirectFault::TwoMessages, "redirect_two_messages"),
            (RedirectFault::Repeated { name: "SigAlg" }, "redirect_repeated_parameter"),
            (RedirectFault::HalfSignature { name: "SigAlg" }, "redirect_half_signature"),
            (RedirectFault::Encoding { found: String::new() }, "redirect_encoding"),
            (RedirectFault::Base64 { name: "Signature" }, "redirect_base64"),
            (RedirectFault::Deflate, "redirect_deflate"),
            (RedirectFault::MessageLength { limit: 1 }, "redirect_message_length"),
        ] {
            assert_eq!(fault.code(), code);
        }
    }
}
