//! The fields of an HTML page whose form sends itself. Only what such pages hold is understood.

use super::listing::tag_end;

/// `name` and `value` of every `input` with both, in order.
pub(super) fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut rest = page;
    while let Some((tag, behind)) = next_input(rest) {
        let (mut name, mut value) = (None, None);
        for (attribute, text) in attributes(tag) {
            if attribute.eq_ignore_ascii_case("name") {
                name = Some(unescape(text));
            } else if attribute.eq_ignore_ascii_case("value") {
                value = Some(unescape(text));
            }
        }
        if let (Some(name), Some(value)) = (name, value) {
            fields.push((name, value));
        }
        rest = behind;
    }
    fields
}

/// What stands between `<input` and the `>` that ends the tag, and the rest of the page.
fn next_input(page: &str) -> Option<(&str, &str)> {
    let mut rest = page;
    loop {
        let (_, tag) = rest.split_once('<')?;
        rest = tag;
        let is_input = tag.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("input"));
        if let Some(tag) = tag.get(5..).filter(|_| is_input) {
            return tag.split_at_checked(tag_end(tag)?);
        }
    }
}

fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_once('=')?;
        let name = name.rsplit(|c: char| c.is_ascii_whitespace()).find(|word| !word.is_empty())?;
        let behind = behind.trim_ascii_start();
        let (value, behind) = match behind.chars().next()? {
            quote @ ('"' | '\'') => behind.get(1..)?.split_once(quote)?,
            _ => {
                let end = behind.find(|c: char| c.is_ascii_whitespace()).unwrap_or(behind.len());
                behind.split_at_checked(end)?
            }
        };
        rest = behind;
        Some((name, value))
    })
}

/// The references that stand in base64, in addresses and in opaque handles.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        // No reference is longer, and each must not look through the whole rest.
        let end = behind.bytes().take(10).position(|b| b == b';');
        let found = end.and_then(|end| behind.split_at_checked(end));
        let found = found.and_then(|(name, after)| Some((reference(name)?, after.get(1..)?)));
        match found {
            Some((c, after)) => {
                plain.push(c);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn reference(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let hexadecimal = digits.strip_prefix(['x', 'X']);
            char::from_u32(hexadecimal.map_or_else(|| number(digits, 10), |d| number(d, 16))?)
        }
    }
}
