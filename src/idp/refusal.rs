use thiserror::Error;

use super::personality::Personality;
use crate::xml::XmlError;

/// Why the identity provider shows a page of its own and sends nothing back. The service provider
/// just never hears of its request again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Neither the query nor the form holds a `SAMLRequest`.
    #[error("there is no SAMLRequest")]
    NoRequest,
    /// A parameter is there twice.
    #[error("the parameter {name} is there more than once")]
    Repeated {
        /// Which one.
        name: &'static str,
    },
    /// `SAMLRequest` or `Signature` is not base64.
    #[error("{name} is not base64")]
    Base64 {
        /// Which one.
        name: &'static str,
    },
    /// The bytes of the redirect binding are not one DEFLATE stream that ends where they end.
    #[error("SAMLRequest is not one whole DEFLATE stream")]
    Deflate,
    /// The scenario that was chosen does not exist.
    #[error("there is no scenario {found:?}")]
    UnknownScenario {
        /// What was chosen.
        found: String,
    },
    /// A setting of the sign-in page, or of an address, does not exist.
    #[error("{name} cannot be {found:?}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// What was chosen.
        found: String,
    },
    /// The request is too long.
    #[error("the request is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The request is not XML that this crate reads.
    #[error("the request is not readable XML: {0}")]
    Xml(#[from] XmlError),
    /// Another message than an AuthnRequest.
    #[error("the message is <{found}>, not an AuthnRequest")]
    NotAuthnRequest {
        /// Local name of the root element.
        found: String,
    },
    /// Another message than a log-out message.
    #[error("the message is <{found}>, not a log-out message")]
    NotLogout {
        /// Local name of the root element.
        found: String,
    },
    /// A log-out message is not signed (MSIS7084).
    #[error("log-out messages must be signed, and this one of {entity_id:?} is not")]
    LogoutUnsigned {
        /// The relying party.
        entity_id: String,
    },
    /// A `LogoutRequest` names no session. AD FS fails over its next element then.
    #[error("the LogoutRequest has no SessionIndex")]
    NoSessionIndex,
    /// Something that every AuthnRequest has is missing, or is empty.
    #[error("the request has no {what}")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// The `ID` does not begin with a letter or `_`, or holds characters that an ID may not.
    #[error("the request's ID is not an xs:ID")]
    Id,
    /// Another version than 2.0.
    #[error("the request's Version is {found:?}, not \"2.0\"")]
    Version {
        /// What it says.
        found: String,
    },
    /// The `Issuer` carries qualifiers (MSIS7074).
    #[error("the Issuer carries NameQualifier, SPNameQualifier or SPProvidedID")]
    IssuerQualifier,
    /// No relying party has this identifier, compared with upper and lower case (MSIS7007).
    #[error("no relying party has the identifier {found:?}")]
    UnknownIssuer {
        /// What the request says.
        found: String,
    },
    /// The request was meant for somebody else.
    #[error("the request's Destination is {found:?}, not {expected:?}")]
    Destination {
        /// Our endpoint.
        expected: String,
        /// What the request says.
        found: String,
    },
    /// A signed request has no `Destination` (Bindings 3.4.5.2, 3.5.5.2).
    #[error("the request is signed and has no Destination")]
    NoDestination,
    /// The address for the response is not one that the relying party registered (MSIS3200).
    #[error("the AssertionConsumerServiceURL {found:?} is not registered for {entity_id:?}")]
    AcsNotRegistered {
        /// The relying party.
        entity_id: String,
        /// What the request says.
        found: String,
    },
    /// No registered address has the index that the request names.
    #[error("the AssertionConsumerServiceIndex {found:?} is not registered for {entity_id:?}")]
    AcsIndexNotRegistered {
        /// The relying party.
        entity_id: String,
        /// What the request says.
        found: String,
    },
    /// The relying party said that it signs its requests, and this one is not signed (MSIS1016).
    #[error("requests of {entity_id:?} are to be signed, and this one is not")]
    SignatureMissing {
        /// The relying party.
        entity_id: String,
    },
    /// The request is signed, and the relying party has registered no certificate (MSIS0037).
    #[error("the request is signed, and no certificate is registered for {entity_id:?}")]
    NoCertificate {
        /// The relying party.
        entity_id: String,
    },
    /// Signed by another algorithm than the trust's own.
    #[error(
        "the request is not signed with the expected algorithm {expected:?} but with {found:?}"
    )]
    SignatureAlgorithm {
        /// The trust's "secure hash algorithm".
        expected: &'static str,
        /// What the request says.
        found: String,
    },
    /// The signature is not built as SAML demands.
    #[error("the signature's {what} is not of the form that SAML demands")]
    SignatureForm {
        /// Which part.
        what: &'static str,
    },
    /// The signature does not verify (MSIS0038).
    #[error("the signature does not verify with any certificate of {entity_id:?}")]
    SignatureMismatch {
        /// The relying party.
        entity_id: String,
    },
}

