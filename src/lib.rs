#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

/// The code in the guides compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/access.md")]
#[doc = include_str!("../docs/federation.md")]
#[doc = include_str!("../docs/pages.md")]
#[doc = include_str!("../docs/shared-machines.md")]
struct Guides;

#[cfg(all(doctest, feature = "idp"))]
#[doc = include_str!("../docs/testing.md")]
struct TestingGuide;

#[cfg(feature = "cli")]
pub mod cli;
pub mod crypto;
pub mod dsig;
#[cfg(feature = "idp")]
pub mod idp;
pub mod nhsmail;
#[cfg(feature = "cli")]
pub mod rehearse;
pub mod saml;
pub mod sp;
pub mod store;
#[cfg(feature = "idp")]
pub mod testing;
pub use web::access;
pub mod web;
pub mod xml;
pub mod xmlenc;

pub use web::Saml;
