//! What comes from outside, made fit to be shown.

use crate::saml::is_invisible;

/// Nothing of a message steers the terminal, or makes a line look like another.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { '\u{FFFD}' } else { c }).collect()
}

/// JSON need not escape all of what steers a terminal: DEL and the controls behind it. In JSON
/// such characters stand in strings alone, so that each can become its escape wherever it stands.
pub(super) fn escape_controls(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}
