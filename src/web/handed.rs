//! A person who is handed to handlers by a test, where there is no sign-in at all.
//!
//! It counts only in an application that does not mount `saml.routes()`, which in live use answers
//! every extractor with an error. Where sign-in is, nobody comes in but by it.

use actix_web::{HttpMessage, HttpRequest};

use crate::nhsmail::Staff;

/// Nobody outside can name this type, and no message from a network becomes one.
#[derive(Clone)]
struct Handed(Staff);

/// Makes extractors give out `staff` for this request.
pub(crate) fn hand(request: &impl HttpMessage, staff: Staff) {
    request.extensions_mut().insert(Handed(staff));
}

/// Who was handed over with `request`.
pub(super) fn handed(request: &HttpRequest) -> Option<Staff> {
    request.extensions().get::<Handed>().map(|handed| handed.0.clone())
}
