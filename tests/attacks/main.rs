//! Attacks on the verifier. Every test is named after the threat that it tries, and says exactly
//! how it must be refused; every fixture has a control that shows it is otherwise valid.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that panics has failed, which is what it is for"
)]

mod covered;
mod fixture;
mod ids;
mod keys_of_tests;
mod recipient;
mod refusal;
mod surgery;
mod witness;

mod addressing;
mod ciphers;
mod consumption;
mod document;
mod encryption;
mod grammar;
mod keys;
mod logout;
mod markup;
mod metadata;
mod metadata_aggregate;
mod metadata_shapes;
mod metadata_signed;
mod microsoft;
mod namespaces;
mod network;
mod oracle;
mod parts;
mod plaintext;
mod position;
mod proof;
mod property;
mod redirect;
mod samples;
mod security;
mod sha1;
mod signature;
mod statements;
mod subject;
mod time;
mod transforms;
mod walk;
mod wrapping;
mod xmlsec;
