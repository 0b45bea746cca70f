//! The report for people.

use super::input::Form;
use super::listing::{Line, Mark};
use super::message::{Assertion, Message, NameId};
use super::metadata::{Metadata, Role};
use super::moment::Moment;
use super::report::{Encryption, Report, Verdict};
use super::rules::{RuleLine, State};
use super::signature::{self, Signature, short_name};
use crate::cli::page::{Page, Style};
use crate::nhsmail::DAMAGED;

/// Where values begin.
const LABEL: usize = 16;
/// Entities of an aggregate that are shown.
const MAX_ENTITIES: usize = 50;

/// The report as text.
pub(super) fn to_text(report: &Report, in_colour: bool) -> String {
    let mut page = Page::new(in_colour);
    headline(&mut page, report);
    input(&mut page, report);
    if let Some(fault) = &report.unreadable {
        heading(&mut page, "NOT READABLE", fault.code);
        page.paragraph(2, Style::Bad, &fault.detail);
        if let Some(near) = &report.near {
            page.piece(Style::Faint, "  near  ").plain(near).end();
        }
        page.paragraph(2, Style::Plain, DAMAGED.why);
        page.paragraph(2, Style::Plain, DAMAGED.here.unwrap_or_default());
    }
    if let Some(message) = &report.message {
        show_message(&mut page, message);
    }
    show_encryption(&mut page, report);
    if let Some(assertion) = &report.assertion {
        show_assertion(&mut page, assertion, report.assertion_signed);
    }
    if let Some(metadata) = &report.metadata {
        show_metadata(&mut page, metadata);
    }
    show_signatures(&mut page, report);
    show_listings(&mut page, report);
    show_rules(&mut page, report);
    page.into_text()
}

fn heading(page: &mut Page, title: &str, note: &str) {
    page.end();
    page.piece(Style::Strong, title);
    if !note.is_empty() {
        page.piece(Style::Faint, &format!("  {note}"));
    }
    page.end();
}

fn field(page: &mut Page, label: &str, value: &str) {
    page.piece(Style::Faint, &format!("  {label:LABEL$}")).plain(value).end();
}

fn optional(page: &mut Page, label: &str, value: Option<&String>) {
    if let Some(value) = value {
        field(page, label, value);
    }
}

fn moment(page: &mut Page, label: &str, value: Option<&Moment>) {
    if let Some(moment) = value {
        page.piece(Style::Faint, &format!("  {label:LABEL$}")).plain(&moment.at);
        page.piece(Style::Faint, &format!("   {}", moment.distance())).end();
    }
}

fn name_id(page: &mut Page, name_id: Option<&NameId>) {
    if let Some(name_id) = name_id {
        field(page, "NameID", &name_id.value);
        optional(page, "  Format", name_id.format.as_ref());
        optional(page, "  SPNameQual.", name_id.sp_name_qualifier.as_ref());
    }
}

fn headline(page: &mut Page, report: &Report) {
    let failed = report.count(State::Failed);
    let first = report.rules.iter().find(|rule| rule.state == State::Failed);
    match (report.verdict, first) {
        (Verdict::Holds, _) => page.line(Style::Good, "\u{2713} Accepted: every rule holds."),
        (Verdict::Fails, Some(first)) => {
            let rules = if failed == 1 { "rule does" } else { "rules do" };
            let of = report.rules.len();
            page.line(
                Style::Bad,
                &format!("\u{2717} Refused: {failed} {rules} not hold, of {of}."),
            );
            let code = first.code.unwrap_or_default();
            let text = format!("The verifier stops at the rule {}, code {code}.", first.rule);
            page.paragraph(2, Style::Plain, &text);
        }
        (Verdict::Fails, None) => {
            let why = if report.unreadable.is_some() {
                "the XML cannot be read."
            } else if report.is_useless() {
                "this metadata cannot be used."
            } else {
                "a signature does not verify."
            };
            page.line(Style::Bad, &format!("\u{2717} Refused: {why}"));
        }
        (Verdict::Undecided, _) => {
            let open =
                report.count(State::Unchecked).saturating_add(report.count(State::Unreached));
            page.line(
                Style::Doubtful,
                &format!("\u{2013} Undecided: {open} rules are not checked."),
            );
            let mut give: Vec<&str> =
                report.rules.iter().flat_map(|rule| rule.give.iter().copied()).collect();
            give.sort_unstable();
            give.dedup();
            let text = format!("Nothing is wrong so far. To decide, give {}.", give.join(", "));
            page.paragraph(2, Style::Plain, &text);
        }
        (Verdict::Shown, _) => {
            let kind = report.message.as_ref().map_or("metadata", |message| &message.kind);
            page.line(Style::Strong, &format!("{kind}: shown, and nothing is decided about it."));
        }
    }
}

