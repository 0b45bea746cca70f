//! The middleware as a browser sees it: an application, a test identity provider and browsers with
//! cookie jars, all in one process. Time is set by hand.

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

mod access;
mod answer;
mod app;
mod browser;
mod counted;
mod jar;
mod log;
mod message;
mod pages;

mod attempts;
mod audit;
mod bad_input;
mod chooser;
mod clients;
mod coverage;
mod encrypted;
#[path = "../faults/mod.rs"]
mod faults;
mod federation;
mod foreign_sessions;
mod guard;
mod handover;
mod kept_form;
mod limits;
mod lock;
mod logout;
mod machines;
mod metrics;
mod page_headers;
mod page_owner;
mod page_template;
mod pending;
mod population;
mod proxy;
mod refused;
mod replay;
mod request;
mod return_to;
mod rollover;
mod sha1;
mod sign_in;
mod single_use;
mod slo;
mod sp_metadata;
mod stores;
mod tabs;
mod tabs_model;
mod two_idps;
mod unsolicited;
mod unsolicited_flow;
