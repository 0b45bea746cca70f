//! Metadata: what an identity provider publishes of itself, and what we publish of ourselves.

mod error;
mod idp;
mod sp;

pub use error::MetadataError;
pub use idp::{Endpoint, IdpMetadata};
pub use sp::{Contact, Organisation, SpMetadata, WriteMetadataError};

/// Stands in the subject of every certificate that the test identity provider makes. A service
/// provider that trusts such a key lets anybody in, so it does so in development only.
pub const TEST_KEY_MARK: &str = "TEST KEY - NEVER TRUST IN LIVE USE";
