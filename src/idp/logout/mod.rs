//! Log-out at the test identity provider, as AD FS does it: signed both ways, names exactly as they
//! were issued, query signatures over lower-case escapes.

mod incoming;
mod outgoing;
mod session;

pub use incoming::{LogoutAnswered, SignOut};
pub use outgoing::{LogoutBinding, OutgoingForm, OutgoingLogout};
pub use session::IssuedSession;
