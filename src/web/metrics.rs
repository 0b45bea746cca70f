//! What is counted and measured, with the feature `metrics`; without it, nothing.

#[cfg(not(feature = "metrics"))]
mod nothing;
#[cfg(feature = "metrics")]
mod prometheus;

#[cfg(not(feature = "metrics"))]
pub(super) use nothing::{Metrics, Stopwatch};
#[cfg(feature = "metrics")]
pub(super) use prometheus::{Metrics, Stopwatch};
