//! The pages that people see, in one place. Fixed texts: nothing from a message is ever on them.

mod person;
mod problem;
mod sign_in;
mod sign_out;
mod trouble;

pub(super) use person::{handover, locked, locked_by_other, not_your_page};
pub(super) use problem::{locked_problem, nothing_ahead, other_person_problem, problem};
pub(super) use sign_in::{Choice, break_out, choose_idp, post_request, session_ended, step_up};
pub(super) use sign_out::{SignedOut, ask_logout, go_on_to_logout, post_logout, signed_out};
pub(super) use trouble::{Trouble, not_ready, not_ready_problem, trouble};

use super::html::escape_html;

const SUBMIT_SCRIPT: &str = "document.forms[0].submit()";

/// The way to another identity provider, for whoever is taken to the wrong one.
fn link_to_chooser(url: Option<&str>) -> String {
    url.map_or_else(String::new, |url| {
        format!("<p><a href=\"{}\">Sign in with another account</a></p>", escape_html(url))
    })
}
