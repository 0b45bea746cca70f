//! The `Response` around the assertion.

use super::run::{Run, check_in_response_to, check_issuer};
use crate::saml::envelope::Envelope;
use crate::saml::placement::check_placement;
use crate::saml::rejection::{Rejection, Role};

pub(super) fn response_structure(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    run.envelope = Some(Envelope::read(run.document)?);
    Ok(())
}

pub(super) fn placement(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    run.assertions = check_placement(run.document)?;
    Ok(())
}

pub(super) fn status(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let status = &run.envelope()?.status;
    if status.is_success() {
        return Ok(());
    }
    Err(Rejection::Status {
        code: status.code.to_owned(),
        sub_code: status.sub_code.map(str::to_owned),
        message: status.message.map(str::to_owned),
    })
}

pub(super) fn one_assertion(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let found = run.assertions;
    match run.envelope()?.assertion {
        Some(_) if found != 1 => Err(Rejection::AssertionCount { found }),
        Some(_) => Ok(()),
        None => Err(Rejection::AssertionCount { found: 0 }),
    }
}

pub(super) fn destination(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let found = run.envelope()?.response.attribute("Destination");
    if found == Some(&run.expect.acs_url) {
        return Ok(());
    }
    let expected = run.expect.acs_url.clone();
    Err(Rejection::Destination { expected, found: found.map(str::to_owned) })
}

pub(super) fn response_issuer(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    check_issuer(run.envelope()?.issuer, Role::Response, run.expect)
}

pub(super) fn response_in_response_to(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let found = run.envelope()?.response.attribute("InResponseTo");
    check_in_response_to(found, Role::Response, run.expect)
}
