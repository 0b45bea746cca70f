//! Who may go where: what a page asks of whoever is signed in.
//!
//! ```
//! use actix_saml::Saml;
//! use actix_saml::access::{max_age, mfa, role};
//! use actix_web::web::{self, ServiceConfig};
//! use chrono::TimeDelta;
//!
//! fn routes(saml: &Saml) -> impl FnOnce(&mut ServiceConfig) + use<> {
//!     let pharmacists = saml.require(role("Pharmacist"));
//!     let careful = saml.require(mfa().max_age(TimeDelta::minutes(15)));
//!     move |config| {
//!         config
//!             .service(web::scope("/dispensary").wrap(pharmacists))
//!             .service(web::resource("/prescriptions/sign").wrap(careful));
//!     }
//! }
//! ```
//!
//! Somebody who is not signed in is asked to sign in. Somebody whose sign-in is too old, or gives no
//! evidence of a second factor, is asked to sign in again, and comes back to the page. Whoever lacks
//! a role gets 403. docs/access.md tells all of it.

mod answers;
mod requirement;
mod step_up;
mod support;

pub use requirement::{
    Requirement, Values, attribute, authn_context, group, max_age, mfa, one_of, organisation,
    present, role, when,
};
pub use support::StepUpSupport;

pub(super) use answers::{refuse, with_step_up};
pub(super) use step_up::{PARAMETER, StepUp, state_of};
