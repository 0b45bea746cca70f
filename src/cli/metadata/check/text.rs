//! What is said of metadata, for people.

use super::report::{Endpoint, Refused, Report, SigningKey, State, Usable};
use crate::cli::terminal::printable;

/// Entries of a list that are shown.
const MAX_LINES: usize = 20;

/// Made fit to be shown.
pub(in crate::cli::metadata) fn to_lines(report: &Report) -> Vec<String> {
    let lines = match report {
        Report::Refused(refused) => of_refused(refused),
        Report::Usable(usable) => of_usable(usable),
    };
    lines.iter().map(|line| printable(line)).collect()
}

fn of_refused(refused: &Refused) -> Vec<String> {
    vec![
        "refused".to_owned(),
        format!("  code    {}", refused.code),
        format!("  detail  {}", refused.detail),
    ]
}

fn of_usable(usable: &Usable) -> Vec<String> {
    let mut lines = vec![
        "usable".to_owned(),
        format!("  entityID       {}", usable.entity_id),
        format!("  vouched for    {}", trust(usable)),
    ];
    lines.extend(usable.claimed_signers.iter().map(|sha256| {
        format!("                 its signature comes with the certificate {sha256}")
    }));
    let valid_until = usable.valid_until.as_deref();
    lines.push(format!("  valid until    {}", valid_until.unwrap_or("it does not say")));
    lines.push(match usable.cache_duration_seconds {
        None => "  look again     it does not say when".to_owned(),
        Some(seconds) => format!("  look again     after {seconds} s at the latest"),
    });
    let signed = if usable.wants_signed_requests { "must be signed" } else { "need no signature" };
    lines.push(format!("  requests       {signed}, as far as it says"));
    limited(&mut lines, &usable.display_names, |name| {
        format!("  name           {}{}", name.value, in_language(&name.lang))
    });
    limited(&mut lines, &usable.scopes, |scope| {
        let kind = if scope.regexp { " (a regular expression, not interpreted)" } else { "" };
        format!("  scope          {}{kind}", scope.value)
    });
    limited(&mut lines, &usable.single_sign_on, |e| endpoint("sign-in", e));
    limited(&mut lines, &usable.single_logout, |e| endpoint("log-out", e));
    for key in &usable.signing_keys {
        lines.extend(signing_key(key));
    }
    for warning in &usable.warnings {
        lines.push(format!("  warning: {}", warning.detail));
    }
    if !usable.ignored.is_empty() {
        lines.push("  not used:".to_owned());
        limited(&mut lines, &usable.ignored, |ignored| match ignored.count {
            1 => format!("    {}", ignored.what),
            count => format!("    {} × {count}", ignored.what),
        });
    }
    lines
}

fn trust(usable: &Usable) -> String {
    match &usable.vouched_by {
        Some(signer) => format!(
            "yes: signed by the pinned key of {} ({})",
            signer.sha256,
            signer.subject.as_deref().unwrap_or("no name")
        ),
        None => "NO: no pinned key signed it".to_owned(),
    }
}

fn signing_key(key: &SigningKey) -> [String; 3] {
    let days = key.days_left.unwrap_or_default();
    let left = match key.state {
        State::Expired => format!("ended {} days ago", days.unsigned_abs()),
        State::NotYet => "not valid yet".to_owned(),
        State::Unknown => "no readable dates".to_owned(),
        State::Current | State::Soon => format!("{days} days left"),
    };
    let date = |date: &Option<String>| date.as_deref().unwrap_or("?").to_owned();
    [
        format!("  signing key    {}", key.sha256),
        format!("                 {}, {}", key.subject.as_deref().unwrap_or("no name"), key.kind),
        format!("                 {} to {}, {left}", date(&key.not_before), date(&key.not_after)),
    ]
}

fn endpoint(what: &str, endpoint: &Endpoint) -> String {
    let binding = endpoint.binding.rsplit(':').next().unwrap_or(endpoint.binding);
    format!("  {what:<14} {binding} {}", endpoint.location)
}

fn in_language(lang: &str) -> String {
    if lang.is_empty() { String::new() } else { format!(" [{lang}]") }
}

fn limited<T>(lines: &mut Vec<String>, items: &[T], line: impl Fn(&T) -> String) {
    lines.extend(items.iter().take(MAX_LINES).map(line));
    let more = items.len().saturating_sub(MAX_LINES);
    if more > 0 {
        lines.push(format!("                 and {more} more"));
    }
}
