//! `actix-saml verify`, `inspect`, `keygen`, `metadata`, `onboard` and `doctor` as people and other
//! programs call them: arguments, exit status, and what is printed where.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that panics has failed, which is what it is for"
)]

mod scene;

mod check;
mod doctor;
mod encrypted;
mod guide;
mod input;
mod inspect;
mod keygen;
mod lint;
mod metadata;
mod onboard;
mod terminal;
mod trust;
mod usage;
mod verdict;
