//! Keeps what is known of identity providers current: fetching, the last known good on disk, the
//! timetable, and what the operator is told.

mod fetch;

pub use fetch::{Fetch, FetchError, FetchRequest, Fetched, Validators};
