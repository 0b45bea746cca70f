//! The program itself, in several processes that share a real store, over real HTTP.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a test that panics has failed, which is what it is for; not all of what is shared with \
              other tests is needed"
)]

mod browser;
mod cookie_keys;
mod faults;
mod http;
#[path = "../web/jar.rs"]
mod jar;
mod machine;
mod race;
#[path = "../redis/mod.rs"]
mod redis;
mod scale_out;
mod site;
