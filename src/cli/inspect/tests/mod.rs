//! Properties of reports over messages of every kind. The program is called in `tests/verify`.

#![allow(clippy::string_slice, reason = "a test that panics has failed, which is what it is for")]

mod forms;
mod property;
