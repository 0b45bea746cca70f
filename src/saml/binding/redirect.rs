//! HTTP-Redirect: a message in the query of a URL (Bindings 3.4.4.1).

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use thiserror::Error;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::MessageParameter;
use crate::crypto::{CryptoError, PrivateKey, SignatureAlgorithm};
use crate::xml::encode_base64;

/// Why a redirect cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// The message cannot be compressed.
    #[error("the message cannot be compressed")]
    Deflate(#[from] std::io::Error),
    /// The query cannot be signed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// The URL that carries `xml` as `SAMLRequest` to `endpoint`, with `relay_state`, signed when a
/// key is given. A query that the endpoint already has stays in front and is not signed.
///
/// # Errors
/// A [`RedirectError`].
pub fn redirect_url(
    endpoint: &Url,
    xml: &str,
    relay_state: &str,
    key: Option<(&PrivateKey, SignatureAlgorithm)>,
) -> Result<Url, RedirectError> {
    redirect_message_url(endpoint, MessageParameter::Request, xml, Some(relay_state), key)
}

/// As [`redirect_url`], for a message of either kind, with or without `RelayState`.
///
/// # Errors
/// A [`RedirectError`].
pub fn redirect_message_url(
    endpoint: &Url,
    parameter: MessageParameter,
    xml: &str,
    relay_state: Option<&str>,
    key: Option<(&PrivateKey, SignatureAlgorithm)>,
) -> Result<Url, RedirectError> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(xml.as_bytes())?;
    let message = encode_base64(&deflate.finish()?);
    let mut query = format!("{}=", parameter.as_str());
    query.extend(byte_serialize(message.as_bytes()));
    if let Some(relay_state) = relay_state {
        query.push_str("&RelayState=");
        query.extend(byte_serialize(relay_state.as_bytes()));
    }
    if let Some((key, algorithm)) = key {
        query.push_str("&SigAlg=");
        query.extend(byte_serialize(algorithm.uri().as_bytes()));
        let signature = encode_base64(&key.sign(algorithm, query.as_bytes())?);
        query.push_str("&Signature=");
        query.extend(byte_serialize(signature.as_bytes()));
    }
    let mut url = endpoint.clone();
    let query = match endpoint.query() {
        None | Some("") => query,
        Some(own) => format!("{own}&{query}"),
    };
    url.set_query(Some(&query));
    Ok(url)
}
