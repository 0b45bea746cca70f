use std::sync::{Arc, Mutex, PoisonError};

use crate::web::{AuditEvent, AuditSink};

/// Keeps the audit trail of the application under test, so that a test can say why somebody was
/// refused, and not only that. For [`SamlBuilder::audit`](crate::web::SamlBuilder::audit).
#[derive(Debug, Default)]
pub struct Trail(Mutex<Vec<AuditEvent>>);

impl Trail {
    /// An empty one.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// All events so far.
    pub fn events(&self) -> Vec<AuditEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The `code` of the last event; `None` when there is nothing to say about it, as when somebody
    /// has signed in.
    pub fn last_code(&self) -> Option<String> {
        self.events().pop()?.code
    }
}

impl AuditSink for Trail {
    fn record(&self, event: &AuditEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}
