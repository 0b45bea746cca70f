//! A test identity provider that looks and talks like NHSmail's AD FS, or like Entra ID.
//!
//! NHSmail offers no test environment. This module plays its part: in a test, without any HTTP,
//! through [`TestIdp`]; and as an actix application. To sign people in at an application of your own,
//! in its tests, see [`testing`](crate::testing).
//!
//! It is written apart from the service provider in this crate and shares none of its validation:
//! a fault in one is not copied into the other, where the two would agree with each other.
//!
//! [`issue`] is pure: the time, the IDs and the keys are arguments. Every key that this module
//! makes carries [`TEST_KEY_MARK`](crate::saml::metadata::TEST_KEY_MARK) in its certificate, and it
//! uses no key without it. **Whoever trusts such a key lets anybody in.**
//!
//! ```
//! use actix_saml::idp::{ReplyTo, TestIdp};
//! use actix_saml::saml::parse_instant;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let idp = TestIdp::adfs()?;
//! let nurse = idp.person("ward.nurse").ok_or("no such person")?;
//! let reply_to = ReplyTo {
//!     request_id: Some("_4fee3b046395c4e751011e97f8900b52".to_owned()),
//!     acs_url: "https://rota.example.org/saml/acs".to_owned(),
//!     audience: "https://rota.example.org/saml/metadata".to_owned(),
//!     class_ref: None,
//! };
//! let now = parse_instant("2026-11-22T09:00:00.000Z").ok_or("no time")?;
//! let response = idp.respond(&reply_to, &nurse, now)?;
//! assert!(response.starts_with("<samlp:Response ID=\"_"));
//! # Ok(())
//! # }
//! ```

mod admin;
mod app;
mod asked;
mod authn_request;
mod claim_types;
mod claims;
mod entra;
mod form;
mod html;
mod id_source;
mod journal;
mod key_folder;
mod key_source;
mod keys;
mod keys_page;
mod log_out;
mod logout;
mod metadata;
mod metadata_entra;
mod metadata_plain;
mod misdeed;
mod names;
mod pages;
mod people;
mod person;
mod personality;
mod received;
mod refusal;
mod relying_party;
mod remembered;
mod request_signature;
mod scenario;
mod sign_in;
mod staff;
mod stage;
mod status;
mod test_idp;
mod twist;
mod unasked;

pub mod issue;

pub use app::IdpApp;
pub use id_source::IdSource;
pub use issue::{Draft, Ids, Issuance, Issue, IssueError, NameIdRule, ReplyTo, SignedParts};
pub use journal::Entry;
pub use keys::{KeyError, SigningKey, TestKeys, Validity};
pub use logout::{
    IssuedSession, LogoutAnswered, LogoutBinding, OutgoingForm, OutgoingLogout, SignOut,
};
pub use metadata::FederationMetadata;
pub(crate) use people::{Mfa, PersonCard};
pub use people::{PeopleError, people_from_toml};
pub use person::{Claim, Person};
pub use personality::{Personality, TEST_APPLICATION, TEST_TENANT};
pub use received::{QuerySignature, Received};
pub use refusal::Refusal;
pub use relying_party::{
    AssertionConsumerService, RegisterError, RelyingParty, SingleLogoutService,
};
pub use scenario::{Expected, Scenario};
pub use sign_in::{FormPost, SignIn};
pub use staff::{PEOPLE, staff};
pub use status::ErrorStatus;
pub use test_idp::{IdpError, TestIdp};

#[cfg(test)]
mod tests;
