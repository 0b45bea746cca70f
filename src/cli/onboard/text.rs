//! Values, made fit for the documents that they go into.

/// Code in Markdown: nothing of the value ends it.
pub(super) fn code(value: &str) -> String {
    let value: String =
        value.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    // Within a table a bar ends the cell, in code as well.
    let value = value.replace('|', "\\|");
    if value.contains('`') { format!("`` {value} ``") } else { format!("`{value}`") }
}

/// Text in Markdown on one line, without markup of its own.
pub(super) fn plain(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if c.is_control() {
            text.push(' ');
            continue;
        }
        if matches!(c, '\\' | '`' | '*' | '_' | '<' | '>' | '|' | '#') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// What a person has to fill in.
pub(super) fn blank(what: &str) -> String {
    format!("[FILL IN: {what}]")
}
