//! What somebody has opened is not silently continued as somebody else.

use serde::{Deserialize, Serialize};

use super::person::Person;
use crate::sp::ReturnTo;

/// Under this name a session holds the [`Handover`] that its person is to be told of.
pub(super) const HANDOVER: &str = "actix_saml.handover";

/// A page that was opened by one person, where another one has signed in.
#[derive(Serialize, Deserialize)]
pub(super) struct Handover {
    /// Who has opened it, by the name that is shown.
    pub(super) opened_by: String,
    /// The page.
    pub(super) page: ReturnTo,
}

impl Handover {
    pub(super) fn new(owner: &Person, page: &ReturnTo) -> Self {
        Self { opened_by: owner.name.clone(), page: page.clone() }
    }
}
