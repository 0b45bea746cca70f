//! When the assertion holds, and for whom.

use super::run::Run;
use crate::saml::rejection::{Rejection, TimeBound};

pub(super) fn conditions_time(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let contents = run.contents()?;
    if let (Some(not_before), Some(not_on_or_after)) =
        (contents.not_before, contents.not_on_or_after)
        && not_before >= not_on_or_after
    {
        return Err(Rejection::Inverted { not_before, not_on_or_after });
    }
    let skew = run.expect.clock_skew;
    if let Some(at) = contents.not_before.filter(|at| skew.is_too_early(run.now, *at)) {
        return Err(Rejection::NotYetValid {
            bound: TimeBound::ConditionsNotBefore,
            at,
            now: run.now,
            skew_seconds: skew.as_delta().num_seconds(),
        });
    }
    match contents.not_on_or_after {
        Some(at) => run.check_not_too_late(TimeBound::ConditionsNotOnOrAfter, at),
        None => Ok(()),
    }
}

pub(super) fn audience(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let restrictions = &run.contents()?.audiences;
    if restrictions.is_empty() {
        return Err(Rejection::AudienceMissing);
    }
    let us = run.expect.sp.as_str();
    match restrictions.iter().find(|audiences| !audiences.contains(&us)) {
        None => Ok(()),
        Some(audiences) => Err(Rejection::Audience {
            expected: us.to_owned(),
            found: audiences.iter().map(|a| (*a).to_owned()).collect(),
        }),
    }
}