impl Refusal {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRequest => "no_request",
            Self::Repeated { .. } => "repeated_parameter",
            Self::Base64 { .. } => "base64",
            Self::Deflate => "deflate",
            Self::UnknownScenario { .. } => "unknown_scenario",
            Self::Setting { .. } => "setting",
            Self::TooLong { .. } => "too_long",
            Self::Xml(error) => error.code(),
            Self::NotAuthnRequest { .. } => "not_authn_request",
            Self::NotLogout { .. } => "not_logout",
            Self::LogoutUnsigned { .. } => "logout_unsigned",
            Self::NoSessionIndex => "no_session_index",
            Self::Missing { .. } => "missing",
            Self::Id => "id",
            Self::Version { .. } => "version",
            Self::IssuerQualifier => "issuer_qualifier",
            Self::UnknownIssuer { .. } => "unknown_issuer",
            Self::Destination { .. } => "destination",
            Self::NoDestination => "no_destination",
            Self::AcsNotRegistered { .. } => "acs_not_registered",
            Self::AcsIndexNotRegistered { .. } => "acs_index_not_registered",
            Self::SignatureMissing { .. } => "signature_missing",
            Self::NoCertificate { .. } => "no_certificate",
            Self::SignatureAlgorithm { .. } => "signature_algorithm",
            Self::SignatureForm { .. } => "signature_form",
            Self::SignatureMismatch { .. } => "signature_mismatch",
        }
    }

    /// The number under which AD FS logs this, where one is publicly known.
    pub fn msis(&self) -> Option<&'static str> {
        Some(match self {
            Self::IssuerQualifier => "MSIS7074",
            Self::UnknownIssuer { .. } => "MSIS7007",
            Self::AcsNotRegistered { .. } => "MSIS3200",
            Self::SignatureMissing { .. } => "MSIS1016",
            Self::LogoutUnsigned { .. } => "MSIS7084",
            Self::NoCertificate { .. } => "MSIS0037",
            Self::SignatureMismatch { .. } => "MSIS0038",
            _ => return None,
        })
    }

    /// The number that Entra shows for this, where one is publicly known. Microsoft may change
    /// them.
    pub fn aadsts(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoRequest => "AADSTS750054",
            Self::Base64 { .. }
            | Self::Deflate
            | Self::TooLong { .. }
            | Self::Xml(_)
            | Self::NotAuthnRequest { .. }
            | Self::Missing { .. }
            | Self::Version { .. } => "AADSTS75005",
            Self::Id => "AADSTS7500529",
            Self::UnknownIssuer { .. } => "AADSTS700016",
            Self::AcsNotRegistered { .. } | Self::AcsIndexNotRegistered { .. } => "AADSTS50011",
            Self::SignatureMissing { .. } => "AADSTS76021",
            _ => return None,
        })
    }

    /// The number under which this personality knows it.
    pub fn number(&self, personality: Personality) -> Option<&'static str> {
        match personality {
            Personality::Adfs => self.msis(),
            Personality::Entra => self.aadsts(),
            Personality::Plain => None,
        }
    }

    /// What to do about it, for the developer of the service provider.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoRequest => "Start at the application: it sends you here with a SAMLRequest.",
            Self::Repeated { .. } => "Send every parameter once.",
            Self::Base64 { .. } => {
                "Encode the message in base64, and percent-encode the result in a query."
            }
            Self::Deflate => {
                "In a query, compress the request with raw DEFLATE: no zlib or gzip header."
            }
            Self::UnknownScenario { .. } => {
                "Choose one of those on the sign-in page; /admin/api/scenarios lists their words."
            }
            Self::Setting { name: "metadata", .. } => "Write down or tampered, or leave it out.",
            Self::Setting { .. } => {
                "Write a whole number of seconds: for the clock up to ten years either way, to wait \
                 up to 600."
            }
            Self::TooLong { .. } => "A request is short: send only what the standard asks for.",
            Self::Xml(_) => "Send plain XML in UTF-8 without a document type.",
            Self::NotAuthnRequest { .. } => "Send a samlp:AuthnRequest to this address.",
            Self::NotLogout { .. } => {
                "Send a samlp:LogoutRequest, or the samlp:LogoutResponse to ours."
            }
            Self::LogoutUnsigned { .. } => {
                "Sign LogoutRequest and LogoutResponse: with HTTP-Redirect the query, with \
                 HTTP-POST the message."
            }
            Self::NoSessionIndex => {
                "Send back the SessionIndex of the AuthnStatement, and the NameID as it came."
            }
            Self::Missing { .. } | Self::Version { .. } => {
                "Write ID, Version=\"2.0\", IssueInstant and Issuer."
            }
            Self::Id => "Begin the ID with a letter or an underscore.",
            Self::IssuerQualifier => "Write the Issuer as plain text, without those attributes.",
            Self::UnknownIssuer { .. } => {
                "Register the application with its metadata. The name must be the same to the \
                 letter: upper and lower case, http or https, and a slash at the end all count."
            }
            Self::Destination { .. } | Self::NoDestination => {
                "Take the Destination from this identity provider's metadata."
            }
            Self::AcsNotRegistered { .. } | Self::AcsIndexNotRegistered { .. } => {
                "Register this address in the application's metadata, or send a registered one."
            }
            Self::SignatureMissing { .. } => {
                "Sign the request, or write AuthnRequestsSigned=\"false\" in the metadata."
            }
            Self::NoCertificate { .. } => {
                "Put the signing certificate into the application's metadata and register it again."
            }
            Self::SignatureAlgorithm { .. } => "Sign with the expected algorithm.",
            Self::SignatureForm { .. } => {
                "Sign the AuthnRequest itself: one reference to its ID, enveloped signature and \
                 exclusive canonicalisation."
            }
            Self::SignatureMismatch { .. } => {
                "Register the certificate of the key that signs. In a query, sign the octets as \
                 they are sent: SAMLRequest, RelayState, SigAlg, in this order."
            }
        }
    }
}
