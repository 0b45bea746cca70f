//! The whole sign-in in a real browser: application and test identity provider on two sites.
//!
//! An HTTP client sends every cookie it has. A browser decides, by `SameSite`, by scheme, by the
//! prefix of the name, and whether a form may be sent at all it decides by the page's policy. Those
//! decisions are what is tested here, with a control for each that could pass for another reason.
//!
//! Needs Chromium and its driver (Debian: `chromium`, `chromium-driver`). Without them each test
//! says that it was skipped, and with `REQUIRE_BROWSER=1` it fails. What axe-core has to say needs
//! npm as well, and `REQUIRE_AXE=1` requires it. With `SCREENSHOT_DIR` set, each
//! page that a test arrives at is kept there as a picture.
//!
//! The driver is spoken to through fantoccini: small, maintained, and without its TLS features no
//! more than an HTTP/1 client (thirtyfour brings a downloader, TLS and archive formats).

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod accessibility;
mod axe;
mod browser;
mod chooser;
mod driver;
mod idp_pages;
mod log_out;
mod report;
mod session;
mod sign_in;
mod sites;
mod step_up;
mod tabs;
mod two_sites;
mod unsolicited;
