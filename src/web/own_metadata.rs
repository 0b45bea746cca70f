use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::saml::metadata::WriteMetadataError;
use crate::sp::ServiceProvider;

/// Our metadata as it was last written. Anybody may ask for it, and signing is the dearest thing
/// that a stranger could make us do: so it is signed anew only when it says something else.
pub(super) struct OwnMetadata(Mutex<Edition>);

struct Edition {
    unsigned: String,
    published: Arc<str>,
}

impl OwnMetadata {
    /// Writes it for the first time, so that what cannot be written is found out at the start.
    pub(super) fn write(
        sp: &ServiceProvider,
        now: DateTime<Utc>,
    ) -> Result<Self, WriteMetadataError> {
        let unsigned = sp.unsigned_metadata(now)?;
        let published = sp.sign_metadata(unsigned.clone(), now)?.into();
        Ok(Self(Mutex::new(Edition { unsigned, published })))
    }

    /// As it is now. Should that fail, as it was: what was right an hour ago is better than none.
    pub(super) fn read(&self, sp: &ServiceProvider, now: DateTime<Utc>) -> Arc<str> {
        let mut edition = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = edition.renew(sp, now) {
            tracing::error!(event = "metadata_not_written", error = error.to_string());
        }
        Arc::clone(&edition.published)
    }
}

impl Edition {
    fn renew(
        &mut self,
        sp: &ServiceProvider,
        now: DateTime<Utc>,
    ) -> Result<(), WriteMetadataError> {
        let unsigned = sp.unsigned_metadata(now)?;
        if unsigned != self.unsigned {
            self.published = sp.sign_metadata(unsigned.clone(), now)?.into();
            self.unsigned = unsigned;
        }
        Ok(())
    }
}
