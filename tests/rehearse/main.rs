//! Rehearsals: in front of our own demo application, where everything must be as expected, and in
//! front of toy service providers that are weak on purpose, where it must not be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, unreachable_pub)]

mod command;
mod demo;
mod holes;
mod initiated;
mod people;
mod recovery;
mod scene;
mod toy;
mod weak;
mod wishes;
