//! Metadata: what an identity provider publishes of itself, and what we publish of ourselves.

mod anchor;
mod difference;
mod duration;
mod error;
mod idp;
mod reading;
mod sp;
mod ui_info;

#[cfg(feature = "cli")]
pub(crate) use anchor::x509_certificates;
pub use anchor::{Fingerprint, InvalidFingerprint, MetadataAnchor, NoPins};
pub use difference::Change;
pub use error::MetadataError;
pub use idp::{Endpoint, IdpMetadata};
pub use reading::Reading;
#[cfg(feature = "cli")]
pub(crate) use reading::{Chosen, entities};
pub use sp::{Contact, Organisation, SpMetadata, WriteMetadataError};
pub use ui_info::{Localised, Logo, Scope, UiInfo};

/// Stands in the subject of every certificate that the test identity provider makes. A service
/// provider that trusts such a key lets anybody in, so it does so in development only.
pub const TEST_KEY_MARK: &str = "TEST KEY - NEVER TRUST IN LIVE USE";
