//! Has a response judged: where it holds up nobody, with keys that are new if need be, and without
//! telling by its time what a decryption has found.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::time;
use actix_web::web;
use chrono::{DateTime, Utc};
use memchr::memmem;

use crate::saml::{EntityId, Rejection};
use crate::sp::{FinishedLogin, Refusal, ServiceProvider, Unsolicited};
use crate::web::federation::Snapshot;
use crate::web::refusal::Reason;
use crate::web::saml::Shared;
use crate::xmlenc::DecryptError;

/// From this size on even a response that is not encrypted takes longer than going to another
/// thread and back, many times over. Honest ones have some six thousand bytes.
pub(super) const LARGE: usize = 64 * 1024;
/// A failed decryption is answered at a multiple of this after it was begun. It takes a few hundred
/// microseconds, of which some depend on what went wrong: the time of the answer does not tell.
const FAILURE_STEP: Duration = Duration::from_millis(50);

/// Judges a response by the rules: here when it is light, elsewhere when it is heavy.
///
/// `finish` decides, `began` is when the sign-in began, if it began here.
pub(super) async fn judge<L: Judged>(
    shared: &web::Data<Shared>,
    idp: &EntityId,
    began: Option<DateTime<Utc>>,
    response: Vec<u8>,
    now: DateTime<Utc>,
    finish: impl Fn(&ServiceProvider, &[u8]) -> Result<L, Refusal> + Send + Sync + 'static,
) -> Result<L, Reason> {
    let is_encrypted = may_be_decrypted(&response, shared);
    let is_heavy = is_encrypted || response.len() > LARGE;
    let (finish, response) = (Arc::new(finish), Arc::new(response));
    let mut snapshot = shared.snapshot();
    let mut login = judge_by(shared, &snapshot, &finish, &response, is_heavy).await?;
    // The provider may sign with a key that it has announced since metadata was last fetched. The
    // person does not notice.
    if let Err(refusal) = &login
        && refusal.may_be_a_new_key()
        && let Some(newer) = shared.federation.refresh_early(idp, &snapshot).await
    {
        snapshot = newer;
        login = judge_by(shared, &snapshot, &finish, &response, is_heavy).await?;
    }
    if let (Err(Refusal::Rejected(rejection)), Some(began)) = (&login, began) {
        shared.federation.record_refusal(&snapshot, idp, rejection, began);
    }
    let login = login?;
    let uses_cbc = is_encrypted && names_cbc(&response);
    let (key, issue_instant, uses_sha1) = login.signed();
    shared.metrics.accepted(uses_sha1, uses_cbc);
    shared.federation.record_use(&snapshot, idp, key, issue_instant, now);
    Ok(login)
}

/// A sign-in that is right, as far as its signature is concerned.
pub(super) trait Judged: Send + 'static {
    /// Which key signed, when, and whether by SHA-1.
    fn signed(&self) -> (usize, DateTime<Utc>, bool);
}

impl Judged for FinishedLogin {
    fn signed(&self) -> (usize, DateTime<Utc>, bool) {
        (self.signing_key, self.issue_instant, self.uses_sha1)
    }
}

impl Judged for Unsolicited {
    fn signed(&self) -> (usize, DateTime<Utc>, bool) {
        (self.signing_key, self.issue_instant, self.uses_sha1)
    }
}

/// Judges by what was known at one moment.
async fn judge_by<L: Send + 'static>(
    shared: &Shared,
    snapshot: &Arc<Snapshot>,
    finish: &Arc<impl Fn(&ServiceProvider, &[u8]) -> Result<L, Refusal> + Send + Sync + 'static>,
    response: &Arc<Vec<u8>>,
    is_heavy: bool,
) -> Result<Result<L, Refusal>, Reason> {
    let (snapshot, finish) = (Arc::clone(snapshot), Arc::clone(finish));
    let response = Arc::clone(response);
    let begun_and_judged = move || {
        let begun = Instant::now();
        let login = finish(&snapshot.sp, &response);
        (begun.elapsed(), login)
    };
    let (took, login) = run(shared, is_heavy, begun_and_judged).await?;
    shared.metrics.validation(took);
    if let Err(Refusal::Rejected(Rejection::Decryption(DecryptError::Failed))) = &login {
        time::sleep(until_next_step(took)).await;
    }
    Ok(login)
}

/// Whether a private key may be needed for it. Nothing is decrypted without an element of this name,
/// and in a document that is read here a name stands as it is: in UTF-8, without references.
fn may_be_decrypted(response: &[u8], shared: &Shared) -> bool {
    let has_keys = !shared.settings.decryption.is_empty();
    has_keys && memmem::find(response, b"EncryptedData").is_some()
}

/// Whether a response was encrypted with a cipher that does not notice changes. To be counted, and
/// for nothing else.
fn names_cbc(response: &[u8]) -> bool {
    [&b"xmlenc#aes128-cbc"[..], b"xmlenc#aes192-cbc", b"xmlenc#aes256-cbc"]
        .into_iter()
        .any(|name| memmem::find(response, name).is_some())
}

/// The rest of the step in which something took so long.
fn until_next_step(took: Duration) -> Duration {
    let into = took.as_nanos().checked_rem(FAILURE_STEP.as_nanos()).unwrap_or(0);
    let into = u64::try_from(into).map_or(Duration::ZERO, Duration::from_nanos);
    FAILURE_STEP.saturating_sub(into)
}

/// Does `work` here when it is light, and where it holds up nobody when it is heavy.
pub(super) async fn run<T: Send + 'static>(
    shared: &Shared,
    is_heavy: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Reason> {
    if is_heavy { Ok(shared.heavy_work.run(work).await?) } else { Ok(work()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_answered_at_the_end_of_its_step() {
        let micros = Duration::from_micros;
        for (took, rest) in [
            (0, 50_000),
            (1, 49_999),
            (400, 49_600),
            (49_999, 1),
            (50_000, 50_000),
            (50_001, 49_999),
            (149_000, 1_000),
        ] {
            assert_eq!(until_next_step(micros(took)), micros(rest), "{took}");
        }
        assert!(until_next_step(Duration::MAX) <= FAILURE_STEP);
    }
}
