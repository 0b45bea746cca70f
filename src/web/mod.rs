//! The actix-web side: routes, guard, extractors, cookies, sessions and pages.

mod clock;
pub mod config;
mod extract;
mod guard;
mod html;
mod pages;
mod pending;
mod refusal;
mod routes;
mod saml;
mod session;
mod unauthenticated;

pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError};
pub use guard::RequireLogin;
pub use html::escape_html;
pub use saml::{Saml, SamlBuilder};
pub use session::Sessions;
pub use unauthenticated::Unauthenticated;
