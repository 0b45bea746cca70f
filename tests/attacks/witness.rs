//! Who looks on while the attacks are tried: the kernel, when these tests run under `strace`
//! (see `network`). Marks in its trace say where a validation begins and ends.

use std::sync::LazyLock;

use actix_saml::saml::Keys;

use crate::fixture::Message;

/// Set in a process that is traced.
pub const TRACED: &str = "ATTACKS_TRACED";
pub const BEGINS: &str = "/a-validation-begins";
pub const ENDS: &str = "/a-validation-ends";

static IS_TRACED: LazyLock<bool> = LazyLock::new(|| std::env::var_os(TRACED).is_some());

pub fn is_traced() -> bool {
    *IS_TRACED
}

/// Runs one validation between marks: looking for files that are not there.
pub fn watch<T, E>(
    _: &Message,
    _: &Keys,
    _: fn(&E) -> &'static str,
    validate: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    between_marks(validate)
}

pub fn between_marks<T>(run: impl FnOnce() -> T) -> T {
    if !is_traced() {
        return run();
    }
    assert!(std::fs::symlink_metadata(BEGINS).is_err());
    let result = run();
    assert!(std::fs::symlink_metadata(ENDS).is_err());
    result
}
