//! What metadata is expected to be, as the commands that read it are told.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

use crate::cli::Problem;
use crate::cli::options::parse_now;
use crate::cli::sources::read_certificates;
use crate::saml::EntityId;
use crate::saml::metadata::{Fingerprint, MetadataAnchor, Reading};
use crate::web::{Clock as _, SystemClock};

#[derive(Debug, Args)]
pub(super) struct Expected {
    /// A certificate whose key must have signed the metadata. May be given more than once: one of
    /// them must.
    #[arg(long, value_name = "CERT")]
    pin: Vec<PathBuf>,
    /// SHA-256 fingerprint of such a certificate. May be given more than once.
    #[arg(long, value_name = "HEX")]
    pin_sha256: Vec<Fingerprint>,
    /// The identity provider's entityID: what the metadata must be about, or whom to take from an
    /// aggregate.
    #[arg(long, value_name = "ID")]
    pub(super) entity_id: Option<EntityId>,
    /// How far ahead validUntil may be. It must be there then.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    max_validity_days: Option<u32>,
    /// The time to judge at; the machine's clock by default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    now: Option<DateTime<Utc>>,
}

impl Expected {
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now.unwrap_or_else(|| SystemClock.now())
    }

    /// The pinned keys, if there are any.
    pub(super) fn anchor(&self) -> Result<Option<MetadataAnchor>, Problem> {
        let certificates = read_certificates(&self.pin)?;
        // No pin asks for no signature. An anchor without pins cannot be made.
        Ok(MetadataAnchor::new(certificates, self.pin_sha256.clone()).ok())
    }

    pub(super) fn reading<'r>(&'r self, anchor: Option<&'r MetadataAnchor>) -> Reading<'r> {
        Reading {
            entity_id: self.entity_id.as_ref(),
            anchor,
            max_validity: self.max_validity_days.map(|days| TimeDelta::days(i64::from(days))),
        }
    }
}
