//! Signing in at your own application, in `cargo test`: no network, no browser, no account.
//!
//! Give the application's tests the feature `idp`, and the application itself nothing:
//!
//! ```toml
//! [dependencies]
//! actix-saml = "0.1"
//!
//! [dev-dependencies]
//! actix-saml = { version = "0.1", features = ["idp"] }
//! ```
//!
//! The test identity provider answers in the same process. The application under test is the real
//! one: its routes, its sessions, every rule of the verifier. Nothing in this module lets anybody in
//! there who has not signed in. Handlers alone, without any sign-in, are tested with
//! [`TestStaff::asks`]. The application trusts the test identity provider because the test tells
//! it to, with [`dev`](crate::sp::Builder::dev) set: test keys are refused otherwise.
//!
//! ```
//! use actix_saml::{idp::TestIdp, nhsmail::Staff, testing::Stuck};
//! use actix_web::{App, get, test::init_service};
//!
//! #[get("/rota")]
//! async fn rota(staff: Staff) -> String {
//!     format!("Rota of {}", staff.display_name())
//! }
//!
//! #[actix_web::main] // in a test: #[actix_web::test]
//! async fn main() -> Result<(), Stuck> {
//!     let mut idp = TestIdp::adfs()?;
//!     let saml = idp.saml("https://rota.example.org")?;
//!     let app = App::new().configure(saml.routes()).service(rota).wrap(saml.sessions());
//!     let app = init_service(app).await;
//!
//!     let nurse = idp.sign_in(&app, "ward.nurse").await?;
//!     assert_eq!(nurse.get("/rota").await?.text(), "Rota of Bryn O'Sample");
//!
//!     let stranger = idp.browser(&app)?;
//!     assert_eq!(stranger.get("/rota").await?.status(), 303); // to the sign-in
//!
//!     let request = stranger.ask(&idp, "/rota").await?;
//!     let page = idp.response_to(&request).expired().post_to(&stranger).await?;
//!     assert_eq!(page.status(), 403);
//!     Ok(())
//! }
//! ```
//!
//! `docs/testing.md` tells when to use this, when a [`TestStaff`] is enough, and when it takes the
//! identity provider over HTTP and a real browser. `examples/rota.rs` is an application with such
//! tests.

mod browser;
mod jar;
mod log_out;
mod page;
mod reply;
mod running;
mod staff;
mod stuck;
mod trail;
mod trust;
mod who;

pub use browser::Browser;
pub use page::Page;
pub use reply::Reply;
pub use running::RunningIdp;
pub use staff::TestStaff;
pub use stuck::{Answer, Stuck};
pub use trail::Trail;
pub use who::Who;