fn input(page: &mut Page, report: &Report) {
    let input = &report.input;
    heading(page, "INPUT", "");
    let of_xml = if input.form == Form::Xml { "" } else { " of XML" };
    field(page, "Form", &format!("{}, {} bytes{of_xml}", input.form.as_str(), input.bytes));
    if let Some(parameter) = input.parameter {
        field(page, "Parameter", parameter);
    }
    optional(page, "RelayState", input.relay_state.as_ref());
    field(page, "Looked at", &report.now);
}

fn show_message(page: &mut Page, message: &Message) {
    heading(page, &message.kind.to_uppercase(), "");
    optional(page, "ID", message.id.as_ref());
    optional(page, "Issuer", message.issuer.as_ref());
    optional(page, "Destination", message.destination.as_ref());
    optional(page, "InResponseTo", message.in_response_to.as_ref());
    moment(page, "IssueInstant", message.issue_instant.as_ref());
    if let Some(status) = &message.status {
        let codes: Vec<&str> =
            status.codes.iter().map(|c| c.rsplit(':').next().unwrap_or(c)).collect();
        field(page, "Status", &codes.join(" > "));
        optional(page, "  Message", status.message.as_ref());
    }
    if let Some(request) = &message.authn_request {
        optional(page, "ACS URL", request.acs_url.as_ref());
        optional(page, "ACS index", request.acs_index.as_ref());
        optional(page, "ProtocolBinding", request.protocol_binding.as_ref());
        optional(page, "ForceAuthn", request.force_authn.as_ref());
        optional(page, "IsPassive", request.is_passive.as_ref());
        optional(page, "NameID format", request.name_id_format.as_ref());
        for class_ref in &request.requested_class_refs {
            field(page, "Method asked for", class_ref);
        }
    }
    if let Some(logout) = &message.logout {
        name_id(page, logout.name_id.as_ref());
        for index in &logout.session_indexes {
            field(page, "SessionIndex", index);
        }
        optional(page, "Reason", logout.reason.as_ref());
        moment(page, "NotOnOrAfter", logout.not_on_or_after.as_ref());
    }
}

fn show_encryption(page: &mut Page, report: &Report) {
    if let Encryption::Closed(fault) = &report.encryption {
        heading(page, "ASSERTION", "encrypted");
        page.paragraph(2, Style::Doubtful, &fault.detail);
        if fault.code == "decryption_no_key" {
            page.paragraph(2, Style::Plain, "To look inside, give the private key: --sp-key PEM");
        }
    }
}

fn show_assertion(page: &mut Page, assertion: &Assertion, signed: Option<&str>) {
    page.end();
    page.piece(Style::Strong, "ASSERTION");
    match signed {
        Some(by) => {
            let by = if by == "both" { "both signatures" } else { by };
            page.piece(Style::Good, &format!("  signed ({by})")).end();
        }
        None => page.line(Style::Doubtful, "  nothing vouches for what is in here"),
    }
    optional(page, "ID", assertion.id.as_ref());
    optional(page, "Issuer", assertion.issuer.as_ref());
    name_id(page, assertion.name_id.as_ref());
    for confirmation in &assertion.confirmations {
        let method = confirmation.method.as_deref().unwrap_or("(no method)");
        field(page, "Confirmation", method.rsplit(':').next().unwrap_or(method));
        optional(page, "  Recipient", confirmation.recipient.as_ref());
        optional(page, "  InResponseTo", confirmation.in_response_to.as_ref());
        moment(page, "  NotOnOrAfter", confirmation.not_on_or_after.as_ref());
    }
    moment(page, "NotBefore", assertion.not_before.as_ref());
    moment(page, "NotOnOrAfter", assertion.not_on_or_after.as_ref());
    for restriction in &assertion.audiences {
        field(page, "Audience", &restriction.join(" or "));
    }
    moment(page, "Signed in", assertion.authn_instant.as_ref());
    optional(page, "  by", assertion.class_ref.as_ref());
    optional(page, "SessionIndex", assertion.session_index.as_ref());
    moment(page, "Session ends", assertion.session_not_on_or_after.as_ref());
    if !assertion.attributes.is_empty() {
        page.line(Style::Faint, "  Attributes");
    }
    for attribute in &assertion.attributes {
        page.plain("    ").line(Style::Plain, &attribute.name);
        for value in &attribute.values {
            page.plain("        ").line(Style::Strong, value);
        }
    }
}

