//! Keeps what is known of identity providers current: fetching, the last known good on disk, the
//! timetable, and what the operator is told.

mod background;
mod disk;
mod event;
mod failure;
mod fetch;
mod file;
#[cfg(feature = "fetch")]
mod http;
mod keeper;
mod news;
mod provider;
#[cfg(feature = "fetch")]
mod proxy;
mod radar;
mod sign_in;
mod snapshot;
mod source;
mod status;
mod timetable;

pub use disk::{DiskError, FileWatch, replace_file};
pub use event::{Event, EventLevel};
pub use fetch::{Fetch, FetchError, FetchRequest, Fetched, Validators};
#[cfg(feature = "fetch")]
pub use http::{Answer, HttpFetch};
pub use provider::Problem;
#[cfg(feature = "fetch")]
pub use proxy::{InvalidProxy, ProxySettings};
pub use source::{IdpSource, RefreshSettings};
pub use status::{IdpStatus, KeyStanding, KeyStatus, OwnKeyStatus, Status, TrustBasis};

pub(super) use background::Background;
pub(super) use keeper::Federation;
pub(super) use snapshot::Snapshot;
