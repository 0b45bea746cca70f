//! Log-out messages (Core 3.7): how they are written, and when one that arrives counts.
//!
//! What arrives is read from a signed root and from nothing else, by either binding: the signature
//! inside the message with HTTP-POST, the one over the query with HTTP-Redirect.

mod expectations;
mod message;
mod rejection;
mod request;
mod response;
mod written;

pub use expectations::LogoutExpectations;
pub use message::{ReceivedLogout, peek_logout_issuer};
pub use rejection::{LogoutRejection, LogoutTime};
pub use request::{LogoutRequest, MAX_SESSION_INDEXES, validate_logout_request};
pub use response::{LogoutOutcome, LogoutResponse, validate_logout_response};
pub use written::{LogoutAnswer, LogoutCall, LogoutStatus};

pub(crate) use expectations::is_issuer_of_logout;