fn show_metadata(page: &mut Page, metadata: &Metadata) {
    if let Some(usable) = metadata.usable.as_ref() {
        heading(page, "METADATA", "");
        match &usable.detail {
            None => {
                page.line(Style::Good, "  \u{2713} It can be used here as an identity provider's.")
            }
            Some(detail) => page.paragraph(2, Style::Bad, &format!("\u{2717} {detail}")),
        }
    }
    for entity in metadata.entities.iter().take(MAX_ENTITIES) {
        heading(page, "ENTITY", entity.entity_id.as_deref().unwrap_or("(no entityID)"));
        moment(page, "validUntil", entity.valid_until.as_ref());
        optional(page, "cacheDuration", entity.cache_duration.as_ref());
        for role in &entity.roles {
            show_role(page, role, metadata.count == 1);
        }
    }
    let hidden = metadata.count.saturating_sub(metadata.entities.len().min(MAX_ENTITIES));
    if hidden > 0 {
        page.end();
        page.line(Style::Faint, &format!("  and {hidden} more"));
    }
}

fn show_role(page: &mut Page, role: &Role, in_full: bool) {
    page.plain("  ").piece(Style::Strong, &role.role);
    let kind = role.kind.as_deref().unwrap_or_default();
    page.piece(Style::Faint, &format!("  {kind}")).end();
    if !in_full {
        return;
    }
    moment(page, "  validUntil", role.valid_until.as_ref());
    for key in &role.keys {
        let purpose = key.purpose.as_deref().unwrap_or("signing and encryption");
        let kind = key.kind.as_deref().unwrap_or("key");
        let name = key.common_name.as_deref().unwrap_or("");
        page.plain(&format!("    {kind} for {purpose}  ")).piece(Style::Faint, name).end();
        if let Some(problem) = &key.problem {
            page.paragraph(6, Style::Bad, problem);
        }
        if let Some(sha256) = &key.sha256 {
            page.piece(Style::Faint, "      SHA-256 ").plain(sha256).end();
        }
        let dates = [("from    ", &key.not_before), ("until   ", &key.not_after)];
        for (label, date) in dates {
            if let Some(date) = date {
                page.piece(Style::Faint, &format!("      {label}")).plain(&date.at);
                page.piece(Style::Faint, &format!("   {}", date.distance())).end();
            }
        }
    }
    for endpoint in &role.endpoints {
        let binding = endpoint.binding.as_deref().unwrap_or("(no binding)");
        let binding = binding.rsplit(':').next().unwrap_or(binding);
        page.plain(&format!("    {} ", endpoint.service)).piece(Style::Faint, binding).end();
        page.plain("      ")
            .line(Style::Plain, endpoint.location.as_deref().unwrap_or("(nowhere)"));
    }
    for format in &role.name_id_formats {
        page.plain("    NameIDFormat ").line(Style::Plain, format);
    }
}

fn show_signatures(page: &mut Page, report: &Report) {
    let is_signable = report.message.is_some() || !report.signatures.is_empty();
    if !is_signable {
        return;
    }
    heading(page, "SIGNATURES", if report.signatures.is_empty() { "there are none" } else { "" });
    for signature in &report.signatures {
        show_signature(page, signature);
    }
}

fn show_signature(page: &mut Page, signature: &Signature) {
    let (mark, style, state) = match signature.state {
        signature::State::Verified => ("\u{2713}", Style::Good, "verified"),
        signature::State::Failed => ("\u{2717}", Style::Bad, "refused"),
        signature::State::Unchecked => ("\u{2013}", Style::Doubtful, "not checked"),
    };
    page.plain("  ").piece(style, &format!("{mark} {}: {state}", signature.of));
    let names = [&signature.algorithm, &signature.digest];
    let names: Vec<&str> = names.into_iter().flatten().map(|uri| short_name(uri)).collect();
    page.piece(Style::Faint, &format!("  {}", names.join(", "))).end();
    if let Some(detail) = &signature.detail {
        page.paragraph(4, Style::Plain, detail);
    }
    if let Some(made_by) = &signature.made_by {
        page.piece(Style::Faint, "    made by   ").plain(made_by).end();
    }
    if let Some(enclosed) = &signature.enclosed {
        page.piece(Style::Faint, "    enclosed  ").plain(&enclosed.sha256).end();
        let name = enclosed.common_name.as_deref().unwrap_or("(no name)");
        page.plain("              ").piece(Style::Plain, name).end();
        let (style, standing) = match enclosed.in_metadata {
            Some(true) => (Style::Faint, "in the metadata"),
            Some(false) => (Style::Bad, "not in the metadata"),
            None => (Style::Faint, "whose, nobody can say without metadata"),
        };
        page.plain("              ").line(style, standing);
    }
}

