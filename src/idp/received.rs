use flate2::{Decompress, FlushDecompress, Status};
use url::form_urlencoded;

use super::refusal::Refusal;
use crate::xml::decode_base64;

/// The longest request, after decompression.
const MAX_REQUEST: usize = 65_536;

/// A message as it came in, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The XML of the request.
    pub xml: Vec<u8>,
    /// `RelayState`, to be given back unchanged.
    pub relay_state: Option<String>,
    /// The signature of the redirect binding. With HTTP-POST the signature is in the XML.
    pub query_signature: Option<QuerySignature>,
}

/// A signature over a query string (Bindings 3.4.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuerySignature {
    /// The octets that were signed, as they were sent: never decoded and encoded again, for
    /// senders differ in how they percent-encode.
    pub octets: String,
    /// `SigAlg`
    pub algorithm: String,
    /// `Signature`
    pub value: Vec<u8>,
}

impl Received {
    /// Reads a query string of the redirect binding, given as it was sent.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn from_query(raw: &str) -> Result<Self, Refusal> {
        Self::from_parameter(raw, "SAMLRequest")
    }

    /// The same for an answer: `SAMLResponse`.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn from_response_query(raw: &str) -> Result<Self, Refusal> {
        Self::from_parameter(raw, "SAMLResponse")
    }

    fn from_parameter(raw: &str, name: &'static str) -> Result<Self, Refusal> {
        let request = raw_parameter(raw, name)?.ok_or(Refusal::NoRequest)?;
        let relay_state = raw_parameter(raw, "RelayState")?;
        let algorithm = raw_parameter(raw, "SigAlg")?;
        let signature = raw_parameter(raw, "Signature")?;

        let deflated = decode_base64(decode(request).as_bytes()).ok_or(Refusal::Base64 { name })?;
        let query_signature = match (algorithm, signature) {
            (Some(algorithm), Some(signature)) => {
                let mut octets = format!("{name}={request}");
                let name = "Signature";
                if let Some(relay_state) = relay_state {
                    octets.push_str("&RelayState=");
                    octets.push_str(relay_state);
                }
                octets.push_str("&SigAlg=");
                octets.push_str(algorithm);
                Some(QuerySignature {
                    octets,
                    algorithm: decode(algorithm),
                    value: decode_base64(decode(signature).as_bytes())
                        .ok_or(Refusal::Base64 { name })?,
                })
            }
            (None, None) => None,
            (Some(_), None) => return Err(Refusal::Missing { what: "Signature" }),
            (None, Some(_)) => return Err(Refusal::Missing { what: "SigAlg" }),
        };
        Ok(Self { xml: inflate(&deflated)?, relay_state: relay_state.map(decode), query_signature })
    }

    /// Takes the fields of a form of the POST binding.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn from_form(saml_request: &str, relay_state: Option<&str>) -> Result<Self, Refusal> {
        let name = "SAMLRequest";
        let xml = decode_base64(saml_request.as_bytes()).ok_or(Refusal::Base64 { name })?;
        if xml.len() > MAX_REQUEST {
            return Err(Refusal::TooLong { limit: MAX_REQUEST });
        }
        Ok(Self { xml, relay_state: relay_state.map(str::to_owned), query_signature: None })
    }
}

/// The value of a parameter as it stands in the query.
fn raw_parameter<'q>(query: &'q str, name: &'static str) -> Result<Option<&'q str>, Refusal> {
    let mut values = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then_some(value)
    });
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Refusal::Repeated { name }),
    }
}

fn decode(raw: &str) -> String {
    // "=" keeps a value without "=" of its own from being taken for a name.
    let pair = format!("={raw}");
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default()
}

fn inflate(deflated: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut xml = Vec::with_capacity(MAX_REQUEST.saturating_add(1));
    let mut stream = Decompress::new(false);
    let status = stream
        .decompress_vec(deflated, &mut xml, FlushDecompress::Finish)
        .map_err(|_| Refusal::Deflate)?;
    if xml.len() > MAX_REQUEST {
        return Err(Refusal::TooLong { limit: MAX_REQUEST });
    }
    let read = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
    match status {
        Status::StreamEnd if read == deflated.len() => Ok(xml),
        _ => Err(Refusal::Deflate),
    }
}
