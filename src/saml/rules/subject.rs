//! Who the assertion is about, and who may bring it.

use super::run::{Run, check_in_response_to};
use crate::saml::contents::Confirmation;
use crate::saml::rejection::{Rejection, Role, TimeBound};

pub(super) fn subject(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let Some(name_id) = &run.contents()?.name_id else {
        return Ok(());
    };
    if let Some(fault) = name_id.fault() {
        return Err(Rejection::NameId(fault));
    }
    match name_id.sp_name_qualifier() {
        Some(found) if found != run.expect.sp.as_str() => Err(Rejection::SpNameQualifier {
            expected: run.expect.sp.to_string(),
            found: found.to_owned(),
        }),
        _ => Ok(()),
    }
}

pub(super) fn bearer_confirmation(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    if run.expect.request.id().is_none() {
        // Unsolicited means that not even an unused confirmation answers a request.
        for bearer in &run.contents()?.bearers {
            check_in_response_to(bearer.in_response_to, Role::Confirmation, run.expect)?;
        }
    }
    let mut first_fault = None;
    let mut good = None;
    for (index, bearer) in run.contents()?.bearers.iter().enumerate() {
        match check_bearer(run, bearer) {
            Ok(()) => {
                good = Some(index);
                break;
            }
            Err(fault) => _ = first_fault.get_or_insert(fault),
        }
    }
    run.bearer = good;
    match (good, first_fault) {
        (Some(_), _) => Ok(()),
        (None, Some(fault)) => Err(fault),
        (None, None) => Err(Rejection::NoBearer),
    }
}

/// One confirmation must fulfil everything: halves of two do not add up.
fn check_bearer(run: &Run<'_, '_>, bearer: &Confirmation<'_>) -> Result<(), Rejection> {
    if bearer.has_not_before {
        return Err(Rejection::ConfirmationNotBefore);
    }
    if let Some(presenter) = bearer.name_id {
        // A bearer who is somebody else than the subject would act for it (Core 2.4.1.1).
        let subject = run.contents()?.name_id;
        if !subject.is_some_and(|subject| subject.equals(presenter)) {
            return Err(Rejection::ConfirmationNameId);
        }
    }
    if bearer.recipient != Some(&run.expect.acs_url) {
        return Err(Rejection::Recipient {
            expected: run.expect.acs_url.clone(),
            found: bearer.recipient.map(str::to_owned),
        });
    }
    check_in_response_to(bearer.in_response_to, Role::Confirmation, run.expect)?;
    let until = bearer.not_on_or_after.ok_or(Rejection::ConfirmationUnlimited)?;
    run.check_not_too_late(TimeBound::ConfirmationNotOnOrAfter, until)
}
