//! SAML 2.0: messages, metadata, and the rules by which a response is accepted.
//!
//! Section numbers refer to the OASIS standards with errata: "Core" is saml-core-2.0-os,
//! "Bindings", "Profiles" and "Metadata" likewise.

pub mod binding;
pub mod logout;
pub mod metadata;
pub mod names;

mod assertion;
mod authn_request;
mod contents;
mod entity_id;
mod envelope;
mod expectations;
mod keys;
mod name_id;
mod placement;
mod plaintext;
mod rejection;
mod rules;
mod time;
mod validate;
mod walk;

pub use assertion::{Assertion, Attribute, AuthnStatement, SignedPart};
pub use authn_request::{AuthnRequest, WriteAuthnRequestError};
pub use entity_id::{EntityId, InvalidEntityId};
pub use expectations::{Expectations, ExpectedRequest, RequestedAuthn, RequireSigned};
pub use keys::{Dangerous, Keys, NoKeys};
pub(crate) use name_id::is_invisible;
pub use name_id::{NameId, NameIdFault};
pub use rejection::{Rejection, Role, TimeBound};
pub use rules::{RULES, Rule};
pub use time::{ClockSkew, format_instant, parse_instant};
#[cfg(feature = "cli")]
pub(crate) use validate::decide;
pub use validate::{Peeked, peek, peek_issuer, validate};
pub use walk::{Outcome, Step, Walk, walk};