fn show_listings(page: &mut Page, report: &Report) {
    for (title, listing) in [("XML", &report.listing), ("DECRYPTED", &report.decrypted_listing)] {
        if listing.is_empty() {
            continue;
        }
        heading(page, title, "indented for reading: that white space is not in the message");
        if report.message.is_some() {
            page.plain("  ").piece(Style::Good, "\u{2503}").piece(Style::Faint, " signed   ");
            page.piece(Style::Doubtful, "\u{254e}");
            page.piece(Style::Faint, " under a signature that is not verified   ");
            page.piece(Style::Faint, "no mark: not signed").end();
        }
        for line in listing {
            show_line(page, line);
        }
    }
}

fn show_line(page: &mut Page, line: &Line) {
    match line.mark {
        Mark::Verified => page.plain("  ").piece(Style::Good, "\u{2503} "),
        Mark::Unverified => page.plain("  ").piece(Style::Doubtful, "\u{254e} "),
        Mark::None => page.plain("    "),
    };
    page.plain(&" ".repeat(line.indent)).line(Style::Plain, &line.text);
}

fn show_rules(page: &mut Page, report: &Report) {
    if report.rules.is_empty() {
        return;
    }
    heading(page, "RULES", "");
    let mut advised = Vec::new();
    for rule in &report.rules {
        show_rule(page, rule, &mut advised);
    }
}

/// What stands behind the labels of a rule.
fn fact(page: &mut Page, label: &str, value: &str) {
    page.piece(Style::Faint, &format!("      {label:10}")).plain(value).end();
}

/// `advised` are the rules whose advice is on the page already.
fn show_rule<'r>(page: &mut Page, rule: &'r RuleLine, advised: &mut Vec<&'r RuleLine>) {
    let (mark, style) = match rule.state {
        State::Held => ("\u{2713}", Style::Good),
        State::Failed => ("\u{2717}", Style::Bad),
        State::Unreached | State::Unchecked => ("\u{2013}", Style::Doubtful),
    };
    page.plain("  ").piece(style, &format!("{mark} {:25}", rule.rule));
    page.piece(Style::Faint, rule.section).end();
    match rule.state {
        State::Held => {}
        State::Unreached => {
            let needs = rule.needs.unwrap_or_default();
            page.paragraph(6, Style::Doubtful, &format!("not looked at: {needs} comes first"));
        }
        State::Unchecked => {
            let give = rule.give.join(" and ");
            page.paragraph(6, Style::Doubtful, &format!("not checked: give {give}"));
            if let Some(found) = &rule.found {
                fact(page, "found", found);
            }
        }
        State::Failed => {
            show_failure(page, rule);
            match advised.iter().find(|other| other.why == rule.why && other.adfs == rule.adfs) {
                Some(other) => {
                    let text = format!("What to do: as for {}, above.", other.rule);
                    page.paragraph(6, Style::Plain, &text);
                }
                None => show_advice(page, rule),
            }
            advised.push(rule);
        }
    }
}

fn show_failure(page: &mut Page, rule: &RuleLine) {
    fact(page, "code", rule.code.unwrap_or_default());
    if rule.expected.is_some() || rule.found.is_some() {
        let nothing = "(nothing)";
        if rule.expected.is_some() || rule.give.is_empty() {
            fact(page, "expected", rule.expected.as_deref().unwrap_or(nothing));
        }
        fact(page, "found", rule.found.as_deref().unwrap_or(nothing));
    } else {
        page.hanging("      detail    ", Style::Plain, rule.detail.as_deref().unwrap_or_default());
    }
    if !rule.give.is_empty() {
        let text = format!(
            "Not given: {}. Whatever had been, not all of the rules could hold.",
            rule.give.join(", ")
        );
        page.paragraph(6, Style::Faint, &text);
    }
}

fn show_advice(page: &mut Page, rule: &RuleLine) {
    page.paragraph(6, Style::Plain, rule.why.unwrap_or_default());
    // A command stays on one line, to be copied.
    if let Some(line) = rule.adfs {
        fact(page, "AD FS", line);
    }
    for (label, text) in [("Entra", rule.entra), ("here", rule.here)] {
        if let Some(text) = text {
            page.hanging(&format!("      {label:10}"), Style::Plain, text);
        }
    }
}
