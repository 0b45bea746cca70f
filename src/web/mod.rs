//! The actix-web side: routes, guard, extractors, cookies, sessions and pages.

pub mod access;
mod attempts;
mod audit;
mod chooser;
mod client;
mod clock;
pub mod config;
mod cookie_keys;
#[cfg(feature = "coverage")]
mod coverage;
mod diagnosis;
mod extract;
pub mod federation;
mod finished;
mod guard;
#[cfg(feature = "idp")]
pub(crate) mod handed;
mod handover;
mod heavy_work;
mod html;
mod kept_form;
mod known;
mod lock;
mod metrics;
mod observed_store;
mod own_metadata;
mod page_owner;
mod pages;
mod pending;
mod pending_logout;
mod person;
mod preview;
mod proxy;
mod refusal;
mod routes;
mod saml;
mod session;
mod session_store;
mod sessions;
mod trips;
mod unauthenticated;

pub use audit::{AuditEvent, AuditLog, AuditSink, AuditStep, AuditTarget, Outcome};
pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError};
pub use cookie_keys::CookieKeys;
#[cfg(feature = "coverage")]
pub use coverage::{Access, Coverage, RouteAccess, Survey, Uncovered};
pub use guard::Require;
pub use heavy_work::{HeavyWork, HeavyWorkError};
pub use html::escape_html;
pub use page_owner::PageOwner;
pub use pages::{
    Action, Branding, Choice, Choices, DefaultTemplate, Direction, ForAdministrators, Form, Link,
    OwnPath, OwnPathError, PageContent, PageKind, PageTemplate, Paragraph, Part, Texts, TextsError,
};
pub use saml::{Saml, SamlBuilder};
pub use sessions::Sessions;
pub use unauthenticated::Unauthenticated;
