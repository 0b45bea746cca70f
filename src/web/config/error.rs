use thiserror::Error;

/// A mistake in the configuration: where, what, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}: {field}: {problem}\n  remedy: {remedy}")]
pub struct ConfigError {
    /// The file that is at fault.
    pub file: String,
    /// The key in the configuration, or `(whole file)`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl ConfigError {
    pub(super) fn new(
        file: impl Into<String>,
        field: impl Into<String>,
        problem: impl ToString,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            field: field.into(),
            problem: problem.to_string(),
            remedy: remedy.into(),
        }
    }
}
