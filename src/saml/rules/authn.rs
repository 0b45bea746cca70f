//! How and when the person signed in.

use super::run::Run;
use crate::saml::rejection::{Rejection, TimeBound};

pub(super) fn authn_statement(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let statements = &run.contents()?.authn;
    let first = statements.first().ok_or(Rejection::AuthnStatementMissing)?;
    if statements.iter().any(|other| other != first) {
        return Err(Rejection::AuthnStatementConflict);
    }
    match first.session_not_on_or_after {
        Some(at) => run.check_not_too_late(TimeBound::SessionNotOnOrAfter, at),
        None => Ok(()),
    }
}

pub(super) fn authn_request(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let statement = run.contents()?.authn.first().ok_or(Rejection::AuthnStatementMissing)?;
    let requested = &run.expect.authn;
    let asked_for = |class: &str| requested.class_refs.iter().any(|r| r == class);
    if !requested.class_refs.is_empty() && !statement.class_ref.is_some_and(asked_for) {
        return Err(Rejection::AuthnContext {
            requested: requested.class_refs.clone(),
            found: statement.class_ref.map(str::to_owned),
        });
    }
    match requested.not_before {
        Some(required) if run.expect.clock_skew.is_too_early(statement.instant, required) => {
            Err(Rejection::AuthnTooOld { required, found: statement.instant })
        }
        _ => Ok(()),
    }
}
