//! Fetching metadata from servers that do everything wrong, and keeping it on disk.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that panics has failed, which is what it is for"
)]

mod answers;
mod command;
mod disk;
#[path = "../faults/mod.rs"]
mod faults;
mod kill;
mod probe;
mod proxies;
mod redirects;
mod scene;
mod tls;
