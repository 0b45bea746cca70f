use std::collections::BTreeSet;

use chrono::DateTime;

use super::*;
use crate::web::federation::{IdpStatus, KeyStatus, OwnKeyStatus, TrustBasis};

#[test]
fn numbers_are_what_they_were() {
    for number in [0, 1, -1, 86_400, -86_401, i64::from(u32::MAX) + 7, -(1 << 40)] {
        assert_eq!(format!("{:.0}", to_float(number)), number.to_string());
    }
}

#[test]
fn codes_without_end_are_one() {
    let metrics = Metrics::default();
    for number in 0..MAX_CODES * 2 {
        let mut event = AuditEvent::new(DateTime::UNIX_EPOCH, AuditStep::SignIn, Outcome::Refused);
        event.code = Some(format!("c{number}"));
        metrics.record(&event);
    }
    let mut text = String::new();
    encode(&mut text, &metrics.registry).unwrap();
    assert_eq!(text.matches("saml_sign_ins_total{").count(), MAX_CODES + 1);
    assert!(text.contains(&format!("code=\"other\"}} {MAX_CODES}")), "{text}");
}

/// A state in which everything has something to say.
fn status() -> Status {
    let at = DateTime::UNIX_EPOCH;
    let key = KeyStatus {
        fingerprint: "0123456789abcdef0123".to_owned(),
        standing: KeyStanding::Current,
        not_before: None,
        not_after: Some(at),
        days_left: Some(-3),
        known_since: at,
        gone_since: None,
        first_used: None,
        last_used: None,
    };
    let gone = KeyStatus { standing: KeyStanding::Gone, days_left: Some(1), ..key.clone() };
    let idp = IdpStatus {
        entity_id: Some("urn:idp".to_owned()),
        label: None,
        file: None,
        url: None,
        trust: TrustBasis::File,
        ready: false,
        age_seconds: Some(7200),
        confirmed_at: None,
        attempted_at: None,
        next_refresh: None,
        valid_until: None,
        document_sha256: None,
        fetch_problem: None,
        file_problem: None,
        clock_offset_ms: Some(-1500),
        clock_offset_warning: false,
        keys: vec![key, gone],
    };
    let own = OwnKeyStatus {
        purpose: "signing",
        stage: "current",
        fingerprint: String::new(),
        not_before: None,
        not_after: Some(at),
        days_left: Some(30),
    };
    Status {
        at,
        ready: true,
        idps: vec![idp],
        own_keys: vec![own],
        events: Vec::new(),
        dual_run: None,
    }
}

/// Everything happens once.
fn full() -> String {
    let metrics = Metrics::default();
    for step in AuditStep::ALL {
        metrics.record(&AuditEvent::new(DateTime::UNIX_EPOCH, *step, Outcome::Done));
    }
    metrics.accepted(true, true);
    metrics.store_operation("session", "load", &Stopwatch::start());
    metrics.write(&status(), 5)
}

#[test]
fn what_is_known_of_the_trust_is_written_as_it_is_now() {
    let text = full();
    for line in [
        "saml_ready 1.0",
        "saml_audit_events_lost 5.0",
        "saml_idp_ready{idp=\"urn:idp\"} 0.0",
        "saml_metadata_age_seconds{idp=\"urn:idp\"} 7200.0",
        "saml_clock_offset_seconds{idp=\"urn:idp\"} -1.5",
        "saml_idp_key_days_left{idp=\"urn:idp\",fingerprint=\"0123456789abcdef\"} -3.0",
        "saml_own_key_days_left{purpose=\"signing\",stage=\"current\"} 30.0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    // A provider that has gone is no longer there.
    let metrics = Metrics::default();
    metrics.write(&status(), 0);
    let gone = metrics.write(&Status { idps: Vec::new(), ..status() }, 0);
    assert!(!gone.contains("urn:idp"), "{gone}");
}

/// The names of metrics in a text, without what a histogram adds.
fn names(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_word(c)).filter(|word| word.starts_with("saml_"));
    words.map(|word| word.trim_end_matches("_bucket").to_owned()).collect()
}

#[test]
fn the_page_the_alerts_and_the_dashboard_name_what_there_is() {
    const PAGE: &str = include_str!("../../../../docs/monitoring.md");
    const ALERTS: &str = include_str!("../../../../docs/monitoring/alerts.yml");
    const DASHBOARD: &str = include_str!("../../../../docs/monitoring/dashboard.json");
    let text = full();
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let there: BTreeSet<String> = kinds
        .map(|line| match line.split_once(' ').unwrap() {
            (name, "counter") => format!("{name}_total"),
            (name, _) => name.to_owned(),
        })
        .collect();
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> =
        rows.map(|row| row.split_once('`').unwrap().0.to_owned()).collect();
    assert_eq!(documented, there);
    for (file, text) in [("alerts", ALERTS), ("dashboard", DASHBOARD)] {
        let unknown: Vec<_> = names(text).difference(&there).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{file}");
    }
    let shown: BTreeSet<String> = names(ALERTS).union(&names(DASHBOARD)).cloned().collect();
    assert_eq!(shown, there, "nothing is counted that nobody looks at");
    serde_json::from_str::<serde_json::Value>(DASHBOARD).unwrap();
}
