//! Prometheus' own tool as judge of the alert rules and of what is measured. Skipped, and said so,
//! where there is no `promtool` (Debian: `prometheus`) on the path or at `PROMTOOL`.

#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use actix_saml::Saml;
use actix_saml::saml::EntityId;
use actix_saml::sp::Builder;

/// What it says of `input`, if it is there.
fn promtool(arguments: &[&str], input: &str) -> Option<Output> {
    let program = std::env::var_os("PROMTOOL").unwrap_or_else(|| "promtool".into());
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        assert!(std::env::var_os("REQUIRE_PROMTOOL").is_none(), "promtool is missing");
        eprintln!("SKIPPED: promtool is missing, so nobody else judged rules and metrics");
        return None;
    };
    // One that reads nothing is told nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Some(child.wait_with_output().unwrap())
}

/// The older format, which the tool judges: there a counter is announced by its whole name.
fn in_the_older_format(text: &str) -> String {
    let counters: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    assert!(counters.len() >= 5, "{text}");
    counters.iter().fold(text.to_owned(), |text, name| {
        ["# HELP", "# TYPE"].iter().fold(text, |text, line| {
            text.replace(&format!("{line} {name} "), &format!("{line} {name}_total "))
        })
    })
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

#[test]
fn the_alert_rules_are_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring/alerts.yml");
    let rules = std::fs::read_to_string(&path).unwrap();
    let Some(output) = promtool(&["check", "rules", path.to_str().unwrap()], "") else { return };
    assert!(output.status.success(), "{}", said(&output));
    let count = rules.matches("- alert: ").count();
    assert!(said(&output).contains(&format!("SUCCESS: {count} rules found")), "{}", said(&output));

    // The control.
    let spoilt = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spoilt-alerts.yml");
    std::fs::write(&spoilt, rules.replacen("saml_ready == 0", "saml_ready ===", 1)).unwrap();
    let output = promtool(&["check", "rules", spoilt.to_str().unwrap()], "").unwrap();
    std::fs::remove_file(&spoilt).unwrap();
    assert!(!output.status.success(), "{}", said(&output));
}

#[test]
fn what_is_measured_can_be_read() {
    let entity_id = EntityId::new("https://rota.example.org/saml/metadata").unwrap();
    let mut builder = Builder::new(entity_id, "https://rota.example.org".parse().unwrap());
    builder.awaits_idps = true;
    let text = Saml::builder(builder.build().unwrap()).build().unwrap().metrics();
    let text = in_the_older_format(&text);
    let Some(output) = promtool(&["check", "metrics"], &text) else { return };
    // What it finds wrong with names and help counts as well.
    assert!(output.status.success(), "{}\n{text}", said(&output));
    let output = promtool(&["check", "metrics"], &format!("{text}saml_ready x\n")).unwrap();
    assert!(!output.status.success(), "the control: {}", said(&output));
}
