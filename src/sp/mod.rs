//! The service provider: one application, the identity providers it trusts, and what it is doing
//! with each browser. No input or output, no clock: time and randomness are arguments.

mod clock_offset;
pub mod expiry;
mod login;
mod logout;
mod own_keys;
mod own_metadata;
mod principal;
mod return_to;
mod service_provider;
mod store;
mod trust;
mod unsolicited;

pub use clock_offset::ClockOffset;
pub use login::{
    Entropy, FinishedLogin, LoginMessage, LoginOptions, PendingLogin, Refusal, StartLoginError,
    StartedLogin,
};
pub use logout::{
    LocalLogout, LogoutEntropy, LogoutMessage, LogoutOptions, LogoutRefusal, PendingLogout,
    StartLogoutError, StartedLogout, WantedLogout,
};
pub use own_keys::{KeyPurpose, KeyStage, NextEncryption, NextSigning, OwnKey};
pub use own_metadata::MetadataOptions;
pub use principal::Principal;
pub use return_to::ReturnTo;
pub use service_provider::{
    BuildError, Builder, Idp, RequestSigning, ServiceProvider, SessionLimits, is_secure,
};
pub use store::{
    BoxFuture, IndexedSession, LiveSession, LogoutIndex, Remembered, ReplayEntry, ReplayKey,
    ReplayStore, SessionHandle, SessionIndexKey, SessionState, SessionStore, StoreError,
    SubjectKey,
};
pub use trust::{KeyUse, Quarantine, TrackedKey, Trust, TrustChange, TrustPolicy};
pub use unsolicited::{Unsolicited, UnsolicitedTargets};
