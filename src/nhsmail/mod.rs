//! The NHSmail profile: who a member of staff is, in the words of the claims that AD FS and Entra
//! send.
//!
//! NHSmail does not publish its SAML claim names, so nothing here is fixed: each field has an
//! ordered list of accepted names ([`ClaimNames`]) that configuration replaces, and [`Staff`] tells
//! which name matched.

mod advice;
mod claim_names;
pub mod dual_run;
mod error_number;
mod population;
mod staff;
mod staff_key;

#[cfg(feature = "cli")]
pub(crate) use advice::DAMAGED;
pub use advice::{Advice, advise};
pub use claim_names::ClaimNames;
pub use error_number::ErrorNumber;
pub use population::{
    InvalidPopulation, NoSubjectKey, Population, SubjectForm, SubjectRule, SubjectRules,
};
pub use staff::Staff;
pub use staff_key::{KeyScope, StaffKey, StaffKeyKind};

/// The examples of the page compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migration.md")]
struct Migration;
