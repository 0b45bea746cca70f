//! The stores as the rest sees them: every call is timed, and the audit trail learns when a store
//! stops working and when it works again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};

use super::audit::{AuditEvent, AuditStep, Auditors, Outcome};
use super::clock::Clock;
use super::metrics::{Metrics, Stopwatch};
use crate::sp::{
    BoxFuture, IndexedSession, LiveSession, LogoutIndex, Remembered, ReplayKey, ReplayStore,
    SessionHandle, SessionIndexKey, SessionState, SessionStore, StoreError, SubjectKey,
};

/// Who watches over one store.
pub(super) struct Watch {
    store: &'static str,
    is_down: AtomicBool,
    audit: Auditors,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

/// A store that is watched.
pub(super) struct Observed<S: ?Sized> {
    store: Arc<S>,
    watch: Watch,
}

impl<S: ?Sized> Observed<S> {
    pub(super) fn new(
        name: &'static str,
        store: Arc<S>,
        (audit, metrics, clock): (Auditors, Arc<Metrics>, Arc<dyn Clock>),
    ) -> Self {
        let watch = Watch { store: name, is_down: AtomicBool::new(false), audit, metrics, clock };
        Self { store, watch }
    }
}

impl Watch {
    /// Waits for an answer, and takes note of it.
    fn over<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        asked: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            let stopwatch = Stopwatch::start();
            let result = asked.await;
            self.metrics.store_operation(self.store, operation, &stopwatch);
            self.see(result)
        })
    }

    /// Passes a result on. Only a change is told: while a store is down, everybody who needs it
    /// fails.
    fn see<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match &result {
            Ok(_) if self.is_down.load(Ordering::Relaxed) => {
                if self.is_down.swap(false, Ordering::Relaxed) {
                    tracing::info!(event = "store_recovered", store = self.store);
                    self.tell(Outcome::Done, "store_recovered");
                }
            }
            Ok(_) => {}
            Err(error) => {
                if !self.is_down.swap(true, Ordering::Relaxed) {
                    self.tell(Outcome::Failed, code(error));
                }
            }
        }
        result
    }

    fn tell(&self, outcome: Outcome, code: &'static str) {
        self.audit.record(&AuditEvent {
            code: Some(code.to_owned()),
            store: Some(self.store),
            ..AuditEvent::new(self.clock.now(), AuditStep::Store, outcome)
        });
    }
}

fn code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full { .. } => "store_full",
        StoreError::Unavailable(_) => "store_unavailable",
    }
}

impl<S: ReplayStore + ?Sized> ReplayStore for Observed<S> {
    fn remember(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Remembered, StoreError>> {
        let asked = self.store.remember(key, until, now);
        self.watch.over("remember", asked)
    }

    fn knows(&self, key: ReplayKey) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.watch.over("knows", self.store.knows(key))
    }

    fn warning(&self) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        self.watch.over("warning", self.store.warning())
    }
}

impl<S: SessionStore + ?Sized> SessionStore for Observed<S> {
    fn load(
        &self,
        session: SessionHandle,
        extend: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<LiveSession>, StoreError>> {
        let asked = self.store.load(session, extend, now);
        self.watch.over("load", asked)
    }

    fn create(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let asked = self.store.create(session, state, until, now);
        self.watch.over("create", asked)
    }

    fn update(
        &self,
        session: SessionHandle,
        state: SessionState,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let asked = self.store.update(session, state, until, now);
        self.watch.over("update", asked)
    }

    fn delete(&self, session: SessionHandle) -> BoxFuture<'_, Result<(), StoreError>> {
        let asked = self.store.delete(session);
        self.watch.over("delete", asked)
    }
}

impl<S: LogoutIndex + ?Sized> LogoutIndex for Observed<S> {
    fn enter(
        &self,
        entry: IndexedSession,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let asked = self.store.enter(entry, until, now);
        self.watch.over("enter", asked)
    }

    fn end_subject<'a>(
        &'a self,
        subject: SubjectKey,
        session_indexes: &'a [SessionIndexKey],
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Vec<SessionHandle>, StoreError>> {
        let asked = self.store.end_subject(subject, session_indexes, now);
        self.watch.over("end_subject", asked)
    }

    fn end(
        &self,
        session: SessionHandle,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let asked = self.store.end(session, until, now);
        self.watch.over("end", asked)
    }

    fn has_ended(
        &self,
        session: SessionHandle,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        let asked = self.store.has_ended(session, now);
        self.watch.over("has_ended", asked)
    }
}
