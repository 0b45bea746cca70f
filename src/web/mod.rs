//! The actix-web side: routes, guard, extractors, cookies, sessions and pages.

mod attempts;
mod audit;
mod chooser;
mod client;
mod clock;
pub mod config;
mod cookie_keys;
mod extract;
pub mod federation;
mod guard;
mod heavy_work;
mod html;
mod metrics;
mod observed_store;
mod own_metadata;
mod pages;
mod pending;
mod proxy;
mod refusal;
mod routes;
mod saml;
mod session;
mod session_store;
mod sessions;
mod unauthenticated;

pub use audit::{AuditEvent, AuditLog, AuditSink, AuditStep, AuditTarget, Outcome};
pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError};
pub use cookie_keys::CookieKeys;
pub use guard::RequireLogin;
pub use heavy_work::{HeavyWork, HeavyWorkError};
pub use html::escape_html;
pub use saml::{Saml, SamlBuilder};
pub use sessions::Sessions;
pub use unauthenticated::Unauthenticated;
