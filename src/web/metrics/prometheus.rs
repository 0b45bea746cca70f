//! Counts, histograms and gauges for Prometheus and whoever reads OpenMetrics.
//!
//! Labels have few values: identity providers that are configured, stores, operations, and codes of
//! which each is written in this program. What a stranger sends is never one.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

use crate::web::audit::{AuditEvent, AuditSink, AuditStep, Outcome};
use crate::web::federation::{KeyStanding, Status};

/// So many codes are told apart. There are fewer; an application's own hook cannot add any.
const MAX_CODES: usize = 256;
const OTHER: &str = "other";

const PENDING: [f64; 9] = [5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
const VALIDATION: [f64; 10] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5];
const STORE: [f64; 10] = [0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.25, 1.0, 2.0];

type Labels<const N: usize> = [(&'static str, String); N];
type Names<const N: usize> = [(&'static str, &'static str); N];
type Value = Gauge<f64, AtomicU64>;

/// Measures how long something takes.
pub(in crate::web) struct Stopwatch(Instant);

impl Stopwatch {
    pub(in crate::web) fn start() -> Self {
        Self(Instant::now())
    }
}

/// Everything that is counted and measured.
pub(in crate::web) struct Metrics {
    registry: Registry,
    requests: Counter,
    sign_ins: Family<Labels<2>, Counter>,
    codes: Mutex<BTreeSet<String>>,
    replays: Counter,
    loops: Counter,
    step_ups: Family<Labels<2>, Counter>,
    access: Counter,
    begun: Counter,
    ended: Family<Names<1>, Counter>,
    store_changes: Family<Names<2>, Counter>,
    metadata_events: Family<Labels<1>, Counter>,
    pending: Histogram,
    validation: Histogram,
    weak: Family<Names<1>, Counter>,
    store: Family<Names<2>, Histogram, fn() -> Histogram>,
    scraped: Scraped,
    /// Held while the gauges are set and written: two readers must not mix theirs.
    writing: Mutex<()>,
}

/// What is read when somebody asks.
#[derive(Default)]
struct Scraped {
    ready: Value,
    idp_ready: Family<Labels<1>, Value>,
    age: Family<Labels<1>, Value>,
    offset: Family<Labels<1>, Value>,
    idp_key_days: Family<Labels<2>, Value>,
    own_key_days: Family<Names<2>, Value>,
    lost: Value,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("saml"),
            requests: Counter::default(),
            sign_ins: Family::default(),
            codes: Mutex::default(),
            replays: Counter::default(),
            loops: Counter::default(),
            step_ups: Family::default(),
            access: Counter::default(),
            begun: Counter::default(),
            ended: Family::default(),
            store_changes: Family::default(),
            metadata_events: Family::default(),
            pending: Histogram::new(PENDING),
            validation: Histogram::new(VALIDATION),
            weak: Family::default(),
            store: Family::new_with_constructor(|| Histogram::new(STORE)),
            scraped: Scraped::default(),
            writing: Mutex::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        let scraped = &self.scraped;
        add(registry, "requests_sent", "AuthnRequests sent", &self.requests);
        add(registry, "sign_ins", "Sign-ins by outcome and code", &self.sign_ins);
        add(registry, "replays", "Responses that had been used before", &self.replays);
        add(registry, "login_loops", "Sign-ins that went round in circles", &self.loops);
        add(registry, "step_ups", "Fresher or stronger sign-ins, by outcome", &self.step_ups);
        add(registry, "access_refused", "Pages refused to who is signed in", &self.access);
        add(registry, "sessions_begun", "Sessions begun", &self.begun);
        add(registry, "sessions_ended", "Sessions ended, by whom", &self.ended);
        add(registry, "store_changes", "Stores that stopped or resumed", &self.store_changes);
        add(registry, "metadata_events", "Events of the federation", &self.metadata_events);
        add(registry, "weak_algorithms", "Sign-ins with SHA-1 or CBC", &self.weak);
        add(registry, "ready", "Whether anybody can sign in", &scraped.ready);
        add(registry, "idp_ready", "Whether its metadata counts", &scraped.idp_ready);
        let days = "Days until the certificate ends";
        add(registry, "idp_key_days_left", days, &scraped.idp_key_days);
        add(registry, "own_key_days_left", days, &scraped.own_key_days);
        add(registry, "audit_events_lost", "Audit events lost", &scraped.lost);
        measure(registry, "pending_age", "From the request to the response", &self.pending);
        measure(registry, "validation", "Judging one response", &self.validation);
        measure(registry, "store_operation", "One call of a store", &self.store);
        measure(registry, "metadata_age", "Since it was confirmed", &scraped.age);
        let ahead = "How far our clock is ahead of the provider's";
        measure(registry, "clock_offset", ahead, &scraped.offset);
    }

    /// So long after its request a response came.
    pub(in crate::web) fn pending_age(&self, age: TimeDelta) {
        self.pending.observe(age.as_seconds_f64().max(0.0));
    }

    /// So long it took to judge a response.
    pub(in crate::web) fn validation(&self, took: Duration) {
        self.validation.observe(took.as_secs_f64());
    }

    /// A response was accepted.
    pub(in crate::web) fn accepted(&self, uses_sha1: bool, uses_cbc: bool) {
        for (is_used, name) in [(uses_sha1, "sha1"), (uses_cbc, "cbc")] {
            if is_used {
                self.weak.get_or_create(&[("algorithm", name)]).inc();
            }
        }
    }

    /// A store has answered.
    pub(in crate::web) fn store_operation(
        &self,
        store: &'static str,
        operation: &'static str,
        stopwatch: &Stopwatch,
    ) {
        let labels = [("store", store), ("operation", operation)];
        self.store.get_or_create(&labels).observe(stopwatch.0.elapsed().as_secs_f64());
    }

    /// Everything as OpenMetrics text.
    pub(in crate::web) fn write(&self, status: &Status, lost: u64) -> String {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.scraped.set(status, lost);
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// A code, if there is room for another one.
    fn code(&self, event: &AuditEvent) -> String {
        let code = event.code.as_deref().unwrap_or("none");
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.contains(code) {
            return code.to_owned();
        }
        if codes.len() >= MAX_CODES {
            return OTHER.to_owned();
        }
        codes.insert(code.to_owned());
        code.to_owned()
    }
}

fn add(registry: &mut Registry, name: &str, help: &str, metric: &(impl Metric + Clone)) {
    registry.register(name, help, metric.clone());
}

/// As [`add`], for what is in seconds.
fn measure(registry: &mut Registry, name: &str, help: &str, metric: &(impl Metric + Clone)) {
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
}

impl AuditSink for Metrics {
    fn record(&self, event: &AuditEvent) {
        let outcome = match event.outcome {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        };
        let is_done = event.outcome == Outcome::Done;
        match event.step {
            AuditStep::RequestSent => _ = self.requests.inc(),
            AuditStep::SignIn => {
                let labels = [("outcome", outcome.to_owned()), ("code", self.code(event))];
                self.sign_ins.get_or_create(&labels).inc();
                match event.code.as_deref() {
                    None if is_done => _ = self.begun.inc(),
                    Some("replayed") => _ = self.replays.inc(),
                    Some("login_loop") => _ = self.loops.inc(),
                    _ => {}
                }
            }
            AuditStep::StepUp => {
                let labels = [("outcome", outcome.to_owned()), ("code", self.code(event))];
                self.step_ups.get_or_create(&labels).inc();
            }
            AuditStep::Access => _ = self.access.inc(),
            AuditStep::LogOut if is_done => {
                self.ended.get_or_create(&[("by", "log_out")]).inc();
            }
            AuditStep::Revocation if is_done => {
                let count = event.count.unwrap_or(1);
                self.ended.get_or_create(&[("by", "idp")]).inc_by(count);
            }
            AuditStep::LogOutAnswer => {}
            AuditStep::Store => {
                let labels = [("store", event.store.unwrap_or(OTHER)), ("outcome", outcome)];
                self.store_changes.get_or_create(&labels).inc();
            }
            AuditStep::MetadataChange => {
                self.metadata_events.get_or_create(&[("code", self.code(event))]).inc();
            }
            AuditStep::LogOut | AuditStep::Revocation | AuditStep::Audit => {}
        }
    }
}

impl Scraped {
    fn set(&self, status: &Status, lost: u64) {
        let number = |is: bool| f64::from(u8::from(is));
        self.ready.set(number(status.ready));
        self.lost.set(to_float(i64::try_from(lost).unwrap_or(i64::MAX)));
        self.idp_ready.clear();
        self.age.clear();
        self.offset.clear();
        self.idp_key_days.clear();
        self.own_key_days.clear();
        for idp in &status.idps {
            let name = idp.entity_id.as_ref().or(idp.url.as_ref()).or(idp.file.as_ref());
            let name = name.map_or("unknown", String::as_str);
            let labels = || [("idp", name.to_owned())];
            self.idp_ready.get_or_create(&labels()).set(number(idp.ready));
            if let Some(age) = idp.age_seconds {
                self.age.get_or_create(&labels()).set(to_float(age));
            }
            if let Some(offset) = idp.clock_offset_ms {
                self.offset.get_or_create(&labels()).set(to_float(offset) / 1000.0);
            }
            let keys = idp.keys.iter().filter(|key| key.standing != KeyStanding::Gone);
            for (key, days) in keys.filter_map(|key| Some((key, key.days_left?))) {
                let fingerprint = key.fingerprint.chars().take(16).collect();
                let labels = [("idp", name.to_owned()), ("fingerprint", fingerprint)];
                self.idp_key_days.get_or_create(&labels).set(to_float(days));
            }
        }
        for (key, days) in status.own_keys.iter().filter_map(|key| Some((key, key.days_left?))) {
            let labels = [("purpose", key.purpose), ("stage", key.stage)];
            self.own_key_days.get_or_create(&labels).set(to_float(days));
        }
    }
}

/// Exact up to 2^53; what is beyond is no time that anybody measures.
fn to_float(number: i64) -> f64 {
    let high = i32::try_from(number >> 32).unwrap_or(0);
    let low = u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

#[cfg(test)]
mod tests;
